/*
 * ngx_outbound_ws_zone_project: the projects in the zone, and which link each
 * of them shows or waits for.
 */


#include "ngx_outbound_ws_zone_layout.h"


ngx_outbound_ws_project_t *
ngx_outbound_ws_zone_find_locked(ngx_outbound_ws_shared_t *sh, ngx_str_t *id)
{
    return (ngx_outbound_ws_project_t *)
               ngx_str_rbtree_lookup(&sh->tree, id,
                                     ngx_crc32_short(id->data, id->len));
}


ngx_outbound_ws_project_t *
ngx_outbound_ws_zone_insert_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_start_t *start, ngx_outbound_ws_link_t *link)
{
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    sh = ngx_outbound_ws_zone_shared(zone);

    project = ngx_slab_calloc_locked(zone->shpool,
                                     offsetof(ngx_outbound_ws_project_t, id)
                                     + start->id.len);
    if (project == NULL) {
        return NULL;
    }

    project->fragment = ngx_outbound_ws_fragment_create(zone, start);
    if (project->fragment == NULL) {
        goto failed;
    }

    if (ngx_outbound_ws_zone_reserve_locked(zone,
                             ngx_outbound_ws_zone_entry_size(project, link))
        != NGX_OK)
    {
        goto failed;
    }

    ngx_memcpy(project->id, start->id.data, start->id.len);

    project->node.str.data = project->id;
    project->node.str.len = start->id.len;
    project->node.node.key = ngx_crc32_short(start->id.data, start->id.len);
    project->action = OWS_ACTION_INIT;

    ngx_outbound_ws_zone_show_locked(zone, project, link);

    ngx_rbtree_insert(&sh->tree, &project->node.node);
    ngx_outbound_ws_list_append(&sh->projects, &project->queue);
    sh->total++;

    return project;

failed:

    if (project->fragment) {
        ngx_slab_free_locked(zone->shpool, project->fragment);
    }

    ngx_slab_free_locked(zone->shpool, project);

    return NULL;
}


ngx_outbound_ws_fragment_t *
ngx_outbound_ws_fragment_create(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_start_t *start)
{
    ngx_outbound_ws_fragment_t  *fragment;

    fragment = ngx_slab_alloc_locked(zone->shpool,
                                  offsetof(ngx_outbound_ws_fragment_t, data)
                                  + start->fragment_len);
    if (fragment == NULL) {
        return NULL;
    }

    fragment->len = start->fragment_len;
    ngx_memcpy(fragment->data, start->fragment, start->fragment_len);

    return fragment;
}


void
ngx_outbound_ws_zone_show_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_link_t *link)
{
    ngx_outbound_ws_link_t    *former;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);
    former = project->link;

    if (former) {
        sh->entries -= ngx_outbound_ws_zone_entry_size(project, former);
        ngx_queue_remove(&project->shown);
        former->n--;
    }

    project->link = link;

    if (link) {
        sh->entries += ngx_outbound_ws_zone_entry_size(project, link);
        ngx_outbound_ws_list_append(&link->projects, &project->shown);
        link->n++;
    }

    ngx_outbound_ws_zone_await_locked(zone, project, NULL);

    if (former) {
        ngx_outbound_ws_zone_drop_link_locked(zone, former);
    }
}


void
ngx_outbound_ws_zone_await_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_link_t *link)
{
    ngx_outbound_ws_link_t  *former;

    former = project->next;

    if (former) {
        ngx_queue_remove(&project->waits);
    }

    if (link) {
        ngx_outbound_ws_list_append(&link->waiting, &project->waits);
    }

    project->next = link;

    if (former) {
        ngx_outbound_ws_zone_drop_link_locked(zone, former);
    }
}


/* Announced as `stopped`. */
void
ngx_outbound_ws_zone_remove_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, int64_t now)
{
    u_char                     message[OWS_STATUS_MESSAGE_MAX], *last;
    ows_str_t                  id;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);
    id = ngx_outbound_ws_core_str(&project->node.str);
    last = ows_envelope_status(message, &id, project->action,
                               OWS_ACTION_STOPPED, now);

    ngx_outbound_ws_zone_notice_locked(sh, message, last - message);
    ngx_outbound_ws_zone_changed_locked(sh, project, now);

    ngx_queue_remove(&project->queue);
    ngx_rbtree_delete(&sh->tree, &project->node.node);
    sh->total--;

    ngx_outbound_ws_zone_show_locked(zone, project, NULL);

    ngx_slab_free_locked(zone->shpool, project->fragment);
    ngx_slab_free_locked(zone->shpool, project);
}
