'use strict';

/* The control port: clients, calls, WebSockets, the listener, the state. */

const assert = require('assert');
const { once } = require('events');
const { after, beforeEach, test } = require('node:test');
const { setTimeout: sleep } = require('timers/promises');

const { Bench } = require('./harness');

const bench = new Bench();

beforeEach(() => bench.begin());
after(() => bench.end());

const base64 = (...bytes) => Buffer.from(bytes).toString('base64');

test('a client is created, changed and deleted', async () => {
  const link = await bench.link();

  await bench.place('151');
  await bench.control('PUT', '/clients/900', { secret: 's:e&c=ret',
    dns: [{ dn: '151', type: 'Wqueue', devices: null }] });

  const client = await bench.control('GET', '/clients/900');

  assert.strictEqual(client.permitted, true);
  assert.deepStrictEqual(
    client.dns.map(({ dn, type, devices, participants }) => (
      [dn, type, devices, participants.length])),
    [['151', 'Wqueue', null, 1]]);
  assert.deepStrictEqual((await link.events(4)).slice(1)
    .map(({ event }) => [event.event_type, event.entity]),
  [[1, '/callcontrol/150'], [1, '/callcontrol/900'],
    [0, '/callcontrol/151']]);
  assert.strictEqual((await bench.askToken()).status, 200);

  await bench.faults({ token: { close_revoked_ms: 0 } });
  await bench.control('DELETE', '/clients/900');
  assert.strictEqual((await bench.askToken()).status, 401);
  await link.closed;
  await assert.rejects(bench.state(), /no client 900/);
  assert.strictEqual(
    (await bench.control('GET', '/state')).totals.ws.opened, 1);
});

test('a new secret revokes the token', async () => {
  const token = await bench.token();

  await bench.control('PUT', '/clients/900', { secret: 'another' });
  assert.strictEqual((await bench.get('/callcontrol', token)).status, 401);
  assert.strictEqual((await bench.askToken()).status, 401);
  assert.strictEqual(
    (await bench.askToken({ client_secret: 'another' })).status, 200);
});

test('what the control port refuses', async () => {
  const wrong = [
    ['GET', '/', /no GET/],
    ['POST', '/state', /no POST/],
    ['GET', '/state/%zz', /percent/],
    ['PUT', '/clients/901', /secret/, {}],
    ['PUT', '/clients/901', /dn must/, { secret: 'x', dns: [null] }],
    ['PUT', '/clients/901', /array/, { secret: 'x', dns: {} }],
    ['PUT', '/clients/901', /object/, []],
    ['DELETE', '/clients/901', /no client/],
    ['DELETE', '/clients/900/dns/152', /no DN/],
    ['PUT', '/clients/900/dns/152', /devices/, { devices: 1 }],
    ['POST', '/clients/900/calls', /dn must/, {}],
    ['POST', '/clients/900/calls', /has no colour/, { dn: '150', colour: 1 }],
    ['POST', '/clients/900/calls', /has no id/, { dn: '150', id: 1 }],
    ['PATCH', '/clients/900/calls/150/1', /no participant/, {}],
    ['POST', '/clients/900/ws', /no such op/, { op: 'constructor' }],
    ['POST', '/listener', /no such op/, {}],
    ['POST', '/listener', /ms must/, { op: 'refuse', ms: -1 }],
    ['PUT', '/campaign', /rate/, { rate: 'fast' }],
    ['PUT', '/campaign', /clients/, { clients: '900' }],
  ];

  for (const [method, url, message, body] of wrong) {
    await assert.rejects(bench.control(method, url, body), message);
  }

  assert.strictEqual((await bench.state()).calls, 0);
});

test('the state counts, and names no secret', async () => {
  const token = await bench.token();
  const link = await bench.link(token);

  await bench.get('/callcontrol', token);
  await bench.get('/callcontrol/150/participants/9', token);
  await bench.get('/callcontrol/what/is/this/now', token);
  await bench.place('150');
  await link.events(1);
  link.ws.close(4000);
  await link.closed;

  const state = await bench.until(({ ws }) => ws.closed === 1);

  assert.deepStrictEqual([state.dns, state.calls, state.generation,
    state.grants, state.pending, state.sockets], [3, 1, 1, 1, 0, []]);
  assert.deepStrictEqual(state.requests, { token: { 200: 1 },
    ws: { 101: 1 }, callers: { 200: 1 }, participants: { 404: 1 },
    other: { 404: 1 } });
  assert.deepStrictEqual([state.ws.close_codes, state.ws.events],
    [{ 4000: 1 }, 1]);
  assert.ok(Math.abs(state.ws.last_opened - Date.now()) < 5000);
  assert.deepStrictEqual(state.recent.map(({ what }) => what), ['grant',
    'token', 'ws', 'ws open', 'callers', 'participants', 'other',
    'ws close']);

  const all = JSON.stringify([state, await bench.control('GET', '/state')]);

  assert.ok(!all.includes(token) && !all.includes('s:e&c=ret'));
});

test('an open WebSocket: text, binary, fragments, events, raw', async () => {
  const link = await bench.link();
  const pinged = once(link.ws, 'ping');

  assert.deepStrictEqual(await bench.ws('text', { data: 'no JSON' }),
    { sockets: 1 });
  await bench.ws('binary', { base64: base64(0, 255) });
  await bench.ws('fragment', { data: '王小明', parts: 4 });
  await bench.ws('event', { event: { event_type: 5 } });
  await bench.ws('event');
  await bench.ws('raw', { base64: base64(0x81, 2, 0x6f, 0x6b) });
  await bench.ws('ping');

  assert.deepStrictEqual(await link.texts(6), ['no JSON', '\0\ufffd',
    '王小明', '{"sequence":1,"event":{"event_type":5}}', '{"sequence":2}',
    'ok']);
  assert.deepStrictEqual(link.frames.map(({ isBinary }) => isBinary),
    [false, true, false, false, false, false]);
  await pinged;

  /* A masked frame is what a server must never send. */
  await bench.ws('raw', { base64: base64(0x81, 0x81, 1, 2, 3, 4, 5) });
  assert.strictEqual(await link.closed, 1006);
  assert.match(link.error.message, /MASK/);
});

test('an open WebSocket: close, terminate', async () => {
  for (const [op, more, code] of [['close', {}, 1000],
    ['close', { code: 1001 }, 1001], ['close', { code: 1011 }, 1011],
    ['terminate', {}, 1006]]) {
    const link = await bench.link();

    await bench.ws(op, more);
    assert.strictEqual(await link.closed, code);
  }

  await bench.until(({ ws }) => ws.closed === 4);
  assert.deepStrictEqual((await bench.state()).ws.close_codes,
    { 1000: 1, 1001: 1, 1006: 1, 1011: 1 });
  assert.deepStrictEqual(await bench.ws('ping'), { sockets: 0 });
});

test('an open WebSocket: silence', async () => {
  const link = await bench.link();
  let pongs = 0;

  await bench.ws('silence');
  link.ws.on('pong', () => pongs++);
  link.ws.ping();
  await bench.place('150');
  link.ws.close();
  await bench.until(({ ws }) => ws.pings === 1);
  await sleep(50);
  assert.deepStrictEqual([pongs, link.frames.length, link.ws.readyState],
    [0, 0, 2]);

  const { sockets, ws } = await bench.state();

  assert.deepStrictEqual([sockets[0].silent, ws.open], [true, 1]);
  link.ws.terminate();
  await bench.until(({ ws: now }) => now.open === 0);
});

test('the listener: refuse for a time, until told, cut', async () => {
  const link = await bench.link();
  const refused = { code: 'ECONNREFUSED' };

  await bench.control('POST', '/listener', { op: 'refuse', ms: 300 });
  await assert.rejects(bench.askToken({}), refused);
  assert.strictEqual(link.ws.readyState, 1);
  await sleep(400);
  assert.strictEqual((await bench.askToken()).status, 200);

  const { cut } = await bench.control('POST', '/listener',
    { op: 'refuse', cut: true });

  assert.ok(cut >= 1);
  assert.strictEqual(await link.closed, 1006);
  await assert.rejects(bench.askToken(), refused);
  await bench.control('POST', '/listener', { op: 'open' });

  const next = await bench.link();

  await bench.control('POST', '/listener', { op: 'cut' });
  assert.strictEqual(await next.closed, 1006);
});

test('reset: everything is as at the start', async () => {
  const link = await bench.link();

  await bench.faults({ token: { status: 500 } });
  await bench.control('POST', '/listener', { op: 'refuse' });
  await bench.control('POST', '/reset');
  assert.strictEqual(await link.closed, 1006);
  assert.strictEqual((await bench.askToken()).status, 401);

  const { totals, clients } = await bench.control('GET', '/state');

  assert.deepStrictEqual(clients, {});
  assert.deepStrictEqual([totals.clients, totals.grants, totals.ws.opened,
    totals.token_failures, totals.connections.accepted], [0, 0, 0, 1, 1]);
});

test('ten thousand clients', async () => {
  for (let i = 0; i < 10000; i++) {
    bench.sim.pbx.setClient(`c${i}`, { secret: `s${i}`,
      dns: [{ dn: '150' }, { dn: '151' }] });
  }

  const { json } = await bench.askToken({ client_id: 'c9999',
    client_secret: 's9999' });

  assert.ok(json.access_token);
  assert.strictEqual(
    (await bench.control('GET', '/state')).totals.clients, 10001);
  assert.ok(process.memoryUsage().heapUsed < 256 * 1024 * 1024);
});
