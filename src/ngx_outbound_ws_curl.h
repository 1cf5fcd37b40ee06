/*
 * ngx_outbound_ws_curl: HTTP requests through libcurl on a worker's event
 * loop.
 *
 * A request is asked for at once and answered later, with one bounded answer.
 * It never blocks the worker, and it always ends: in its handler or by being
 * cancelled.  Knows nothing of the PBX.  Streams to the same server, on which
 * the caller speaks for itself, are in ngx_outbound_ws_stream.h.
 */

#ifndef _NGX_OUTBOUND_WS_CURL_H_INCLUDED_
#define _NGX_OUTBOUND_WS_CURL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


typedef struct ngx_outbound_ws_curl_s          ngx_outbound_ws_curl_t;
typedef struct ngx_outbound_ws_curl_request_s  ngx_outbound_ws_curl_request_t;


/* What the requests and streams to one server have in common; borrowed. */
typedef struct {
    ngx_str_t       url;                 /* "https://host:port", no NUL */
    ngx_flag_t      verify;              /* of certificate and host name */
    void           *trusted;             /* X509_STORE, or NULL to not verify;
                                            see ..._curl_trusted() */
    ngx_msec_t      connect_timeout;
    ngx_msec_t      read_timeout;        /* of a whole request */
} ngx_outbound_ws_curl_conf_t;


/*
 * While the configuration is read: the CA certificates of file (the system's
 * when file->len is 0) as an X509_STORE owned by cf->pool, so that no worker
 * ever reads or parses a certificate bundle.  Makes file's name absolute, as
 * seen from the configuration's directory.  NULL: logged at [emerg].
 */
void *ngx_outbound_ws_curl_trusted(ngx_conf_t *cf, ngx_str_t *file);

/* In init_process, once per worker; NGX_ERROR: logged. */
ngx_int_t ngx_outbound_ws_curl_init(ngx_log_t *log);

/* One for each server that is spoken to; conf and log are borrowed for its
 * life.  NULL: logged. */
ngx_outbound_ws_curl_t *ngx_outbound_ws_curl_create(
    ngx_outbound_ws_curl_conf_t *conf, ngx_log_t *log);

/*
 * Cancels the requests under way without calling their handlers, and calls
 * the handlers of streams that are still open, with an error (this frees the
 * sockets that linger).  Not from within a handler of curl's own.
 */
void ngx_outbound_ws_curl_destroy(ngx_outbound_ws_curl_t *curl);


/* How a request ended; the fields live until the handler returns. */
typedef struct {
    ngx_uint_t      status;              /* of HTTP; 0: there was no answer */
    ngx_str_t       body;                /* of any status */
    const char     *error;               /* status is 0: why, for a person */
} ngx_outbound_ws_curl_answer_t;


typedef void (*ngx_outbound_ws_curl_handler_pt)(void *data,
    ngx_outbound_ws_curl_answer_t *answer);


/* What is asked for; all of it is copied. */
typedef struct {
    ngx_str_t       path;                /* from "/", encoded */
    ngx_str_t       bearer;              /* access token; empty: none */
    ngx_str_t       body;                /* urlencoded, for POST; empty: GET */
    size_t          max_answer;          /* a longer body is an error */
} ngx_outbound_ws_curl_ask_t;


/*
 * Begins a request.  The handler is called exactly once, from the event loop
 * and never from within this call, unless the request is cancelled before;
 * the request is gone when it is called.  Any number may be under way, each
 * on a connection of its own: it is for the caller to bound it.  NULL: no
 * memory, nothing begun.
 */
ngx_outbound_ws_curl_request_t *ngx_outbound_ws_curl_request(
    ngx_outbound_ws_curl_t *curl, ngx_outbound_ws_curl_ask_t *ask,
    ngx_outbound_ws_curl_handler_pt handler, void *data);

/* Ends it without calling the handler; wipes its copies of secrets. */
void ngx_outbound_ws_curl_cancel(ngx_outbound_ws_curl_request_t *request);


#endif /* _NGX_OUTBOUND_WS_CURL_H_INCLUDED_ */
