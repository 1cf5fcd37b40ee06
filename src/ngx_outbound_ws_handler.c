/*
 * ngx_outbound_ws_handler: an HTTP request becomes a client, or gets an
 * answer that says why not (RFC 6455, section 4.2).
 *
 * What costs nothing is checked first, and everything that a client needs is
 * allocated before the 101 goes out.
 */


#include "ngx_outbound_ws_handler.h"
#include "ngx_outbound_ws_conn.h"

#include "ows_handshake.h"
#include "ows_origin.h"


#define NGX_OUTBOUND_WS_UPGRADE_REQUIRED  426


typedef struct {
    ngx_uint_t        upgrade;   /* booleans: the token is there */
    ngx_uint_t        connection;
    ngx_uint_t        versions;  /* how many headers there are of each */
    ngx_uint_t        keys;
    ngx_uint_t        origins;
    ows_str_t         version;   /* the last of each */
    ows_str_t         key;
    ows_str_t         origin;
} ngx_outbound_ws_upgrade_t;


static void ngx_outbound_ws_upgrade_read(ngx_http_request_t *r,
    ngx_outbound_ws_upgrade_t *up);
static ngx_int_t ngx_outbound_ws_header_is(ngx_table_elt_t *h,
    const char *name, size_t len);
static ngx_uint_t ngx_outbound_ws_header_has(ngx_str_t *value,
    const char *token, size_t len);
static ngx_int_t ngx_outbound_ws_origin_check(ngx_http_request_t *r,
    ngx_outbound_ws_upgrade_t *up);
static ngx_int_t ngx_outbound_ws_upgrade_required(ngx_http_request_t *r,
    ngx_uint_t version);
static ngx_int_t ngx_outbound_ws_not_allowed(ngx_http_request_t *r);
static ngx_int_t ngx_outbound_ws_add_header(ngx_http_request_t *r,
    const char *name, const char *value, size_t len);
static ngx_int_t ngx_outbound_ws_switch(ngx_http_request_t *r,
    ows_str_t *key);

#define ngx_outbound_ws_header(h, name)                                       \
    ngx_outbound_ws_header_is(h, name, sizeof(name) - 1)


ngx_int_t
ngx_outbound_ws_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_outbound_ws_upgrade_t   up;

    if (r != r->main) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method != NGX_HTTP_GET) {
        return ngx_outbound_ws_not_allowed(r);
    }

    ngx_outbound_ws_upgrade_read(r, &up);

    if (r->http_version != NGX_HTTP_VERSION_11
        || !up.upgrade || !up.connection)
    {
        return ngx_outbound_ws_upgrade_required(r, 0);
    }

    if (up.versions != 1
        || up.version.len != 2
        || ngx_strncmp(up.version.data, "13", 2) != 0)
    {
        return ngx_outbound_ws_upgrade_required(r, 1);
    }

    if (up.keys != 1 || !ows_handshake_key_valid(&up.key)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client sent no valid Sec-WebSocket-Key");
        return NGX_HTTP_BAD_REQUEST;
    }

    if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {
        /* it would be taken for frames */
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client sent a body with its upgrade");
        return NGX_HTTP_BAD_REQUEST;
    }

    rc = ngx_outbound_ws_origin_check(r, &up);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_outbound_ws_switch(r, &up.key);
}


static void
ngx_outbound_ws_upgrade_read(ngx_http_request_t *r,
    ngx_outbound_ws_upgrade_t *up)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_memzero(up, sizeof(ngx_outbound_ws_upgrade_t));

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (ngx_outbound_ws_header(&h[i], "upgrade")) {
            up->upgrade |= ngx_outbound_ws_header_has(&h[i].value,
                                                      "websocket",
                                                      sizeof("websocket") - 1);

        } else if (ngx_outbound_ws_header(&h[i], "connection")) {
            up->connection |= ngx_outbound_ws_header_has(&h[i].value,
                                                   "upgrade",
                                                   sizeof("upgrade") - 1);

        } else if (ngx_outbound_ws_header(&h[i], "sec-websocket-version")) {
            up->versions++;
            up->version = ngx_outbound_ws_core_str(&h[i].value);

        } else if (ngx_outbound_ws_header(&h[i], "sec-websocket-key")) {
            up->keys++;
            up->key = ngx_outbound_ws_core_str(&h[i].value);

        } else if (ngx_outbound_ws_header(&h[i], "origin")) {
            up->origins++;
            up->origin = ngx_outbound_ws_core_str(&h[i].value);
        }
    }
}


static ngx_int_t
ngx_outbound_ws_header_is(ngx_table_elt_t *h, const char *name, size_t len)
{
    return h->hash && h->key.len == len
           && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0;
}


/* One of the tokens of a comma-separated list, in any case. */
static ngx_uint_t
ngx_outbound_ws_header_has(ngx_str_t *value, const char *token, size_t len)
{
    u_char  *p, *end, *last;

    p = value->data;
    last = p + value->len;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        for (end = p; end < last && *end != ','; end++) { /* void */ }

        while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }

        if ((size_t) (end - p) == len
            && ngx_strncasecmp(p, (u_char *) token, len) == 0)
        {
            return 1;
        }

        while (end < last && *end != ',') {
            end++;
        }

        p = end;
    }

    return 0;
}


/* A request without Origin is not from a browser, and passes. */
static ngx_int_t
ngx_outbound_ws_origin_check(ngx_http_request_t *r,
    ngx_outbound_ws_upgrade_t *up)
{
    ows_str_t                    host;
    ngx_outbound_ws_loc_conf_t  *olcf;

    if (up->origins == 0) {
        return NGX_OK;
    }

    olcf = ngx_http_get_module_loc_conf(r, ngx_outbound_ws_module);

    host.len = 0;
    host.data = NULL;

    if (r->headers_in.host) {
        host = ngx_outbound_ws_core_str(&r->headers_in.host->value);
    }

    if (up->origins == 1
        && ows_origin_allowed(olcf->origins->elts, olcf->origins->nelts,
                              &up->origin, &host))
    {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "origin \"%*s\" may not connect here",
                  up->origin.len, up->origin.data);

    return NGX_HTTP_FORBIDDEN;
}


/* 426, with what would have been right; version: it was the wrong one. */
static ngx_int_t
ngx_outbound_ws_upgrade_required(ngx_http_request_t *r, ngx_uint_t version)
{
    static ngx_str_t  line = ngx_string("426 Upgrade Required");

    r->headers_out.status = NGX_OUTBOUND_WS_UPGRADE_REQUIRED;
    r->headers_out.status_line = line;
    r->headers_out.content_length_n = 0;

    if (version
        && ngx_outbound_ws_add_header(r, "Sec-WebSocket-Version", "13", 2)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* HTTP/2 forbids what concerns a connection (RFC 9113, section 8.2.2) */

    if (r->http_version <= NGX_HTTP_VERSION_11
        && (ngx_outbound_ws_add_header(r, "Upgrade", "websocket",
                                       sizeof("websocket") - 1)
            != NGX_OK
            || ngx_outbound_ws_add_header(r, "Connection", "Upgrade",
                                          sizeof("Upgrade") - 1)
               != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->header_only = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_outbound_ws_not_allowed(ngx_http_request_t *r)
{
    if (ngx_outbound_ws_add_header(r, "Allow", "GET", 3) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_NOT_ALLOWED;
}


static ngx_int_t
ngx_outbound_ws_add_header(ngx_http_request_t *r, const char *name,
    const char *value, size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = len;

    return NGX_OK;
}


static ngx_int_t
ngx_outbound_ws_switch(ngx_http_request_t *r, ows_str_t *key)
{
    u_char                  *accept;
    ngx_int_t                rc;
    ngx_connection_t        *c;
    ngx_outbound_ws_conn_t  *conn;

    static ngx_str_t  line = ngx_string("101 Switching Protocols");

    c = r->connection;

    accept = ngx_pnalloc(r->pool, OWS_ACCEPT_LEN);
    if (accept == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ows_handshake_accept(accept, key) != OWS_OK
        || ngx_outbound_ws_add_header(r, "Upgrade", "websocket",
                                   sizeof("websocket") - 1)
        != NGX_OK
        || ngx_outbound_ws_add_header(r, "Sec-WebSocket-Accept",
                                      (char *) accept, OWS_ACCEPT_LEN)
           != NGX_OK
        || ngx_outbound_ws_conn_create(r, &conn) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* an error_page that led here must not put its status over the 101 */
    r->err_status = 0;
    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    r->headers_out.status_line = line;
    r->keepalive = 0;

#if (NGX_HTTP_SSL)
    if (c->ssl) {
        /* 16 kB that would be held for the connection's whole life */
        c->ssl->buffer = 0;
    }
#endif

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    if (ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ngx_tcp_nodelay(c) != NGX_OK) {
        return NGX_ERROR;
    }

    r->main->count++;
    r->read_event_handler = ngx_http_block_reading;

    ngx_outbound_ws_conn_start(conn);

    return NGX_DONE;
}
