/*
 * ows_handshake: the opening handshake of RFC 6455, section 4.
 *
 * Promises that no value handed in can add a line to a request.  Knows
 * neither connections nor which other headers a request may have; below it is
 * libcrypto for SHA-1 and base64.
 */

#include "ows_handshake.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>


#define OWS_KEY_BYTES     16
#define OWS_KEY_DIGITS    22            /* base64 digits before the "==" */

#define OWS_GUID          "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define OWS_GUID_LEN      (sizeof(OWS_GUID) - 1)


/* A request being written. */
typedef struct {
    uint8_t          *start;
    uint8_t          *p;
    uint8_t          *last;
    unsigned          failed;    /* boolean; then the rest isn't written */
} ows_request_t;


static void ows_request_text(ows_request_t *w, const char *text);
static void ows_request_value(ows_request_t *w, const ows_str_t *value);
static void ows_request_add(ows_request_t *w, const void *data, size_t len);


static const char  ows_base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";


int
ows_handshake_key_valid(const ows_str_t *key)
{
    size_t       i;
    const char  *digit;

    if (key->len != OWS_KEY_LEN
        || memcmp(key->data + OWS_KEY_DIGITS, "==", 2) != 0)
    {
        return 0;
    }

    digit = ows_base64_digits;

    for (i = 0; i < OWS_KEY_DIGITS; i++) {
        digit = memchr(ows_base64_digits, key->data[i], 64);
        if (digit == NULL) {
            return 0;
        }
    }

    /* of the last digit's six bits two are the key's, and four are zero */

    return (digit - ows_base64_digits) % 16 == 0;
}


int
ows_handshake_accept(uint8_t *accept, const ows_str_t *key)
{
    uint8_t  text[OWS_KEY_LEN + OWS_GUID_LEN];
    uint8_t  sha1[SHA_DIGEST_LENGTH], base64[OWS_ACCEPT_LEN + 1];

    memcpy(text, key->data, OWS_KEY_LEN);
    memcpy(text + OWS_KEY_LEN, OWS_GUID, OWS_GUID_LEN);

    if (SHA1(text, sizeof(text), sha1) == NULL) {

        /* or the next one to look would take the error for its own */

        ERR_clear_error();
        return OWS_NOMEM;
    }

    (void) EVP_EncodeBlock(base64, sha1, sizeof(sha1));
    memcpy(accept, base64, OWS_ACCEPT_LEN);

    return OWS_OK;
}


size_t
ows_handshake_request(uint8_t *p, size_t size, const ows_str_t *path,
    const ows_str_t *host, const uint8_t *key, const ows_str_t *bearer)
{
    ows_str_t      key_value;
    ows_request_t  w;

    w.start = p;
    w.p = p;
    w.last = p + size;
    w.failed = 0;

    key_value.data = key;
    key_value.len = OWS_KEY_LEN;

    ows_request_text(&w, "GET ");
    ows_request_value(&w, path);
    ows_request_text(&w, " HTTP/1.1\r\nHost: ");
    ows_request_value(&w, host);
    ows_request_text(&w, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: ");
    ows_request_value(&w, &key_value);

    if (bearer->len) {
        ows_request_text(&w, "\r\nAuthorization: Bearer ");
        ows_request_value(&w, bearer);
    }

    ows_request_text(&w, "\r\n\r\n");

    if (w.failed) {
        explicit_bzero(w.start, (size_t) (w.p - w.start));
        return 0;
    }

    return (size_t) (w.p - w.start);
}


static void
ows_request_text(ows_request_t *w, const char *text)
{
    ows_request_add(w, text, strlen(text));
}


/* One that can't end its line or be taken for two. */
static void
ows_request_value(ows_request_t *w, const ows_str_t *value)
{
    size_t  i;

    if (value->len == 0) {
        w->failed = 1;
    }

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= 0x20 || value->data[i] >= 0x7f) {
            w->failed = 1;
        }
    }

    ows_request_add(w, value->data, value->len);
}


static void
ows_request_add(ows_request_t *w, const void *data, size_t len)
{
    if (len > (size_t) (w->last - w->p)) {
        w->failed = 1;
    }

    if (w->failed) {
        return;
    }

    memcpy(w->p, data, len);
    w->p += len;
}


void
ows_handshake_key(uint8_t *key, const uint8_t *random)
{
    uint8_t  base64[OWS_KEY_LEN + 1];

    (void) EVP_EncodeBlock(base64, random, OWS_KEY_BYTES);
    memcpy(key, base64, OWS_KEY_LEN);
}
