'use strict';

/* The demo's life, and events by the thousand. */

const assert = require('assert');
const { after, beforeEach, test } = require('node:test');
const { setTimeout: sleep } = require('timers/promises');

const { Campaign } = require('./campaign');
const { Bench } = require('./harness');
const { Pbx } = require('./pbx');

const bench = new Bench();

beforeEach(() => bench.begin());
after(() => bench.end());

/* A client of its own, and its WebSocket. */
async function watch(_, i) {
  await bench.control('PUT', `/clients/c${i}`, { secret: 'x',
    dns: [{ dn: '150' }, { dn: '151' }] });

  const { json } = await bench.askToken({ client_id: `c${i}`,
    client_secret: 'x' });

  return bench.link(json.access_token);
}

/* What happens in so many changes, without a clock or a socket. */
function play(seed, changes) {
  const pbx = new Pbx();
  const story = [];

  pbx.on('event', (client, event, subject) => (
    story.push({ ...event, ...subject })));

  const client = pbx.setClient('900', { secret: 'x', dns:
    ['150', '151', '152', '153'].map((dn) => ({ dn })) });
  const campaign = new Campaign(pbx, () => true);

  story.length = 0;
  campaign.start({ seed });
  campaign.stop();

  for (let i = 0; i < changes; i++) campaign.change(client);
  return story;
}

test('calls ring, connect and end, one on an extension', () => {
  const story = play(1, 500);
  const before = {};
  const seen = new Set();

  for (const { event_type, entity, status } of story) {
    const now = event_type === 1 ? 'ended' : status;

    seen.add(`${before[entity] || 'new'} ${now}`);
    before[entity] = now;
  }

  assert.deepStrictEqual([...seen].sort(), ['Connected ended',
    'Dialing Ringing', 'Ringing Connected', 'Ringing ended', 'new Dialing']);
  assert.strictEqual(story.length, 500);

  const live = Object.values(before).filter((now) => now !== 'ended');

  assert.ok(live.length <= 4);
});

test('one seed is one story', () => {
  assert.deepStrictEqual(play(7, 100), play(7, 100));
  assert.notDeepStrictEqual(play(7, 100), play(8, 100));
});

test('nothing happens unwatched; a human pace for who watches', async () => {
  await bench.control('PUT', '/campaign', { rate: 1000 });
  await sleep(100);
  assert.deepStrictEqual(await bench.control('DELETE', '/campaign'),
    { changes: 0 });
  await bench.control('PUT', '/campaign', { clients: ['900'] });

  const link = await bench.link();
  const [{ event }] = await link.events(1);

  assert.strictEqual(event.entity.split('/')[3], 'participants');
  await sleep(600);
  assert.ok(link.frames.length <= 4);
});

test('a thousand events a second for a hundred clients', async () => {
  const links = await Promise.all(Array.from({ length: 100 }, watch));

  await bench.control('PUT', '/campaign', { rate: 1000 });

  const since = Date.now();

  await sleep(1000);

  const { changes } = await bench.control('DELETE', '/campaign');
  const rate = changes / (Date.now() - since) * 1000;

  assert.ok(rate > 800 && rate < 1200, `${rate}`);

  /* They take turns, so each has its share, and nobody's is lost. */
  for (const link of links) await link.events(Math.floor(changes / 100));

  assert.strictEqual(
    (await bench.control('GET', '/state')).totals.ws.events, changes);
});
