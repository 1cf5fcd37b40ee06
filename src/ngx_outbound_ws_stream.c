/*
 * ngx_outbound_ws_stream: a TLS or TCP connection of libcurl's on which the
 * caller speaks for itself.
 *
 * Libcurl connects and then hands out the socket; from there on the stream
 * has events of its own, and libcurl only reads and writes (and is the one to
 * close).  Does not know what the bytes say.  Above: ngx_outbound_ws_socket;
 * below: ngx_outbound_ws_multi.
 */

#include "ngx_outbound_ws_stream.h"
#include "ngx_outbound_ws_multi.h"

#include <openssl/err.h>

#include "core/ows_mem.h"


/* one TLS record: libcurl takes all of it or nothing */
#define NGX_OUTBOUND_WS_STREAM_CHUNK  16384


/* With its URL behind it. */
struct ngx_outbound_ws_stream_s {
    ngx_outbound_ws_transfer_t           transfer;     /* first */
    ngx_outbound_ws_stream_handler_pt    handler;
    void                                *data;
    ngx_connection_t                    *c;            /* NULL until connected;
                                                          not its socket's
                                                          owner */
};


static void ngx_outbound_ws_stream_done(ngx_outbound_ws_transfer_t *transfer);
static ngx_int_t ngx_outbound_ws_stream_watch(
    ngx_outbound_ws_stream_t *stream);
static void ngx_outbound_ws_stream_event(ngx_event_t *ev);
static void ngx_outbound_ws_stream_drop(ngx_outbound_ws_transfer_t *transfer);
static void ngx_outbound_ws_stream_unwatch(ngx_outbound_ws_stream_t *stream);


ngx_outbound_ws_stream_t *
ngx_outbound_ws_stream_connect(ngx_outbound_ws_curl_t *curl,
    ngx_outbound_ws_stream_handler_pt handler, void *data)
{
    CURL                      *easy;
    u_char                    *url;
    ngx_outbound_ws_stream_t  *stream;

    stream = ows_mem_alloc(sizeof(ngx_outbound_ws_stream_t)
                           + curl->streams.conf->url.len + 1);
    if (stream == NULL) {
        return NULL;
    }

    ngx_memzero(stream, sizeof(ngx_outbound_ws_stream_t));

    stream->handler = handler;
    stream->data = data;
    stream->transfer.done = ngx_outbound_ws_stream_done;
    stream->transfer.drop = ngx_outbound_ws_stream_drop;

    url = (u_char *) stream + sizeof(ngx_outbound_ws_stream_t);
    ngx_sprintf(url, "%V%Z", &curl->streams.conf->url);

    if (ngx_outbound_ws_transfer_init(&stream->transfer, &curl->streams, url)
        != NGX_OK)
    {
        ows_mem_free(stream);
        return NULL;
    }

    easy = stream->transfer.easy;

    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);

    if (ngx_outbound_ws_transfer_begin(&stream->transfer) != NGX_OK) {
        ngx_outbound_ws_stream_close(stream);
        return NULL;
    }

    return stream;
}


static void
ngx_outbound_ws_stream_done(ngx_outbound_ws_transfer_t *transfer)
{
    const char                *error;
    ngx_outbound_ws_stream_t  *stream;

    stream = (ngx_outbound_ws_stream_t *) transfer;
    error = NULL;

    if (transfer->result != CURLE_OK) {
        error = ngx_outbound_ws_transfer_error(transfer);

    } else if (ngx_outbound_ws_stream_watch(stream) != NGX_OK) {
        error = "the worker has no free connection";
    }

    stream->handler(stream->data, error);
}


static ngx_int_t
ngx_outbound_ws_stream_watch(ngx_outbound_ws_stream_t *stream)
{
    ngx_log_t         *log;
    curl_socket_t      fd;
    ngx_connection_t  *c;

    log = stream->transfer.multi->log;
    fd = CURL_SOCKET_BAD;

    (void) curl_easy_getinfo(stream->transfer.easy, CURLINFO_ACTIVESOCKET,
                             &fd);

    if (fd == CURL_SOCKET_BAD) {
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = stream;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = ngx_outbound_ws_stream_event;
    c->read->log = log;
    c->write->handler = ngx_outbound_ws_stream_event;
    c->write->log = log;

    stream->c = c;

    if (ngx_add_conn(c) != NGX_OK) {
        ngx_outbound_ws_stream_unwatch(stream);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * For both directions, as TLS may have to write to read and the reverse.
 * Also called by nginx at the end of worker_shutdown_timeout, with c->close
 * set: one more event in which nothing happened.
 */

static void
ngx_outbound_ws_stream_event(ngx_event_t *ev)
{
    ngx_connection_t          *c;
    ngx_outbound_ws_stream_t  *stream;

    c = ev->data;
    stream = c->data;

    stream->handler(stream->data, NULL);
}


ssize_t
ngx_outbound_ws_stream_recv(ngx_outbound_ws_stream_t *stream, u_char *buf,
    size_t size)
{
    size_t    n;
    CURLcode  rc;

    rc = curl_easy_recv(stream->transfer.easy, buf, size, &n);
    ERR_clear_error();

    if (rc == CURLE_AGAIN) {
        return NGX_AGAIN;
    }

    return (rc == CURLE_OK) ? (ssize_t) n : NGX_ERROR;
}


ssize_t
ngx_outbound_ws_stream_send(ngx_outbound_ws_stream_t *stream, u_char *buf,
    size_t len)
{
    size_t    n;
    CURLcode  rc;

    len = ngx_min(len, NGX_OUTBOUND_WS_STREAM_CHUNK);

    rc = curl_easy_send(stream->transfer.easy, buf, len, &n);
    ERR_clear_error();

    if (rc == CURLE_AGAIN) {
        return NGX_AGAIN;
    }

    return (rc == CURLE_OK) ? (ssize_t) n : NGX_ERROR;
}


void
ngx_outbound_ws_stream_again(ngx_outbound_ws_stream_t *stream)
{
    /* in the queue of this round it would starve the others */
    ngx_post_event(stream->c->read, &ngx_posted_next_events);
}


static void
ngx_outbound_ws_stream_drop(ngx_outbound_ws_transfer_t *transfer)
{
    ngx_outbound_ws_stream_t  *stream;

    stream = (ngx_outbound_ws_stream_t *) transfer;

    stream->handler(stream->data, "it is not needed any more");
}


void
ngx_outbound_ws_stream_close(ngx_outbound_ws_stream_t *stream)
{
    if (stream->c) {
        ngx_outbound_ws_stream_unwatch(stream);
    }

    ngx_outbound_ws_transfer_destroy(&stream->transfer);
    ows_mem_free(stream);
}


/* Before libcurl closes the socket, whose number may then be another's. */

static void
ngx_outbound_ws_stream_unwatch(ngx_outbound_ws_stream_t *stream)
{
    ngx_connection_t  *c;

    c = stream->c;

    if (c->read->active || c->write->active) {
        (void) ngx_del_conn(c, 0);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    stream->c = NULL;
}
