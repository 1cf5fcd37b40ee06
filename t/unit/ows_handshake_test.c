/* Unit test of ows_handshake; the key is that of RFC 6455, section 1.3. */

#define _GNU_SOURCE              /* memmem() */

#include "ows_test.h"
#include "ows_handshake.h"

#include <openssl/crypto.h>


#define OWS_HANDSHAKE_TEST_KEY     "dGhlIHNhbXBsZSBub25jZQ=="
#define OWS_HANDSHAKE_TEST_ACCEPT  "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


/* libcrypto's memory; all of it fails while `limit` is on and used up. */
static unsigned  ows_handshake_test_limited;
static unsigned  ows_handshake_test_limit;


static void *
ows_handshake_test_realloc(void *p, size_t size, const char *file, int line)
{
    (void) file;
    (void) line;

    if (ows_handshake_test_limited && ows_handshake_test_limit-- == 0) {
        ows_handshake_test_limit = 0;
        return NULL;
    }

    return realloc(p, size);
}


static void *
ows_handshake_test_malloc(size_t size, const char *file, int line)
{
    return ows_handshake_test_realloc(NULL, size, file, line);
}


static void
ows_handshake_test_free(void *p, const char *file, int line)
{
    (void) file;
    (void) line;

    free(p);
}


static ows_str_t
ows_handshake_test_str(const char *text)
{
    ows_str_t  str;

    str.len = strlen(text);
    str.data = (const uint8_t *) text;

    return str;
}


/* The first that uses libcrypto, which has yet to set itself up. */
static void
ows_handshake_test_accept(void)
{
    int        rc;
    uint8_t    accept[OWS_ACCEPT_LEN + 1];
    unsigned   n, good, failed;
    ows_str_t  key;

    key = ows_handshake_test_str(OWS_HANDSHAKE_TEST_KEY);
    good = 1;
    failed = 0;

    ok(ows_handshake_accept(accept, &key) == OWS_OK
       && memcmp(accept, OWS_HANDSHAKE_TEST_ACCEPT, OWS_ACCEPT_LEN) == 0,
       "the RFC's key is accepted by the RFC's value");

    for (n = 0; n < 1000; n++) {
        memset(accept, '!', sizeof(accept));

        ows_handshake_test_limit = n;
        ows_handshake_test_limited = 1;
        rc = ows_handshake_accept(accept, &key);
        ows_handshake_test_limited = 0;

        good = good && accept[OWS_ACCEPT_LEN] == '!';

        if (rc == OWS_OK) {
            good = good && memcmp(accept, OWS_HANDSHAKE_TEST_ACCEPT,
                                  OWS_ACCEPT_LEN)
                           == 0;
            break;
        }

        failed++;
        good = good && rc == OWS_NOMEM && accept[0] == '!';
    }

    ok(good && failed > 0 && n < 1000,
       "where libcrypto has no memory nothing is accepted");
}


static void
ows_handshake_test_key_valid(void)
{
    char       text[OWS_KEY_LEN + 1];
    size_t     i;
    uint8_t   *p;
    unsigned   good;
    ows_str_t  key;

    static const struct {
        const char  *name;
        const char  *key;
        int          valid;
    } keys[] = {
        { "the RFC's key is valid", OWS_HANDSHAKE_TEST_KEY, 1 },
        { "all zeros are", "AAAAAAAAAAAAAAAAAAAAAA==", 1 },
        { "all ones are", "/////////////////////w==", 1 },
        { "every kind of digit is", "AZaz09+/AZaz09+/AZaz0Q==", 1 },
        { "an empty key isn't", "", 0 },
        { "one of 15 bytes isn't", "dGhlIHNhbXBsZSBub25j", 0 },
        { "one of 17 bytes isn't", "dGhlIHNhbXBsZSBub25jZQA=", 0 },
        { "one of 18 bytes isn't", "dGhlIHNhbXBsZSBub25jZQAA", 0 },
        { "one without padding isn't", "dGhlIHNhbXBsZSBub25jZQ", 0 },
        { "one with too much padding isn't", "dGhlIHNhbXBsZSBub25jZ===", 0 },
        { "one with padding inside isn't", "dGhlIHNh==BsZSBub25jZQ==", 0 },
        { "one with a space before it isn't", " dGhlIHNhbXBsZSBub25jZQ==",
          0 },
        { "one with a space inside isn't", "dGhl HNhbXBsZSBub25jZQ==", 0 },
        { "base64url isn't", "dGhlIHNhbX_sZSBub25jZQ==", 0 },
        { "one that isn't ASCII isn't", "dGhlIHNhbX\xffsZSBub25jZQ==", 0 },
        { "one byte over the padding isn't", "dGhlIHNhbXBsZSBub25jZQ===", 0 }
    };

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        key = ows_handshake_test_str(keys[i].key);
        p = ows_test_guard(key.data, key.len);
        key.data = p;

        ok(ows_handshake_key_valid(&key) == keys[i].valid, "%s",
           keys[i].name);

        ows_test_unguard(p, key.len);
    }

    /* the last digit holds two bits of the key, the other four must be 0 */

    good = 1;

    for (i = 0; i < 256; i++) {
        memcpy(text, OWS_HANDSHAKE_TEST_KEY, sizeof(text));
        text[21] = (char) i;

        key.len = OWS_KEY_LEN;
        key.data = (const uint8_t *) text;

        good = good
               && ows_handshake_key_valid(&key)
                  == (i == 'A' || i == 'Q' || i == 'g' || i == 'w');
    }

    ok(good, "bits after the 128th must be zero");
}


static void
ows_handshake_test_key(void)
{
    size_t     i;
    uint8_t    key[OWS_KEY_LEN + 1], random[16];
    unsigned   good;
    ows_str_t  str;

    memset(key, '!', sizeof(key));

    ows_handshake_key(key, (const uint8_t *) "the sample nonce");
    ok(memcmp(key, OWS_HANDSHAKE_TEST_KEY, OWS_KEY_LEN) == 0,
       "the RFC's nonce makes the RFC's key");
    ok(key[OWS_KEY_LEN] == '!', "nothing is written behind it");

    good = 1;
    str.data = key;
    str.len = OWS_KEY_LEN;

    for (i = 0; i < 1000; i++) {
        memset(random, (int) i, sizeof(random));
        random[i % 16] = (uint8_t) (i * 31);

        ows_handshake_key(key, random);
        good = good && ows_handshake_key_valid(&str);
    }

    ok(good, "any sixteen bytes make a valid key");
}


/* An empty text: no token. */
static size_t
ows_handshake_test_write(uint8_t *p, size_t size, const char *path,
    const char *host, const char *bearer)
{
    ows_str_t  path_str, host_str, bearer_str;

    path_str = ows_handshake_test_str(path);
    host_str = ows_handshake_test_str(host);
    bearer_str = ows_handshake_test_str(bearer);

    return ows_handshake_request(p, size, &path_str, &host_str,
                                 (const uint8_t *) OWS_HANDSHAKE_TEST_KEY,
                                 &bearer_str);
}


static void
ows_handshake_test_request(void)
{
    size_t      len, size;
    uint8_t     buf[1000], *p;
    unsigned    good;

    static const char  request[] =
        "GET /callcontrol/ws HTTP/1.1\r\n"
        "Host: pbx.example.com:5001\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: " OWS_HANDSHAKE_TEST_KEY "\r\n"
        "Authorization: Bearer to.ken\r\n"
        "\r\n";

    len = ows_handshake_test_write(buf, sizeof(buf), "/callcontrol/ws",
                                   "pbx.example.com:5001", "to.ken");
    ok(len == sizeof(request) - 1 && memcmp(buf, request, len) == 0,
       "a request has what section 4.1 asks for, and the token");

    good = 1;

    for (size = 0; size <= len; size++) {
        memset(buf, ' ', size);
        p = ows_test_guard(buf, size);

        good = good
               && ows_handshake_test_write(p, size, "/callcontrol/ws",
                                           "pbx.example.com:5001", "to.ken")
                  == (size == len ? len : 0);

        if (size < len) {
            good = good && memmem(p, size, "to.ken", 6) == NULL;
        }

        ows_test_unguard(p, size);
    }

    ok(good, "where it doesn't fit there is none, nor a token left behind");

    len = ows_handshake_test_write(buf, sizeof(buf), "/ws", "pbx", "");
    ok(len > 0 && memmem(buf, len, "Authorization", 13) == NULL
       && memcmp(buf + len - 8, "ZQ==\r\n\r\n", 8) == 0,
       "without a token there is no Authorization");
}


static void
ows_handshake_test_injection(void)
{
    size_t    i;
    uint8_t   buf[1000];
    unsigned  good;

    static const char  *wrong[] = {
        "a\r\nX-Other: b", "a\nb", "a\rb", "a b", "a\tb", "\x7f", "\xc3\xa4"
    };

    good = 1;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        good = good
               && ows_handshake_test_write(buf, 1000, wrong[i], "h", "t") == 0
               && ows_handshake_test_write(buf, 1000, "/", wrong[i], "t") == 0
               && ows_handshake_test_write(buf, 1000, "/", "h", wrong[i])
                  == 0;
    }

    ok(good, "neither path nor host nor token can bring a line of its own");

    ok(ows_handshake_test_write(buf, 1000, "", "h", "t") == 0
       && ows_handshake_test_write(buf, 1000, "/", "", "t") == 0,
       "an empty path or host makes no request");
}


int
main(void)
{
    if (CRYPTO_set_mem_functions(ows_handshake_test_malloc,
                                 ows_handshake_test_realloc,
                                 ows_handshake_test_free)
        != 1)
    {
        printf("Bail out! libcrypto allocated before main()\n");
        return 2;
    }

    ows_handshake_test_accept();
    ows_handshake_test_key_valid();
    ows_handshake_test_key();
    ows_handshake_test_request();
    ows_handshake_test_injection();

    return ows_test_done();
}
