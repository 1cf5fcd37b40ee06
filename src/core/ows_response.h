/*
 * ows_response: a server's answer to a client's opening handshake (RFC 6455,
 * section 4.1), in slices of any size.  No I/O.
 */

#ifndef _OWS_RESPONSE_H_INCLUDED_
#define _OWS_RESPONSE_H_INCLUDED_


#include "ows.h"
#include "ows_handshake.h"


#define OWS_RESPONSE_MAX  8192          /* bytes of an answer's header */


/* The answer to a client's request, while it comes in. */
typedef struct {
    unsigned        status;      /* of HTTP, as soon as it is known, else 0 */
    const char     *error;       /* after OWS_ERROR: a sentence's tail */

    /* private */
    uint8_t         _accept[OWS_ACCEPT_LEN];     /* expected */
    unsigned        _upgrade:1;  /* the server agreed to upgrade, */
    unsigned        _connection:1;               /* for this connection, */
    unsigned        _accepted:1;                 /* to the key we sent */
    size_t          _line;       /* where the line coming in begins */
    size_t          _have;
    uint8_t         _buf[OWS_RESPONSE_MAX];
} ows_response_t;


/*
 * Expects the accept value that belongs to key (OWS_KEY_LEN bytes).
 * OWS_NOMEM: as ows_handshake_accept(); no answer will be good enough.
 */
int ows_response_init(ows_response_t *r, const uint8_t *key);

/*
 * OWS_OK: upgraded; *pos is at the first frame.  OWS_AGAIN: all was taken.
 * OWS_ERROR: not upgraded: status says what the server answered (0 or 101:
 * not proper HTTP, or a handshake that breaks section 4.1), error why; any
 * other status is an error at the end of its line, the rest isn't waited for.
 */
int ows_response_read(ows_response_t *r, const uint8_t **pos,
    const uint8_t *last);


#endif /* _OWS_RESPONSE_H_INCLUDED_ */
