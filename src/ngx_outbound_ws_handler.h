/*
 * ngx_outbound_ws_handler: an HTTP request becomes a client, or gets an
 * answer that says why not.
 */

#ifndef _NGX_OUTBOUND_WS_HANDLER_H_INCLUDED_
#define _NGX_OUTBOUND_WS_HANDLER_H_INCLUDED_


#include "ngx_outbound_ws.h"


/* The content handler of a location with outbound_ws. */
ngx_int_t ngx_outbound_ws_handler(ngx_http_request_t *r);


#endif /* _NGX_OUTBOUND_WS_HANDLER_H_INCLUDED_ */
