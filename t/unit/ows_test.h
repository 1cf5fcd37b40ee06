/*
 * ows_test: what the unit tests of the core share: TAP output, inputs that
 * end at a guard page, and an allocator that fails on demand.
 *
 * Header only; each test program is one file plus the core.
 */

#ifndef _OWS_TEST_H_INCLUDED_
#define _OWS_TEST_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include "ows.h"


static unsigned  ows_test_count;
static unsigned  ows_test_failed;


#define ok(condition, ...)  ows_test_ok(!!(condition), __LINE__, __VA_ARGS__)


__attribute__((format(printf, 3, 4)))
static inline void
ows_test_ok(int good, int line, const char *fmt, ...)
{
    va_list  args;

    ows_test_count++;

    printf("%sok %u - ", good ? "" : "not ", ows_test_count);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    if (!good) {
        ows_test_failed++;
        printf("#   at line %d\n", line);
    }

    fflush(stdout);
}


/* The last thing in main(). */
static inline int
ows_test_done(void)
{
    printf("1..%u\n", ows_test_count);

    return ows_test_failed != 0;
}


/*
 * A copy of the bytes whose end is the end of readable memory: reading one
 * byte too far is a crash.  Writable.  Free with ows_test_unguard().
 */
static inline uint8_t *
ows_test_guard(const void *p, size_t len)
{
    size_t    page, size;
    uint8_t  *map;

    page = (size_t) sysconf(_SC_PAGESIZE);
    size = (len + page - 1) / page * page;

    map = mmap(NULL, size + page, PROT_READ|PROT_WRITE,
               MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + size, page, PROT_NONE) != 0) {
        perror("guard page");
        exit(2);
    }

    if (len) {
        memcpy(map + size - len, p, len);
    }

    return map + size - len;
}


static inline void
ows_test_unguard(uint8_t *p, size_t len)
{
    size_t    page, size;

    page = (size_t) sysconf(_SC_PAGESIZE);
    size = (len + page - 1) / page * page;

    munmap(p + len - size, size + page);
}


/* Every input is fed whole, and in slices of each of these sizes. */
#define OWS_TEST_SLICES  5

static inline size_t
ows_test_slice(unsigned n)
{
    static const size_t  slices[OWS_TEST_SLICES] = { SIZE_MAX, 1, 2, 3, 7 };

    return slices[n];
}


/*
 * Takes one slice, which may be written to.  OWS_AGAIN: all was taken; any-
 * thing else ends the feeding.
 */
typedef int (*ows_test_feed_pt)(void *ctx, uint8_t *p, uint8_t *last);

/*
 * Feeds the bytes in slices, each of which ends at a guard page.  Returns what
 * the last call did; *fed: bytes handed over until then.
 */
static inline int
ows_test_feed(const void *p, size_t len, size_t slice, ows_test_feed_pt feed,
    void *ctx, size_t *fed)
{
    int             rc;
    size_t          n;
    uint8_t        *guard;
    const uint8_t  *from;

    from = p;
    slice = slice < len ? slice : len;
    guard = ows_test_guard(p, slice);
    rc = OWS_AGAIN;
    *fed = 0;

    while (rc == OWS_AGAIN && *fed < len) {
        n = slice < len - *fed ? slice : len - *fed;

        memcpy(guard + slice - n, from + *fed, n);
        *fed += n;

        rc = feed(ctx, guard + slice - n, guard + slice);
    }

    ows_test_unguard(guard, slice);

    return rc;
}


/*
 * Counts what is allocated and not freed; the fail_at-th allocation from now
 * fails, and with `sticky` all after it (0: none does).
 */
typedef struct {
    unsigned        fail_at;
    unsigned        sticky;
    unsigned        calls;
    long            live;
    size_t          largest;     /* size asked for, bytes */
} ows_test_heap_t;


static inline void *
ows_test_heap_alloc(void *ctx, size_t size)
{
    ows_test_heap_t  *heap = ctx;

    heap->calls++;

    if (size > heap->largest) {
        heap->largest = size;
    }

    if (heap->fail_at
        && (heap->calls == heap->fail_at
            || (heap->sticky && heap->calls > heap->fail_at)))
    {
        return NULL;
    }

    heap->live++;

    return malloc(size);
}


static inline void
ows_test_heap_free(void *ctx, void *p)
{
    ows_test_heap_t  *heap = ctx;

    if (p != NULL) {
        heap->live--;
        free(p);
    }
}


static inline ows_alloc_t
ows_test_alloc(ows_test_heap_t *heap)
{
    ows_alloc_t  alloc;

    memset(heap, 0, sizeof(*heap));

    alloc.alloc = ows_test_heap_alloc;
    alloc.free = ows_test_heap_free;
    alloc.ctx = heap;

    return alloc;
}


#endif /* _OWS_TEST_H_INCLUDED_ */
