/*
 * ows: what every part of the core shares: result codes, byte strings, the
 * allocator record, and the record of a broken rule.
 *
 * The core speaks the protocols (RFC 6455, the client envelopes, the PBX's
 * Call Control API) and knows neither nginx nor sockets nor the clock: bytes,
 * times and random numbers are passed in.  It may use the C library, Jansson,
 * zlib and libcrypto.
 */

#ifndef _OWS_H_INCLUDED_
#define _OWS_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/*
 * OWS_AGAIN is no error: all input is taken and more is needed.  After
 * OWS_ERROR or OWS_NOMEM an object accepts only its _destroy, unless its
 * header says otherwise.
 */
#define OWS_OK      0
#define OWS_AGAIN  -1
#define OWS_ERROR  -2        /* the peer broke a rule; the object says which */
#define OWS_NOMEM  -3


/* Bytes with a length; never NUL-terminated unless a header says so. */
typedef struct {
    size_t          len;
    const uint8_t  *data;
} ows_str_t;

#define ows_string(text)  { sizeof(text) - 1, (const uint8_t *) (text) }


/* Where an object's memory comes from; a test's allocator fails at will. */
typedef struct {
    void           *(*alloc)(void *ctx, size_t size);   /* NULL: no memory */
    void            (*free)(void *ctx, void *p);        /* p may be NULL */
    void           *ctx;
} ows_alloc_t;

#define ows_alloc(a, size)  (a)->alloc((a)->ctx, size)
#define ows_free(a, p)      (a)->free((a)->ctx, p)


/* A way in which a WebSocket peer can be wrong (RFC 6455, section 7.4). */
typedef struct {
    uint16_t        code;                 /* close code to send */
    const char     *text;                 /* a sentence for the log */
} ows_violation_t;


#endif /* _OWS_H_INCLUDED_ */
