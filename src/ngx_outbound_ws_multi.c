/*
 * ngx_outbound_ws_multi: a multi handle of libcurl's on a worker's event loop,
 * and the transfers in it.
 *
 * Promises that libcurl is entered from events only, never from within one of
 * its own callbacks, and that whoever ends is told after libcurl has returned.
 * Does not know what a transfer is for.  Above: ngx_outbound_ws_curl and
 * ngx_outbound_ws_stream; below: libcurl and nginx's events.
 */

#include "ngx_outbound_ws_multi.h"

#include <openssl/err.h>
#include <openssl/ssl.h>


#define NGX_OUTBOUND_WS_MULTI_IDLE  8       /* connections kept for reuse */


typedef struct {
    CURLoption                      option;
    long                            value;
} ngx_outbound_ws_multi_long_t;

typedef struct {
    CURLoption                      option;
    const char                     *value;
} ngx_outbound_ws_multi_string_t;


static int ngx_outbound_ws_multi_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *assigned);
static ngx_connection_t *ngx_outbound_ws_multi_watch(
    ngx_outbound_ws_multi_t *multi, curl_socket_t fd);
static void ngx_outbound_ws_multi_unwatch(ngx_connection_t *c);
static void ngx_outbound_ws_multi_want(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t wanted);
static int ngx_outbound_ws_multi_timer(CURLM *handle, long timeout,
    void *data);
static void ngx_outbound_ws_multi_socket_handler(ngx_event_t *ev);
static void ngx_outbound_ws_multi_timer_handler(ngx_event_t *ev);
static void ngx_outbound_ws_multi_act(ngx_outbound_ws_multi_t *multi,
    curl_socket_t fd, int events);

static CURLcode ngx_outbound_ws_transfer_set(
    ngx_outbound_ws_transfer_t *transfer, const u_char *url);
static CURLcode ngx_outbound_ws_transfer_ssl(CURL *easy, void *ctx,
    void *data);
static const char *ngx_outbound_ws_transfer_refused(
    ngx_outbound_ws_transfer_t *transfer);
static const char *ngx_outbound_ws_transfer_late(
    ngx_outbound_ws_transfer_t *transfer);
static const char *ngx_outbound_ws_transfer_untrusted(
    ngx_outbound_ws_transfer_t *transfer);


static const ngx_outbound_ws_multi_long_t  ngx_outbound_ws_multi_longs[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_TCP_NODELAY, 1 },
    { CURLOPT_TCP_KEEPALIVE, 1 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },

    /* else the end of a transfer waits for its resolver's thread */
    { CURLOPT_QUICK_EXIT, 1 },

    /* the store that ..._transfer_ssl() gives is the only one */
    { CURLOPT_CA_CACHE_TIMEOUT, 0 }
};


static const ngx_outbound_ws_multi_string_t
    ngx_outbound_ws_multi_strings[] = {

    { CURLOPT_PROTOCOLS_STR, "http,https" },

    /* none, whatever the environment says */
    { CURLOPT_PROXY, "" },
    { CURLOPT_NOPROXY, "*" },

    /* else each TLS connection reads the system's bundle: 80 ms */
    { CURLOPT_CAINFO, NULL },
    { CURLOPT_CAPATH, NULL }
};


ngx_int_t
ngx_outbound_ws_multi_init(ngx_outbound_ws_multi_t *multi,
    ngx_outbound_ws_curl_conf_t *conf, ngx_log_t *log)
{
    CURLM  *handle;

    ngx_memzero(multi, sizeof(ngx_outbound_ws_multi_t));

    multi->conf = conf;
    multi->log = log;

    ngx_queue_init(&multi->transfers);

    multi->ident.fd = (ngx_socket_t) -1;
    multi->ident.data = multi;

    multi->timer.data = &multi->ident;
    multi->timer.handler = ngx_outbound_ws_multi_timer_handler;
    multi->timer.log = log;
    multi->timer.cancelable = 1;

    handle = curl_multi_init();
    if (handle == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "curl_multi_init() failed");
        return NGX_ERROR;
    }

    multi->handle = handle;

    curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION,
                      ngx_outbound_ws_multi_socket);
    curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION,
                      ngx_outbound_ws_multi_timer);
    curl_multi_setopt(handle, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS,
                      (long) NGX_OUTBOUND_WS_MULTI_IDLE);

    return NGX_OK;
}


static int
ngx_outbound_ws_multi_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *assigned)
{
    ngx_connection_t         *c = assigned;
    ngx_outbound_ws_multi_t  *multi = data;

    if (what == CURL_POLL_REMOVE) {

        if (c) {
            ngx_outbound_ws_multi_unwatch(c);
        }

        return 0;
    }

    if (c == NULL) {
        c = ngx_outbound_ws_multi_watch(multi, fd);

        if (c == NULL) {
            /* an error would end all transfers; so its timeout ends this */
            return 0;
        }
    }

    ngx_outbound_ws_multi_want(c->read, NGX_READ_EVENT, what & CURL_POLL_IN);
    ngx_outbound_ws_multi_want(c->write, NGX_WRITE_EVENT,
                               what & CURL_POLL_OUT);

    return 0;
}


static ngx_connection_t *
ngx_outbound_ws_multi_watch(ngx_outbound_ws_multi_t *multi, curl_socket_t fd)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, multi->log);
    if (c == NULL) {
        return NULL;
    }

    c->data = multi;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = ngx_outbound_ws_multi_socket_handler;
    c->read->log = multi->log;
    c->write->handler = ngx_outbound_ws_multi_socket_handler;
    c->write->log = multi->log;

    (void) curl_multi_assign(multi->handle, fd, c);

    return c;
}


/*
 * The socket often stays open, and only goes idle.  So its events are really
 * removed: one that stayed behind would spin the worker as soon as the server
 * closes the idle connection.  But a socket that did not connect in time was
 * closed before we are told (by 7.88), and its events went with it.
 */

static void
ngx_outbound_ws_multi_unwatch(ngx_connection_t *c)
{
    if (fcntl(c->fd, F_GETFD) == -1) {
        c->read->active = 0;
        c->write->active = 0;
    }

    ngx_outbound_ws_multi_want(c->read, NGX_READ_EVENT, 0);
    ngx_outbound_ws_multi_want(c->write, NGX_WRITE_EVENT, 0);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


/* Level-triggered (flags are 0), which is what libcurl expects. */

static void
ngx_outbound_ws_multi_want(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t wanted)
{
    if (wanted && !ev->active) {
        (void) ngx_add_event(ev, event, 0);

    } else if (!wanted && ev->active) {
        (void) ngx_del_event(ev, event, 0);
    }
}


static int
ngx_outbound_ws_multi_timer(CURLM *handle, long timeout, void *data)
{
    ngx_outbound_ws_multi_t  *multi = data;

    /* first, for ngx_add_timer() keeps a time that is less than 300 ms off */

    if (multi->timer.timer_set) {
        ngx_del_timer(&multi->timer);
    }

    if (timeout >= 0) {
        ngx_add_timer(&multi->timer, (ngx_msec_t) timeout);
    }

    return 0;
}


/*
 * Also called by nginx at the end of worker_shutdown_timeout, with c->close
 * set: one more event in which nothing happened.
 */

static void
ngx_outbound_ws_multi_socket_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    ngx_outbound_ws_multi_act(c->data, c->fd,
                              ev->write ? CURL_CSELECT_OUT : CURL_CSELECT_IN);
}


static void
ngx_outbound_ws_multi_timer_handler(ngx_event_t *ev)
{
    ngx_connection_t  *ident;

    ident = ev->data;

    ngx_outbound_ws_multi_act(ident->data, CURL_SOCKET_TIMEOUT, 0);
}


/*
 * The socket may be gone after the call.  Those that ended are put aside
 * before one is told, since that may end others, here or there.
 */

static void
ngx_outbound_ws_multi_act(ngx_outbound_ws_multi_t *multi, curl_socket_t fd,
    int events)
{
    int                          n;
    char                        *owner;
    CURLMsg                     *msg;
    ngx_queue_t                  ended, *q;
    ngx_outbound_ws_transfer_t  *transfer;

    (void) curl_multi_socket_action(multi->handle, fd, events, &n);

    /* nginx reports what others leave in OpenSSL's queue as its own */
    ERR_clear_error();

    ngx_queue_init(&ended);

    while ((msg = curl_multi_info_read(multi->handle, &n)) != NULL) {

        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &owner);

        transfer = (ngx_outbound_ws_transfer_t *) owner;
        transfer->result = msg->data.result;

        ngx_queue_remove(&transfer->queue);
        ngx_queue_insert_tail(&ended, &transfer->queue);
    }

    while (!ngx_queue_empty(&ended)) {
        q = ngx_queue_head(&ended);
        transfer = ngx_queue_data(q, ngx_outbound_ws_transfer_t, queue);

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&multi->transfers, q);

        transfer->done(transfer);
    }
}


ngx_int_t
ngx_outbound_ws_transfer_init(ngx_outbound_ws_transfer_t *transfer,
    ngx_outbound_ws_multi_t *multi, const u_char *url)
{
    transfer->multi = multi;
    transfer->result = CURLE_OK;
    ngx_queue_init(&transfer->queue);

    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return NGX_ERROR;
    }

    if (ngx_outbound_ws_transfer_set(transfer, url) != CURLE_OK) {
        ngx_outbound_ws_transfer_destroy(transfer);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static CURLcode
ngx_outbound_ws_transfer_set(ngx_outbound_ws_transfer_t *transfer,
    const u_char *url)
{
    CURL                         *easy;
    CURLcode                      rc;
    ngx_uint_t                    i;
    ngx_outbound_ws_curl_conf_t  *conf;

    easy = transfer->easy;
    conf = transfer->multi->conf;

    for (i = 0; i < sizeof(ngx_outbound_ws_multi_longs)
                    / sizeof(ngx_outbound_ws_multi_longs[0]); i++)
    {
        rc = curl_easy_setopt(easy, ngx_outbound_ws_multi_longs[i].option,
                              ngx_outbound_ws_multi_longs[i].value);
        if (rc != CURLE_OK) {
            return rc;
        }
    }

    for (i = 0; i < sizeof(ngx_outbound_ws_multi_strings)
                    / sizeof(ngx_outbound_ws_multi_strings[0]); i++)
    {
        rc = curl_easy_setopt(easy, ngx_outbound_ws_multi_strings[i].option,
                              ngx_outbound_ws_multi_strings[i].value);
        if (rc != CURLE_OK) {
            return rc;
        }
    }

    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long) conf->connect_timeout);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, conf->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, conf->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION,
                     ngx_outbound_ws_transfer_ssl);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, conf);

    return curl_easy_setopt(easy, CURLOPT_URL, url);
}


static CURLcode
ngx_outbound_ws_transfer_ssl(CURL *easy, void *ctx, void *data)
{
    ngx_outbound_ws_curl_conf_t  *conf = data;

    if (conf->trusted) {
        SSL_CTX_set1_cert_store(ctx, conf->trusted);
    }

    /* answers hold tokens, and what libcurl frees is wiped as well */
    SSL_CTX_set_options(ctx, SSL_OP_CLEANSE_PLAINTEXT);

    return CURLE_OK;
}


ngx_int_t
ngx_outbound_ws_transfer_begin(ngx_outbound_ws_transfer_t *transfer)
{
    ngx_outbound_ws_multi_t  *multi;

    multi = transfer->multi;

    if (curl_multi_add_handle(multi->handle, transfer->easy) != CURLM_OK) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&multi->transfers, &transfer->queue);

    return NGX_OK;
}


const char *
ngx_outbound_ws_transfer_error(ngx_outbound_ws_transfer_t *transfer)
{
    switch (transfer->result) {

    case CURLE_COULDNT_RESOLVE_HOST:
        return "could not resolve the host name";

    case CURLE_COULDNT_CONNECT:
        return ngx_outbound_ws_transfer_refused(transfer);

    case CURLE_OPERATION_TIMEDOUT:
        return ngx_outbound_ws_transfer_late(transfer);

    case CURLE_PEER_FAILED_VERIFICATION:
        return ngx_outbound_ws_transfer_untrusted(transfer);

    case CURLE_SSL_CONNECT_ERROR:
        return "the TLS handshake failed";

    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return "the connection was lost before there was an answer";

    case CURLE_PARTIAL_FILE:
        return "the connection was lost within the answer";

    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return "the answer is not HTTP";

    case CURLE_OUT_OF_MEMORY:
        return "no memory";

    default:
        return curl_easy_strerror(transfer->result);
    }
}


static const char *
ngx_outbound_ws_transfer_refused(ngx_outbound_ws_transfer_t *transfer)
{
    long     err;
    u_char  *p, *last;

    err = 0;
    (void) curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &err);

    if (err == 0) {
        return "could not connect";
    }

    last = transfer->error + sizeof(transfer->error) - 1;
    p = ngx_slprintf(transfer->error, last, "could not connect: ");
    p = ngx_strerror((ngx_err_t) err, p, last - p);
    *p = '\0';

    return (char *) transfer->error;
}


/* The times are 0 for what was not reached. */

static const char *
ngx_outbound_ws_transfer_late(ngx_outbound_ws_transfer_t *transfer)
{
    curl_off_t  resolved, connected;

    resolved = 0;
    connected = 0;

    (void) curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T,
                             &resolved);
    (void) curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T,
                             &connected);

    if (connected) {
        return "timed out waiting for the answer";
    }

    if (resolved) {
        return "timed out connecting";
    }

    return "timed out resolving the host name";
}


static const char *
ngx_outbound_ws_transfer_untrusted(ngx_outbound_ws_transfer_t *transfer)
{
    long     rc;
    u_char  *p;

    rc = X509_V_OK;
    (void) curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &rc);

    /* libcurl begins with "unspecified", and compares the names on its own */

    if (rc == X509_V_OK || rc == X509_V_ERR_UNSPECIFIED) {
        return "the certificate is for another host name";
    }

    p = ngx_snprintf(transfer->error, sizeof(transfer->error) - 1,
                     "certificate verify failed: %s",
                     X509_verify_cert_error_string(rc));
    *p = '\0';

    return (char *) transfer->error;
}


void
ngx_outbound_ws_transfer_destroy(ngx_outbound_ws_transfer_t *transfer)
{
    ngx_queue_remove(&transfer->queue);

    /* knows those that were never added */
    (void) curl_multi_remove_handle(transfer->multi->handle, transfer->easy);

    curl_easy_cleanup(transfer->easy);
    ERR_clear_error();

    transfer->easy = NULL;
}


void
ngx_outbound_ws_multi_destroy(ngx_outbound_ws_multi_t *multi)
{
    ngx_queue_t                 *q;
    ngx_outbound_ws_transfer_t  *transfer;

    while (!ngx_queue_empty(&multi->transfers)) {
        q = ngx_queue_head(&multi->transfers);
        transfer = ngx_queue_data(q, ngx_outbound_ws_transfer_t, queue);

        transfer->drop(transfer);
    }

    (void) curl_multi_cleanup(multi->handle);
    ERR_clear_error();

    /* after the clean-up, which may set it once more */

    if (multi->timer.timer_set) {
        ngx_del_timer(&multi->timer);
    }
}
