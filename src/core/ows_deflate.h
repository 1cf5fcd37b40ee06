/*
 * ows_deflate: messages to DEFLATE data and back, as RFC 7692 has it.
 *
 * No message knows of the one before it ("no context takeover", both ways);
 * so one inflater and one deflater serve all clients of a worker, and what
 * goes to many is deflated once for each window that was agreed on.  What may
 * be agreed on is for ows_offer.
 *
 * Above: a connection's reader, and who sends.  Below: zlib, whose memory
 * comes from the same allocator as all else.
 */

#ifndef _OWS_DEFLATE_H_INCLUDED_
#define _OWS_DEFLATE_H_INCLUDED_


#include "ows.h"

#include <zlib.h>


/* Inflates one message after the other, whoever sent it. */
typedef struct {
    uint8_t                *data;       /* what of the message came out yet;
                                           moves with each feed */
    size_t                  len;
    const ows_violation_t  *error;      /* after OWS_ERROR */

    /* private */
    const ows_alloc_t      *_alloc;
    z_stream                _z;
    size_t                  _size;      /* of data, allocated */
    size_t                  _max;
    unsigned                _ready:1;   /* zlib's state is there */
    unsigned                _whole:1;   /* the input so far: whole blocks */
} ows_inflater_t;


/*
 * alloc is borrowed for the inflater's life.  Allocates nothing; the first
 * message takes 40 KB, which stay until _destroy.
 */
void ows_inflater_init(ows_inflater_t *in, const ows_alloc_t *alloc);

/*
 * A whole message: the payloads of its frames, one after the other.  max: the
 * longest result accepted, bytes; the buffer doubles up to it, never over it.
 *
 * OWS_OK     *data is the caller's, to be freed with alloc (NULL if max is 0)
 * OWS_ERROR  in->error: the data isn't what RFC 7692 allows (1007), or comes
 *            to more than max (1009); its length was not measured further
 * OWS_NOMEM
 *
 * After an error the inflater holds nothing of the message and is ready for
 * the next one, of this client or another.
 */
int ows_inflate(ows_inflater_t *in, const uint8_t *p, size_t len, size_t max,
    uint8_t **data, size_t *data_len);

/*
 * The same by pieces of any size: _begin, _feed for each, _end; the results,
 * and what holds after an error, are the same.  A _feed adds to in->data, so
 * that what was added can be looked at before the message is whole; the bytes
 * are the inflater's until _end gives them away.
 *
 * From _begin on the inflater is busy with that message, and the next _begin
 * forgets it.  So pieces that come in at the pace of a peer must be collected
 * and fed at once, or fed to an inflater of their own.
 */
int ows_inflate_begin(ows_inflater_t *in, size_t max);
int ows_inflate_feed(ows_inflater_t *in, const uint8_t *p, size_t len);
int ows_inflate_end(ows_inflater_t *in, uint8_t **data, size_t *data_len);

/* Frees what it owns; it may be initialised again. */
void ows_inflater_destroy(ows_inflater_t *in);


/* Deflates one message after the other, whoever will get it. */
typedef struct {
    /* private */
    const ows_alloc_t      *_alloc;
    z_stream                _z;
    unsigned                _level;
    unsigned                _bits;      /* 0: zlib has no state yet */
} ows_deflater_t;


/*
 * alloc is borrowed for the deflater's life.  Allocates nothing; a message
 * takes up to 270 KB, which stay until _destroy.
 */
void ows_deflater_init(ows_deflater_t *d, const ows_alloc_t *alloc);

/*
 * A whole message, under 2 GB, to the payload of one or more frames, the first
 * of which has RSV1 set.  level: 1 to 9; bits: as agreed, 9 to 15.  When
 * either isn't what it was for the last message, zlib's state is made anew.
 *
 * OWS_OK     *data is the caller's, to be freed with alloc; it may be longer
 *            than the message was, which is better sent as it is then
 * OWS_NOMEM  nothing was done; the deflater can be used again
 */
int ows_deflate(ows_deflater_t *d, unsigned level, unsigned bits,
    const uint8_t *p, size_t len, uint8_t **data, size_t *data_len);

/* Frees what it owns; it may be initialised again. */
void ows_deflater_destroy(ows_deflater_t *d);


#endif /* _OWS_DEFLATE_H_INCLUDED_ */
