/*
 * ows_backoff: how long to wait before the next try: exponential, capped,
 * with full jitter, without end.
 */

#ifndef _OWS_BACKOFF_H_INCLUDED_
#define _OWS_BACKOFF_H_INCLUDED_


#include "ows.h"


typedef struct {
    uint32_t        min;         /* the first wait's bound, milliseconds */
    uint32_t        max;         /* the longest bound, milliseconds */
    uint32_t        tries;       /* since the last success */
} ows_backoff_t;


/* A min of 0 counts as 1, a max below min as min. */
void ows_backoff_init(ows_backoff_t *b, uint32_t min, uint32_t max);

/*
 * Milliseconds until the next try: uniform over (0, bound], where bound
 * doubles from min to max with each call.  random: 32 random bits.
 */
uint32_t ows_backoff_next(ows_backoff_t *b, uint32_t random);

/* Uniform over (0, max], and the calls after it stay there too. */
uint32_t ows_backoff_longest(ows_backoff_t *b, uint32_t random);

/* It worked: the next wait is a first one. */
void ows_backoff_reset(ows_backoff_t *b);


#endif /* _OWS_BACKOFF_H_INCLUDED_ */
