'use strict';

/*
 * The event WebSockets (fact sheet: the event WebSocket): the upgrade, events
 * out, requests in, and everything a test wants done to such a connection.
 *
 * A link is one open WebSocket.  It belongs to the grant whose token opened
 * it and is closed some time after that is revoked.
 */

const http = require('http');
const { WebSocket, WebSocketServer } = require('ws');

const callcontrol = require('./callcontrol');
const { pause } = require('./faults');
const { parseJson } = require('./http');

const WS_PATH = '/callcontrol/ws';
const MESSAGE_MAX = 1024 * 1024;
const CLOSE_REVOKED_MS = 500;
const RESPONSE = 4;

/* `ws` answers pings and closes by itself: here it can be told not to. */
class LinkSocket extends WebSocket {
  pong(...args) {
    if (this.link.answersPing()) super.pong(...args);
  }

  close(...args) {
    if (!this.link.silent) super.close(...args);
  }
}

class Link {
  constructor(hub, ws, socket, grant) {
    this.hub = hub;
    this.ws = ws;
    this.socket = socket;
    this.grant = grant;
    this.client = grant.client;
    this.sequence = 0;
    this.silent = false;
    ws.link = this;
  }

  fault(group, name) {
    return this.hub.faults.take(this.client.id, group, name);
  }

  answersPing() {
    this.client.stats.wsCount('pings');
    return !this.silent && !this.fault('ws', 'no_pong');
  }

  /* An event of the PBX, as the faults will have it. */
  announce(event, subject) {
    const attach = this.fault('events', 'attach') ? subject : null;
    const full = { ...event, attached_data: attach };
    const copies = 1 + (this.fault('events', 'repeat') || 0);

    this.sequence += this.fault('events', 'gap') || 0;

    for (let i = 0; i < copies; i++) this.send(full);
  }

  /* Every event has the next number, lost ones too: so a gap shows. */
  send(event) {
    this.sequence++;
    this.hub.sequences.set(this.client, this.sequence);

    if (this.silent || this.fault('events', 'lose')) return;

    const message = { sequence: this.sequence, event };
    const shown = this.fault('events', 'pascal') ? pascal(message) : message;

    this.client.stats.wsCount('events');
    this.sendText(JSON.stringify(shown), this.fault('events', 'fragment'));
  }

  sendText(text, parts = 1) {
    if (parts <= 1) {
      this.ws.send(text);
      return;
    }

    /* Bytes, not characters, are cut: UTF-8 may well be torn apart. */
    const bytes = Buffer.from(text);

    for (let i = 0; i < parts; i++) {
      const from = Math.floor(bytes.length * i / parts);
      const to = Math.floor(bytes.length * (i + 1) / parts);

      this.ws.send(bytes.subarray(from, to),
        { binary: false, fin: i === parts - 1 });
    }
  }

  /*
   * 1006 stands for an end without a close frame, as in 'close' events.
   * Codes that may not be sent go out all the same, but behind the back of
   * `ws`, which refuses to.
   */
  close(code) {
    if (code === 1006) this.ws.terminate();
    else if (mayBeSent(code)) this.ws.close(code);
    else this.socket.write(Buffer.from([0x88, 2, code >> 8, code & 255]));
  }

  /* A request over the WebSocket is answered by an event of type 4. */
  async receive(data, isBinary) {
    const request = isBinary ? null : parseJson(data);

    if (!request || typeof request.Path !== 'string') {
      this.client.stats.wsCount('bad_messages');
      return;
    }

    const { RequestID, Path, RequestData } = request;
    const { status, body } = this.perform(Path, RequestData);
    const id = this.fault('responses', 'other_id') ? 'unknown' : RequestID;

    await pause(this.fault('responses', 'delay_ms'));
    this.send({ event_type: RESPONSE, entity: Path, attached_data: {
      RequestID: id, Path, StatusCode: status, Response: body } });
  }

  /* Without RequestData it is taken for a GET, which is an inference. */
  perform(path, data) {
    const method = data ? 'POST' : 'GET';
    const route = callcontrol.findRoute(path, method);
    const body = data && Object.fromEntries(Object.entries(data)
      .map(([name, value]) => [name.toLowerCase(), value]));

    return callcontrol.call(this.hub.pbx, this.client, route, method, body,
      (name) => this.fault(route.kind, name));
  }
}

class Links {
  constructor({ pbx, tokens, faults, log }) {
    Object.assign(this, { pbx, tokens, faults, log });
    this.byClient = new Map();
    this.sequences = new WeakMap();
    this.server = new WebSocketServer({ noServer: true, clientTracking: false,
      maxPayload: MESSAGE_MAX, WebSocket: LinkSocket });

    pbx.on('event', (client, event, subject) => {
      for (const link of this.of(client)) link.announce(event, subject);
    });
    tokens.on('revoked', (grant) => this.closeRevoked(grant));
  }

  of(client) {
    return this.byClient.get(client) || [];
  }

  /* The listener of 'upgrade'. */
  async upgrade(req, socket, head) {
    socket.on('error', () => {});

    const grant = this.tokens.find(req);
    const stats = grant ? grant.client.stats : this.pbx.totals;
    const fault = (name) => this.faults.take(grant.client.id, 'ws', name);

    if (grant) await pause(fault('delay_ms'));

    const status = this.refusal(req, fault);

    this.log(`GET ${WS_PATH} ${status || 'accepted'}`);

    if (status) {
      stats.answered('ws', status);
      refuse(socket, status);
    } else if (fault('hang')) {
      stats.answered('ws', 'hang');
      socket.resume();
    } else if (fault('wrong_accept')) {
      stats.answered('ws', 'wrong');
      acceptWrongly(socket);
    } else {
      this.server.handleUpgrade(req, socket, head,
        (ws) => this.open(ws, socket, grant));
    }
  }

  /* The token is looked at anew: it may be gone after a delay. */
  refusal(req, fault) {
    const grant = this.tokens.find(req);

    if (!grant) return 401;
    if (req.url.split('?')[0] !== WS_PATH) return 404;
    if (!grant.client.permitted) return 403;

    return fault('status');
  }

  open(ws, socket, grant) {
    const { client, generation } = grant;
    const link = new Link(this, ws, socket, grant);

    if (!this.byClient.has(client)) this.byClient.set(client, new Set());
    this.byClient.get(client).add(link);
    client.stats.answered('ws', 101);
    client.stats.wsOpened(generation);

    ws.on('message', (data, isBinary) => link.receive(data, isBinary));
    ws.on('error', () => {});
    ws.on('close', (code) => {
      this.byClient.get(client).delete(link);
      client.stats.wsClosed(generation, code);
    });

    this.begin(link);
  }

  begin(link) {
    const pingMs = link.fault('ws', 'ping_ms');
    const close = link.fault('ws', 'close');

    /* Whether numbers go on over a reconnect is not documented. */
    if (link.fault('ws', 'keep_sequence')) {
      link.sequence = this.sequences.get(link.client) || 0;
    }

    if (pingMs) {
      const timer = setInterval(() => link.ws.ping(), pingMs);

      link.ws.on('close', () => clearInterval(timer));
    }

    if (link.fault('token', 'close_expired')) this.closeExpired(link);
    if (close) link.close(close);
  }

  closeExpired(link) {
    const timer = setTimeout(() => link.close(this.closeCode(link.client)),
      link.grant.expires - Date.now());

    link.ws.on('close', () => clearTimeout(timer));
  }

  closeRevoked(grant) {
    const { client } = grant;
    const ms = this.faults.take(client.id, 'token', 'close_revoked_ms') ??
      CLOSE_REVOKED_MS;

    if (ms < 0) return;

    const code = this.closeCode(client);

    setTimeout(() => {
      for (const link of this.of(client)) {
        if (link.grant === grant) link.close(code);
      }
    }, ms).unref();
  }

  closeCode(client) {
    return this.faults.take(client.id, 'token', 'close_revoked_code') || 1000;
  }
}

function mayBeSent(code) {
  return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005) ||
    (code >= 3000 && code <= 4999);
}

/* HTTP is out of the way after an upgrade: the answer is written by hand. */
function refuse(socket, status) {
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] || 'Fault'}\r\n` +
    'Connection: close\r\nContent-Length: 0\r\n\r\n');
}

function acceptWrongly(socket) {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
    'Connection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n');
  socket.resume();
}

/* One source was seen to name its keys so: EventType, AttachedData. */
function pascal({ sequence, event = {} }) {
  const { event_type, entity, attached_data } = event;

  return { Sequence: sequence, Event: { EventType: event_type, Entity: entity,
    AttachedData: attached_data } };
}

module.exports = { Links };
