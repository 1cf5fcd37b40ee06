/*
 * ows_utf8: checks that bytes are UTF-8 (RFC 3629), in slices of any size.
 *
 * Fails at the first byte that can't be continued to valid UTF-8, as
 * RFC 6455, section 8.1 allows; no allocation.
 */

#ifndef _OWS_UTF8_H_INCLUDED_
#define _OWS_UTF8_H_INCLUDED_


#include "ows.h"


typedef struct {
    uint8_t         need;        /* continuation bytes still to come */
    uint8_t         low;         /* the next byte's least value */
    uint8_t         high;        /* the next byte's greatest value */
} ows_utf8_t;


void ows_utf8_init(ows_utf8_t *u);

/* OWS_OK: valid so far; OWS_ERROR: never valid, whatever follows. */
int ows_utf8_check(ows_utf8_t *u, const uint8_t *p, size_t len);

/* 1 when no character is unfinished: what came so far may stand alone. */
int ows_utf8_complete(const ows_utf8_t *u);

/* 1 when the whole string is valid UTF-8. */
int ows_utf8_valid(const uint8_t *p, size_t len);


#endif /* _OWS_UTF8_H_INCLUDED_ */
