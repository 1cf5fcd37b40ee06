'use strict';

/*
 * The model of one PBX: its API clients, the DNs each of them sees, and the
 * calls on those DNs.
 *
 * Every change is announced as 'event' (client, event, subject), where event
 * is {event_type, entity} of the fact sheet's event frame and subject the
 * thing that changed.  Knows no sockets, no tokens and no clock.
 */

const { EventEmitter } = require('events');

const { Refusal } = require('./refusal');
const { Stats } = require('./stats');

const UPSERT = 0;
const REMOVE = 1;

/* Short names that a test may use for fields of a participant. */
const ALIASES = { name: 'party_caller_name', number: 'party_caller_id' };

class Pbx extends EventEmitter {
  constructor() {
    super();
    this.clear();
  }

  clear() {
    this.clients = new Map();
    this.totals = new Stats();
    this.lastCallId = 7000;
  }

  client(id) {
    const client = this.clients.get(id);

    if (!client) throw new Refusal(404, `no client ${id}`);
    return client;
  }

  /*
   * Creates a client or makes it what `spec` says: {secret, dns, permitted}.
   * Calls on DNs that stay go on; 'secret' (client) follows a new secret.
   */
  setClient(id, { secret, dns = [], permitted = true }) {
    const known = this.clients.get(id);
    const client = known || newClient(id, this.totals);
    const kept = new Set(dns.map((spec) => spec.dn));
    const renewed = known && client.secret !== secret;

    client.secret = secret;
    client.permitted = permitted;
    this.clients.set(id, client);

    for (const dn of [...client.dns.keys()]) {
      if (!kept.has(dn)) this.deleteDn(client, dn);
    }

    for (const spec of dns) this.setDn(client, spec);
    if (renewed) this.emit('secret', client);

    return client;
  }

  deleteClient(id) {
    const client = this.client(id);

    this.clients.delete(id);
    this.emit('deleted', client);
  }

  /*
   * Adds a DN or changes its type and devices.  What is left out stays as it
   * is; a new DN is an extension and, if it is one, has a device.
   */
  setDn(client, { dn, type, devices }) {
    const known = client.dns.get(dn);
    const entry = known || { dn, type: 'Wextension', lastId: 0,
      calls: new Map() };

    if (type !== undefined) entry.type = type;

    if (devices !== undefined) entry.devices = fullDevices(dn, devices);
    else if (!known) entry.devices = defaultDevices(dn, entry.type);

    client.dns.set(dn, entry);
    this.announce(client, UPSERT, dnPath(dn), viewDn(entry));

    return entry;
  }

  deleteDn(client, dn) {
    getDn(client, dn);
    client.dns.delete(dn);
    this.announce(client, REMOVE, dnPath(dn), null);
  }

  /* A call appears on a DN; `fields` are those of a participant. */
  placeCall(client, dn, fields = {}) {
    const entry = getDn(client, dn);
    const device = (entry.devices || [])[0];
    const call = {
      id: entry.lastId + 1,
      status: 'Dialing',
      dn,
      party_caller_name: '',
      party_dn: '10001',
      party_caller_id: '',
      party_did: '',
      device_id: device ? device.device_id : '',
      party_dn_type: 'Wexternalline',
      direct_control: true,
      originated_by_dn: client.id,
      originated_by_type: 'Wroutepoint',
      referred_by_dn: '',
      referred_by_type: 'None',
      on_behalf_of_dn: '',
      on_behalf_of_type: 'None',
      callid: this.lastCallId + 1,
      legid: 1,
    };

    setFields(call, fields);

    /*
     * Counted for each DN: an id is unique only there, and a client that
     * takes it for more than that is to be found out.
     */
    entry.lastId++;
    this.lastCallId++;
    entry.calls.set(call.id, call);
    this.announce(client, UPSERT, callPath(call), call);

    return call;
  }

  /* An upsert follows even where nothing is different: repeats are normal. */
  changeCall(client, dn, id, fields) {
    const call = getCall(client, dn, id);

    setFields(call, fields);
    this.announce(client, UPSERT, callPath(call), call);

    return call;
  }

  endCall(client, dn, id) {
    const call = getCall(client, dn, id);

    getDn(client, dn).calls.delete(call.id);
    this.announce(client, REMOVE, callPath(call), null);

    return call;
  }

  announce(client, type, entity, subject) {
    this.emit('event', client, { event_type: type, entity }, subject);
  }
}

function newClient(id, totals) {
  return { id, secret: '', permitted: true, dns: new Map(),
    stats: new Stats(totals) };
}

function getDn(client, dn) {
  const entry = client.dns.get(dn);

  if (!entry) throw new Refusal(404, `no DN ${dn}`);
  return entry;
}

/* `id` may come out of a path, as text. */
function getCall(client, dn, id) {
  const call = getDn(client, dn).calls.get(Number(id));

  if (!call) throw new Refusal(404, `no participant ${id} on ${dn}`);
  return call;
}

/* A DN as GET /callcontrol shows it; null or missing devices stay so. */
function viewDn({ dn, type, devices, calls }) {
  return { dn, type, devices, participants: [...calls.values()] };
}

/* All fields are set, or none. */
function setFields(call, fields) {
  const named = Object.entries(fields)
    .map(([name, value]) => [ALIASES[name] || name, value]);

  for (const [name] of named) {
    if (!Object.hasOwn(call, name) || name === 'id' || name === 'dn') {
      throw new Refusal(400, `a participant has no ${name} to be set`);
    }
  }

  Object.assign(call, Object.fromEntries(named));
}

function fullDevices(dn, devices) {
  return devices && devices.map((device) => (
    { dn, user_agent: 'ExamplePhone/2.1', ...device }));
}

function defaultDevices(dn, type) {
  return type === 'Wextension' ? fullDevices(dn, [
    { device_id: `sip:${dn}@127.0.0.1:5063;rinstance=r${dn}` },
  ]) : [];
}

function dnPath(dn) {
  return `/callcontrol/${dn}`;
}

function callPath({ dn, id }) {
  return `/callcontrol/${dn}/participants/${id}`;
}

module.exports = { Pbx, getCall, getDn, viewDn };
