/*
 * ows_handshake: the opening handshake of RFC 6455, section 4.
 *
 * A server's side: the key and the accept value; which Origin may connect is
 * for ows_origin.  A client's side: the request; the answer is for
 * ows_response.  No I/O, and no memory but what libcrypto takes for a SHA-1.
 */

#ifndef _OWS_HANDSHAKE_H_INCLUDED_
#define _OWS_HANDSHAKE_H_INCLUDED_


#include "ows.h"


#define OWS_KEY_LEN          24         /* base64 of 16 bytes */
#define OWS_ACCEPT_LEN       28         /* base64 of a SHA-1 */


/* 1 when key is the base64 form of 16 bytes (section 4.2.1, 5). */
int ows_handshake_key_valid(const ows_str_t *key);

/*
 * Writes OWS_ACCEPT_LEN bytes for a key of OWS_KEY_LEN (section 4.2.2).
 * OWS_NOMEM: libcrypto could not; nothing was written.
 */
int ows_handshake_accept(uint8_t *accept, const ows_str_t *key);


/*
 * Writes a client's request into p.  host: as the Host header wants it, with
 * a port that isn't the scheme's own; key: OWS_KEY_LEN bytes, see
 * ows_handshake_key(); bearer: the access token, or empty for none.  Returns
 * its length; 0 when size is too small, or when a value is empty or has a
 * byte that isn't visible ASCII, and then p holds nothing of the token.
 */
size_t ows_handshake_request(uint8_t *p, size_t size, const ows_str_t *path,
    const ows_str_t *host, const uint8_t *key, const ows_str_t *bearer);

/* Writes OWS_KEY_LEN bytes: the base64 form of 16 random ones. */
void ows_handshake_key(uint8_t *key, const uint8_t *random);


#endif /* _OWS_HANDSHAKE_H_INCLUDED_ */
