/*
 * ngx_outbound_ws_out: what one client is to be sent: frames, and the queue
 * they wait in when the client takes them slowly.
 *
 * A frame is made once for all clients of a worker and shared by counting.
 * The newest snapshot replaces one that waits; all else keeps its order.
 */

#ifndef _NGX_OUTBOUND_WS_OUT_H_INCLUDED_
#define _NGX_OUTBOUND_WS_OUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/* Ready to be sent; immutable; of one worker's heap. */
typedef struct {
    ngx_uint_t      refs;
    size_t          len;         /* header and payload */
    u_char          data[1];
} ngx_outbound_ws_frame_t;

/*
 * A frame of a text or binary message with room for len bytes of payload at
 * *payload, and a control frame of at most OWS_CONTROL_MAX bytes; with one
 * reference, the caller's.  NULL: no memory.
 */
ngx_outbound_ws_frame_t *ngx_outbound_ws_frame_create(ngx_uint_t opcode,
    size_t len, u_char **payload);
ngx_outbound_ws_frame_t *ngx_outbound_ws_frame_control(ngx_uint_t opcode,
    u_char *p, size_t len);

void ngx_outbound_ws_frame_release(ngx_outbound_ws_frame_t *frame);


typedef struct ngx_outbound_ws_out_item_s  ngx_outbound_ws_out_item_t;

/* The queue of one client. */
typedef struct {
    ngx_queue_t                  items;
    ngx_outbound_ws_out_item_t  *snapshot;   /* the one that waits, or NULL */
    size_t                       queued;     /* bytes, but for snapshots: of
                                                these there are two at most */
    off_t                        sent;       /* bytes, in all */
    ngx_uint_t                   messages;   /* sent whole, in all */
} ngx_outbound_ws_out_t;


void ngx_outbound_ws_out_init(ngx_outbound_ws_out_t *out);

/*
 * Appends a frame, and takes a reference of its own; a snapshot takes the
 * place of one that waits.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_outbound_ws_out_add(ngx_outbound_ws_out_t *out,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);

/*
 * Sends what the connection takes.  NGX_OK: nothing is left; NGX_AGAIN: wait
 * for the write event; NGX_ERROR: the connection is gone.  *some is set when
 * anything was taken.
 */
ngx_int_t ngx_outbound_ws_out_flush(ngx_outbound_ws_out_t *out,
    ngx_connection_t *c, ngx_uint_t *some);

/* Drops what waits; a frame that was begun stays, unless `all`. */
void ngx_outbound_ws_out_drop(ngx_outbound_ws_out_t *out, ngx_uint_t all);


#endif /* _NGX_OUTBOUND_WS_OUT_H_INCLUDED_ */
