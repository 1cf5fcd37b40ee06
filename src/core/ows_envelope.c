/*
 * ows_envelope: the messages of the server, as bytes.
 *
 * The writing half of ows_envelope.h; ows_command.c is the reading one.
 * Promises exactly the fields of the specification, in its order.  Doesn't
 * know who a message goes to.
 */

#include "ows_envelope.h"

#include <string.h>


#define ows_envelope_put(p, text)                                             \
    ows_envelope_copy(p, (const uint8_t *) (text), sizeof(text) - 1)


static uint8_t *ows_envelope_copy(uint8_t *p, const uint8_t *s, size_t len);
static uint8_t *ows_envelope_str(uint8_t *p, const ows_str_t *s);
static uint8_t *ows_envelope_name(uint8_t *p, const char *name);


static const char *const  ows_error_names[] = {
    "",
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
    "callersNotFound"
};


static const char *const  ows_action_names[] = {
    "init",
    "active",
    "stopped"
};


const char *
ows_error_name(ows_error_e code)
{
    return ows_error_names[code];
}


const char *
ows_action_name(ows_action_e action)
{
    return ows_action_names[action];
}


uint8_t *
ows_envelope_error(uint8_t *p, ows_error_e code, const ows_str_t *id,
    const ows_str_t *text, int64_t now)
{
    size_t  len;

    len = ows_json_cut(text->data, text->len, OWS_ERROR_TEXT_MAX);

    p = ows_envelope_put(p, "{\"event\":\"error\",\"payload\":{\"error\":\"");
    p = ows_envelope_name(p, ows_error_names[code]);
    p = ows_envelope_put(p, "\",\"message\":\"");

    if (id->len > 0) {
        p = ows_envelope_put(p, "Project \\\"");
        p = ows_envelope_str(p, id);
        p = ows_envelope_put(p, "\\\": ");
    }

    p = ows_json_escape(p, text->data, len);
    p = ows_envelope_put(p, "\",\"timestamp\":\"");
    p = ows_json_time(p, now);

    return ows_envelope_put(p, "\"}}");
}


uint8_t *
ows_envelope_status(uint8_t *p, const ows_str_t *id, ows_action_e from,
    ows_action_e to, int64_t now)
{
    p = ows_envelope_put(p, "{\"event\":\"projectStatusChange\",\"payload\":"
                            "{\"data\":{\"projectId\":\"");
    p = ows_envelope_str(p, id);
    p = ows_envelope_put(p, "\",\"oldAction\":\"");
    p = ows_envelope_name(p, ows_action_names[from]);
    p = ows_envelope_put(p, "\",\"newAction\":\"");
    p = ows_envelope_name(p, ows_action_names[to]);
    p = ows_envelope_put(p, "\",\"changedAt\":\"");
    p = ows_json_time(p, now);
    p = ows_envelope_put(p, "\"},\"timestamp\":\"");
    p = ows_json_time(p, now);

    return ows_envelope_put(p, "\"}}");
}


uint8_t *
ows_envelope_update_head(uint8_t *p)
{
    return ows_envelope_put(p, "{\"event\":\"projectsUpdate\",\"payload\":"
                               "{\"type\":\"allProjects\",\"data\":[");
}


uint8_t *
ows_envelope_fragment(uint8_t *p, const ows_str_t *project_id,
    const ows_str_t *call_flow_id)
{
    p = ows_envelope_put(p, "{\"projectId\":\"");
    p = ows_envelope_str(p, project_id);
    p = ows_envelope_put(p, "\",\"callFlowId\":\"");
    p = ows_envelope_str(p, call_flow_id);

    return ows_envelope_put(p, "\",\"action\":\"");
}


uint8_t *
ows_envelope_entry_middle(uint8_t *p, ows_action_e action,
    const ows_str_t *client_id, unsigned agents)
{
    p = ows_envelope_name(p, ows_action_names[action]);
    p = ows_envelope_put(p, "\",\"client_id\":\"");
    p = ows_envelope_str(p, client_id);
    p = ows_envelope_put(p, "\",\"agentQuantity\":");
    p = ows_json_number(p, agents);

    return ows_envelope_put(p, ",\"caller\":");
}


uint8_t *
ows_envelope_entry_end(uint8_t *p, unsigned has_token, unsigned connected,
    const uint8_t *created, const uint8_t *updated)
{
    p = ows_envelope_put(p, ",\"access_token\":");
    p = ows_envelope_name(p, has_token ? "\"***\"" : "null");
    p = ows_envelope_put(p, ",\"ws_connected\":");
    p = ows_envelope_name(p, connected ? "true" : "false");
    p = ows_envelope_put(p, ",\"createdAt\":\"");
    p = ows_envelope_copy(p, created, OWS_JSON_TIME_LEN);
    p = ows_envelope_put(p, "\",\"updatedAt\":\"");
    p = ows_envelope_copy(p, updated, OWS_JSON_TIME_LEN);

    return ows_envelope_put(p, "\"}");
}


uint8_t *
ows_envelope_update_tail(uint8_t *p, const ows_stats_t *stats, int64_t now,
    const ows_str_t *id)
{
    p = ows_envelope_put(p, "],\"stats\":{\"totalProjects\":");
    p = ows_json_number(p, stats->total);
    p = ows_envelope_put(p, ",\"activeProjects\":");
    p = ows_json_number(p, stats->active);
    p = ows_envelope_put(p, ",\"connectedProjects\":");
    p = ows_json_number(p, stats->connected);
    p = ows_envelope_put(p, "},\"timestamp\":\"");
    p = ows_json_time(p, now);
    p = ows_envelope_put(p, "\",\"triggeredBy\":\"");

    if (id->len > 0) {
        p = ows_envelope_str(p, id);

    } else {
        p = ows_envelope_put(p, "system");
    }

    return ows_envelope_put(p, "\"}}");
}


static uint8_t *
ows_envelope_copy(uint8_t *p, const uint8_t *s, size_t len)
{
    memcpy(p, s, len);

    return p + len;
}


static uint8_t *
ows_envelope_str(uint8_t *p, const ows_str_t *s)
{
    return ows_envelope_copy(p, s->data, s->len);
}


static uint8_t *
ows_envelope_name(uint8_t *p, const char *name)
{
    return ows_envelope_copy(p, (const uint8_t *) name, strlen(name));
}
