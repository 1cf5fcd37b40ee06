/*
 * ngx_outbound_ws_pbx_callers: a link's callers: the list, events, and what
 * is read again.
 *
 * While the list is being read every event only marks its entity, for the
 * list may be older or newer.  It is read again on a slow timer, in case the
 * PBX lost an event, and soon after a GET that failed.
 */


#include "ngx_outbound_ws_pbx_callers.h"

#include "ows_mem.h"
#include "ows_pbx.h"
#include "ows_refresh.h"


#define NGX_OUTBOUND_WS_PBX_READS      4         /* GETs under way at once */

/* milliseconds until the list is read again: as a rule, and after a GET that
 * failed */
#define NGX_OUTBOUND_WS_PBX_RECONCILE  90000
#define NGX_OUTBOUND_WS_PBX_REPAIR     5000


/* A GET of one entity that is under way; from the heap. */
typedef struct {
    ngx_queue_t                      queue;
    ngx_outbound_ws_pbx_callers_t   *callers;
    ngx_outbound_ws_curl_request_t  *request;
    ows_pbx_entity_t                 entity;
} ngx_outbound_ws_pbx_read_t;


struct ngx_outbound_ws_pbx_callers_s {
    const ngx_outbound_ws_pbx_callers_handlers_t  *handlers;
    void                            *data;
    ngx_outbound_ws_zone_t          *zone;
    ngx_log_t                       *log;

    ows_callers_t                   *model;      /* owned */
    ows_refresh_t                   *refresh;    /* owned */
    ngx_outbound_ws_curl_request_t  *list;       /* under way, or NULL */
    ngx_queue_t                      reads;      /* of entities, under way */
    ngx_uint_t                       n_reads;

    ngx_connection_t                 ident;      /* for nginx's debug log */
    ngx_event_t                      reconcile;  /* list again */
    unsigned                         listed:1;   /* since the last stop */
};


static void ngx_outbound_ws_pbx_callers_list_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_callers_listed(
    ngx_outbound_ws_pbx_callers_t *callers, ngx_str_t *body);
static void ngx_outbound_ws_pbx_callers_not_listed(
    ngx_outbound_ws_pbx_callers_t *callers, ows_error_e error,
    const char *fmt, ...);
static void ngx_outbound_ws_pbx_callers_read(
    ngx_outbound_ws_pbx_callers_t *callers);
static ngx_int_t ngx_outbound_ws_pbx_callers_read_one(
    ngx_outbound_ws_pbx_callers_t *callers, ows_pbx_entity_t *entity);
static void ngx_outbound_ws_pbx_callers_read_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static int ngx_outbound_ws_pbx_callers_apply(
    ngx_outbound_ws_pbx_callers_t *callers, ows_pbx_entity_t *entity,
    ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_callers_warn(
    ngx_outbound_ws_pbx_callers_t *callers, const char *what,
    const char *why);
static void ngx_outbound_ws_pbx_callers_list_in(
    ngx_outbound_ws_pbx_callers_t *callers, ngx_msec_t wait);
static void ngx_outbound_ws_pbx_callers_reconcile_event(ngx_event_t *ev);


ngx_outbound_ws_pbx_callers_t *
ngx_outbound_ws_pbx_callers_create(ngx_outbound_ws_zone_t *zone,
    const ngx_outbound_ws_pbx_callers_handlers_t *handlers, void *data,
    ngx_log_t *log)
{
    ngx_array_t                    *types;
    ngx_outbound_ws_pbx_callers_t  *callers;

    callers = ngx_calloc(sizeof(ngx_outbound_ws_pbx_callers_t), log);
    if (callers == NULL) {
        return NULL;
    }

    callers->handlers = handlers;
    callers->data = data;
    callers->zone = zone;
    callers->log = log;

    ngx_queue_init(&callers->reads);

    callers->ident.fd = (ngx_socket_t) -1;

    callers->reconcile.handler = ngx_outbound_ws_pbx_callers_reconcile_event;
    callers->reconcile.data = &callers->ident;
    callers->reconcile.log = log;
    callers->reconcile.cancelable = 1;

    types = zone->pbx.caller_types;

    callers->model = ows_callers_create(types->elts, types->nelts, &ows_mem);
    callers->refresh = ows_refresh_create(&ows_mem);

    if (callers->model == NULL || callers->refresh == NULL) {
        ngx_outbound_ws_pbx_callers_destroy(callers);
        return NULL;
    }

    return callers;
}


void
ngx_outbound_ws_pbx_callers_destroy(ngx_outbound_ws_pbx_callers_t *callers)
{
    ngx_outbound_ws_pbx_callers_stop(callers);

    if (callers->refresh) {
        ows_refresh_destroy(callers->refresh);
    }

    if (callers->model) {
        ows_callers_destroy(callers->model);
    }

    ngx_free(callers);
}


ows_callers_t *
ngx_outbound_ws_pbx_callers_model(ngx_outbound_ws_pbx_callers_t *callers)
{
    return callers->model;
}


ngx_int_t
ngx_outbound_ws_pbx_callers_list(ngx_outbound_ws_pbx_callers_t *callers)
{
    unsigned  listed;

    listed = callers->listed;

    ngx_outbound_ws_pbx_callers_stop(callers);

    callers->listed = listed;

    ows_refresh_clear(callers->refresh);

    callers->list = callers->handlers->get(callers->data,
                                   (u_char *) OWS_PBX_CALLERS_PATH,
                                   sizeof(OWS_PBX_CALLERS_PATH) - 1,
                                   ngx_outbound_ws_pbx_callers_list_answer,
                                   callers);

    return callers->list ? NGX_OK : NGX_ERROR;
}


void
ngx_outbound_ws_pbx_callers_stop(ngx_outbound_ws_pbx_callers_t *callers)
{
    ngx_queue_t                 *q;
    ngx_outbound_ws_pbx_read_t  *read;

    callers->listed = 0;

    if (callers->list) {
        ngx_outbound_ws_curl_cancel(callers->list);
        callers->list = NULL;
    }

    while (!ngx_queue_empty(&callers->reads)) {
        q = ngx_queue_head(&callers->reads);
        read = ngx_queue_data(q, ngx_outbound_ws_pbx_read_t, queue);

        ngx_outbound_ws_curl_cancel(read->request);
        (void) ows_refresh_done(callers->refresh, &read->entity);

        ngx_queue_remove(q);
        ngx_free(read);
        callers->n_reads--;
    }

    if (callers->reconcile.timer_set) {
        ngx_del_timer(&callers->reconcile);
    }
}


static void
ngx_outbound_ws_pbx_callers_list_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_callers_t *callers = data;

    callers->list = NULL;

    switch (answer->status) {

    case 0:
        ngx_outbound_ws_pbx_callers_not_listed(callers,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "the PBX can't be asked for callers: %s",
                                      answer->error);
        break;

    case 200:
        ngx_outbound_ws_pbx_callers_listed(callers, &answer->body);
        break;

    case 401:
    case 403:
        callers->handlers->unauthorized(callers->data, "to tell its callers",
                                        answer->status);

        if (callers->listed && callers->list == NULL) {
            /* the link goes on with what it has */
            ngx_outbound_ws_pbx_callers_list_in(callers,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
        }

        break;

    default:
        ngx_outbound_ws_pbx_callers_not_listed(callers,
                                      answer->status >= 500
                                          ? OWS_ERR_PBX_UNREACHABLE
                                          : OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX answered HTTP %ui to a request "
                                      "for callers", answer->status);
        break;
    }
}


static void
ngx_outbound_ws_pbx_callers_listed(ngx_outbound_ws_pbx_callers_t *callers,
    ngx_str_t *body)
{
    int          rc;
    const char  *why;

    why = "no memory";

    rc = ows_callers_replace(callers->model, body->data, body->len, &why);

    if (rc == OWS_ERROR || rc == OWS_NOMEM) {
        ngx_outbound_ws_pbx_callers_not_listed(callers,
                                      OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX's list of callers can't be "
                                      "understood: %s", why);
        return;
    }

    ngx_outbound_ws_pbx_callers_list_in(callers,
                                        NGX_OUTBOUND_WS_PBX_RECONCILE);

    if (!callers->listed) {
        callers->listed = 1;
        callers->handlers->listed(callers->data);

    } else if (rc == OWS_OK) {
        callers->handlers->changed(callers->data);
    }

    ngx_outbound_ws_pbx_callers_read(callers);
}


/* The first one's failure is the link's; later ones are tried again. */
static void
ngx_outbound_ws_pbx_callers_not_listed(ngx_outbound_ws_pbx_callers_t *callers,
    ows_error_e error, const char *fmt, ...)
{
    u_char     text[256];
    va_list    args;
    ngx_str_t  why;

    va_start(args, fmt);
    why.data = text;
    why.len = ngx_vslprintf(text, text + sizeof(text) - 1, fmt, args) - text;
    va_end(args);

    text[why.len] = '\0';

    if (!callers->listed) {
        callers->handlers->not_listed(callers->data, error, &why);
        return;
    }

    ngx_outbound_ws_pbx_callers_warn(callers, "a GET of all callers failed",
                                     (char *) text);

    ngx_outbound_ws_pbx_callers_list_in(callers, NGX_OUTBOUND_WS_PBX_REPAIR);
    ngx_outbound_ws_pbx_callers_read(callers);
}


void
ngx_outbound_ws_pbx_callers_event(ngx_outbound_ws_pbx_callers_t *callers,
    u_char *p, size_t len)
{
    const char       *why;
    ows_pbx_event_t   event;

    why = "no memory";

    if (ows_pbx_event_read(&event, p, len, &why) != OWS_OK) {
        ngx_outbound_ws_pbx_callers_warn(callers,
                                  "an event of the PBX can't be understood",
                                  why);
        return;
    }

    if (event.type == OWS_PBX_OTHER) {
        return;
    }

    if (event.type == OWS_PBX_UPSERT || callers->list) {
        ows_refresh_mark(callers->refresh, &event.entity);

    } else {
        ows_refresh_forget(callers->refresh, &event.entity);

        if (ows_callers_remove(callers->model, &event.entity) == OWS_OK) {
            callers->handlers->changed(callers->data);
        }
    }

    ngx_outbound_ws_pbx_callers_read(callers);
}


/* As many of those marked as may be under way. */
static void
ngx_outbound_ws_pbx_callers_read(ngx_outbound_ws_pbx_callers_t *callers)
{
    ows_pbx_entity_t  entity;

    if (callers->list || !callers->listed) {
        return;
    }

    if (ows_refresh_snapshot_due(callers->refresh)) {

        if (ngx_outbound_ws_pbx_callers_list(callers) != NGX_OK) {
            ngx_outbound_ws_pbx_callers_list_in(callers,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
        }

        return;
    }

    while (callers->n_reads < NGX_OUTBOUND_WS_PBX_READS
           && ows_refresh_next(callers->refresh, &entity) == OWS_OK)
    {
        if (ngx_outbound_ws_pbx_callers_read_one(callers, &entity) != NGX_OK) {
            (void) ows_refresh_done(callers->refresh, &entity);
            ngx_outbound_ws_pbx_callers_list_in(callers,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
            return;
        }
    }
}


static ngx_int_t
ngx_outbound_ws_pbx_callers_read_one(ngx_outbound_ws_pbx_callers_t *callers,
    ows_pbx_entity_t *entity)
{
    size_t                       len;
    u_char                       path[OWS_PBX_PATH_MAX];
    ngx_outbound_ws_pbx_read_t  *read;

    read = ngx_alloc(sizeof(ngx_outbound_ws_pbx_read_t), callers->log);
    if (read == NULL) {
        return NGX_ERROR;
    }

    read->callers = callers;
    read->entity = *entity;

    len = ows_pbx_entity_path(path, entity);

    read->request = callers->handlers->get(callers->data, path, len,
                                     ngx_outbound_ws_pbx_callers_read_answer,
                                     read);
    if (read->request == NULL) {
        ngx_free(read);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&callers->reads, &read->queue);
    callers->n_reads++;

    return NGX_OK;
}


static void
ngx_outbound_ws_pbx_callers_read_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_read_t *read = data;

    ows_pbx_entity_t                entity;
    ngx_outbound_ws_pbx_callers_t  *callers;

    callers = read->callers;
    entity = read->entity;

    ngx_queue_remove(&read->queue);
    ngx_free(read);
    callers->n_reads--;

    if (ows_refresh_done(callers->refresh, &entity) == OWS_OK
        && ngx_outbound_ws_pbx_callers_apply(callers, &entity, answer)
           == OWS_OK)
    {
        callers->handlers->changed(callers->data);
    }

    if (answer->status == 401) {
        callers->handlers->unauthorized(callers->data, "the access token",
                                        answer->status);
    }

    ngx_outbound_ws_pbx_callers_read(callers);
}


/* OWS_OK: the callers changed. */
static int
ngx_outbound_ws_pbx_callers_apply(ngx_outbound_ws_pbx_callers_t *callers,
    ows_pbx_entity_t *entity, ngx_outbound_ws_curl_answer_t *answer)
{
    int          rc;
    const char  *why;

    switch (answer->status) {

    case 200:
        why = "no memory";
        rc = ows_callers_update(callers->model, entity, answer->body.data,
                                answer->body.len, &why);

        if (rc == OWS_OK || rc == OWS_AGAIN) {
            return rc;
        }

        break;

    case 403:
    case 404:
        /* gone, or nothing that we may see */
        return ows_callers_remove(callers->model, entity);

    case 0:
        why = answer->error;
        break;

    default:
        why = "not answered with HTTP 200";
        break;
    }

    ngx_outbound_ws_pbx_callers_warn(callers,
                                     "a GET of a caller or a call failed",
                                     why);

    ngx_outbound_ws_pbx_callers_list_in(callers, NGX_OUTBOUND_WS_PBX_REPAIR);

    return OWS_ERROR;
}


static void
ngx_outbound_ws_pbx_callers_warn(ngx_outbound_ws_pbx_callers_t *callers,
    const char *what, const char *why)
{
    ngx_log_error(NGX_LOG_WARN, callers->log, 0,
                  "outbound_ws_zone \"%V\": %s: %s", &callers->zone->name,
                  what, why);
}


static void
ngx_outbound_ws_pbx_callers_list_in(ngx_outbound_ws_pbx_callers_t *callers,
    ngx_msec_t wait)
{
    if (callers->reconcile.timer_set) {
        ngx_del_timer(&callers->reconcile);
    }

    /* links that began together need not list together */
    ngx_add_timer(&callers->reconcile,
                  wait + (ngx_msec_t) ngx_random() % (wait / 8));
}


static void
ngx_outbound_ws_pbx_callers_reconcile_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_callers_t  *callers;

    callers = (ngx_outbound_ws_pbx_callers_t *)
                  ((u_char *) ev
                   - offsetof(ngx_outbound_ws_pbx_callers_t, reconcile));

    if (callers->list == NULL
        && ngx_outbound_ws_pbx_callers_list(callers) != NGX_OK)
    {
        ngx_outbound_ws_pbx_callers_list_in(callers,
                                            NGX_OUTBOUND_WS_PBX_REPAIR);
    }
}
