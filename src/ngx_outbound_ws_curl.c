/*
 * ngx_outbound_ws_curl: HTTP requests through libcurl on a worker's event
 * loop.
 *
 * Also what libcurl needs before the first of them: its own start, and the
 * certificates to trust.  Promises that every answer is bounded, that every
 * request ends once, and that tokens and bodies are wiped when it does.
 * Above: whoever speaks HTTP; below: ngx_outbound_ws_multi.
 */

#include "ngx_outbound_ws_multi.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "core/ows_mem.h"


#define NGX_OUTBOUND_WS_CURL_BUNDLE  "/etc/ssl/certs/ca-certificates.crt"
#define NGX_OUTBOUND_WS_CURL_MIN     4096        /* first buffer, bytes */

#define NGX_OUTBOUND_WS_CURL_AUTHORIZATION  "Authorization: Bearer "

#if (LIBCURL_VERSION_NUM < 0x075700)
#error libcurl 7.87.0 or newer is needed
#endif


/* In one block, with the texts behind it; wiped as one. */
struct ngx_outbound_ws_curl_request_s {
    ngx_outbound_ws_transfer_t           transfer;     /* first */
    ngx_outbound_ws_curl_handler_pt      handler;
    void                                *data;

    /* borrowed by libcurl, which copies header lists no more than it must */
    struct curl_slist                    headers[2];

    u_char                              *body;         /* of the answer */
    size_t                               len;
    size_t                               size;         /* allocated */
    size_t                               max;
    const char                          *error;        /* found by ..._body */
};


static void *ngx_outbound_ws_curl_realloc(void *p, size_t size);
static ngx_int_t ngx_outbound_ws_curl_load(ngx_conf_t *cf, X509_STORE *store,
    ngx_str_t *file);
static ngx_uint_t ngx_outbound_ws_curl_holds_certificate(X509_STORE *store);
static void ngx_outbound_ws_curl_distrust(void *data);

static CURLcode ngx_outbound_ws_curl_set(
    ngx_outbound_ws_curl_request_t *request, ngx_outbound_ws_curl_ask_t *ask,
    u_char *p);
static size_t ngx_outbound_ws_curl_body(char *p, size_t size, size_t n,
    void *data);
static ngx_int_t ngx_outbound_ws_curl_grow(
    ngx_outbound_ws_curl_request_t *request, size_t len);
static void ngx_outbound_ws_curl_done(ngx_outbound_ws_transfer_t *transfer);
static void ngx_outbound_ws_curl_drop(ngx_outbound_ws_transfer_t *transfer);
static void ngx_outbound_ws_curl_free(ngx_outbound_ws_curl_request_t *request);


void *
ngx_outbound_ws_curl_trusted(ngx_conf_t *cf, ngx_str_t *file)
{
    X509_STORE          *store;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    store = X509_STORE_new();
    if (store == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "X509_STORE_new() failed");
        return NULL;
    }

    cln->handler = ngx_outbound_ws_curl_distrust;
    cln->data = store;

    if (ngx_outbound_ws_curl_load(cf, store, file) != NGX_OK) {
        return NULL;
    }

    return store;
}


static ngx_int_t
ngx_outbound_ws_curl_load(ngx_conf_t *cf, X509_STORE *store, ngx_str_t *file)
{
    char           reason[256];
    ngx_str_t      name;
    unsigned long  error;

    if (file->len) {

        if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
            return NGX_ERROR;
        }

        name = *file;

    } else if (access(NGX_OUTBOUND_WS_CURL_BUNDLE, R_OK) == 0) {
        ngx_str_set(&name, NGX_OUTBOUND_WS_CURL_BUNDLE);

    } else if (X509_STORE_set_default_paths(store)) {
        return NGX_OK;

    } else {
        ngx_str_set(&name, "the default paths of OpenSSL");
        goto failed;
    }

    if (X509_STORE_load_file(store, (char *) name.data)
        && ngx_outbound_ws_curl_holds_certificate(store))
    {
        return NGX_OK;
    }

failed:

    error = ERR_peek_error();

    if (error) {
        ERR_error_string_n(error, reason, sizeof(reason));

    } else {
        ngx_sprintf((u_char *) reason, "no certificate in it%Z");
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "cannot load CA certificates from \"%V\" (%s)",
                       &name, reason);

    ERR_clear_error();

    return NGX_ERROR;
}


/* A file may load and yet hold nothing but revocation lists. */

static ngx_uint_t
ngx_outbound_ws_curl_holds_certificate(X509_STORE *store)
{
    int                     i;
    STACK_OF(X509_OBJECT)  *objects;

    objects = X509_STORE_get0_objects(store);

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {

        if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i))) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_outbound_ws_curl_distrust(void *data)
{
    X509_STORE_free(data);
}


/*
 * Libcurl's memory is wiped when it is freed, for it copies headers and
 * bodies.  (Not so when another module of this worker has started it first.)
 */

ngx_int_t
ngx_outbound_ws_curl_init(ngx_log_t *log)
{
    CURLcode                 rc;
    curl_version_info_data  *info;

    rc = curl_global_init_mem(CURL_GLOBAL_ALL, ows_mem_alloc, ows_mem_free,
                              ngx_outbound_ws_curl_realloc, strdup, calloc);
    ERR_clear_error();

    if (rc != CURLE_OK) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "libcurl did not start: %s",
                      curl_easy_strerror(rc));
        return NGX_ERROR;
    }

    info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < 0x075700) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl %s is too old, 7.87.0 is needed",
                      info->version);
        return NGX_ERROR;
    }

    /* CA certificates are handed over as OpenSSL's X509_STORE */

    if (info->ssl_version == NULL
        || ngx_strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
    {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl uses \"%s\" for TLS, OpenSSL is needed",
                      info->ssl_version ? info->ssl_version : "");
        return NGX_ERROR;
    }

    if (!(info->features & CURL_VERSION_ASYNCHDNS)) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl would block the worker to resolve names");
        return NGX_ERROR;
    }

    /* streams are edge-triggered, requests level-triggered */

    if (!(ngx_event_flags & NGX_USE_EPOLL_EVENT)) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "outbound_ws needs the event method \"epoll\"");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void *
ngx_outbound_ws_curl_realloc(void *p, size_t size)
{
    void  *new;

    new = ows_mem_alloc(size);
    if (new == NULL) {
        return NULL;
    }

    if (p) {
        ngx_memcpy(new, p, ngx_min(size, malloc_usable_size(p)));
        ows_mem_free(p);
    }

    return new;
}


ngx_outbound_ws_curl_t *
ngx_outbound_ws_curl_create(ngx_outbound_ws_curl_conf_t *conf, ngx_log_t *log)
{
    ngx_outbound_ws_curl_t  *curl;

    curl = ngx_calloc(sizeof(ngx_outbound_ws_curl_t), log);
    if (curl == NULL) {
        return NULL;
    }

    if (ngx_outbound_ws_multi_init(&curl->requests, conf, log) != NGX_OK) {
        ngx_free(curl);
        return NULL;
    }

    if (ngx_outbound_ws_multi_init(&curl->streams, conf, log) != NGX_OK) {
        ngx_outbound_ws_multi_destroy(&curl->requests);
        ngx_free(curl);
        return NULL;
    }

    return curl;
}


void
ngx_outbound_ws_curl_destroy(ngx_outbound_ws_curl_t *curl)
{
    ngx_outbound_ws_multi_destroy(&curl->streams);
    ngx_outbound_ws_multi_destroy(&curl->requests);

    ngx_free(curl);
}


ngx_outbound_ws_curl_request_t *
ngx_outbound_ws_curl_request(ngx_outbound_ws_curl_t *curl,
    ngx_outbound_ws_curl_ask_t *ask, ngx_outbound_ws_curl_handler_pt handler,
    void *data)
{
    u_char                          *p, *url;
    size_t                           size;
    ngx_outbound_ws_transfer_t      *transfer;
    ngx_outbound_ws_curl_request_t  *request;

    size = sizeof(ngx_outbound_ws_curl_request_t)
           + curl->requests.conf->url.len + ask->path.len + 1
           + sizeof(NGX_OUTBOUND_WS_CURL_AUTHORIZATION) + ask->bearer.len
           + ask->body.len;

    request = ows_mem_alloc(size);
    if (request == NULL) {
        return NULL;
    }

    ngx_memzero(request, sizeof(ngx_outbound_ws_curl_request_t));

    request->handler = handler;
    request->data = data;
    request->max = ask->max_answer;

    transfer = &request->transfer;
    transfer->done = ngx_outbound_ws_curl_done;
    transfer->drop = ngx_outbound_ws_curl_drop;

    url = (u_char *) request + sizeof(ngx_outbound_ws_curl_request_t);
    p = ngx_sprintf(url, "%V%V%Z", &curl->requests.conf->url, &ask->path);

    if (ngx_outbound_ws_transfer_init(transfer, &curl->requests, url)
        != NGX_OK)
    {
        ngx_outbound_ws_curl_free(request);
        return NULL;
    }

    if (ngx_outbound_ws_curl_set(request, ask, p) != CURLE_OK
        || ngx_outbound_ws_transfer_begin(transfer) != NGX_OK)
    {
        ngx_outbound_ws_curl_cancel(request);
        return NULL;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, curl->requests.log, 0,
                   "outbound ws: request %p, %uz bytes to send",
                   request, ask->body.len);

    return request;
}


/* p: where the texts go that libcurl borrows. */

static CURLcode
ngx_outbound_ws_curl_set(ngx_outbound_ws_curl_request_t *request,
    ngx_outbound_ws_curl_ask_t *ask, u_char *p)
{
    CURL                         *easy;
    ngx_outbound_ws_curl_conf_t  *conf;

    easy = request->transfer.easy;
    conf = request->transfer.multi->conf;

    request->headers[0].data = (char *) "Expect:";

    if (ask->bearer.len) {
        request->headers[0].next = &request->headers[1];
        request->headers[1].data = (char *) p;
        p = ngx_sprintf(p, NGX_OUTBOUND_WS_CURL_AUTHORIZATION "%V%Z",
                        &ask->bearer);
    }

    if (ask->body.len) {
        ngx_memcpy(p, ask->body.data, ask->body.len);

        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t) ask->body.len);
    }

    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) conf->read_timeout);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ngx_outbound_ws_curl_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);

    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
}


static size_t
ngx_outbound_ws_curl_body(char *p, size_t size, size_t n, void *data)
{
    size_t                           len;
    ngx_outbound_ws_curl_request_t  *request = data;

    len = size * n;

    if (len > request->max - request->len) {
        request->error = "the answer is too long";
        return 0;
    }

    if (len > request->size - request->len
        && ngx_outbound_ws_curl_grow(request, len) != NGX_OK)
    {
        request->error = "no memory for the answer";
        return 0;
    }

    ngx_memcpy(request->body + request->len, p, len);
    request->len += len;

    return len;
}


/* Twice as much as before at least; len is known to stay below max. */

static ngx_int_t
ngx_outbound_ws_curl_grow(ngx_outbound_ws_curl_request_t *request, size_t len)
{
    u_char  *body;
    size_t   size;

    size = ngx_max(request->len + len, NGX_OUTBOUND_WS_CURL_MIN);

    if (size < request->size * 2) {
        size = request->size * 2;
    }

    size = ngx_min(size, request->max);

    body = ows_mem_alloc(size);
    if (body == NULL) {
        return NGX_ERROR;
    }

    if (request->body) {
        ngx_memcpy(body, request->body, request->len);
        ows_mem_free(request->body);
    }

    request->body = body;
    request->size = size;

    return NGX_OK;
}


static void
ngx_outbound_ws_curl_done(ngx_outbound_ws_transfer_t *transfer)
{
    long                             status;
    ngx_outbound_ws_curl_answer_t    answer;
    ngx_outbound_ws_curl_request_t  *request;

    request = (ngx_outbound_ws_curl_request_t *) transfer;

    ngx_memzero(&answer, sizeof(ngx_outbound_ws_curl_answer_t));

    if (transfer->result == CURLE_OK) {
        status = 0;
        (void) curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
                                 &status);
        answer.status = (ngx_uint_t) status;
        answer.body.len = request->len;
        answer.body.data = request->body;

    } else if (request->error) {
        answer.error = request->error;

    } else {
        answer.error = ngx_outbound_ws_transfer_error(transfer);
    }

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, transfer->multi->log, 0,
                   "outbound ws: request %p ended: %ui, %uz bytes, %s",
                   request, answer.status, answer.body.len,
                   answer.error ? answer.error : "ok");

    ngx_outbound_ws_transfer_destroy(transfer);

    request->handler(request->data, &answer);

    ngx_outbound_ws_curl_free(request);
}


void
ngx_outbound_ws_curl_cancel(ngx_outbound_ws_curl_request_t *request)
{
    ngx_outbound_ws_transfer_destroy(&request->transfer);
    ngx_outbound_ws_curl_free(request);
}


static void
ngx_outbound_ws_curl_drop(ngx_outbound_ws_transfer_t *transfer)
{
    ngx_outbound_ws_curl_cancel((ngx_outbound_ws_curl_request_t *) transfer);
}


static void
ngx_outbound_ws_curl_free(ngx_outbound_ws_curl_request_t *request)
{
    ows_mem_free(request->body);
    ows_mem_free(request);
}
