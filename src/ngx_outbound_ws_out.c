/*
 * ngx_outbound_ws_out: what one client is to be sent.
 *
 * Knows frames and a connection to send them on; when to send, and what
 * follows when it can't be done, is for ngx_outbound_ws_conn, above.
 */


#include "ngx_outbound_ws_out.h"

#include "ows_frame.h"


struct ngx_outbound_ws_out_item_s {
    ngx_queue_t                queue;
    ngx_outbound_ws_frame_t   *frame;    /* one reference */
    size_t                     sent;     /* bytes of it */
    unsigned                   snapshot:1;
    unsigned                   begun:1;  /* it was tried: TLS must get the
                                            same bytes again */
};


static void ngx_outbound_ws_out_remove(ngx_outbound_ws_out_t *out,
    ngx_outbound_ws_out_item_t *item);


ngx_outbound_ws_frame_t *
ngx_outbound_ws_frame_create(ngx_uint_t opcode, size_t len, u_char **payload)
{
    u_char                    header[OWS_FRAME_HEADER_MAX];
    size_t                    n;
    ngx_outbound_ws_frame_t  *frame;

    n = ows_frame_write(header, OWS_FIN, opcode, len, NULL);

    frame = ngx_alloc(offsetof(ngx_outbound_ws_frame_t, data) + n + len,
                      ngx_cycle->log);
    if (frame == NULL) {
        return NULL;
    }

    frame->refs = 1;
    frame->len = n + len;

    *payload = ngx_cpymem(frame->data, header, n);

    return frame;
}


ngx_outbound_ws_frame_t *
ngx_outbound_ws_frame_control(ngx_uint_t opcode, u_char *p, size_t len)
{
    ngx_outbound_ws_frame_t  *frame;

    frame = ngx_alloc(offsetof(ngx_outbound_ws_frame_t, data)
                      + OWS_CONTROL_FRAME_MAX, ngx_cycle->log);
    if (frame == NULL) {
        return NULL;
    }

    frame->refs = 1;
    frame->len = ows_frame_control(frame->data, opcode, p, len, NULL);

    return frame;
}


void
ngx_outbound_ws_frame_release(ngx_outbound_ws_frame_t *frame)
{
    if (--frame->refs == 0) {
        ngx_free(frame);
    }
}


void
ngx_outbound_ws_out_init(ngx_outbound_ws_out_t *out)
{
    ngx_memzero(out, sizeof(ngx_outbound_ws_out_t));
    ngx_queue_init(&out->items);
}


ngx_int_t
ngx_outbound_ws_out_add(ngx_outbound_ws_out_t *out,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    ngx_outbound_ws_out_item_t  *item;

    item = ngx_calloc(sizeof(ngx_outbound_ws_out_item_t), ngx_cycle->log);
    if (item == NULL) {
        return NGX_ERROR;
    }

    item->frame = frame;
    frame->refs++;

    if (snapshot) {

        if (out->snapshot) {
            ngx_outbound_ws_out_remove(out, out->snapshot);
        }

        item->snapshot = 1;
        out->snapshot = item;

    } else {
        out->queued += frame->len;
    }

    ngx_queue_insert_tail(&out->items, &item->queue);

    return NGX_OK;
}


ngx_int_t
ngx_outbound_ws_out_flush(ngx_outbound_ws_out_t *out, ngx_connection_t *c,
    ngx_uint_t *some)
{
    ssize_t                      n;
    ngx_outbound_ws_out_item_t  *item;

    *some = 0;

    while (!ngx_queue_empty(&out->items)) {
        item = ngx_queue_data(ngx_queue_head(&out->items),
                              ngx_outbound_ws_out_item_t, queue);

        item->begun = 1;

        if (out->snapshot == item) {
            out->snapshot = NULL;
        }

        n = c->send(c, item->frame->data + item->sent,
                    item->frame->len - item->sent);

        if (n == NGX_AGAIN || n == NGX_ERROR) {
            return n;
        }

        *some = 1;
        item->sent += n;
        out->sent += n;

        if (item->sent == item->frame->len) {
            out->messages += !ows_frame_is_control(item->frame->data);
            ngx_outbound_ws_out_remove(out, item);
        }
    }

    return NGX_OK;
}


void
ngx_outbound_ws_out_drop(ngx_outbound_ws_out_t *out, ngx_uint_t all)
{
    ngx_queue_t                 *q, *next;
    ngx_outbound_ws_out_item_t  *item;

    for (q = ngx_queue_head(&out->items);
         q != ngx_queue_sentinel(&out->items);
         q = next)
    {
        next = ngx_queue_next(q);
        item = ngx_queue_data(q, ngx_outbound_ws_out_item_t, queue);

        if (all || !item->begun) {
            ngx_outbound_ws_out_remove(out, item);
        }
    }
}


static void
ngx_outbound_ws_out_remove(ngx_outbound_ws_out_t *out,
    ngx_outbound_ws_out_item_t *item)
{
    if (out->snapshot == item) {
        out->snapshot = NULL;
    }

    if (!item->snapshot) {
        out->queued -= item->frame->len;
    }

    ngx_queue_remove(&item->queue);
    ngx_outbound_ws_frame_release(item->frame);
    ngx_free(item);
}
