/*
 * ngx_outbound_ws_zone_publish: what clients are to be told, in the zone.
 *
 * Two kinds: the published snapshot, of which only the newest counts, and
 * notices, which are kept in order.  The snapshot's text has its room
 * reserved when a project is added or grows, so that publishing never fails;
 * notices go into a ring of a fixed size, so that telling never fails: a
 * worker that did not read for so long that the ring went round finds out,
 * and drops its clients rather than keep something from them.
 */


#include "ngx_outbound_ws_zone_layout.h"


/* what an entry takes besides its fragment, client_id and callers */
#define NGX_OUTBOUND_WS_ENTRY_REST                                            \
    (1 + OWS_ENTRY_MIDDLE_MAX - OWS_ID_ESCAPED_MAX + OWS_ENTRY_END_MAX)


static ngx_uint_t ngx_outbound_ws_zone_due(ngx_outbound_ws_zone_t *zone,
    ngx_msec_t *wait);
static void ngx_outbound_ws_zone_write_entry(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_project_t *project);
static void ngx_outbound_ws_ring_write(ngx_outbound_ws_shared_t *sh,
    uint64_t position, u_char *p, size_t len);
static void ngx_outbound_ws_ring_read(ngx_outbound_ws_shared_t *sh,
    uint64_t position, u_char *p, size_t len);


/* Room for entries that take so many bytes more than those there are now. */
ngx_int_t
ngx_outbound_ws_zone_reserve_locked(ngx_outbound_ws_zone_t *zone, size_t more)
{
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);

    return ngx_outbound_ws_text_reserve_locked(zone->shpool, &sh->text,
                                               OWS_UPDATE_HEAD_MAX
                                               + sh->entries + more
                                               + OWS_UPDATE_TAIL_MAX);
}


size_t
ngx_outbound_ws_zone_entry_size(ngx_outbound_ws_project_t *project,
    ngx_outbound_ws_link_t *link)
{
    return project->fragment->len + link->escaped_len + link->callers.len
           + NGX_OUTBOUND_WS_ENTRY_REST;
}


/* The project changed; the next publication will say so. */
void
ngx_outbound_ws_zone_changed_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, int64_t now)
{
    ngx_str_t  *id;

    (void) ows_json_time(project->updated, now);

    id = &project->node.str;

    if (!sh->pending) {
        ngx_memcpy(sh->trigger, id->data, id->len);
        sh->trigger_len = id->len;
        sh->pending = 1;

    } else if (sh->trigger_len != id->len
               || ngx_memcmp(sh->trigger, id->data, id->len) != 0)
    {
        sh->trigger_len = 0;
    }
}


ngx_msec_t
ngx_outbound_ws_zone_publish(ngx_outbound_ws_zone_t *zone)
{
    ngx_msec_t  wait;

    (void) ngx_outbound_ws_zone_lock(zone);

    ngx_outbound_ws_zone_publish_locked(zone);
    (void) ngx_outbound_ws_zone_due(zone, &wait);

    ngx_outbound_ws_zone_unlock(zone);

    return wait;
}


/* wait: milliseconds until it is due, 0 when nothing is pending. */
static ngx_uint_t
ngx_outbound_ws_zone_due(ngx_outbound_ws_zone_t *zone, ngx_msec_t *wait)
{
    ngx_msec_int_t             left;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);
    *wait = 0;

    if (!sh->pending) {
        return 0;
    }

    left = (ngx_msec_int_t) (sh->published_at + zone->broadcast_interval
                             - ngx_current_msec);

    /* more than an interval to wait: the zone is older than the clock */

    if (left <= 0 || (ngx_msec_t) left > zone->broadcast_interval) {
        return 1;
    }

    *wait = left;

    return 0;
}


void
ngx_outbound_ws_zone_publish_locked(ngx_outbound_ws_zone_t *zone)
{
    u_char                     buf[OWS_UPDATE_TAIL_MAX];
    size_t                     need;
    ows_str_t                  trigger;
    ngx_msec_t                 wait;
    ngx_queue_t               *q;
    ngx_outbound_ws_pen_t      pen;
    ngx_outbound_ws_shared_t  *sh;
    ngx_outbound_ws_project_t *project;

    sh = ngx_outbound_ws_zone_shared(zone);

    /* an empty zone's first snapshot is for those who connect */

    if (sh->published.revision && !ngx_outbound_ws_zone_due(zone, &wait)) {
        return;
    }

    need = OWS_UPDATE_HEAD_MAX + sh->entries + OWS_UPDATE_TAIL_MAX;

    if (sh->text.size > 2 * need) {
        ngx_outbound_ws_text_trim_locked(zone->shpool, &sh->text, need);
    }

    ngx_memzero(&sh->published.stats, sizeof(ows_stats_t));

    ngx_outbound_ws_pen_init(&pen, &sh->text);
    ngx_outbound_ws_pen_write(&pen, buf, ows_envelope_update_head(buf) - buf);

    for (q = ngx_queue_head(&sh->projects);
         q != ngx_queue_sentinel(&sh->projects);
         q = ngx_queue_next(q))
    {
        project = ngx_queue_data(q, ngx_outbound_ws_project_t, queue);

        if (sh->published.stats.total++) {
            ngx_outbound_ws_pen_write(&pen, (u_char *) ",", 1);
        }

        sh->published.stats.active += project->action == OWS_ACTION_ACTIVE;
        sh->published.stats.connected += project->link->connected;

        ngx_outbound_ws_zone_write_entry(&pen, project);
    }

    sh->published.tail = pen.len;

    trigger.data = sh->trigger;
    trigger.len = sh->trigger_len;

    ngx_outbound_ws_pen_write(&pen, buf,
                      ows_envelope_update_tail(buf, &sh->published.stats,
                                        ngx_outbound_ws_zone_time_locked(sh),
                                        &trigger)
                      - buf);

    sh->text.len = pen.len;
    sh->published.len = pen.len;
    sh->published.after = sh->ring_tail;
    sh->published.revision++;
    sh->published_at = ngx_current_msec;
    sh->pending = 0;
}


static void
ngx_outbound_ws_zone_write_entry(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_project_t *project)
{
    u_char                   buf[OWS_ENTRY_MIDDLE_MAX + OWS_ENTRY_END_MAX];
    ows_str_t                client_id;
    ngx_outbound_ws_link_t  *link;

    link = project->link;

    ngx_outbound_ws_pen_write(pen, project->fragment->data,
                              project->fragment->len);

    client_id.data = ngx_outbound_ws_link_escaped(link);
    client_id.len = link->escaped_len;

    ngx_outbound_ws_pen_write(pen, buf,
                              ows_envelope_entry_middle(buf, project->action,
                                                  &client_id, link->agents)
                              - buf);

    if (link->listed) {
        ngx_outbound_ws_pen_write_text(pen, &link->callers);

    } else {
        ngx_outbound_ws_pen_write(pen, (u_char *) "[]", 2);
    }

    ngx_outbound_ws_pen_write(pen, buf,
                              ows_envelope_entry_end(buf, link->token != NULL,
                                                     link->connected,
                                                     project->created,
                                                     project->updated)
                              - buf);
}


ngx_int_t
ngx_outbound_ws_zone_read_snapshot(ngx_outbound_ws_zone_t *zone,
    uint64_t revision, ngx_outbound_ws_snapshot_t *s, uint64_t *notices,
    u_char *buf, size_t size)
{
    ngx_int_t                  rc;
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_lock(zone);

    *s = sh->published;
    *notices = sh->ring_tail;

    if (s->revision <= revision) {
        rc = NGX_DECLINED;

    } else if (s->len > size) {
        rc = NGX_AGAIN;

    } else {
        ngx_outbound_ws_text_copy(&sh->text, buf);
        rc = NGX_OK;
    }

    ngx_outbound_ws_zone_unlock(zone);

    return rc;
}


void
ngx_outbound_ws_zone_notice_locked(ngx_outbound_ws_shared_t *sh, u_char *p,
    size_t len)
{
    size_t  oldest;

    while (sh->ring_tail + sizeof(size_t) + len - sh->ring_head
           > sh->ring_size)
    {
        ngx_outbound_ws_ring_read(sh, sh->ring_head, (u_char *) &oldest,
                                  sizeof(size_t));
        sh->ring_head += sizeof(size_t) + oldest;
    }

    ngx_outbound_ws_ring_write(sh, sh->ring_tail, (u_char *) &len,
                               sizeof(size_t));
    ngx_outbound_ws_ring_write(sh, sh->ring_tail + sizeof(size_t), p, len);

    ngx_memory_barrier();
    sh->ring_tail += sizeof(size_t) + len;
}


uint64_t
ngx_outbound_ws_zone_read_notices(ngx_outbound_ws_zone_t *zone, uint64_t from,
    uint64_t upto, u_char *buf, size_t size, size_t *used, ngx_uint_t *lost)
{
    size_t                     len;
    ngx_outbound_ws_shared_t  *sh;

    *used = 0;
    *lost = 0;

    sh = ngx_outbound_ws_zone_lock(zone);

    if (from < sh->ring_head) {
        *lost = 1;
        from = sh->ring_tail;
    }

    upto = ngx_min(upto, sh->ring_tail);

    while (from < upto) {
        ngx_outbound_ws_ring_read(sh, from, (u_char *) &len, sizeof(size_t));
        len += sizeof(size_t);

        if (len > size - *used) {
            break;
        }

        ngx_outbound_ws_ring_read(sh, from, buf + *used, len);

        *used += len;
        from += len;
    }

    ngx_outbound_ws_zone_unlock(zone);

    return from;
}


static void
ngx_outbound_ws_ring_write(ngx_outbound_ws_shared_t *sh, uint64_t position,
    u_char *p, size_t len)
{
    size_t  offset, n;

    offset = position % sh->ring_size;
    n = ngx_min(len, sh->ring_size - offset);

    ngx_memcpy(sh->ring + offset, p, n);
    ngx_memcpy(sh->ring, p + n, len - n);
}


static void
ngx_outbound_ws_ring_read(ngx_outbound_ws_shared_t *sh, uint64_t position,
    u_char *p, size_t len)
{
    size_t  offset, n;

    offset = position % sh->ring_size;
    n = ngx_min(len, sh->ring_size - offset);

    ngx_memcpy(p, sh->ring + offset, n);
    ngx_memcpy(p + n, sh->ring, len - n);
}
