/*
 * ows_envelope: the messages of the client protocol.
 *
 * In: a text becomes a checked command, or an error that its sender can act
 * on.  Out: the parts of the server's messages as bytes, so that the wire
 * format stands in this one place.
 */

#ifndef _OWS_ENVELOPE_H_INCLUDED_
#define _OWS_ENVELOPE_H_INCLUDED_


#include "ows.h"
#include "ows_json.h"


/* bytes of projectId, callFlowId, client_id; of client_secret */
#define OWS_ID_MAX          128
#define OWS_SECRET_MAX      1024

/* An id in its escaped form: only '"' and '\' need it, for an id holds no
 * control characters. */
#define OWS_ID_ESCAPED_MAX  (2 * OWS_ID_MAX)


/* The codes of error messages; names in ows_error_name(). */
typedef enum {
    OWS_ERR_NONE = 0,
    OWS_ERR_INVALID_JSON,
    OWS_ERR_INVALID_ENVELOPE,
    OWS_ERR_UNKNOWN_EVENT,
    OWS_ERR_INVALID_PAYLOAD,
    OWS_ERR_PROJECT_NOT_FOUND,
    OWS_ERR_COMMANDS_DISABLED,
    OWS_ERR_RATE_LIMITED,
    OWS_ERR_PROJECT_LIMIT_REACHED,
    OWS_ERR_STORAGE_FULL,
    OWS_ERR_PBX_AUTH_FAILED,
    OWS_ERR_PBX_UNREACHABLE,
    OWS_ERR_PBX_PROTOCOL_ERROR,
    OWS_ERR_CALLERS_NOT_FOUND
} ows_error_e;


typedef enum {
    OWS_COMMAND_START = 0,
    OWS_COMMAND_STOP
} ows_command_e;


typedef enum {
    OWS_ACTION_INIT = 0,
    OWS_ACTION_ACTIVE,
    OWS_ACTION_STOPPED           /* only in a projectStatusChange */
} ows_action_e;


/* A command whose every field was checked. */
typedef struct {
    ows_command_e   type;
    ows_str_t       project_id;
    ows_str_t       call_flow_id;   /* this and the rest: of a start only */
    ows_str_t       client_id;
    ows_str_t       client_secret;

    json_t         *_json;          /* what the strings above point into */
} ows_command_t;


/* Why a message was refused. */
typedef struct {
    ows_error_e     code;
    char            message[160];   /* a sentence, NUL-terminated */
} ows_refusal_t;


/*
 * Reads one text message.  OWS_OK: *cmd is filled; ows_command_free() it.
 * OWS_ERROR: *refusal is filled; nothing to free, and the connection lives
 * on.  OWS_NOMEM: nothing to free.
 */
int ows_envelope_read(ows_command_t *cmd, ows_refusal_t *refusal,
    const uint8_t *p, size_t len);

/* Wipes and frees what a command points into. */
void ows_command_free(ows_command_t *cmd);


/* "invalidJson" ... */
const char *ows_error_name(ows_error_e code);

/* "init", "active", "stopped" */
const char *ows_action_name(ows_action_e action);


/*
 * The writers below write whole messages or parts of one into p, which has
 * room for the _MAX that is named, and return the end.  `id` is an id in its
 * escaped form, without quotes.  Times are milliseconds since 1970.
 */

#define OWS_ERROR_TEXT_MAX     512     /* bytes taken of a sentence */
#define OWS_ERROR_MESSAGE_MAX  (6 * OWS_ERROR_TEXT_MAX + OWS_ID_ESCAPED_MAX \
                                + 256)
#define OWS_STATUS_MESSAGE_MAX (OWS_ID_ESCAPED_MAX + 256)

/*
 * An `error`.  With id.len > 0 its sentence begins `Project "<id>": `.  text
 * is UTF-8, and is cut (at a character) after OWS_ERROR_TEXT_MAX bytes.
 */
uint8_t *ows_envelope_error(uint8_t *p, ows_error_e code, const ows_str_t *id,
    const ows_str_t *text, int64_t now);

/* A `projectStatusChange`; changedAt and timestamp are both `now`. */
uint8_t *ows_envelope_status(uint8_t *p, const ows_str_t *id,
    ows_action_e from, ows_action_e to, int64_t now);


/*
 * A `projectsUpdate` is written in parts:
 *
 *   HEAD  entry "," entry ... TAIL
 *   entry = FRAGMENT  MIDDLE  <callers JSON>  END
 *
 * The fragment changes only with a startOutbound and is kept; middle and end
 * are cheap to write at each publication.
 */

#define OWS_UPDATE_HEAD_MAX    128
#define OWS_FRAGMENT_MAX       (2 * OWS_ID_ESCAPED_MAX + 64)
#define OWS_ENTRY_MIDDLE_MAX   (OWS_ID_ESCAPED_MAX + 96)
#define OWS_ENTRY_END_MAX      192
#define OWS_UPDATE_TAIL_MAX    (OWS_ID_ESCAPED_MAX + 256)


typedef struct {
    uint32_t        total;
    uint32_t        active;
    uint32_t        connected;
} ows_stats_t;


uint8_t *ows_envelope_update_head(uint8_t *p);

/*
 * {"projectId":...,"callFlowId":...,"action":"  -- all that comes before the
 * action; ids are given escaped.
 */
uint8_t *ows_envelope_fragment(uint8_t *p, const ows_str_t *project_id,
    const ows_str_t *call_flow_id);

/* the action, client_id (escaped), agentQuantity, and "caller": */
uint8_t *ows_envelope_entry_middle(uint8_t *p, ows_action_e action,
    const ows_str_t *client_id, unsigned agents);

/*
 * access_token (masked) to the closing brace; created and updated are times
 * as ows_json_time() writes them
 */
uint8_t *ows_envelope_entry_end(uint8_t *p, unsigned has_token,
    unsigned connected, const uint8_t *created, const uint8_t *updated);

/* id: the escaped id of what triggered it; empty: "system" */
uint8_t *ows_envelope_update_tail(uint8_t *p, const ows_stats_t *stats,
    int64_t now, const ows_str_t *id);


#endif /* _OWS_ENVELOPE_H_INCLUDED_ */
