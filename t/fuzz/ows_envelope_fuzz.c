/*
 * ows_envelope_fuzz: a client's message, and what is written about it.
 *
 * The three slices' bytes are a code, a time and the figures instead: a
 * message is read whole.  Must be so: an accepted command obeys all limits;
 * a refusal is a sentence and a code of the protocol; all that is written
 * is within its _MAX, parses, and says what it was told.  Allocations fail
 * where Jansson survives it, see ows_fuzz_json_survives().
 */

#include "ows_fuzz.h"
#include "ows_envelope.h"
#include "ows_utf8.h"


#define OWS_ENVELOPE_FUZZ_ROOM                                                \
    (OWS_UPDATE_HEAD_MAX + OWS_FRAGMENT_MAX + OWS_ENTRY_MIDDLE_MAX            \
     + sizeof("[]") + OWS_ENTRY_END_MAX + OWS_UPDATE_TAIL_MAX)


/* An id in its escaped form. */
typedef struct {
    uint8_t     data[OWS_ID_ESCAPED_MAX];
    ows_str_t   s;
} ows_envelope_fuzz_id_t;


static void
ows_envelope_fuzz_limits(const ows_str_t *s, size_t max, unsigned id)
{
    size_t  i;

    ows_fuzz_check(s->len >= 1 && s->len <= max);
    ows_fuzz_check(ows_utf8_valid(s->data, s->len));
    ows_fuzz_check(memchr(s->data, '\0', s->len) == NULL);

    if (!id) {
        return;
    }

    for (i = 0; i < s->len; i++) {
        ows_fuzz_check(s->data[i] >= 0x20 && s->data[i] != 0x7f);
        ows_fuzz_check(i == 0 || s->data[i - 1] != 0xc2
                       || s->data[i] >= 0xa0);
    }
}


static void
ows_envelope_fuzz_escape(ows_envelope_fuzz_id_t *id, const ows_str_t *s)
{
    ows_fuzz_check(ows_json_escaped_len(s->data, s->len)
                   <= OWS_ID_ESCAPED_MAX);

    id->s.data = id->data;
    id->s.len = (size_t) (ows_json_escape(id->data, s->data, s->len)
                          - id->data);
}


/* The string at a path such as "payload.data.projectId" is this one. */
static void
ows_envelope_fuzz_says(const json_t *root, const char *path,
    const ows_str_t *expect)
{
    char        key[32];
    size_t      n;
    ows_str_t   s;

    while (path[n = strcspn(path, ".")] == '.') {
        snprintf(key, sizeof(key), "%.*s", (int) n, path);
        root = json_object_get(root, key);
        path += n + 1;

        if (json_is_array(root)) {
            root = json_array_get(root, 0);
        }
    }

    s = ows_json_string(root, path);

    ows_fuzz_check(s.data != NULL);
    ows_fuzz_check(ows_fuzz_equal(&s, expect));
}


static void
ows_envelope_fuzz_status(const ows_fuzz_t *fuzz, const ows_str_t *id)
{
    size_t                   len;
    json_t                  *root;
    uint8_t                  p[OWS_STATUS_MESSAGE_MAX];
    ows_envelope_fuzz_id_t   escaped;

    ows_envelope_fuzz_escape(&escaped, id);

    len = (size_t) (ows_envelope_status(p, &escaped.s,
                                        fuzz->control[1] % 3,
                                        fuzz->control[2] % 3,
                                        (int64_t) fuzz->control[3] << 32)
                    - p);
    ows_fuzz_check(len <= sizeof(p));

    root = ows_fuzz_json(p, len);
    ows_envelope_fuzz_says(root, "payload.data.projectId", id);
    json_decref(root);
}


static void
ows_envelope_fuzz_error(const ows_fuzz_t *fuzz, const ows_str_t *id,
    const ows_str_t *text)
{
    int                      n;
    size_t                   len, cut;
    json_t                  *root;
    uint8_t                  p[OWS_ERROR_MESSAGE_MAX];
    uint8_t                  said[16 + OWS_ID_MAX + OWS_ERROR_TEXT_MAX];
    ows_str_t                expect;
    ows_envelope_fuzz_id_t   escaped;

    ows_envelope_fuzz_escape(&escaped, id);

    len = (size_t) (ows_envelope_error(p, 1 + fuzz->control[1]
                                              % OWS_ERR_CALLERS_NOT_FOUND,
                                       &escaped.s, text,
                                       (int64_t) fuzz->control[2] << 32)
                    - p);
    ows_fuzz_check(len <= sizeof(p));

    n = 0;

    if (id->len > 0) {
        n = snprintf((char *) said, sizeof(said), "Project \"%.*s\": ",
                     (int) id->len, (const char *) id->data);
    }

    cut = ows_json_cut(text->data, text->len, OWS_ERROR_TEXT_MAX);
    memcpy(said + n, text->data, cut);

    expect.data = said;
    expect.len = (size_t) n + cut;

    root = ows_fuzz_json(p, len);
    ows_envelope_fuzz_says(root, "payload.message", &expect);
    json_decref(root);
}


static void
ows_envelope_fuzz_update(const ows_fuzz_t *fuzz, const ows_command_t *cmd)
{
    json_t                  *root;
    uint8_t                 *p, *end;
    uint8_t                  text[OWS_ENVELOPE_FUZZ_ROOM];
    uint8_t                  time[OWS_JSON_TIME_LEN];
    ows_stats_t              stats;
    ows_envelope_fuzz_id_t   project, flow, client;

    stats.total = UINT32_MAX;
    stats.active = fuzz->control[2];
    stats.connected = fuzz->control[3];

    ows_envelope_fuzz_escape(&project, &cmd->project_id);
    ows_envelope_fuzz_escape(&flow, &cmd->call_flow_id);
    ows_envelope_fuzz_escape(&client, &cmd->client_id);
    ows_json_time(time, (int64_t) fuzz->control[2] << 32);

    end = ows_envelope_update_head(text);
    ows_fuzz_check(end - text <= OWS_UPDATE_HEAD_MAX);

    p = end;
    end = ows_envelope_fragment(p, &project.s, &flow.s);
    ows_fuzz_check(end - p <= OWS_FRAGMENT_MAX);

    p = end;
    end = ows_envelope_entry_middle(p, fuzz->control[1] % 2, &client.s,
                                    UINT32_MAX);
    ows_fuzz_check(end - p <= OWS_ENTRY_MIDDLE_MAX);

    memcpy(end, "[]", 2);

    p = end + 2;
    end = ows_envelope_entry_end(p, fuzz->control[1] & 1,
                                 fuzz->control[1] & 2, time, time);
    ows_fuzz_check(end - p <= OWS_ENTRY_END_MAX);

    p = end;
    end = ows_envelope_update_tail(p, &stats,
                                   (int64_t) fuzz->control[2] << 32,
                                   &project.s);
    ows_fuzz_check(end - p <= OWS_UPDATE_TAIL_MAX);

    root = ows_fuzz_json(text, (size_t) (end - text));

    ows_envelope_fuzz_says(root, "payload.data.projectId", &cmd->project_id);
    ows_envelope_fuzz_says(root, "payload.data.callFlowId",
                           &cmd->call_flow_id);
    ows_envelope_fuzz_says(root, "payload.data.client_id", &cmd->client_id);
    ows_envelope_fuzz_says(root, "payload.triggeredBy", &cmd->project_id);

    json_decref(root);
}


static void
ows_envelope_fuzz_accepted(const ows_fuzz_t *fuzz, const ows_command_t *cmd)
{
    ows_envelope_fuzz_limits(&cmd->project_id, OWS_ID_MAX, 1);
    ows_envelope_fuzz_status(fuzz, &cmd->project_id);

    if (cmd->type == OWS_COMMAND_STOP) {
        ows_fuzz_check(cmd->client_secret.len == 0);
        return;
    }

    ows_fuzz_check(cmd->type == OWS_COMMAND_START);

    ows_envelope_fuzz_limits(&cmd->call_flow_id, OWS_ID_MAX, 1);
    ows_envelope_fuzz_limits(&cmd->client_id, OWS_ID_MAX, 1);
    ows_envelope_fuzz_limits(&cmd->client_secret, OWS_SECRET_MAX, 0);

    /* any text will do */
    ows_envelope_fuzz_error(fuzz, &cmd->project_id, &cmd->client_secret);
    ows_envelope_fuzz_update(fuzz, cmd);
}


static void
ows_envelope_fuzz_refused(const ows_fuzz_t *fuzz,
    const ows_refusal_t *refusal)
{
    size_t     i;
    ows_str_t  text;

    static const ows_str_t  nothing = ows_string("");

    ows_fuzz_check(refusal->code >= OWS_ERR_INVALID_JSON
                   && refusal->code <= OWS_ERR_INVALID_PAYLOAD);

    text.data = (const uint8_t *) refusal->message;
    text.len = strnlen(refusal->message, sizeof(refusal->message));

    ows_fuzz_check(text.len > 0 && text.len < sizeof(refusal->message));
    ows_fuzz_check(text.data[text.len - 1] == '.');

    for (i = 0; i < text.len; i++) {
        ows_fuzz_check(text.data[i] >= 0x20 && text.data[i] < 0x7f);
    }

    ows_envelope_fuzz_error(fuzz, &nothing, &text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            rc, failing;
    size_t         len;
    uint8_t       *text;
    ows_fuzz_t     fuzz;
    ows_command_t  cmd;
    ows_refusal_t  refusal, other;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    len = (size_t) (fuzz.last - fuzz.p);
    text = ows_fuzz_copy(fuzz.p, len);

    rc = ows_envelope_read(&cmd, &refusal, text, len);

    ows_fuzz_check(rc == OWS_OK || rc == OWS_ERROR);

    if (rc == OWS_OK) {
        ows_envelope_fuzz_accepted(&fuzz, &cmd);
        ows_command_free(&cmd);

    } else {
        ows_envelope_fuzz_refused(&fuzz, &refusal);
    }

    ows_fuzz_check(fuzz.heap.live == 0);

    ows_fuzz_fail_json(&fuzz, fuzz.control[0], text, len);

    failing = ows_envelope_read(&cmd, &other, text, len);

    if (failing == OWS_OK) {
        ows_command_free(&cmd);
    }

    ows_fuzz_check(failing == (ows_fuzz_failed(&fuzz) ? OWS_NOMEM : rc));
    ows_fuzz_check(failing != OWS_ERROR || other.code == refusal.code);

    free(text);

    return ows_fuzz_done(&fuzz);
}
