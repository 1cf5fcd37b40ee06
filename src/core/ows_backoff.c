/*
 * ows_backoff: how long to wait before the next try.
 *
 * Promises waits that are never 0, never over the bound and never overflow,
 * however many tries there were.  Knows neither the clock nor where random
 * numbers come from.
 */

#include "ows_backoff.h"


/* A bound of 1 ms that doubled this often is over any max. */
#define OWS_BACKOFF_LONGEST  32


static uint32_t ows_backoff_bound(const ows_backoff_t *b);


void
ows_backoff_init(ows_backoff_t *b, uint32_t min, uint32_t max)
{
    b->min = min ? min : 1;
    b->max = max > b->min ? max : b->min;
    b->tries = 0;
}


uint32_t
ows_backoff_next(ows_backoff_t *b, uint32_t random)
{
    uint32_t  bound;

    bound = ows_backoff_bound(b);

    if (b->tries < UINT32_MAX) {
        b->tries++;
    }

    /* random / 2^32 is in [0, 1): full jitter, but never a wait of 0 */

    return (uint32_t) ((uint64_t) random * bound >> 32) + 1;
}


uint32_t
ows_backoff_longest(ows_backoff_t *b, uint32_t random)
{
    if (b->tries < OWS_BACKOFF_LONGEST) {
        b->tries = OWS_BACKOFF_LONGEST;
    }

    return ows_backoff_next(b, random);
}


void
ows_backoff_reset(ows_backoff_t *b)
{
    b->tries = 0;
}


static uint32_t
ows_backoff_bound(const ows_backoff_t *b)
{
    uint64_t  bound;

    if (b->tries >= OWS_BACKOFF_LONGEST) {
        return b->max;
    }

    bound = (uint64_t) b->min << b->tries;

    return bound < b->max ? (uint32_t) bound : b->max;
}
