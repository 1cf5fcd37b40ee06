/*
 * ows_offer: what a client offers of permessage-deflate, and the answer.
 *
 * Promises that an offer it can't keep to the letter is declined, and that a
 * header is either read to its end or refused.  Refuses to know any other
 * extension, or what zlib is.
 */

#include "ows_offer.h"

#include <string.h>


#define OWS_OFFER_ACCEPTED                                                   \
    "permessage-deflate; server_no_context_takeover; "                       \
    "client_no_context_takeover"


/* An extension that is offered, while its parameters are read. */
typedef struct {
    unsigned        ours:1;      /* permessage-deflate, not declined so far */
    unsigned        seen;        /* a bit for each parameter */
    unsigned        bits;        /* server_max_window_bits; 0: not there */
} ows_offer_extension_t;


typedef struct {
    ows_str_t       name;
    unsigned        bare:1;      /* may come without a value */
    unsigned        least;       /* the least value; 0: may have none */
} ows_offer_param_t;


static const uint8_t *ows_offer_extension(ows_offer_extension_t *e,
    const uint8_t *p, const uint8_t *last);
static const uint8_t *ows_offer_skip(const uint8_t *p, const uint8_t *last,
    const char *bytes);
static const uint8_t *ows_offer_token(ows_str_t *token, const uint8_t *p,
    const uint8_t *last);
static const uint8_t *ows_offer_value(ows_str_t *value, const uint8_t *p,
    const uint8_t *last);
static int ows_offer_in_token(uint8_t c);
static void ows_offer_param(ows_offer_extension_t *e,
    const ows_str_t *name, const ows_str_t *value);
static unsigned ows_offer_bits(const ows_str_t *value);
static int ows_offer_equal(const ows_str_t *a, const ows_str_t *b);


static const ows_str_t  ows_offer_name = ows_string("permessage-deflate");

/*
 * RFC 7692, section 7.1.  zlib makes no raw DEFLATE data with a window of 8
 * bits, and one of 9 would exceed it; so 8 is declined as not supported
 * (section 7.1.2.1).  A client's window is no matter: its messages are
 * inflated with the largest, so the answer need not limit it (7.1.2.2).
 */
static const ows_offer_param_t  ows_offer_params[] = {
    { ows_string("server_max_window_bits"), 0, OWS_OFFER_BITS_MIN },
    { ows_string("client_max_window_bits"), 1, 8 },
    { ows_string("server_no_context_takeover"), 1, 0 },
    { ows_string("client_no_context_takeover"), 1, 0 }
};

#define OWS_OFFER_SERVER_BITS  0
#define OWS_OFFER_PARAMS                                                     \
    (sizeof(ows_offer_params) / sizeof(ows_offer_params[0]))


/* By server_max_window_bits, which is answered whenever it was offered. */
static const ows_str_t  ows_offer_answers[] = {
    [0] = ows_string(OWS_OFFER_ACCEPTED),
    [9] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=9"),
    [10] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=10"),
    [11] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=11"),
    [12] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=12"),
    [13] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=13"),
    [14] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=14"),
    [15] = ows_string(OWS_OFFER_ACCEPTED "; server_max_window_bits=15")
};


/*
 * RFC 6455, section 9.1, with RFC 2616's lists: members may be empty, blanks
 * may stand between any two tokens.  What isn't such a list MUST fail the
 * connection; what is one, but not to be agreed to, is passed over.
 */
int
ows_offer_read(ows_offer_t *offer, const ows_str_t *value)
{
    unsigned               extensions;
    const uint8_t         *p, *last;
    ows_offer_extension_t  extension;

    p = value->data;
    last = p + value->len;
    extensions = 0;

    for ( ;; ) {
        p = ows_offer_skip(p, last, " \t,");
        if (p == last) {
            break;
        }

        memset(&extension, 0, sizeof(extension));

        p = ows_offer_extension(&extension, p, last);
        if (p == NULL) {
            return OWS_ERROR;
        }

        extensions++;

        if (extension.ours && offer->bits == 0) {
            offer->bits = extension.bits ? extension.bits
                                         : OWS_OFFER_BITS_MAX;
            offer->answer = ows_offer_answers[extension.bits];
        }
    }

    return extensions ? OWS_OK : OWS_ERROR;
}


/* The comma or the end behind the extension; NULL: it is malformed. */
static const uint8_t *
ows_offer_extension(ows_offer_extension_t *e, const uint8_t *p,
    const uint8_t *last)
{
    ows_str_t  name, value;

    p = ows_offer_token(&name, p, last);
    if (p == NULL) {
        return NULL;
    }

    e->ours = ows_offer_equal(&name, &ows_offer_name);

    for ( ;; ) {
        p = ows_offer_skip(p, last, " \t");

        if (p == last || *p == ',') {
            return p;
        }

        if (*p != ';') {
            return NULL;
        }

        p = ows_offer_token(&name, ows_offer_skip(p + 1, last, " \t"), last);
        if (p == NULL) {
            return NULL;
        }

        p = ows_offer_skip(p, last, " \t");
        value.len = 0;

        if (p != last && *p == '=') {
            p = ows_offer_value(&value, ows_offer_skip(p + 1, last, " \t"),
                                last);
            if (p == NULL) {
                return NULL;
            }
        }

        ows_offer_param(e, &name, value.len ? &value : NULL);
    }
}


static const uint8_t *
ows_offer_skip(const uint8_t *p, const uint8_t *last, const char *bytes)
{
    while (p != last && *p != '\0' && strchr(bytes, *p) != NULL) {
        p++;
    }

    return p;
}


/* What is behind it; NULL: there is none. */
static const uint8_t *
ows_offer_token(ows_str_t *token, const uint8_t *p, const uint8_t *last)
{
    token->data = p;

    while (p != last && ows_offer_in_token(*p)) {
        p++;
    }

    token->len = (size_t) (p - token->data);

    return token->len ? p : NULL;
}


/*
 * A token, or a quoted string that is one once it is unescaped; the value is
 * what stands between the quotes, backslashes and all.
 */
static const uint8_t *
ows_offer_value(ows_str_t *value, const uint8_t *p, const uint8_t *last)
{
    if (p == last || *p != '"') {
        return ows_offer_token(value, p, last);
    }

    value->data = ++p;

    while (p != last && *p != '"') {
        if (*p == '\\' && ++p == last) {
            return NULL;
        }

        if (!ows_offer_in_token(*p)) {
            return NULL;
        }

        p++;
    }

    value->len = (size_t) (p - value->data);

    return p != last && value->len ? p + 1 : NULL;
}


/* RFC 2616, section 2.2. */
static int
ows_offer_in_token(uint8_t c)
{
    return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}


/* Declines an offer for the reasons of RFC 7692, section 7.1. */
static void
ows_offer_param(ows_offer_extension_t *e, const ows_str_t *name,
    const ows_str_t *value)
{
    size_t                    i;
    unsigned                  bits;
    const ows_offer_param_t  *param;

    for (i = 0; i < OWS_OFFER_PARAMS; i++) {
        if (ows_offer_equal(name, &ows_offer_params[i].name)) {
            break;
        }
    }

    if (i == OWS_OFFER_PARAMS || e->seen & 1u << i) {
        e->ours = 0;
        return;
    }

    e->seen |= 1u << i;
    param = &ows_offer_params[i];

    if (value == NULL) {
        e->ours &= param->bare;
        return;
    }

    bits = ows_offer_bits(value);

    if (param->least == 0 || bits < param->least
        || bits > OWS_OFFER_BITS_MAX)
    {
        e->ours = 0;
        return;
    }

    if (i == OWS_OFFER_SERVER_BITS) {
        e->bits = bits;
    }
}


/* A number without leading zeroes; what is none, or too large, is 0. */
static unsigned
ows_offer_bits(const ows_str_t *value)
{
    size_t    i;
    unsigned  bits;

    bits = 0;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] == '\\') {
            continue;
        }

        if (value->data[i] < '0' || value->data[i] > '9'
            || (bits == 0 && value->data[i] == '0')
            || bits > OWS_OFFER_BITS_MAX)
        {
            return 0;
        }

        bits = bits * 10 + (value->data[i] - '0');
    }

    return bits;
}


/* Neither RFC gives these names without regard to case. */
static int
ows_offer_equal(const ows_str_t *a, const ows_str_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
