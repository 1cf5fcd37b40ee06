/*
 * ngx_outbound_ws_pbx_link: a link's life: token, WebSocket, back-off.
 *
 * What follows on what is the table in core/ows_project; here are the actions
 * it names, and the answers that become its next events.  A token is read
 * from the zone each time it is used, and never kept.
 */


#include "ngx_outbound_ws_pbx_link.h"
#include "ngx_outbound_ws_pbx_token.h"

#include "ows_mem.h"
#include "ows_pbx.h"


/* how long a link may show as connected between two WebSockets, and how long
 * one that was given up keeps its own; milliseconds */
#define NGX_OUTBOUND_WS_PBX_GRACE      3000
#define NGX_OUTBOUND_WS_PBX_HANDOVER   5000

/* a token that is refused when younger is not renewed for it, milliseconds */
#define NGX_OUTBOUND_WS_PBX_TOKEN_AGE  60000

/* until a zone that was full is tried again, milliseconds */
#define NGX_OUTBOUND_WS_PBX_FULL_WAIT  5000

/* 32 bits of it; random() has 31 */
#define ngx_outbound_ws_pbx_random()                                          \
    ((uint32_t) ngx_random() << 1)

#define NGX_OUTBOUND_WS_PBX_EVENT_MAX  1048576    /* bytes of a message */


typedef void (*ngx_outbound_ws_pbx_action_pt)(
    ngx_outbound_ws_pbx_link_t *link);


static void ngx_outbound_ws_pbx_link_timer(ngx_outbound_ws_pbx_link_t *link,
    ngx_event_t *ev, ngx_event_handler_pt handler);
static void ngx_outbound_ws_pbx_link_fail(ngx_outbound_ws_pbx_link_t *link,
    ows_link_event_e event, ows_error_e error, const char *fmt, ...);
static void ngx_outbound_ws_pbx_link_unauthorized(void *data,
    const char *what, ngx_uint_t status);
static void ngx_outbound_ws_pbx_link_nothing(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_get_token(
    ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_token_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_link_granted(ngx_outbound_ws_pbx_link_t *link,
    ows_pbx_token_t *token);
static ngx_int_t ngx_outbound_ws_pbx_link_news(
    ngx_outbound_ws_pbx_link_t *link, ngx_outbound_ws_link_news_t *news);
static void ngx_outbound_ws_pbx_link_open(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_opened(void *data);
static void ngx_outbound_ws_pbx_link_text(void *data, u_char *p, size_t len);
static void ngx_outbound_ws_pbx_link_closed(void *data, ngx_uint_t status,
    const char *why);
static void ngx_outbound_ws_pbx_link_not_opened(
    ngx_outbound_ws_pbx_link_t *link, ngx_uint_t status, const char *why);
static void ngx_outbound_ws_pbx_link_get_callers(
    ngx_outbound_ws_pbx_link_t *link);
static ngx_outbound_ws_curl_request_t *ngx_outbound_ws_pbx_link_get(
    void *data, u_char *path, size_t len,
    ngx_outbound_ws_curl_handler_pt handler, void *ctx);
static void ngx_outbound_ws_pbx_link_listed(void *data);
static void ngx_outbound_ws_pbx_link_not_listed(void *data,
    ows_error_e error, ngx_str_t *why);
static void ngx_outbound_ws_pbx_link_callers_changed(void *data);
static void ngx_outbound_ws_pbx_link_report(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_full(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_settle(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_resume(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_back_off(
    ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_refuse(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_close(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_drop_attempt(
    ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_close_end(
    ngx_outbound_ws_pbx_end_t **end);
static void ngx_outbound_ws_pbx_link_set_timer(ngx_event_t *ev,
    ngx_msec_t wait);
static void ngx_outbound_ws_pbx_link_stop_timers(
    ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_stop_timer(ngx_event_t *ev);
static void ngx_outbound_ws_pbx_link_retry_event(ngx_event_t *ev);
static void ngx_outbound_ws_pbx_link_renew_event(ngx_event_t *ev);
static void ngx_outbound_ws_pbx_link_grace_event(ngx_event_t *ev);
static void ngx_outbound_ws_pbx_link_report_event(ngx_event_t *ev);


static const ngx_outbound_ws_pbx_action_pt  ngx_outbound_ws_pbx_actions[] = {
    ngx_outbound_ws_pbx_link_nothing,      /* OWS_LINK_NOTHING */
    ngx_outbound_ws_pbx_link_get_token,    /* OWS_LINK_GET_TOKEN */
    ngx_outbound_ws_pbx_link_open,         /* OWS_LINK_OPEN */
    ngx_outbound_ws_pbx_link_get_callers,  /* OWS_LINK_GET_CALLERS */
    ngx_outbound_ws_pbx_link_settle,       /* OWS_LINK_SETTLE */
    ngx_outbound_ws_pbx_link_resume,       /* OWS_LINK_RESUME */
    ngx_outbound_ws_pbx_link_back_off,     /* OWS_LINK_BACK_OFF */
    ngx_outbound_ws_pbx_link_refuse,       /* OWS_LINK_REFUSE */
    ngx_outbound_ws_pbx_link_close         /* OWS_LINK_CLOSE */
};


static const ngx_outbound_ws_socket_handlers_t
    ngx_outbound_ws_pbx_link_handlers =
{
    ngx_outbound_ws_pbx_link_opened,
    ngx_outbound_ws_pbx_link_text,
    ngx_outbound_ws_pbx_link_closed
};


static const ngx_outbound_ws_pbx_callers_handlers_t
    ngx_outbound_ws_pbx_link_callers_handlers =
{
    ngx_outbound_ws_pbx_link_get,
    ngx_outbound_ws_pbx_link_listed,
    ngx_outbound_ws_pbx_link_not_listed,
    ngx_outbound_ws_pbx_link_callers_changed,
    ngx_outbound_ws_pbx_link_unauthorized
};


ngx_outbound_ws_pbx_link_t *
ngx_outbound_ws_pbx_link_create(ngx_outbound_ws_pbx_t *pbx,
    ngx_outbound_ws_link_info_t *info)
{
    ngx_outbound_ws_pbx_link_t  *link;

    link = ngx_calloc(sizeof(ngx_outbound_ws_pbx_link_t), pbx->log);
    if (link == NULL) {
        return NULL;
    }

    link->node.key = info->id;
    link->pbx = pbx;
    link->check = info->check;
    link->ident.fd = (ngx_socket_t) -1;
    link->ends[0].link = link;
    link->ends[1].link = link;

    link->callers = ngx_outbound_ws_pbx_callers_create(pbx->zone,
                                  &ngx_outbound_ws_pbx_link_callers_handlers,
                                  link, pbx->log);
    if (link->callers == NULL) {
        ngx_free(link);
        return NULL;
    }

    ows_backoff_init(&link->backoff, pbx->zone->pbx.retry_min,
                     pbx->zone->pbx.retry_max);

    ngx_outbound_ws_pbx_link_timer(link, &link->retry,
                                   ngx_outbound_ws_pbx_link_retry_event);
    ngx_outbound_ws_pbx_link_timer(link, &link->renew,
                                   ngx_outbound_ws_pbx_link_renew_event);
    ngx_outbound_ws_pbx_link_timer(link, &link->grace,
                                   ngx_outbound_ws_pbx_link_grace_event);
    ngx_outbound_ws_pbx_link_timer(link, &link->report,
                                   ngx_outbound_ws_pbx_link_report_event);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, pbx->log, 0,
                   "outbound_ws link %uL begins, handover:%ui",
                   info->id, (ngx_uint_t) info->handover);

    ngx_outbound_ws_pbx_link_resume(link);

    return link;
}


void
ngx_outbound_ws_pbx_link_destroy(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_callers_destroy(link->callers);

    ngx_free(link);
}


static void
ngx_outbound_ws_pbx_link_timer(ngx_outbound_ws_pbx_link_t *link,
    ngx_event_t *ev, ngx_event_handler_pt handler)
{
    ev->handler = handler;
    ev->data = &link->ident;
    ev->log = link->pbx->log;

    /* a worker that leaves has given its links up before */
    ev->cancelable = 1;
}


void
ngx_outbound_ws_pbx_link_check(ngx_outbound_ws_pbx_link_t *link)
{
    /* who asks is told how it ends */
    link->told = 0;
    link->refused_told = 0;

    if (link->given_up
        || (link->fresh && link->state != OWS_LINK_WAITING
            && link->state != OWS_LINK_REFUSED))
    {
        /* a check with a new token is what is going on */
        return;
    }

    ngx_outbound_ws_pbx_link_step(link, OWS_LINK_RENEW);
}


void
ngx_outbound_ws_pbx_link_give_up(ngx_outbound_ws_pbx_link_t *link)
{
    link->given_up = 1;

    ngx_outbound_ws_pbx_link_drop_attempt(link);

    ngx_outbound_ws_pbx_link_stop_timers(link);

    if (link->current) {
        /* this is what the worker must stay for */
        link->grace.cancelable = 0;
        ngx_add_timer(&link->grace, NGX_OUTBOUND_WS_PBX_HANDOVER);
    }
}


void
ngx_outbound_ws_pbx_link_step(ngx_outbound_ws_pbx_link_t *link,
    ows_link_event_e event)
{
    const ows_link_step_t  *step;

    step = ows_link_step(link->state, event);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, link->pbx->log, 0,
                   "outbound_ws link %ui: %s, %s -> %s", link->node.key,
                   ows_link_event_name(event),
                   ows_link_state_name(link->state),
                   ows_link_state_name(step->next));

    link->state = step->next;

    ngx_outbound_ws_pbx_actions[step->action](link);
}


static void
ngx_outbound_ws_pbx_link_fail(ngx_outbound_ws_pbx_link_t *link,
    ows_link_event_e event, ows_error_e error, const char *fmt, ...)
{
    va_list     args;
    ngx_uint_t  level;

    va_start(args, fmt);
    link->reason_len = ngx_vslprintf(link->reason,
                                     link->reason + sizeof(link->reason),
                                     fmt, args)
                       - link->reason;
    va_end(args);

    link->error = error;

    level = link->told ? NGX_LOG_INFO : NGX_LOG_WARN;

    ngx_log_error(level, link->pbx->log, 0,
                  "outbound_ws_zone \"%V\", link %ui: %*s",
                  &link->pbx->zone->name, link->node.key, link->reason_len,
                  link->reason);

    ngx_outbound_ws_pbx_link_step(link, event);
}


/* The PBX answered 401 or 403 to the token there is. */
static void
ngx_outbound_ws_pbx_link_unauthorized(void *data, const char *what,
    ngx_uint_t status)
{
    ngx_outbound_ws_pbx_link_t *link = data;

    if (link->fresh) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_DENIED,
                                      OWS_ERR_PBX_AUTH_FAILED,
                                      "the PBX refused %s (HTTP %ui)", what,
                                      status);
        return;
    }

    /* a PBX that never grants this must not be asked for tokens for ever */

    if (link->state != OWS_LINK_READY
        || ngx_current_msec - link->granted > NGX_OUTBOUND_WS_PBX_TOKEN_AGE)
    {
        ngx_outbound_ws_pbx_link_step(link, OWS_LINK_STALE);
    }
}


static void
ngx_outbound_ws_pbx_link_nothing(ngx_outbound_ws_pbx_link_t *link)
{
}


static void
ngx_outbound_ws_pbx_link_get_token(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_int_t                  rc;
    ngx_outbound_ws_secrets_t  secrets;

    ngx_outbound_ws_pbx_link_drop_attempt(link);

    rc = ngx_outbound_ws_zone_read_secrets(link->pbx->zone, link->node.key,
                                           link->pbx->slot, &secrets);

    if (rc == NGX_OK) {
        link->token = ngx_outbound_ws_pbx_token_ask(link->pbx->curl, &secrets,
                                       ngx_outbound_ws_pbx_link_token_answer,
                                       link);
    }

    ngx_outbound_ws_secrets_wipe(&secrets);

    if (rc == NGX_DECLINED) {
        /* gone, or another's; the next look ends it */
        return;
    }

    if (link->token == NULL) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "no memory to ask the PBX for a token");
    }
}


static void
ngx_outbound_ws_pbx_link_token_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_link_t *link = data;

    ngx_outbound_ws_pbx_grant_t  grant;

    link->token = NULL;

    ngx_outbound_ws_pbx_token_read(&grant, answer);

    if (grant.event == OWS_LINK_GRANTED) {
        ngx_outbound_ws_pbx_link_granted(link, &grant.token);
        return;
    }

    ngx_outbound_ws_pbx_link_fail(link, grant.event, grant.error, "%*s",
                                  grant.reason_len, grant.reason);
}


static void
ngx_outbound_ws_pbx_link_granted(ngx_outbound_ws_pbx_link_t *link,
    ows_pbx_token_t *token)
{
    ngx_int_t                    rc;
    ngx_outbound_ws_link_news_t  news;

    link->fresh = 1;
    link->granted = ngx_current_msec;
    link->renewal = ngx_current_msec
                    + ows_pbx_token_renewal(token->lifetime,
                                            ngx_outbound_ws_pbx_random());

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    news.set_token = 1;
    news.token.data = token->data;
    news.token.len = token->len;
    news.token_renewal = link->renewal;

    rc = ngx_outbound_ws_pbx_link_news(link, &news);

    ows_pbx_token_free(token);

    if (rc == NGX_ERROR) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_STORAGE_FULL,
                                      "the zone has no memory left for an "
                                      "access token");
        return;
    }

    ngx_outbound_ws_pbx_link_step(link, OWS_LINK_GRANTED);
}


static ngx_int_t
ngx_outbound_ws_pbx_link_news(ngx_outbound_ws_pbx_link_t *link,
    ngx_outbound_ws_link_news_t *news)
{
    ngx_int_t                rc;
    ngx_outbound_ws_zone_t  *zone;

    zone = link->pbx->zone;

    rc = ngx_outbound_ws_zone_link_news(zone, link->node.key, link->pbx->slot,
                                        news);
    if (rc == NGX_OK) {
        zone->changed(zone);
    }

    return rc;
}


static void
ngx_outbound_ws_pbx_link_open(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_int_t                        rc;
    ngx_outbound_ws_zone_t          *zone;
    ngx_outbound_ws_pbx_end_t       *end;
    ngx_outbound_ws_secrets_t        secrets;
    ngx_outbound_ws_socket_conf_t    conf;

    zone = link->pbx->zone;
    end = &link->ends[link->current == &link->ends[0]];

    rc = ngx_outbound_ws_zone_read_secrets(zone, link->node.key,
                                           link->pbx->slot, &secrets);

    if (rc == NGX_OK && secrets.token) {
        ngx_memzero(&conf, sizeof(ngx_outbound_ws_socket_conf_t));

        ngx_str_set(&conf.path, OWS_PBX_WS_PATH);
        conf.host = zone->pbx.host;
        conf.bearer.data = secrets.token;
        conf.bearer.len = secrets.token_len;
        conf.open_timeout = zone->pbx.server.connect_timeout
                            + zone->pbx.server.read_timeout;
        conf.ping_interval = zone->pbx.ping_interval;
        conf.max_message = NGX_OUTBOUND_WS_PBX_EVENT_MAX;
        conf.handlers = &ngx_outbound_ws_pbx_link_handlers;
        conf.data = end;

        link->renewal = secrets.token_renewal;

        end->socket = ngx_outbound_ws_socket_open(link->pbx->curl, &conf,
                                                  link->pbx->log);
        if (end->socket) {
            link->opening = end;
        }
    }

    ngx_outbound_ws_secrets_wipe(&secrets);

    if (rc == NGX_DECLINED) {
        /* gone, or another's; the next look ends it */
        return;
    }

    if (link->opening == NULL) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "no memory to connect to the PBX");
    }
}


static void
ngx_outbound_ws_pbx_link_opened(void *data)
{
    ngx_outbound_ws_pbx_end_t *end = data;

    ngx_outbound_ws_pbx_link_step(end->link, OWS_LINK_OPENED);
}


static void
ngx_outbound_ws_pbx_link_text(void *data, u_char *p, size_t len)
{
    ngx_outbound_ws_pbx_end_t *end = data;

    if (!end->link->given_up) {
        ngx_outbound_ws_pbx_callers_event(end->link->callers, p, len);
    }
}


static void
ngx_outbound_ws_pbx_link_closed(void *data, ngx_uint_t status,
    const char *why)
{
    ngx_outbound_ws_pbx_end_t *end = data;

    ngx_outbound_ws_pbx_link_t   *link;
    ngx_outbound_ws_link_news_t   news;

    link = end->link;
    end->socket = NULL;

    if (end == link->opening) {
        link->opening = NULL;
        ngx_outbound_ws_pbx_link_not_opened(link, status, why);
        return;
    }

    link->current = NULL;

    if (link->given_up) {
        ngx_outbound_ws_zone_release(link->pbx->zone, link->node.key,
                                     link->pbx->slot);
        link->pbx->zone->changed(link->pbx->zone);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, link->pbx->log, 0,
                  "outbound_ws_zone \"%V\", link %ui: lost the PBX's "
                  "WebSocket: %s",
                  &link->pbx->zone->name, link->node.key, why);

    if (link->state != OWS_LINK_READY && link->state != OWS_LINK_WAITING) {
        /*
         * Its successor is on the way; that a new token ends the WebSocket
         * of the one before is how a PBX may be.
         */
        ngx_outbound_ws_pbx_link_set_timer(&link->grace,
                                           NGX_OUTBOUND_WS_PBX_GRACE);
        return;
    }

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));
    news.set_connected = 1;

    (void) ngx_outbound_ws_pbx_link_news(link, &news);

    link->error = OWS_ERR_NONE;
    ngx_outbound_ws_pbx_link_step(link, OWS_LINK_LOST);
}


static void
ngx_outbound_ws_pbx_link_not_opened(ngx_outbound_ws_pbx_link_t *link,
    ngx_uint_t status, const char *why)
{
    if (status == 401 || status == 403) {
        ngx_outbound_ws_pbx_link_unauthorized(link, "the access token",
                                              status);
        return;
    }

    ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                  status == 0 || status >= 500
                                      ? OWS_ERR_PBX_UNREACHABLE
                                      : OWS_ERR_PBX_PROTOCOL_ERROR,
                                  "the PBX's WebSocket can't be opened: %s",
                                  why);
}


static void
ngx_outbound_ws_pbx_link_get_callers(ngx_outbound_ws_pbx_link_t *link)
{
    if (ngx_outbound_ws_pbx_callers_list(link->callers) != NGX_OK) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "no memory to ask the PBX for callers");
    }
}


static ngx_outbound_ws_curl_request_t *
ngx_outbound_ws_pbx_link_get(void *data, u_char *path, size_t len,
    ngx_outbound_ws_curl_handler_pt handler, void *ctx)
{
    ngx_outbound_ws_pbx_link_t *link = data;

    ngx_int_t                        rc;
    ngx_outbound_ws_secrets_t        secrets;
    ngx_outbound_ws_curl_ask_t       ask;
    ngx_outbound_ws_curl_request_t  *request;

    request = NULL;

    rc = ngx_outbound_ws_zone_read_secrets(link->pbx->zone, link->node.key,
                                           link->pbx->slot, &secrets);

    if (rc == NGX_OK && secrets.token) {
        ngx_memzero(&ask, sizeof(ngx_outbound_ws_curl_ask_t));

        ask.path.data = path;
        ask.path.len = len;
        ask.bearer.data = secrets.token;
        ask.bearer.len = secrets.token_len;
        ask.max_answer = OWS_CALLERS_ANSWER_MAX;

        request = ngx_outbound_ws_curl_request(link->pbx->curl, &ask, handler,
                                               ctx);
    }

    ngx_outbound_ws_secrets_wipe(&secrets);

    return request;
}


static void
ngx_outbound_ws_pbx_link_listed(void *data)
{
    ngx_outbound_ws_pbx_link_step(data, OWS_LINK_LISTED);
}


static void
ngx_outbound_ws_pbx_link_not_listed(void *data, ows_error_e error,
    ngx_str_t *why)
{
    ngx_outbound_ws_pbx_link_fail(data, OWS_LINK_FAILED, error, "%V", why);
}


/* Reports at once, but no oftener than snapshots are published. */
static void
ngx_outbound_ws_pbx_link_callers_changed(void *data)
{
    ngx_outbound_ws_pbx_link_t *link = data;

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

    ngx_outbound_ws_pbx_link_report(link);
}


/* What the callers are, and that the link is connected. */
static void
ngx_outbound_ws_pbx_link_report(ngx_outbound_ws_pbx_link_t *link)
{
    ows_callers_t                *model;
    ows_json_text_t               text;
    ngx_outbound_ws_link_news_t   news;

    link->reported = ngx_current_msec;

    model = ngx_outbound_ws_pbx_callers_model(link->callers);

    ows_json_text_init(&text, OWS_CALLERS_TEXT_MAX, &ows_mem);
    ows_callers_write(model, &text);

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    news.set_connected = 1;
    news.connected = (link->current != NULL);
    news.set_callers = 1;
    news.callers.data = text.data;
    news.callers.len = text.len;
    news.agents = ows_callers_count(model);

    if (text.failed
        || ngx_outbound_ws_pbx_link_news(link, &news) == NGX_ERROR)
    {
        ngx_outbound_ws_pbx_link_full(link);

    } else {
        link->full_told = 0;
    }

    ows_json_text_free(&text);
}


static void
ngx_outbound_ws_pbx_link_full(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_link_news_t  news;

    static ngx_str_t  full = ngx_string("the zone has no memory left for its "
                                        "callers");

    if (!link->full_told) {
        link->full_told = 1;

        ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

        news.error = OWS_ERR_STORAGE_FULL;
        news.reason = full;

        (void) ngx_outbound_ws_pbx_link_news(link, &news);
    }

    ngx_outbound_ws_pbx_link_set_timer(&link->report,
                                       NGX_OUTBOUND_WS_PBX_FULL_WAIT);
}


static void
ngx_outbound_ws_pbx_link_settle(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_msec_int_t              due;
    ngx_outbound_ws_pbx_end_t  *former;

    former = link->current;
    link->current = link->opening;
    link->opening = NULL;

    link->fresh = 0;
    link->told = 0;
    link->refused_told = 0;
    ows_backoff_reset(&link->backoff);

    ngx_outbound_ws_pbx_link_stop_timer(&link->grace);

    due = (ngx_msec_int_t) (link->renewal - ngx_current_msec);
    ngx_outbound_ws_pbx_link_set_timer(&link->renew, ngx_max(due, 1));

    ngx_outbound_ws_pbx_link_report(link);

    if (former) {
        ngx_outbound_ws_pbx_link_close_end(&former);
    }
}


static void
ngx_outbound_ws_pbx_link_resume(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_int_t                  rc;
    ows_link_event_e           event;
    ngx_outbound_ws_secrets_t  secrets;

    rc = ngx_outbound_ws_zone_read_secrets(link->pbx->zone, link->node.key,
                                           link->pbx->slot, &secrets);

    event = OWS_LINK_START;

    if (rc == NGX_OK && secrets.token
        && (ngx_msec_int_t) (secrets.token_renewal - ngx_current_msec) > 0)
    {
        event = OWS_LINK_REUSE;
    }

    ngx_outbound_ws_secrets_wipe(&secrets);

    link->fresh = 0;

    ngx_outbound_ws_pbx_link_step(link, event);
}


static void
ngx_outbound_ws_pbx_link_back_off(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_link_news_t  news;

    ngx_outbound_ws_pbx_link_drop_attempt(link);

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    if (link->current == NULL) {
        news.set_connected = 1;
    }

    if (!link->told && link->error != OWS_ERR_NONE) {
        link->told = 1;
        news.error = link->error;
        news.reason.data = link->reason;
        news.reason.len = link->reason_len;
    }

    (void) ngx_outbound_ws_pbx_link_news(link, &news);

    ngx_outbound_ws_pbx_link_set_timer(&link->retry,
                                       ows_backoff_next(&link->backoff,
                                               ngx_outbound_ws_pbx_random()));
}


static void
ngx_outbound_ws_pbx_link_refuse(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_link_news_t  news;

    ngx_outbound_ws_pbx_link_drop_attempt(link);
    ngx_outbound_ws_pbx_link_close_end(&link->current);
    ngx_outbound_ws_pbx_link_stop_timer(&link->renew);

    link->fresh = 0;

    ngx_outbound_ws_pbx_link_set_timer(&link->retry,
                                       ows_backoff_longest(&link->backoff,
                                               ngx_outbound_ws_pbx_random()));

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    news.set_token = 1;
    news.set_connected = 1;
    news.denied = 1;

    if (!link->refused_told) {
        link->told = 1;
        link->refused_told = 1;
        news.error = link->error;
        news.reason.data = link->reason;
        news.reason.len = link->reason_len;
    }

    (void) ngx_outbound_ws_pbx_link_news(link, &news);
}


static void
ngx_outbound_ws_pbx_link_close(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_link_drop_attempt(link);
    ngx_outbound_ws_pbx_link_close_end(&link->current);

    ngx_outbound_ws_pbx_link_stop_timers(link);
}


/* What is under way ends; the WebSocket that counts stays. */
static void
ngx_outbound_ws_pbx_link_drop_attempt(ngx_outbound_ws_pbx_link_t *link)
{
    if (link->token) {
        ngx_outbound_ws_curl_cancel(link->token);
        link->token = NULL;
    }

    ngx_outbound_ws_pbx_link_close_end(&link->opening);
    ngx_outbound_ws_pbx_callers_stop(link->callers);
    ngx_outbound_ws_pbx_link_stop_timer(&link->retry);
}


static void
ngx_outbound_ws_pbx_link_close_end(ngx_outbound_ws_pbx_end_t **end)
{
    if (*end) {
        ngx_outbound_ws_socket_close((*end)->socket);
        (*end)->socket = NULL;
        *end = NULL;
    }
}


/* ngx_add_timer() alone would keep a time that is near enough. */
static void
ngx_outbound_ws_pbx_link_set_timer(ngx_event_t *ev, ngx_msec_t wait)
{
    ngx_outbound_ws_pbx_link_stop_timer(ev);
    ngx_add_timer(ev, wait);
}


static void
ngx_outbound_ws_pbx_link_stop_timers(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_link_stop_timer(&link->retry);
    ngx_outbound_ws_pbx_link_stop_timer(&link->renew);
    ngx_outbound_ws_pbx_link_stop_timer(&link->grace);
    ngx_outbound_ws_pbx_link_stop_timer(&link->report);
}


static void
ngx_outbound_ws_pbx_link_stop_timer(ngx_event_t *ev)
{
    if (ev->timer_set) {
        ngx_del_timer(ev);
    }
}


static void
ngx_outbound_ws_pbx_link_retry_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_step(ngx_outbound_ws_pbx_link_of(ev, retry),
                                  OWS_LINK_TIMER);
}


static void
ngx_outbound_ws_pbx_link_renew_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_step(ngx_outbound_ws_pbx_link_of(ev, renew),
                                  OWS_LINK_RENEW);
}


static void
ngx_outbound_ws_pbx_link_grace_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_t   *link;
    ngx_outbound_ws_link_news_t   news;

    link = ngx_outbound_ws_pbx_link_of(ev, grace);

    if (link->given_up) {
        ngx_outbound_ws_pbx_link_close_end(&link->current);
        ngx_outbound_ws_zone_release(link->pbx->zone, link->node.key,
                                     link->pbx->slot);
        link->pbx->zone->changed(link->pbx->zone);
        return;
    }

    if (link->current == NULL) {
        ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));
        news.set_connected = 1;

        (void) ngx_outbound_ws_pbx_link_news(link, &news);
    }
}


static void
ngx_outbound_ws_pbx_link_report_event(ngx_event_t *ev)
{
    ngx_outbound_ws_pbx_link_t  *link;

    link = ngx_outbound_ws_pbx_link_of(ev, report);

    if (link->state == OWS_LINK_READY) {
        ngx_outbound_ws_pbx_link_report(link);
    }
}
