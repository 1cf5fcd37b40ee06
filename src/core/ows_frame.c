/*
 * ows_frame: RFC 6455 frame headers, both directions.
 *
 *      0               1               2
 *     +-+-+-+-+-------+-+-------------+----------------+---------------+
 *     |F|R|R|R| opcode|M| length, or  | length: 2 or 8 | masking key:  |
 *     |I|S|S|S|       |A| 126: 2 more | bytes, highest | 4 bytes, if M |
 *     |N|V|V|V|       |S| 127: 8 more | first          |               |
 *     | |1|2|3|       |K|             |                |               |
 *     +-+-+-+-+-------+-+-------------+----------------+---------------+
 *
 * Promises the same result however the bytes are sliced.  Refuses to know
 * what a frame is for: who may send which is ows_message's business.
 */

#include "ows_frame.h"

#include <string.h>


#define OWS_MASK     0x80               /* in the second byte */
#define OWS_LENGTH   0x7f

#define OWS_LEN16    126                /* two more bytes of length */
#define OWS_LEN64    127                /* eight more */

#define OWS_LENGTH_MAX  (UINT64_MAX >> 1)


static const ows_violation_t *ows_frame_decode(ows_frame_t *f);
static size_t ows_frame_key_offset(const ows_frame_t *f);
static const ows_violation_t *ows_frame_length(ows_frame_t *f);


static const ows_violation_t  ows_frame_not_shortest = {
    1002, "a frame's length is not in its shortest form"
};

static const ows_violation_t  ows_frame_over_63_bits = {
    1002, "a frame's length is over 2^63 - 1"
};


void
ows_frame_init(ows_frame_t *f)
{
    memset(f, 0, sizeof(*f));
}


int
ows_frame_read(ows_frame_t *f, const uint8_t **pos, const uint8_t *last)
{
    while (f->have < 2
           || f->have < ows_frame_key_offset(f) + (f->masked ? 4 : 0))
    {
        if (*pos == last) {
            return OWS_AGAIN;
        }

        f->_buf[f->have++] = *(*pos)++;

        f->error = ows_frame_decode(f);
        if (f->error != NULL) {
            return OWS_ERROR;
        }
    }

    return OWS_OK;
}


/* What the newest byte of the header has made known. */
static const ows_violation_t *
ows_frame_decode(ows_frame_t *f)
{
    size_t  key;

    if (f->have == 1) {
        f->flags = f->_buf[0] & (OWS_FIN|OWS_RSV);
        f->opcode = f->_buf[0] & 0x0f;
        return NULL;
    }

    if (f->have == 2) {
        f->masked = (f->_buf[1] & OWS_MASK) != 0;
        f->length = f->_buf[1] & OWS_LENGTH;
        return NULL;
    }

    key = ows_frame_key_offset(f);

    if (f->have == key) {
        return ows_frame_length(f);
    }

    if (f->have == key + 4) {
        memcpy(f->key, f->_buf + key, 4);
    }

    return NULL;
}


/* Where the masking key begins, or the payload when there is none. */
static size_t
ows_frame_key_offset(const ows_frame_t *f)
{
    switch (f->_buf[1] & OWS_LENGTH) {

    case OWS_LEN16:
        return 2 + 2;

    case OWS_LEN64:
        return 2 + 8;

    default:
        return 2;
    }
}


static const ows_violation_t *
ows_frame_length(ows_frame_t *f)
{
    size_t    i;
    uint64_t  length;

    length = 0;

    for (i = 2; i < f->have; i++) {
        length = length << 8 | f->_buf[i];
    }

    if (length > OWS_LENGTH_MAX) {
        return &ows_frame_over_63_bits;
    }

    if (length < OWS_LEN16 || (f->have > 2 + 2 && length <= UINT16_MAX)) {
        return &ows_frame_not_shortest;
    }

    f->length = length;

    return NULL;
}


size_t
ows_frame_write(uint8_t *p, unsigned flags, unsigned opcode, uint64_t length,
    const uint8_t *key)
{
    size_t   n, bytes;
    uint8_t  mask;

    mask = key != NULL ? OWS_MASK : 0;

    p[0] = (uint8_t) (flags | opcode);

    if (length < OWS_LEN16) {
        p[1] = mask | (uint8_t) length;
        bytes = 0;

    } else if (length <= UINT16_MAX) {
        p[1] = mask | OWS_LEN16;
        bytes = 2;

    } else {
        p[1] = mask | OWS_LEN64;
        bytes = 8;
    }

    n = 2;

    while (bytes) {
        p[n++] = (uint8_t) (length >> (8 * --bytes));
    }

    if (key != NULL) {
        memcpy(p + n, key, 4);
        n += 4;
    }

    return n;
}


void
ows_frame_mask(uint8_t *p, size_t len, const uint8_t *key, uint64_t offset)
{
    size_t    i;
    uint8_t   turned[8];
    uint64_t  mask, bytes;

    /* eight bytes of key, from the one that belongs to the first of p */

    for (i = 0; i < 8; i++) {
        turned[i] = key[(offset + i) % 4];
    }

    memcpy(&mask, turned, 8);

    for (i = 0; len - i >= 8; i += 8) {
        memcpy(&bytes, p + i, 8);
        bytes ^= mask;
        memcpy(p + i, &bytes, 8);
    }

    for ( /* void */ ; i < len; i++) {
        p[i] ^= turned[i % 8];
    }
}


size_t
ows_frame_control(uint8_t *p, unsigned opcode, const uint8_t *payload,
    size_t len, const uint8_t *key)
{
    size_t  n;

    n = ows_frame_write(p, OWS_FIN, opcode, len, key);

    if (len == 0) {
        return n;
    }

    memcpy(p + n, payload, len);

    if (key != NULL) {
        ows_frame_mask(p + n, len, key, 0);
    }

    return n + len;
}


size_t
ows_frame_close(uint8_t *p, unsigned code, const uint8_t *key)
{
    uint8_t  payload[2];

    payload[0] = (uint8_t) (code >> 8);
    payload[1] = (uint8_t) code;

    return ows_frame_control(p, OWS_OP_CLOSE, payload, code ? 2 : 0, key);
}
