'use strict';

/* The Call Control API as it is when nothing is wrong with it. */

const assert = require('assert');
const { after, beforeEach, test } = require('node:test');

const { Bench, ClientLink, PHONE } = require('./harness');

const bench = new Bench();
const device = `/callcontrol/150/devices/${encodeURIComponent(PHONE)}`;

beforeEach(() => bench.begin());
after(() => bench.end());

function claimsOf(token) {
  const [, claims] = token.split('.');

  return JSON.parse(Buffer.from(claims, 'base64url'));
}

test('a token by urlencoded form', async () => {
  const { status, json } = await bench.askToken();

  assert.strictEqual(status, 200);
  assert.deepStrictEqual(Object.keys(json),
    ['token_type', 'expires_in', 'access_token', 'refresh_token']);
  assert.deepStrictEqual([json.token_type, json.expires_in,
    json.refresh_token], ['Bearer', 3600, null]);
  assert.match(json.access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);

  const { iat, exp } = claimsOf(json.access_token);

  assert.strictEqual(exp - iat, 3600);
  assert.ok(Math.abs(iat - Date.now() / 1000) < 5);
});

test('a token by multipart form', async () => {
  const fields = { client_id: '900', client_secret: 's:e&c=ret',
    grant_type: 'client_credentials' };
  const parts = Object.entries(fields).map(([name, value]) => (
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n` +
    `${value}\r\n`));
  const { status } = await bench.ask('POST', '/connect/token', {
    headers: { 'Content-Type': 'multipart/form-data; boundary=xyz' },
    text: `${parts.join('')}--xyz--\r\n` });

  assert.strictEqual(status, 200);
});

test('tokens that are not given', async () => {
  const wrong = [
    [401, { client_secret: 'other' }],
    [401, { client_id: '901' }],
    [400, { client_secret: '' }],
    [400, { grant_type: 'password' }],
  ];

  for (const [status, fields] of wrong) {
    const answer = await bench.askToken(fields);

    assert.strictEqual(answer.status, status);
    assert.strictEqual(typeof answer.json.error, 'string');
  }

  assert.strictEqual((await bench.get('/connect/token')).status, 405);

  const { totals, clients } = await bench.control('GET', '/state');

  assert.strictEqual(totals.token_failures, 5);
  assert.strictEqual(clients['900'].token_failures, 3);
  assert.deepStrictEqual(clients['900'].requests.token, { 400: 2, 401: 1 });
});

test('a bad token is 401 everywhere', async () => {
  for (const url of ['', '/150', '/150/devices', '/150/participants/1',
    '/nothing/of/the/kind']) {
    const { status, headers } = await bench.get(`/callcontrol${url}`, 'x.y.z');

    assert.strictEqual(status, 401, url);
    assert.strictEqual(headers['www-authenticate'], 'Bearer');
  }

  assert.strictEqual((await bench.get('/callcontrol')).status, 401);
  assert.match(await new ClientLink(bench, 'x.y.z').refusal(), /401/);
});

test('a second grant revokes the first and closes its WebSocket', async () => {
  const first = await bench.token();
  const link = await bench.link(first);
  const second = await bench.token();

  assert.strictEqual((await bench.get('/callcontrol', first)).status, 401);
  assert.strictEqual((await bench.get('/callcontrol', second)).status, 200);
  assert.match(await new ClientLink(bench, first).refusal(), /401/);

  const next = await bench.link(second);
  const since = Date.now();

  assert.strictEqual(await link.closed, 1000);
  assert.ok(Date.now() - since < 2000);
  assert.strictEqual(next.ws.readyState, 1);

  const { ws, generation } = await bench.state();

  assert.strictEqual(generation, 2);
  assert.deepStrictEqual([ws.open, ws.most_open, ws.opened, ws.closed],
    [1, 2, 2, 1]);
});

test('the callers, whole', async () => {
  const call = await bench.place('150', { number: '0900000001',
    name: 'Ada Arden' });
  const { status, json } = await bench.get('/callcontrol',
    await bench.token());

  assert.strictEqual(status, 200);
  assert.deepStrictEqual(json[0], { dn: '150', type: 'Wextension',
    devices: [{ dn: '150', user_agent: 'ExamplePhone/2.1',
      device_id: PHONE }],
    participants: [call] });
  assert.deepStrictEqual(json[2],
    { dn: '900', type: 'Wroutepoint', devices: [], participants: [] });
  assert.deepStrictEqual(call, { id: 1, status: 'Dialing', dn: '150',
    party_caller_name: 'Ada Arden', party_dn: '10001',
    party_caller_id: '0900000001', party_did: '', device_id: PHONE,
    party_dn_type: 'Wexternalline', direct_control: true,
    originated_by_dn: '900', originated_by_type: 'Wroutepoint',
    referred_by_dn: '', referred_by_type: 'None', on_behalf_of_dn: '',
    on_behalf_of_type: 'None', callid: 7001, legid: 1 });
});

test('one DN, its devices, its participants', async () => {
  const token = await bench.token();
  const call = await bench.place('150');
  const read = async (url) => (await bench.get(url, token)).json;
  const [phone] = await read('/callcontrol/150/devices');

  assert.deepStrictEqual(await read(device), phone);
  assert.deepStrictEqual(await read('/callcontrol/150/participants'), [call]);
  assert.deepStrictEqual(await read('/callcontrol/150/participants/1'), call);
  assert.deepStrictEqual(await read('/callcontrol/150'),
    { dn: '150', type: 'Wextension', devices: [phone],
      participants: [call] });

  for (const url of ['/x', '/callcontrol/152', '/callcontrol/150/devices/x',
    '/callcontrol/150/participants/2', '/callcontrol/150/what',
    '/callcontrol/%zz', '/callcontrol/']) {
    assert.strictEqual((await bench.get(url, token)).status, 404, url);
  }

  const wrong = await bench.ask('DELETE', '/callcontrol/150', { token });
  const plain = await bench.get('/callcontrol/ws', token);

  assert.deepStrictEqual([wrong.status, plain.status], [405, 426]);
});

test('a client that is not permitted', async () => {
  const token = await bench.token();

  await bench.control('PUT', '/clients/900',
    { secret: 's:e&c=ret', permitted: false });
  assert.strictEqual((await bench.get('/callcontrol', token)).status, 403);
  assert.match(await new ClientLink(bench, token).refusal(), /403/);
});

test('makecall, both forms', async () => {
  const token = await bench.token();
  const post = (url, body) => bench.ask('POST', url, { token, body });
  const made = await post(`${device}/makecall`, { destination: '0900000001',
    timeout: 30, reason: 'None', attacheddata: { campaign: 'demo' } });

  assert.strictEqual(made.status, 200);
  assert.deepStrictEqual(made.json, { finalstatus: 'Success', reason: 'None',
    reasontext: '', result: { id: 1, status: 'Dialing', dn: '150',
      callid: 7001, legid: 1, direct_control: true } });

  const older = await post('/callcontrol/900/makecall', { destination: '1' });

  assert.strictEqual(older.json.result.dn, '900');

  await bench.control('PUT', '/clients/900/dns/151', { devices: [] });

  const wrong = [
    [422, `${device}/makecall`, {}],
    [400, `${device}/makecall`, undefined],
    [400, `${device}/makecall`, []],
    [404, '/callcontrol/150/devices/x/makecall', { destination: '1' }],
    [404, '/callcontrol/152/makecall', { destination: '1' }],
    [424, '/callcontrol/151/makecall', { destination: '1' }],
  ];

  for (const [status, url, body] of wrong) {
    const { status: got, json } = await post(url, body);

    assert.strictEqual(got, status, url);
    assert.ok(json.reasontext);
  }
});

test('actions on a participant', async () => {
  const token = await bench.token();
  const call = await bench.place('150', { status: 'Ringing' });
  const other = await bench.place('151', { direct_control: false,
    status: 'Ringing' });
  const act = async (action, body, dn = '150') => (
    await bench.ask('POST', `/callcontrol/${dn}/participants/1/${action}`,
      { token, body })).status;
  const read = async () => (
    await bench.get('/callcontrol/150/participants/1', token)).json;

  assert.strictEqual(call.id, other.id);
  assert.strictEqual(await act('answer', {}, '151'), 403);
  assert.strictEqual(await act('drop', {}, '151'), 200);
  assert.strictEqual(await act('drop', {}, '151'), 404);
  assert.strictEqual(await act('sing', {}), 404);
  assert.strictEqual(await act('drop'), 400);
  assert.strictEqual(await act('transferto', { destination: '1' }), 424);
  assert.strictEqual(await act('answer', {}), 200);
  assert.strictEqual((await read()).status, 'Connected');
  assert.strictEqual(await act('answer', {}), 424);
  assert.strictEqual(await act('divert', { destination: '1' }), 424);
  assert.strictEqual(await act('attach_party_data', {}), 422);
  assert.strictEqual(await act('attach_party_data', { attacheddata: {} }),
    200);
  assert.strictEqual(await act('routeto', { destination: '1' }), 200);
  assert.strictEqual(await act('transferto', { destination: '1' }), 200);
  assert.strictEqual((await read()).reasontext, 'no participant 1 on 150');
});

test('events of a call and of a DN', async () => {
  const link = await bench.link();
  const { dn, id } = await bench.place('150');
  const call = `/clients/900/calls/${dn}/${id}`;

  await bench.control('PATCH', call, { status: 'Ringing' });
  await bench.control('PATCH', call, { status: 'Connected' });
  await bench.control('DELETE', call);
  await bench.control('PUT', '/clients/900/dns/152', {});
  await bench.control('DELETE', '/clients/900/dns/152');

  assert.deepStrictEqual(await link.events(6), [
    [1, 0, '/callcontrol/150/participants/1'],
    [2, 0, '/callcontrol/150/participants/1'],
    [3, 0, '/callcontrol/150/participants/1'],
    [4, 1, '/callcontrol/150/participants/1'],
    [5, 0, '/callcontrol/152'],
    [6, 1, '/callcontrol/152'],
  ].map(([sequence, event_type, entity]) => (
    { sequence, event: { event_type, entity, attached_data: null } })));
});

test('events go to the client they are for', async () => {
  await bench.control('PUT', '/clients/901', { secret: 'x',
    dns: [{ dn: '150' }] });

  const link = await bench.link();
  const { json } = await bench.askToken({ client_id: '901',
    client_secret: 'x' });
  const other = await bench.link(json.access_token);

  await bench.place('150');
  await bench.control('POST', '/clients/901/calls', { dn: '150' });
  await bench.control('DELETE', '/clients/901/calls/150/1');
  await other.events(2);
  assert.strictEqual(link.frames.length, 1);
});

test('requests over the WebSocket', async () => {
  const link = await bench.link();
  const path = '/callcontrol/150/participants/1';

  await bench.place('150', { status: 'Ringing' });

  const send = (message) => link.ws.send(JSON.stringify(message));

  send({ RequestID: 'a', Path: path });
  send({ RequestID: 'b', Path: `${path}/drop`, RequestData: { Reason: 'None',
    Destination: '', Timeout: 0, AttachedData: null } });
  send({ RequestID: 'c', Path: `${path}/drop`, RequestData: {} });
  send({ RequestID: 'd', Path: `${device}/makecall`,
    RequestData: { Destination: '1' } });
  send({ RequestID: 'e', Path: '/elsewhere' });

  const events = (await link.events(8)).map(({ event }) => event);
  const answers = events.filter(({ event_type }) => event_type === 4)
    .map(({ attached_data }) => attached_data);

  assert.deepStrictEqual(
    answers.map(({ RequestID, StatusCode }) => [RequestID, StatusCode]),
    [['a', 200], ['b', 200], ['c', 404], ['d', 200], ['e', 404]]);
  assert.strictEqual(answers[0].Response.status, 'Ringing');
  assert.deepStrictEqual(answers[1], { RequestID: 'b', Path: `${path}/drop`,
    StatusCode: 200, Response: { finalstatus: 'Success', reason: 'None',
      reasontext: '' } });

  link.ws.send('no JSON');
  link.ws.send(Buffer.from('{}'));
  await bench.until(({ ws }) => ws.bad_messages === 2);
});

test('the WebSocket is only on its own path', async () => {
  const token = await bench.token();
  const { status } = await bench.ask('GET', '/callcontrol/wss', { token,
    headers: { Connection: 'Upgrade', Upgrade: 'websocket',
      'Sec-WebSocket-Version': 13,
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' } });

  assert.strictEqual(status, 404);
});
