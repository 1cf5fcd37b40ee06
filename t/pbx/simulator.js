'use strict';

/*
 * A PBX with the Call Control API, for tests and for `make run`: puts the
 * parts together and is their command line.  README.md says how to use it.
 *
 * Needs nothing but Node >= 18 and `ws`, both as Debian packages them:
 *
 *     NODE_PATH=/usr/share/nodejs node t/pbx/simulator.js --demo
 */

const fs = require('fs');
const http = require('http');
const https = require('https');
const { parseArgs } = require('util');

const { Api } = require('./api');
const { Campaign } = require('./campaign');
const { createControl } = require('./control');
const { Faults } = require('./faults');
const { Links } = require('./links');
const { Listener } = require('./listener');
const { Pbx } = require('./pbx');
const { Tokens } = require('./tokens');

const LOOPBACK = '127.0.0.1';

/* An idle connection of a test should not end under its next request. */
const KEEP_ALIVE_MS = 60000;

const OPTIONS = {
  port: { type: 'string', default: '5001' },
  control: { type: 'string', default: '5002' },
  host: { type: 'string', default: LOOPBACK },
  cert: { type: 'string' },
  key: { type: 'string' },
  client: { type: 'string', multiple: true, default: [] },
  demo: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  'stdin-lifeline': { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const USAGE = `usage: simulator.js [--port 5001] [--control 5002]
    [--host 127.0.0.1] [--cert FILE --key FILE] [--demo] [--seed 1]
    [--client ID:SECRET:DN,DN,...]... [--stdin-lifeline] [--verbose]
`;

/*
 * Starts a PBX: {port, control, pbx, reset(), close()}.  `port` and `control`
 * may be 0 for any that is free; cert and key are PEM, plain HTTP without.
 */
async function start({ port = 0, control = 0, host = LOOPBACK, cert, key,
  log = () => {} }) {
  const pbx = new Pbx();
  const faults = new Faults();
  const tokens = new Tokens(faults);
  const links = new Links({ pbx, tokens, faults, log });
  const api = new Api({ pbx, tokens, faults, log });
  const server = createServer(api, links, cert, key);
  const listener = new Listener(server, faults);
  const campaign = new Campaign(pbx, (client) => links.of(client).size > 0);
  const sim = { pbx, faults, tokens, links, listener, campaign };

  pbx.on('secret', (client) => tokens.revokeAll(client));
  pbx.on('deleted', (client) => tokens.revokeAll(client));

  sim.reset = () => reset(sim);

  const controlServer = createControl(sim);

  sim.port = await listener.listen(port, host);
  sim.control = await listenControl(controlServer, control);
  sim.close = () => {
    campaign.stop();
    listener.close();
    controlServer.close();
    controlServer.closeAllConnections();
  };

  return sim;
}

function createServer(api, links, cert, key) {
  const server = cert ? https.createServer({ cert, key }) :
    http.createServer();

  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('request', (req, res) => api.serve(req, res));
  server.on('upgrade', (req, socket, head) => (
    links.upgrade(req, socket, head)));

  return server;
}

function listenControl(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve(server.address().port));
  });
}

/* Back to the start; what an old connection still does counts for nobody. */
function reset({ pbx, faults, tokens, listener, campaign }) {
  campaign.stop();
  listener.cut();
  listener.accepted = 0;
  listener.open();
  faults.clear();
  tokens.clear();
  pbx.clear();
}

/* ID:SECRET:DN,DN,... where the secret may have colons of its own. */
function addClient({ pbx }, text) {
  const match = /^([^:]+):(.+):([^:]*)$/.exec(text);

  if (!match) throw new Error(`--client ${text.split(':')[0]}: ${USAGE}`);

  const [, id, secret, list] = match;
  const dns = list.split(',').filter(Boolean).map((dn) => ({ dn }));

  /* The client id is the DN of a route point, and listed with the rest. */
  dns.push({ dn: id, type: 'Wroutepoint' });
  pbx.setClient(id, { secret, dns });
}

function readOptions() {
  const { values } = parseArgs({ options: OPTIONS });

  if (!values.cert !== !values.key) {
    throw new Error('--cert and --key go together');
  }

  for (const name of ['port', 'control', 'seed']) {
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name}: no number`);
    values[name] = Number(values[name]);
  }

  return values;
}

async function main() {
  const options = readOptions();

  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }

  const { port, control, host, cert, key } = options;
  const sim = await start({ port, control, host,
    cert: cert && fs.readFileSync(cert),
    key: key && fs.readFileSync(key),
    log: options.verbose ? (line) => console.error(line) : undefined });

  for (const text of options.client) addClient(sim, text);

  if (options.demo) {
    addClient(sim, '900:demo-secret:150,151,152,153,154,155,156,157');
    sim.campaign.start({ clients: ['900'], seed: options.seed });
  }

  const stop = () => {
    sim.close();
    process.exit(0);
  };

  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (options['stdin-lifeline']) process.stdin.on('close', stop).resume();

  process.stdout.write(`${JSON.stringify({ port: sim.port,
    control: sim.control, pid: process.pid })}\n`);
}

if (require.main === module) {
  main().catch((e) => {
    console.error(`simulator: ${e.message}`);
    process.exit(1);
  });
}

module.exports = { start };
