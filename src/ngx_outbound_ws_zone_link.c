/*
 * ngx_outbound_ws_zone_link: the links to the PBX, in the zone.
 *
 * A link belongs to the worker slot that runs it.  What it brings means
 * something for its projects, too; that is in ngx_outbound_ws_zone_news.c.
 */


#include "ngx_outbound_ws_zone_layout.h"
#include "ngx_outbound_ws_slot.h"

#include "ows_mem.h"


static void ngx_outbound_ws_zone_claim_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, uint64_t slot);
static ngx_outbound_ws_link_t *ngx_outbound_ws_zone_get_link_locked(
    ngx_outbound_ws_shared_t *sh, uint64_t id);


ngx_outbound_ws_link_t *
ngx_outbound_ws_zone_find_link_locked(ngx_outbound_ws_shared_t *sh,
    ows_str_t *client_id, ows_str_t *secret)
{
    ngx_queue_t             *q;
    ngx_outbound_ws_link_t  *link;

    for (q = ngx_queue_head(&sh->links);
         q != ngx_queue_sentinel(&sh->links);
         q = ngx_queue_next(q))
    {
        link = ngx_queue_data(q, ngx_outbound_ws_link_t, queue);

        if (link->client_id_len == client_id->len
            && link->client_secret_len == secret->len
            && ngx_memcmp(link->data, client_id->data, client_id->len) == 0
            && CRYPTO_memcmp(ngx_outbound_ws_link_secret(link), secret->data,
                             secret->len)
               == 0)
        {
            return link;
        }
    }

    return NULL;
}


ngx_outbound_ws_link_t *
ngx_outbound_ws_zone_add_link_locked(ngx_outbound_ws_zone_t *zone,
    ows_str_t *client_id, ows_str_t *secret, uint64_t slot)
{
    u_char                    *p;
    size_t                     escaped_len;
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);

    escaped_len = ows_json_escaped_len(client_id->data, client_id->len);

    link = ngx_slab_calloc_locked(zone->shpool,
                                  offsetof(ngx_outbound_ws_link_t, data)
                                  + client_id->len + secret->len
                                  + escaped_len);
    if (link == NULL) {
        return NULL;
    }

    link->node.key = ++sh->last_link;
    link->owner = slot;
    link->client_id_len = client_id->len;
    link->client_secret_len = secret->len;
    link->escaped_len = escaped_len;

    p = ngx_cpymem(link->data, client_id->data, client_id->len);
    p = ngx_cpymem(p, secret->data, secret->len);
    (void) ows_json_escape(p, client_id->data, client_id->len);

    ngx_queue_init(&link->projects);
    ngx_queue_init(&link->waiting);

    ngx_outbound_ws_list_append(&sh->links, &link->queue);
    ngx_rbtree_insert(&sh->link_tree, &link->node);
    sh->links_revision++;

    return link;
}


void
ngx_outbound_ws_zone_drop_link_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link)
{
    ngx_outbound_ws_shared_t  *sh;

    if (!ngx_queue_empty(&link->projects) || !ngx_queue_empty(&link->waiting))
    {
        return;
    }

    sh = ngx_outbound_ws_zone_shared(zone);

    ngx_queue_remove(&link->queue);
    ngx_rbtree_delete(&sh->link_tree, &link->node);
    sh->links_revision++;

    ngx_outbound_ws_link_set_token(zone, link, NULL, 0);
    ngx_outbound_ws_text_trim_locked(zone->shpool, &link->callers, 0);

    ngx_explicit_memzero(link->data,
                         link->client_id_len + link->client_secret_len);

    ngx_slab_free_locked(zone->shpool, link);
}


ngx_uint_t
ngx_outbound_ws_zone_list_links(ngx_outbound_ws_zone_t *zone, uint64_t slot,
    ngx_uint_t claim, uint64_t after, ngx_outbound_ws_link_info_t *info,
    ngx_uint_t n)
{
    ngx_uint_t                 i;
    ngx_queue_t               *q;
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    i = 0;

    sh = ngx_outbound_ws_zone_lock(zone);

    for (q = ngx_queue_head(&sh->links);
         q != ngx_queue_sentinel(&sh->links) && i < n;
         q = ngx_queue_next(q))
    {
        link = ngx_queue_data(q, ngx_outbound_ws_link_t, queue);

        if (link->node.key <= after) {
            continue;
        }

        ngx_memzero(&info[i], sizeof(ngx_outbound_ws_link_info_t));

        if (claim && !ngx_outbound_ws_slot_alive(link->owner)) {
            ngx_outbound_ws_zone_claim_locked(sh, link, slot);
            info[i].claimed = 1;
            claim--;
        }

        if (link->owner != slot && link->former != slot) {
            continue;
        }

        info[i].id = link->node.key;
        info[i].check = link->check;
        info[i].owned = (link->owner == slot);
        info[i].handover = (link->former != 0);
        i++;
    }

    ngx_outbound_ws_zone_publish_locked(zone);

    ngx_outbound_ws_zone_unlock(zone);

    return i;
}


/*
 * One that was given up (owner 0) still has its WebSocket, with its former
 * owner; that of a dead owner is gone.
 */
static void
ngx_outbound_ws_zone_claim_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, uint64_t slot)
{
    if (link->owner && link->connected) {
        link->connected = 0;
        ngx_outbound_ws_zone_touch_locked(sh, link,
                                       ngx_outbound_ws_zone_time_locked(sh));
    }

    link->owner = slot;
    sh->links_revision++;
}


void
ngx_outbound_ws_zone_touch_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, int64_t now)
{
    ngx_queue_t                *q;
    ngx_outbound_ws_project_t  *project;

    for (q = ngx_queue_head(&link->projects);
         q != ngx_queue_sentinel(&link->projects);
         q = ngx_queue_next(q))
    {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, shown);

        ngx_outbound_ws_zone_changed_locked(sh, project, now);
    }
}


void
ngx_outbound_ws_zone_leave(ngx_outbound_ws_zone_t *zone, uint64_t slot)
{
    ngx_queue_t               *q;
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_lock(zone);

    for (q = ngx_queue_head(&sh->links);
         q != ngx_queue_sentinel(&sh->links);
         q = ngx_queue_next(q))
    {
        link = ngx_queue_data(q, ngx_outbound_ws_link_t, queue);

        if (link->owner != slot) {
            continue;
        }

        link->owner = 0;
        sh->links_revision++;

        /* a WebSocket that this one had not replaced yet is still whose it
         * was */

        if (link->connected && !ngx_outbound_ws_slot_alive(link->former)) {
            link->former = slot;
        }
    }

    ngx_outbound_ws_zone_unlock(zone);
}


void
ngx_outbound_ws_zone_release(ngx_outbound_ws_zone_t *zone, uint64_t id,
    uint64_t slot)
{
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_lock(zone);

    link = ngx_outbound_ws_zone_get_link_locked(sh, id);

    if (link && link->former == slot) {
        link->former = 0;
        link->connected = 0;
        sh->links_revision++;

        ngx_outbound_ws_zone_touch_locked(sh, link,
                                       ngx_outbound_ws_zone_time_locked(sh));
    }

    ngx_outbound_ws_zone_unlock(zone);
}


ngx_int_t
ngx_outbound_ws_zone_read_secrets(ngx_outbound_ws_zone_t *zone, uint64_t id,
    uint64_t slot, ngx_outbound_ws_secrets_t *secrets)
{
    ngx_int_t                  rc;
    ngx_outbound_ws_link_t    *link;
    ngx_outbound_ws_shared_t  *sh;

    ngx_memzero(secrets, sizeof(ngx_outbound_ws_secrets_t));

    sh = ngx_outbound_ws_zone_lock(zone);

    link = ngx_outbound_ws_zone_own_link_locked(sh, id, slot);
    if (link == NULL) {
        rc = NGX_DECLINED;
        goto done;
    }

    rc = NGX_OK;

    secrets->client_id_len = link->client_id_len;
    secrets->client_secret_len = link->client_secret_len;

    ngx_memcpy(secrets->client_id, link->data, link->client_id_len);
    ngx_memcpy(secrets->client_secret, ngx_outbound_ws_link_secret(link),
               link->client_secret_len);

    /* a token of the PBX that the zone had before a reload is of no use */

    if (link->token && link->token_pbx == zone->pbx.id) {

        secrets->token = ows_mem_alloc(link->token_len);
        if (secrets->token == NULL) {
            rc = NGX_ERROR;
            goto done;
        }

        ngx_memcpy(secrets->token, link->token, link->token_len);
        secrets->token_len = link->token_len;
        secrets->token_renewal = link->token_renewal;
    }

done:

    ngx_outbound_ws_zone_unlock(zone);

    return rc;
}


void
ngx_outbound_ws_secrets_wipe(ngx_outbound_ws_secrets_t *secrets)
{
    ows_mem_free(secrets->token);

    ngx_explicit_memzero(secrets, sizeof(ngx_outbound_ws_secrets_t));
}


ngx_outbound_ws_link_t *
ngx_outbound_ws_zone_own_link_locked(ngx_outbound_ws_shared_t *sh,
    uint64_t id, uint64_t slot)
{
    ngx_outbound_ws_link_t  *link;

    link = ngx_outbound_ws_zone_get_link_locked(sh, id);

    return (link && link->owner == slot) ? link : NULL;
}


static ngx_outbound_ws_link_t *
ngx_outbound_ws_zone_get_link_locked(ngx_outbound_ws_shared_t *sh,
    uint64_t id)
{
    ngx_rbtree_node_t  *node;

    node = sh->link_tree.root;

    while (node != &sh->link_sentinel && node->key != id) {
        node = (id < node->key) ? node->left : node->right;
    }

    if (node == &sh->link_sentinel) {
        return NULL;
    }

    return ngx_rbtree_data(node, ngx_outbound_ws_link_t, node);
}


void
ngx_outbound_ws_link_set_token(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, u_char *token, size_t len)
{
    if (link->token) {
        ngx_explicit_memzero(link->token, link->token_len);
        ngx_slab_free_locked(zone->shpool, link->token);
    }

    link->token = token;
    link->token_len = len;
}


/* The room for it was reserved. */
void
ngx_outbound_ws_link_set_callers(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, ngx_str_t *callers)
{
    ngx_outbound_ws_pen_t  pen;

    sh->entries += callers->len * link->n;
    sh->entries -= link->callers.len * link->n;

    ngx_outbound_ws_pen_init(&pen, &link->callers);
    ngx_outbound_ws_pen_write(&pen, callers->data, callers->len);
    link->callers.len = callers->len;
}


/* The credentials differ in the secret only. */
ngx_uint_t
ngx_outbound_ws_link_same_client(ngx_outbound_ws_link_t *a,
    ngx_outbound_ws_link_t *b)
{
    return a->client_id_len == b->client_id_len
           && ngx_memcmp(a->data, b->data, a->client_id_len) == 0;
}
