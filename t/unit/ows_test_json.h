/*
 * ows_test_json: makes Jansson use a test's heap, so that its allocations are
 * counted and fail on demand, too.
 */

#ifndef _OWS_TEST_JSON_H_INCLUDED_
#define _OWS_TEST_JSON_H_INCLUDED_


#include "ows_test.h"
#include "ows_json.h"


static ows_test_heap_t  *ows_test_json_heap;


static inline void *
ows_test_json_alloc(size_t size)
{
    return ows_test_heap_alloc(ows_test_json_heap, size);
}


static inline void
ows_test_json_free(void *p)
{
    ows_test_heap_free(ows_test_json_heap, p);
}


/* Until ows_test_json_release(), which the heap has to outlive. */
static inline void
ows_test_json_use(ows_test_heap_t *heap)
{
    ows_test_json_heap = heap;
    json_set_alloc_funcs(ows_test_json_alloc, ows_test_json_free);
}


static inline void
ows_test_json_release(void)
{
    ows_json_init();
}


/* f() of a copy that ends at a guard page. */
static inline int
ows_test_guarded(int (*f)(const uint8_t *p, size_t len), const void *text,
    size_t len)
{
    int       rc;
    uint8_t  *p;

    p = ows_test_guard(text, len);
    rc = f(p, len);
    ows_test_unguard(p, len);

    return rc;
}


#endif /* _OWS_TEST_JSON_H_INCLUDED_ */
