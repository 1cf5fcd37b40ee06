/*
 * ngx_outbound_ws_multi: a multi handle of libcurl's on a worker's event loop,
 * and the transfers in it.
 *
 * What ngx_outbound_ws_curl and ngx_outbound_ws_stream have in common, and
 * for these two only.  A transfer is told of its end from the event loop and
 * never from within a call; telling one may begin, end or destroy any other,
 * but not the multi itself.
 */

#ifndef _NGX_OUTBOUND_WS_MULTI_H_INCLUDED_
#define _NGX_OUTBOUND_WS_MULTI_H_INCLUDED_


#include "ngx_outbound_ws_curl.h"

#include <curl/curl.h>


typedef struct ngx_outbound_ws_multi_s     ngx_outbound_ws_multi_t;
typedef struct ngx_outbound_ws_transfer_s  ngx_outbound_ws_transfer_t;

typedef void (*ngx_outbound_ws_transfer_handler_pt)(
    ngx_outbound_ws_transfer_t *transfer);


struct ngx_outbound_ws_multi_s {
    CURLM                          *handle;      /* owned */
    ngx_outbound_ws_curl_conf_t    *conf;        /* borrowed */
    ngx_log_t                      *log;         /* borrowed */
    ngx_event_t                     timer;       /* the one libcurl wants */
    ngx_connection_t                ident;       /* timer.data: nginx logs its
                                                    fd, -1 */
    ngx_queue_t                     transfers;
};


/* Comes first in the structure of whoever owns it. */
struct ngx_outbound_ws_transfer_s {
    ngx_queue_t                          queue;
    ngx_outbound_ws_multi_t             *multi;
    CURL                                *easy;   /* owned */
    CURLcode                             result; /* once done */
    u_char                               error[128];  /* see ..._error() */

    /* It ended; still in the multi, to be destroyed when it is not wanted. */
    ngx_outbound_ws_transfer_handler_pt  done;

    /* The multi is being destroyed; must destroy the transfer. */
    ngx_outbound_ws_transfer_handler_pt  drop;
};


struct ngx_outbound_ws_curl_s {
    ngx_outbound_ws_multi_t         requests;

    /* Apart, for libcurl searches all connections at each recv and send. */
    ngx_outbound_ws_multi_t         streams;
};


/* NGX_ERROR: logged, and nothing is left to be destroyed. */
ngx_int_t ngx_outbound_ws_multi_init(ngx_outbound_ws_multi_t *multi,
    ngx_outbound_ws_curl_conf_t *conf, ngx_log_t *log);

/* Drops all transfers; no event of libcurl's is left in the loop. */
void ngx_outbound_ws_multi_destroy(ngx_outbound_ws_multi_t *multi);


/*
 * An easy handle for url (copied) with all options that are the same for
 * every transfer.  transfer->done and ->drop must be set before it is begun.
 * NGX_ERROR: no memory, nothing to be destroyed.
 */
ngx_int_t ngx_outbound_ws_transfer_init(ngx_outbound_ws_transfer_t *transfer,
    ngx_outbound_ws_multi_t *multi, const u_char *url);

/* Hands it to the event loop.  NGX_ERROR: no memory; to be destroyed. */
ngx_int_t ngx_outbound_ws_transfer_begin(
    ngx_outbound_ws_transfer_t *transfer);

/* At any time: whatever it was doing ends, the easy handle is freed. */
void ngx_outbound_ws_transfer_destroy(ngx_outbound_ws_transfer_t *transfer);

/* Why it failed, as a sentence's tail; names no URL and nothing secret. */
const char *ngx_outbound_ws_transfer_error(
    ngx_outbound_ws_transfer_t *transfer);


#endif /* _NGX_OUTBOUND_WS_MULTI_H_INCLUDED_ */
