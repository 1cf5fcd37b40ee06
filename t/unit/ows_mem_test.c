/*
 * Unit test of ows_mem.  That a block was wiped can't be seen once it is
 * freed, so the C library's wiping function is replaced by one that tells.
 */

#include "ows_test.h"
#include "ows_mem.h"


static void    *ows_mem_test_wiped;
static size_t   ows_mem_test_wiped_len;


void ows_mem_test_wipe(void *p, size_t len);
void __explicit_bzero_chk(void *p, size_t len, size_t size);


void
ows_mem_test_wipe(void *p, size_t len)
{
    size_t             i;
    volatile uint8_t  *byte = p;

    for (i = 0; i < len; i++) {
        byte[i] = 0;
    }

    ows_mem_test_wiped = p;
    ows_mem_test_wiped_len = len;
}


void
explicit_bzero(void *p, size_t len)
{
    ows_mem_test_wipe(p, len);
}


/* What becomes of it under _FORTIFY_SOURCE. */
void
__explicit_bzero_chk(void *p, size_t len, size_t size)
{
    (void) size;

    ows_mem_test_wipe(p, len);
}


static void
ows_mem_test_sizes(void)
{
    size_t    size;
    void     *p;
    unsigned  wiped, usable;

    wiped = 1;
    usable = 1;

    for (size = 1; size < 300000; size += size / 3 + 1) {
        p = ows_mem_alloc(size);
        if (p == NULL) {
            usable = 0;
            break;
        }

        memset(p, 's', size);
        ows_mem_test_wiped = NULL;

        ows_mem_free(p);

        wiped = wiped && ows_mem_test_wiped == p
                && ows_mem_test_wiped_len >= size;
    }

    ok(usable, "memory of any size can be had and written");
    ok(wiped, "a block is wiped from its start to its end");
}


int
main(void)
{
    void               *p;
    char               *text;
    const ows_alloc_t  *alloc = &ows_mem;

    ows_mem_test_sizes();

    text = strdup("what another library allocated");
    ows_mem_test_wiped = NULL;
    p = text;
    ows_mem_free(text);
    ok(ows_mem_test_wiped == p, "a block of malloc() is wiped just the same");

    ows_mem_test_wiped = NULL;
    ows_mem_free(NULL);
    ows_free(alloc, NULL);
    ok(ows_mem_test_wiped == NULL, "freeing NULL does nothing");

    p = ows_alloc(alloc, 100);
    ok(p != NULL, "the allocator record allocates");

    memset(p, 's', 100);
    ows_free(alloc, p);
    ok(ows_mem_test_wiped_len >= 100, "the allocator record wipes");

    return ows_test_done();
}
