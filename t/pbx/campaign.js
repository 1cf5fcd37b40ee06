'use strict';

/*
 * Life on the extensions: calls are placed, ring, connect and end, for as
 * long as somebody watches by a WebSocket.
 *
 * Everything is invented and comes from the seed alone.  It keeps no books
 * of its own: what comes next for a call is read from the model, so calls
 * that a client or a test has placed live on just as well.
 */

const FAMILY = ['Arden', 'Birch', 'Calder', 'Dunmore', 'Elling', 'Fenwick',
  'Garrow', 'Hollis', 'Ivers', 'Juniper'];
const GIVEN = ['Ada', 'Bo', 'Cleo', 'Dov', 'Esme', 'Finn', 'Gwen', 'Hal',
  'Ines', 'Jory'];

/* A human pace: the time from one change to the next. */
const PACE_MIN_MS = 300;
const PACE_MAX_MS = 1500;

/* At a given rate, changes are made in small lots this often. */
const LOT_MS = 10;
const LOT_MAX_MS = 1000;

const TRIES = 50;

class Campaign {
  /* `isWatched` (client) says whether a WebSocket of its is open. */
  constructor(pbx, isWatched) {
    this.pbx = pbx;
    this.isWatched = isWatched;
    this.changes = 0;
  }

  /*
   * `clients` are ids, all there are if left out; `rate` is changes a second
   * over all of them together, a human pace for one client if left out.
   */
  start({ clients, rate, seed = 1 }) {
    this.stop();
    this.ids = clients;
    this.rate = rate;
    this.state = seed >>> 0;
    this.changes = 0;
    this.turn = 0;
    this.due = 0;
    this.last = Date.now();
    this.schedule();
  }

  /* Calls that are there stay as they are.  Says how much was changed. */
  stop() {
    clearTimeout(this.timer);
    return { changes: this.changes };
  }

  schedule() {
    const ms = this.rate ? LOT_MS :
      PACE_MIN_MS + this.random() * (PACE_MAX_MS - PACE_MIN_MS);

    this.timer = setTimeout(() => {
      this.lot();
      this.schedule();
    }, ms);
    this.timer.unref();
  }

  lot() {
    const now = Date.now();
    const ms = Math.min(now - this.last, LOT_MAX_MS);
    const watched = this.watched();

    this.last = now;
    this.due = watched.length === 0 ? 0 : this.due +
      (this.rate ? this.rate * ms / 1000 : 1);

    for (; this.due >= 1; this.due--) {
      this.turn++;
      this.change(watched[this.turn % watched.length]);
    }
  }

  watched() {
    const { clients } = this.pbx;
    const all = this.ids ?
      this.ids.map((id) => clients.get(id)).filter(Boolean) :
      [...clients.values()];

    return all.filter(this.isWatched);
  }

  /* One change on a random extension of the client. */
  change(client) {
    const dns = [...client.dns.values()]
      .filter((dn) => dn.type === 'Wextension');

    for (let i = 0; i < TRIES && dns.length > 0; i++) {
      const dn = dns[this.below(dns.length)];
      const [call] = dn.calls.values();

      if (this.advance(client, dn.dn, call)) {
        this.changes++;
        return;
      }
    }
  }

  /* False where the dice leave the extension as it is. */
  advance(client, dn, call) {
    const { pbx } = this;

    if (!call) {
      pbx.placeCall(client, dn, this.party());
    } else if (call.status === 'Dialing') {
      pbx.changeCall(client, dn, call.id, { status: 'Ringing' });
    } else if (call.status === 'Ringing' && this.random() < 0.7) {
      pbx.changeCall(client, dn, call.id, { status: 'Connected' });
    } else if (call.status === 'Ringing' || this.random() < 0.3) {
      pbx.endCall(client, dn, call.id);
    } else {
      return false;
    }

    return true;
  }

  party() {
    return {
      name: `${GIVEN[this.below(GIVEN.length)]} ` +
        FAMILY[this.below(FAMILY.length)],
      number: `09000${String(this.below(100000)).padStart(5, '0')}`,
    };
  }

  below(n) {
    return Math.floor(this.random() * n);
  }

  /* A linear congruential generator; its high bits are random enough. */
  random() {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32;
  }
}

module.exports = { Campaign };
