/*
 * ngx_outbound_ws_pbx_token: a request for an access token, and what its
 * answer means (OAuth 2, client credentials).
 */

#ifndef _NGX_OUTBOUND_WS_PBX_TOKEN_H_INCLUDED_
#define _NGX_OUTBOUND_WS_PBX_TOKEN_H_INCLUDED_


#include "ngx_outbound_ws_zone.h"

#include "ows_pbx.h"
#include "ows_project.h"


typedef struct {
    ows_link_event_e   event;    /* GRANTED, DENIED or FAILED */
    ows_pbx_token_t    token;    /* of GRANTED; ows_pbx_token_free() it */
    ows_error_e        error;    /* of the others, and the sentence */
    u_char             reason[256];
    size_t             reason_len;
} ngx_outbound_ws_pbx_grant_t;


/* Asks with the credentials among the secrets.  NULL: no memory. */
ngx_outbound_ws_curl_request_t *ngx_outbound_ws_pbx_token_ask(
    ngx_outbound_ws_curl_t *curl, ngx_outbound_ws_secrets_t *secrets,
    ngx_outbound_ws_curl_handler_pt handler, void *data);

void ngx_outbound_ws_pbx_token_read(ngx_outbound_ws_pbx_grant_t *grant,
    ngx_outbound_ws_curl_answer_t *answer);


#endif /* _NGX_OUTBOUND_WS_PBX_TOKEN_H_INCLUDED_ */
