/*
 * ngx_outbound_ws_zone: the shared zone: its life, its lock, its projects.
 *
 * The zone files are the only ones that take the lock and know the layout.
 * Under the lock there is no I/O, no JSON parsing, no logging above debug and
 * one way out; memory that may be missing is asked for before anything is
 * changed.  Links are in ngx_outbound_ws_zone_link.c, what clients are told
 * in ngx_outbound_ws_zone_publish.c.
 */


#include "ngx_outbound_ws_zone_layout.h"
#include "ngx_outbound_ws_slot.h"

#include <sys/mman.h>


/* the part of the zone that the ring of notices takes */
#define NGX_OUTBOUND_WS_RING_SHARE  8


static ngx_int_t ngx_outbound_ws_zone_take_over(ngx_shm_zone_t *shm_zone,
    ngx_outbound_ws_zone_t *zone);
static void ngx_outbound_ws_zone_escape(ngx_str_t *escaped, u_char *p,
    ows_str_t *id);
static void ngx_outbound_ws_start_prepare(ngx_outbound_ws_start_t *start,
    ows_command_t *cmd);
static ngx_outbound_ws_fragment_t *ngx_outbound_ws_fragment_create(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_start_t *start);
static ows_error_e ngx_outbound_ws_zone_add_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_start_t *start,
    ngx_outbound_ws_link_t *link);
static ows_error_e ngx_outbound_ws_zone_restart_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_project_t *project,
    ngx_outbound_ws_start_t *start, ngx_outbound_ws_link_t *link);


ngx_int_t
ngx_outbound_ws_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_outbound_ws_zone_t  *zone;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /* secrets are in it: no core dump has it */

#ifdef MADV_DONTDUMP
    if (madvise(shm_zone->shm.addr, shm_zone->shm.size, MADV_DONTDUMP) == -1) {
        ngx_log_error(NGX_LOG_WARN, shm_zone->shm.log, ngx_errno,
                      "outbound_ws_zone \"%V\": madvise(MADV_DONTDUMP) failed",
                      &zone->name);
    }
#endif

    if (data || shm_zone->shm.exists) {
        return ngx_outbound_ws_zone_take_over(shm_zone, zone);
    }

    return ngx_outbound_ws_zone_create_locked(zone);
}


/* A reload: the segment goes on as it is. */
static ngx_int_t
ngx_outbound_ws_zone_take_over(ngx_shm_zone_t *shm_zone,
    ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);

    if (sh == NULL
        || sh->magic != NGX_OUTBOUND_WS_ZONE_MAGIC
        || sh->version != NGX_OUTBOUND_WS_ZONE_VERSION
        || sh->size != zone->size)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "outbound_ws_zone \"%V\" holds data of another version "
                      "of the module; restart nginx", &zone->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_outbound_ws_zone_create_locked(ngx_outbound_ws_zone_t *zone)
{
    size_t                     len;
    u_char                    *ctx;
    ngx_slab_pool_t           *shpool;
    ngx_outbound_ws_shared_t  *sh;

    shpool = zone->shpool;

    len = sizeof(" in outbound_ws_zone \"\"") + zone->name.len;

    ctx = ngx_slab_calloc_locked(shpool, len);
    sh = ngx_slab_calloc_locked(shpool, sizeof(ngx_outbound_ws_shared_t));
    if (ctx == NULL || sh == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(ctx, " in outbound_ws_zone \"%V\"%Z", &zone->name);

    /* a full zone is told to who asked; the log need not repeat it */

    shpool->log_ctx = ctx;
    shpool->log_nomem = 0;

    sh->version = NGX_OUTBOUND_WS_ZONE_VERSION;
    sh->size = zone->size;

    ngx_rbtree_init(&sh->tree, &sh->sentinel, ngx_str_rbtree_insert_value);
    ngx_queue_init(&sh->projects);
    ngx_queue_init(&sh->links);
    ngx_rbtree_init(&sh->link_tree, &sh->link_sentinel,
                    ngx_rbtree_insert_value);

    sh->ring_size = sh->size / NGX_OUTBOUND_WS_RING_SHARE;
    sh->ring = ngx_slab_calloc_locked(shpool, sh->ring_size);
    if (sh->ring == NULL) {
        return NGX_ERROR;
    }

    shpool->data = sh;

    if (ngx_outbound_ws_zone_reserve_locked(zone, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_outbound_ws_zone_publish_locked(zone);

    sh->magic = NGX_OUTBOUND_WS_ZONE_MAGIC;

    return NGX_OK;
}


ngx_outbound_ws_shared_t *
ngx_outbound_ws_zone_lock(ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_shared_t  *sh;

    ngx_shmtx_lock(&zone->shpool->mutex);

    sh = ngx_outbound_ws_zone_shared(zone);

    if (sh == NULL || sh->dirty) {
        ngx_outbound_ws_zone_repair_locked(zone);
        sh = ngx_outbound_ws_zone_shared(zone);
    }

    sh->dirty = 1;
    ngx_memory_barrier();

    return sh;
}


void
ngx_outbound_ws_zone_unlock(ngx_outbound_ws_zone_t *zone)
{
    ngx_uint_t  repaired;

    repaired = zone->repaired;
    zone->repaired = 0;

    ngx_memory_barrier();
    ngx_outbound_ws_zone_shared(zone)->dirty = 0;

    ngx_shmtx_unlock(&zone->shpool->mutex);

    if (repaired) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "outbound_ws_zone \"%V\" was left by a worker that died "
                      "in the middle of a change, and was repaired",
                      &zone->name);
    }
}


int64_t
ngx_outbound_ws_zone_time(ngx_outbound_ws_zone_t *zone)
{
    int64_t                    now;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_lock(zone);
    now = ngx_outbound_ws_zone_time_locked(sh);
    ngx_outbound_ws_zone_unlock(zone);

    return now;
}


/* Each worker caches the time for itself; clients must not see it go back. */
int64_t
ngx_outbound_ws_zone_time_locked(ngx_outbound_ws_shared_t *sh)
{
    int64_t      now;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    now = (int64_t) tp->sec * 1000 + tp->msec;

    sh->time = ngx_max(sh->time, now);

    return sh->time;
}


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


ngx_outbound_ws_project_t *
ngx_outbound_ws_zone_find_locked(ngx_outbound_ws_shared_t *sh, ngx_str_t *id)
{
    return (ngx_outbound_ws_project_t *)
               ngx_str_rbtree_lookup(&sh->tree, id,
                                     ngx_crc32_short(id->data, id->len));
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


static ngx_outbound_ws_fragment_t *
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


void
ngx_outbound_ws_zone_show_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_link_t *link)
{
    ngx_outbound_ws_link_t  *former;

    former = project->link;

    if (former) {
        ngx_outbound_ws_zone_shared(zone)->entries -= ngx_outbound_ws_zone_entry_size(project,
                                                                 former);
        ngx_queue_remove(&project->shown);
        former->n--;
    }

    project->link = link;

    if (link) {
        ngx_outbound_ws_zone_shared(zone)->entries += ngx_outbound_ws_zone_entry_size(project,
                                                                 link);
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
