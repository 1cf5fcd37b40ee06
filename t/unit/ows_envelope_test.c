/*
 * ows_envelope_test: unit tests of ows_envelope and ows_command.
 */

#include "ows_test_json.h"
#include "ows_envelope.h"


#define OWS_TEST_START(flow, project, client, secret, action, error)          \
    "{\"event\":\"startOutbound\",\"payload\":{\"project\":{"                 \
    "\"callFlowId\":" flow ",\"projectId\":" project ",\"client_id\":"        \
    client ",\"client_secret\":" secret ",\"action\":" action ",\"error\":"   \
    error "}}}"

#define OWS_TEST_GOOD                                                         \
    OWS_TEST_START("\"cf-123\"", "\"proj-456\"", "\"client-789\"",            \
                   "\"s3cret\"", "\"init\"", "null")

#define OWS_TEST_STOP(project)                                                \
    "{\"event\":\"stopOutbound\",\"payload\":{\"project\":{"                  \
    "\"projectId\":" project "}}}"

/* 2025-08-28T03:45:44.716Z */
#define OWS_TEST_NOW  1756352744716


static ows_command_t  ows_test_command;
static ows_refusal_t  ows_test_refusal;


static int
ows_envelope_test_read(const uint8_t *p, size_t len)
{
    int  rc;

    memset(&ows_test_refusal, '#', sizeof(ows_refusal_t));
    ows_test_refusal.code = OWS_ERR_NONE;

    rc = ows_envelope_read(&ows_test_command, &ows_test_refusal, p, len);

    if (rc == OWS_ERROR
        && memchr(ows_test_refusal.message, '\0',
                  sizeof(ows_test_refusal.message))
           == NULL)
    {
        ok(0, "a refusal ends with a NUL");
        exit(2);
    }

    return rc;
}


/* The code of the refusal; OWS_ERR_NONE: it was taken. */
static ows_error_e
ows_envelope_test_code(const char *text, size_t len)
{
    if (ows_test_guarded(ows_envelope_test_read, text, len) == OWS_OK) {
        ows_command_free(&ows_test_command);
        return OWS_ERR_NONE;
    }

    return ows_test_refusal.code;
}


static unsigned
ows_envelope_test_refused(const char *text, ows_error_e code,
    const char *start)
{
    return ows_envelope_test_code(text, strlen(text)) == code
           && strncmp(ows_test_refusal.message, start, strlen(start)) == 0;
}


static unsigned
ows_envelope_test_same(const ows_str_t *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}


static void
ows_envelope_test_commands(void)
{
    size_t                n, taken;
    const ows_command_t  *cmd = &ows_test_command;

    ok(ows_test_guarded(ows_envelope_test_read, OWS_TEST_GOOD,
                        strlen(OWS_TEST_GOOD))
       == OWS_OK,
       "a startOutbound is read");
    ok(cmd->type == OWS_COMMAND_START
       && ows_envelope_test_same(&cmd->call_flow_id, "cf-123")
       && ows_envelope_test_same(&cmd->project_id, "proj-456")
       && ows_envelope_test_same(&cmd->client_id, "client-789")
       && ows_envelope_test_same(&cmd->client_secret, "s3cret"),
       "with all its fields, when the message itself is gone");
    ows_command_free(&ows_test_command);
    ok(cmd->_json == NULL && cmd->client_secret.data == NULL,
       "a freed command points to nothing");

    ok(ows_test_guarded(ows_envelope_test_read, OWS_TEST_STOP("\"p\""),
                        strlen(OWS_TEST_STOP("\"p\"")))
       == OWS_OK
       && cmd->type == OWS_COMMAND_STOP
       && ows_envelope_test_same(&cmd->project_id, "p")
       && cmd->client_secret.len == 0,
       "a stopOutbound is read");
    ows_command_free(&ows_test_command);

    taken = 0;

    for (n = 0; n < strlen(OWS_TEST_GOOD); n++) {
        taken += ows_envelope_test_code(OWS_TEST_GOOD, n)
                 != OWS_ERR_INVALID_JSON;
    }

    for (n = 0; n < strlen(OWS_TEST_STOP("\"p\"")); n++) {
        taken += ows_envelope_test_code(OWS_TEST_STOP("\"p\""), n)
                 != OWS_ERR_INVALID_JSON;
    }

    ok(taken == 0, "no part of a message is taken for one");
}


static void
ows_envelope_test_accepted(void)
{
    size_t  i;

    static const char *const  texts[] = {
        OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"active\"",
                       "\"it broke\""),
        OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"init\"", "\"\""),
        OWS_TEST_START("\" \"", "\"\xe5\xb0\x88\xe6\xa1\x88\"",
                       "\"\\\"\\\\/\xc2\xa0\"", "\"a\\u0001\\u007f\\n\"",
                       "\"init\"", "null"),
        "{\"x\":[1,{}],\"payload\":{\"y\":null,\"project\":{\"z\":1.5,"
        "\"projectId\":\"p\",\"client_secret\":7}},\"event\":\"stopOutbound\","
        "\"n\":\"\\u0000\"}",
        "\n{\"event\":\"nothing\",\"event\":\"stopOutbound\",\"payload\":{"
        "\"project\":{\"projectId\":1,\"projectId\":\"p\"}}}\n",
        "{\"\\u0065vent\":\"stop\\u004futbound\",\"payload\":{\"project\":"
        "{\"projectId\":\"p\"}}}"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(ows_envelope_test_code(texts[i], strlen(texts[i]))
           == OWS_ERR_NONE,
           "a message that is odd but right is taken: %zu", i);
    }
}


static void
ows_envelope_test_refusals(void)
{
    size_t  i;

    static const struct {
        const char   *text;
        ows_error_e   code;
        const char   *start;
    } cases[] = {
        { "", OWS_ERR_INVALID_JSON, "The message" },
        { "hello", OWS_ERR_INVALID_JSON, "" },
        { OWS_TEST_GOOD "x", OWS_ERR_INVALID_JSON, "" },
        { "[]", OWS_ERR_INVALID_ENVELOPE, "" },
        { "\"startOutbound\"", OWS_ERR_INVALID_ENVELOPE, "" },
        { "null", OWS_ERR_INVALID_ENVELOPE, "" },
        { "{}", OWS_ERR_INVALID_ENVELOPE, "event" },
        { "{\"payload\":{}}", OWS_ERR_INVALID_ENVELOPE, "event" },
        { "{\"event\":1,\"payload\":{}}", OWS_ERR_INVALID_ENVELOPE, "event" },
        { "{\"event\":null,\"payload\":1}", OWS_ERR_INVALID_ENVELOPE,
          "event" },
        { "{\"event\":\"stopOutbound\"}", OWS_ERR_INVALID_ENVELOPE,
          "payload " },
        { "{\"event\":\"x\",\"payload\":null}", OWS_ERR_INVALID_ENVELOPE,
          "payload " },
        { "{\"event\":\"x\",\"payload\":[]}", OWS_ERR_INVALID_ENVELOPE,
          "payload " },
        { "{\"event\":\"x\",\"payload\":\"{}\"}", OWS_ERR_INVALID_ENVELOPE,
          "payload " },
        { "{\"Event\":\"stopOutbound\",\"payload\":{}}",
          OWS_ERR_INVALID_ENVELOPE, "event" },
        { "{\"event\":\"x\",\"payload\":{}}", OWS_ERR_UNKNOWN_EVENT, "event" },
        { "{\"event\":\"\",\"payload\":{}}", OWS_ERR_UNKNOWN_EVENT, "" },
        { "{\"event\":\"stopoutbound\",\"payload\":{}}",
          OWS_ERR_UNKNOWN_EVENT, "" },
        { "{\"event\":\"stopOutbound\\u0000\",\"payload\":{}}",
          OWS_ERR_UNKNOWN_EVENT, "" },
        { "{\"event\":\"projectsUpdate\",\"payload\":{}}",
          OWS_ERR_UNKNOWN_EVENT, "" },
        { "{\"event\":\"stopOutbound\",\"payload\":{}}",
          OWS_ERR_INVALID_PAYLOAD, "payload.project " },
        { "{\"event\":\"startOutbound\",\"payload\":{\"project\":[]}}",
          OWS_ERR_INVALID_PAYLOAD, "payload.project must be an object" },
        { "{\"event\":\"stopOutbound\",\"payload\":{\"project\":null}}",
          OWS_ERR_INVALID_PAYLOAD, "payload.project " },
        { "{\"event\":\"stopOutbound\",\"payload\":{\"project\":{}}}",
          OWS_ERR_INVALID_PAYLOAD, "payload.project.projectId is missing." },
        { OWS_TEST_STOP("7"), OWS_ERR_INVALID_PAYLOAD,
          "payload.project.projectId must be a string." },
        { OWS_TEST_STOP("null"), OWS_ERR_INVALID_PAYLOAD,
          "payload.project.projectId must be a string." },
        { OWS_TEST_STOP("\"\""), OWS_ERR_INVALID_PAYLOAD,
          "payload.project.projectId must not be empty." },
        { OWS_TEST_STOP("\"\\u0000\""), OWS_ERR_INVALID_PAYLOAD,
          "payload.project.projectId" },
        { OWS_TEST_STOP("\"a\\u0000b\""), OWS_ERR_INVALID_PAYLOAD,
          "payload.project.projectId" },
        { OWS_TEST_STOP("1e999"), OWS_ERR_INVALID_PAYLOAD, "The message" },
        { OWS_TEST_STOP("\"\\ud800\""), OWS_ERR_INVALID_PAYLOAD,
          "The message" },
        { "{\"\\u0000\":1}", OWS_ERR_INVALID_PAYLOAD, "The message" },

        /* each field of a startOutbound, the first wrong one being named */
        { OWS_TEST_START("1", "1", "1", "1", "1", "1"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.callFlowId " },
        { OWS_TEST_START("\"a\"", "1", "1", "1", "1", "1"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.projectId " },
        { OWS_TEST_START("\"a\"", "\"b\"", "1", "1", "1", "1"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.client_id " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "1", "1", "1"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.client_secret " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "1", "1"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.action " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"init\"", "1"),
          OWS_ERR_INVALID_PAYLOAD,
          "payload.project.error must be a string or null." },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"init\"",
                         "false"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.error " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"init\"",
                         "\"\\u0000\""),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.error " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"\"", "\"init\"",
                         "null"),
          OWS_ERR_INVALID_PAYLOAD,
          "payload.project.client_secret must not be empty." },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\\u0000\"",
                         "\"init\"", "null"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.client_secret " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"stopped\"",
                         "null"),
          OWS_ERR_INVALID_PAYLOAD,
          "payload.project.action must be \"init\" or \"active\"." },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"\"", "null"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.action " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"",
                         "\"init\\u0000\"", "null"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.action " },
        { OWS_TEST_START("\"a\"", "\"b\"", "\"c\"", "\"d\"", "null", "null"),
          OWS_ERR_INVALID_PAYLOAD, "payload.project.action " }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(ows_envelope_test_refused(cases[i].text, cases[i].code,
                                     cases[i].start),
           "a message that is wrong is refused: %zu %s", i,
           ows_error_name(cases[i].code));
    }
}


/* A good startOutbound without one of its fields. */
static void
ows_envelope_test_missing(void)
{
    char    text[512], start[64];
    char   *field, *end;
    size_t  i;

    static const char *const  names[] = {
        "callFlowId", "projectId", "client_id", "client_secret", "action",
        "error"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        strcpy(text, OWS_TEST_GOOD);

        snprintf(start, sizeof(start), "\"%s\":", names[i]);
        field = strstr(text, start);
        end = strpbrk(field, ",}");

        if (*end == '}') {
            field--;

        } else {
            end++;
        }

        memmove(field, end, strlen(end) + 1);

        snprintf(start, sizeof(start), "payload.project.%s is missing.",
                 names[i]);

        ok(ows_envelope_test_refused(text, OWS_ERR_INVALID_PAYLOAD, start),
           "a startOutbound without %s is refused", names[i]);
    }
}


/* One of the four texts, of len bytes, in a startOutbound; a code. */
static ows_error_e
ows_envelope_test_field(unsigned field, const char *value, size_t len)
{
    int       n;
    char      text[4096];
    unsigned  i;

    static const char *const  before[] = {
        "", "\",\"projectId\":\"", "\",\"client_id\":\"",
        "\",\"client_secret\":\""
    };

    n = snprintf(text, sizeof(text),
                 "{\"event\":\"startOutbound\",\"payload\":{\"project\":{"
                 "\"action\":\"init\",\"error\":null,\"callFlowId\":\"");

    for (i = 0; i < 4; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t) n, "%s%.*s",
                      before[i], (i == field) ? (int) len : 1,
                      (i == field) ? value : "x");
    }

    n += snprintf(text + n, sizeof(text) - (size_t) n, "\"}}}");

    return ows_envelope_test_code(text, (size_t) n);
}


static void
ows_envelope_test_lengths(void)
{
    char      value[1100], control[4];
    unsigned  field, c, wrong;
    size_t    max;

    memset(value, 'x', sizeof(value));

    for (field = 0; field < 4; field++) {
        max = (field == 3) ? OWS_SECRET_MAX : OWS_ID_MAX;

        ok(ows_envelope_test_field(field, value, max) == OWS_ERR_NONE,
           "%zu bytes are taken, in field %u", max, field);
        ok(ows_envelope_test_field(field, value, max + 1)
           == OWS_ERR_INVALID_PAYLOAD
           && strstr(ows_test_refusal.message,
                     field == 3 ? "client_secret must not be longer than 1024 "
                                : "must not be longer than 128 bytes.")
              != NULL,
           "one byte more is refused, in field %u", field);
    }

    memcpy(value + 126, "\xe4\xb8\xad", 3);
    ok(ows_envelope_test_field(1, value, 129) == OWS_ERR_INVALID_PAYLOAD,
       "bytes are counted, not characters");

    wrong = 0;

    for (field = 0; field < 4; field++) {

        /* U+007F to U+00A0, as they are; below that, JSON has to escape */
        for (c = 0x7f; c <= 0xa0; c++) {
            control[0] = 'x';

            if (c == 0x7f) {
                control[1] = 0x7f;
                wrong += (ows_envelope_test_field(field, control, 2)
                          != OWS_ERR_NONE) == (field == 3);
                continue;
            }

            control[1] = (char) 0xc2;
            control[2] = (char) c;
            wrong += (ows_envelope_test_field(field, control, 3)
                      != OWS_ERR_NONE) == (field == 3 || c == 0xa0);
        }

        for (c = 1; c <= 0x20; c++) {
            snprintf(value, sizeof(value), "a\\u%04xb", c);
            wrong += (ows_envelope_test_field(field, value, 8)
                      != OWS_ERR_NONE) == (field == 3 || c == 0x20);
        }
    }

    ok(wrong == 0, "an id holds no control characters, a secret may");
}


static void
ows_envelope_test_limits(void)
{
    char    text[65536];
    size_t  i, n;

    n = (size_t) sprintf(text, "{\"event\":\"stopOutbound\",\"payload\":{"
                               "\"project\":{\"projectId\":\"p\"}},\"x\":[0");
    for (i = 0; i < 4000; i++) {
        n += (size_t) sprintf(text + n, ",%zu", i);
    }

    sprintf(text + n, "]}");
    ok(ows_envelope_test_code(text, strlen(text)) == OWS_ERR_NONE,
       "thousands of unknown values are ignored");

    for (i = 0; i < 1000; i++) {
        n += (size_t) sprintf(text + n, ",%zu", i);
    }

    sprintf(text + n, "]}");
    ok(ows_envelope_test_refused(text, OWS_ERR_INVALID_PAYLOAD,
                                 "The message is nested deeper than 32"
                                 " levels, or holds more than 4096 values."),
       "more are refused, and the refusal says how many may be");

    memset(text, '[', sizeof(text));
    ok(ows_envelope_test_code(text, sizeof(text)) == OWS_ERR_INVALID_PAYLOAD,
       "a message nested too deeply is refused");
}


static void
ows_envelope_test_discretion(void)
{
    static const char  text[] =
        OWS_TEST_START("\"MARK\"", "\"MARK\"", "\"MARK\"", "\"MARK\"",
                       "\"MARK\"", "null");

    ok(ows_envelope_test_code(text, strlen(text)) == OWS_ERR_INVALID_PAYLOAD
       && strstr(ows_test_refusal.message, "MARK") == NULL,
       "a refusal holds nothing of the message");
    ok(ows_envelope_test_refused("{\"event\":\"MARK\",\"payload\":{}}",
                                 OWS_ERR_UNKNOWN_EVENT, "")
       && strstr(ows_test_refusal.message, "MARK") == NULL,
       "not even the event's name");
}


static void
ows_envelope_test_no_memory(void)
{
    int               rc;
    unsigned          n, sticky, calls, wrong;
    ows_test_heap_t   heap;

    (void) ows_test_alloc(&heap);
    ows_test_json_use(&heap);

    (void) ows_envelope_test_code(OWS_TEST_GOOD, strlen(OWS_TEST_GOOD));
    calls = heap.calls;
    wrong = heap.live != 0;

    for (sticky = 0; sticky < 2; sticky++) {
        for (n = 1; n <= calls; n++) {
            heap.calls = 0;
            heap.fail_at = n;
            heap.sticky = sticky;

            rc = ows_test_guarded(ows_envelope_test_read, OWS_TEST_GOOD,
                                  strlen(OWS_TEST_GOOD));

            wrong += rc != OWS_NOMEM || heap.live != 0;
        }
    }

    ok(calls > 20 && wrong == 0,
       "each of %u allocations that fails is no memory, and nothing leaks",
       calls);

    heap.fail_at = 0;
    (void) ows_envelope_test_code(OWS_TEST_STOP("1"),
                                  strlen(OWS_TEST_STOP("1")));
    ok(heap.live == 0, "a refused message is freed");

    ows_test_json_release();
}


static void
ows_envelope_test_names(void)
{
    unsigned  i;

    static const char *const  errors[] = {
        "", "invalidJson", "invalidEnvelope", "unknownEvent",
        "invalidPayload", "projectNotFound", "commandsDisabled",
        "rateLimited", "projectLimitReached", "storageFull", "pbxAuthFailed",
        "pbxUnreachable", "pbxProtocolError", "callersNotFound"
    };

    for (i = OWS_ERR_INVALID_JSON; i <= OWS_ERR_CALLERS_NOT_FOUND; i++) {
        ok(strcmp(ows_error_name(i), errors[i]) == 0,
           "the error %s has its name", errors[i]);
    }

    ok(strcmp(ows_action_name(OWS_ACTION_INIT), "init") == 0
       && strcmp(ows_action_name(OWS_ACTION_ACTIVE), "active") == 0
       && strcmp(ows_action_name(OWS_ACTION_STOPPED), "stopped") == 0,
       "so has each action");
}


static unsigned
ows_envelope_test_wrote(const uint8_t *p, const uint8_t *end,
    const char *text)
{
    return (size_t) (end - p) == strlen(text)
           && memcmp(p, text, strlen(text)) == 0;
}


static void
ows_envelope_test_writers(void)
{
    uint8_t              buf[4096], *p;
    const ows_stats_t    stats = { 3, 2, 1 };
    const ows_str_t      none = { 0, NULL };
    const ows_str_t      id = ows_string("a\\\"b");
    const ows_str_t      flow = ows_string("cf");
    const ows_str_t      client = ows_string("900");
    const ows_str_t      text = ows_string("It \"broke\".\n");
    static const uint8_t created[] = "2025-01-02T03:04:05.006Z";
    static const uint8_t updated[] = "2025-02-03T04:05:06.007Z";

    p = ows_envelope_error(buf, OWS_ERR_PBX_UNREACHABLE, &none, &text,
                           OWS_TEST_NOW);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"error\",\"payload\":{\"error\":\"pbxUnreachable\","
           "\"message\":\"It \\\"broke\\\".\\u000a\","
           "\"timestamp\":\"2025-08-28T03:45:44.716Z\"}}"),
       "an error is written as the specification has it");

    p = ows_envelope_error(buf, OWS_ERR_STORAGE_FULL, &id, &text,
                           OWS_TEST_NOW);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"error\",\"payload\":{\"error\":\"storageFull\","
           "\"message\":\"Project \\\"a\\\"b\\\": It \\\"broke\\\".\\u000a\","
           "\"timestamp\":\"2025-08-28T03:45:44.716Z\"}}"),
       "one of a project names it");

    p = ows_envelope_error(buf, OWS_ERR_STORAGE_FULL, &none, &none, 0);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"error\",\"payload\":{\"error\":\"storageFull\","
           "\"message\":\"\",\"timestamp\":\"1970-01-01T00:00:00.000Z\"}}"),
       "an empty sentence is written, too");

    p = ows_envelope_status(buf, &id, OWS_ACTION_INIT, OWS_ACTION_STOPPED,
                            OWS_TEST_NOW);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"projectStatusChange\",\"payload\":{\"data\":{"
           "\"projectId\":\"a\\\"b\",\"oldAction\":\"init\","
           "\"newAction\":\"stopped\","
           "\"changedAt\":\"2025-08-28T03:45:44.716Z\"},"
           "\"timestamp\":\"2025-08-28T03:45:44.716Z\"}}"),
       "a projectStatusChange is written as the specification has it");

    p = ows_envelope_update_head(buf);
    p = ows_envelope_fragment(p, &id, &flow);
    p = ows_envelope_entry_middle(p, OWS_ACTION_ACTIVE, &client, 12);
    *p++ = '[';
    *p++ = ']';
    p = ows_envelope_entry_end(p, 1, 1, created, updated);
    *p++ = ',';
    p = ows_envelope_fragment(p, &flow, &id);
    p = ows_envelope_entry_middle(p, OWS_ACTION_INIT, &client, 0);
    *p++ = '0';
    p = ows_envelope_entry_end(p, 0, 0, created, updated);
    p = ows_envelope_update_tail(p, &stats, OWS_TEST_NOW, &id);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"projectsUpdate\",\"payload\":{"
           "\"type\":\"allProjects\",\"data\":["
           "{\"projectId\":\"a\\\"b\",\"callFlowId\":\"cf\","
           "\"action\":\"active\",\"client_id\":\"900\","
           "\"agentQuantity\":12,\"caller\":[],\"access_token\":\"***\","
           "\"ws_connected\":true,"
           "\"createdAt\":\"2025-01-02T03:04:05.006Z\","
           "\"updatedAt\":\"2025-02-03T04:05:06.007Z\"},"
           "{\"projectId\":\"cf\",\"callFlowId\":\"a\\\"b\","
           "\"action\":\"init\",\"client_id\":\"900\","
           "\"agentQuantity\":0,\"caller\":0,\"access_token\":null,"
           "\"ws_connected\":false,"
           "\"createdAt\":\"2025-01-02T03:04:05.006Z\","
           "\"updatedAt\":\"2025-02-03T04:05:06.007Z\"}],"
           "\"stats\":{\"totalProjects\":3,\"activeProjects\":2,"
           "\"connectedProjects\":1},"
           "\"timestamp\":\"2025-08-28T03:45:44.716Z\","
           "\"triggeredBy\":\"a\\\"b\"}}"),
       "a projectsUpdate is written as the specification has it");

    p = ows_envelope_update_head(buf);
    p = ows_envelope_update_tail(p, &stats, OWS_TEST_NOW, &none);
    ok(ows_envelope_test_wrote(buf, p,
           "{\"event\":\"projectsUpdate\",\"payload\":{"
           "\"type\":\"allProjects\",\"data\":[],"
           "\"stats\":{\"totalProjects\":3,\"activeProjects\":2,"
           "\"connectedProjects\":1},"
           "\"timestamp\":\"2025-08-28T03:45:44.716Z\","
           "\"triggeredBy\":\"system\"}}"),
       "without a project it is triggered by the system");
}


static void
ows_envelope_test_bounds(void)
{
    size_t             i, len;
    uint8_t            id_text[OWS_ID_ESCAPED_MAX];
    uint8_t            sentence[OWS_ERROR_TEXT_MAX + 10];
    uint8_t            buf[OWS_ERROR_MESSAGE_MAX], *p;
    unsigned           error, from, to;
    ows_str_t          id, text;
    const ows_stats_t  stats = { UINT32_MAX, UINT32_MAX, UINT32_MAX };

    memset(id_text, '"', sizeof(id_text));
    memset(sentence, 1, sizeof(sentence));

    id.data = id_text;
    id.len = sizeof(id_text);
    text.data = sentence;
    text.len = sizeof(sentence);

    len = 0;

    for (error = 0; error <= OWS_ERR_CALLERS_NOT_FOUND; error++) {
        p = ows_envelope_error(buf, error, &id, &text, OWS_TEST_NOW);
        len = (size_t) (p - buf) > len ? (size_t) (p - buf) : len;
    }

    ok(len <= OWS_ERROR_MESSAGE_MAX && len > 6 * OWS_ERROR_TEXT_MAX,
       "the longest error has its room: %zu of %d", len,
       OWS_ERROR_MESSAGE_MAX);

    len = 0;

    for (from = 0; from <= OWS_ACTION_STOPPED; from++) {
        for (to = 0; to <= OWS_ACTION_STOPPED; to++) {
            p = ows_envelope_status(buf, &id, from, to, OWS_TEST_NOW);
            len = (size_t) (p - buf) > len ? (size_t) (p - buf) : len;
        }
    }

    ok(len <= OWS_STATUS_MESSAGE_MAX,
       "the longest projectStatusChange has its room: %zu of %d", len,
       OWS_STATUS_MESSAGE_MAX);

    len = (size_t) (ows_envelope_update_head(buf) - buf);
    ok(len <= OWS_UPDATE_HEAD_MAX, "so has a projectsUpdate's head: %zu of %d",
       len, OWS_UPDATE_HEAD_MAX);

    len = (size_t) (ows_envelope_fragment(buf, &id, &id) - buf);
    ok(len <= OWS_FRAGMENT_MAX, "so has the longest fragment: %zu of %d", len,
       OWS_FRAGMENT_MAX);

    len = (size_t) (ows_envelope_entry_middle(buf, OWS_ACTION_STOPPED, &id,
                                              UINT32_MAX) - buf);
    ok(len <= OWS_ENTRY_MIDDLE_MAX, "so has the longest middle: %zu of %d",
       len, OWS_ENTRY_MIDDLE_MAX);

    len = (size_t) (ows_envelope_entry_end(buf, 1, 0, sentence, sentence)
                    - buf);
    ok(len <= OWS_ENTRY_END_MAX, "so has the longest end: %zu of %d", len,
       OWS_ENTRY_END_MAX);

    len = (size_t) (ows_envelope_update_tail(buf, &stats, OWS_TEST_NOW, &id)
                    - buf);
    ok(len <= OWS_UPDATE_TAIL_MAX, "so has the longest tail: %zu of %d", len,
       OWS_UPDATE_TAIL_MAX);

    memset(sentence, 'x', sizeof(sentence));
    id.len = 0;

    for (i = 0; i < 4; i++) {
        /* a character of four bytes, of which i are within the limit */
        memcpy(sentence + OWS_ERROR_TEXT_MAX - i, "\xf0\x9f\x98\x80", 4);

        p = ows_envelope_error(buf, OWS_ERR_STORAGE_FULL, &id, &text,
                               OWS_TEST_NOW);
        len = strlen("{\"event\":\"error\",\"payload\":{\"error\":"
                     "\"storageFull\",\"message\":\"")
              + OWS_ERROR_TEXT_MAX - i;

        ok(buf[len - 1] == 'x' && buf[len] == '"',
           "a sentence is cut in front of a character that is over: %zu", i);
    }
}


int
main(void)
{
    ows_json_init();

    ows_envelope_test_commands();
    ows_envelope_test_accepted();
    ows_envelope_test_refusals();
    ows_envelope_test_missing();
    ows_envelope_test_lengths();
    ows_envelope_test_limits();
    ows_envelope_test_discretion();
    ows_envelope_test_no_memory();
    ows_envelope_test_names();
    ows_envelope_test_writers();
    ows_envelope_test_bounds();

    return ows_test_done();
}
