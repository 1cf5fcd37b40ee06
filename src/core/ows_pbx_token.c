/*
 * ows_pbx_token: an access token: asking for it, reading it, its lifetime.
 *
 * Part of ows_pbx.h.  Promises that a token fits into a header and that its
 * lifetime is within bounds, whatever the PBX says.  Doesn't check the JWT's
 * signature, for it is not the audience, and doesn't know the time.
 */

#include "ows_pbx.h"
#include "ows_json.h"

#include <string.h>


/* seconds */
#define OWS_PBX_LIFETIME      3600
#define OWS_PBX_LIFETIME_MIN  60
#define OWS_PBX_LIFETIME_MAX  86400

/* expires_in below this is in minutes */
#define OWS_PBX_MINUTES_BELOW  300

/* milliseconds before a token's end */
#define OWS_PBX_RENEW_BEFORE  (5 * 60 * 1000)


static int ows_pbx_token_fill(ows_pbx_token_t *token, const json_t *answer,
    const ows_alloc_t *alloc, const char **why);
static int ows_pbx_token_lifetime(int64_t *lifetime, const ows_str_t *jwt,
    const json_t *answer);
static int ows_pbx_token_claims(double *seconds, const ows_str_t *jwt);
static size_t ows_pbx_base64url(uint8_t *dst, const uint8_t *p, size_t len);
static unsigned ows_pbx_base64url_value(uint8_t c);


static const ows_json_limits_t  ows_pbx_token_limits = {
    4 * OWS_PBX_TOKEN_MAX, 16, 1024
};


int
ows_pbx_token_read(ows_pbx_token_t *token, const uint8_t *p, size_t len,
    const ows_alloc_t *alloc, const char **why)
{
    int          rc;
    json_t      *answer;
    ows_json_e   reason;

    memset(token, 0, sizeof(ows_pbx_token_t));

    answer = ows_json_parse(p, len, &ows_pbx_token_limits, &reason);
    if (answer == NULL) {
        *why = ows_json_reason(reason);
        return (reason == OWS_JSON_NOMEM) ? OWS_NOMEM : OWS_ERROR;
    }

    rc = ows_pbx_token_fill(token, answer, alloc, why);

    json_decref(answer);

    return rc;
}


static int
ows_pbx_token_fill(ows_pbx_token_t *token, const json_t *answer,
    const ows_alloc_t *alloc, const char **why)
{
    int        rc;
    size_t     i;
    ows_str_t  text;

    text = ows_json_string(answer, "access_token");

    if (text.len == 0) {
        *why = "has no access_token";
        return OWS_ERROR;
    }

    if (text.len > OWS_PBX_TOKEN_MAX) {
        *why = "has an access_token that is too long";
        return OWS_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x21 || text.data[i] > 0x7e) {
            *why = "has an access_token with odd characters in it";
            return OWS_ERROR;
        }
    }

    rc = ows_pbx_token_lifetime(&token->lifetime, &text, answer);
    if (rc != OWS_OK) {
        return rc;
    }

    token->data = ows_alloc(alloc, text.len);
    if (token->data == NULL) {
        return OWS_NOMEM;
    }

    memcpy(token->data, text.data, text.len);
    token->len = text.len;
    token->alloc = alloc;

    return OWS_OK;
}


static int
ows_pbx_token_lifetime(int64_t *lifetime, const ows_str_t *jwt,
    const json_t *answer)
{
    int      rc;
    double   seconds;
    json_t  *expires_in;

    rc = ows_pbx_token_claims(&seconds, jwt);
    if (rc == OWS_NOMEM) {
        return rc;
    }

    if (rc == OWS_ERROR) {
        expires_in = json_object_get(answer, "expires_in");

        if (json_is_number(expires_in)) {
            seconds = json_number_value(expires_in);

            if (seconds < OWS_PBX_MINUTES_BELOW) {
                seconds *= 60;
            }

        } else {
            seconds = OWS_PBX_LIFETIME;
        }
    }

    if (seconds < OWS_PBX_LIFETIME_MIN) {
        seconds = OWS_PBX_LIFETIME_MIN;

    } else if (seconds > OWS_PBX_LIFETIME_MAX) {
        seconds = OWS_PBX_LIFETIME_MAX;
    }

    *lifetime = (int64_t) (seconds * 1000);

    return OWS_OK;
}


/*
 * exp - iat of the JWT (RFC 7519): a duration, which no difference between
 * the clocks can spoil.  OWS_ERROR: no JWT, or one that doesn't say.
 */
static int
ows_pbx_token_claims(double *seconds, const ows_str_t *jwt)
{
    size_t          len;
    json_t         *claims, *iat, *exp;
    uint8_t         text[OWS_PBX_TOKEN_MAX / 4 * 3];
    ows_json_e      reason;
    const uint8_t  *first, *last, *end;

    end = jwt->data + jwt->len;

    first = memchr(jwt->data, '.', jwt->len);
    if (first == NULL) {
        return OWS_ERROR;
    }

    first++;

    last = memchr(first, '.', (size_t) (end - first));
    if (last == NULL) {
        return OWS_ERROR;
    }

    len = ows_pbx_base64url(text, first, (size_t) (last - first));
    claims = ows_json_parse(text, len, &ows_pbx_token_limits, &reason);

    explicit_bzero(text, sizeof(text));

    if (claims == NULL) {
        return (reason == OWS_JSON_NOMEM) ? OWS_NOMEM : OWS_ERROR;
    }

    iat = json_object_get(claims, "iat");
    exp = json_object_get(claims, "exp");

    *seconds = json_number_value(exp) - json_number_value(iat);

    /* in this order, so that it is never taken from what is no number */
    if (!json_is_number(iat) || !json_is_number(exp) || *seconds <= 0) {
        json_decref(claims);
        return OWS_ERROR;
    }

    json_decref(claims);

    return OWS_OK;
}


/* RFC 4648, section 5, without padding.  0: not such text. */
static size_t
ows_pbx_base64url(uint8_t *dst, const uint8_t *p, size_t len)
{
    size_t    i, n;
    unsigned  value;
    uint32_t  bits;

    if (len % 4 == 1) {
        return 0;
    }

    n = 0;
    bits = 0;

    for (i = 0; i < len; i++) {

        value = ows_pbx_base64url_value(p[i]);
        if (value > 63) {
            return 0;
        }

        bits = bits << 6 | value;

        /* the characters of a quartet complete 0, 1, 1, 1 bytes */
        if (i % 4 > 0) {
            dst[n++] = (uint8_t) (bits >> (6 - 2 * (i % 4)));
        }
    }

    return n;
}


static unsigned
ows_pbx_base64url_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == '-') {
        return 62;
    }

    return (c == '_') ? 63 : 64;
}


void
ows_pbx_token_free(ows_pbx_token_t *token)
{
    if (token->data != NULL) {
        explicit_bzero(token->data, token->len);
        ows_free(token->alloc, token->data);
    }

    memset(token, 0, sizeof(ows_pbx_token_t));
}


int64_t
ows_pbx_token_renewal(int64_t lifetime, uint32_t random)
{
    int64_t   due;
    uint64_t  jitter;

    due = lifetime / 2;

    if (due < lifetime - OWS_PBX_RENEW_BEFORE) {
        due = lifetime - OWS_PBX_RENEW_BEFORE;
    }

    jitter = (uint64_t) (lifetime - due) / 10;

    return due - (int64_t) (jitter * random >> 32);
}


uint8_t *
ows_pbx_token_request(const ows_str_t *client_id,
    const ows_str_t *client_secret, size_t *len, const ows_alloc_t *alloc)
{
    uint8_t  *body, *p;

    static const char  id[] = "client_id=";
    static const char  secret[] = "&client_secret=";
    static const char  grant[] = "&grant_type=client_credentials";

    body = ows_alloc(alloc, sizeof(id) + sizeof(secret) + sizeof(grant)
                            + 3 * (client_id->len + client_secret->len));
    if (body == NULL) {
        return NULL;
    }

    p = body;

    memcpy(p, id, sizeof(id) - 1);
    p += sizeof(id) - 1;
    p = ows_pbx_encode(p, client_id->data, client_id->len);

    memcpy(p, secret, sizeof(secret) - 1);
    p += sizeof(secret) - 1;
    p = ows_pbx_encode(p, client_secret->data, client_secret->len);

    memcpy(p, grant, sizeof(grant) - 1);
    p += sizeof(grant) - 1;

    *len = (size_t) (p - body);

    return body;
}
