'use strict';

/* What can be wrong with WebSockets, their events, and connections. */

const assert = require('assert');
const { once } = require('events');
const { after, beforeEach, test } = require('node:test');
const { setTimeout: sleep } = require('timers/promises');

const { Bench, ClientLink } = require('./harness');

const bench = new Bench();

beforeEach(() => bench.begin());
after(() => bench.end());

test('upgrade: status, delay, wrong accept, hang', async () => {
  const token = await bench.token();
  const upgrade = () => new ClientLink(bench, token);

  for (const status of [401, 403, 502, 503]) {
    await bench.faults({ ws: { status, times: 1 } });
    assert.match(await upgrade().refusal(), new RegExp(status));
  }

  await bench.faults({ ws: { wrong_accept: true, times: 1 } });
  assert.match(await upgrade().refusal(), /Sec-WebSocket-Accept/);

  await bench.faults({ ws: { delay_ms: 60, times: 1 } });

  const since = Date.now();

  await upgrade().opened;
  assert.ok(Date.now() - since >= 59);

  await bench.faults({ ws: { hang: true, times: 1 } });

  const hung = upgrade();

  await sleep(50);
  assert.strictEqual(hung.ws.readyState, 0);
  hung.ws.terminate();

  const { requests, ws } = await bench.state();

  assert.deepStrictEqual(requests.ws,
    { 101: 1, 401: 1, 403: 1, 502: 1, 503: 1, hang: 1, wrong: 1 });
  assert.strictEqual(ws.opened, 1);
});

test('closed right after the upgrade, with any code', async () => {
  const token = await bench.token();

  for (const [code, seen] of [[1000, 1000], [1001, 1001], [1011, 1011],
    [4321, 4321], [1006, 1006], [999, 1006], [1005, 1006]]) {
    await bench.faults({ ws: { close: code, times: 1 } });

    const link = new ClientLink(bench, token);

    assert.strictEqual(await link.closed, seen);
    if (code === 999) assert.match(link.error.message, /invalid status code/i);
  }

  await bench.until(({ ws }) => ws.open === 0 && ws.closed === 7);
});

test('no pong, and pings of the server', async () => {
  await bench.faults({ ws: { ping_ms: 20, no_pong: true } });

  const link = await bench.link();
  let pongs = 0;

  link.ws.on('pong', () => pongs++);
  link.ws.ping();
  await bench.until(({ ws }) => ws.pings === 1);
  await once(link.ws, 'ping');
  await once(link.ws, 'ping');
  assert.strictEqual(pongs, 0);

  await bench.faults({ ws: { no_pong: null } });
  link.ws.ping();
  await once(link.ws, 'pong');
});

test('sequence: on each connection its own, or going on', async () => {
  const token = await bench.token();
  const first = await bench.link(token);

  await bench.place('150');
  await bench.place('150');
  await first.events(2);
  first.ws.close();

  for (const [keep, expected] of [[false, 1], [true, 2]]) {
    await bench.faults({ ws: { keep_sequence: keep } });

    const link = await bench.link(token);

    await bench.place('150');
    assert.strictEqual((await link.events(1))[0].sequence, expected);
    link.ws.close();
    await link.closed;
  }
});

test('events: lost, gap, repeated, PascalCase, attached, torn', async () => {
  const link = await bench.link();

  await bench.faults({ events: { lose: true, times: 1 } });
  await bench.place('150');
  await bench.faults({ events: { gap: 5, times: 1 } });
  await bench.place('150');
  await bench.faults({ events: { repeat: 2, times: 1 } });
  await bench.place('150');
  await bench.faults({ events: { pascal: true, times: 1 } });
  await bench.place('150');
  await bench.faults({ events: { attach: true, fragment: 7, times: 1 } });

  const last = await bench.place('150', { name: '王小明' });
  const events = await link.events(6);

  assert.deepStrictEqual(events.slice(0, 4).map((e) => e.sequence),
    [7, 8, 9, 10]);
  assert.deepStrictEqual(events[1].event, events[3].event);
  assert.deepStrictEqual(events[4], { Sequence: 11, Event: { EventType: 0,
    Entity: '/callcontrol/150/participants/4', AttachedData: null } });
  assert.deepStrictEqual(events[5].event.attached_data, last);
});

test('responses: late, and with another RequestID', async () => {
  const link = await bench.link();
  const send = (id) => link.ws.send(
    JSON.stringify({ RequestID: id, Path: '/callcontrol/150' }));

  await bench.faults({ responses: { delay_ms: 60, times: 1 } });
  send('slow');
  send('fast');
  await link.events(2);
  await bench.faults({ responses: { other_id: true } });
  send('lost');

  const ids = (await link.events(3))
    .map(({ event }) => event.attached_data.RequestID);

  assert.deepStrictEqual(ids, ['fast', 'slow', 'unknown']);
});

test('connections: reset, and a TLS handshake that hangs', async () => {
  await bench.faults({ connections: { reset: true, times: 1 } });
  await assert.rejects(bench.askToken(), { code: 'ECONNRESET' });

  await bench.faults({ connections: { hang: true, times: 1 } });
  await assert.rejects(bench.ask('GET', '/', { timeout: 50 }), /timeout/);
  assert.strictEqual((await bench.askToken()).status, 200);
});
