/*
 * ows_pbx_test: unit tests of ows_pbx and ows_pbx_token.
 */

#include "ows_test_json.h"
#include "ows_pbx.h"


/* {"alg":"none"} . {"iat":1700000000,"exp":1700000900} . x */
#define OWS_TEST_JWT                                                          \
    "eyJhbGciOiJub25lIn0."                                                    \
    "eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDkwMH0.x-_"

#define OWS_TEST_ANSWER                                                       \
    "{\"token_type\":\"Bearer\",\"expires_in\":60,\"access_token\":\""        \
    OWS_TEST_JWT "\",\"refresh_token\":null}"


static ows_test_heap_t   ows_test_heap;
static ows_alloc_t       ows_test_memory;
static ows_pbx_token_t   ows_test_token;
static ows_pbx_event_t   ows_test_event;
static ows_pbx_entity_t  ows_test_entity;
static const char       *ows_test_why;


static int
ows_pbx_test_token(const uint8_t *p, size_t len)
{
    ows_test_why = NULL;

    return ows_pbx_token_read(&ows_test_token, p, len, &ows_test_memory,
                              &ows_test_why);
}


/* Milliseconds; -1: refused with a reason. */
static int64_t
ows_pbx_test_lifetime(const char *text)
{
    int      rc;
    int64_t  lifetime;

    rc = ows_test_guarded(ows_pbx_test_token, text, strlen(text));
    lifetime = ows_test_token.lifetime;
    ows_pbx_token_free(&ows_test_token);

    if (rc == OWS_OK && ows_test_heap.live == 0) {
        return lifetime;
    }

    return (rc == OWS_ERROR && ows_test_why != NULL) ? -1 : -2;
}


static uint8_t *
ows_pbx_test_base64url(uint8_t *p, const char *text)
{
    size_t    i, len;
    uint32_t  bits;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_";

    len = strlen(text);

    for (i = 0; i < len; i += 3) {
        bits = (uint32_t) (uint8_t) text[i] << 16;
        bits |= (i + 1 < len) ? (uint32_t) (uint8_t) text[i + 1] << 8 : 0;
        bits |= (i + 2 < len) ? (uint8_t) text[i + 2] : 0;

        *p++ = (uint8_t) alphabet[bits >> 18];
        *p++ = (uint8_t) alphabet[bits >> 12 & 63];

        if (i + 1 < len) {
            *p++ = (uint8_t) alphabet[bits >> 6 & 63];
        }

        if (i + 2 < len) {
            *p++ = (uint8_t) alphabet[bits & 63];
        }
    }

    return p;
}


/* The lifetime of a token with these claims; expires_in says 7200. */
static int64_t
ows_pbx_test_claims(const char *claims)
{
    char     text[16384];
    uint8_t  jwt[12288], *p;

    p = jwt;
    memcpy(p, "h.", 2);
    p = ows_pbx_test_base64url(p + 2, claims);
    memcpy(p, ".s", 3);

    snprintf(text, sizeof(text),
             "{\"access_token\":\"%s\",\"expires_in\":7200}", (char *) jwt);

    return ows_pbx_test_lifetime(text);
}


static void
ows_pbx_test_tokens(void)
{
    char       text[OWS_PBX_TOKEN_MAX + 64];
    size_t     n;
    unsigned   c, taken, wrong;

    ok(ows_test_guarded(ows_pbx_test_token, OWS_TEST_ANSWER,
                        strlen(OWS_TEST_ANSWER))
       == OWS_OK,
       "a token is read");
    ok(ows_test_token.len == strlen(OWS_TEST_JWT)
       && memcmp(ows_test_token.data, OWS_TEST_JWT, ows_test_token.len) == 0
       && ows_test_token.lifetime == 900000,
       "as it was sent, with the lifetime of its claims");
    ows_pbx_token_free(&ows_test_token);
    ok(ows_test_heap.live == 0 && ows_test_token.data == NULL,
       "freed, nothing is left of it");
    ows_pbx_token_free(&ows_test_token);

    taken = 0;

    for (n = 0; n < strlen(OWS_TEST_ANSWER); n++) {
        taken += ows_test_guarded(ows_pbx_test_token, OWS_TEST_ANSWER, n)
                 != OWS_ERROR;
    }

    ok(taken == 0, "no part of an answer is taken for one");

    ok(ows_pbx_test_lifetime("<html>404</html>") == -1
       && strcmp(ows_test_why, "is not JSON") == 0,
       "an answer in HTML is refused");
    ok(ows_pbx_test_lifetime("[]") == -1
       && ows_pbx_test_lifetime("{}") == -1
       && ows_pbx_test_lifetime("{\"access_token\":null}") == -1
       && ows_pbx_test_lifetime("{\"access_token\":\"\"}") == -1
       && ows_pbx_test_lifetime("{\"access_token\":[\"x\"]}") == -1
       && ows_pbx_test_lifetime("{\"error\":\"invalid_client\"}") == -1,
       "an answer without a token is refused");

    wrong = 0;

    for (c = 1; c < 0x80; c++) {
        snprintf(text, sizeof(text), "{\"access_token\":\"a\\u%04xb\"}", c);
        wrong += (ows_pbx_test_lifetime(text) == -1)
                 != (c <= 0x20 || c == 0x7f);
    }

    ok(wrong == 0, "a token holds visible ASCII only");
    ok(ows_pbx_test_lifetime("{\"access_token\":\"a\\u0000\"}") == -1
       && ows_pbx_test_lifetime("{\"access_token\":\"\xc3\xa9\"}") == -1,
       "neither NUL nor other characters");

    strcpy(text, "{\"access_token\":\"");
    n = strlen(text);
    memset(text + n, 'x', OWS_PBX_TOKEN_MAX);
    strcpy(text + n + OWS_PBX_TOKEN_MAX, "\"}");
    ok(ows_pbx_test_lifetime(text) == 3600000, "the longest token is taken");
    strcpy(text + n + OWS_PBX_TOKEN_MAX, "x\"}");
    ok(ows_pbx_test_lifetime(text) == -1, "a longer one is refused");
}


static void
ows_pbx_test_lifetimes(void)
{
    char    text[128];
    char    claims[OWS_PBX_TOKEN_MAX];
    size_t  i;

    static const struct {
        const char  *expires_in;
        int64_t      lifetime;
    } answers[] = {
        { "3600", 3600000 }, { "60", 3600000 }, { "299", 17940000 },
        { "300", 300000 }, { "1", 60000 }, { "0", 60000 }, { "-5", 60000 },
        { "1800.5", 1800500 }, { "1e300", 86400000 }, { "86401", 86400000 },
        { "9223372036854775807", 86400000 }, { "\"900\"", 3600000 },
        { "null", 3600000 }, { "true", 3600000 }
    };

    static const struct {
        const char  *claims;
        int64_t      lifetime;
    } jwts[] = {
        { "{\"iat\":1000,\"exp\":1600}", 600000 },
        { "{\"iat\":1000.5,\"exp\":1600}", 599500 },
        { "{\"iat\":0,\"exp\":600,\"role\":{\"x\":[1]}}", 600000 },
        { "{\"exp\":1059,\"iat\":1000}", 60000 },
        { "{\"iat\":1000,\"exp\":99999999}", 86400000 },
        { "{\"iat\":-1e308,\"exp\":1e308}", 86400000 },
        /* from here on the claims don't say */
        { "{\"iat\":1000,\"exp\":1000}", 7200000 },
        { "{\"iat\":1001,\"exp\":1000}", 7200000 },
        { "{\"iat\":1000}", 7200000 },
        { "{\"exp\":1000}", 7200000 },
        { "{\"iat\":\"1000\",\"exp\":1600}", 7200000 },
        { "{\"iat\":1000,\"exp\":\"1600\"}", 7200000 },
        { "{\"iat\":null,\"exp\":1600}", 7200000 },
        { "{\"iat\":1000,\"exp\":1e999}", 7200000 },
        { "{\"iat\":1000,\"exp\":1600", 7200000 },
        { "[1000,1600]", 7200000 },
        { "x", 7200000 },
        { "", 7200000 },
        { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 7200000 }
    };

    static const char *const  no_jwts[] = {
        "x", "a.b", ".", "..", "...", "a..b", ".eyJpYXQiOjB9.",
        "h.eyJpYXQiOjAsImV4cCI6NjAwfQ",           /* no second dot */
        "h.eyJpYXQiOjAsImV4cCI6NjAwfQ==.s",       /* padding */
        "h.eyJpYXQiOjAsImV4cCI6NjAwMDB9A.s",      /* 4n + 1 characters */
        "h.eyJpYXQiOjAsImV4cCI6NjAwf+.s",         /* not of this alphabet */
        "h.eyJpYXQiOjAsImV4cCI6NjAwf/.s",
        "h.eyJp!XQiOjAsImV4cCI6NjAwfQ.s"
    };

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        snprintf(text, sizeof(text),
                 "{\"access_token\":\"x\",\"expires_in\":%s}",
                 answers[i].expires_in);
        ok(ows_pbx_test_lifetime(text) == answers[i].lifetime,
           "expires_in %s is %lld ms", answers[i].expires_in,
           (long long) answers[i].lifetime);
    }

    ok(ows_pbx_test_lifetime("{\"access_token\":\"x\"}") == 3600000,
       "a lifetime nobody tells is an hour");

    for (i = 0; i < sizeof(jwts) / sizeof(jwts[0]); i++) {
        ok(ows_pbx_test_claims(jwts[i].claims) == jwts[i].lifetime,
           "claims are read: %s is %lld ms", jwts[i].claims,
           (long long) jwts[i].lifetime);
    }

    for (i = 0; i < sizeof(no_jwts) / sizeof(no_jwts[0]); i++) {
        snprintf(text, sizeof(text),
                 "{\"access_token\":\"%s\",\"expires_in\":7200}", no_jwts[i]);
        ok(ows_pbx_test_lifetime(text) == 7200000,
           "what is no JWT says nothing: %s", no_jwts[i]);
    }

    ok(ows_pbx_test_lifetime("{\"access_token\":\"h.eyJpYXQiOjAsImV4cCI6NjAw"
                             "fQ.s\",\"expires_in\":7200}")
       == 600000,
       "claims come before expires_in");

    memset(claims, ' ', 6140);
    strcpy(claims + 6118, "{\"iat\":0,\"exp\":600}");
    ok(ows_pbx_test_claims(claims) == 600000, "claims may be long");
}


static void
ows_pbx_test_renewals(void)
{
    ok(ows_pbx_token_renewal(3600000, 0) == 3300000,
       "a token is renewed five minutes before its end");
    ok(ows_pbx_token_renewal(3600000, UINT32_MAX) == 3270001,
       "or earlier, by a tenth of what is left at most");
    ok(ows_pbx_token_renewal(3600000, UINT32_MAX / 2) == 3285001,
       "evenly");
    ok(ows_pbx_token_renewal(60000, 0) == 30000
       && ows_pbx_token_renewal(60000, UINT32_MAX) == 27001,
       "a short one after half of its time");
    ok(ows_pbx_token_renewal(600000, 0) == 300000
       && ows_pbx_token_renewal(600002, 0) == 300002,
       "the later of the two counts");
    ok(ows_pbx_token_renewal(86400000, UINT32_MAX) == 86070001,
       "the longest is renewed in time, too");
}


static void
ows_pbx_test_request(void)
{
    size_t           len;
    uint8_t         *body, all[256];
    unsigned         i;
    const ows_str_t  id = ows_string("90 0+&=");
    const ows_str_t  secret = ows_string("Aa0-._~%\xc3\xa9\n");
    const ows_str_t  none = { 0, (const uint8_t *) "" };
    ows_str_t        bytes = { sizeof(all), all };

    body = ows_pbx_token_request(&id, &secret, &len, &ows_test_memory);
    ok(len == strlen("client_id=90%200%2B%26%3D&client_secret=Aa0-._~%25%C3"
                     "%A9%0A&grant_type=client_credentials")
       && memcmp(body, "client_id=90%200%2B%26%3D&client_secret=Aa0-._~%25"
                       "%C3%A9%0A&grant_type=client_credentials", len) == 0,
       "a token request is urlencoded");
    ows_free(&ows_test_memory, body);

    body = ows_pbx_token_request(&none, &none, &len, &ows_test_memory);
    ok(len == strlen("client_id=&client_secret=&grant_type="
                     "client_credentials"),
       "it is made of nothing, too");
    ows_free(&ows_test_memory, body);

    for (i = 0; i < 256; i++) {
        all[i] = (uint8_t) i;
    }

    body = ows_pbx_token_request(&bytes, &bytes, &len, &ows_test_memory);
    ok(len == 55 + 2 * (66 + 190 * 3), "66 bytes of 256 are not encoded");
    ows_free(&ows_test_memory, body);

    ows_test_heap.calls = 0;
    ows_test_heap.fail_at = 1;
    ok(ows_pbx_token_request(&id, &secret, &len, &ows_test_memory) == NULL,
       "without memory there is none");
    ows_test_heap.fail_at = 0;

    ok(ows_test_heap.live == 0, "the requests are freed");
}


static int
ows_pbx_test_parse(const uint8_t *p, size_t len)
{
    ows_str_t  path = { len, p };

    memset(&ows_test_entity, '#', sizeof(ows_test_entity));

    return ows_pbx_entity_parse(&ows_test_entity, &path);
}


static unsigned
ows_pbx_test_is(const char *path, ows_pbx_kind_e kind, const char *dn,
    const char *id)
{
    const ows_pbx_entity_t  *e = &ows_test_entity;

    return ows_test_guarded(ows_pbx_test_parse, path, strlen(path)) == OWS_OK
           && e->kind == kind
           && e->dn_len == strlen(dn) && memcmp(e->dn, dn, e->dn_len) == 0
           && e->id_len == strlen(id) && memcmp(e->id, id, e->id_len) == 0;
}


static void
ows_pbx_test_entities(void)
{
    char         path[2048];
    size_t       i, n, len, taken;
    uint8_t      out[OWS_PBX_PATH_MAX + 1];

    static const char  device[] =
        "/callcontrol/150/devices/"
        "sip%3A150%40127.0.0.1%3A5063%3Brinstance%3Dab12";

    static const char *const  bad[] = {
        "", "/", "callcontrol/150", "/callcontrol", "/callcontrol/",
        "/Callcontrol/150", "/callcontrolx/150", "//callcontrol/150",
        "/callcontrol//devices/x", "/callcontrol/150/",
        "/callcontrol/150/devices", "/callcontrol/150/devices/",
        "/callcontrol/150/participants/", "/callcontrol/150/Participants/4",
        "/callcontrol/150/streams/4", "/callcontrol/150//devices/4",
        "/callcontrol/150/participants/42/drop",
        "/callcontrol/150/participants/42/", "/callcontrol/150/devices/a/b",
        "/callcontrol/150/participants/x", "/callcontrol/150/participants/-1",
        "/callcontrol/150/participants/4 2",
        "/callcontrol/150/participants/0x1",
        "/callcontrol/150/participants/12345678901234567890",
        "/callcontrol/.", "/callcontrol/..", "/callcontrol/%2e%2E",
        "/callcontrol/a..b", "/callcontrol/150/devices/.",
        "/callcontrol/150/devices/..", "/callcontrol/150/devices/a..",
        "/callcontrol/../connect/token", "/callcontrol/150%2Fdevices",
        "/callcontrol/150/devices/a%2fb", "/callcontrol/%", "/callcontrol/%4",
        "/callcontrol/%4g", "/callcontrol/%g4", "/callcontrol/%%41",
        "/callcontrol/150%", "/callcontrol/%00", "/callcontrol/1%0d%0a",
        "/callcontrol/\x1f", "/callcontrol/\x7f", "/callcontrol/%7f",
        "https://evil.example/callcontrol/150"
    };

    ok(ows_pbx_test_is("/callcontrol/150", OWS_PBX_DN, "150", ""),
       "a DN is taken apart");
    ok(ows_pbx_test_is("/callcontrol/150/participants/42",
                       OWS_PBX_PARTICIPANT, "150", "42")
       && ows_pbx_test_is("/callcontrol/1/participants/0123456789012345678",
                          OWS_PBX_PARTICIPANT, "1", "0123456789012345678"),
       "so is a participant, of up to 19 digits");
    ok(ows_pbx_test_is(device, OWS_PBX_DEVICE, "150",
                       "sip:150@127.0.0.1:5063;rinstance=ab12")
       && ows_pbx_test_is("/callcontrol/150/devices/"
                          "sip:150@127.0.0.1:5063;rinstance=ab12",
                          OWS_PBX_DEVICE, "150",
                          "sip:150@127.0.0.1:5063;rinstance=ab12"),
       "and a device, encoded or not");
    ok(ows_pbx_test_is("/callcontrol/%31%35%30", OWS_PBX_DN, "150", "")
       && ows_pbx_test_is("/callcontrol/%25%34%31", OWS_PBX_DN, "%41", "")
       && ows_pbx_test_is("/callcontrol/%2541", OWS_PBX_DN, "%41", "")
       && ows_pbx_test_is("/callcontrol/a.b?c#d", OWS_PBX_DN, "a.b?c#d", "")
       && ows_pbx_test_is("/callcontrol/\xe4%b8\xad+", OWS_PBX_DN,
                          "\xe4\xb8\xad+", ""),
       "each part is decoded once");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(ows_test_guarded(ows_pbx_test_parse, bad[i], strlen(bad[i]))
           == OWS_ERROR,
           "what is no entity is refused: %zu", i);
    }

    ok(ows_test_guarded(ows_pbx_test_parse, "/callcontrol/1\0", 15)
       == OWS_ERROR,
       "a NUL is refused, too");

    taken = 0;

    for (n = 0; n < strlen(device); n++) {
        taken += ows_test_guarded(ows_pbx_test_parse, device, n) == OWS_OK;
    }

    /* 3 are DNs; a device's id is one from its first byte on, but for an
     * unfinished percent-encoding */
    ok(taken == 3 + 47 - 1 - 2 * 5, "a part of a path is a path or refused");

    strcpy(path, "/callcontrol/");
    len = strlen(path);
    memset(path + len, '1', OWS_PBX_DN_MAX + 1);
    n = len + OWS_PBX_DN_MAX;
    ok(ows_test_guarded(ows_pbx_test_parse, path, n) == OWS_OK
       && ows_test_guarded(ows_pbx_test_parse, path, n + 1) == OWS_ERROR,
       "a DN of 64 bytes is taken, of 65 refused");

    strcpy(path + n, "/devices/");
    n = strlen(path);
    memset(path + n, '"', OWS_PBX_ID_MAX + 1);
    n += OWS_PBX_ID_MAX;
    ok(ows_test_guarded(ows_pbx_test_parse, path, n) == OWS_OK
       && ows_test_guarded(ows_pbx_test_parse, path, n + 1) == OWS_ERROR,
       "an id of 256 bytes is taken, of 257 refused");

    strcpy(path, "/callcontrol/");

    for (i = 0; i < OWS_PBX_DN_MAX; i++) {
        strcat(path, "%22");
    }

    strcat(path, "/participants/1");
    ok(ows_test_guarded(ows_pbx_test_parse, path, strlen(path)) == OWS_OK
       && ows_test_entity.dn_len == OWS_PBX_DN_MAX,
       "limits are on what is decoded");

    /* the longest path there can be */
    ows_test_entity.id_len = OWS_PBX_ID_MAX;
    memset(ows_test_entity.id, 0xff, OWS_PBX_ID_MAX);
    out[OWS_PBX_PATH_MAX] = '#';
    len = ows_pbx_entity_path(out, &ows_test_entity);
    ok(len == OWS_PBX_PATH_MAX - 1 && out[OWS_PBX_PATH_MAX] == '#',
       "the longest path has its room");
}


static unsigned
ows_pbx_test_path(const char *in, const char *expected)
{
    size_t   len;
    uint8_t  out[OWS_PBX_PATH_MAX];

    if (ows_test_guarded(ows_pbx_test_parse, in, strlen(in)) != OWS_OK) {
        return 0;
    }

    len = ows_pbx_entity_path(out, &ows_test_entity);

    return len == strlen(expected) && memcmp(out, expected, len) == 0;
}


static void
ows_pbx_test_paths(void)
{
    ows_pbx_entity_t  a, b;

    ok(ows_pbx_test_path("/callcontrol/150", "/callcontrol/150")
       && ows_pbx_test_path("/callcontrol/150/participants/42",
                            "/callcontrol/150/participants/42"),
       "a path is put together again");
    ok(ows_pbx_test_path("/callcontrol/1/devices/sip:1@127.0.0.1:5;r=a",
                         "/callcontrol/1/devices/sip%3A1%40127.0.0.1%3A5%3Br"
                         "%3Da")
       && ows_pbx_test_path("/callcontrol/1/devices/sip%3A1%40%5b%5D",
                            "/callcontrol/1/devices/sip%3A1%40%5B%5D"),
       "and encoded once, however it came");
    ok(ows_pbx_test_path("/callcontrol/a?b#c d%25\xc3\xa9~-._",
                         "/callcontrol/a%3Fb%23c%20d%25%C3%A9~-._"),
       "all but unreserved characters are encoded");

    (void) ows_pbx_test_is("/callcontrol/1/devices/12", OWS_PBX_DEVICE,
                           "", "");
    a = ows_test_entity;
    b = a;
    ok(ows_pbx_entity_equal(&a, &b), "an entity is equal to itself");

    (void) ows_pbx_test_is("/callcontrol/%31/devices/%312", OWS_PBX_DEVICE,
                           "", "");
    ok(ows_pbx_entity_equal(&a, &ows_test_entity),
       "and to what names the same in another encoding");

    b.kind = OWS_PBX_PARTICIPANT;
    ok(!ows_pbx_entity_equal(&a, &b), "not to one of another kind");
    b = a;
    b.dn[0] = '2';
    ok(!ows_pbx_entity_equal(&a, &b), "not to one of another DN");
    b = a;
    b.id[1] = '3';
    ok(!ows_pbx_entity_equal(&a, &b), "not to one with another id");
    b = a;
    b.id_len = 1;
    ok(!ows_pbx_entity_equal(&a, &b), "not to one with a shorter id");
}


static int
ows_pbx_test_event(const uint8_t *p, size_t len)
{
    ows_test_why = NULL;
    memset(&ows_test_event, '#', sizeof(ows_test_event));

    return ows_pbx_event_read(&ows_test_event, p, len, &ows_test_why);
}


static int
ows_pbx_test_event_text(const char *text)
{
    return ows_test_guarded(ows_pbx_test_event, text, strlen(text));
}


static void
ows_pbx_test_events(void)
{
    size_t                  i, n, taken;
    const ows_pbx_event_t  *e = &ows_test_event;

    static const char  upsert[] =
        "{\"sequence\":918,\"event\":{\"event_type\":0,\"entity\":"
        "\"/callcontrol/150/participants/42\",\"attached_data\":null}}";

    static const char *const  bad[] = {
        "", "x", "[]", "{}", "null", "{\"sequence\":1}",
        "{\"event\":null}", "{\"event\":[]}", "{\"event\":{}}",
        "{\"event\":{\"event_type\":null,\"entity\":\"/callcontrol/1\"}}",
        "{\"event\":{\"event_type\":\"0\",\"entity\":\"/callcontrol/1\"}}",
        "{\"event\":{\"event_type\":0.0,\"entity\":\"/callcontrol/1\"}}",
        "{\"event\":{\"event_type\":false,\"entity\":\"/callcontrol/1\"}}",
        "{\"event\":{\"entity\":\"/callcontrol/1\"}}",
        "{\"event\":{\"event_type\":0}}",
        "{\"event\":{\"event_type\":0,\"entity\":null}}",
        "{\"event\":{\"event_type\":0,\"entity\":\"\"}}",
        "{\"event\":{\"event_type\":1,\"entity\":\"/callcontrol/1\\u0000\"}}",
        "{\"event\":{\"event_type\":0,\"entity\":\"/callcontrol/1/x/2\"}}",
        "{\"event\":{\"event_type\":1,\"entity\":\"/xapi/v1/Users\"}}",
        "{\"event_type\":0,\"entity\":\"/callcontrol/1\"}"
    };

    static const char *const  other[] = {
        "{\"event\":{\"event_type\":2}}",
        "{\"event\":{\"event_type\":3,\"entity\":null}}",
        "{\"sequence\":5,\"event\":{\"event_type\":4,\"entity\":"
        "\"/callcontrol/150/participants/42/drop\",\"attached_data\":{"
        "\"RequestID\":\"7f1c\",\"StatusCode\":200}}}",
        "{\"event\":{\"event_type\":5,\"entity\":\"../..\"}}",
        "{\"event\":{\"event_type\":-1}}",
        "{\"event\":{\"event_type\":4294967296}}",
        "{\"event\":{\"event_type\":9223372036854775807}}"
    };

    ok(ows_pbx_test_event_text(upsert) == OWS_OK
       && e->type == OWS_PBX_UPSERT && e->sequence == 918
       && e->entity.kind == OWS_PBX_PARTICIPANT
       && e->entity.dn_len == 3 && memcmp(e->entity.dn, "150", 3) == 0
       && e->entity.id_len == 2 && memcmp(e->entity.id, "42", 2) == 0,
       "an upsert, whose type is 0, is read");

    taken = 0;

    for (n = 0; n < strlen(upsert); n++) {
        taken += ows_test_guarded(ows_pbx_test_event, upsert, n) != OWS_ERROR
                 || ows_test_why == NULL;
    }

    ok(taken == 0, "no part of an event is taken for one");

    ok(ows_pbx_test_event_text("{\"event\":{\"event_type\":1,\"entity\":"
                               "\"/callcontrol/150\"}}") == OWS_OK
       && e->type == OWS_PBX_REMOVE && e->sequence == -1
       && e->entity.kind == OWS_PBX_DN,
       "a remove is read, without a sequence, too");
    ok(ows_pbx_test_event_text("{\"sequence\":\"7\",\"event\":{"
                               "\"event_type\":1,\"entity\":"
                               "\"/callcontrol/150\"}}") == OWS_OK
       && e->sequence == -1,
       "a sequence that is no integer is none");
    ok(ows_pbx_test_event_text("{\"Sequence\":7,\"Event\":{\"EventType\":0,"
                               "\"Entity\":\"/callcontrol/150/devices/x\","
                               "\"AttachedData\":{}}}") == OWS_OK
       && e->type == OWS_PBX_UPSERT && e->sequence == 7
       && e->entity.kind == OWS_PBX_DEVICE,
       "keys in PascalCase are read");
    ok(ows_pbx_test_event_text("{\"Event\":{\"Event_Type\":1,"
                               "\"Entity\":\"/callcontrol/150\"}}") == OWS_OK
       && e->type == OWS_PBX_REMOVE,
       "with underscores, too");
    ok(ows_pbx_test_event_text("{\"event\":{\"event_type\":0,\"entity\":"
                               "\"/callcontrol/150\",\"attached_data\":{"
                               "\"x\":[1,2,{\"y\":\"\\u0000\"}]}}}")
       == OWS_OK,
       "attached data is ignored");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(ows_pbx_test_event_text(bad[i]) == OWS_ERROR
           && ows_test_why != NULL,
           "what is no event is refused with a reason: %zu", i);
    }

    for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        ok(ows_pbx_test_event_text(other[i]) == OWS_OK
           && e->type == OWS_PBX_OTHER,
           "another type is other, whatever its entity is: %zu", i);
    }
}


static void
ows_pbx_test_no_memory(void)
{
    int       rc;
    unsigned  n, sticky, calls, wrong;

    static const char  event[] =
        "{\"sequence\":918,\"event\":{\"event_type\":0,\"entity\":"
        "\"/callcontrol/150/participants/42\",\"attached_data\":null}}";

    ows_test_json_use(&ows_test_heap);

    ows_test_heap.calls = 0;
    (void) ows_pbx_test_lifetime(OWS_TEST_ANSWER);
    calls = ows_test_heap.calls;
    wrong = 0;

    for (sticky = 0; sticky < 2; sticky++) {
        for (n = 1; n <= calls; n++) {
            ows_test_heap.calls = 0;
            ows_test_heap.fail_at = n;
            ows_test_heap.sticky = sticky;

            rc = ows_test_guarded(ows_pbx_test_token, OWS_TEST_ANSWER,
                                  strlen(OWS_TEST_ANSWER));

            wrong += rc != OWS_NOMEM || ows_test_heap.live != 0
                     || ows_test_token.data != NULL;
        }
    }

    ok(calls > 20 && wrong == 0,
       "each of a token's %u allocations that fails is no memory", calls);

    ows_test_heap.fail_at = 0;
    ows_test_heap.calls = 0;
    (void) ows_pbx_test_event_text(event);
    calls = ows_test_heap.calls;
    wrong = ows_test_heap.live != 0;

    for (sticky = 0; sticky < 2; sticky++) {
        for (n = 1; n <= calls; n++) {
            ows_test_heap.calls = 0;
            ows_test_heap.fail_at = n;
            ows_test_heap.sticky = sticky;

            rc = ows_pbx_test_event_text(event);

            wrong += rc != OWS_NOMEM || ows_test_heap.live != 0;
        }
    }

    ok(calls > 10 && wrong == 0,
       "each of an event's %u allocations that fails is no memory", calls);

    ows_test_heap.fail_at = 0;
    (void) ows_pbx_test_event_text("{\"event\":{}}");
    (void) ows_pbx_test_lifetime("{}");
    ok(ows_test_heap.live == 0, "what is refused is freed");

    ows_test_json_release();
}


/* Looks at what is freed. */
static void
ows_pbx_test_free_looking(void *ctx, void *p)
{
    size_t    i;
    uint8_t  *bytes = p;

    for (i = 0; i < strlen(OWS_TEST_JWT); i++) {
        if (bytes[i] != 0) {
            *(unsigned *) ctx = 0;
        }
    }

    free(p);
}


static void *
ows_pbx_test_alloc_plain(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size);
}


static void
ows_pbx_test_wiped(void)
{
    unsigned          wiped;
    ows_alloc_t       alloc;
    const char       *why;
    ows_pbx_token_t   token;

    wiped = 1;

    alloc.alloc = ows_pbx_test_alloc_plain;
    alloc.free = ows_pbx_test_free_looking;
    alloc.ctx = &wiped;

    ok(ows_pbx_token_read(&token, (const uint8_t *) OWS_TEST_ANSWER,
                          strlen(OWS_TEST_ANSWER), &alloc, &why) == OWS_OK,
       "a token is kept");
    ows_pbx_token_free(&token);
    ok(wiped, "and wiped before it is freed");
}


int
main(void)
{
    ows_json_init();
    ows_test_memory = ows_test_alloc(&ows_test_heap);

    ows_pbx_test_tokens();
    ows_pbx_test_lifetimes();
    ows_pbx_test_renewals();
    ows_pbx_test_request();
    ows_pbx_test_entities();
    ows_pbx_test_paths();
    ows_pbx_test_events();
    ows_pbx_test_no_memory();
    ows_pbx_test_wiped();

    return ows_test_done();
}
