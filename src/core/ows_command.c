/*
 * ows_command: a client's message becomes a checked command, or a refusal.
 *
 * The reading half of ows_envelope.h.  Promises that every field was checked,
 * in the order of the specification, and that a refusal holds nothing of what
 * the client sent.  Doesn't know whether the project exists.
 */

#include "ows_envelope.h"

#include <stdio.h>
#include <string.h>


#define OWS_COMMAND_DEPTH   32
#define OWS_COMMAND_VALUES  4096

/* The size was limited while the message was read from its connection. */
static const ows_json_limits_t  ows_command_limits = {
    SIZE_MAX, OWS_COMMAND_DEPTH, OWS_COMMAND_VALUES
};


static int ows_command_unread(ows_refusal_t *refusal, ows_json_e why);
static int ows_command_check(ows_command_t *cmd, ows_refusal_t *refusal,
    const json_t *root);
static int ows_command_start(ows_command_t *cmd, ows_refusal_t *refusal,
    const json_t *project);
static int ows_command_id(ows_str_t *id, ows_refusal_t *refusal,
    const json_t *project, const char *name);
static int ows_command_field(ows_str_t *value, ows_refusal_t *refusal,
    const json_t *project, const char *name, size_t max);
static int ows_command_action(ows_refusal_t *refusal, const json_t *project);
static int ows_command_last_error(ows_refusal_t *refusal,
    const json_t *project);
static unsigned ows_command_is(const ows_str_t *s, const char *text);
static unsigned ows_command_has_control(const ows_str_t *s);
static int ows_command_bad_field(ows_refusal_t *refusal, const char *name,
    const char *reason);
static int ows_command_refuse(ows_refusal_t *refusal, ows_error_e code,
    const char *sentence);


int
ows_envelope_read(ows_command_t *cmd, ows_refusal_t *refusal,
    const uint8_t *p, size_t len)
{
    int          rc;
    json_t      *root;
    ows_json_e   why;

    root = ows_json_parse(p, len, &ows_command_limits, &why);
    if (root == NULL) {
        return ows_command_unread(refusal, why);
    }

    memset(cmd, 0, sizeof(ows_command_t));
    cmd->_json = root;

    rc = ows_command_check(cmd, refusal, root);

    if (rc != OWS_OK) {
        ows_command_free(cmd);
    }

    return rc;
}


static int
ows_command_unread(ows_refusal_t *refusal, ows_json_e why)
{
    switch (why) {

    case OWS_JSON_NOMEM:
        return OWS_NOMEM;

    case OWS_JSON_LIMIT:
        (void) snprintf(refusal->message, sizeof(refusal->message),
                        "The message is nested deeper than %d levels, or"
                        " holds more than %d values.",
                        OWS_COMMAND_DEPTH, OWS_COMMAND_VALUES);

        refusal->code = OWS_ERR_INVALID_PAYLOAD;
        return OWS_ERROR;

    case OWS_JSON_RANGE:
        return ows_command_refuse(refusal, OWS_ERR_INVALID_PAYLOAD,
                                  "The message holds a number or a string"
                                  " that is out of range.");

    default:
        return ows_command_refuse(refusal, OWS_ERR_INVALID_JSON,
                                  "The message is not JSON.");
    }
}


static int
ows_command_check(ows_command_t *cmd, ows_refusal_t *refusal,
    const json_t *root)
{
    json_t     *payload, *project;
    ows_str_t   event;

    if (!json_is_object(root)) {
        return ows_command_refuse(refusal, OWS_ERR_INVALID_ENVELOPE,
                                  "The message must be an object.");
    }

    if (!json_is_string(json_object_get(root, "event"))) {
        return ows_command_refuse(refusal, OWS_ERR_INVALID_ENVELOPE,
                                  "event must be a string.");
    }

    payload = json_object_get(root, "payload");

    if (!json_is_object(payload)) {
        return ows_command_refuse(refusal, OWS_ERR_INVALID_ENVELOPE,
                                  "payload must be an object.");
    }

    event = ows_json_string(root, "event");

    if (ows_command_is(&event, "startOutbound")) {
        cmd->type = OWS_COMMAND_START;

    } else if (ows_command_is(&event, "stopOutbound")) {
        cmd->type = OWS_COMMAND_STOP;

    } else {
        return ows_command_refuse(refusal, OWS_ERR_UNKNOWN_EVENT,
                                  "event must be startOutbound or"
                                  " stopOutbound.");
    }

    project = json_object_get(payload, "project");

    if (!json_is_object(project)) {
        return ows_command_refuse(refusal, OWS_ERR_INVALID_PAYLOAD,
                                  "payload.project must be an object.");
    }

    if (cmd->type == OWS_COMMAND_START) {
        return ows_command_start(cmd, refusal, project);
    }

    return ows_command_id(&cmd->project_id, refusal, project, "projectId");
}


static int
ows_command_start(ows_command_t *cmd, ows_refusal_t *refusal,
    const json_t *project)
{
    if (ows_command_id(&cmd->call_flow_id, refusal, project, "callFlowId")
            != OWS_OK
        || ows_command_id(&cmd->project_id, refusal, project, "projectId")
            != OWS_OK
        || ows_command_id(&cmd->client_id, refusal, project, "client_id")
            != OWS_OK
        || ows_command_field(&cmd->client_secret, refusal, project,
                             "client_secret", OWS_SECRET_MAX)
            != OWS_OK
        || ows_command_action(refusal, project) != OWS_OK)
    {
        return OWS_ERROR;
    }

    return ows_command_last_error(refusal, project);
}


static int
ows_command_id(ows_str_t *id, ows_refusal_t *refusal, const json_t *project,
    const char *name)
{
    if (ows_command_field(id, refusal, project, name, OWS_ID_MAX) != OWS_OK) {
        return OWS_ERROR;
    }

    if (ows_command_has_control(id)) {
        return ows_command_bad_field(refusal, name,
                                     "must not hold control characters");
    }

    return OWS_OK;
}


static int
ows_command_field(ows_str_t *value, ows_refusal_t *refusal,
    const json_t *project, const char *name, size_t max)
{
    char     reason[64];
    json_t  *field;

    field = json_object_get(project, name);

    if (field == NULL) {
        return ows_command_bad_field(refusal, name, "is missing");
    }

    if (!json_is_string(field)) {
        return ows_command_bad_field(refusal, name, "must be a string");
    }

    *value = ows_json_string(project, name);

    if (value->len == 0) {
        return ows_command_bad_field(refusal, name, "must not be empty");
    }

    if (value->len > max) {
        (void) snprintf(reason, sizeof(reason),
                        "must not be longer than %zu bytes", max);
        return ows_command_bad_field(refusal, name, reason);
    }

    if (memchr(value->data, '\0', value->len) != NULL) {
        return ows_command_bad_field(refusal, name, "must not hold a NUL");
    }

    return OWS_OK;
}


/* What the client believes; checked and forgotten. */
static int
ows_command_action(ows_refusal_t *refusal, const json_t *project)
{
    ows_str_t  action;

    if (json_object_get(project, "action") == NULL) {
        return ows_command_bad_field(refusal, "action", "is missing");
    }

    action = ows_json_string(project, "action");

    if (!ows_command_is(&action, ows_action_name(OWS_ACTION_INIT))
        && !ows_command_is(&action, ows_action_name(OWS_ACTION_ACTIVE)))
    {
        return ows_command_bad_field(refusal, "action",
                                     "must be \"init\" or \"active\"");
    }

    return OWS_OK;
}


static int
ows_command_last_error(ows_refusal_t *refusal, const json_t *project)
{
    json_t     *error;
    ows_str_t   text;

    error = json_object_get(project, "error");

    if (error == NULL) {
        return ows_command_bad_field(refusal, "error", "is missing");
    }

    if (!json_is_string(error) && !json_is_null(error)) {
        return ows_command_bad_field(refusal, "error",
                                     "must be a string or null");
    }

    text = ows_json_string(project, "error");

    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        return ows_command_bad_field(refusal, "error", "must not hold a NUL");
    }

    return OWS_OK;
}


static unsigned
ows_command_is(const ows_str_t *s, const char *text)
{
    size_t  len;

    len = strlen(text);

    return s->len == len && memcmp(s->data, text, len) == 0;
}


/* U+0000 to U+001F, U+007F to U+009F, in valid UTF-8. */
static unsigned
ows_command_has_control(const ows_str_t *s)
{
    size_t          i;
    const uint8_t  *p;

    p = s->data;

    for (i = 0; i < s->len; i++) {

        if (p[i] < 0x20 || p[i] == 0x7f) {
            return 1;
        }

        if (p[i] == 0xc2 && i + 1 < s->len && p[i + 1] < 0xa0) {
            return 1;
        }
    }

    return 0;
}


/* name and reason are ours: a client's bytes are never sent back. */
static int
ows_command_bad_field(ows_refusal_t *refusal, const char *name,
    const char *reason)
{
    (void) snprintf(refusal->message, sizeof(refusal->message),
                    "payload.project.%s %s.", name, reason);

    refusal->code = OWS_ERR_INVALID_PAYLOAD;

    return OWS_ERROR;
}


static int
ows_command_refuse(ows_refusal_t *refusal, ows_error_e code,
    const char *sentence)
{
    (void) snprintf(refusal->message, sizeof(refusal->message), "%s",
                    sentence);

    refusal->code = code;

    return OWS_ERROR;
}


void
ows_command_free(ows_command_t *cmd)
{
    json_decref(cmd->_json);
    memset(cmd, 0, sizeof(ows_command_t));
}
