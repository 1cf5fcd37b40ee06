'use strict';

/* The command line: options, its one line, TLS, and how it ends. */

const assert = require('assert');
const { execFileSync, spawn } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');
const { after, before, test } = require('node:test');

const { makeCerts, request } = require('./harness');

let certs;
const children = [];

before(() => {
  certs = makeCerts();
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
});

function launch(...args) {
  const child = spawn(process.execPath,
    [path.join(__dirname, 'simulator.js'), ...args]);

  children.push(child);
  child.errors = '';
  child.stderr.on('data', (data) => {
    child.errors += data;
  });

  return child;
}

async function running(...args) {
  const child = launch('--port', '0', '--control', '0', ...args);
  const [line] = await once(child.stdout, 'data');

  return { child, ...JSON.parse(line) };
}

function askToken(client, port, options = {}) {
  const form = new URLSearchParams({ client_id: '900', client_secret: 'a:b',
    grant_type: 'client_credentials' });

  return request(client, { port, method: 'POST', path: '/connect/token',
    agent: false, headers: {
      'Content-Type': 'application/x-www-form-urlencoded' }, ...options },
  `${form}`);
}

test('plain HTTP, its line, --client, --verbose and SIGTERM', async () => {
  const { child, port, control, pid } = await running('--verbose',
    '--client', '900:a:b:150,151');

  assert.strictEqual(pid, child.pid);

  const { status, json } = await askToken(http, port);
  const token = json.access_token;

  assert.strictEqual(status, 200);

  const callers = await request(http, { port, path: '/callcontrol?x=secret',
    headers: { Authorization: `Bearer ${token}` } });

  assert.deepStrictEqual(callers.json.map(({ dn, type }) => [dn, type]),
    [['150', 'Wextension'], ['151', 'Wextension'], ['900', 'Wroutepoint']]);

  const state = await request(http, { port: control, path: '/state' });

  assert.strictEqual(state.json.totals.grants, 1);
  assert.ok(!state.text.includes('a:b') && !state.text.includes(token));

  child.kill('SIGTERM');
  assert.deepStrictEqual(await once(child, 'exit'), [0, null]);
  assert.strictEqual(child.errors,
    'POST /connect/token 200\nGET /callcontrol 200\n');
});

test('TLS, with the names and the authorities of certs.sh', async () => {
  const { child, port } = await running('--client', '900:a:b:',
    '--cert', `${certs.dir}/pbx.pem`, '--key', `${certs.dir}/pbx.key`);
  const { ca } = certs;

  const ways = [{}, { servername: 'localhost' },
    { servername: 'pbx.test' }];

  for (const way of ways) {
    assert.strictEqual((await askToken(https, port, { ca, ...way })).status,
      200);
  }

  const other = fs.readFileSync(`${certs.dir}/other-ca.pem`);

  await assert.rejects(askToken(https, port, { ca: other }),
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  child.kill('SIGINT');
  assert.deepStrictEqual(await once(child, 'exit'), [0, null]);
});

test('a certificate for another host', async () => {
  const { child, port } = await running('--client', '900:a:b:150',
    '--cert', `${certs.dir}/wrong-name.pem`,
    '--key', `${certs.dir}/wrong-name.key`);

  await assert.rejects(askToken(https, port, { ca: certs.ca }),
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  child.kill();
});

test('certs.sh leaves what is good alone and mends what is not', () => {
  const dir = `${certs.dir}/twice`;
  const run = () => execFileSync(path.join(__dirname, 'certs.sh'), [dir]);
  const read = () => fs.readFileSync(`${dir}/pbx.pem`, 'utf8');

  run();

  const first = read();

  run();
  assert.strictEqual(read(), first);
  fs.copyFileSync(`${dir}/pbx.key`, `${dir}/wrong-name.key`);
  run();
  assert.notStrictEqual(read(), first);
  assert.strictEqual(fs.readdirSync(dir).length, 6);
});

test('--stdin-lifeline ends it with its parent', async () => {
  const { child } = await running('--stdin-lifeline');

  child.stdin.end();
  assert.deepStrictEqual(await once(child, 'exit'), [0, null]);
});

test('without the lifeline a closed stdin means nothing', async () => {
  const { child, control } = await running();

  child.stdin.end();
  await new Promise((resolve) => setTimeout(resolve, 100));

  const { status } = await request(http, { port: control, path: '/state' });

  assert.strictEqual(status, 200);
  child.kill();
});

test('mistakes on the command line are a sentence', async () => {
  const mistakes = [['--what'], ['--port', 'x'], ['--cert', 'x'],
    ['--client', '900:secret'], ['--port', '0', '--control', '70000']];

  for (const args of mistakes) {
    const child = launch(...args);
    const [code] = await once(child, 'exit');

    assert.strictEqual(code, 1, args.join(' '));
    assert.match(child.errors, /^simulator: /);
    assert.ok(!child.errors.includes('secret'));
  }
});
