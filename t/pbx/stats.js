'use strict';

/*
 * What was asked of the PBX and what its event WebSockets did: counters for
 * one client, or for all of them.
 *
 * Every count is passed on to the parent, so totals survive a client that is
 * deleted.  Neither secrets nor tokens ever come here.
 */

const RECENT_MAX = 100;

class Stats {
  /* `parent` counts too; it is null for the totals. */
  constructor(parent = null) {
    this.parent = parent;
    this.grants = 0;
    this.tokenFailures = 0;
    this.pending = 0;
    this.requests = {};
    this.ws = {
      open: 0,
      most_open: 0,
      opened: 0,
      closed: 0,
      close_codes: {},
      last_opened: null,
      last_closed: null,
      events: 0,
      pings: 0,
      bad_messages: 0,
    };
    this.recent = [];
  }

  granted(generation) {
    this.grants++;
    this.note('grant', { generation });
    if (this.parent) this.parent.granted(generation);
  }

  tokenFailed() {
    this.tokenFailures++;
    if (this.parent) this.parent.tokenFailed();
  }

  /* Requests that have arrived and are not answered yet. */
  pend(change) {
    this.pending += change;
    if (this.parent) this.parent.pend(change);
  }

  /* `outcome` is a status, or "hang" or "gone" where there was no answer. */
  answered(kind, outcome) {
    const statuses = this.requests[kind] || (this.requests[kind] = {});

    statuses[outcome] = (statuses[outcome] || 0) + 1;
    this.note(kind, { outcome });
    if (this.parent) this.parent.answered(kind, outcome);
  }

  wsOpened(generation) {
    const ws = this.ws;

    ws.open++;
    ws.opened++;
    ws.most_open = Math.max(ws.most_open, ws.open);
    ws.last_opened = Date.now();
    this.note('ws open', { generation });
    if (this.parent) this.parent.wsOpened(generation);
  }

  wsClosed(generation, code) {
    const ws = this.ws;

    ws.open--;
    ws.closed++;
    ws.close_codes[code] = (ws.close_codes[code] || 0) + 1;
    ws.last_closed = Date.now();
    this.note('ws close', { generation, code });
    if (this.parent) this.parent.wsClosed(generation, code);
  }

  /* Adds one to `events`, `pings` or `bad_messages`. */
  wsCount(what) {
    this.ws[what]++;
    if (this.parent) this.parent.wsCount(what);
  }

  /* The order of things is a client's own; the totals keep none. */
  note(what, more) {
    if (!this.parent) return;
    if (this.recent.length === RECENT_MAX) this.recent.shift();
    this.recent.push({ at: Date.now(), what, ...more });
  }

  view() {
    return {
      grants: this.grants,
      token_failures: this.tokenFailures,
      pending: this.pending,
      requests: this.requests,
      ws: this.ws,
    };
  }
}

module.exports = { Stats };
