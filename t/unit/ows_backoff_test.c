/* Unit test of ows_backoff. */

#include "ows_test.h"
#include "ows_backoff.h"


/* The longest wait that the next call can give, which is its bound. */
static uint32_t
ows_backoff_test_bound(const ows_backoff_t *b)
{
    ows_backoff_t  copy = *b;

    return ows_backoff_next(&copy, UINT32_MAX);
}


static void
ows_backoff_test_doubling(void)
{
    unsigned                i, good;
    ows_backoff_t           b;
    static const uint32_t   bounds[] = {
        1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000
    };

    ows_backoff_init(&b, 1000, 30000);

    good = 1;

    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        good = good && b.tries == i && ows_backoff_test_bound(&b) == bounds[i];
        (void) ows_backoff_next(&b, 12345);
    }

    ok(good, "the bound doubles from min to max and stays there");

    for (i = 0; i < 100000; i++) {
        good = good && ows_backoff_next(&b, UINT32_MAX) == 30000;
    }

    ok(good, "it stays at max for a hundred thousand tries");

    ows_backoff_reset(&b);
    ok(b.tries == 0 && ows_backoff_test_bound(&b) == 1000,
       "after a success the next wait is a first one");
}


static void
ows_backoff_test_jitter(void)
{
    uint32_t       i, wait, tenths[10];
    unsigned       good;
    ows_backoff_t  b;

    memset(tenths, 0, sizeof(tenths));

    for (i = 0; i < 10000; i++) {
        ows_backoff_init(&b, 1000, 30000);
        wait = ows_backoff_next(&b, i * (UINT32_MAX / 10000));
        tenths[(wait - 1) / 100]++;
    }

    good = 1;

    for (i = 0; i < 10; i++) {
        good = good && tenths[i] > 950 && tenths[i] < 1050;
    }

    ok(good, "waits are spread evenly over the bound");

    ows_backoff_init(&b, 1000, 30000);
    ok(ows_backoff_next(&b, 0) == 1, "a wait is never 0");

    ows_backoff_init(&b, 1000, 30000);
    ok(ows_backoff_next(&b, UINT32_MAX / 2 + 1) == 501,
       "half of the random range is half of the bound");
}


static void
ows_backoff_test_longest(void)
{
    ows_backoff_t  b;

    ows_backoff_init(&b, 1000, 30000);
    ok(ows_backoff_longest(&b, UINT32_MAX) == 30000,
       "the longest wait can be had at once");
    ok(ows_backoff_next(&b, UINT32_MAX) == 30000, "and the next stays there");
    ok(ows_backoff_longest(&b, 0) == 1, "it has full jitter too");

    ows_backoff_reset(&b);
    ok(ows_backoff_test_bound(&b) == 1000, "a success ends it");
}


static void
ows_backoff_test_limits(void)
{
    unsigned       i, good;
    ows_backoff_t  b;

    ows_backoff_init(&b, UINT32_MAX, UINT32_MAX);
    good = 1;

    for (i = 0; i < 100; i++) {
        good = good && ows_backoff_next(&b, UINT32_MAX) == UINT32_MAX;
    }

    ok(good, "the largest bounds don't overflow");

    ows_backoff_init(&b, 1, UINT32_MAX);

    for (i = 0; i < 31; i++) {
        good = good && ows_backoff_next(&b, UINT32_MAX) == 1u << i;
    }

    ok(good, "31 doublings are exact");

    good = ows_backoff_next(&b, UINT32_MAX) == 1u << 31
           && ows_backoff_next(&b, UINT32_MAX) == UINT32_MAX
           && ows_backoff_next(&b, UINT32_MAX) == UINT32_MAX;
    ok(good, "the 32nd is the last");

    b.tries = UINT32_MAX;
    ok(ows_backoff_next(&b, UINT32_MAX) == UINT32_MAX
       && b.tries == UINT32_MAX,
       "the tries are counted to the end and not over it");

    ows_backoff_init(&b, 0, 0);
    ok(ows_backoff_next(&b, UINT32_MAX) == 1, "a min of 0 counts as 1");

    ows_backoff_init(&b, 500, 100);
    ok(ows_backoff_longest(&b, UINT32_MAX) == 500,
       "a max below min counts as min");
}


int
main(void)
{
    ows_backoff_test_doubling();
    ows_backoff_test_jitter();
    ows_backoff_test_longest();
    ows_backoff_test_limits();

    return ows_test_done();
}
