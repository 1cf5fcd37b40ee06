/*
 * ngx_outbound_ws_stream: a TLS or TCP connection of libcurl's on which the
 * caller speaks for itself.
 *
 * Never blocks the worker.  HTTP is not spoken on it: libcurl resolves,
 * connects and verifies, and then carries bytes.
 */

#ifndef _NGX_OUTBOUND_WS_STREAM_H_INCLUDED_
#define _NGX_OUTBOUND_WS_STREAM_H_INCLUDED_


#include "ngx_outbound_ws_curl.h"


typedef struct ngx_outbound_ws_stream_s  ngx_outbound_ws_stream_t;


/*
 * Called from the event loop: when the stream is connected, and then whenever
 * it may be possible to read or to write; with error (a sentence's tail, which
 * lives as long as the stream) when it could not be connected, or when the
 * curl object is destroyed.  It may close the stream, and after an error it
 * must.
 */
typedef void (*ngx_outbound_ws_stream_handler_pt)(void *data,
    const char *error);


/*
 * Connects to the server, within connect_timeout; the handler is never called
 * from within this call.  NULL: no memory, nothing begun.
 */
ngx_outbound_ws_stream_t *ngx_outbound_ws_stream_connect(
    ngx_outbound_ws_curl_t *curl, ngx_outbound_ws_stream_handler_pt handler,
    void *data);

/*
 * As recv(): bytes read; 0 at the end; NGX_AGAIN; NGX_ERROR.  Must be called
 * until NGX_AGAIN, or ..._again() when the caller wants to go on later.
 */
ssize_t ngx_outbound_ws_stream_recv(ngx_outbound_ws_stream_t *stream,
    u_char *buf, size_t size);

/*
 * As send(): bytes taken, perhaps fewer than len; NGX_AGAIN: none, the
 * handler is called when there is room (call again with the same bytes at
 * the same address); NGX_ERROR.
 */
ssize_t ngx_outbound_ws_stream_send(ngx_outbound_ws_stream_t *stream,
    u_char *buf, size_t len);

/* Has the handler called again soon, after other events had their turn. */
void ngx_outbound_ws_stream_again(ngx_outbound_ws_stream_t *stream);

/* Closes the connection; the handler is not called any more. */
void ngx_outbound_ws_stream_close(ngx_outbound_ws_stream_t *stream);


#endif /* _NGX_OUTBOUND_WS_STREAM_H_INCLUDED_ */
