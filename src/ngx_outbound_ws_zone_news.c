/*
 * ngx_outbound_ws_zone_news: what a link's owner reports, and what it means
 * for the projects that use the link.
 *
 * One step for all of them; what follows for a project is decided by the
 * table in core/ows_project.
 */


#include "ngx_outbound_ws_zone_layout.h"

#include "ows_project.h"


static ngx_int_t ngx_outbound_ws_zone_apply_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_link_t *link,
    ngx_outbound_ws_link_news_t *news);
static ngx_int_t ngx_outbound_ws_zone_prepare_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_link_t *link,
    ngx_outbound_ws_link_news_t *news, u_char **token);
static size_t ngx_outbound_ws_zone_growth(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, size_t callers_len);
static void ngx_outbound_ws_zone_win_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, int64_t now);
static void ngx_outbound_ws_zone_progress_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, int64_t now);
static void ngx_outbound_ws_zone_fail_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, ngx_outbound_ws_link_news_t *news,
    int64_t now);
static void ngx_outbound_ws_zone_error_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, ows_error_e error, ngx_str_t *text,
    int64_t now);


ngx_int_t
ngx_outbound_ws_zone_link_news(ngx_outbound_ws_zone_t *zone, uint64_t id,
    uint64_t slot, ngx_outbound_ws_link_news_t *news)
{
    ngx_int_t                  rc;
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_lock(zone);

    link = ngx_outbound_ws_zone_own_link_locked(sh, id, slot);

    rc = link ? ngx_outbound_ws_zone_apply_locked(zone, link, news)
              : NGX_DECLINED;

    ngx_outbound_ws_zone_unlock(zone);

    return rc;
}


static ngx_int_t
ngx_outbound_ws_zone_apply_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, ngx_outbound_ws_link_news_t *news)
{
    u_char                    *token;
    int64_t                    now;
    unsigned                   had_token, was_connected;
    ngx_outbound_ws_shared_t  *sh;

    /* all memory first, so that a full zone leaves everything as it is */

    if (ngx_outbound_ws_zone_prepare_locked(zone, link, news, &token)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    sh = ngx_outbound_ws_zone_shared(zone);

    now = ngx_outbound_ws_zone_time_locked(sh);
    had_token = (link->token != NULL);
    was_connected = link->connected;

    if (news->set_token) {
        ngx_outbound_ws_link_set_token(zone, link, token, news->token.len);
        link->token_renewal = news->token_renewal;
        link->token_pbx = zone->pbx.id;
    }

    if (news->set_callers) {
        ngx_outbound_ws_link_set_callers(sh, link, &news->callers);
        link->agents = news->agents;
        link->listed = 1;
    }

    if (news->set_connected) {
        link->connected = news->connected;

        if (link->former) {
            link->former = 0;
            sh->links_revision++;
        }
    }

    if (news->set_callers || had_token != (link->token != NULL)
        || was_connected != link->connected)
    {
        ngx_outbound_ws_zone_touch_locked(sh, link, now);
    }

    if (link->connected && !was_connected) {
        ngx_outbound_ws_zone_win_locked(zone, link, now);
    }

    ngx_outbound_ws_zone_settle_locked(zone, link, now);

    if (news->error != OWS_ERR_NONE) {
        ngx_outbound_ws_zone_fail_locked(zone, link, news, now);
    }

    ngx_outbound_ws_zone_publish_locked(zone);

    return NGX_OK;
}


/* The room for what the news bring; *token: in the zone, or NULL. */
static ngx_int_t
ngx_outbound_ws_zone_prepare_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, ngx_outbound_ws_link_news_t *news,
    u_char **token)
{
    size_t  len, growth;

    *token = NULL;

    len = news->set_callers ? news->callers.len : link->callers.len;
    growth = ngx_outbound_ws_zone_growth(ngx_outbound_ws_zone_shared(zone),
                                         link, len);

    if (ngx_outbound_ws_text_reserve_locked(zone->shpool, &link->callers, len)
        != NGX_OK
        || ngx_outbound_ws_zone_reserve_locked(zone, growth) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!news->set_token || news->token.len == 0) {
        return NGX_OK;
    }

    *token = ngx_slab_alloc_locked(zone->shpool, news->token.len);
    if (*token == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(*token, news->token.data, news->token.len);

    return NGX_OK;
}


/*
 * How many bytes the snapshot may grow by when the link's callers take
 * callers_len, and every project that could come to show it does.
 */
static size_t
ngx_outbound_ws_zone_growth(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, size_t callers_len)
{
    size_t                      size;
    ngx_queue_t                *q;
    ngx_outbound_ws_link_t     *other;
    ngx_outbound_ws_project_t  *project;

    size = 0;

    if (callers_len > link->callers.len) {
        size = (callers_len - link->callers.len) * link->n;
    }

    for (q = ngx_queue_head(&link->waiting);
         q != ngx_queue_sentinel(&link->waiting);
         q = ngx_queue_next(q))
    {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, waits);

        size += ngx_outbound_ws_zone_entry_size(project, link) + callers_len;
    }

    if (link->connected) {
        return size;
    }

    for (q = ngx_queue_head(&sh->links);
         q != &link->queue;
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_outbound_ws_link_t, queue);

        if (ngx_outbound_ws_link_same_client(other, link)) {
            size += other->n * callers_len;
        }
    }

    return size;
}


/*
 * The PBX accepted these credentials: whoever uses older ones of the same
 * client goes over to them, since a PBX client has but one WebSocket.
 */
static void
ngx_outbound_ws_zone_win_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, int64_t now)
{
    ngx_uint_t                  last;
    ngx_queue_t                *q, *p;
    ngx_outbound_ws_link_t     *other;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    sh = ngx_outbound_ws_zone_shared(zone);

    q = ngx_queue_head(&sh->links);

    while (q != &link->queue) {
        other = ngx_queue_data(q, ngx_outbound_ws_link_t, queue);

        if (!ngx_outbound_ws_link_same_client(other, link)
            || ngx_queue_empty(&other->projects))
        {
            q = ngx_queue_next(q);
            continue;
        }

        /* with its last project the other link is freed */

        for (last = 0; !last; /* void */) {
            p = ngx_queue_head(&other->projects);
            last = (ngx_queue_next(p) == ngx_queue_sentinel(&other->projects));

            project = ngx_queue_data(p, ngx_outbound_ws_project_t, shown);
            ngx_outbound_ws_zone_show_locked(zone, project, link);
            ngx_outbound_ws_zone_changed_locked(sh, project, now);
        }

        /* and so may be any that its projects waited for */

        q = ngx_queue_head(&sh->links);
    }
}


void
ngx_outbound_ws_zone_settle_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, int64_t now)
{
    ngx_queue_t                *q;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    if (!ngx_outbound_ws_link_complete(link)) {
        return;
    }

    sh = ngx_outbound_ws_zone_shared(zone);

    while (!ngx_queue_empty(&link->waiting)) {
        q = ngx_queue_head(&link->waiting);
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, waits);

        ngx_outbound_ws_zone_show_locked(zone, project, link);
        ngx_outbound_ws_zone_changed_locked(sh, project, now);
    }

    for (q = ngx_queue_head(&link->projects);
         q != ngx_queue_sentinel(&link->projects);
         q = ngx_queue_next(q))
    {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, shown);

        ngx_outbound_ws_zone_progress_locked(sh, project, now);
    }
}


/* Its link is complete: it goes on, or everyone learns why it can't. */
static void
ngx_outbound_ws_zone_progress_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, int64_t now)
{
    u_char              message[OWS_STATUS_MESSAGE_MAX], *last;
    ows_str_t           id;
    ows_project_news_e  news;

    static ngx_str_t  nobody =
                          ngx_string("the PBX has no extension to call from");

    news = project->link->agents ? OWS_NEWS_READY : OWS_NEWS_EMPTY;

    if (ows_project_fate(project->action, news) == OWS_PROJECT_ACTIVATE) {
        id = ngx_outbound_ws_core_str(&project->node.str);
        last = ows_envelope_status(message, &id, project->action,
                                   OWS_ACTION_ACTIVE, now);

        project->action = OWS_ACTION_ACTIVE;
        project->empty_told = 0;

        ngx_outbound_ws_zone_notice_locked(sh, message, last - message);
        ngx_outbound_ws_zone_changed_locked(sh, project, now);
        return;
    }

    if (news == OWS_NEWS_EMPTY && project->action == OWS_ACTION_INIT
        && !project->empty_told)
    {
        project->empty_told = 1;
        ngx_outbound_ws_zone_error_locked(sh, project,
                                          OWS_ERR_CALLERS_NOT_FOUND, &nobody,
                                          now);
    }
}


/* An error for each project; without a chance, the project ends. */
static void
ngx_outbound_ws_zone_fail_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, ngx_outbound_ws_link_news_t *news,
    int64_t now)
{
    ngx_uint_t                  last;
    ngx_queue_t                *q;
    ows_project_news_e          what;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    sh = ngx_outbound_ws_zone_shared(zone);
    what = news->denied ? OWS_NEWS_DENIED : OWS_NEWS_FAILED;

    for (q = ngx_queue_head(&link->waiting);
         q != ngx_queue_sentinel(&link->waiting);
         /* void */)
    {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, waits);
        q = ngx_queue_next(q);

        if (news->denied) {
            /* its credentials are these now, for better or worse */
            ngx_outbound_ws_zone_show_locked(zone, project, link);
            ngx_outbound_ws_zone_changed_locked(sh, project, now);

        } else {
            ngx_outbound_ws_zone_error_locked(sh, project, news->error,
                                              &news->reason, now);
        }
    }

    /* with its last project the link is freed */

    q = ngx_queue_head(&link->projects);

    for (last = ngx_queue_empty(&link->projects); !last; /* void */) {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, shown);
        q = ngx_queue_next(q);
        last = (q == ngx_queue_sentinel(&link->projects));

        ngx_outbound_ws_zone_error_locked(sh, project, news->error,
                                          &news->reason, now);

        if (ows_project_fate(project->action, what) == OWS_PROJECT_REMOVE) {
            ngx_outbound_ws_zone_remove_locked(zone, project, now);
        }
    }
}


static void
ngx_outbound_ws_zone_error_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, ows_error_e error, ngx_str_t *text,
    int64_t now)
{
    u_char     message[OWS_ERROR_MESSAGE_MAX], *last;
    ows_str_t  id, reason;

    id = ngx_outbound_ws_core_str(&project->node.str);
    reason = ngx_outbound_ws_core_str(text);

    last = ows_envelope_error(message, error, &id, &reason, now);

    ngx_outbound_ws_zone_notice_locked(sh, message, last - message);
}
