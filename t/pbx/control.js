'use strict';

/*
 * The control port: what a test does to the PBX and wants to know of it.
 * README.md is its manual.
 */

const http = require('http');

const { parseJson, readBody, send } = require('./http');
const { viewDn } = require('./pbx');
const { Refusal } = require('./refusal');

/* {} is one part of the path; parts are given to the function in order. */
const ROUTES = [
  ['GET', 'state', readState],
  ['GET', 'state/{}', readClientState],
  ['GET', 'clients/{}', readClient],
  ['PUT', 'clients/{}', putClient],
  ['DELETE', 'clients/{}', deleteClient],
  ['PUT', 'clients/{}/dns/{}', putDn],
  ['DELETE', 'clients/{}/dns/{}', deleteDn],
  ['POST', 'clients/{}/calls', postCall],
  ['PATCH', 'clients/{}/calls/{}/{}', patchCall],
  ['DELETE', 'clients/{}/calls/{}/{}', deleteCall],
  ['POST', 'clients/{}/revoke', revoke],
  ['POST', 'clients/{}/ws', postWs],
  ['GET', 'faults', readFaults],
  ['PUT', 'faults', putFaults],
  ['DELETE', 'faults', deleteFaults],
  ['POST', 'listener', postListener],
  ['PUT', 'campaign', putCampaign],
  ['DELETE', 'campaign', deleteCampaign],
  ['POST', 'reset', reset],
].map(([method, pattern, run]) => (
  { method, parts: pattern.split('/'), run }));

/* What can be done to an open WebSocket. */
const WS_OPS = {
  close: (link, { code = 1000 }) => link.close(number(code, 'code')),
  terminate: (link) => link.close(1006),
  text: (link, { data }) => link.sendText(string(data, 'data')),
  fragment: (link, { data, parts = 2 }) => (
    link.sendText(string(data, 'data'), number(parts, 'parts'))),
  binary: (link, { base64 }) => link.ws.send(bytes(base64)),
  raw: (link, { base64 }) => link.socket.write(bytes(base64)),
  event: (link, { event }) => link.send(event),
  ping: (link) => link.ws.ping(),
  silence: (link) => {
    link.silent = true;
  },
};

/* `sim` is what simulator.js is made of: {pbx, tokens, faults, ...}. */
function createControl(sim) {
  return http.createServer(async (req, res) => {
    try {
      const body = await readBody(req);

      send(res, 200, run(sim, req, body) || {});

    } catch (e) {
      if (!res.destroyed) send(res, e.status || 500, { error: e.message });
    }
  });
}

function run(sim, req, raw) {
  const parts = splitPath(req.url);
  const route = ROUTES.find(({ method, parts: wanted }) => (
    method === req.method && wanted.length === parts.length &&
    wanted.every((part, i) => part === '{}' || part === parts[i])));

  if (!route) throw new Refusal(404, `no ${req.method} ${req.url}`);

  const body = raw.length === 0 ? {} : parseJson(raw);

  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Refusal(400, 'the body must be a JSON object');
  }

  return route.run(sim, body,
    ...parts.filter((part, i) => route.parts[i] === '{}'));
}

function splitPath(url) {
  try {
    return url.slice(1).split('?')[0].split('/').map(decodeURIComponent);
  } catch (e) {
    throw new Refusal(400, 'broken percent-encoding');
  }
}

function readState({ pbx, listener }) {
  const clients = {};

  for (const client of pbx.clients.values()) {
    clients[client.id] = clientState(client);
  }

  return { totals: { clients: pbx.clients.size, connections: {
    accepted: listener.accepted, open: listener.sockets.size },
  ...pbx.totals.view() }, clients };
}

function readClientState({ pbx, links }, body, id) {
  const client = pbx.client(id);
  const sockets = [...links.of(client)].map(({ grant, sequence, silent }) => (
    { generation: grant.generation, sequence, silent }));

  return { ...clientState(client), sockets, recent: client.stats.recent };
}

/* A generation is the number of the grant, the first one being 1. */
function clientState({ dns, stats }) {
  let calls = 0;

  for (const dn of dns.values()) calls += dn.calls.size;

  return { dns: dns.size, calls, generation: stats.grants, ...stats.view() };
}

function readClient({ pbx }, body, id) {
  const { permitted, dns } = pbx.client(id);

  return { id, permitted, dns: [...dns.values()].map(viewDn) };
}

function putClient({ pbx }, { secret, dns = [], permitted = true }, id) {
  string(secret, 'secret');

  if (!Array.isArray(dns)) throw new Refusal(400, 'dns must be an array');

  pbx.setClient(id, { secret, permitted, dns: dns.map(checkDn) });
}

function deleteClient({ pbx }, body, id) {
  pbx.deleteClient(id);
}

function putDn({ pbx }, body, id, dn) {
  return viewDn(pbx.setDn(pbx.client(id), checkDn({ ...body, dn })));
}

function deleteDn({ pbx }, body, id, dn) {
  pbx.deleteDn(pbx.client(id), dn);
}

function checkDn(spec) {
  const { dn, type, devices } = spec || {};

  string(dn, 'dn');
  if (type !== undefined) string(type, 'type');

  if (devices && !Array.isArray(devices)) {
    throw new Refusal(400, 'devices must be an array or null');
  }

  return { dn, type, devices };
}

function postCall({ pbx }, { dn, ...fields }, id) {
  return pbx.placeCall(pbx.client(id), string(dn, 'dn'), fields);
}

function patchCall({ pbx }, fields, id, dn, participant) {
  return pbx.changeCall(pbx.client(id), dn, participant, fields);
}

function deleteCall({ pbx }, body, id, dn, participant) {
  pbx.endCall(pbx.client(id), dn, participant);
}

function revoke({ pbx, tokens }, body, id) {
  tokens.revokeAll(pbx.client(id));
}

function postWs({ pbx, links }, body, id) {
  const op = Object.hasOwn(WS_OPS, body.op) && WS_OPS[body.op];
  const sockets = [...links.of(pbx.client(id))];

  if (!op) throw new Refusal(400, `no such op: ${body.op}`);

  for (const link of sockets) op(link, body);
  return { sockets: sockets.length };
}

function readFaults({ faults }) {
  return faults.view();
}

function putFaults({ faults }, body) {
  faults.merge(body);
  return faults.view();
}

function deleteFaults({ faults }) {
  faults.clear();
}

function postListener({ listener }, { op, ms, cut }) {
  const ends = op === 'cut' || cut;

  if (!['refuse', 'open', 'cut'].includes(op)) {
    throw new Refusal(400, `no such op: ${op}`);
  }

  if (ms !== undefined) number(ms, 'ms');
  if (op === 'refuse') listener.refuse(ms);
  if (op === 'open') listener.open();

  return { cut: ends ? listener.cut() : 0 };
}

function putCampaign({ campaign }, { rate, clients, seed = 1 }) {
  if (rate !== undefined) number(rate, 'rate');

  if (clients !== undefined && !Array.isArray(clients)) {
    throw new Refusal(400, 'clients must be an array');
  }

  campaign.start({ rate, clients, seed: number(seed, 'seed') });
}

function deleteCampaign({ campaign }) {
  return campaign.stop();
}

function reset(sim) {
  sim.reset();
}

function string(value, name) {
  if (typeof value !== 'string' || value === '') {
    throw new Refusal(400, `${name} must be a string with something in it`);
  }

  return value;
}

function number(value, name) {
  if (!Number.isFinite(value) || value < 0) {
    throw new Refusal(400, `${name} must be a number, and not below 0`);
  }

  return value;
}

function bytes(base64) {
  return Buffer.from(string(base64, 'base64'), 'base64');
}

module.exports = { createControl };
