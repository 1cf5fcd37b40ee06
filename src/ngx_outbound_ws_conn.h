/*
 * ngx_outbound_ws_conn: one client, from the 101 to the end of its
 * connection: read and write events, the timer, the closing handshake.
 *
 * Messages go to ngx_outbound_ws_command; what there is to tell comes from
 * the zone's feed, as frames that all clients of a worker share.
 */

#ifndef _NGX_OUTBOUND_WS_CONN_H_INCLUDED_
#define _NGX_OUTBOUND_WS_CONN_H_INCLUDED_


#include "ngx_outbound_ws.h"


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


/* What the variables show; NULL for a request that is no client. */
typedef struct {
    uint64_t        messages_received;
    uint64_t        messages_sent;
    uint64_t        bytes_received;
    uint64_t        bytes_sent;
    uint64_t        close_code;  /* 0: none was sent or received */
} ngx_outbound_ws_conn_stats_t;

ngx_outbound_ws_conn_stats_t *ngx_outbound_ws_conn_stats(
    ngx_http_request_t *r);


#endif /* _NGX_OUTBOUND_WS_CONN_H_INCLUDED_ */
