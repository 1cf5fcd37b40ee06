/*
 * ngx_outbound_ws_conn: one client, from the 101 to the end of its
 * connection: read and write events, timers, the send queue, the closing
 * handshake.
 *
 * Commands go to the zone; what there is to tell comes from
 * ngx_outbound_ws_notify as frames that all clients of a worker share.
 */

#ifndef _NGX_OUTBOUND_WS_CONN_H_INCLUDED_
#define _NGX_OUTBOUND_WS_CONN_H_INCLUDED_


#include "ngx_outbound_ws.h"
#include "ngx_outbound_ws_out.h"

/* close codes, RFC 6455, section 7.4.1 and its registry */
#define NGX_OUTBOUND_WS_CLOSE_NORMAL       1000
#define NGX_OUTBOUND_WS_CLOSE_GOING_AWAY   1001
#define NGX_OUTBOUND_WS_CLOSE_UNSUPPORTED  1003
#define NGX_OUTBOUND_WS_CLOSE_INTERNAL     1011
#define NGX_OUTBOUND_WS_CLOSE_TRY_LATER    1013


/*
 * Makes the request's connection a client of its location; on NGX_OK it owns
 * the connection, once ngx_outbound_ws_conn_start() was called.  Allocates
 * all there is to allocate, so that nothing fails after the 101.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_outbound_ws_conn_create(ngx_http_request_t *r,
    ngx_outbound_ws_conn_t **conn);

/* The 101 was given to nginx: the handlers are the client's from now on. */
void ngx_outbound_ws_conn_start(ngx_outbound_ws_conn_t *conn);


/*
 * Sends a frame, or queues it; takes a reference of its own.  A snapshot
 * replaces one that waits.  Never closes the connection from within the call
 * (the caller may be walking over all clients); a client that fails or has
 * too much to wait for ends by an event of its own.
 */
void ngx_outbound_ws_conn_send(ngx_outbound_ws_conn_t *conn,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);

/* Begins the closing handshake; what waits is dropped. */
void ngx_outbound_ws_conn_close(ngx_outbound_ws_conn_t *conn,
    ngx_uint_t code);

/* The client whose place in its zone's feed this is. */
ngx_outbound_ws_conn_t *ngx_outbound_ws_conn_of(ngx_queue_t *q);


/* What the variables show; NULL for a request that is no client. */
typedef struct {
    ngx_uint_t      messages_received;
    ngx_uint_t      messages_sent;
    off_t           bytes_received;
    off_t           bytes_sent;
    ngx_uint_t      close_code;  /* 0: none was sent or received */
} ngx_outbound_ws_conn_stats_t;

ngx_outbound_ws_conn_stats_t *ngx_outbound_ws_conn_stats(
    ngx_http_request_t *r);


#endif /* _NGX_OUTBOUND_WS_CONN_H_INCLUDED_ */
