'use strict';

/*
 * The Call Control API without its transport: a method, a path and a body
 * become a status and a body, the same for REST and for requests that come
 * over the event WebSocket (fact sheet: REST endpoints).
 */

const { getCall, getDn, viewDn } = require('./pbx');
const { Refusal } = require('./refusal');

/*
 * Paths below /callcontrol.  {} is one part, given to the function in order;
 * `kind` is the name of the request in /state and of its group of faults.
 */
const ROUTES = [
  ['callers', 'GET', '', listCallers],
  ['ws', 'GET', 'ws', needUpgrade],
  ['dn', 'GET', '{}', readDn],
  ['devices', 'GET', '{}/devices', listDevices],
  ['devices', 'GET', '{}/devices/{}', readDevice],
  ['participants', 'GET', '{}/participants', listParticipants],
  ['participants', 'GET', '{}/participants/{}', readParticipant],
  ['makecall', 'POST', '{}/makecall', makeCallFromDn],
  ['makecall', 'POST', '{}/devices/{}/makecall', makeCall],
  ['actions', 'POST', '{}/participants/{}/{}', act],
].map(([kind, method, pattern, run]) => (
  { kind, method, parts: pattern ? pattern.split('/') : [], run }));

/*
 * What an action on a participant needs, and what comes of it.  Only what
 * the client would see on its own DNs is played: a call that is sent
 * elsewhere is gone from here, and nobody rings there.
 */
const ACTIONS = {
  drop: { run: endCall },
  answer: { control: true, states: ['Ringing'], run: connectCall },
  divert: { states: ['Dialing', 'Ringing'], needs: 'destination',
    run: endCall },
  routeto: { needs: 'destination', run: keepCall },
  transferto: { states: ['Connected'], needs: 'destination', run: endCall },
  attach_participant_data: { needs: 'attacheddata', run: keepCall },
  attach_party_data: { needs: 'attacheddata', run: keepCall },
};

/* Finds the route of a path: {kind, method, run, args}, or undefined. */
function findRoute(path, method) {
  const parts = splitPath(path);
  const matches = parts ? ROUTES.filter((route) => fits(route, parts)) : [];
  const route = matches.find((one) => one.method === method) || matches[0];

  return route && { ...route,
    args: parts.filter((part, i) => route.parts[i] === '{}') };
}

/*
 * Answers one request of a client: {status, body}.  `faults` gives the value
 * of a switch of the request's own group.
 */
function call(pbx, client, route, method, body, faults) {
  try {
    if (!client.permitted) throw new Refusal(403, 'not permitted');
    if (!route) throw new Refusal(404, 'no such path');
    if (route.method !== method) throw new Refusal(405, 'no such method');

    return { status: 200,
      body: route.run({ pbx, client, body, faults }, ...route.args) };

  } catch (e) {
    if (e instanceof Refusal) return refused(e.status, e.message);
    throw e;
  }
}

function refused(status, text) {
  return { status,
    body: { finalstatus: 'Failed', reason: 'None', reasontext: text } };
}

function splitPath(path) {
  const [, root, ...parts] = path.split('?')[0].split('/');

  try {
    return root === 'callcontrol' ? parts.map(decodeURIComponent) : undefined;
  } catch (e) {
    return undefined;
  }
}

function fits(route, parts) {
  return route.parts.length === parts.length && parts.every((part, i) => (
    part !== '' && (route.parts[i] === '{}' || route.parts[i] === part)));
}

function listCallers({ client, faults }) {
  if (faults('empty')) return [];

  const dns = [...client.dns.values()].map(viewDn);

  if (faults('null_devices')) {
    for (const dn of dns) dn.devices = dn.participants = null;
  }

  if (faults('missing_devices')) {
    for (const dn of dns) dn.devices = dn.participants = undefined;
  }

  if (faults('unknown_types')) {
    for (const dn of dns) dn.type = 'Wsomethingnew';
  }

  return dns.concat(invented(faults('many') || 0));
}

/* A big PBX: about 500 bytes for each extension. */
function invented(count) {
  return Array.from({ length: count }, (_, i) => {
    const dn = String(200000 + i);
    const id = `sip:${dn}@127.0.0.1:5063;rinstance=${'x'.repeat(350)}`;

    return { dn, type: 'Wextension', participants: [],
      devices: [{ dn, device_id: id, user_agent: 'ExamplePhone/2.1' }] };
  });
}

function needUpgrade() {
  throw new Refusal(426, 'this is the WebSocket');
}

function readDn({ client }, dn) {
  return viewDn(getDn(client, dn));
}

function listDevices({ client }, dn) {
  return getDn(client, dn).devices || [];
}

function readDevice({ client }, dn, id) {
  const devices = getDn(client, dn).devices || [];
  const device = devices.find((one) => one.device_id === id);

  if (!device) throw new Refusal(404, `no device ${id} on ${dn}`);
  return device;
}

function listParticipants({ client }, dn) {
  return [...getDn(client, dn).calls.values()];
}

function readParticipant({ client, faults }, dn, id) {
  const participant = getCall(client, dn, id);

  if (!participant.direct_control && faults('forbid_uncontrolled')) {
    throw new Refusal(403, 'not under your control');
  }

  return participant;
}

/* The older form: a route point has no device, an extension must have one. */
function makeCallFromDn(request, dn) {
  const { type, devices } = getDn(request.client, dn);

  if (type === 'Wroutepoint') return startCall(request, dn, '');

  if (!devices || devices.length !== 1) {
    throw new Refusal(424, `${dn} has not just one device`);
  }

  return startCall(request, dn, devices[0].device_id);
}

function makeCall(request, dn, deviceId) {
  const { device_id } = readDevice(request, dn, deviceId);

  return startCall(request, dn, device_id);
}

function startCall({ pbx, client, body, faults }, dn, deviceId) {
  need(body, 'destination');

  const final = outcome(faults);

  if (final.reasontext) return final;

  const { id, status, callid, legid, direct_control } = pbx.placeCall(
    client, dn, { number: String(body.destination), device_id: deviceId });

  return { ...final,
    result: { id, status, dn, callid, legid, direct_control } };
}

function act(request, dn, id, name) {
  const action = Object.hasOwn(ACTIONS, name) && ACTIONS[name];

  if (!action) throw new Refusal(404, `no action ${name}`);

  const participant = getCall(request.client, dn, id);

  checkAction(request, action, dn, participant);

  const final = outcome(request.faults);

  if (!final.reasontext) action.run(request, dn, id);
  return final;
}

function checkAction({ client, body }, action, dn, participant) {
  const ofRoutePoint = getDn(client, dn).type === 'Wroutepoint';

  need(body, action.needs);

  if (action.control && !participant.direct_control && !ofRoutePoint) {
    throw new Refusal(403, 'not under your control');
  }

  if (action.states && !action.states.includes(participant.status)) {
    throw new Refusal(424, `the participant is ${participant.status}`);
  }
}

function need(body, name) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Refusal(400, 'the body must be a JSON object');
  }

  if (name && !body[name]) throw new Refusal(422, `${name} is missing`);
}

/* A 2xx can carry a failure, as a word or as a number below 1. */
function outcome(faults) {
  const finalstatus = faults('finalstatus') ?? 'Success';
  const good = finalstatus === 'Success' || finalstatus === 1;

  return { finalstatus, reason: 'None',
    reasontext: good ? '' : 'refused by a switched fault' };
}

function endCall({ pbx, client }, dn, id) {
  pbx.endCall(client, dn, id);
}

function connectCall({ pbx, client }, dn, id) {
  pbx.changeCall(client, dn, id, { status: 'Connected' });
}

function keepCall({ pbx, client }, dn, id) {
  pbx.changeCall(client, dn, id, {});
}

module.exports = { call, findRoute, refused };
