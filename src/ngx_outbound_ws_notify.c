/*
 * ngx_outbound_ws_notify: a worker's part in a change of a zone.
 *
 * A look at a zone brings its feed up to date and gives its links their work;
 * it is posted by a change of this worker's own, by another one's wake-up,
 * and once a second in case a wake-up was lost.
 */


#include "ngx_outbound_ws_notify.h"
#include "ngx_outbound_ws_feed.h"
#include "ngx_outbound_ws_pbx.h"
#include "ngx_outbound_ws_slot.h"
#include "ngx_outbound_ws_zone.h"


#define NGX_OUTBOUND_WS_TICK  1000       /* milliseconds */


/* One zone's part of it. */
struct ngx_outbound_ws_notify_s {
    ngx_outbound_ws_zone_t      *zone;
    ngx_outbound_ws_marks_t      woken;       /* what the others were last
                                                 woken for */
    ngx_event_t                  look;
    ngx_event_t                  publish;     /* when broadcast_interval has
                                                 passed */
};


static ngx_int_t ngx_outbound_ws_notify_slot_init(ngx_cycle_t *cycle);
static ngx_int_t ngx_outbound_ws_notify_zone_init(ngx_cycle_t *cycle,
    ngx_outbound_ws_zone_t *zone);
static void ngx_outbound_ws_notify_changed(ngx_outbound_ws_zone_t *zone);
static void ngx_outbound_ws_notify_wake_event(ngx_event_t *rev);
static void ngx_outbound_ws_notify_leave(void);
static void ngx_outbound_ws_notify_tick_event(ngx_event_t *ev);
static void ngx_outbound_ws_notify_look_event(ngx_event_t *ev);
static void ngx_outbound_ws_notify_publish_event(ngx_event_t *ev);


/* ngx_add_timer() and the debug log want a connection in ev->data */
static ngx_connection_t               ngx_outbound_ws_notify_dummy;

static ngx_connection_t              *ngx_outbound_ws_notify_wakeup;
static ngx_event_t                    ngx_outbound_ws_notify_tick;
static ngx_outbound_ws_main_conf_t   *ngx_outbound_ws_notify_conf;


ngx_int_t
ngx_outbound_ws_notify_init(ngx_cycle_t *cycle)
{
    ngx_uint_t                i;
    ngx_event_t              *ev;
    ngx_outbound_ws_zone_t  **zones;

    ngx_outbound_ws_notify_conf = ngx_http_cycle_get_module_main_conf(cycle,
                                                      ngx_outbound_ws_module);
    if (ngx_outbound_ws_notify_conf == NULL
        || ngx_outbound_ws_notify_conf->zones.nelts == 0)
    {
        ngx_outbound_ws_notify_conf = NULL;
        return NGX_OK;
    }

    ngx_outbound_ws_notify_dummy.fd = (ngx_socket_t) -1;

    if (ngx_outbound_ws_notify_slot_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        if (ngx_outbound_ws_notify_zone_init(cycle, zones[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ev = &ngx_outbound_ws_notify_tick;

    ev->handler = ngx_outbound_ws_notify_tick_event;
    ev->data = &ngx_outbound_ws_notify_dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_OUTBOUND_WS_TICK);

    return NGX_OK;
}


/* NGX_OK without a slot, too: the tick tries again. */
static ngx_int_t
ngx_outbound_ws_notify_slot_init(ngx_cycle_t *cycle)
{
    ngx_connection_t  *c;

    if (ngx_outbound_ws_slot_claim(cycle->log) != NGX_OK) {
        return NGX_OK;
    }

    c = ngx_get_connection(ngx_outbound_ws_slot_fd(), cycle->log);
    if (c == NULL) {
        ngx_outbound_ws_slot_release();
        return NGX_ERROR;
    }

    /* channel: worker_shutdown_timeout and the check for open sockets at
     * exit pass it over; idle: its handler is told that the worker leaves */

    c->read->channel = 1;
    c->write->channel = 1;
    c->idle = 1;

    c->read->log = cycle->log;
    c->read->handler = ngx_outbound_ws_notify_wake_event;

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        ngx_outbound_ws_slot_release();
        return NGX_ERROR;
    }

    ngx_outbound_ws_notify_wakeup = c;

    return NGX_OK;
}


static ngx_int_t
ngx_outbound_ws_notify_zone_init(ngx_cycle_t *cycle,
    ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_notify_t  *notify;

    notify = ngx_pcalloc(cycle->pool, sizeof(ngx_outbound_ws_notify_t));
    if (notify == NULL) {
        return NGX_ERROR;
    }

    notify->zone = zone;

    notify->look.handler = ngx_outbound_ws_notify_look_event;
    notify->look.data = notify;
    notify->look.log = cycle->log;

    notify->publish.handler = ngx_outbound_ws_notify_publish_event;
    notify->publish.data = &ngx_outbound_ws_notify_dummy;
    notify->publish.log = cycle->log;
    notify->publish.cancelable = 1;

    zone->notify = notify;
    zone->changed = ngx_outbound_ws_notify_changed;

    zone->feed = ngx_outbound_ws_feed_create(cycle->pool, zone);
    if (zone->feed == NULL) {
        return NGX_ERROR;
    }

    if (ngx_outbound_ws_pbx_init(zone, cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    /* what a dead worker left, or one of a former generation gives up */
    ngx_post_event(&notify->look, &ngx_posted_events);

    return NGX_OK;
}


void
ngx_outbound_ws_notify_exit(ngx_cycle_t *cycle)
{
    ngx_uint_t                i;
    ngx_connection_t         *c;
    ngx_outbound_ws_zone_t  **zones;

    if (ngx_outbound_ws_notify_conf == NULL) {
        return;
    }

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        ngx_outbound_ws_pbx_exit(zones[i]);
        ngx_outbound_ws_feed_forget(zones[i]->feed);
    }

    c = ngx_outbound_ws_notify_wakeup;

    if (c) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;

        ngx_outbound_ws_slot_wake_others();
        ngx_outbound_ws_slot_release();
    }
}


/* zone->changed */
static void
ngx_outbound_ws_notify_changed(ngx_outbound_ws_zone_t *zone)
{
    ngx_msec_t                 wait;
    ngx_outbound_ws_marks_t    now;
    ngx_outbound_ws_notify_t  *notify;

    notify = zone->notify;

    wait = ngx_outbound_ws_zone_publish(zone);

    if (wait && !notify->publish.timer_set) {
        ngx_add_timer(&notify->publish, wait);
    }

    ngx_outbound_ws_zone_marks(zone, &now);

    if (ngx_memcmp(&now, &notify->woken, sizeof(now)) == 0) {
        return;
    }

    notify->woken = now;

    ngx_outbound_ws_slot_wake_others();
    ngx_post_event(&notify->look, &ngx_posted_events);
}


static void
ngx_outbound_ws_notify_wake_event(ngx_event_t *rev)
{
    ngx_uint_t                i;
    ngx_connection_t         *c;
    ngx_outbound_ws_zone_t  **zones;

    c = rev->data;

    if (c->close) {
        c->close = 0;
        c->idle = 0;
        ngx_outbound_ws_notify_leave();
        return;
    }

    ngx_outbound_ws_slot_drain();

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        ngx_post_event(&zones[i]->notify->look, &ngx_posted_events);
    }
}


/* This worker shuts down: its links go to another one first. */
static void
ngx_outbound_ws_notify_leave(void)
{
    ngx_uint_t                i;
    ngx_outbound_ws_zone_t  **zones;

    ngx_outbound_ws_slot_leave();
    ngx_outbound_ws_slot_wake_others();

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        ngx_outbound_ws_pbx_leave(zones[i]);
        ngx_outbound_ws_notify_changed(zones[i]);
    }
}


static void
ngx_outbound_ws_notify_tick_event(ngx_event_t *ev)
{
    ngx_uint_t                i, died;
    ngx_outbound_ws_zone_t  **zones;

    if (ngx_outbound_ws_slot_own() == 0) {
        (void) ngx_outbound_ws_notify_slot_init((ngx_cycle_t *) ngx_cycle);
    }

    died = ngx_outbound_ws_slot_reap();

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {

        if (died && ngx_outbound_ws_slot_own()) {
            (void) ngx_outbound_ws_pbx_look(zones[i], 1);
        }

        ngx_outbound_ws_notify_changed(zones[i]);
        ngx_post_event(&zones[i]->notify->look, &ngx_posted_events);
    }

    ngx_add_timer(ev, NGX_OUTBOUND_WS_TICK);
}


static void
ngx_outbound_ws_notify_look_event(ngx_event_t *ev)
{
    ngx_outbound_ws_zone_t  *zone;

    zone = ((ngx_outbound_ws_notify_t *) ev->data)->zone;

    ngx_outbound_ws_feed_update(zone->feed);

    if (ngx_outbound_ws_slot_own()
        && ngx_outbound_ws_pbx_look(zone, 0) == NGX_AGAIN)
    {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static void
ngx_outbound_ws_notify_publish_event(ngx_event_t *ev)
{
    ngx_outbound_ws_notify_t  *notify;

    notify = (ngx_outbound_ws_notify_t *)
               ((u_char *) ev - offsetof(ngx_outbound_ws_notify_t, publish));

    ngx_outbound_ws_notify_changed(notify->zone);
}
