/*
 * ows_handshake_fuzz: key, accept value, request, and the rules of origins.
 *
 * The input's lines: key, path, host, bearer, Origin, rules, one a line; the
 * slices' first two bytes are the room for the request.  Must be so: a key is
 * good when it is what 16 bytes become; a request is the text it must be or
 * nothing at all; rules together admit what one of them admits, case doesn't
 * matter, and what is admitted has the host that the rule names.
 */

#define _GNU_SOURCE                     /* asprintf(), memmem() */

#include "ows_fuzz.h"
#include "ows_handshake.h"
#include "ows_origin.h"

#include <openssl/evp.h>
#include <strings.h>


#define OWS_HANDSHAKE_FUZZ_RULES  4


static void
ows_handshake_fuzz_key(const ows_str_t *key)
{
    int      good;
    uint8_t  bytes[18], again[OWS_KEY_LEN];
    uint8_t  accept[OWS_ACCEPT_LEN], expect[32], sha1[20];
    char     text[OWS_KEY_LEN + 36 + 1];

    good = 0;

    if (key->len == OWS_KEY_LEN
        && EVP_DecodeBlock(bytes, key->data, OWS_KEY_LEN) == sizeof(bytes))
    {
        ows_handshake_key(again, bytes);
        good = memcmp(again, key->data, OWS_KEY_LEN) == 0;
    }

    ows_fuzz_check(ows_handshake_key_valid(key) == good);

    if (!good) {
        return;
    }

    ows_fuzz_check(ows_handshake_accept(accept, key) == OWS_OK);

    snprintf(text, sizeof(text), "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
             OWS_KEY_LEN, (const char *) key->data);

    EVP_Digest(text, sizeof(text) - 1, sha1, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock(expect, sha1, sizeof(sha1));

    ows_fuzz_check(memcmp(accept, expect, OWS_ACCEPT_LEN) == 0);
}


static int
ows_handshake_fuzz_visible(const ows_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x21 || s->data[i] > 0x7e) {
            return 0;
        }
    }

    return s->len > 0;
}


/* What the request must be, when its values are good; its length. */
static size_t
ows_handshake_fuzz_expect(char **text, const ows_str_t *path,
    const ows_str_t *host, const uint8_t *key, const ows_str_t *bearer)
{
    int  n;

    n = asprintf(text, "GET %.*s HTTP/1.1\r\nHost: %.*s\r\n"
                       "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: %.*s%s%.*s\r\n\r\n",
                 (int) path->len, (const char *) path->data,
                 (int) host->len, (const char *) host->data,
                 OWS_KEY_LEN, (const char *) key,
                 bearer->len ? "\r\nAuthorization: Bearer " : "",
                 (int) bearer->len, (const char *) bearer->data);
    if (n < 0) {
        abort();
    }

    return (size_t) n;
}


static void
ows_handshake_fuzz_request(size_t room, const ows_str_t *path,
    const ows_str_t *host, const ows_str_t *bearer)
{
    int       good;
    char     *expect;
    size_t    i, n, len;
    uint8_t  *p;

    static const uint8_t  key[] = "dGhlIHNhbXBsZSBub25jZQ==";

    good = ows_handshake_fuzz_visible(path)
           && ows_handshake_fuzz_visible(host)
           && (bearer->len == 0 || ows_handshake_fuzz_visible(bearer));

    len = ows_handshake_fuzz_expect(&expect, path, host, key, bearer);

    p = calloc(1, room);
    if (p == NULL) {
        abort();
    }

    n = ows_handshake_request(p, room, path, host, key, bearer);

    if (good && len <= room) {
        ows_fuzz_check(n == len && memcmp(p, expect, len) == 0);

    } else {
        ows_fuzz_check(n == 0);

        /* it was wiped */
        for (i = 0; i < room; i++) {
            ows_fuzz_check(p[i] == '\0');
        }
    }

    free(p);
    free(expect);
}


static int
ows_handshake_fuzz_allowed(const ows_origin_t *rules, size_t n,
    const ows_str_t *origin, const ows_str_t *host)
{
    int        allowed;
    size_t     i;
    uint8_t   *copy;
    ows_str_t  upper;

    allowed = ows_origin_allowed(rules, n, origin, host);

    copy = ows_fuzz_copy(origin->data, origin->len);

    for (i = 0; i < origin->len; i++) {
        copy[i] = (uint8_t) toupper(copy[i]);
    }

    upper.data = copy;
    upper.len = origin->len;

    ows_fuzz_check(ows_origin_allowed(rules, n, &upper, host) == allowed);

    free(copy);

    return allowed;
}


/* scheme://host[:port], without regard to how ows_origin takes it apart. */
static ows_str_t
ows_handshake_fuzz_host(const ows_str_t *origin)
{
    ows_str_t       host;
    const uint8_t  *p;

    p = memmem(origin->data, origin->len, "://", 3);

    ows_fuzz_check(p != NULL);

    host.data = p + 3;
    host.len = (size_t) (origin->data + origin->len - host.data);

    while (host.len > 0 && isdigit(host.data[host.len - 1])) {
        host.len--;
    }

    if (host.len > 0 && host.data[host.len - 1] == ':') {
        host.len--;

    } else {
        host.len = (size_t) (origin->data + origin->len - host.data);
    }

    return host;
}


/* The one rule, whose text this is, admits the Origin. */
static void
ows_handshake_fuzz_admitted(const ows_origin_t *rule, const ows_str_t *text,
    const ows_str_t *origin, const ows_str_t *host)
{
    size_t     i, n;
    ows_str_t  of, mine;

    if (rule->type == OWS_ORIGIN_ANY) {
        return;
    }

    for (i = 0; i < origin->len; i++) {
        ows_fuzz_check(origin->data[i] > 0x20 && origin->data[i] < 0x7f
                       && strchr("@?#\\%", origin->data[i]) == NULL);
    }

    of = ows_handshake_fuzz_host(origin);

    ows_fuzz_check(memchr(of.data, '/', of.len) == NULL);

    if (rule->type == OWS_ORIGIN_SUFFIX) {

        /* all of "*.example.com" but the asterisk */
        n = text->len - 1;

        ows_fuzz_check(text->data[0] == '*' && of.len > n);
        ows_fuzz_check(strncasecmp((const char *) of.data + of.len - n,
                                   (const char *) text->data + 1, n) == 0);
        return;
    }

    if (rule->type == OWS_ORIGIN_EXACT) {
        mine = ows_handshake_fuzz_host(text);

        ows_fuzz_check(of.len == mine.len);
        ows_fuzz_check(strncasecmp((const char *) of.data,
                                   (const char *) mine.data, of.len) == 0);
        return;
    }

    ows_fuzz_check(of.len <= host->len);
    ows_fuzz_check(strncasecmp((const char *) of.data,
                               (const char *) host->data, of.len) == 0);
    ows_fuzz_check(of.len == host->len || host->data[of.len] == ':');
}


static void
ows_handshake_fuzz_origin(ows_fuzz_t *fuzz, const ows_str_t *origin,
    const ows_str_t *host)
{
    int           one, any;
    size_t        i, n;
    ows_str_t     lines[OWS_HANDSHAKE_FUZZ_RULES];
    ows_origin_t  rules[OWS_HANDSHAKE_FUZZ_RULES];

    n = 0;
    any = 0;

    for (i = 0; i < OWS_HANDSHAKE_FUZZ_RULES; i++) {
        lines[i] = ows_fuzz_line(fuzz);

        if (ows_origin_parse(&rules[n], &lines[i]) != NULL) {
            continue;
        }

        one = ows_handshake_fuzz_allowed(&rules[n], 1, origin, host);

        if (one) {
            ows_handshake_fuzz_admitted(&rules[n], &lines[i], origin, host);
        }

        if (rules[n].type == OWS_ORIGIN_EXACT) {
            ows_fuzz_check(ows_origin_allowed(&rules[n], 1, &lines[i], host));
        }

        ows_fuzz_check(one || rules[n].type != OWS_ORIGIN_ANY);

        any |= one;
        n++;
    }

    ows_fuzz_check(ows_handshake_fuzz_allowed(rules, n, origin, host) == any);

    for (i = 0; i < OWS_HANDSHAKE_FUZZ_RULES; i++) {
        ows_fuzz_line_free(&lines[i]);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ows_str_t   key, path, host, bearer, origin;
    ows_fuzz_t  fuzz;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    key = ows_fuzz_line(&fuzz);
    path = ows_fuzz_line(&fuzz);
    host = ows_fuzz_line(&fuzz);
    bearer = ows_fuzz_line(&fuzz);
    origin = ows_fuzz_line(&fuzz);

    ows_handshake_fuzz_key(&key);
    ows_handshake_fuzz_request((size_t) fuzz.control[1] * 8 + fuzz.control[2],
                               &path, &host, &bearer);
    ows_handshake_fuzz_origin(&fuzz, &origin, &host);

    ows_fuzz_line_free(&key);
    ows_fuzz_line_free(&path);
    ows_fuzz_line_free(&host);
    ows_fuzz_line_free(&bearer);
    ows_fuzz_line_free(&origin);

    return ows_fuzz_done(&fuzz);
}
