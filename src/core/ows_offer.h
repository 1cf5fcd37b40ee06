/*
 * ows_offer: what a client offers of permessage-deflate (RFC 7692, section
 * 7.1), and what a server answers.
 *
 * Whatever is agreed on, no message knows of the one before it ("no context
 * takeover", both ways).  The compressing itself is for ows_deflate.  No
 * allocation.
 */

#ifndef _OWS_OFFER_H_INCLUDED_
#define _OWS_OFFER_H_INCLUDED_


#include "ows.h"


#define OWS_OFFER_BITS_MIN  9           /* of a window, see ows_offer.c */
#define OWS_OFFER_BITS_MAX  15


/* What a client offered and is agreed to. */
typedef struct {
    unsigned        bits;        /* of the window we deflate with; 0: nothing
                                    is agreed, no frame may have RSV1 */
    ows_str_t       answer;      /* value of Sec-WebSocket-Extensions in the
                                    101; static; empty: send none */
} ows_offer_t;


/*
 * Reads one Sec-WebSocket-Extensions header of a request; to be called for
 * each, in order, with one offer that was all zeroes before the first.  The
 * first offer of permessage-deflate that is acceptable is agreed to; what
 * must be declined, and other extensions, are passed over.
 *
 * OWS_OK     read; offer->bits says whether anything is agreed
 * OWS_ERROR  the value isn't a list of extensions: refuse the handshake with
 *            400, and don't use the offer
 */
int ows_offer_read(ows_offer_t *offer, const ows_str_t *value);


#endif /* _OWS_OFFER_H_INCLUDED_ */
