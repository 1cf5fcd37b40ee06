/*
 * ows_utf8: checks that bytes are UTF-8, in slices of any size.
 *
 * Promises to fail at the first byte that no continuation can repair: over-
 * long forms, surrogates and code points above U+10FFFF show in the second
 * byte of a character already.  Does not decode, and knows nothing of what
 * the text is.
 */

#include "ows_utf8.h"

#include <string.h>


#define OWS_UTF8_HIGH_BITS  0x8080808080808080ULL


/* What may follow a first byte (RFC 3629, section 4). */
typedef struct {
    uint8_t         first;
    uint8_t         last;
    ows_utf8_t      next;
} ows_utf8_lead_t;


static size_t ows_utf8_ascii(const uint8_t *p, size_t len);
static int ows_utf8_lead(ows_utf8_t *u, uint8_t c);


static const ows_utf8_lead_t  ows_utf8_leads[] = {
    { 0x00, 0x7f, { 0, 0x80, 0xbf } },
    { 0xc2, 0xdf, { 1, 0x80, 0xbf } },
    { 0xe0, 0xe0, { 2, 0xa0, 0xbf } },      /* below: overlong */
    { 0xe1, 0xec, { 2, 0x80, 0xbf } },
    { 0xed, 0xed, { 2, 0x80, 0x9f } },      /* above: surrogates */
    { 0xee, 0xef, { 2, 0x80, 0xbf } },
    { 0xf0, 0xf0, { 3, 0x90, 0xbf } },      /* below: overlong */
    { 0xf1, 0xf3, { 3, 0x80, 0xbf } },
    { 0xf4, 0xf4, { 3, 0x80, 0x8f } }       /* above: over U+10FFFF */
};

#define OWS_UTF8_LEADS  (sizeof(ows_utf8_leads) / sizeof(ows_utf8_leads[0]))


void
ows_utf8_init(ows_utf8_t *u)
{
    u->need = 0;
    u->low = 0x80;
    u->high = 0xbf;
}


int
ows_utf8_check(ows_utf8_t *u, const uint8_t *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (u->need == 0) {
            i += ows_utf8_ascii(p + i, len - i);

            if (i == len) {
                return OWS_OK;
            }

            if (ows_utf8_lead(u, p[i]) != OWS_OK) {
                return OWS_ERROR;
            }

            continue;
        }

        if (p[i] < u->low || p[i] > u->high) {
            return OWS_ERROR;
        }

        /* only the second byte of a character has bounds of its own */

        u->need--;
        u->low = 0x80;
        u->high = 0xbf;
    }

    return OWS_OK;
}


int
ows_utf8_complete(const ows_utf8_t *u)
{
    return u->need == 0;
}


int
ows_utf8_valid(const uint8_t *p, size_t len)
{
    ows_utf8_t  u;

    ows_utf8_init(&u);

    return ows_utf8_check(&u, p, len) == OWS_OK && ows_utf8_complete(&u);
}


/* How many bytes may be skipped since they are ASCII; eight at a time. */
static size_t
ows_utf8_ascii(const uint8_t *p, size_t len)
{
    size_t    n;
    uint64_t  bytes;

    for (n = 0; len - n >= sizeof(bytes); n += sizeof(bytes)) {
        memcpy(&bytes, p + n, sizeof(bytes));

        if (bytes & OWS_UTF8_HIGH_BITS) {
            break;
        }
    }

    return n;
}


static int
ows_utf8_lead(ows_utf8_t *u, uint8_t c)
{
    size_t  i;

    for (i = 0; i < OWS_UTF8_LEADS; i++) {
        if (c >= ows_utf8_leads[i].first && c <= ows_utf8_leads[i].last) {
            *u = ows_utf8_leads[i].next;
            return OWS_OK;
        }
    }

    return OWS_ERROR;
}
