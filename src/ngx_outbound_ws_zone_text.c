/*
 * ngx_outbound_ws_zone_text: long texts in the zone, as chains of pages.
 *
 * A snapshot of thousands of projects would need a run of hundreds of free
 * pages that a zone in use may not have; single pages are found as long as
 * there is memory at all.  All of it is used under the zone's lock.
 */


#include "ngx_outbound_ws_zone_layout.h"


#define NGX_OUTBOUND_WS_CHUNK_HEADER                                          \
    offsetof(ngx_outbound_ws_chunk_t, data)


static size_t ngx_outbound_ws_text_chunk_size(size_t need);


/*
 * Makes sure that there is room for size bytes.  NGX_ERROR: the zone is full;
 * the text is as it was.
 */
ngx_int_t
ngx_outbound_ws_text_reserve_locked(ngx_slab_pool_t *shpool,
    ngx_outbound_ws_text_t *text, size_t size)
{
    size_t                     room, chunk_size;
    ngx_outbound_ws_chunk_t   *chunk, *added, **last;

    added = NULL;
    last = &added;
    room = text->size;

    while (room < size) {
        chunk_size = ngx_outbound_ws_text_chunk_size(size - room);

        chunk = ngx_slab_alloc_locked(shpool, chunk_size);
        if (chunk == NULL) {
            goto failed;
        }

        chunk->next = NULL;
        chunk->size = chunk_size - NGX_OUTBOUND_WS_CHUNK_HEADER;

        *last = chunk;
        last = &chunk->next;
        room += chunk->size;
    }

    for (last = &text->chunks; *last; last = &(*last)->next) { /* void */ }

    *last = added;
    text->size = room;

    return NGX_OK;

failed:

    while (added) {
        chunk = added;
        added = chunk->next;
        ngx_slab_free_locked(shpool, chunk);
    }

    return NGX_ERROR;
}


/* Frees the chunks that size bytes do not need. */
void
ngx_outbound_ws_text_trim_locked(ngx_slab_pool_t *shpool,
    ngx_outbound_ws_text_t *text, size_t size)
{
    size_t                     room;
    ngx_outbound_ws_chunk_t   *chunk, *surplus, **last;

    room = 0;

    for (last = &text->chunks; *last && room < size; last = &(*last)->next) {
        room += (*last)->size;
    }

    surplus = *last;
    *last = NULL;
    text->size = room;

    while (surplus) {
        chunk = surplus;
        surplus = chunk->next;
        ngx_slab_free_locked(shpool, chunk);
    }
}


void
ngx_outbound_ws_pen_init(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_text_t *text)
{
    pen->chunk = text->chunks;
    pen->offset = 0;
    pen->len = 0;
}


/* The room was reserved before. */
void
ngx_outbound_ws_pen_write(ngx_outbound_ws_pen_t *pen, const u_char *p,
    size_t len)
{
    size_t  n;

    pen->len += len;

    while (len) {
        if (pen->offset == pen->chunk->size) {
            pen->chunk = pen->chunk->next;
            pen->offset = 0;
        }

        n = ngx_min(len, pen->chunk->size - pen->offset);

        ngx_memcpy(pen->chunk->data + pen->offset, p, n);

        pen->offset += n;
        p += n;
        len -= n;
    }
}


void
ngx_outbound_ws_pen_write_text(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_text_t *text)
{
    size_t                    n, left;
    ngx_outbound_ws_chunk_t  *chunk;

    left = text->len;

    for (chunk = text->chunks; left; chunk = chunk->next) {
        n = ngx_min(left, chunk->size);

        ngx_outbound_ws_pen_write(pen, chunk->data, n);

        left -= n;
    }
}


/* p has room for text->len bytes. */
void
ngx_outbound_ws_text_copy(ngx_outbound_ws_text_t *text, u_char *p)
{
    size_t                    n, left;
    ngx_outbound_ws_chunk_t  *chunk;

    left = text->len;

    for (chunk = text->chunks; left; chunk = chunk->next) {
        n = ngx_min(left, chunk->size);

        p = ngx_cpymem(p, chunk->data, n);

        left -= n;
    }
}


/* A page, or for the last bytes as little as will do. */
static size_t
ngx_outbound_ws_text_chunk_size(size_t need)
{
    if (need >= ngx_pagesize / 2 - NGX_OUTBOUND_WS_CHUNK_HEADER) {
        return ngx_pagesize;
    }

    return NGX_OUTBOUND_WS_CHUNK_HEADER + need;
}
