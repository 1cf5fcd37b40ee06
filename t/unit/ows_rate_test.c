/*
 * ows_rate: the bucket fills, drains with time, and refuses what is too much.
 */

#include "ows_test.h"
#include "ows_rate.h"


static int
ows_rate_test_many(ows_rate_t *r, const ows_rate_limit_t *limit, int n,
    int64_t now)
{
    int  i, taken;

    taken = 0;

    for (i = 0; i < n; i++) {
        taken += ows_rate_take(r, limit, now);
    }

    return taken;
}


int
main(void)
{
    int               i, taken;
    ows_rate_t        r;
    ows_rate_limit_t  limit;

    limit.rate = 10 * 1000;
    limit.burst = 0;

    ows_rate_init(&r);
    ok(ows_rate_take(&r, &limit, 5000), "the first may always");
    ok(!ows_rate_take(&r, &limit, 5000), "another at once may not");
    ok(!ows_rate_take(&r, &limit, 5099), "nor one too early");
    ok(ows_rate_take(&r, &limit, 5100), "in its time it may");

    ok(!ows_rate_take(&r, &limit, 5150) && ows_rate_take(&r, &limit, 5200),
       "what was refused does not count");

    limit.burst = 20;
    ows_rate_init(&r);
    ok(ows_rate_test_many(&r, &limit, 100, 5000) == 21,
       "a burst comes on top of the first");
    ok(ows_rate_test_many(&r, &limit, 100, 6000) == 10,
       "after a second there is room for a second's worth");
    ok(ows_rate_test_many(&r, &limit, 100, 600000) == 21,
       "a long rest fills it up, and no further");

    limit.rate = 500;
    limit.burst = 0;
    ows_rate_init(&r);
    taken = 0;

    for (i = 0; i < 60000; i += 10) {
        taken += ows_rate_take(&r, &limit, i);
    }

    ok(taken == 30, "half a one each second is thirty in a minute");

    limit.rate = UINT32_MAX;
    limit.burst = UINT32_MAX;
    ows_rate_init(&r);
    ok(ows_rate_take(&r, &limit, INT64_MAX / 2)
       && ows_rate_take(&r, &limit, INT64_MAX),
       "the greatest numbers do not overflow");

    limit.rate = 0;
    ows_rate_init(&r);
    ok(ows_rate_test_many(&r, &limit, 1000, 0) == 1000,
       "without a limit all may");

    return ows_test_done();
}
