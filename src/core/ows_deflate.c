/*
 * ows_deflate: messages to DEFLATE data and back, as RFC 7692 has it.
 *
 * Promises that a message inflates to max bytes at most and never sees a byte
 * of another one, and that what is deflated refers no further back than
 * agreed.  Knows neither frames nor which of them has RSV1, nor what was
 * offered, nor whether compressing pays.
 *
 *     payload of the frames          what zlib sees
 *     blocks, 00                     blocks, 00 00 00 ff ff
 *
 * The 00 begins a last block: stored, not final, empty.  The length of that
 * block, 00 00 ff ff, is the tail that isn't sent (sections 7.2.1, 7.2.2).
 */

#include "ows_deflate.h"

#include <limits.h>
#include <string.h>


#define OWS_DEFLATE_TAIL      4

#define OWS_INFLATE_FIRST     1024      /* the least that is allocated */

/* z_stream's data_type, as inflate() leaves it */
#define OWS_INFLATE_FINAL     64        /* in, or behind, a final block */
#define OWS_INFLATE_BLOCK     128       /* a block has just ended; plus the
                                           bits of the last byte left over */

/*
 * What deflateBound() doesn't count: the last, empty block, and the six bytes
 * that zlib wants free so as not to write that block twice.
 */
#define OWS_DEFLATE_FLUSH     12

#define OWS_DEFLATE_MEMORY    8         /* zlib's default memLevel */


static int ows_inflate_room(ows_inflater_t *in, uint8_t *over);
static int ows_inflate_fail(ows_inflater_t *in, const ows_violation_t *error);
static void ows_inflate_drop(ows_inflater_t *in);
static int ows_deflate_ready(ows_deflater_t *d, unsigned level,
    unsigned bits);
static void ows_deflate_memory(z_stream *z, const ows_alloc_t *alloc);
static void *ows_deflate_zalloc(void *opaque, unsigned items, unsigned size);
static void ows_deflate_zfree(void *opaque, void *p);


static const uint8_t  ows_deflate_tail[OWS_DEFLATE_TAIL] = {
    0x00, 0x00, 0xff, 0xff
};


static const ows_violation_t  ows_inflate_bad_data = {
    1007, "a compressed message is not valid DEFLATE data"
};

static const ows_violation_t  ows_inflate_not_whole = {
    1007, "a compressed message doesn't end where a DEFLATE block does"
};

static const ows_violation_t  ows_inflate_too_big = {
    1009, "a compressed message inflates to one that is too big"
};


void
ows_inflater_init(ows_inflater_t *in, const ows_alloc_t *alloc)
{
    memset(in, 0, sizeof(*in));

    in->_alloc = alloc;
    ows_deflate_memory(&in->_z, alloc);
}


int
ows_inflate(ows_inflater_t *in, const uint8_t *p, size_t len, size_t max,
    uint8_t **data, size_t *data_len)
{
    int  rc;

    rc = ows_inflate_begin(in, max);
    if (rc != OWS_OK) {
        return rc;
    }

    rc = ows_inflate_feed(in, p, len);
    if (rc != OWS_OK) {
        return rc;
    }

    return ows_inflate_end(in, data, data_len);
}


int
ows_inflate_begin(ows_inflater_t *in, size_t max)
{
    int  rc;

    ows_inflate_drop(in);

    in->error = NULL;
    in->_max = max;

    /* forgets the window, too, so that nothing can refer to it */

    rc = in->_ready ? inflateReset(&in->_z)
                    : inflateInit2(&in->_z, -MAX_WBITS);
    if (rc != Z_OK) {
        return OWS_NOMEM;
    }

    in->_ready = 1;

    return OWS_OK;
}


/*
 * Stops at each block's end, where zlib tells whether the message may end.
 * A final block need not be the last one: others may follow, at the next byte
 * (RFC 7692, section 7.2.1), and refer to what was before it.
 */
int
ows_inflate_feed(ows_inflater_t *in, const uint8_t *p, size_t len)
{
    int        rc;
    uint8_t    over;
    z_stream  *z;
    unsigned   room;

    if (len > UINT_MAX) {
        return ows_inflate_fail(in, &ows_inflate_too_big);
    }

    z = &in->_z;
    z->next_in = (Bytef *) p;
    z->avail_in = (unsigned) len;

    do {
        if (ows_inflate_room(in, &over) != OWS_OK) {
            ows_inflate_drop(in);
            return OWS_NOMEM;
        }

        room = z->avail_out;
        rc = inflate(z, Z_BLOCK);

        if (in->len == in->_max && z->avail_out != room) {
            return ows_inflate_fail(in, &ows_inflate_too_big);
        }

        in->len += room - z->avail_out;
        in->_whole = (z->data_type & ~OWS_INFLATE_FINAL) == OWS_INFLATE_BLOCK;

        if (rc == Z_STREAM_END) {

            /*
             * Not in zlib's manual, but in its header.  inflateReset() with
             * inflateSetDictionary() does the same and copies the window,
             * which final blocks of two bytes would make a burden.
             */

            rc = inflateResetKeep(z);
        }

        if (rc == Z_MEM_ERROR) {
            ows_inflate_drop(in);
            return OWS_NOMEM;
        }

        if (rc != Z_OK && rc != Z_BUF_ERROR) {
            return ows_inflate_fail(in, &ows_inflate_bad_data);
        }

    } while (z->avail_in || z->avail_out == 0);

    return OWS_OK;
}


/*
 * Gives zlib room for a byte at least.  Once the message has max bytes that
 * is `over`: only by offering it can one learn whether there is one more.
 */
static int
ows_inflate_room(ows_inflater_t *in, uint8_t *over)
{
    size_t    size;
    uint8_t  *data;

    if (in->len == in->_max) {
        in->_z.next_out = over;
        in->_z.avail_out = 1;
        return OWS_OK;
    }

    if (in->len == in->_size) {
        size = in->_size > in->_max / 2 ? in->_max : in->_size * 2;

        if (size < OWS_INFLATE_FIRST) {
            size = in->_max < OWS_INFLATE_FIRST ? in->_max
                                                : OWS_INFLATE_FIRST;
        }

        data = ows_alloc(in->_alloc, size);
        if (data == NULL) {
            return OWS_NOMEM;
        }

        if (in->data != NULL) {
            memcpy(data, in->data, in->len);
            ows_free(in->_alloc, in->data);
        }

        in->data = data;
        in->_size = size;
    }

    size = in->_size - in->len;

    in->_z.next_out = in->data + in->len;
    in->_z.avail_out = size < UINT_MAX ? (unsigned) size : UINT_MAX;

    return OWS_OK;
}


int
ows_inflate_end(ows_inflater_t *in, uint8_t **data, size_t *data_len)
{
    int     rc;
    size_t  len;

    len = in->len;

    rc = ows_inflate_feed(in, ows_deflate_tail, OWS_DEFLATE_TAIL);
    if (rc != OWS_OK) {
        return rc;
    }

    /* a tail that was taken for data belongs to a message that was cut off */

    if (!in->_whole || in->len != len) {
        return ows_inflate_fail(in, &ows_inflate_not_whole);
    }

    *data = in->data;
    *data_len = in->len;

    in->data = NULL;
    ows_inflate_drop(in);

    return OWS_OK;
}


static int
ows_inflate_fail(ows_inflater_t *in, const ows_violation_t *error)
{
    ows_inflate_drop(in);
    in->error = error;

    return OWS_ERROR;
}


static void
ows_inflate_drop(ows_inflater_t *in)
{
    ows_free(in->_alloc, in->data);

    in->data = NULL;
    in->len = 0;
    in->_size = 0;
}


void
ows_inflater_destroy(ows_inflater_t *in)
{
    ows_inflate_drop(in);

    if (in->_ready) {
        (void) inflateEnd(&in->_z);
        in->_ready = 0;
    }
}


void
ows_deflater_init(ows_deflater_t *d, const ows_alloc_t *alloc)
{
    memset(d, 0, sizeof(*d));

    d->_alloc = alloc;
    ows_deflate_memory(&d->_z, alloc);
}


int
ows_deflate(ows_deflater_t *d, unsigned level, unsigned bits,
    const uint8_t *p, size_t len, uint8_t **data, size_t *data_len)
{
    size_t    size;
    uint8_t  *out;

    /* zlib counts what it is given and gives in unsigned integers */

    if (len > UINT_MAX / 2 || ows_deflate_ready(d, level, bits) != OWS_OK) {
        return OWS_NOMEM;
    }

    size = deflateBound(&d->_z, len) + OWS_DEFLATE_FLUSH;

    out = ows_alloc(d->_alloc, size);
    if (out == NULL) {
        return OWS_NOMEM;
    }

    d->_z.next_in = (Bytef *) p;
    d->_z.avail_in = (unsigned) len;
    d->_z.next_out = out;
    d->_z.avail_out = (unsigned) size;

    /* a flush is complete when there is room left, and there always is */

    if (deflate(&d->_z, Z_SYNC_FLUSH) != Z_OK || d->_z.avail_out == 0) {
        ows_free(d->_alloc, out);
        return OWS_NOMEM;
    }

    *data = out;
    *data_len = size - d->_z.avail_out - OWS_DEFLATE_TAIL;

    return OWS_OK;
}


static int
ows_deflate_ready(ows_deflater_t *d, unsigned level, unsigned bits)
{
    if (d->_bits == bits && d->_level == level) {
        return deflateReset(&d->_z) == Z_OK ? OWS_OK : OWS_NOMEM;
    }

    ows_deflater_destroy(d);

    if (deflateInit2(&d->_z, (int) level, Z_DEFLATED, -(int) bits,
                     OWS_DEFLATE_MEMORY, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return OWS_NOMEM;
    }

    d->_level = level;
    d->_bits = bits;

    return OWS_OK;
}


void
ows_deflater_destroy(ows_deflater_t *d)
{
    if (d->_bits) {
        (void) deflateEnd(&d->_z);
        d->_bits = 0;
    }
}


static void
ows_deflate_memory(z_stream *z, const ows_alloc_t *alloc)
{
    z->zalloc = ows_deflate_zalloc;
    z->zfree = ows_deflate_zfree;
    z->opaque = (void *) alloc;
}


static void *
ows_deflate_zalloc(void *opaque, unsigned items, unsigned size)
{
    const ows_alloc_t  *alloc = opaque;

    return ows_alloc(alloc, (size_t) items * size);
}


static void
ows_deflate_zfree(void *opaque, void *p)
{
    const ows_alloc_t  *alloc = opaque;

    ows_free(alloc, p);
}
