/*
 * ngx_outbound_ws_pbx: which links this worker runs.
 *
 * The zone says who owns which link; a look compares that with what runs
 * here, and begins, ends or checks links accordingly.  How a link lives is in
 * ngx_outbound_ws_pbx_link.c.
 */


#include "ngx_outbound_ws_pbx_link.h"
#include "ngx_outbound_ws_slot.h"


/* links listed at a time, and taken over in one look, so that the workers
 * share those of one that died */
#define NGX_OUTBOUND_WS_PBX_LIST   64
#define NGX_OUTBOUND_WS_PBX_CLAIM  4


static ngx_int_t ngx_outbound_ws_pbx_meet(ngx_outbound_ws_pbx_t *pbx,
    ngx_outbound_ws_link_info_t *info);
static ngx_outbound_ws_pbx_link_t *ngx_outbound_ws_pbx_find(
    ngx_outbound_ws_pbx_t *pbx, uint64_t id);
static void ngx_outbound_ws_pbx_sweep(ngx_outbound_ws_pbx_t *pbx,
    ngx_uint_t all);


ngx_int_t
ngx_outbound_ws_pbx_init(ngx_outbound_ws_zone_t *zone, ngx_cycle_t *cycle)
{
    ngx_outbound_ws_pbx_t  *pbx;

    pbx = ngx_pcalloc(cycle->pool, sizeof(ngx_outbound_ws_pbx_t));
    if (pbx == NULL) {
        return NGX_ERROR;
    }

    pbx->curl = ngx_outbound_ws_curl_create(&zone->pbx.server, cycle->log);
    if (pbx->curl == NULL) {
        return NGX_ERROR;
    }

    pbx->zone = zone;
    pbx->log = cycle->log;

    ngx_queue_init(&pbx->links);
    ngx_rbtree_init(&pbx->tree, &pbx->sentinel, ngx_rbtree_insert_value);

    zone->links = pbx;

    return NGX_OK;
}


void
ngx_outbound_ws_pbx_exit(ngx_outbound_ws_zone_t *zone)
{
    if (zone->links) {
        ngx_outbound_ws_pbx_sweep(zone->links, 1);
        ngx_outbound_ws_curl_destroy(zone->links->curl);
        zone->links = NULL;
    }
}


ngx_int_t
ngx_outbound_ws_pbx_look(ngx_outbound_ws_zone_t *zone, ngx_uint_t force)
{
    uint64_t                      after;
    ngx_uint_t                    i, n, claim, claimed;
    ngx_outbound_ws_pbx_t        *pbx;
    ngx_outbound_ws_marks_t       now;
    ngx_outbound_ws_link_info_t   info[NGX_OUTBOUND_WS_PBX_LIST];

    pbx = zone->links;
    pbx->slot = ngx_outbound_ws_slot_own();

    if (!ngx_outbound_ws_slot_takes() && !ngx_outbound_ws_slot_successor()) {
        /* all of nginx shuts down, nobody will take the links */
        ngx_outbound_ws_pbx_sweep(pbx, 1);
        return NGX_OK;
    }

    ngx_outbound_ws_zone_marks(zone, &now);

    if (now.links == pbx->revision && !force) {
        return NGX_OK;
    }

    pbx->revision = now.links;
    pbx->round++;

    /* after a reload the new workers are there before the old ones leave */

    claim = (ngx_outbound_ws_slot_takes() && ngx_outbound_ws_slot_newest())
                ? NGX_OUTBOUND_WS_PBX_CLAIM : 0;
    claimed = 0;
    after = 0;

    do {
        n = ngx_outbound_ws_zone_list_links(zone, pbx->slot,
                                            claim - claimed,
                                            after, info,
                                            NGX_OUTBOUND_WS_PBX_LIST);

        for (i = 0; i < n; i++) {
            claimed += info[i].claimed;
            after = info[i].id;

            if (ngx_outbound_ws_pbx_meet(pbx, &info[i]) != NGX_OK) {
                /* no memory; the next look tries again */
                pbx->revision = 0;
            }
        }

    } while (n == NGX_OUTBOUND_WS_PBX_LIST);

    ngx_outbound_ws_pbx_sweep(pbx, 0);

    if (claimed) {
        zone->changed(zone);
    }

    if (claim && claimed == claim) {
        /* there may be more */
        pbx->revision = 0;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


/* A link that the zone says is this worker's, or still waits for its heir. */
static ngx_int_t
ngx_outbound_ws_pbx_meet(ngx_outbound_ws_pbx_t *pbx,
    ngx_outbound_ws_link_info_t *info)
{
    ngx_outbound_ws_pbx_link_t  *link;

    link = ngx_outbound_ws_pbx_find(pbx, info->id);

    if (link == NULL) {

        if (!info->owned) {
            return NGX_OK;
        }

        link = ngx_outbound_ws_pbx_link_create(pbx, info);
        if (link == NULL) {
            return NGX_ERROR;
        }

        ngx_queue_insert_tail(&pbx->links, &link->queue);
        ngx_rbtree_insert(&pbx->tree, &link->node);
    }

    link->round = pbx->round;

    if (link->check != info->check) {
        link->check = info->check;

        if (info->owned) {
            ngx_outbound_ws_pbx_link_check(link);
        }
    }

    return NGX_OK;
}


static ngx_outbound_ws_pbx_link_t *
ngx_outbound_ws_pbx_find(ngx_outbound_ws_pbx_t *pbx, uint64_t id)
{
    ngx_rbtree_node_t  *node;

    node = pbx->tree.root;

    while (node != &pbx->sentinel && node->key != id) {
        node = (id < node->key) ? node->left : node->right;
    }

    if (node == &pbx->sentinel) {
        return NULL;
    }

    return ngx_rbtree_data(node, ngx_outbound_ws_pbx_link_t, node);
}


/* Ends the links that were not met in this round. */
static void
ngx_outbound_ws_pbx_sweep(ngx_outbound_ws_pbx_t *pbx, ngx_uint_t all)
{
    ngx_queue_t                 *q, *next;
    ngx_outbound_ws_pbx_link_t  *link;

    for (q = ngx_queue_head(&pbx->links);
         q != ngx_queue_sentinel(&pbx->links);
         q = next)
    {
        next = ngx_queue_next(q);
        link = ngx_queue_data(q, ngx_outbound_ws_pbx_link_t, queue);

        if (all || link->round != pbx->round) {
            ngx_outbound_ws_pbx_link_step(link, OWS_LINK_STOP);

            ngx_queue_remove(&link->queue);
            ngx_rbtree_delete(&pbx->tree, &link->node);

            ngx_outbound_ws_pbx_link_destroy(link);
        }
    }
}


void
ngx_outbound_ws_pbx_leave(ngx_outbound_ws_zone_t *zone)
{
    ngx_queue_t            *q;
    ngx_outbound_ws_pbx_t  *pbx;

    pbx = zone->links;

    ngx_outbound_ws_zone_leave(zone, ngx_outbound_ws_slot_own());

    for (q = ngx_queue_head(&pbx->links);
         q != ngx_queue_sentinel(&pbx->links);
         q = ngx_queue_next(q))
    {
        ngx_outbound_ws_pbx_link_give_up(
                     ngx_queue_data(q, ngx_outbound_ws_pbx_link_t, queue));
    }
}
