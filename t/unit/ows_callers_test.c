/*
 * ows_callers_test: unit tests of ows_callers and ows_caller.
 */

#include "ows_test_json.h"
#include "ows_callers.h"


#define OWS_TEST_SNAPSHOT                                                     \
    "[{\"dn\":\"150\",\"type\":\"Wextension\",\"extra\":1,\"devices\":["      \
    "{\"device_id\":\"sip:150@127.0.0.1\",\"dn\":\"150\",\"x\":{},"           \
    "\"user_agent\":\"Phone \\\"2\\\"\"}],\"participants\":["                 \
    "{\"legid\":1,\"callid\":7312,\"id\":41,\"status\":\"Connected\","        \
    "\"dn\":\"150\",\"party_caller_name\":\"\",\"party_dn\":\"10001\","       \
    "\"party_caller_id\":\"0900000001\",\"party_did\":null,"                  \
    "\"device_id\":\"sip:150@127.0.0.1\",\"party_dn_type\":\"Wexternalline\","\
    "\"direct_control\":true,\"originated_by_dn\":\"900\","                   \
    "\"originated_by_type\":\"Wroutepoint\",\"referred_by_dn\":\"\","         \
    "\"referred_by_type\":\"None\",\"on_behalf_of_dn\":\"\","                 \
    "\"on_behalf_of_type\":\"None\",\"attached_data\":[1,2]}]},"              \
    "{\"dn\":\"900\",\"type\":\"Wroutepoint\",\"devices\":[],"                \
    "\"participants\":[]},"                                                   \
    "{\"type\":\"Wextension\",\"dn\":\"151\",\"devices\":null},"              \
    "{\"type\":\"Wqueue\",\"dn\":\"80\",\"participants\":null}]"

/* what is made of it */
#define OWS_TEST_150                                                          \
    "{\"dn\":\"150\",\"type\":\"Wextension\",\"devices\":["                   \
    "{\"dn\":\"150\",\"device_id\":\"sip:150@127.0.0.1\","                    \
    "\"user_agent\":\"Phone \\\"2\\\"\"}],\"participants\":["                 \
    "{\"id\":41,\"status\":\"Connected\",\"dn\":\"150\","                     \
    "\"party_caller_name\":\"\",\"party_dn\":\"10001\","                      \
    "\"party_caller_id\":\"0900000001\","                                     \
    "\"device_id\":\"sip:150@127.0.0.1\",\"party_dn_type\":\"Wexternalline\","\
    "\"direct_control\":true,\"originated_by_dn\":\"900\","                   \
    "\"originated_by_type\":\"Wroutepoint\",\"referred_by_dn\":\"\","         \
    "\"referred_by_type\":\"None\",\"on_behalf_of_dn\":\"\","                 \
    "\"on_behalf_of_type\":\"None\",\"callid\":7312,\"legid\":1}]}"

#define OWS_TEST_EMPTY(dn, type)                                              \
    "{\"dn\":\"" dn "\",\"type\":\"" type "\",\"devices\":[],"                \
    "\"participants\":[]}"

#define OWS_TEST_151  OWS_TEST_EMPTY("151", "Wextension")
#define OWS_TEST_80   OWS_TEST_EMPTY("80", "Wqueue")

#define OWS_TEST_ALL  "[" OWS_TEST_150 "," OWS_TEST_151 "," OWS_TEST_80 "]"


static const ows_str_t   ows_test_types[] = {
    ows_string("Wextension"), ows_string("Wqueue")
};

static ows_test_heap_t   ows_test_heap;
static ows_alloc_t       ows_test_memory;
static ows_callers_t    *ows_test_callers;
static const char       *ows_test_why;
static ows_pbx_entity_t  ows_test_entity;


static int
ows_callers_test_replace(const uint8_t *p, size_t len)
{
    ows_test_why = NULL;

    return ows_callers_replace(ows_test_callers, p, len, &ows_test_why);
}


static int
ows_callers_test_update(const uint8_t *p, size_t len)
{
    ows_test_why = NULL;

    return ows_callers_update(ows_test_callers, &ows_test_entity, p, len,
                              &ows_test_why);
}


static int
ows_test_replace(const char *text)
{
    return ows_test_guarded(ows_callers_test_replace, text, strlen(text));
}


static void
ows_test_name(const char *path)
{
    ows_str_t  s = { strlen(path), (const uint8_t *) path };

    if (ows_pbx_entity_parse(&ows_test_entity, &s) != OWS_OK) {
        ok(0, "a test names an entity");
        exit(2);
    }
}


static int
ows_test_update(const char *path, const char *text)
{
    ows_test_name(path);

    return ows_test_guarded(ows_callers_test_update, text, strlen(text));
}


static int
ows_test_remove(const char *path)
{
    ows_test_name(path);

    return ows_callers_remove(ows_test_callers, &ows_test_entity);
}


/* 1 when the callers' JSON is this text. */
static unsigned
ows_test_is(const char *text)
{
    unsigned         same;
    ows_json_text_t  t;

    ows_json_text_init(&t, OWS_CALLERS_TEXT_MAX, &ows_test_memory);
    ows_callers_write(ows_test_callers, &t);

    same = !t.failed && t.len == strlen(text)
           && memcmp(t.data, text, t.len) == 0;

    if (!same) {
        printf("# is %.*s\n", (int) t.len, (char *) t.data);
    }

    ows_json_text_free(&t);

    return same;
}


static void
ows_test_begin(void)
{
    ows_test_callers = ows_callers_create(ows_test_types, 2,
                                          &ows_test_memory);
}


static void
ows_test_end(void)
{
    ows_callers_destroy(ows_test_callers);
}


static void
ows_callers_test_snapshots(void)
{
    size_t  n, wrong;

    ows_test_begin();

    ok(ows_test_is("[]") && ows_callers_count(ows_test_callers) == 0,
       "at first there are no callers");
    ok(ows_test_replace("[]") == OWS_AGAIN, "and none change nothing");

    ok(ows_test_replace(OWS_TEST_SNAPSHOT) == OWS_OK, "a snapshot is read");
    ok(ows_test_is(OWS_TEST_ALL),
       "callers are written in the PBX's order, with documented fields only");
    ok(ows_callers_count(ows_test_callers) == 3,
       "only entities of the types asked for count");
    ok(ows_test_replace(OWS_TEST_SNAPSHOT) == OWS_AGAIN,
       "the same again changes nothing");
    ok(ows_test_replace(OWS_TEST_ALL) == OWS_AGAIN,
       "what is written reads back the same");

    wrong = 0;

    for (n = 0; n < strlen(OWS_TEST_SNAPSHOT); n++) {
        wrong += ows_test_guarded(ows_callers_test_replace, OWS_TEST_SNAPSHOT,
                                  n)
                 != OWS_ERROR
                 || ows_test_why == NULL;
    }

    ok(wrong == 0 && ows_test_is(OWS_TEST_ALL),
       "no part of a snapshot is taken for one");

    ok(ows_test_replace("{}") == OWS_ERROR && ows_test_why != NULL
       && ows_test_replace("null") == OWS_ERROR
       && ows_test_replace("<html>") == OWS_ERROR
       && ows_test_is(OWS_TEST_ALL),
       "what is no array changes nothing");

    ok(ows_test_replace("[" OWS_TEST_151 "," OWS_TEST_150 "," OWS_TEST_80 "]")
       == OWS_OK,
       "another order is a change");
    ok(ows_test_replace("[" OWS_TEST_151 "," OWS_TEST_150 "]") == OWS_OK
       && ows_test_is("[" OWS_TEST_151 "," OWS_TEST_150 "]"),
       "so is a caller less");
    ok(ows_test_replace("[" OWS_TEST_151 ",{\"dn\":\"150\",\"type\":"
                        "\"Wextension\"}]") == OWS_OK
       && ows_test_is("[" OWS_TEST_151 ","
                      OWS_TEST_EMPTY("150", "Wextension") "]"),
       "so are devices and participants less");
    ok(ows_test_replace("[" OWS_TEST_151 ",{\"dn\":\"150\",\"type\":"
                        "\"Wqueue\"}]") == OWS_OK
       && ows_test_is("[" OWS_TEST_151 ","
                      OWS_TEST_EMPTY("150", "Wqueue") "]"),
       "so is another type");
    ok(ows_test_replace("[]") == OWS_OK && ows_test_is("[]"),
       "and so are no callers at all");

    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


static void
ows_callers_test_fields(void)
{
    char    text[4096], expected[4096], field[512];

    ows_test_begin();

    ok(ows_test_replace(
           "[1,null,[],\"x\",{},{\"dn\":\"1\"},{\"type\":\"Wqueue\"},"
           "{\"dn\":5,\"type\":\"Wqueue\"},{\"dn\":\"\",\"type\":\"Wqueue\"},"
           "{\"dn\":\"1\",\"type\":\"wqueue\"},"
           "{\"dn\":\"1\",\"type\":\"Wqueue2\"},{\"dn\":\"1\",\"type\":null},"
           "{\"dn\":\"12345678901234567890123456789012345678901234567890"
           "123456789012345\",\"type\":\"Wqueue\"}," OWS_TEST_80 "]")
       == OWS_OK
       && ows_test_is("[" OWS_TEST_80 "]"),
       "entries that can't be callers are left out");

    ok(ows_test_replace(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[7,null,{},"
           "{\"dn\":\"1\"},{\"device_id\":\"\"},{\"device_id\":null},"
           "{\"device_id\":\"d\"}],\"participants\":[[],{\"id\":\"\"},"
           "{\"status\":\"x\"},{\"id\":1.5},{\"id\":0},{\"id\":-1},"
           "{\"id\":9223372036854775807}]}]")
       == OWS_OK
       && ows_test_is(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[{\"device_id\":"
           "\"d\"}],\"participants\":[{\"id\":0},{\"id\":-1},"
           "{\"id\":9223372036854775807}]}]"),
       "so are items with nothing to name them by");

    ok(ows_test_replace(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":{\"device_id\":"
           "\"x\"},\"participants\":\"none\"}]")
       == OWS_OK
       && ows_test_is("[" OWS_TEST_80 "]"),
       "devices and participants that are no arrays are none");

    ok(ows_test_replace(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"participants\":[{\"id\":1,"
           "\"status\":{\"x\":1},\"dn\":[],\"party_dn\":null,\"legid\":1.5,"
           "\"callid\":true,\"direct_control\":false,\"party_did\":-7,"
           "\"secret\":\"x\"}]}]")
       == OWS_OK
       && ows_test_is(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[],"
           "\"participants\":[{\"id\":1,\"party_did\":-7,"
           "\"direct_control\":false,\"callid\":true,\"legid\":1.5}]}]"),
       "strings, numbers and booleans are kept, and nothing else");

    ok(ows_test_replace(
           "[{\"dn\":\"a\\\"\\\\\\u0000\",\"type\":\"Wqueue\",\"devices\":[{"
           "\"device_id\":\"\\u4e2d\\n\\\"\"}]}]")
       == OWS_OK
       && ows_test_is(
           "[{\"dn\":\"a\\\"\\\\\\u0000\",\"type\":\"Wqueue\",\"devices\":[{"
           "\"device_id\":\"\xe4\xb8\xad\\u000a\\\"\"}],"
           "\"participants\":[]}]"),
       "what needs it is escaped");

    memset(field, 'x', sizeof(field));
    memcpy(field + 255, "\xe4\xb8\xad", 3);
    snprintf(text, sizeof(text),
             "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"participants\":[{\"id\":1,"
             "\"status\":\"%.256s\",\"dn\":\"%.257s\",\"party_dn\":\"%.258s\"}"
             "]}]", field + 258 - 256 + 3, field + 258 - 257 + 4, field);
    snprintf(expected, sizeof(expected),
             "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[],"
             "\"participants\":[{\"id\":1,\"status\":\"%.256s\","
             "\"dn\":\"%.256s\",\"party_dn\":\"%.255s\"}]}]",
             field + 258 - 256 + 3, field + 258 - 257 + 4, field);

    /* without the character but in the last one */
    memset(strstr(text, "\xe4\xb8\xad"), 'y', 3);
    memset(strstr(expected, "\xe4\xb8\xad"), 'y', 3);
    memset(strstr(text, "\xe4\xb8\xad"), 'y', 3);
    memset(strstr(expected, "\xe4\xb8\xad"), 'y', 3);

    ok(ows_test_replace(text) == OWS_OK && ows_test_is(expected),
       "a string is cut after 256 bytes, at a character");

    ok(ows_test_replace(
           "[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[{\"device_id\":"
           "\"a\",\"dn\":\"1\"},{\"device_id\":\"b\"},{\"device_id\":\"a\","
           "\"dn\":\"2\"}]}," OWS_TEST_151 ",{\"dn\":\"80\",\"type\":"
           "\"Wqueue\",\"devices\":[{\"device_id\":\"a\"},{\"device_id\":"
           "\"b\"},{\"device_id\":\"a\",\"dn\":\"3\"}]}]")
       == OWS_OK
       && ows_test_is("[{\"dn\":\"80\",\"type\":\"Wqueue\",\"devices\":[{"
                      "\"dn\":\"3\",\"device_id\":\"a\"},{\"device_id\":"
                      "\"b\"}],\"participants\":[]}," OWS_TEST_151 "]"),
       "of what comes twice the last counts, in the place of the first");

    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


static void
ows_callers_test_updates(void)
{
    size_t  n, wrong;

    static const char  answer[] = "{\"id\":42,\"status\":\"Dialing\"}";

    ows_test_begin();
    (void) ows_test_replace("[" OWS_TEST_151 "," OWS_TEST_80 "]");

    ok(ows_test_update("/callcontrol/151/participants/42", answer) == OWS_OK
       && ows_test_update("/callcontrol/151/participants/43", "{\"id\":43}")
          == OWS_OK
       && ows_test_update("/callcontrol/151/devices/d%3a1",
                          "{\"device_id\":\"d:1\"}") == OWS_OK
       && ows_test_is(
           "[{\"dn\":\"151\",\"type\":\"Wextension\",\"devices\":[{"
           "\"device_id\":\"d:1\"}],\"participants\":[{\"id\":42,\"status\":"
           "\"Dialing\"},{\"id\":43}]}," OWS_TEST_80 "]"),
       "new devices and participants come last");

    ok(ows_test_update("/callcontrol/151/participants/42", answer)
       == OWS_AGAIN,
       "the same answer changes nothing");
    ok(ows_test_update("/callcontrol/151/participants/42",
                       "{\"id\":42,\"status\":\"Ringing\",\"x\":1}") == OWS_OK
       && ows_test_is(
           "[{\"dn\":\"151\",\"type\":\"Wextension\",\"devices\":[{"
           "\"device_id\":\"d:1\"}],\"participants\":[{\"id\":42,\"status\":"
           "\"Ringing\"},{\"id\":43}]}," OWS_TEST_80 "]"),
       "a change stays in its place");
    ok(ows_test_update("/callcontrol/151/participants/42",
                       "{\"id\":42,\"status\":\"Ringing\",\"x\":2}")
       == OWS_AGAIN,
       "a change of what is not kept is none");

    ok(ows_test_update("/callcontrol/152/participants/42", answer)
       == OWS_AGAIN
       && ows_test_update("/callcontrol/152/devices/42", "<html>")
          == OWS_AGAIN,
       "what belongs to no caller changes nothing");

    ok(ows_test_update("/callcontrol/151/participants/44", answer)
       == OWS_ERROR && ows_test_why != NULL
       && ows_test_update("/callcontrol/151/participants/042", answer)
          == OWS_ERROR
       && ows_test_update("/callcontrol/151/devices/42", answer) == OWS_ERROR
       && ows_test_update("/callcontrol/151/devices/d",
                          "{\"device_id\":\"d:1\"}") == OWS_ERROR,
       "an answer about something else is refused");
    ok(ows_test_update("/callcontrol/151/participants/42", "[]") == OWS_ERROR
       && ows_test_update("/callcontrol/151/participants/42", "null")
          == OWS_ERROR
       && ows_test_update("/callcontrol/151/participants/42", "{}")
          == OWS_ERROR
       && ows_test_update("/callcontrol/151", "[]") == OWS_ERROR
       && ows_test_update("/callcontrol/151", OWS_TEST_80) == OWS_ERROR,
       "so is one about nothing");

    wrong = 0;

    for (n = 0; n < strlen(answer); n++) {
        ows_test_name("/callcontrol/151/participants/42");
        wrong += ows_test_guarded(ows_callers_test_update, answer, n)
                 != OWS_ERROR
                 || ows_test_why == NULL;
    }

    ok(wrong == 0
       && ows_test_is(
           "[{\"dn\":\"151\",\"type\":\"Wextension\",\"devices\":[{"
           "\"device_id\":\"d:1\"}],\"participants\":[{\"id\":42,\"status\":"
           "\"Ringing\"},{\"id\":43}]}," OWS_TEST_80 "]"),
       "and all these changed nothing");

    ok(ows_test_remove("/callcontrol/151/participants/42") == OWS_OK
       && ows_test_remove("/callcontrol/151/participants/42") == OWS_AGAIN
       && ows_test_remove("/callcontrol/151/devices/42") == OWS_AGAIN
       && ows_test_remove("/callcontrol/151/devices/d:1") == OWS_OK
       && ows_test_remove("/callcontrol/152/devices/d:1") == OWS_AGAIN
       && ows_test_remove("/callcontrol/152") == OWS_AGAIN
       && ows_test_is("[{\"dn\":\"151\",\"type\":\"Wextension\",\"devices\":"
                      "[],\"participants\":[{\"id\":43}]}," OWS_TEST_80 "]"),
       "devices and participants are removed");

    ok(ows_test_update("/callcontrol/151", OWS_TEST_151) == OWS_OK
       && ows_test_update("/callcontrol/151", OWS_TEST_151) == OWS_AGAIN
       && ows_test_update("/callcontrol/150", OWS_TEST_150) == OWS_OK
       && ows_test_is("[" OWS_TEST_151 "," OWS_TEST_80 "," OWS_TEST_150 "]")
       && ows_callers_count(ows_test_callers) == 3,
       "a caller is replaced in its place, or new and the last");

    ok(ows_test_update("/callcontrol/900",
                       OWS_TEST_EMPTY("900", "Wroutepoint")) == OWS_AGAIN
       && ows_callers_count(ows_test_callers) == 3,
       "an entity that is no caller changes nothing");
    ok(ows_test_update("/callcontrol/80",
                       OWS_TEST_EMPTY("80", "Wroutepoint")) == OWS_OK
       && ows_test_is("[" OWS_TEST_151 "," OWS_TEST_150 "]")
       && ows_callers_count(ows_test_callers) == 2,
       "a caller that is none any more is removed");

    ok(ows_test_remove("/callcontrol/151") == OWS_OK
       && ows_test_remove("/callcontrol/151") == OWS_AGAIN
       && ows_test_is("[" OWS_TEST_150 "]")
       && ows_callers_count(ows_test_callers) == 1,
       "a caller is removed");

    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


/* A snapshot of n callers; the last has so many devices and participants. */
static char *
ows_callers_test_many(size_t n, size_t devices, size_t participants)
{
    char    *text, *p;
    size_t   i;

    text = malloc(64 * (n + devices + participants) + 128);
    p = text;
    *p++ = '[';

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s{\"dn\":\"%zu\",\"type\":\"Wqueue\"", i ? "," : "",
                     i);

        if (i + 1 < n) {
            *p++ = '}';
        }
    }

    p += sprintf(p, ",\"devices\":[");

    for (i = 0; i < devices; i++) {
        p += sprintf(p, "%s{\"device_id\":\"%zu\"}", i ? "," : "", i);
    }

    p += sprintf(p, "],\"participants\":[");

    for (i = 0; i < participants; i++) {
        p += sprintf(p, "%s{\"id\":%zu}", i ? "," : "", i);
    }

    sprintf(p, "]}]");

    return text;
}


static int
ows_callers_test_try_many(size_t n, size_t devices, size_t participants)
{
    int    rc;
    char  *text;

    text = ows_callers_test_many(n, devices, participants);
    rc = ows_test_replace(text);
    free(text);

    return rc;
}


static void
ows_callers_test_limits(void)
{
    char    path[64], answer[64];
    size_t  i, wrong;

    ows_test_begin();

    ok(ows_callers_test_try_many(1, 64, 256) == OWS_OK,
       "a caller has up to 64 devices and 256 participants");
    ok(ows_callers_test_try_many(1, 65, 256) == OWS_ERROR
       && strstr(ows_test_why, "devices") != NULL,
       "a snapshot with a device more is refused");
    ok(ows_callers_test_try_many(1, 64, 257) == OWS_ERROR
       && strstr(ows_test_why, "participants") != NULL,
       "so is one with a participant more");
    ok(ows_test_update("/callcontrol/0/devices/x", "{\"device_id\":\"x\"}")
       == OWS_ERROR
       && ows_test_update("/callcontrol/0/participants/256", "{\"id\":256}")
          == OWS_ERROR,
       "and one more by an update");
    ok(ows_test_update("/callcontrol/0/participants/255",
                       "{\"id\":255,\"status\":\"x\"}") == OWS_OK,
       "but what is there can be changed");
    ok(ows_test_remove("/callcontrol/0/participants/7") == OWS_OK
       && ows_test_update("/callcontrol/0/participants/256", "{\"id\":256}")
          == OWS_OK,
       "and replaced by another");

    ok(ows_callers_test_try_many(4096, 0, 0) == OWS_OK
       && ows_callers_count(ows_test_callers) == 4096,
       "there are up to 4096 callers");
    ok(ows_callers_test_try_many(4097, 0, 0) == OWS_ERROR
       && strstr(ows_test_why, "callers") != NULL
       && ows_callers_count(ows_test_callers) == 4096,
       "a snapshot with one more is refused");
    ok(ows_test_update("/callcontrol/x", OWS_TEST_EMPTY("x", "Wqueue"))
       == OWS_ERROR
       && ows_test_update("/callcontrol/5", OWS_TEST_EMPTY("5", "Wextension"))
          == OWS_OK,
       "and one more by an update, but one can change");

    wrong = 0;

    for (i = 0; i < 4096; i++) {
        sprintf(path, "/callcontrol/%zu/participants/%zu", i, i);
        sprintf(answer, "{\"id\":%zu}", i);
        wrong += ows_test_update(path, answer) != OWS_OK;
        wrong += ows_test_update(path, answer) != OWS_AGAIN;
        wrong += ows_test_remove(path) != OWS_OK;
    }

    for (i = 0; i < 4096; i += 2) {
        sprintf(path, "/callcontrol/%zu", i);
        wrong += ows_test_remove(path) != OWS_OK;
    }

    for (i = 0; i < 4096; i++) {
        sprintf(path, "/callcontrol/%zu", i);
        wrong += ows_test_remove(path) != (i % 2 ? OWS_OK : OWS_AGAIN);
    }

    ok(wrong == 0 && ows_callers_count(ows_test_callers) == 0,
       "each of the 4096 is found");

    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


/* A caller whose JSON is long: control bytes need six bytes each there. */
static int
ows_callers_test_long(char *p, size_t dn)
{
    int     n;
    size_t  i;

    n = sprintf(p, "{\"dn\":\"%zu\",\"type\":\"Wqueue\",\"devices\":[{"
                   "\"device_id\":\"", dn);

    for (i = 0; i < 256; i++) {
        n += sprintf(p + n, "\\n");
    }

    return n + sprintf(p + n, "\"}]}");
}


/* Adds long callers; 1 when soon there is no room for another. */
static unsigned
ows_callers_test_full(size_t dn)
{
    int     rc;
    char    one[1024], path[64];
    size_t  last;

    for (last = dn + 10, rc = OWS_OK; rc == OWS_OK && dn < last; dn++) {
        sprintf(path, "/callcontrol/%zu", dn);
        ows_callers_test_long(one, dn);
        rc = ows_test_update(path, one);
    }

    return rc == OWS_ERROR;
}


static void
ows_callers_test_written(void)
{
    ows_json_text_t  t;

    ows_json_text_init(&t, OWS_CALLERS_TEXT_MAX, &ows_test_memory);
    ows_callers_write(ows_test_callers, &t);
    ok(!t.failed && t.len > OWS_CALLERS_TEXT_MAX - 16384,
       "what fits can be written: %zu bytes of %d", t.len,
       OWS_CALLERS_TEXT_MAX);
    ows_json_text_free(&t);
}


static void
ows_callers_test_text_limit(void)
{
    int     rc;
    char   *text, *end, *cut, one[1024], path[64];
    size_t  i;

    ows_test_begin();

    text = malloc(OWS_CALLERS_ANSWER_MAX);
    end = text;
    cut = text;
    *end++ = '[';

    for (i = 0; i < 2750; i++) {
        end += ows_callers_test_long(end, i);
        cut = (i == 2499) ? end : cut;
        *end++ = ',';
    }

    strcpy(end - 1, "]");
    ok(ows_test_replace(text) == OWS_ERROR
       && strstr(ows_test_why, "too long") != NULL
       && ows_callers_count(ows_test_callers) == 0,
       "a snapshot whose JSON would be too long is refused");

    strcpy(cut, "]");
    rc = ows_test_replace(text);
    ok(rc == OWS_OK, "a shorter one is not");
    free(text);

    for (i = 2500; rc == OWS_OK; i++) {
        sprintf(path, "/callcontrol/%zu", i);
        ows_callers_test_long(one, i);
        rc = ows_test_update(path, one);
    }

    ok(rc == OWS_ERROR && strstr(ows_test_why, "too long") != NULL,
       "nor are more callers, one by one, until there is no room");
    ows_callers_test_written();

    rc = OWS_OK;

    for (i = 0; rc == OWS_OK && i < 10000; i++) {
        sprintf(path, "/callcontrol/0/participants/%zu", i % 256);
        sprintf(one, "{\"id\":%zu,\"status\":\"%0*d\"}", i % 256,
                (int) (i / 256 + 1), 0);
        rc = ows_test_update(path, one);
    }

    ok(rc == OWS_ERROR && strstr(ows_test_why, "too long") != NULL,
       "participants, too, are taken while there is room");
    ows_callers_test_written();

    ows_callers_test_long(one, 5000);
    ok(ows_test_update("/callcontrol/5000", one) == OWS_ERROR
       && ows_test_remove("/callcontrol/2000") == OWS_OK
       && ows_test_update("/callcontrol/5000", one) == OWS_OK,
       "a caller that is removed makes room for another");
    ows_callers_test_written();

    (void) ows_test_remove("/callcontrol/2002");
    (void) ows_test_update("/callcontrol/2001/devices/x",
                           "{\"device_id\":\"x\"}");

    rc = OWS_OK;

    for (i = 0; i < 10000; i++) {
        rc |= ows_test_remove("/callcontrol/2001/devices/x");
        rc |= ows_test_update("/callcontrol/2001/devices/x",
                              "{\"device_id\":\"x\"}");
    }

    ok(rc == OWS_OK, "and so does a device, however often it comes and goes");

    for (i = 0; i < 4000; i++) {
        rc |= ows_test_update("/callcontrol/2001/devices/x",
                              i % 2 ? "{\"device_id\":\"x\"}"
                                    : "{\"device_id\":\"x\",\"dn\":\"2001\"}");
    }

    ok(rc == OWS_OK && ows_callers_test_full(6000),
       "or changes, and the limit is still there");

    for (i = 0; i < 4000; i++) {
        rc |= ows_test_update("/callcontrol/2001",
                              i % 2 ? OWS_TEST_EMPTY("2001", "Wqueue")
                                    : OWS_TEST_EMPTY("2001", "Wextension"));
    }

    ok(rc == OWS_OK, "and however often its caller changes");

    ok(ows_callers_test_full(6010), "and after all that the limit is there");

    for (i = 0; i < 6020; i++) {
        sprintf(path, "/callcontrol/%zu", i);
        (void) ows_test_remove(path);
    }

    ok(ows_test_is("[]"), "all are removed");
    ows_callers_test_long(one, 1);
    ok(ows_test_update("/callcontrol/1", one) == OWS_OK,
       "and there is room again");

    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


/*
 * Any order of changes leaves callers that are all found and whose JSON, read
 * by another model, is the same.
 */
static void
ows_callers_test_at_random(void)
{
    char             path[64], answer[128];
    size_t           i, wrong;
    unsigned         dn, id, what;
    const char      *why;
    ows_callers_t   *other;
    ows_json_text_t  t, u;

    ows_test_begin();

    other = ows_callers_create(ows_test_types, 2, &ows_test_memory);
    wrong = 0;

    srand(1);

    for (i = 0; i < 20000; i++) {
        dn = (unsigned) rand() % 40;
        id = (unsigned) rand() % 5;
        what = (unsigned) rand() % 8;

        if (what < 2) {
            sprintf(path, "/callcontrol/%u", dn);
            sprintf(answer, "{\"dn\":\"%u\",\"type\":\"%s\",\"devices\":[{"
                            "\"device_id\":\"%u\"}]}", dn,
                    id ? "Wqueue" : "None", id);

        } else if (what < 5) {
            sprintf(path, "/callcontrol/%u/devices/%u", dn, id);
            sprintf(answer, "{\"device_id\":\"%u\",\"dn\":\"%u\"}", id,
                    (unsigned) rand() % 100);

        } else {
            sprintf(path, "/callcontrol/%u/participants/%u", dn, id);
            sprintf(answer, "{\"id\":%u,\"status\":\"%u\"}", id,
                    1u << ((unsigned) rand() % 20));
        }

        if (rand() % 4 == 0) {
            wrong += ows_test_remove(path) < OWS_AGAIN;

        } else {
            wrong += ows_test_update(path, answer) < OWS_AGAIN;
        }

        if (i % 100 == 0) {
            ows_json_text_init(&t, OWS_CALLERS_TEXT_MAX, &ows_test_memory);
            ows_json_text_init(&u, OWS_CALLERS_TEXT_MAX, &ows_test_memory);
            ows_callers_write(ows_test_callers, &t);
            wrong += ows_callers_replace(other, t.data, t.len, &why)
                     < OWS_AGAIN;
            ows_callers_write(other, &u);
            wrong += t.len != u.len || memcmp(t.data, u.data, t.len) != 0
                     || ows_callers_count(other)
                        != ows_callers_count(ows_test_callers);
            ows_json_text_free(&t);
            ows_json_text_free(&u);
        }
    }

    ok(wrong == 0, "after any changes a model is what its JSON says");

    for (dn = 0; dn < 40; dn++) {
        sprintf(path, "/callcontrol/%u", dn);
        (void) ows_test_remove(path);
    }

    ok(ows_test_is("[]"), "and all of it can be removed");

    ows_callers_destroy(other);
    ows_test_end();
    ok(ows_test_heap.live == 0, "everything is freed");
}


static void
ows_callers_test_no_memory(void)
{
    int       rc;
    long      live;
    size_t    i;
    unsigned  n, sticky, wrong;

    static const struct {
        const char  *path;               /* NULL: a snapshot */
        const char  *answer;
    } cases[] = {
        { NULL, OWS_TEST_SNAPSHOT },
        { "/callcontrol/150", OWS_TEST_150 },
        { "/callcontrol/80", OWS_TEST_EMPTY("80", "Wextension") },
        { "/callcontrol/80/participants/1", "{\"id\":1,\"legid\":1.5}" },
        { "/callcontrol/80/devices/1", "{\"device_id\":\"1\"}" }
    };

    for (n = 1; n <= 2; n++) {
        ows_test_heap.calls = 0;
        ows_test_heap.fail_at = n;
        ows_test_begin();
        ok(ows_test_callers == NULL && ows_test_heap.live == 0,
           "without memory there is no model");
    }

    ows_test_heap.fail_at = 0;
    ows_test_json_use(&ows_test_heap);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        for (sticky = 0; sticky < 2; sticky++) {
            wrong = 0;
            rc = OWS_NOMEM;

            for (n = 1; rc == OWS_NOMEM; n++) {
                ows_test_heap.fail_at = 0;
                ows_test_begin();
                (void) ows_test_replace("[" OWS_TEST_80 "]");
                live = ows_test_heap.live;

                ows_test_heap.calls = 0;
                ows_test_heap.fail_at = n;
                ows_test_heap.sticky = sticky;

                rc = cases[i].path == NULL
                     ? ows_test_replace(cases[i].answer)
                     : ows_test_update(cases[i].path, cases[i].answer);

                /* a failure is never passed over */
                wrong += rc == OWS_OK && ows_test_heap.calls >= n;

                ows_test_heap.fail_at = 0;

                wrong += rc == OWS_NOMEM
                         && (ows_test_heap.live != live
                             || !ows_test_is("[" OWS_TEST_80 "]"));
                wrong += rc != OWS_NOMEM && rc != OWS_OK;

                ows_test_end();
                wrong += ows_test_heap.live != 0;
            }

            ok(n > 8 && wrong == 0,
               "each of %u failed allocations changes nothing: %zu", n - 2,
               i);
        }
    }

    ows_test_json_release();
}


int
main(void)
{
    ows_json_init();
    ows_test_memory = ows_test_alloc(&ows_test_heap);

    ows_callers_test_snapshots();
    ows_callers_test_fields();
    ows_callers_test_updates();
    ows_callers_test_limits();
    ows_callers_test_text_limit();
    ows_callers_test_at_random();
    ows_callers_test_no_memory();

    return ows_test_done();
}
