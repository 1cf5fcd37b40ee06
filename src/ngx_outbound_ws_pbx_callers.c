/*
 * ngx_outbound_ws_pbx_callers: a link's callers: the list, events, and what
 * is read again.
 *
 * An event says that an entity changed; a GET says how.  The list is read
 * once the WebSocket is open, so that nothing is missed in between, and again
 * on a slow timer, in case the PBX lost an event.  While it is being read
 * every event only marks its entity, for the list may be older or newer.
 */


#include "ngx_outbound_ws_pbx_link.h"

#include "ows_mem.h"
#include "ows_pbx.h"


#define NGX_OUTBOUND_WS_PBX_READS      4         /* GETs under way at once */

/* milliseconds until the list is read again: as a rule, and after a GET that
 * failed */
#define NGX_OUTBOUND_WS_PBX_RECONCILE  90000
#define NGX_OUTBOUND_WS_PBX_REPAIR     5000


/* a token that is refused when younger is not renewed for it, milliseconds */
#define NGX_OUTBOUND_WS_PBX_TOKEN_AGE  60000


/* A GET of one entity that is under way; from the heap. */
typedef struct {
    ngx_queue_t                      queue;
    ngx_outbound_ws_pbx_link_t      *link;
    ngx_outbound_ws_curl_request_t  *request;
    ows_pbx_entity_t                 entity;
} ngx_outbound_ws_pbx_read_t;


static void ngx_outbound_ws_pbx_callers_list_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_callers_listed(
    ngx_outbound_ws_pbx_link_t *link, ngx_str_t *body);
static void ngx_outbound_ws_pbx_callers_list_failed(
    ngx_outbound_ws_pbx_link_t *link, ows_error_e error, const char *fmt,
    ...);
static void ngx_outbound_ws_pbx_callers_read(ngx_outbound_ws_pbx_link_t *link);
static ngx_int_t ngx_outbound_ws_pbx_callers_read_one(
    ngx_outbound_ws_pbx_link_t *link, ows_pbx_entity_t *entity);
static void ngx_outbound_ws_pbx_callers_read_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static int ngx_outbound_ws_pbx_callers_apply(ngx_outbound_ws_pbx_link_t *link,
    ows_pbx_entity_t *entity, ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_callers_changed(
    ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_callers_set_reconcile(
    ngx_outbound_ws_pbx_link_t *link, ngx_msec_t wait);
static void ngx_outbound_ws_pbx_callers_reconcile_event(ngx_event_t *ev);
static void ngx_outbound_ws_pbx_callers_report_event(ngx_event_t *ev);


ngx_int_t
ngx_outbound_ws_pbx_callers_init(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_array_t  *types;

    types = link->pbx->zone->pbx.caller_types;

    link->callers = ows_callers_create(types->elts, types->nelts, &ows_mem);
    if (link->callers == NULL) {
        return NGX_ERROR;
    }

    link->refresh = ows_refresh_create(&ows_mem);
    if (link->refresh == NULL) {
        ows_callers_destroy(link->callers);
        return NGX_ERROR;
    }

    ngx_queue_init(&link->reads);

    ngx_outbound_ws_pbx_link_timer(link, &link->reconcile,
                                  ngx_outbound_ws_pbx_callers_reconcile_event);
    ngx_outbound_ws_pbx_link_timer(link, &link->report,
                                   ngx_outbound_ws_pbx_callers_report_event);

    return NGX_OK;
}


void
ngx_outbound_ws_pbx_callers_destroy(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_callers_stop(link);

    ows_refresh_destroy(link->refresh);
    ows_callers_destroy(link->callers);
}


ngx_int_t
ngx_outbound_ws_pbx_callers_list(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_callers_stop(link);

    ows_refresh_clear(link->refresh);

    link->list = ngx_outbound_ws_pbx_link_get(link,
                                   (u_char *) OWS_PBX_CALLERS_PATH,
                                   sizeof(OWS_PBX_CALLERS_PATH) - 1,
                                   ngx_outbound_ws_pbx_callers_list_answer,
                                   link);

    return link->list ? NGX_OK : NGX_ERROR;
}


void
ngx_outbound_ws_pbx_callers_stop(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_queue_t                 *q;
    ngx_outbound_ws_pbx_read_t  *read;

    if (link->list) {
        ngx_outbound_ws_curl_cancel(link->list);
        link->list = NULL;
    }

    while (!ngx_queue_empty(&link->reads)) {
        q = ngx_queue_head(&link->reads);
        read = ngx_queue_data(q, ngx_outbound_ws_pbx_read_t, queue);

        ngx_outbound_ws_curl_cancel(read->request);
        (void) ows_refresh_done(link->refresh, &read->entity);

        ngx_queue_remove(q);
        ngx_free(read);
        link->n_reads--;
    }

    if (link->reconcile.timer_set) {
        ngx_del_timer(&link->reconcile);
    }
}


static void
ngx_outbound_ws_pbx_callers_list_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_link_t *link = data;

    link->list = NULL;

    switch (answer->status) {

    case 0:
        ngx_outbound_ws_pbx_callers_list_failed(link,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "the PBX can't be asked for callers: %s",
                                      answer->error);
        break;

    case 200:
        ngx_outbound_ws_pbx_callers_listed(link, &answer->body);
        break;

    case 401:
    case 403:
        ngx_outbound_ws_pbx_link_unauthorized(link, "to tell its callers",
                                              answer->status);
        break;

    default:
        ngx_outbound_ws_pbx_callers_list_failed(link,
                                      answer->status >= 500
                                          ? OWS_ERR_PBX_UNREACHABLE
                                          : OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX answered HTTP %ui to a request "
                                      "for callers", answer->status);
        break;
    }
}


static void
ngx_outbound_ws_pbx_callers_listed(ngx_outbound_ws_pbx_link_t *link,
    ngx_str_t *body)
{
    int          rc;
    const char  *why;

    why = "no memory";

    rc = ows_callers_replace(link->callers, body->data, body->len, &why);

    if (rc == OWS_ERROR || rc == OWS_NOMEM) {
        ngx_outbound_ws_pbx_callers_list_failed(link,
                                      OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX's list of callers can't be "
                                      "understood: %s", why);
        return;
    }

    ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                              NGX_OUTBOUND_WS_PBX_RECONCILE);

    if (link->state == OWS_LINK_CALLERS) {
        ngx_outbound_ws_pbx_link_step(link, OWS_LINK_LISTED);

    } else if (rc == OWS_OK) {
        ngx_outbound_ws_pbx_callers_changed(link);
    }

    ngx_outbound_ws_pbx_callers_read(link);
}


/* Of a link that is ready it is no failure: the list is tried again. */
static void
ngx_outbound_ws_pbx_callers_list_failed(ngx_outbound_ws_pbx_link_t *link,
    ows_error_e error, const char *fmt, ...)
{
    u_char   text[256], *last;
    va_list  args;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    if (link->state == OWS_LINK_CALLERS) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED, error, "%*s",
                                      (size_t) (last - text), text);
        return;
    }

    ngx_log_error(NGX_LOG_WARN, link->pbx->log, 0,
                  "outbound_ws_zone \"%V\", link %ui: %*s",
                  &link->pbx->zone->name, link->node.key,
                  (size_t) (last - text), text);

    ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                              NGX_OUTBOUND_WS_PBX_REPAIR);
    ngx_outbound_ws_pbx_callers_read(link);
}


void
ngx_outbound_ws_pbx_callers_event(ngx_outbound_ws_pbx_link_t *link,
    u_char *p, size_t len)
{
    const char       *why;
    ows_pbx_event_t   event;

    if (link->given_up) {
        return;
    }

    why = "no memory";

    if (ows_pbx_event_read(&event, p, len, &why) != OWS_OK) {
        ngx_log_error(NGX_LOG_WARN, link->pbx->log, 0,
                      "outbound_ws_zone \"%V\", link %ui: an event of the "
                      "PBX can't be understood: %s",
                      &link->pbx->zone->name, link->node.key, why);
        return;
    }

    if (event.type == OWS_PBX_OTHER) {
        return;
    }

    if (event.type == OWS_PBX_UPSERT || link->list) {
        ows_refresh_mark(link->refresh, &event.entity);

    } else {
        ows_refresh_forget(link->refresh, &event.entity);

        if (ows_callers_remove(link->callers, &event.entity) == OWS_OK) {
            ngx_outbound_ws_pbx_callers_changed(link);
        }
    }

    ngx_outbound_ws_pbx_callers_read(link);
}


/* As many of those marked as may be under way. */
static void
ngx_outbound_ws_pbx_callers_read(ngx_outbound_ws_pbx_link_t *link)
{
    ows_pbx_entity_t  entity;

    if (link->list || link->state != OWS_LINK_READY) {
        return;
    }

    if (ows_refresh_snapshot_due(link->refresh)) {

        if (ngx_outbound_ws_pbx_callers_list(link) != NGX_OK) {
            ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
        }

        return;
    }

    while (link->n_reads < NGX_OUTBOUND_WS_PBX_READS
           && ows_refresh_next(link->refresh, &entity) == OWS_OK)
    {
        if (ngx_outbound_ws_pbx_callers_read_one(link, &entity) != NGX_OK) {
            (void) ows_refresh_done(link->refresh, &entity);
            ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
            return;
        }
    }
}


static ngx_int_t
ngx_outbound_ws_pbx_callers_read_one(ngx_outbound_ws_pbx_link_t *link,
    ows_pbx_entity_t *entity)
{
    size_t                       len;
    u_char                       path[OWS_PBX_PATH_MAX];
    ngx_outbound_ws_pbx_read_t  *read;

    read = ngx_alloc(sizeof(ngx_outbound_ws_pbx_read_t), link->pbx->log);
    if (read == NULL) {
        return NGX_ERROR;
    }

    read->link = link;
    read->entity = *entity;

    len = ows_pbx_entity_path(path, entity);

    read->request = ngx_outbound_ws_pbx_link_get(link, path, len,
                                     ngx_outbound_ws_pbx_callers_read_answer,
                                     read);
    if (read->request == NULL) {
        ngx_free(read);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&link->reads, &read->queue);
    link->n_reads++;

    return NGX_OK;
}


static void
ngx_outbound_ws_pbx_callers_read_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_read_t *read = data;

    ows_pbx_entity_t             entity;
    ngx_outbound_ws_pbx_link_t  *link;

    link = read->link;
    entity = read->entity;

    ngx_queue_remove(&read->queue);
    ngx_free(read);
    link->n_reads--;

    if (ows_refresh_done(link->refresh, &entity) == OWS_OK
        && ngx_outbound_ws_pbx_callers_apply(link, &entity, answer) == OWS_OK)
    {
        ngx_outbound_ws_pbx_callers_changed(link);
    }

    /* once: a PBX that never grants this must not be asked for tokens */

    if (answer->status == 401
        && ngx_current_msec - link->granted > NGX_OUTBOUND_WS_PBX_TOKEN_AGE)
    {
        ngx_outbound_ws_pbx_link_unauthorized(link, "the access token",
                                              answer->status);
    }

    ngx_outbound_ws_pbx_callers_read(link);
}


/* OWS_OK: the callers changed. */
static int
ngx_outbound_ws_pbx_callers_apply(ngx_outbound_ws_pbx_link_t *link,
    ows_pbx_entity_t *entity, ngx_outbound_ws_curl_answer_t *answer)
{
    int          rc;
    const char  *why;

    switch (answer->status) {

    case 200:
        why = "no memory";
        rc = ows_callers_update(link->callers, entity, answer->body.data,
                                answer->body.len, &why);

        if (rc == OWS_OK || rc == OWS_AGAIN) {
            return rc;
        }

        break;

    case 403:
    case 404:
        /* gone, or nothing that we may see */
        return ows_callers_remove(link->callers, entity);

    case 0:
        why = answer->error;
        break;

    default:
        why = "not answered with HTTP 200";
        break;
    }

    ngx_log_error(NGX_LOG_WARN, link->pbx->log, 0,
                  "outbound_ws_zone \"%V\", link %ui: a GET of a caller or a "
                  "call failed: %s",
                  &link->pbx->zone->name, link->node.key, why);

    ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                              NGX_OUTBOUND_WS_PBX_REPAIR);

    return OWS_ERROR;
}


/* Reports at once, but no oftener than snapshots are published. */
static void
ngx_outbound_ws_pbx_callers_changed(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_msec_int_t  left;

    if (link->report.timer_set || link->state != OWS_LINK_READY) {
        return;
    }

    left = (ngx_msec_int_t) (link->reported
                             + link->pbx->zone->broadcast_interval
                             - ngx_current_msec);
    if (left > 0) {
        ngx_add_timer(&link->report, left);
        return;
    }

    ngx_outbound_ws_pbx_callers_report(link);
}


void
ngx_outbound_ws_pbx_callers_report(ngx_outbound_ws_pbx_link_t *link)
{
    ows_json_text_t              text;
    ngx_outbound_ws_link_news_t  news;

    static ngx_str_t  full = ngx_string("the zone has no memory left for its "
                                        "callers");

    link->reported = ngx_current_msec;

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    ows_json_text_init(&text, OWS_CALLERS_TEXT_MAX, &ows_mem);
    ows_callers_write(link->callers, &text);

    if (!text.failed) {
        news.set_connected = 1;
        news.connected = (link->current != NULL);
        news.set_callers = 1;
        news.callers.data = text.data;
        news.callers.len = text.len;
        news.agents = ows_callers_count(link->callers);
    }

    if (text.failed
        || ngx_outbound_ws_pbx_link_news(link, &news) == NGX_ERROR)
    {
        ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

        if (!link->full_told) {
            link->full_told = 1;
            news.error = OWS_ERR_STORAGE_FULL;
            news.reason = full;

            (void) ngx_outbound_ws_pbx_link_news(link, &news);
        }

        ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);

        if (!link->report.timer_set) {
            ngx_add_timer(&link->report, NGX_OUTBOUND_WS_PBX_REPAIR);
        }

    } else {
        link->full_told = 0;
    }

    ows_json_text_free(&text);
}


static void
ngx_outbound_ws_pbx_callers_set_reconcile(ngx_outbound_ws_pbx_link_t *link,
    ngx_msec_t wait)
{
    if (link->reconcile.timer_set) {
        ngx_del_timer(&link->reconcile);
    }

    /* links that began together need not list together */
    ngx_add_timer(&link->reconcile, wait + (ngx_msec_t) ngx_random()
                                           % (wait / 8));
}


static void
ngx_outbound_ws_pbx_callers_reconcile_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_t  *link;

    link = ngx_outbound_ws_pbx_link_of(ev, reconcile);

    if (link->state != OWS_LINK_READY || link->list) {
        return;
    }

    if (ngx_outbound_ws_pbx_callers_list(link) != NGX_OK) {
        ngx_outbound_ws_pbx_callers_set_reconcile(link,
                                                NGX_OUTBOUND_WS_PBX_REPAIR);
    }
}


static void
ngx_outbound_ws_pbx_callers_report_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_t  *link;

    link = ngx_outbound_ws_pbx_link_of(ev, report);

    if (link->state == OWS_LINK_READY) {
        ngx_outbound_ws_pbx_callers_report(link);
    }
}
