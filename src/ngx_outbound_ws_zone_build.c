/*
 * ngx_outbound_ws_zone_build: a zone that is new, and one that is built anew
 * after a worker died in the middle of a change.
 *
 * nginx's master frees the lock of a dead worker and repairs nothing: lists,
 * trees and the slab allocator may be in any state.  What is whole at every
 * instruction (see the layout) is enough to build the zone anew: the projects
 * with their credentials, and the notices.  Links begin anew, too: what their
 * owners run is no link of the zone any more, and ends.
 *
 * The dead worker's segment is copied first.  Should this worker die as well
 * before it is done, the next one finds no data and begins with an empty
 * zone.
 */


#include "ngx_outbound_ws_zone_layout.h"

#include <sys/mman.h>


/*
 * The part of the zone that the ring of notices takes: a quarter holds one
 * error for each project that the rest has room for, so what befalls all of
 * them at once is no reason to lose any.
 */
#define NGX_OUTBOUND_WS_RING_SHARE  4

/* zeroes behind the copy: a record near its end may be read in full length */
#define NGX_OUTBOUND_WS_COPY_MARGIN  8192


/* A copy of the segment, and where in it the segment's pointers lead. */
typedef struct {
    u_char                    *data;
    u_char                    *addr;     /* of the segment */
    size_t                     size;
} ngx_outbound_ws_copy_t;


static void ngx_outbound_ws_repair_shared(ngx_outbound_ws_copy_t *copy,
    ngx_outbound_ws_shared_t *was, ngx_outbound_ws_shared_t *sh);
static void ngx_outbound_ws_repair_projects(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_copy_t *copy, ngx_outbound_ws_shared_t *was);
static ngx_int_t ngx_outbound_ws_repair_project(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_copy_t *copy, ngx_outbound_ws_project_t *was);
static void *ngx_outbound_ws_copy_get(ngx_outbound_ws_copy_t *copy, void *p,
    size_t size);


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


void
ngx_outbound_ws_zone_repair_locked(ngx_outbound_ws_zone_t *zone)
{
    ngx_slab_pool_t           *shpool;
    ngx_outbound_ws_copy_t     copy;
    ngx_outbound_ws_shared_t  *was;

    shpool = zone->shpool;
    zone->repaired = 1;

    copy.addr = shpool->addr;
    copy.size = zone->size + NGX_OUTBOUND_WS_COPY_MARGIN;
    copy.data = mmap(NULL, copy.size, PROT_READ|PROT_WRITE,
                     MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
    was = NULL;

    if (copy.data != MAP_FAILED) {
#ifdef MADV_DONTDUMP
        (void) madvise(copy.data, copy.size, MADV_DONTDUMP);
#endif

        ngx_memcpy(copy.data, copy.addr, zone->size);

        was = ngx_outbound_ws_copy_get(&copy, shpool->data,
                                       sizeof(ngx_outbound_ws_shared_t));
    }

    shpool->data = NULL;
    ngx_memory_barrier();

    /* secrets of former links, in pages that will be free */

    ngx_explicit_memzero((u_char *) shpool + sizeof(ngx_slab_pool_t),
                         shpool->end - (u_char *) shpool
                         - sizeof(ngx_slab_pool_t));

    ngx_slab_init(shpool);

    /* it can't fail: it did not when the zone was new */

    (void) ngx_outbound_ws_zone_create_locked(zone);

    if (was && was->magic == NGX_OUTBOUND_WS_ZONE_MAGIC) {
        ngx_outbound_ws_repair_shared(&copy, was,
                                      ngx_outbound_ws_zone_shared(zone));
        ngx_outbound_ws_repair_projects(zone, &copy, was);

        /* nobody may come upon the empty one in between */

        ngx_outbound_ws_zone_shared(zone)->published_at =
                                ngx_current_msec - zone->broadcast_interval;
        ngx_outbound_ws_zone_publish_locked(zone);
    }

    if (copy.data != MAP_FAILED) {
        ngx_explicit_memzero(copy.data, copy.size);
        (void) munmap(copy.data, copy.size);
    }
}


/* What only grows goes on growing, and no notice is lost. */
static void
ngx_outbound_ws_repair_shared(ngx_outbound_ws_copy_t *copy,
    ngx_outbound_ws_shared_t *was, ngx_outbound_ws_shared_t *sh)
{
    u_char  *ring;

    sh->time = was->time;
    sh->last_link = was->last_link;
    sh->links_revision = was->links_revision + 1;
    sh->published.revision = was->published.revision;

    sh->ring_head = was->ring_tail;
    sh->ring_tail = was->ring_tail;

    ring = ngx_outbound_ws_copy_get(copy, was->ring, sh->ring_size);

    if (ring && was->ring_size == sh->ring_size) {
        ngx_memcpy(sh->ring, ring, sh->ring_size);
        sh->ring_head = was->ring_head;
    }
}


static void
ngx_outbound_ws_repair_projects(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_copy_t *copy, ngx_outbound_ws_shared_t *was)
{
    u_char                     *head;
    ngx_uint_t                  n;
    ngx_queue_t                *q;
    ngx_outbound_ws_shared_t   *sh;
    ngx_outbound_ws_project_t  *project;

    /* where the list's head was in the segment */

    head = copy->addr + ((u_char *) &was->projects - copy->data);
    n = copy->size / sizeof(ngx_outbound_ws_project_t);

    for (q = was->projects.next; (u_char *) q != head && n; n--) {

        project = ngx_outbound_ws_copy_get(copy,
                       ngx_queue_data(q, ngx_outbound_ws_project_t, queue),
                       sizeof(ngx_outbound_ws_project_t));

        if (project == NULL
            || ngx_outbound_ws_repair_project(zone, copy, project) != NGX_OK)
        {
            break;
        }

        q = project->queue.next;
    }

    sh = ngx_outbound_ws_zone_shared(zone);

    sh->pending = 1;
    sh->trigger_len = 0;
}


static ngx_int_t
ngx_outbound_ws_repair_project(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_copy_t *copy, ngx_outbound_ws_project_t *was)
{
    size_t                       len;
    u_char                      *id;
    ows_str_t                    client_id, secret;
    ngx_outbound_ws_link_t      *link, *former;
    ngx_outbound_ws_start_t      start;
    ngx_outbound_ws_project_t   *project;
    ngx_outbound_ws_fragment_t  *fragment;

    /* the credentials that it was given last */

    former = ngx_outbound_ws_copy_get(copy, was->next ? was->next : was->link,
                                      sizeof(ngx_outbound_ws_link_t)
                                      + OWS_ID_MAX + OWS_SECRET_MAX);
    fragment = ngx_outbound_ws_copy_get(copy, was->fragment,
                                        sizeof(ngx_outbound_ws_fragment_t)
                                        + OWS_FRAGMENT_MAX);
    len = was->node.str.len;
    id = ngx_outbound_ws_copy_get(copy, was->node.str.data, len);

    if (former == NULL || fragment == NULL || id == NULL
        || len > OWS_ID_ESCAPED_MAX
        || fragment->len > OWS_FRAGMENT_MAX
        || former->client_id_len > OWS_ID_MAX
        || former->client_secret_len > OWS_SECRET_MAX)
    {
        return NGX_ERROR;
    }

    start.id.data = id;
    start.id.len = len;
    start.fragment_len = fragment->len;
    ngx_memcpy(start.fragment, fragment->data, fragment->len);

    client_id.data = former->data;
    client_id.len = former->client_id_len;
    secret.data = ngx_outbound_ws_link_secret(former);
    secret.len = former->client_secret_len;

    link = ngx_outbound_ws_zone_find_link_locked(
               ngx_outbound_ws_zone_shared(zone), &client_id, &secret);

    if (link == NULL) {
        link = ngx_outbound_ws_zone_add_link_locked(zone, &client_id, &secret,
                                                    0);
        if (link == NULL) {
            return NGX_ERROR;
        }
    }

    project = ngx_outbound_ws_zone_insert_locked(zone, &start, link);
    if (project == NULL) {
        return NGX_ERROR;
    }

    project->action = was->action;
    project->empty_told = was->empty_told;
    ngx_memcpy(project->created, was->created, OWS_JSON_TIME_LEN);
    ngx_memcpy(project->updated, was->updated, OWS_JSON_TIME_LEN);

    return NGX_OK;
}


/* NULL: the pointer does not lead to size bytes inside of the segment. */
static void *
ngx_outbound_ws_copy_get(ngx_outbound_ws_copy_t *copy, void *p, size_t size)
{
    size_t  offset;

    offset = (u_char *) p - copy->addr;

    if ((u_char *) p < copy->addr || offset > copy->size
        || size > copy->size - offset)
    {
        return NULL;
    }

    return copy->data + offset;
}
