/*
 * ngx_outbound_ws_zone_command: what clients may do to a zone: start a
 * project, and stop it.
 */


#include "ngx_outbound_ws_zone_layout.h"


static void ngx_outbound_ws_start_prepare(ngx_outbound_ws_start_t *start,
    ows_command_t *cmd);
static ows_error_e ngx_outbound_ws_zone_add_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_start_t *start,
    ngx_outbound_ws_link_t *link);
static ows_error_e ngx_outbound_ws_zone_restart_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_project_t *project,
    ngx_outbound_ws_start_t *start, ngx_outbound_ws_link_t *link);
static void ngx_outbound_ws_zone_escape(ngx_str_t *escaped, u_char *p,
    ows_str_t *id);


ows_error_e
ngx_outbound_ws_zone_start(ngx_outbound_ws_zone_t *zone, ows_command_t *cmd,
    uint64_t slot)
{
    ows_error_e                 error;
    ngx_outbound_ws_link_t     *link;
    ngx_outbound_ws_start_t     start;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    ngx_outbound_ws_start_prepare(&start, cmd);

    sh = ngx_outbound_ws_zone_lock(zone);

    project = ngx_outbound_ws_zone_find_locked(sh, &start.id);

    if (project == NULL && sh->total >= zone->max_projects) {
        error = OWS_ERR_PROJECT_LIMIT_REACHED;
        goto done;
    }

    link = ngx_outbound_ws_zone_find_link_locked(sh, &cmd->client_id,
                                                 &cmd->client_secret);
    if (link == NULL) {
        link = ngx_outbound_ws_zone_add_link_locked(zone, &cmd->client_id,
                                                    &cmd->client_secret, slot);
        if (link == NULL) {
            error = OWS_ERR_STORAGE_FULL;
            goto done;
        }
    }

    if (project == NULL) {
        error = ngx_outbound_ws_zone_add_locked(zone, &start, link);

    } else {
        error = ngx_outbound_ws_zone_restart_locked(zone, project, &start,
                                                    link);
    }

    /* after an error nobody may use a link that is new */

    ngx_outbound_ws_zone_drop_link_locked(zone, link);

done:

    ngx_outbound_ws_zone_unlock(zone);

    return error;
}


/* Before the lock is taken: all that needs no look into the zone. */
static void
ngx_outbound_ws_start_prepare(ngx_outbound_ws_start_t *start,
    ows_command_t *cmd)
{
    u_char     data[OWS_ID_ESCAPED_MAX];
    ngx_str_t  flow;
    ows_str_t  id, call_flow;

    ngx_outbound_ws_zone_escape(&start->id, start->id_data, &cmd->project_id);
    ngx_outbound_ws_zone_escape(&flow, data, &cmd->call_flow_id);

    id = ngx_outbound_ws_core_str(&start->id);
    call_flow = ngx_outbound_ws_core_str(&flow);

    start->fragment_len = ows_envelope_fragment(start->fragment, &id,
                                                &call_flow)
                          - start->fragment;
}


static ows_error_e
ngx_outbound_ws_zone_add_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_start_t *start, ngx_outbound_ws_link_t *link)
{
    int64_t                     now;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    sh = ngx_outbound_ws_zone_shared(zone);

    project = ngx_outbound_ws_zone_insert_locked(zone, start, link);
    if (project == NULL) {
        return OWS_ERR_STORAGE_FULL;
    }

    now = ngx_outbound_ws_zone_time_locked(sh);
    (void) ows_json_time(project->created, now);

    /* the creation is told before what may follow from it at once */

    ngx_outbound_ws_zone_changed_locked(sh, project, now);
    ngx_outbound_ws_zone_publish_locked(zone);

    ngx_outbound_ws_zone_settle_locked(zone, link, now);

    if (!ngx_outbound_ws_link_complete(link)) {
        /* who asks is to be told how the next attempt ends */
        link->check++;
        sh->links_revision++;
    }

    return OWS_ERR_NONE;
}


/* startOutbound of a project that is there: update, and check anew. */
static ows_error_e
ngx_outbound_ws_zone_restart_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_start_t *start,
    ngx_outbound_ws_link_t *link)
{
    int64_t                      now;
    ngx_outbound_ws_shared_t    *sh;
    ngx_outbound_ws_fragment_t  *fragment, *former;

    sh = ngx_outbound_ws_zone_shared(zone);

    fragment = ngx_outbound_ws_fragment_create(zone, start);
    if (fragment == NULL) {
        return OWS_ERR_STORAGE_FULL;
    }

    if (ngx_outbound_ws_zone_reserve_locked(zone, start->fragment_len
                             + ngx_outbound_ws_zone_entry_size(project, link))
        != NGX_OK)
    {
        ngx_slab_free_locked(zone->shpool, fragment);
        return OWS_ERR_STORAGE_FULL;
    }

    former = project->fragment;

    sh->entries += fragment->len;
    sh->entries -= former->len;

    project->fragment = fragment;
    ngx_memory_barrier();
    ngx_slab_free_locked(zone->shpool, former);

    now = ngx_outbound_ws_zone_time_locked(sh);

    if (link == project->link) {
        ngx_outbound_ws_zone_await_locked(zone, project, NULL);

    } else if (project->link->connected) {
        ngx_outbound_ws_zone_await_locked(zone, project, link);

    } else {
        /* there is nothing that would have to last until the new one does */
        ngx_outbound_ws_zone_show_locked(zone, project, link);
    }

    link->check++;
    sh->links_revision++;

    ngx_outbound_ws_zone_changed_locked(sh, project, now);
    ngx_outbound_ws_zone_settle_locked(zone, link, now);
    ngx_outbound_ws_zone_publish_locked(zone);

    return OWS_ERR_NONE;
}


ows_error_e
ngx_outbound_ws_zone_stop(ngx_outbound_ws_zone_t *zone, ows_command_t *cmd)
{
    u_char                      data[OWS_ID_ESCAPED_MAX];
    ngx_str_t                   id;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    ngx_outbound_ws_zone_escape(&id, data, &cmd->project_id);

    sh = ngx_outbound_ws_zone_lock(zone);

    project = ngx_outbound_ws_zone_find_locked(sh, &id);

    if (project) {
        ngx_outbound_ws_zone_remove_locked(zone, project,
                                       ngx_outbound_ws_zone_time_locked(sh));
        ngx_outbound_ws_zone_publish_locked(zone);
    }

    ngx_outbound_ws_zone_unlock(zone);

    return project ? OWS_ERR_NONE : OWS_ERR_PROJECT_NOT_FOUND;
}


static void
ngx_outbound_ws_zone_escape(ngx_str_t *escaped, u_char *p, ows_str_t *id)
{
    escaped->data = p;
    escaped->len = ows_json_escape(p, id->data, id->len) - p;
}
