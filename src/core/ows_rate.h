/*
 * ows_rate: a token bucket: how often something may be done.
 */

#ifndef _OWS_RATE_H_INCLUDED_
#define _OWS_RATE_H_INCLUDED_


#include "ows.h"


typedef struct {
    uint32_t        rate;        /* a second, in thousandths; 0: no limit */
    uint32_t        burst;       /* how many at once, besides the first */
} ows_rate_limit_t;


typedef struct {
    int64_t         level;       /* what was done lately, in thousandths */
    int64_t         time;        /* of the last one, milliseconds */
} ows_rate_t;


/* Nothing was done so far. */
void ows_rate_init(ows_rate_t *r);

/*
 * 1 when it may be done at `now` (milliseconds, never less than before), and
 * then it counts; 0 when it is too often, and then it doesn't.
 */
int ows_rate_take(ows_rate_t *r, const ows_rate_limit_t *limit, int64_t now);


#endif /* _OWS_RATE_H_INCLUDED_ */
