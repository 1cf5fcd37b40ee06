/*
 * ows_mem: heap memory that is wiped before it is given back.
 *
 * Promises that a freed block holds none of its bytes any more, whoever asked
 * for it and however long it was.  Keeps no books: the C library knows how
 * large a block is, and libraries that take a free function don't tell.
 */

#include "ows_mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>


static void *ows_mem_ctx_alloc(void *ctx, size_t size);
static void ows_mem_ctx_free(void *ctx, void *p);


const ows_alloc_t  ows_mem = { ows_mem_ctx_alloc, ows_mem_ctx_free, NULL };


void *
ows_mem_alloc(size_t size)
{
    return malloc(size);
}


void
ows_mem_free(void *p)
{
    if (p == NULL) {
        return;
    }

    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}


static void *
ows_mem_ctx_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return ows_mem_alloc(size);
}


static void
ows_mem_ctx_free(void *ctx, void *p)
{
    (void) ctx;

    ows_mem_free(p);
}
