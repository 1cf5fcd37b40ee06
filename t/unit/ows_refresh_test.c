/*
 * ows_refresh_test: unit tests of ows_refresh.
 */

#include "ows_test.h"
#include "ows_refresh.h"


static ows_test_heap_t   ows_test_heap;
static ows_alloc_t       ows_test_memory;
static ows_refresh_t    *ows_test_refresh;


static const ows_pbx_entity_t *
ows_test_entity(unsigned n)
{
    static ows_pbx_entity_t  entity;

    memset(&entity, 0, sizeof(entity));

    entity.kind = OWS_PBX_PARTICIPANT;
    entity.dn_len = 3;
    memcpy(entity.dn, "150", 3);
    entity.id_len = (uint16_t) sprintf((char *) entity.id, "%u", n);

    return &entity;
}


static void
ows_test_mark(unsigned n)
{
    ows_refresh_mark(ows_test_refresh, ows_test_entity(n));
}


static void
ows_test_forget(unsigned n)
{
    ows_refresh_forget(ows_test_refresh, ows_test_entity(n));
}


static int
ows_test_done_with(unsigned n)
{
    return ows_refresh_done(ows_test_refresh, ows_test_entity(n));
}


/* 1 when the next one to read is n; 0 stands for none. */
static unsigned
ows_test_next_is(unsigned n)
{
    int               rc;
    ows_pbx_entity_t  entity;

    rc = ows_refresh_next(ows_test_refresh, &entity);

    if (n == 0) {
        return rc == OWS_AGAIN;
    }

    return rc == OWS_OK && ows_pbx_entity_equal(&entity, ows_test_entity(n));
}


static unsigned
ows_test_due(void)
{
    return ows_refresh_snapshot_due(ows_test_refresh) == 1;
}


static void
ows_test_begin(void)
{
    ows_test_refresh = ows_refresh_create(&ows_test_memory);
}


static void
ows_test_end(const char *name)
{
    ows_refresh_destroy(ows_test_refresh);
    ok(ows_test_heap.live == 0, "everything is freed: %s", name);
}


static void
ows_refresh_test_order(void)
{
    ows_pbx_entity_t  device, other;

    ows_test_begin();

    ok(ows_test_next_is(0) && !ows_test_due(), "at first nothing waits");

    ows_test_mark(1);
    ows_test_mark(2);
    ows_test_mark(1);
    ows_test_mark(3);
    ok(ows_test_next_is(1) && ows_test_next_is(2) && ows_test_next_is(3)
       && ows_test_next_is(0),
       "first come, first served, and repeats are merged");
    ok(ows_test_done_with(2) == OWS_OK && ows_test_done_with(1) == OWS_OK
       && ows_test_done_with(3) == OWS_OK && ows_test_next_is(0),
       "answers come in any order and are used");
    ok(ows_test_done_with(1) == OWS_ERROR,
       "an answer nobody waits for is not used");

    ows_test_mark(1);
    ok(ows_test_done_with(1) == OWS_ERROR,
       "nor one of an entity that waits");
    ok(ows_test_next_is(1), "which goes on waiting");

    device = *ows_test_entity(1);
    device.kind = OWS_PBX_DEVICE;
    other = *ows_test_entity(1);
    other.dn[0] = '2';
    ows_refresh_mark(ows_test_refresh, &device);
    ows_refresh_mark(ows_test_refresh, &other);
    ok(ows_refresh_done(ows_test_refresh, &device) == OWS_ERROR
       && ows_test_done_with(1) == OWS_OK
       && ows_refresh_next(ows_test_refresh, &other) == OWS_OK
       && ows_pbx_entity_equal(&device, &other)
       && ows_refresh_next(ows_test_refresh, &other) == OWS_OK
       && other.dn[0] == '2'
       && ows_test_next_is(0),
       "a device is no participant, and a DN not another");

    ows_test_end("two under way");
}


static void
ows_refresh_test_meanwhile(void)
{
    ows_test_begin();

    ows_test_mark(1);
    (void) ows_test_next_is(1);
    ows_test_mark(1);
    ows_test_mark(1);
    ok(ows_test_next_is(0), "what is under way is not read twice at once");
    ows_test_mark(2);
    ok(ows_test_done_with(1) == OWS_OK,
       "the answer of what was marked meanwhile is used");
    ok(ows_test_next_is(2) && ows_test_next_is(1) && ows_test_next_is(0),
       "and it is read once more, in its turn");
    ok(ows_test_done_with(1) == OWS_OK && ows_test_next_is(0),
       "and no more than that");

    ows_test_mark(3);
    ows_test_mark(4);
    ows_test_mark(5);
    ows_test_forget(4);
    ows_test_forget(6);
    ok(ows_test_next_is(3) && ows_test_next_is(5) && ows_test_next_is(0),
       "what is forgotten is not read");

    ows_test_forget(3);
    ok(ows_test_done_with(3) == OWS_ERROR && ows_test_next_is(0),
       "its answer under way is stale");

    ows_test_mark(5);
    ows_test_forget(5);
    ok(ows_test_done_with(5) == OWS_ERROR && ows_test_next_is(0),
       "even when it was marked before");

    ows_test_mark(5);
    (void) ows_test_next_is(5);
    ows_test_forget(5);
    ows_test_mark(5);
    ok(ows_test_next_is(0), "forgotten and marked again, it waits");
    ok(ows_test_done_with(5) == OWS_ERROR, "for its stale answer");
    ok(ows_test_next_is(5) && ows_test_done_with(5) == OWS_OK,
       "and its next one is good");

    ows_test_end("one under way");
}


static void
ows_refresh_test_clear(void)
{
    ows_test_begin();

    ows_test_mark(1);
    ows_test_mark(2);
    ows_test_mark(3);
    (void) ows_test_next_is(1);
    (void) ows_test_next_is(2);
    ows_test_mark(1);
    ows_refresh_clear(ows_test_refresh);
    ok(ows_test_next_is(0), "a snapshot covers all that waits");

    ows_test_mark(2);
    ows_test_mark(4);
    ok(ows_test_done_with(1) == OWS_ERROR
       && ows_test_done_with(2) == OWS_ERROR,
       "answers asked for before it are stale");
    ok(ows_test_next_is(4) && ows_test_next_is(2) && ows_test_next_is(0),
       "marks made after it count");
    ok(ows_test_done_with(2) == OWS_OK && ows_test_done_with(4) == OWS_OK,
       "and their answers are used");

    ows_test_mark(7);
    ows_test_mark(8);
    (void) ows_test_next_is(7);
    ows_test_end("some waiting, some under way");
}


static void
ows_refresh_test_bound(void)
{
    unsigned  n, wrong;

    ows_test_begin();

    for (n = 1; n <= OWS_REFRESH_MAX; n++) {
        ows_test_mark(n);
    }

    ok(!ows_test_due(), "1024 entities are remembered");
    ows_test_mark(7);
    ok(!ows_test_due(), "and marked again");
    ows_test_mark(5000);
    ok(ows_test_due(), "one more makes a snapshot due");

    wrong = 0;

    for (n = 1; n <= OWS_REFRESH_MAX / 2; n++) {
        wrong += !ows_test_next_is(n);
    }

    ows_test_mark(3);
    ok(wrong == 0 && ows_test_due(), "which it stays");

    ows_refresh_clear(ows_test_refresh);
    ok(!ows_test_due(), "until one begins to be read");

    ows_test_mark(3);
    ok(!ows_test_due(), "what is under way counts, and can be marked");

    for (n = 1; n <= OWS_REFRESH_MAX / 2; n++) {
        ows_test_mark(10000 + n);
    }

    ok(!ows_test_due(), "up to the bound");
    ows_test_mark(20000);
    ok(ows_test_due(), "and not over it");

    wrong = 0;

    for (n = 1; n <= OWS_REFRESH_MAX / 2; n++) {
        wrong += ows_test_done_with(n) != OWS_ERROR;
    }

    for (n = 1; n <= OWS_REFRESH_MAX / 2; n++) {
        wrong += !ows_test_next_is(10000 + n);
    }

    wrong += !ows_test_next_is(3);

    ok(wrong == 0, "each is found among many");

    ows_test_end("many");
}


static void
ows_refresh_test_no_memory(void)
{
    ows_test_heap.calls = 0;
    ows_test_heap.fail_at = 1;
    ok(ows_refresh_create(&ows_test_memory) == NULL,
       "without memory there is no set");
    ows_test_heap.fail_at = 0;

    ows_test_begin();
    ows_test_mark(1);

    ows_test_heap.calls = 0;
    ows_test_heap.fail_at = 1;
    ows_test_mark(2);
    ok(ows_test_due(), "a mark that finds no memory makes a snapshot due");
    ows_test_mark(3);
    ok(ows_test_next_is(1) && ows_test_next_is(3) && ows_test_next_is(0),
       "the others are remembered");

    ows_test_heap.calls = 0;
    ows_test_heap.fail_at = 1;
    ows_refresh_clear(ows_test_refresh);
    ows_test_mark(1);
    ok(!ows_test_due() && ows_test_done_with(1) == OWS_ERROR
       && ows_test_next_is(1),
       "to mark what is under way takes none");
    ows_test_heap.fail_at = 0;

    ows_test_end("after a failure");
}


/* Against the rules of the header, kept in plain arrays. */
static void
ows_refresh_test_at_random(void)
{
    int               rc;
    unsigned          i, n, wrong;
    ows_pbx_entity_t  entity;

    enum { N = 12 };

    unsigned  dirty[N + 1] = { 0 };      /* must be read after now */
    unsigned  reading[N + 1] = { 0 };
    unsigned  stale[N + 1] = { 0 };

    ows_test_begin();

    wrong = 0;
    srand(1);

    for (i = 0; i < 100000; i++) {
        n = (unsigned) rand() % N + 1;

        switch (rand() % 16) {

        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            ows_test_mark(n);
            dirty[n] = 1;
            break;

        case 5:
            ows_test_forget(n);
            dirty[n] = 0;
            stale[n] = reading[n];
            break;

        case 6:
            if (rand() % 8 == 0) {
                ows_refresh_clear(ows_test_refresh);

                for (n = 1; n <= N; n++) {
                    dirty[n] = 0;
                    stale[n] = reading[n];
                }
            }

            break;

        case 7:
        case 8:
        case 9:
        case 10:
            rc = ows_refresh_next(ows_test_refresh, &entity);

            if (rc == OWS_OK) {
                entity.id[entity.id_len] = '\0';
                n = (unsigned) atoi((char *) entity.id);
                wrong += !dirty[n] || reading[n];
                dirty[n] = 0;
                reading[n] = 1;
                stale[n] = 0;
                break;
            }

            for (n = 1; n <= N; n++) {
                wrong += dirty[n] && !reading[n];
            }

            break;

        default:
            wrong += ows_test_done_with(n)
                     != (reading[n] && !stale[n] ? OWS_OK : OWS_ERROR);
            reading[n] = 0;
            stale[n] = 0;
            break;
        }
    }

    ok(wrong == 0 && !ows_test_due(), "no order of calls breaks the rules");

    ows_test_end("at random");
}


int
main(void)
{
    ows_test_memory = ows_test_alloc(&ows_test_heap);

    ows_refresh_test_order();
    ows_refresh_test_meanwhile();
    ows_refresh_test_clear();
    ows_refresh_test_bound();
    ows_refresh_test_no_memory();
    ows_refresh_test_at_random();

    return ows_test_done();
}
