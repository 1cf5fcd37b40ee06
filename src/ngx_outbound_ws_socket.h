/*
 * ngx_outbound_ws_socket: a WebSocket to a server, the client's side of
 * RFC 6455 over a curl stream.
 *
 * Opens with the access token it is given, answers pings, pings on its own,
 * and notices a peer that went silent.  Knows nothing of what the messages
 * say; that is for ngx_outbound_ws_pbx, above.
 */

#ifndef _NGX_OUTBOUND_WS_SOCKET_H_INCLUDED_
#define _NGX_OUTBOUND_WS_SOCKET_H_INCLUDED_


#include "ngx_outbound_ws_curl.h"


typedef struct ngx_outbound_ws_socket_s  ngx_outbound_ws_socket_t;


/*
 * Called from the event loop.  opened and text may close the socket; closed
 * is the last, and called once.
 */
typedef struct {
    void          (*opened)(void *data);
    void          (*text)(void *data, u_char *p, size_t len);   /* borrowed */

    /*
     * It could not be opened, or is gone; the caller has no socket any more.
     * status: the HTTP status of a refused upgrade, else 0; why: a sentence's
     * tail, borrowed.
     */
    void          (*closed)(void *data, ngx_uint_t status, const char *why);
} ngx_outbound_ws_socket_handlers_t;


/* Copied, but for the handlers, which are borrowed for the socket's life. */
typedef struct {
    ngx_str_t       path;
    ngx_str_t       host;                /* as the Host header wants it */
    ngx_str_t       bearer;              /* wiped once it was sent */
    ngx_msec_t      open_timeout;        /* until the upgrade is answered */
    ngx_msec_t      ping_interval;       /* no byte of any kind within one
                                            interval of a ping: lost */
    size_t          max_message;         /* bytes */

    const ngx_outbound_ws_socket_handlers_t  *handlers;
    void           *data;
} ngx_outbound_ws_socket_conf_t;


/*
 * Begins to open one.  Handlers are never called from within this call.
 * NULL: no memory, nothing begun.
 */
ngx_outbound_ws_socket_t *ngx_outbound_ws_socket_open(
    ngx_outbound_ws_curl_t *curl, ngx_outbound_ws_socket_conf_t *conf,
    ngx_log_t *log);

/*
 * No handler is called any more.  Sends a Close where one can be sent, waits
 * for its answer for a second at most, and frees the socket.  When curl is
 * destroyed before, the socket is freed with it; log must live as long.
 */
void ngx_outbound_ws_socket_close(ngx_outbound_ws_socket_t *socket);


#endif /* _NGX_OUTBOUND_WS_SOCKET_H_INCLUDED_ */
