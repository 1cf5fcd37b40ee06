/*
 * ngx_outbound_ws_socket: a WebSocket to a server, the client's side of
 * RFC 6455 over a curl stream.
 *
 * What comes next is read by socket->take: first the answer to the handshake,
 * then frames, then nothing.  What goes out is the handshake, and then one
 * control frame at a time, so there is no queue that a server could fill.
 * Promises that `closed` is called once, and that a socket is freed only
 * where it says so, never from within a handler of its owner.
 */

#include "ngx_outbound_ws_socket.h"
#include "ngx_outbound_ws_stream.h"

#include <string.h>

#include <openssl/rand.h>

#include "core/ows_frame.h"
#include "core/ows_handshake.h"
#include "core/ows_mem.h"
#include "core/ows_message.h"
#include "core/ows_response.h"


#define NGX_OUTBOUND_WS_SOCKET_BUF     4096    /* bytes read at once */
#define NGX_OUTBOUND_WS_SOCKET_READS   16      /* times, for each event */
#define NGX_OUTBOUND_WS_SOCKET_LINGER  1000    /* ms, for the end of a close */

/* what the request has besides its texts, and then some */
#define NGX_OUTBOUND_WS_SOCKET_REQUEST  512

/* close codes, RFC 6455, section 7.4.1 */
#define NGX_OUTBOUND_WS_SOCKET_NORMAL    1000
#define NGX_OUTBOUND_WS_SOCKET_INTERNAL  1011


/* Reads p up to last; NGX_DONE: the socket was freed, else NGX_OK. */
typedef ngx_int_t (*ngx_outbound_ws_socket_take_pt)(
    ngx_outbound_ws_socket_t *socket, u_char *p, u_char *last);


struct ngx_outbound_ws_socket_s {
    ngx_outbound_ws_stream_t            *stream;       /* owned */
    ngx_log_t                           *log;

    /* NULL once the owner has closed the socket or was told of its end */
    const ngx_outbound_ws_socket_handlers_t  *handlers;
    void                                *data;

    ngx_outbound_ws_socket_take_pt       take;
    ows_response_t                      *response;     /* owned; until open */
    ows_message_t                        message;

    /* its handler says what it is for: opening, pings or the end */
    ngx_event_t                          timer;
    ngx_connection_t                     ident;        /* timer.data: nginx
                                                          logs its fd, -1 */
    ngx_msec_t                           ping_interval;

    u_char                              *request;      /* owned; until sent */
    u_char                              *pos;          /* to be sent: in */
    u_char                              *last;         /* request or frame */
    u_char                               frame[OWS_CONTROL_FRAME_MAX];

    u_char                               pong[OWS_CONTROL_MAX];
    size_t                               pong_len;
    unsigned                             close_code;

    unsigned                             send_pong:1;
    unsigned                             send_ping:1;
    unsigned                             send_close:1;
    unsigned                             close_sent:1; /* the last frame */
    unsigned                             pinged:1;     /* nothing came since */

    u_char                               why[64];
};


static ngx_int_t ngx_outbound_ws_socket_handshake(
    ngx_outbound_ws_socket_t *socket, ngx_outbound_ws_socket_conf_t *conf);
static void ngx_outbound_ws_socket_set_timer(ngx_outbound_ws_socket_t *socket,
    ngx_event_handler_pt handler, ngx_msec_t timeout);
static void ngx_outbound_ws_socket_open_timeout(ngx_event_t *ev);
static void ngx_outbound_ws_socket_ping_timeout(ngx_event_t *ev);
static void ngx_outbound_ws_socket_linger_timeout(ngx_event_t *ev);

static void ngx_outbound_ws_socket_event(void *data, const char *error);
static ngx_int_t ngx_outbound_ws_socket_read(ngx_outbound_ws_socket_t *socket);
static ngx_int_t ngx_outbound_ws_socket_take_response(
    ngx_outbound_ws_socket_t *socket, u_char *p, u_char *last);
static ngx_int_t ngx_outbound_ws_socket_take_frames(
    ngx_outbound_ws_socket_t *socket, u_char *p, u_char *last);
static ngx_int_t ngx_outbound_ws_socket_take_nothing(
    ngx_outbound_ws_socket_t *socket, u_char *p, u_char *last);
static ngx_int_t ngx_outbound_ws_socket_message(
    ngx_outbound_ws_socket_t *socket, ows_message_event_t *event);
static ngx_int_t ngx_outbound_ws_socket_peer_close(
    ngx_outbound_ws_socket_t *socket, ows_message_event_t *event);

static ngx_int_t ngx_outbound_ws_socket_flush(
    ngx_outbound_ws_socket_t *socket);
static ngx_int_t ngx_outbound_ws_socket_next_frame(
    ngx_outbound_ws_socket_t *socket);

static void ngx_outbound_ws_socket_leave(ngx_outbound_ws_socket_t *socket,
    unsigned code, const char *why);
static void ngx_outbound_ws_socket_linger(ngx_outbound_ws_socket_t *socket,
    unsigned code);
static void ngx_outbound_ws_socket_fail(ngx_outbound_ws_socket_t *socket,
    ngx_uint_t status, const char *why);
static void ngx_outbound_ws_socket_free(ngx_outbound_ws_socket_t *socket);


ngx_outbound_ws_socket_t *
ngx_outbound_ws_socket_open(ngx_outbound_ws_curl_t *curl,
    ngx_outbound_ws_socket_conf_t *conf, ngx_log_t *log)
{
    ngx_outbound_ws_socket_t  *socket;

    socket = ows_mem_alloc(sizeof(ngx_outbound_ws_socket_t));
    if (socket == NULL) {
        return NULL;
    }

    ngx_memzero(socket, sizeof(ngx_outbound_ws_socket_t));

    socket->log = log;
    socket->handlers = conf->handlers;
    socket->data = conf->data;
    socket->ping_interval = conf->ping_interval;
    socket->take = ngx_outbound_ws_socket_take_response;

    ows_message_init(&socket->message, OWS_ROLE_CLIENT, conf->max_message,
                     &ows_mem);

    socket->ident.fd = (ngx_socket_t) -1;
    socket->ident.data = socket;

    socket->timer.data = &socket->ident;
    socket->timer.log = log;
    socket->timer.cancelable = 1;

    if (ngx_outbound_ws_socket_handshake(socket, conf) != NGX_OK) {
        goto failed;
    }

    socket->stream = ngx_outbound_ws_stream_connect(curl,
                                         ngx_outbound_ws_socket_event, socket);
    if (socket->stream == NULL) {
        goto failed;
    }

    ngx_outbound_ws_socket_set_timer(socket,
                                     ngx_outbound_ws_socket_open_timeout,
                                     conf->open_timeout);

    return socket;

failed:

    ngx_outbound_ws_socket_free(socket);

    return NULL;
}


static ngx_int_t
ngx_outbound_ws_socket_handshake(ngx_outbound_ws_socket_t *socket,
    ngx_outbound_ws_socket_conf_t *conf)
{
    u_char     random[16], key[OWS_KEY_LEN];
    size_t     size, len;
    ows_str_t  path, host, bearer;

    socket->response = ows_mem_alloc(sizeof(ows_response_t));
    if (socket->response == NULL) {
        return NGX_ERROR;
    }

    size = NGX_OUTBOUND_WS_SOCKET_REQUEST + conf->path.len + conf->host.len
           + conf->bearer.len;

    socket->request = ows_mem_alloc(size);
    if (socket->request == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        return NGX_ERROR;
    }

    ows_handshake_key(key, random);

    if (ows_response_init(socket->response, key) != OWS_OK) {
        return NGX_ERROR;
    }

    path.len = conf->path.len;
    path.data = conf->path.data;
    host.len = conf->host.len;
    host.data = conf->host.data;
    bearer.len = conf->bearer.len;
    bearer.data = conf->bearer.data;

    len = ows_handshake_request(socket->request, size, &path, &host, key,
                                &bearer);
    if (len == 0) {
        return NGX_ERROR;
    }

    socket->pos = socket->request;
    socket->last = socket->request + len;

    return NGX_OK;
}


static void
ngx_outbound_ws_socket_set_timer(ngx_outbound_ws_socket_t *socket,
    ngx_event_handler_pt handler, ngx_msec_t timeout)
{
    /* first, for ngx_add_timer() keeps a time that is less than 300 ms off */

    if (socket->timer.timer_set) {
        ngx_del_timer(&socket->timer);
    }

    socket->timer.handler = handler;
    ngx_add_timer(&socket->timer, timeout);
}


static void
ngx_outbound_ws_socket_open_timeout(ngx_event_t *ev)
{
    ngx_connection_t  *ident;

    ident = ev->data;

    ngx_outbound_ws_socket_fail(ident->data, 0,
                                "it was not opened in time");
}


static void
ngx_outbound_ws_socket_ping_timeout(ngx_event_t *ev)
{
    ngx_connection_t          *ident;
    ngx_outbound_ws_socket_t  *socket;

    ident = ev->data;
    socket = ident->data;

    if (socket->pinged) {
        ngx_outbound_ws_socket_fail(socket, 0, "no answer to a ping");
        return;
    }

    socket->pinged = 1;
    socket->send_ping = 1;

    ngx_add_timer(ev, socket->ping_interval);

    if (ngx_outbound_ws_socket_flush(socket) == NGX_ERROR) {
        ngx_outbound_ws_socket_fail(socket, 0, "the connection was lost");
    }
}


static void
ngx_outbound_ws_socket_linger_timeout(ngx_event_t *ev)
{
    ngx_connection_t  *ident;

    ident = ev->data;

    ngx_outbound_ws_socket_free(ident->data);
}


/* Reads first: a server that refuses may not have read all that we sent. */

static void
ngx_outbound_ws_socket_event(void *data, const char *error)
{
    ngx_outbound_ws_socket_t  *socket = data;

    if (error) {
        ngx_outbound_ws_socket_fail(socket, 0, error);
        return;
    }

    if (ngx_outbound_ws_socket_read(socket) == NGX_DONE) {
        return;
    }

    if (ngx_outbound_ws_socket_flush(socket) == NGX_ERROR) {
        ngx_outbound_ws_socket_fail(socket, 0, "the connection was lost");
    }
}


static ngx_int_t
ngx_outbound_ws_socket_read(ngx_outbound_ws_socket_t *socket)
{
    u_char      buf[NGX_OUTBOUND_WS_SOCKET_BUF];
    ssize_t     n;
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = NGX_OK;

    for (i = 0; i < NGX_OUTBOUND_WS_SOCKET_READS; i++) {

        n = ngx_outbound_ws_stream_recv(socket->stream, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            goto done;
        }

        if (n <= 0) {
            ngx_outbound_ws_socket_fail(socket, 0,
                                        n ? "the connection was lost"
                                          : "the server hung up");
            rc = NGX_DONE;
            goto done;
        }

        rc = socket->take(socket, buf, buf + n);

        if (rc == NGX_DONE) {
            goto done;
        }
    }

    ngx_outbound_ws_stream_again(socket->stream);

done:

    explicit_bzero(buf, sizeof(buf));

    return rc;
}


static ngx_int_t
ngx_outbound_ws_socket_take_response(ngx_outbound_ws_socket_t *socket,
    u_char *p, u_char *last)
{
    int             rc;
    ngx_uint_t      status;
    const uint8_t  *pos;

    pos = p;
    rc = ows_response_read(socket->response, &pos, last);

    if (rc == OWS_AGAIN) {
        return NGX_OK;
    }

    if (rc != OWS_OK) {
        /* a 101 that breaks the rules is no refusal */
        status = socket->response->status;
        ngx_outbound_ws_socket_fail(socket, status == 101 ? 0 : status,
                                    socket->response->error);
        return NGX_DONE;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, socket->log, 0,
                   "outbound ws: socket %p opened", socket);

    ows_mem_free(socket->response);
    socket->response = NULL;

    socket->take = ngx_outbound_ws_socket_take_frames;

    ngx_outbound_ws_socket_set_timer(socket,
                                     ngx_outbound_ws_socket_ping_timeout,
                                     socket->ping_interval);

    socket->handlers->opened(socket->data);

    return ngx_outbound_ws_socket_take_frames(socket, p + (pos - p), last);
}


static ngx_int_t
ngx_outbound_ws_socket_take_frames(ngx_outbound_ws_socket_t *socket,
    u_char *p, u_char *last)
{
    int  rc;

    if (socket->handlers) {
        /* open; often the timer's old time will do */
        socket->pinged = 0;
        ngx_add_timer(&socket->timer, socket->ping_interval);
    }

    for ( ;; ) {

        rc = ows_message_read(&socket->message, &p, last);

        switch (rc) {

        case OWS_OK:
            if (ngx_outbound_ws_socket_message(socket, &socket->message.event)
                == NGX_DONE)
            {
                return NGX_DONE;
            }

            break;

        case OWS_AGAIN:
            return NGX_OK;

        case OWS_ERROR:
            socket->take = ngx_outbound_ws_socket_take_nothing;
            ngx_outbound_ws_socket_leave(socket,
                                         socket->message.error->code,
                                         socket->message.error->text);
            return NGX_OK;

        default: /* OWS_NOMEM */
            socket->take = ngx_outbound_ws_socket_take_nothing;
            ngx_outbound_ws_socket_leave(socket,
                                         NGX_OUTBOUND_WS_SOCKET_INTERNAL,
                                         "no memory for a message");
            return NGX_OK;
        }
    }
}


static ngx_int_t
ngx_outbound_ws_socket_take_nothing(ngx_outbound_ws_socket_t *socket,
    u_char *p, u_char *last)
{
    return NGX_OK;
}


/* Pongs say no more than that they came; binary messages are not for us. */

static ngx_int_t
ngx_outbound_ws_socket_message(ngx_outbound_ws_socket_t *socket,
    ows_message_event_t *event)
{
    switch (event->opcode) {

    case OWS_OP_TEXT:

        if (socket->handlers) {
            socket->handlers->text(socket->data, event->data, event->len);
        }

        break;

    case OWS_OP_PING:

        /* the most recent one is answered (RFC 6455, section 5.5.3) */

        if (event->len) {
            ngx_memcpy(socket->pong, event->data, event->len);
        }

        socket->pong_len = event->len;
        socket->send_pong = 1;

        break;

    case OWS_OP_CLOSE:
        return ngx_outbound_ws_socket_peer_close(socket, event);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_outbound_ws_socket_peer_close(ngx_outbound_ws_socket_t *socket,
    ows_message_event_t *event)
{
    u_char      *p;
    const char  *why;

    if (socket->send_close) {
        /* the answer to ours */
        ngx_outbound_ws_socket_free(socket);
        return NGX_DONE;
    }

    why = "the server closed it";

    if (event->code) {
        p = ngx_snprintf(socket->why, sizeof(socket->why) - 1,
                         "the server closed it with code %ui",
                         (ngx_uint_t) event->code);
        *p = '\0';
        why = (char *) socket->why;
    }

    ngx_outbound_ws_socket_leave(socket, ows_message_close_reply(event), why);

    return NGX_OK;
}


/*
 * NGX_OK: all was sent; NGX_AGAIN; NGX_ERROR: the connection is of no use
 * any more.  Bytes that were offered once are not touched until they are
 * sent, as ..._stream_send() demands.
 */

static ngx_int_t
ngx_outbound_ws_socket_flush(ngx_outbound_ws_socket_t *socket)
{
    ssize_t    n;
    ngx_int_t  rc;

    do {
        while (socket->pos != socket->last) {

            n = ngx_outbound_ws_stream_send(socket->stream, socket->pos,
                                            socket->last - socket->pos);
            if (n < 0) {
                return n;
            }

            socket->pos += n;
        }

        ows_mem_free(socket->request);
        socket->request = NULL;

        rc = ngx_outbound_ws_socket_next_frame(socket);

    } while (rc == NGX_AGAIN);

    return rc;
}


/* NGX_AGAIN: there was one, and it is to be sent now. */

static ngx_int_t
ngx_outbound_ws_socket_next_frame(ngx_outbound_ws_socket_t *socket)
{
    u_char  key[4];
    size_t  len;

    if (socket->close_sent
        || !(socket->send_close || socket->send_pong || socket->send_ping))
    {
        return NGX_OK;
    }

    /* nobody may foresee it (RFC 6455, section 5.3) */

    if (RAND_bytes(key, sizeof(key)) != 1) {
        return NGX_ERROR;
    }

    if (socket->send_close) {
        socket->close_sent = 1;
        len = ows_frame_close(socket->frame, socket->close_code, key);

    } else if (socket->send_pong) {
        socket->send_pong = 0;
        len = ows_frame_control(socket->frame, OWS_OP_PONG, socket->pong,
                                socket->pong_len, key);

    } else {
        socket->send_ping = 0;
        len = ows_frame_control(socket->frame, OWS_OP_PING, NULL, 0, key);
    }

    socket->pos = socket->frame;
    socket->last = socket->frame + len;

    return NGX_AGAIN;
}


void
ngx_outbound_ws_socket_close(ngx_outbound_ws_socket_t *socket)
{
    if (socket->response) {
        /* not open yet: nothing to say */
        ngx_outbound_ws_socket_free(socket);
        return;
    }

    ngx_outbound_ws_socket_linger(socket, NGX_OUTBOUND_WS_SOCKET_NORMAL);
}


/* Ends an open socket with a Close frame, and tells its owner. */

static void
ngx_outbound_ws_socket_leave(ngx_outbound_ws_socket_t *socket, unsigned code,
    const char *why)
{
    const ngx_outbound_ws_socket_handlers_t  *handlers;

    handlers = socket->handlers;

    ngx_outbound_ws_socket_linger(socket, code);

    if (handlers) {
        handlers->closed(socket->data, 0, why);
    }
}


/*
 * From here on the socket has no owner: it is freed when the server has
 * answered or hung up, with the linger timer, or with curl.  What can't be
 * sent now is sent by the events that follow, so errors are left to them.
 */

static void
ngx_outbound_ws_socket_linger(ngx_outbound_ws_socket_t *socket, unsigned code)
{
    socket->handlers = NULL;

    if (!socket->send_close) {
        socket->send_close = 1;
        socket->close_code = code;

        ngx_outbound_ws_socket_set_timer(socket,
                                        ngx_outbound_ws_socket_linger_timeout,
                                        NGX_OUTBOUND_WS_SOCKET_LINGER);
    }

    (void) ngx_outbound_ws_socket_flush(socket);
}


static void
ngx_outbound_ws_socket_fail(ngx_outbound_ws_socket_t *socket,
    ngx_uint_t status, const char *why)
{
    if (socket->handlers) {
        ngx_log_debug3(NGX_LOG_DEBUG_EVENT, socket->log, 0,
                       "outbound ws: socket %p lost, status %ui: %s",
                       socket, status, why);

        socket->handlers->closed(socket->data, status, why);
    }

    ngx_outbound_ws_socket_free(socket);
}


static void
ngx_outbound_ws_socket_free(ngx_outbound_ws_socket_t *socket)
{
    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, socket->log, 0,
                   "outbound ws: socket %p freed", socket);

    if (socket->timer.timer_set) {
        ngx_del_timer(&socket->timer);
    }

    if (socket->stream) {
        ngx_outbound_ws_stream_close(socket->stream);
    }

    ows_message_destroy(&socket->message);
    ows_mem_free(socket->response);
    ows_mem_free(socket->request);
    ows_mem_free(socket);
}
