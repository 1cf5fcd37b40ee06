/*
 * Every message of the protocol is valid, and whatever comes near to one is
 * not. The near misses are made from the valid ones: each field left out,
 * each object with a field too many, each value of another type.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import Ajv from "ajv";

const schema = JSON.parse(
  readFileSync(
    new URL("../schema/websocket.schema.json", import.meta.url),
    "utf8",
  ),
);
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(schema, "websocket");

const time = "2025-08-28T03:45:44.716Z";

const project = {
  callFlowId: "cf-123",
  projectId: "proj-456",
  client_id: "client-789",
  client_secret: "secret",
  action: "init",
  error: null,
};

const data = {
  projectId: "proj-456",
  callFlowId: "cf-123",
  action: "active",
  client_id: "client-789",
  agentQuantity: 1,
  caller: [{ dn: "150", type: "Wextension", devices: [], participants: [] }],
  access_token: "***",
  ws_connected: true,
  createdAt: time,
  updatedAt: time,
};

const start = (fields) => ({
  event: "startOutbound",
  payload: { project: { ...project, ...fields } },
});

const stop = (projectId) => ({
  event: "stopOutbound",
  payload: { project: { projectId } },
});

const update = (...projects) => ({
  event: "projectsUpdate",
  payload: {
    type: "allProjects",
    data: projects,
    stats: {
      totalProjects: projects.length,
      activeProjects: 1,
      connectedProjects: 1,
    },
    timestamp: time,
    triggeredBy: "proj-456",
  },
});

const status = (oldAction, newAction) => ({
  event: "projectStatusChange",
  payload: {
    data: { projectId: "proj-456", oldAction, newAction, changedAt: time },
    timestamp: time,
  },
});

const error = (code) => ({
  event: "error",
  payload: { error: code, message: "A sentence.", timestamp: time },
});

/* The first of each list is the one whose near misses are tried. */

const messages = {
  StartOutboundMessage: [
    start(),
    start({ action: "active", error: "the line was busy" }),
    start({ projectId: "p", client_secret: "s" }),
    start({ projectId: "外".repeat(42), client_secret: "s".repeat(1024) }),
  ],
  StopOutboundMessage: [stop("proj-456")],
  ProjectsUpdateMessage: [
    update(data),
    update(),
    update(data, {
      ...data,
      action: "init",
      agentQuantity: 0,
      caller: null,
      access_token: null,
      ws_connected: false,
    }),
  ],
  ProjectStatusChangeMessage: [
    status("init", "active"),
    status("init", "stopped"),
    status("active", "stopped"),
  ],
  ErrorMessage: [
    "invalidJson",
    "invalidEnvelope",
    "unknownEvent",
    "invalidPayload",
    "projectNotFound",
    "commandsDisabled",
    "rateLimited",
    "projectLimitReached",
    "storageFull",
    "pbxAuthFailed",
    "pbxUnreachable",
    "pbxProtocolError",
    "callersNotFound",
  ].map(error),
};

const directions = {
  ClientToServerMessage: ["StartOutboundMessage", "StopOutboundMessage"],
  ServerToClientMessage: [
    "ProjectsUpdateMessage",
    "ProjectStatusChangeMessage",
    "ErrorMessage",
  ],
};

const envelopes = {
  ClientMessage: "ClientToServerMessage",
  ServerMessage: "ServerToClientMessage",
};

function validator(name) {
  return ajv.getSchema(`websocket#/definitions/${name}`);
}

function accepts(name, message) {
  const validate = validator(name);
  const text = JSON.stringify(message);
  assert.ok(validate(message), `${text}: ${ajv.errorsText(validate.errors)}`);
}

function refuses(name, message, what) {
  assert.ok(!validator(name)(message), `${what}: ${JSON.stringify(message)}`);
}

function isContainer(value) {
  return value !== null && typeof value === "object";
}

/* Calls back with the path of each object and value, but for the insides of
   `caller`, which is anything. */
function walk(value, path, visit) {
  visit(value, path);
  if (isContainer(value) && path.at(-1) !== "caller") {
    for (const key of Object.keys(value)) {
      walk(value[key], [...path, key], visit);
    }
  }
}

function changed(message, path, change) {
  const copy = structuredClone(message);
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce((object, key) => object[key], copy);
  change(parent, last);
  return copy;
}

function otherType(value) {
  return typeof value === "number" ? "1" : 1;
}

function nearMisses(message) {
  const misses = [];

  walk(message, [], (value, path) => {
    const name = path.join(".") || "the message";

    if (path.length > 0 && Number.isNaN(Number(path.at(-1)))) {
      misses.push([
        `without ${name}`,
        changed(message, path, (parent, key) => delete parent[key]),
      ]);
    }

    if (path.at(-1) === "caller") {
      return;
    }

    if (path.length > 0) {
      misses.push([
        `another type for ${name}`,
        changed(message, path, (parent, key) => {
          parent[key] = otherType(value);
        }),
      ]);
    }

    if (isContainer(value) && !Array.isArray(value)) {
      for (const extra of [null, 1, "text"]) {
        misses.push([
          `one more field in ${name}`,
          changed({ message }, ["message", ...path], (parent, key) => {
            parent[key].extra = extra;
          }).message,
        ]);
      }
    }
  });

  return misses;
}

test("every definition is compiled in strict mode", () => {
  const names = Object.keys(schema.definitions).sort();

  assert.deepEqual(
    names,
    [
      ...Object.keys(messages),
      ...Object.keys(directions),
      ...Object.keys(envelopes),
      "ErrorCode",
      "ProjectAction",
      "ProjectData",
      "ProjectStats",
    ].sort(),
  );

  for (const name of names) {
    assert.equal(typeof validator(name), "function", name);
  }
});

for (const [direction, names] of Object.entries(directions)) {
  const others = Object.keys(directions).filter((name) => name !== direction);

  for (const name of names) {
    test(`${name} is valid`, () => {
      for (const message of messages[name]) {
        accepts(name, message);
        accepts(direction, message);
      }
    });

    test(`${name} is no other message`, () => {
      for (const message of messages[name]) {
        for (const other of [...Object.keys(messages), ...others]) {
          if (other !== name) {
            refuses(other, message, other);
          }
        }
      }
    });

    test(`a near ${name} is refused`, () => {
      const misses = nearMisses(messages[name][0]);
      assert.ok(misses.length >= 9, `${misses.length} near misses`);

      for (const [what, miss] of misses) {
        refuses(name, miss, what);
        refuses(direction, miss, what);
      }
    });
  }

  test(`an unknown event is no ${direction}`, () => {
    for (const event of ["pauseOutbound", "Error", "stop_outbound", ""]) {
      for (const name of names) {
        refuses(direction, { ...messages[name][0], event }, event);
      }
    }
  });
}

for (const [envelope, direction] of Object.entries(envelopes)) {
  test(`every ${direction} is a ${envelope}`, () => {
    for (const message of directions[direction].flatMap((n) => messages[n])) {
      accepts(envelope, message);
    }
  });
}

test("a near envelope is refused", () => {
  accepts("ClientMessage", { event: "anything", payload: {} });
  refuses("ServerMessage", { event: "anything", payload: {} }, "no timestamp");

  for (const name of Object.keys(envelopes)) {
    const payload = { timestamp: time };
    accepts(name, { event: "anything", payload });

    for (const miss of [
      {},
      [],
      null,
      "text",
      { event: "anything" },
      { payload },
      { event: 1, payload },
      { event: "anything", payload: null },
      { event: "anything", payload: [] },
      { event: "anything", payload: "text" },
      { event: "anything", payload, extra: 1 },
    ]) {
      refuses(name, miss, name);
    }
  }
});

test("a value that is not one of the field's is refused", () => {
  const misses = {
    StartOutboundMessage: [
      start({ action: "stopped" }),
      start({ action: null }),
      start({ projectId: "" }),
      start({ callFlowId: "" }),
      start({ client_id: "" }),
      start({ client_secret: "" }),
      start({ projectId: "p".repeat(129) }),
      start({ callFlowId: "p".repeat(129) }),
      start({ client_id: "p".repeat(129) }),
      start({ client_secret: "s".repeat(1025) }),
      start({ projectId: "a\u0000b" }),
      start({ callFlowId: "a\nb" }),
      start({ client_id: "a\u007f" }),
      start({ client_id: "a\u0085" }),
      start({ error: "e\u0000" }),
      start({ client_secret: "s\u0000" }),
      start({ client_secret: null }),
    ],
    StopOutboundMessage: [stop(""), stop(null), stop("p".repeat(129))],
    ProjectsUpdateMessage: [
      update({ ...data, action: "stopped" }),
      update({ ...data, access_token: "eyJhbGciOi" }),
      update({ ...data, access_token: "" }),
      update({ ...data, client_secret: "secret" }),
      update({ ...data, createdAt: "2025-08-28T03:45:44Z" }),
      update({ ...data, updatedAt: "2025-08-28T03:45:44.716+08:00" }),
      update(null),
      { ...update(data), event: "projectsUpdated" },
    ],
    ProjectStatusChangeMessage: [
      status("stopped", "active"),
      status("init", "init"),
      status("active", "removed"),
    ],
    ErrorMessage: [error("invalid_json"), error("internalError"), error("")],
  };

  for (const [name, list] of Object.entries(misses)) {
    for (const miss of list) {
      refuses(name, miss, name);
    }
  }
});
