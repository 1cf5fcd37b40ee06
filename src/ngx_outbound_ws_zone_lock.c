/*
 * ngx_outbound_ws_zone_lock: the zone's lock, and its time.
 *
 * Everything under the lock happens between the first two functions below;
 * there, there is no I/O, no JSON parsing and no logging above debug.
 */


#include "ngx_outbound_ws_zone_layout.h"


ngx_outbound_ws_shared_t *
ngx_outbound_ws_zone_lock(ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_shared_t  *sh;

    ngx_shmtx_lock(&zone->shpool->mutex);

    sh = ngx_outbound_ws_zone_shared(zone);

    if (sh == NULL || sh->dirty) {
        zone->repair(zone);
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


/* As ngx_queue_insert_tail(), but whole at every instruction. */
void
ngx_outbound_ws_list_append(ngx_queue_t *list, ngx_queue_t *q)
{
    q->next = list;
    q->prev = list->prev;

    ngx_memory_barrier();

    q->prev->next = q;
    list->prev = q;
}


void
ngx_outbound_ws_zone_marks(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_marks_t *marks)
{
    volatile ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);

    if (sh == NULL) {
        /* being repaired: there will be another wake-up */
        ngx_memzero(marks, sizeof(ngx_outbound_ws_marks_t));
        return;
    }

    marks->revision = sh->published.revision;
    marks->notices = sh->ring_tail;
    marks->links = sh->links_revision;
}
