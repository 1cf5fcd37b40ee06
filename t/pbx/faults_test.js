'use strict';

/* How faults are set, and what can be wrong with answers. */

const assert = require('assert');
const { after, beforeEach, test } = require('node:test');
const { setTimeout: sleep } = require('timers/promises');

const { Bench, PHONE } = require('./harness');

const bench = new Bench();

beforeEach(() => bench.begin());
after(() => bench.end());

test('switches: times, null, one client, unknown ones', async () => {
  await bench.faults({ token: { status: 500, times: 2 } });
  await bench.faults({ clients: { 900: { token: { status: 404, times: 1 } } },
    callers: { empty: true, status: 503 } });
  assert.deepStrictEqual(await bench.control('GET', '/faults'), {
    token: { status: { value: 500, left: 2 } },
    callers: { empty: { value: true }, status: { value: 503 } },
    clients: { 900: { token: { status: { value: 404, left: 1 } } } } });

  for (const status of [404, 500, 500, 200]) {
    assert.strictEqual((await bench.askToken()).status, status);
  }

  const token = await bench.token();

  assert.strictEqual((await bench.get('/callcontrol', token)).status, 503);
  await bench.faults({ callers: { status: null } });
  assert.deepStrictEqual((await bench.get('/callcontrol', token)).json, []);
  await bench.faults({ callers: null, clients: { 900: null } });
  assert.strictEqual((await bench.get('/callcontrol', token)).json.length, 3);

  for (const wrong of [{ tokens: {} }, { token: { stats: 1 } },
    { token: { status: '500' } }, { token: { status: 99 } },
    { token: { status: 500, times: 0 } }, { token: { body: 'blue' } },
    { token: 5 }, { clients: { 900: { connections: { reset: true } } } },
    { dn: { status: 500 }, clients: { 900: { dn: { constructor: 1 } } } }]) {
    await assert.rejects(bench.faults(wrong), JSON.stringify(wrong));
  }

  await bench.faults({ token: { status: 500 } });
  await bench.control('DELETE', '/faults');
  assert.deepStrictEqual(await bench.control('GET', '/faults'),
    { clients: {} });
});

test('any answer: status, Retry-After, bodies', async () => {
  for (const status of [400, 401, 404, 500, 503]) {
    await bench.faults({ token: { status, times: 1 } });
    assert.strictEqual((await bench.askToken()).status, status);
  }

  await bench.faults({ token: { status: 429, retry_after: 7, times: 1 } });
  assert.strictEqual((await bench.askToken()).headers['retry-after'], '7');

  await bench.faults({ token: { body: 'html', times: 1 } });

  const html = await bench.askToken();

  assert.deepStrictEqual([html.status, html.headers['content-type']],
    [200, 'text/html']);
  assert.match(html.text, /^<!DOCTYPE html>/);

  await bench.faults({ token: { body: 'empty', times: 1 } });
  assert.strictEqual((await bench.askToken()).text, '');

  await bench.faults({ token: { body: 'malformed', times: 1 } });

  const malformed = await bench.askToken();

  assert.match(malformed.text, /^{"token_type"/);
  assert.strictEqual(malformed.json, undefined);

  await bench.faults({ token: { huge: 3000000, times: 1 } });

  const huge = await bench.askToken();

  assert.strictEqual(huge.text.length, 3000000);
  assert.ok(huge.json.access_token);
});

test('any answer: slow, late, cut, none', async () => {
  await bench.faults({ token: { delay_ms: 60, times: 1 } });

  const since = Date.now();

  await bench.askToken();
  assert.ok(Date.now() - since >= 59);

  await bench.faults({ token: { cut: true, times: 1 } });
  await assert.rejects(bench.askToken(), { code: 'ECONNRESET' });

  const token = await bench.token();

  await bench.faults({ callers: { hang: true, times: 1 } });
  await assert.rejects(
    bench.ask('GET', '/callcontrol', { token, timeout: 50 }), /timeout/);
  await bench.until(({ pending, requests }) => (
    pending === 0 && requests.callers.hang === 1));
});

test('what happens during delay_ms shows, during late_ms not', async () => {
  const token = await bench.token();
  const url = '/callcontrol/150/participants/1';

  for (const [fault, status] of [['delay_ms', 404], ['late_ms', 200]]) {
    await bench.control('PUT', '/clients/900/dns/150', {});

    const { id } = await bench.place('150');

    await bench.faults({ participants: { [fault]: 300, times: 1 } });

    const answer = bench.get(url.replace(/1$/, id), token);

    await bench.until(({ pending }) => pending === 1);
    await bench.control('DELETE', `/clients/900/calls/150/${id}`);
    assert.strictEqual((await answer).status, status, fault);
  }
});

test('a token that is revoked while a request is held up', async () => {
  const token = await bench.token();

  await bench.faults({ callers: { delay_ms: 300 } });

  const answer = bench.get('/callcontrol', token);

  await bench.until(({ pending }) => pending === 1);
  await bench.control('POST', '/clients/900/revoke');
  assert.strictEqual((await answer).status, 401);
});

test('expires_in', async () => {
  for (const value of [60, 3600, '3600', -1]) {
    await bench.faults({ token: { expires_in: value, times: 1 } });
    assert.strictEqual((await bench.askToken()).json.expires_in, value);
  }

  await bench.faults({ token: { expires_in: 'missing', times: 1 } });
  assert.ok(!('expires_in' in (await bench.askToken()).json));
});

test('an opaque token, and one that lives for a short time', async () => {
  await bench.faults({ token: { opaque: true, times: 1 } });

  const opaque = await bench.token();

  assert.match(opaque, /^[0-9a-f]{48}$/);
  assert.strictEqual((await bench.get('/callcontrol', opaque)).status, 200);

  await bench.faults({ token: { lifetime_s: 0.6, close_expired: true } });

  const { json } = await bench.askToken();
  const token = json.access_token;
  const link = await bench.link(token);

  assert.strictEqual(json.expires_in, 1);
  assert.strictEqual((await bench.get('/callcontrol', token)).status, 200);
  assert.strictEqual(await link.closed, 1000);
  assert.strictEqual((await bench.get('/callcontrol', token)).status, 401);
});

test('revocation: off, its delay, its code, never', async () => {
  await bench.faults({ token: { revoke: false, times: 1 } });

  const first = await bench.link();

  await bench.faults({ token: { revoke: false, times: 1 } });

  const second = await bench.link();

  assert.strictEqual(first.ws.readyState, 1);
  await bench.faults({ token: { close_revoked_ms: 10,
    close_revoked_code: 1008 } });

  const third = await bench.token();

  assert.strictEqual(await first.closed, 1008);
  assert.strictEqual(await second.closed, 1008);

  await bench.faults({ token: { close_revoked_ms: -1 } });

  const link = await bench.link(third);

  await bench.token();
  await sleep(50);
  assert.strictEqual(link.ws.readyState, 1);
  assert.strictEqual((await bench.get('/callcontrol', third)).status, 401);
});

test('callers: empty, null, missing, unknown, many', async () => {
  const token = await bench.token();
  const read = async (fault) => {
    await bench.faults({ callers: { ...fault, times: 1 } });
    return bench.get('/callcontrol', token);
  };

  assert.deepStrictEqual((await read({ empty: true })).json, []);
  assert.deepStrictEqual((await read({ null_devices: true })).json[0],
    { dn: '150', type: 'Wextension', devices: null, participants: null });
  assert.deepStrictEqual((await read({ missing_devices: true })).json[0],
    { dn: '150', type: 'Wextension' });
  assert.strictEqual((await read({ unknown_types: true })).json[0].type,
    'Wsomethingnew');

  const many = await read({ many: 2000 });

  assert.strictEqual(many.json.length, 2003);
  assert.ok(many.text.length > 1000000);
});

test('participants, dn, devices have faults of their own', async () => {
  const token = await bench.token();
  const urls = { participants: '/callcontrol/150/participants/1',
    dn: '/callcontrol/150', devices: '/callcontrol/150/devices' };

  await bench.place('150', { direct_control: false });

  for (const [group, url] of Object.entries(urls)) {
    for (const status of [403, 404, 500]) {
      await bench.faults({ [group]: { status, times: 1 } });
      assert.strictEqual((await bench.get(url, token)).status, status);
    }

    assert.strictEqual((await bench.get(url, token)).status, 200);
  }

  await bench.faults({ participants: { forbid_uncontrolled: true } });
  assert.strictEqual((await bench.get(urls.participants, token)).status, 403);
  await bench.faults({ participants: { forbid_uncontrolled: true } });
  assert.strictEqual(
    (await bench.get('/callcontrol/150/participants', token)).status, 200);
});

test('makecall and actions: statuses and finalstatus', async () => {
  const token = await bench.token();
  const path = `/callcontrol/150/devices/${encodeURIComponent(PHONE)}`;
  const make = async (fault) => {
    await bench.faults({ makecall: { ...fault, times: 1 } });
    return bench.ask('POST', `${path}/makecall`,
      { token, body: { destination: '1' } });
  };

  assert.strictEqual((await make({ status: 422 })).status, 422);
  assert.strictEqual((await make({ status: 424 })).status, 424);

  const accepted = await make({ status: 202 });

  assert.deepStrictEqual([accepted.status, accepted.json.result.id], [202, 1]);

  const numeric = await make({ finalstatus: 1 });

  assert.deepStrictEqual([numeric.json.finalstatus, numeric.json.result.id],
    [1, 2]);

  for (const finalstatus of ['Rejected', 0, -1]) {
    const { status, json } = await make({ finalstatus });

    assert.strictEqual(status, 200);
    assert.strictEqual(json.finalstatus, finalstatus);
    assert.ok(json.reasontext && !json.result);
  }

  await bench.faults({ actions: { finalstatus: 'Failed', times: 1 } });

  const drop = () => bench.ask('POST',
    '/callcontrol/150/participants/1/drop', { token, body: {} });

  assert.strictEqual((await drop()).json.finalstatus, 'Failed');
  await bench.faults({ actions: { status: 403, times: 1 } });
  assert.strictEqual((await drop()).status, 403);
  assert.strictEqual((await drop()).json.finalstatus, 'Success');
  assert.strictEqual((await bench.state()).calls, 1);
});
