/*
 * ngx_outbound_ws_pbx_callers: a link's callers: the list, events, and what
 * is read again.
 *
 * The list is read once the WebSocket is open, so that nothing is missed in
 * between; then events say what changed, and GETs say how.
 */

#ifndef _NGX_OUTBOUND_WS_PBX_CALLERS_H_INCLUDED_
#define _NGX_OUTBOUND_WS_PBX_CALLERS_H_INCLUDED_


#include "ngx_outbound_ws.h"

#include "ows_callers.h"
#include "ows_envelope.h"


typedef struct ngx_outbound_ws_pbx_callers_s  ngx_outbound_ws_pbx_callers_t;


/* What they ask of their link, and tell it; data is the link. */
typedef struct {
    /* begins a GET with the token of now; NULL: it can't be done */
    ngx_outbound_ws_curl_request_t  *(*get)(void *data, u_char *path,
        size_t len, ngx_outbound_ws_curl_handler_pt handler, void *ctx);

    /* the list that ..._list() asked for is there, or is not: why */
    void  (*listed)(void *data);
    void  (*not_listed)(void *data, ows_error_e error, ngx_str_t *why);

    /* the callers are others than before */
    void  (*changed)(void *data);

    /* the PBX answered 401 or 403 */
    void  (*unauthorized)(void *data, const char *what, ngx_uint_t status);
} ngx_outbound_ws_pbx_callers_handlers_t;


/* All is borrowed for their life.  NULL: no memory. */
ngx_outbound_ws_pbx_callers_t *ngx_outbound_ws_pbx_callers_create(
    ngx_outbound_ws_zone_t *zone,
    const ngx_outbound_ws_pbx_callers_handlers_t *handlers, void *data,
    ngx_log_t *log);
void ngx_outbound_ws_pbx_callers_destroy(
    ngx_outbound_ws_pbx_callers_t *callers);

/*
 * Reads the list, and then what events name, until ..._stop(); again and
 * again on a slow timer.  NGX_ERROR: it can't be asked for.
 */
ngx_int_t ngx_outbound_ws_pbx_callers_list(
    ngx_outbound_ws_pbx_callers_t *callers);

/* Cancels what is being read; events are still taken. */
void ngx_outbound_ws_pbx_callers_stop(
    ngx_outbound_ws_pbx_callers_t *callers);

/* A message of the PBX's WebSocket. */
void ngx_outbound_ws_pbx_callers_event(
    ngx_outbound_ws_pbx_callers_t *callers, u_char *p, size_t len);

/* Borrowed. */
ows_callers_t *ngx_outbound_ws_pbx_callers_model(
    ngx_outbound_ws_pbx_callers_t *callers);


#endif /* _NGX_OUTBOUND_WS_PBX_CALLERS_H_INCLUDED_ */
