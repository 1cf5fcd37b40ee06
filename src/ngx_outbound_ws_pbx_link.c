/*
 * ngx_outbound_ws_pbx_link: a link's life: token, WebSocket, back-off.
 *
 * What follows on what is the table in core/ows_project; here are the actions
 * it names, and the answers that become its next events.  A token is read
 * from the zone each time it is used, and never kept.
 */


#include "ngx_outbound_ws_pbx_link.h"

#include "ows_mem.h"
#include "ows_pbx.h"


/* how long a link may show as connected between two WebSockets, and how long
 * one that was given up keeps its own; milliseconds */
#define NGX_OUTBOUND_WS_PBX_GRACE      3000
#define NGX_OUTBOUND_WS_PBX_HANDOVER   5000

#define NGX_OUTBOUND_WS_PBX_TOKEN_MAX  65536      /* bytes of an answer */
#define NGX_OUTBOUND_WS_PBX_EVENT_MAX  1048576    /* bytes of a message */


typedef void (*ngx_outbound_ws_pbx_action_pt)(
    ngx_outbound_ws_pbx_link_t *link);


static void ngx_outbound_ws_pbx_link_nothing(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_get_token(
    ngx_outbound_ws_pbx_link_t *link);
static ngx_outbound_ws_curl_request_t *ngx_outbound_ws_pbx_link_ask_token(
    ngx_outbound_ws_pbx_link_t *link, ngx_outbound_ws_secrets_t *secrets);
static void ngx_outbound_ws_pbx_link_token_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer);
static void ngx_outbound_ws_pbx_link_granted(ngx_outbound_ws_pbx_link_t *link,
    ngx_str_t *body);
static void ngx_outbound_ws_pbx_link_open(ngx_outbound_ws_pbx_link_t *link);
static void ngx_outbound_ws_pbx_link_opened(void *data);
static void ngx_outbound_ws_pbx_link_text(void *data, u_char *p, size_t len);
static void ngx_outbound_ws_pbx_link_closed(void *data, ngx_uint_t status,
    const char *why);
static void ngx_outbound_ws_pbx_link_not_opened(
    ngx_outbound_ws_pbx_link_t *link, ngx_uint_t status, const char *why);
static void ngx_outbound_ws_pbx_link_get_callers(
    ngx_outbound_ws_pbx_link_t *link);
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

    if (ngx_outbound_ws_pbx_callers_init(link) != NGX_OK) {
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

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, pbx->log, 0,
                   "outbound_ws link %uL begins, handover:%ui",
                   info->id, (ngx_uint_t) info->handover);

    ngx_outbound_ws_pbx_link_resume(link);

    return link;
}


void
ngx_outbound_ws_pbx_link_destroy(ngx_outbound_ws_pbx_link_t *link)
{
    ngx_outbound_ws_pbx_callers_destroy(link);

    ngx_free(link);
}


void
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


void
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


void
ngx_outbound_ws_pbx_link_unauthorized(ngx_outbound_ws_pbx_link_t *link,
    const char *what, ngx_uint_t status)
{
    if (!link->fresh) {
        ngx_outbound_ws_pbx_link_step(link, OWS_LINK_STALE);
        return;
    }

    ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_DENIED,
                                  OWS_ERR_PBX_AUTH_FAILED,
                                  "the PBX refused %s (HTTP %ui)", what,
                                  status);
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
        link->token = ngx_outbound_ws_pbx_link_ask_token(link, &secrets);
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


static ngx_outbound_ws_curl_request_t *
ngx_outbound_ws_pbx_link_ask_token(ngx_outbound_ws_pbx_link_t *link,
    ngx_outbound_ws_secrets_t *secrets)
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

    request = ngx_outbound_ws_curl_request(link->pbx->curl, &ask,
                                       ngx_outbound_ws_pbx_link_token_answer,
                                       link);
    ows_mem_free(body);

    return request;
}


static void
ngx_outbound_ws_pbx_link_token_answer(void *data,
    ngx_outbound_ws_curl_answer_t *answer)
{
    ngx_outbound_ws_pbx_link_t *link = data;

    link->token = NULL;

    switch (answer->status) {

    case 0:
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "the PBX can't be reached: %s",
                                      answer->error);
        break;

    case 200:
        ngx_outbound_ws_pbx_link_granted(link, &answer->body);
        break;

    case 400:
    case 401:
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_DENIED,
                                      OWS_ERR_PBX_AUTH_FAILED,
                                      "the PBX refused client_id and "
                                      "client_secret (HTTP %ui)",
                                      answer->status);
        break;

    default:
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      answer->status >= 500
                                          ? OWS_ERR_PBX_UNREACHABLE
                                          : OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX answered HTTP %ui to a request "
                                      "for a token", answer->status);
        break;
    }
}


static void
ngx_outbound_ws_pbx_link_granted(ngx_outbound_ws_pbx_link_t *link,
    ngx_str_t *body)
{
    int                          rc;
    ngx_int_t                    stored;
    const char                  *why;
    ows_pbx_token_t              token;
    ngx_outbound_ws_link_news_t  news;

    why = "no memory";

    rc = ows_pbx_token_read(&token, body->data, body->len, &ows_mem, &why);

    if (rc != OWS_OK) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_PROTOCOL_ERROR,
                                      "the PBX's answer to a request for a "
                                      "token can't be understood: %s", why);
        return;
    }

    link->fresh = 1;
    link->granted = ngx_current_msec;
    link->renewal = ngx_current_msec
                    + ows_pbx_token_renewal(token.lifetime,
                                            (uint32_t) ngx_random());

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    news.set_token = 1;
    news.token.data = token.data;
    news.token.len = token.len;
    news.token_renewal = link->renewal;

    stored = ngx_outbound_ws_pbx_link_news(link, &news);

    ows_pbx_token_free(&token);

    if (stored == NGX_ERROR) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_STORAGE_FULL,
                                      "the zone has no memory left for an "
                                      "access token");
        return;
    }

    ngx_outbound_ws_pbx_link_step(link, OWS_LINK_GRANTED);
}


ngx_int_t
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

    ngx_outbound_ws_pbx_callers_event(end->link, p, len);
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
    if (ngx_outbound_ws_pbx_callers_list(link) != NGX_OK) {
        ngx_outbound_ws_pbx_link_fail(link, OWS_LINK_FAILED,
                                      OWS_ERR_PBX_UNREACHABLE,
                                      "no memory to ask the PBX for callers");
    }
}


ngx_outbound_ws_curl_request_t *
ngx_outbound_ws_pbx_link_get(ngx_outbound_ws_pbx_link_t *link, u_char *path,
    size_t len, ngx_outbound_ws_curl_handler_pt handler, void *data)
{
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
                                               data);
    }

    ngx_outbound_ws_secrets_wipe(&secrets);

    return request;
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
    ows_backoff_reset(&link->backoff);

    ngx_outbound_ws_pbx_link_stop_timer(&link->grace);

    due = (ngx_msec_int_t) (link->renewal - ngx_current_msec);
    ngx_outbound_ws_pbx_link_set_timer(&link->renew, ngx_max(due, 1));

    ngx_outbound_ws_pbx_callers_report(link);

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
                                                  (uint32_t) ngx_random()));
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
                                                  (uint32_t) ngx_random()));

    ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));

    news.set_token = 1;
    news.set_connected = 1;
    news.denied = 1;

    if (!link->told) {
        link->told = 1;
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
    ngx_outbound_ws_pbx_callers_stop(link);
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
    ngx_outbound_ws_pbx_link_stop_timer(&link->reconcile);
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
        return;
    }

    if (link->current == NULL) {
        ngx_memzero(&news, sizeof(ngx_outbound_ws_link_news_t));
        news.set_connected = 1;

        (void) ngx_outbound_ws_pbx_link_news(link, &news);
    }
}
