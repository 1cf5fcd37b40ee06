/*
 * ows_rate: a token bucket: how often something may be done.
 *
 * In thousandths of one, so that rates below one a second are exact enough
 * with whole numbers.  The time is passed in.
 */

#include "ows_rate.h"


#define OWS_RATE_ONE  1000


void
ows_rate_init(ows_rate_t *r)
{
    r->level = 0;
    r->time = 0;
}


int
ows_rate_take(ows_rate_t *r, const ows_rate_limit_t *limit, int64_t now)
{
    int64_t  level, passed;

    if (limit->rate == 0) {
        return 1;
    }

    passed = now - r->time;

    /* months: whatever was done is forgotten, and nothing overflows */

    level = passed > INT32_MAX ? 0
                               : r->level - passed * limit->rate / 1000;
    level = level > 0 ? level : 0;

    if (level > (int64_t) limit->burst * OWS_RATE_ONE) {
        return 0;
    }

    r->level = level + OWS_RATE_ONE;
    r->time = now;

    return 1;
}
