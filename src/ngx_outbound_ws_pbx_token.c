/*
 * ngx_outbound_ws_pbx_token: a request for an access token, and what its
 * answer means.
 *
 * Only 400 and 401 say that the credentials are wrong; whatever else is not a
 * token may be another thing tomorrow.
 */


#include "ngx_outbound_ws_pbx_token.h"

#include "ows_mem.h"


#define NGX_OUTBOUND_WS_PBX_TOKEN_MAX  65536      /* bytes of an answer */


static void ngx_outbound_ws_pbx_token_refused(
    ngx_outbound_ws_pbx_grant_t *grant, ows_link_event_e event,
    ows_error_e error, const char *fmt, ...);


ngx_outbound_ws_curl_request_t *
ngx_outbound_ws_pbx_token_ask(ngx_outbound_ws_curl_t *curl,
    ngx_outbound_ws_secrets_t *secrets,
    ngx_outbound_ws_curl_handler_pt handler, void *data)
{
    u_char                          *body;
    ows_str_t                        id, secret;
    ngx_outbound_ws_curl_ask_t       ask;
    ngx_outbound_ws_curl_request_t  *request;

    ngx_memzero(&ask, sizeof(ngx_outbound_ws_curl_ask_t));

    id.data = secrets->client_id;
    id.len = secrets->client_id_len;
    secret.data = secrets->client_secret;
    secret.len = secrets->client_secret_len;

    body = ows_pbx_token_request(&id, &secret, &ask.body.len, &ows_mem);
    if (body == NULL) {
        return NULL;
    }

    ask.body.data = body;
    ngx_str_set(&ask.path, OWS_PBX_TOKEN_PATH);
    ask.max_answer = NGX_OUTBOUND_WS_PBX_TOKEN_MAX;

    request = ngx_outbound_ws_curl_request(curl, &ask, handler, data);

    ows_mem_free(body);

    return request;
}


void
ngx_outbound_ws_pbx_token_read(ngx_outbound_ws_pbx_grant_t *grant,
    ngx_outbound_ws_curl_answer_t *answer)
{
    const char  *why;

    ngx_memzero(grant, sizeof(ngx_outbound_ws_pbx_grant_t));

    switch (answer->status) {

    case 0:
        ngx_outbound_ws_pbx_token_refused(grant, OWS_LINK_FAILED,
                                          OWS_ERR_PBX_UNREACHABLE,
                                          "the PBX can't be reached: %s",
                                          answer->error);
        return;

    case 200:
        why = "no memory";

        if (ows_pbx_token_read(&grant->token, answer->body.data,
                               answer->body.len, &ows_mem, &why)
            == OWS_OK)
        {
            grant->event = OWS_LINK_GRANTED;
            return;
        }

        ngx_outbound_ws_pbx_token_refused(grant, OWS_LINK_FAILED,
                                          OWS_ERR_PBX_PROTOCOL_ERROR,
                                          "the PBX's answer to a request for "
                                          "a token can't be understood: %s",
                                          why);
        return;

    case 400:
    case 401:
        ngx_outbound_ws_pbx_token_refused(grant, OWS_LINK_DENIED,
                                          OWS_ERR_PBX_AUTH_FAILED,
                                          "the PBX refused client_id and "
                                          "client_secret (HTTP %ui)",
                                          answer->status);
        return;

    default:
        ngx_outbound_ws_pbx_token_refused(grant, OWS_LINK_FAILED,
                                          answer->status >= 500
                                              ? OWS_ERR_PBX_UNREACHABLE
                                              : OWS_ERR_PBX_PROTOCOL_ERROR,
                                          "the PBX answered HTTP %ui to a "
                                          "request for a token",
                                          answer->status);
        return;
    }
}


static void
ngx_outbound_ws_pbx_token_refused(ngx_outbound_ws_pbx_grant_t *grant,
    ows_link_event_e event, ows_error_e error, const char *fmt, ...)
{
    va_list  args;

    grant->event = event;
    grant->error = error;

    va_start(args, fmt);
    grant->reason_len = ngx_vslprintf(grant->reason,
                                      grant->reason + sizeof(grant->reason),
                                      fmt, args)
                        - grant->reason;
    va_end(args);
}
