'use strict';

/*
 * What the simulator's own tests share: one PBX over TLS for a file of tests,
 * and a client that talks to both of its ports.
 */

const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const http = require('http');
const https = require('https');
const os = require('os');
const path = require('path');
const { setTimeout: sleep } = require('timers/promises');
const { WebSocket } = require('ws');

const { start } = require('./simulator');

const WAIT_MS = 10000;
const POLL_MS = 5;

const PHONE = 'sip:150@127.0.0.1:5063;rinstance=r150';

/* A directory with certificates, gone at exit. */
function makeCerts() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pbx-'));

  process.on('exit', () => fs.rmSync(dir, { recursive: true }));
  execFileSync(path.join(__dirname, 'certs.sh'), [dir]);

  return { dir, ca: fs.readFileSync(`${dir}/ca.pem`),
    cert: fs.readFileSync(`${dir}/pbx.pem`),
    key: fs.readFileSync(`${dir}/pbx.key`) };
}

class Bench {
  /* Everything is as after /reset, with client 900 and two extensions. */
  async begin() {
    this.certs = this.certs || makeCerts();
    this.sim = this.sim || await start(this.certs);
    await this.control('POST', '/reset');
    await this.control('PUT', '/clients/900', { secret: 's:e&c=ret', dns: [
      { dn: '150' }, { dn: '151' }, { dn: '900', type: 'Wroutepoint' }] });
  }

  end() {
    this.sim.close();
  }

  /* Asks the control port; throws where it refuses. */
  async control(method, url, body) {
    const answer = await request(http, { port: this.sim.control, method,
      path: url }, body && JSON.stringify(body));

    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json;
  }

  faults(patch) {
    return this.control('PUT', '/faults', patch);
  }

  place(dn, more = {}) {
    return this.control('POST', '/clients/900/calls', { dn, ...more });
  }

  ws(op, more = {}) {
    return this.control('POST', '/clients/900/ws', { op, ...more });
  }

  state() {
    return this.control('GET', '/state/900');
  }

  /* Waits until `test` is true of the client's state. */
  async until(test) {
    for (let ms = 0; ms < WAIT_MS; ms += POLL_MS) {
      const state = await this.state();

      if (test(state)) return state;
      await sleep(POLL_MS);
    }

    throw new Error(`waited in vain for ${test}`);
  }

  /* Asks the PBX itself. */
  ask(method, url, { token, body, text, headers = {}, ...more } = {}) {
    const auth = token ? { Authorization: `Bearer ${token}` } : {};

    return request(https, { port: this.sim.port, method, path: url,
      ca: this.certs.ca, agent: false, headers: { ...auth, ...headers },
      ...more }, body ? JSON.stringify(body) : text);
  }

  get(url, token) {
    return this.ask('GET', url, { token });
  }

  askToken(fields = {}) {
    const form = new URLSearchParams({ client_id: '900',
      client_secret: 's:e&c=ret', grant_type: 'client_credentials',
      ...fields });

    return this.ask('POST', '/connect/token', { text: `${form}`, headers: {
      'Content-Type': 'application/x-www-form-urlencoded' } });
  }

  async token() {
    const { status, json } = await this.askToken();

    assert.strictEqual(status, 200);
    return json.access_token;
  }

  /* An open event WebSocket that keeps what it gets. */
  async link(token) {
    const link = new ClientLink(this, token || await this.token());

    await link.opened;
    return link;
  }
}

class ClientLink {
  constructor({ sim, certs }, token) {
    this.frames = [];
    this.ws = new WebSocket(`wss://127.0.0.1:${sim.port}/callcontrol/ws`,
      { ca: certs.ca, headers: { Authorization: `Bearer ${token}` } });
    this.ws.on('message', (data, isBinary) => (
      this.frames.push({ data, isBinary })));
    this.ws.on('error', (e) => {
      this.error = e;
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => this.ws.on('close', resolve));
  }

  /* The first `count` messages, as text. */
  async texts(count) {
    for (let ms = 0; ms < WAIT_MS; ms += POLL_MS) {
      if (this.frames.length >= count) {
        return this.frames.slice(0, count).map(({ data }) => String(data));
      }

      await sleep(POLL_MS);
    }

    throw new Error(`${this.frames.length} messages instead of ${count}`);
  }

  async events(count) {
    return (await this.texts(count)).map((text) => JSON.parse(text));
  }

  /* What became of an upgrade that was refused. */
  async refusal() {
    try {
      await this.opened;
      return 'accepted';
    } catch (e) {
      return e.message;
    }
  }
}

/*
 * {status, headers, text, json}; rejects where no whole answer comes.  By
 * address: localhost may be ::1 first, and Node 18 tries no second one.
 */
function request({ request: ask }, options, body) {
  return new Promise((resolve, reject) => {
    const req = ask({ host: '127.0.0.1', timeout: WAIT_MS, ...options });

    req.on('error', reject);
    req.on('timeout', () => req.destroy(new Error('timeout')));
    req.on('response', (res) => {
      const chunks = [];

      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();

        resolve({ status: res.statusCode, headers: res.headers, text,
          json: jsonOf(text) });
      });
    });
    req.end(body);
  });
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch (e) {
    return undefined;
  }
}

module.exports = { Bench, ClientLink, PHONE, makeCerts, request };
