/* Unit test of ows_response. */

#include "ows_test.h"
#include "ows_response.h"

#include "ows_handshake.h"


#define KEY         "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define STATUS      "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE     "Upgrade: websocket\r\n"
#define CONNECTION  "Connection: Upgrade\r\n"
#define GOOD        STATUS UPGRADE CONNECTION ACCEPT

#define NOT_HTTP    "the answer isn't proper HTTP"
#define NO_UPGRADE  "the answer has no Upgrade header"
#define NO_ACCEPT   "the answer has no Sec-WebSocket-Accept"
#define MISFIT      "the answer's Sec-WebSocket-Accept doesn't fit the key"
#define NOT_OURS    "the answer's Connection isn't upgraded"
#define OTHER       "the answer upgrades to something else"
#define EXTENSION   "the answer has an extension that wasn't asked for"
#define PROTOCOL    "the answer has a subprotocol that wasn't asked for"
#define REFUSED     "the upgrade was refused"


/* error: NULL: upgraded; an empty one: more is needed. */
typedef struct {
    const char  *name;
    const char  *text;
    unsigned     status;
    const char  *error;
} ows_response_case_t;


static const ows_response_case_t  ows_response_cases[] = {

    { "a good answer is an upgrade", GOOD "\r\n", 101, NULL },
    { "its headers may come in any order and between others",
      STATUS "Server: pbx\r\n" ACCEPT "Date: x\r\n" CONNECTION UPGRADE "\r\n",
      101, NULL },
    { "names and tokens have no case",
      STATUS "UPGRADE: WebSocket\r\nconnection: upgrade\r\n"
      "sec-websocket-ACCEPT: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      101, NULL },
    { "Connection is a list",
      STATUS UPGRADE ACCEPT "Connection: keep-alive, Upgrade,x\r\n\r\n",
      101, NULL },
    { "with empty members",
      STATUS UPGRADE ACCEPT "Connection: ,, \t,Upgrade,\r\n\r\n", 101, NULL },
    { "and in several headers",
      STATUS UPGRADE ACCEPT "Connection: Upgrade\r\nConnection: x\r\n\r\n",
      101, NULL },
    { "spaces around a value are no part of it",
      STATUS UPGRADE "Connection:Upgrade\r\nSec-WebSocket-Accept: \t"
      "s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t\r\n\r\n", 101, NULL },
    { "the reason may be missing",
      "HTTP/1.1 101\r\n" UPGRADE CONNECTION ACCEPT "\r\n", 101, NULL },
    { "or empty",
      "HTTP/1.1 101 \r\n" UPGRADE CONNECTION ACCEPT "\r\n", 101, NULL },
    { "other headers may be empty or not ASCII",
      GOOD "X-A:\r\nX-B: \xe5\xa4\x96\r\n\r\n", 101, NULL },

    { "nothing is no answer yet", "", 0, "" },
    { "half a status isn't either", "HTTP/1.1 10", 0, "" },
    { "the status is known from its line on", STATUS, 101, "" },
    { "half a header needs more", STATUS "Upgrade: webso", 101, "" },
    { "the empty line is missing", GOOD, 101, "" },
    { "half the empty line is", GOOD "\r", 101, "" },

    { "401 is known, though no upgrade",
      "HTTP/1.1 401 Unauthorized\r\n", 401, REFUSED },
    { "403 is", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
      403, REFUSED },
    { "503 of HTTP/1.0 is", "HTTP/1.0 503 Service Unavailable\r\n",
      503, REFUSED },
    { "a redirection is not followed",
      "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 302, REFUSED },
    { "200 with all the right headers is no upgrade",
      "HTTP/1.1 200 OK\r\n" UPGRADE CONNECTION ACCEPT "\r\n", 200, REFUSED },
    { "a refusal may be anything else behind its status",
      "HTTP/1.1 500 Oops\r\n\xff\xff", 500, REFUSED },

    { "101 of HTTP/1.0 is no upgrade",
      "HTTP/1.0 101 Switching Protocols\r\n" UPGRADE CONNECTION ACCEPT "\r\n",
      101, "HTTP/1.0 can't upgrade" },
    { "HTTP/2 is not understood", "HTTP/2 101\r\n" UPGRADE, 0, NOT_HTTP },
    { "a word is no status", "HTTP/1.1 abc\r\n", 0, NOT_HTTP },
    { "four digits are none", "HTTP/1.1 1010\r\n", 0, NOT_HTTP },
    { "two digits are none", "HTTP/1.1 10\r\n", 0, NOT_HTTP },
    { "three digits from 0 are none", "HTTP/1.1 099 x\r\n", 0, NOT_HTTP },
    { "two spaces are too many", "HTTP/1.1  101\r\n", 0, NOT_HTTP },
    { "something else than HTTP", "SSH-2.0-OpenSSH_9.2\r\n", 0, NOT_HTTP },
    { "an empty line before the status", "\r\n" GOOD "\r\n", 0, NOT_HTTP },
    { "a line that ends in LF only",
      "HTTP/1.1 101 Switching Protocols\n", 0, NOT_HTTP },
    { "a header that does", STATUS "Upgrade: websocket\n", 101, NOT_HTTP },
    { "a line of LF only", GOOD "\n", 101, NOT_HTTP },
    { "CR inside of a header", STATUS "Upgrade: web\rsocket\r\n",
      101, NOT_HTTP },
    { "a folded header", STATUS "X:\r\n Upgrade: websocket\r\n",
      101, NOT_HTTP },
    { "one folded with a tab", GOOD "X: a\r\n\tb\r\n\r\n", 101, NOT_HTTP },
    { "a space before the colon", STATUS "Upgrade : websocket\r\n",
      101, NOT_HTTP },
    { "a header without a name", STATUS ": websocket\r\n", 101, NOT_HTTP },
    { "a header without a colon", STATUS "Upgrade\r\n", 101, NOT_HTTP },
    { "a control byte", STATUS "X: a\x01\r\n", 101, NOT_HTTP },
    { "DEL", STATUS "X: a\x7f\r\n", 101, NOT_HTTP },
    { "a name that isn't a token", STATUS "X\xe5: a\r\n", 101, NOT_HTTP },

    { "no Upgrade", STATUS CONNECTION ACCEPT "\r\n", 101, NO_UPGRADE },
    { "an upgrade to h2c", STATUS "Upgrade: h2c\r\n", 101, OTHER },
    { "one to a list", STATUS "Upgrade: websocket, h2c\r\n", 101, OTHER },
    { "one to websocket and another", GOOD "Upgrade: h2c\r\n", 101, OTHER },
    { "an empty one", STATUS "Upgrade: \r\n", 101, OTHER },
    { "no Connection", STATUS UPGRADE ACCEPT "\r\n", 101, NOT_OURS },
    { "another Connection",
      STATUS UPGRADE ACCEPT "Connection: close\r\n\r\n", 101, NOT_OURS },
    { "Upgrade as a part of a token",
      STATUS UPGRADE ACCEPT "Connection: xUpgrade, Upgrade2\r\n\r\n",
      101, NOT_OURS },
    { "Upgrade with a space inside",
      STATUS UPGRADE ACCEPT "Connection: Up grade\r\n\r\n", 101, NOT_OURS },
    { "no Sec-WebSocket-Accept", STATUS UPGRADE CONNECTION "\r\n",
      101, NO_ACCEPT },
    { "an empty one", STATUS "Sec-WebSocket-Accept:\r\n", 101, MISFIT },
    { "one for another key",
      STATUS "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n",
      101, MISFIT },
    { "one in another case",
      STATUS "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n",
      101, MISFIT },
    { "one that is longer",
      STATUS "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo==\r\n",
      101, MISFIT },
    { "two of them", GOOD ACCEPT "\r\n", 101,
      "the answer has Sec-WebSocket-Accept twice" },
    { "an extension that wasn't asked for",
      GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
      101, EXTENSION },
    { "in any case", GOOD "sec-websocket-extensions: x\r\n\r\n",
      101, EXTENSION },
    { "a subprotocol that wasn't asked for",
      GOOD "Sec-WebSocket-Protocol: chat\r\n\r\n", 101, PROTOCOL }
};

#define CASES  (sizeof(ows_response_cases) / sizeof(ows_response_cases[0]))


/* What a feeding of ows_response_read() leaves behind. */
typedef struct {
    ows_response_t  r;
    size_t          taken;
} ows_response_test_t;


static int
ows_response_test_read(void *ctx, uint8_t *p, uint8_t *last)
{
    int                   rc;
    const uint8_t        *pos;
    ows_response_test_t  *t = ctx;

    pos = p;
    rc = ows_response_read(&t->r, &pos, last);

    t->taken += (size_t) (pos - p);

    return rc;
}


/* In slices; `frames`: bytes that follow the answer. */
static int
ows_response_test_feed(ows_response_test_t *t, const char *text, size_t slice,
    const char *frames)
{
    char    buf[2 * OWS_RESPONSE_MAX];
    size_t  fed;

    (void) snprintf(buf, sizeof(buf), "%s%s", text, frames);

    t->taken = 0;

    if (ows_response_init(&t->r, (const uint8_t *) KEY) != OWS_OK) {
        return OWS_NOMEM;
    }

    return ows_test_feed(buf, strlen(buf), slice, ows_response_test_read, t,
                         &fed);
}


static int
ows_response_test_sliced(const ows_response_case_t *c, size_t slice)
{
    int                   rc;
    ows_response_test_t   t;

    if (c->error == NULL) {
        rc = ows_response_test_feed(&t, c->text, slice, "\x81\x02hi");

        return rc == OWS_OK && t.r.status == c->status
               && t.taken == strlen(c->text);
    }

    rc = ows_response_test_feed(&t, c->text, slice, "");

    if (c->error[0] == '\0') {
        return rc == OWS_AGAIN && t.r.status == c->status
               && t.taken == strlen(c->text);
    }

    return rc == OWS_ERROR && t.r.status == c->status
           && strcmp(t.r.error, c->error) == 0;
}


static void
ows_response_test_cases(void)
{
    size_t                      i;
    unsigned                    n, good;
    const ows_response_case_t  *c;

    for (i = 0; i < CASES; i++) {
        c = &ows_response_cases[i];
        good = 1;

        for (n = 0; n < OWS_TEST_SLICES; n++) {
            good = good && ows_response_test_sliced(c, ows_test_slice(n));
        }

        ok(good, "%s", c->name);
    }
}


/* An answer whose header is `len` bytes long. */
static int
ows_response_test_long(size_t len, size_t slice, const char **error)
{
    int                   rc;
    char                  text[2 * OWS_RESPONSE_MAX];
    size_t                n;
    ows_response_test_t   t;

    n = sizeof(GOOD "X: " "\r\n\r\n") - 1;

    memcpy(text, GOOD "X: ", sizeof(GOOD "X: ") - 1);
    memset(text + sizeof(GOOD "X: ") - 1, 'x', len - n);
    memcpy(text + len - 4, "\r\n\r\n", 5);

    rc = ows_response_test_feed(&t, text, slice, "\x81\x02hi");
    *error = t.r.error;

    return rc;
}


static void
ows_response_test_size(void)
{
    unsigned     n, fits, over;
    const char  *error;

    fits = 1;
    over = 1;

    for (n = 0; n < OWS_TEST_SLICES; n++) {
        fits = fits
               && ows_response_test_long(OWS_RESPONSE_MAX, ows_test_slice(n),
                                         &error)
                  == OWS_OK;

        over = over
               && ows_response_test_long(OWS_RESPONSE_MAX + 1,
                                         ows_test_slice(n), &error)
                  == OWS_ERROR
               && strcmp(error, "the answer's header is too long") == 0;
    }

    ok(fits, "a header of the greatest length is read");
    ok(over, "one byte more is refused");
}


/* A key made here goes into a request, and a server's answer is for it. */
static void
ows_response_test_round_trip(void)
{
    char            text[512];
    uint8_t         key[OWS_KEY_LEN], accept[OWS_ACCEPT_LEN];
    unsigned        i, good;
    ows_str_t       key_str;
    ows_response_t  r;
    const uint8_t  *p;

    good = 1;
    key_str.data = key;
    key_str.len = OWS_KEY_LEN;

    for (i = 0; i < 100; i++) {
        memset(accept, (int) i, 16);
        ows_handshake_key(key, accept);
        good = good && ows_handshake_accept(accept, &key_str) == OWS_OK;

        (void) snprintf(text, sizeof(text), STATUS UPGRADE CONNECTION
                        "Sec-WebSocket-Accept: %.*s\r\n\r\n",
                        OWS_ACCEPT_LEN, (char *) accept);

        p = (const uint8_t *) text;

        good = good && ows_response_init(&r, key) == OWS_OK
               && ows_response_read(&r, &p, p + strlen(text)) == OWS_OK;
    }

    ok(good, "what a server accepts a key with is what its client expects");
}


int
main(void)
{
    ows_response_test_cases();
    ows_response_test_size();
    ows_response_test_round_trip();

    return ows_test_done();
}
