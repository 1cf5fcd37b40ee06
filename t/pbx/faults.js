'use strict';

/*
 * The switches that make the PBX misbehave (fact sheet: behaviours a mock
 * PBX should be able to show).
 *
 * A switch is set for everybody or for one client, whose own goes first, and
 * may be limited to a number of uses.  What a switch does is known where it
 * is taken: this file only stores them, and refuses those it does not know
 * so that a misspelt test fails at once.
 */

const { setTimeout: sleep } = require('timers/promises');

const { Refusal } = require('./refusal');

/* What can be wrong with any HTTP answer. */
const ANSWER = {
  delay_ms: 'number',
  late_ms: 'number',
  status: 'number',
  retry_after: 'number',
  body: 'string',
  huge: 'number',
  cut: 'boolean',
  hang: 'boolean',
};

/* The groups are the kinds of requests that /state counts, and four more. */
const FAULTS = {
  token: {
    ...ANSWER,
    expires_in: 'any',
    lifetime_s: 'number',
    opaque: 'boolean',
    revoke: 'boolean',
    close_revoked_ms: 'number',
    close_revoked_code: 'number',
    close_expired: 'boolean',
  },
  callers: {
    ...ANSWER,
    empty: 'boolean',
    null_devices: 'boolean',
    missing_devices: 'boolean',
    unknown_types: 'boolean',
    many: 'number',
  },
  dn: { ...ANSWER },
  devices: { ...ANSWER },
  participants: { ...ANSWER, forbid_uncontrolled: 'boolean' },
  makecall: { ...ANSWER, finalstatus: 'any' },
  actions: { ...ANSWER, finalstatus: 'any' },
  ws: {
    delay_ms: 'number',
    status: 'number',
    hang: 'boolean',
    wrong_accept: 'boolean',
    close: 'number',
    no_pong: 'boolean',
    ping_ms: 'number',
    keep_sequence: 'boolean',
  },
  events: {
    lose: 'boolean',
    gap: 'number',
    repeat: 'number',
    pascal: 'boolean',
    attach: 'boolean',
    fragment: 'number',
  },
  responses: { delay_ms: 'number', other_id: 'boolean' },
  connections: { reset: 'boolean', hang: 'boolean' },
};

const BODIES = ['html', 'empty', 'malformed'];

class Faults {
  constructor() {
    this.clear();
  }

  clear() {
    this.global = {};
    this.clients = new Map();
  }

  /*
   * Merges {group: {switch: value, times: n}, clients: {id: {group: ...}}}.
   * `times` limits every switch that stands beside it; null takes a switch,
   * a group or a client's own switches away.  All of it is checked first.
   */
  merge(patch) {
    const { clients = {}, ...groups } = object(patch, 'the body');

    checkGroups(groups, false);

    for (const own of Object.values(object(clients, 'clients'))) {
      if (own !== null) checkGroups(object(own, 'a client'), true);
    }

    mergeGroups(this.global, groups);

    for (const [id, own] of Object.entries(clients)) {
      this.mergeClient(id, own);
    }
  }

  mergeClient(id, groups) {
    if (groups === null) {
      this.clients.delete(id);
      return;
    }

    if (!this.clients.has(id)) this.clients.set(id, {});
    mergeGroups(this.clients.get(id), groups);
  }

  /* The value of a switch, or undefined; one of its uses is spent. */
  take(clientId, group, name) {
    const own = this.clients.get(clientId);

    if (own && own[group] && name in own[group]) {
      return spend(own[group], name);
    }

    return this.global[group] && name in this.global[group] ?
      spend(this.global[group], name) : undefined;
  }

  view() {
    return { ...this.global, clients: Object.fromEntries(this.clients) };
  }
}

/* As long as a switch says; nothing waits for it at exit. */
function pause(ms) {
  return ms ? sleep(ms, undefined, { ref: false }) : undefined;
}

function spend(switches, name) {
  const entry = switches[name];

  if (entry.left !== undefined) {
    entry.left--;
    if (entry.left === 0) delete switches[name];
  }

  return entry.value;
}

function mergeGroups(into, groups) {
  for (const [group, switches] of Object.entries(groups)) {
    if (switches === null) {
      delete into[group];
      continue;
    }

    const { times, ...values } = switches;

    into[group] = into[group] || {};

    for (const [name, value] of Object.entries(values)) {
      if (value === null) delete into[group][name];
      else into[group][name] = { value, left: times };
    }
  }
}

function checkGroups(groups, ofClient) {
  for (const [group, switches] of Object.entries(groups)) {
    if (!Object.hasOwn(FAULTS, group)) {
      throw new Refusal(400, `no such group of faults: ${group}`);
    }

    /* A connection comes before anything is known of the client. */
    if (ofClient && group === 'connections') {
      throw new Refusal(400, 'connections can not be for one client');
    }

    if (switches !== null) checkSwitches(group, object(switches, group));
  }
}

function checkSwitches(group, { times, ...values }) {
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
    throw new Refusal(400, `${group}.times must be a positive integer`);
  }

  for (const [name, value] of Object.entries(values)) {
    const type = Object.hasOwn(FAULTS[group], name) && FAULTS[group][name];

    if (!type) throw new Refusal(400, `no such fault: ${group}.${name}`);

    if (value !== null && type !== 'any' && typeof value !== type) {
      throw new Refusal(400, `${group}.${name} must be a ${type}`);
    }

    if (value !== null) checkValue(group, name, value);
  }
}

function checkValue(group, name, value) {
  if (name === 'body' && !BODIES.includes(value)) {
    throw new Refusal(400, `${group}.body must be ${BODIES.join(', ')}`);
  }

  if (name === 'status' && !(value >= 200 && value <= 599)) {
    throw new Refusal(400, `${group}.status must be from 200 to 599`);
  }
}

function object(value, what) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Refusal(400, `${what} must be an object`);
  }

  return value;
}

module.exports = { Faults, pause };
