/**
 * The messages between ngx_outbound_ws and its clients. Each one, in both
 * directions, is one WebSocket text message that holds one JSON object.
 */

/**
 * ISO 8601 in UTC with milliseconds.
 *
 * @pattern ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$
 */
type Time = string;

/**
 * 1 to 128 bytes of UTF-8, no control characters.
 *
 * @minLength 1
 * @maxLength 128
 * @pattern ^[^\x00-\x1f\x7f-\x9f]*$
 */
type Id = string;

/**
 * A project is created in `init`; it goes to `active` when its token, its
 * callers and its PBX WebSocket are all there.
 */
export type ProjectAction = "init" | "active";

/**
 * What is wrong:
 *
 * - `invalidJson`: the text is not JSON
 * - `invalidEnvelope`: no string `event`, or no object `payload`
 * - `unknownEvent`: an event other than the two of `ClientToServerMessage`
 * - `invalidPayload`: a field is missing, of the wrong type, empty, too long,
 * or not one of its values; `message` names the field by its path
 * - `projectNotFound`: `stopOutbound` of a project that isn't there
 * - `commandsDisabled`: a command on a location that only watches
 * - `rateLimited`: commands faster than the location allows
 * - `projectLimitReached`: the zone already holds its most projects
 * - `storageFull`: the zone's memory is used up; nothing was changed
 * - `pbxAuthFailed`: the PBX refused the credentials or the token
 * - `pbxUnreachable`: the PBX can't be reached
 * - `pbxProtocolError`: the PBX's answer can't be understood
 * - `callersNotFound`: the PBX has no extension to call from
 */
export type ErrorCode =
  | "invalidJson"
  | "invalidEnvelope"
  | "unknownEvent"
  | "invalidPayload"
  | "projectNotFound"
  | "commandsDisabled"
  | "rateLimited"
  | "projectLimitReached"
  | "storageFull"
  | "pbxAuthFailed"
  | "pbxUnreachable"
  | "pbxProtocolError"
  | "callersNotFound";

/* Client to server. */

/** What every message from a client has. */
export interface ClientMessage {
  /** In camelCase. */
  event: string;
  payload: { [field: string]: unknown };
}

/**
 * Starts an outbound-call project. On a project that exists it updates
 * `callFlowId` and the credentials, and checks them with a new token.
 */
export interface StartOutboundMessage {
  event: "startOutbound";
  payload: {
    project: {
      callFlowId: Id;
      projectId: Id;
      client_id: Id;
      /**
       * 1 to 1024 bytes of UTF-8, no U+0000.
       *
       * @minLength 1
       * @maxLength 1024
       * @pattern ^[^\x00]*$
       */
      client_secret: string;
      /** What the client believes; the server owns the project's action. */
      action: ProjectAction;
      /**
       * No U+0000.
       *
       * @pattern ^[^\x00]*$
       */
      error: string | null;
    };
  };
}

/** Stops a project and removes it. */
export interface StopOutboundMessage {
  event: "stopOutbound";
  payload: {
    project: {
      projectId: Id;
    };
  };
}

/** Every message a client sends. */
export type ClientToServerMessage = StartOutboundMessage | StopOutboundMessage;

/* Server to client. */

/** What every message from the server has. */
export interface ServerMessage {
  /** In camelCase. */
  event: string;
  payload: {
    timestamp: Time;
    [field: string]: unknown;
  };
}

/** One project. */
export interface ProjectData {
  projectId: Id;
  callFlowId: Id;
  action: ProjectAction;
  client_id: Id;
  /** 0 where the PBX offers no extension to call from. */
  agentQuantity: number;
  caller: unknown;
  /**
   * Masked: `***` where there is one.
   *
   * @pattern ^\*\*\*$
   */
  access_token: string | null;
  /** False while a lost PBX connection is re-established. */
  ws_connected: boolean;
  /** The project's own time, not the time of sending. */
  createdAt: Time;
  /** The project's own time, not the time of sending. */
  updatedAt: Time;
}

/** Counts over all projects. */
export interface ProjectStats {
  totalProjects: number;
  activeProjects: number;
  connectedProjects: number;
}

/**
 * The state of every project: to a client at once on connecting, and to every
 * client when something changes. Updates in quick succession may be merged
 * into one, the latest state.
 */
export interface ProjectsUpdateMessage {
  event: "projectsUpdate";
  payload: {
    type: "allProjects";
    /** In order of creation. */
    data: ProjectData[];
    stats: ProjectStats;
    timestamp: Time;
    /**
     * A `projectId`, where all that changed is that project's own; otherwise,
     * and on connecting, `system`.
     */
    triggeredBy: Id;
  };
}

/**
 * One project's change of action, to every client; a `projectsUpdate` that
 * includes it follows. Never merged or dropped.
 */
export interface ProjectStatusChangeMessage {
  event: "projectStatusChange";
  payload: {
    data: {
      projectId: Id;
      oldAction: ProjectAction;
      /** `stopped`: the `projectsUpdate` that follows is without it. */
      newAction: "active" | "stopped";
      changedAt: Time;
    };
    timestamp: Time;
  };
}

/**
 * What is wrong with a message goes to its sender alone; what goes wrong with
 * a project goes to every client. Never merged or dropped.
 */
export interface ErrorMessage {
  event: "error";
  payload: {
    error: ErrorCode;
    /**
     * A sentence for a person; it never holds a secret. Where a project went
     * wrong it names the project.
     */
    message: string;
    timestamp: Time;
  };
}

/** Every message the server sends. */
export type ServerToClientMessage =
  | ProjectsUpdateMessage
  | ProjectStatusChangeMessage
  | ErrorMessage;
