/*
 * What compiles, and what must not: `tsc --noEmit` is the test. Each line
 * below an @ts-expect-error is wrong, and it is an error if it compiles.
 */

import type {
  ClientMessage,
  ClientToServerMessage,
  ErrorCode,
  ErrorMessage,
  ProjectAction,
  ProjectData,
  ProjectsUpdateMessage,
  ProjectStats,
  ProjectStatusChangeMessage,
  ServerMessage,
  ServerToClientMessage,
  StartOutboundMessage,
  StopOutboundMessage,
} from "../src/websocket.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? true
    : false;

const time = "2025-08-28T03:45:44.716Z";

/* Right, in every position. */

const project: StartOutboundMessage["payload"]["project"] = {
  callFlowId: "cf-123",
  projectId: "proj-456",
  client_id: "client-789",
  client_secret: "secret",
  action: "init",
  error: null,
};

const data: ProjectData = {
  projectId: "proj-456",
  callFlowId: "cf-123",
  action: "active",
  client_id: "client-789",
  agentQuantity: 2,
  caller: [],
  access_token: "***",
  ws_connected: true,
  createdAt: time,
  updatedAt: time,
};

const stats: ProjectStats = {
  totalProjects: 1,
  activeProjects: 1,
  connectedProjects: 1,
};

const change: ProjectStatusChangeMessage["payload"]["data"] = {
  projectId: "proj-456",
  oldAction: "init",
  newAction: "active",
  changedAt: time,
};

export const fromClient: ClientToServerMessage[] = [
  { event: "startOutbound", payload: { project } },
  {
    event: "startOutbound",
    payload: { project: { ...project, action: "active", error: "busy" } },
  },
  { event: "stopOutbound", payload: { project: { projectId: "proj-456" } } },
];

export const fromServer: ServerToClientMessage[] = [
  {
    event: "projectsUpdate",
    payload: {
      type: "allProjects",
      data: [data, { ...data, caller: null, access_token: null }],
      stats,
      timestamp: time,
      triggeredBy: "system",
    },
  },
  {
    event: "projectStatusChange",
    payload: { data: { ...change, newAction: "stopped" }, timestamp: time },
  },
  {
    event: "error",
    payload: { error: "invalidJson", message: "Not JSON.", timestamp: time },
  },
];

/* Each message fits the envelope of its direction. */

export const clientEnvelopes: ClientMessage[] = fromClient;
export const serverEnvelopes: ServerMessage[] = fromServer;

/* `event` says which message it is. */

export function narrow(message: ServerToClientMessage): string {
  switch (message.event) {
    case "projectsUpdate": {
      const update: ProjectsUpdateMessage = message;
      return update.payload.triggeredBy;
    }
    case "projectStatusChange": {
      const status: ProjectStatusChangeMessage = message;
      return status.payload.data.newAction;
    }
    case "error": {
      const error: ErrorMessage = message;
      return error.payload.error;
    }
    default: {
      const none: never = message;
      return none;
    }
  }
}

/* What is left open is left open, and what is settled is settled. */

export const settled: true[] = [
  true satisfies Equal<ProjectData["caller"], unknown>,
  true satisfies Equal<ProjectData["access_token"], string | null>,
  true satisfies Equal<ProjectAction, "init" | "active">,
];

/* Wrong literals. */

// @ts-expect-error
export const stoppedIsNoAction: ProjectAction = "stopped";
// @ts-expect-error
export const snakeCase: ErrorCode = "invalid_json";
export const wrong: unknown[] = [
  // @ts-expect-error
  { ...project, action: "stopped" } satisfies typeof project,
  // @ts-expect-error
  { ...project, error: undefined } satisfies typeof project,
  // @ts-expect-error
  { ...data, action: "stopped" } satisfies ProjectData,
  // @ts-expect-error
  { ...data, access_token: undefined } satisfies ProjectData,
  // @ts-expect-error
  { ...data, client_secret: "secret" } satisfies ProjectData,
  // @ts-expect-error
  { ...data, createdAt: new Date() } satisfies ProjectData,
  // @ts-expect-error
  { ...stats, totalProjects: "1" } satisfies ProjectStats,
  // @ts-expect-error
  { ...change, oldAction: "stopped" } satisfies typeof change,
  // @ts-expect-error
  { ...change, newAction: "init" } satisfies typeof change,
];

// @ts-expect-error
export const unknownEvent: ClientToServerMessage["event"] = "pauseOutbound";
// @ts-expect-error
export const otherDirection: ClientToServerMessage["event"] = "error";
// @ts-expect-error
export const someProjects: ProjectsUpdateMessage["payload"]["type"] = "some";
// @ts-expect-error
export const noProject: StopOutboundMessage["payload"] = {};
// @ts-expect-error
export const noTime: ServerMessage = { event: "error", payload: {} };
// @ts-expect-error
export const noPayload: ClientMessage = { event: "stopOutbound" };
