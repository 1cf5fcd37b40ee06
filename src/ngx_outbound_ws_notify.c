/*
 * ngx_outbound_ws_notify: a change of a zone reaches every client.
 *
 * Each worker keeps for each zone a feed: its clients, and how far they have
 * been told.  A look at the zone brings the feed up to date; it is posted by
 * a change of one's own, by another worker's wake-up, and once a second in
 * case a wake-up was lost.  A frame is made once for all clients of the
 * worker.
 */


#include "ngx_outbound_ws_notify.h"
#include "ngx_outbound_ws_pbx.h"
#include "ngx_outbound_ws_slot.h"
#include "ngx_outbound_ws_zone.h"


#define NGX_OUTBOUND_WS_TICK         1000    /* milliseconds */

/* how old a connecting client's first message may be, milliseconds */
#define NGX_OUTBOUND_WS_WELCOME_AGE  1000

/* notices copied from the zone at a time, bytes */
#define NGX_OUTBOUND_WS_NOTICES_SIZE 65536


/* One zone's part of one worker. */
struct ngx_outbound_ws_feed_s {
    ngx_outbound_ws_zone_t      *zone;
    ngx_queue_t                  clients;
    uint64_t                     position;    /* notices up to here were told;
                                                 this and the next: valid
                                                 while there are clients */
    ngx_outbound_ws_snapshot_t   told;
    ngx_outbound_ws_frame_t     *frame;       /* of told; NULL: no clients */
    u_char                      *text;        /* in it */
    ngx_outbound_ws_frame_t     *welcome;     /* told, for who connects; or
                                                 NULL */
    ngx_msec_t                   welcomed_at; /* when it was made */

    uint64_t                     woken[3];    /* what the others were last
                                                 woken for */
    ngx_event_t                  look;
    ngx_event_t                  publish;     /* when broadcast_interval has
                                                 passed */
};


static void ngx_outbound_ws_notify_changed(ngx_outbound_ws_zone_t *zone);
static ngx_int_t ngx_outbound_ws_notify_slot_init(ngx_cycle_t *cycle);
static ngx_int_t ngx_outbound_ws_notify_feed_init(ngx_cycle_t *cycle,
    ngx_outbound_ws_zone_t *zone);
static void ngx_outbound_ws_notify_wake_event(ngx_event_t *rev);
static void ngx_outbound_ws_notify_leave(void);
static void ngx_outbound_ws_notify_tick_event(ngx_event_t *ev);
static void ngx_outbound_ws_notify_look_event(ngx_event_t *ev);
static void ngx_outbound_ws_notify_publish_event(ngx_event_t *ev);
static void ngx_outbound_ws_feed_update(ngx_outbound_ws_feed_t *feed);
static ngx_int_t ngx_outbound_ws_feed_read(ngx_outbound_ws_feed_t *feed,
    uint64_t *notices);
static void ngx_outbound_ws_feed_tell(ngx_outbound_ws_feed_t *feed,
    uint64_t upto);
static void ngx_outbound_ws_feed_notice(ngx_outbound_ws_feed_t *feed,
    u_char *p, size_t len);
static void ngx_outbound_ws_feed_send(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);
static void ngx_outbound_ws_feed_drop_clients(ngx_outbound_ws_feed_t *feed);
static void ngx_outbound_ws_feed_forget(ngx_outbound_ws_feed_t *feed);
static ngx_outbound_ws_frame_t *ngx_outbound_ws_feed_welcome(
    ngx_outbound_ws_feed_t *feed);


/* ngx_add_timer() and the debug log want a connection in ev->data */
static ngx_connection_t               ngx_outbound_ws_notify_dummy;

static uint64_t                       ngx_outbound_ws_notify_own;   /* slot */
static ngx_connection_t              *ngx_outbound_ws_notify_wakeup;
static ngx_event_t                    ngx_outbound_ws_notify_tick;
static ngx_outbound_ws_main_conf_t   *ngx_outbound_ws_notify_conf;
static ngx_uint_t                     ngx_outbound_ws_notify_leaving;


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
        if (ngx_outbound_ws_notify_feed_init(cycle, zones[i]) != NGX_OK) {
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
    uint64_t           slot;
    ngx_connection_t  *c;

    slot = ngx_outbound_ws_slot_claim(cycle->log);
    if (slot == 0) {
        return NGX_OK;
    }

    c = ngx_get_connection(ngx_outbound_ws_slot_fd(slot), cycle->log);
    if (c == NULL) {
        ngx_outbound_ws_slot_release(slot);
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
        ngx_outbound_ws_slot_release(slot);
        return NGX_ERROR;
    }

    ngx_outbound_ws_notify_own = slot;
    ngx_outbound_ws_notify_wakeup = c;

    return NGX_OK;
}


static ngx_int_t
ngx_outbound_ws_notify_feed_init(ngx_cycle_t *cycle,
    ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_feed_t  *feed;

    feed = ngx_pcalloc(cycle->pool, sizeof(ngx_outbound_ws_feed_t));
    if (feed == NULL) {
        return NGX_ERROR;
    }

    feed->zone = zone;
    ngx_queue_init(&feed->clients);

    feed->look.handler = ngx_outbound_ws_notify_look_event;
    feed->look.data = feed;
    feed->look.log = cycle->log;

    feed->publish.handler = ngx_outbound_ws_notify_publish_event;
    feed->publish.data = &ngx_outbound_ws_notify_dummy;
    feed->publish.log = cycle->log;
    feed->publish.cancelable = 1;

    zone->feed = feed;
    zone->changed = ngx_outbound_ws_notify_changed;

    if (ngx_outbound_ws_pbx_init(zone, cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    /* what a dead worker left, or one of a former generation gives up */
    ngx_post_event(&feed->look, &ngx_posted_events);

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

        ngx_outbound_ws_slot_wake_others(ngx_outbound_ws_notify_own);
        ngx_outbound_ws_slot_release(ngx_outbound_ws_notify_own);
    }
}


uint64_t
ngx_outbound_ws_notify_slot(void)
{
    return ngx_outbound_ws_notify_leaving ? 0 : ngx_outbound_ws_notify_own;
}


/* zone->changed */
static void
ngx_outbound_ws_notify_changed(ngx_outbound_ws_zone_t *zone)
{
    uint64_t                 now[3];
    ngx_msec_t               wait;
    ngx_outbound_ws_feed_t  *feed;

    feed = zone->feed;

    wait = ngx_outbound_ws_zone_publish(zone);

    if (wait && !feed->publish.timer_set) {
        ngx_add_timer(&feed->publish, wait);
    }

    now[0] = ngx_outbound_ws_zone_revision(zone);
    now[1] = ngx_outbound_ws_zone_notices(zone);
    now[2] = ngx_outbound_ws_zone_links(zone);

    if (ngx_memcmp(now, feed->woken, sizeof(now)) == 0) {
        return;
    }

    ngx_memcpy(feed->woken, now, sizeof(now));

    ngx_outbound_ws_slot_wake_others(ngx_outbound_ws_notify_own);
    ngx_post_event(&feed->look, &ngx_posted_events);
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

    ngx_outbound_ws_slot_drain(ngx_outbound_ws_notify_own);

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        ngx_post_event(&zones[i]->feed->look, &ngx_posted_events);
    }
}


/* This worker shuts down: its links go to another one first. */
static void
ngx_outbound_ws_notify_leave(void)
{
    ngx_uint_t                i;
    ngx_outbound_ws_zone_t  **zones;

    ngx_outbound_ws_slot_leave(ngx_outbound_ws_notify_own);
    ngx_outbound_ws_slot_wake_others(ngx_outbound_ws_notify_own);
    ngx_outbound_ws_notify_leaving = 1;

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {
        ngx_outbound_ws_pbx_leave(zones[i], ngx_outbound_ws_notify_own);
        ngx_outbound_ws_notify_changed(zones[i]);
    }
}


static void
ngx_outbound_ws_notify_tick_event(ngx_event_t *ev)
{
    ngx_uint_t                i, died;
    ngx_outbound_ws_zone_t  **zones;

    if (ngx_outbound_ws_notify_own == 0) {
        (void) ngx_outbound_ws_notify_slot_init((ngx_cycle_t *) ngx_cycle);
    }

    died = ngx_outbound_ws_slot_reap();

    zones = ngx_outbound_ws_notify_conf->zones.elts;

    for (i = 0; i < ngx_outbound_ws_notify_conf->zones.nelts; i++) {

        if (died && ngx_outbound_ws_notify_own) {
            (void) ngx_outbound_ws_pbx_look(zones[i],
                                            ngx_outbound_ws_notify_own, 1);
        }

        ngx_outbound_ws_notify_changed(zones[i]);
        ngx_post_event(&zones[i]->feed->look, &ngx_posted_events);
    }

    ngx_add_timer(ev, NGX_OUTBOUND_WS_TICK);
}


static void
ngx_outbound_ws_notify_look_event(ngx_event_t *ev)
{
    ngx_outbound_ws_feed_t  *feed;

    feed = ev->data;

    ngx_outbound_ws_feed_update(feed);

    if (ngx_outbound_ws_notify_own
        && ngx_outbound_ws_pbx_look(feed->zone, ngx_outbound_ws_notify_own, 0)
           == NGX_AGAIN)
    {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static void
ngx_outbound_ws_notify_publish_event(ngx_event_t *ev)
{
    ngx_outbound_ws_feed_t  *feed;

    feed = (ngx_outbound_ws_feed_t *)
               ((u_char *) ev - offsetof(ngx_outbound_ws_feed_t, publish));

    ngx_outbound_ws_notify_changed(feed->zone);
}


ngx_int_t
ngx_outbound_ws_notify_join(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_conn_t *conn, ngx_queue_t *q)
{
    uint64_t                  notices;
    ngx_outbound_ws_feed_t   *feed;
    ngx_outbound_ws_frame_t  *frame;

    feed = zone->feed;

    if (ngx_outbound_ws_notify_own == 0) {
        /* nobody would wake us for it */
        return NGX_ERROR;
    }

    if (ngx_queue_empty(&feed->clients)) {

        if (ngx_outbound_ws_feed_read(feed, &notices) == NGX_ERROR) {
            return NGX_ERROR;
        }

        feed->position = feed->told.after;
    }

    frame = ngx_outbound_ws_feed_welcome(feed);
    if (frame == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&feed->clients, q);

    ngx_outbound_ws_conn_send(conn, frame, 1);

    ngx_post_event(&feed->look, &ngx_posted_events);

    return NGX_OK;
}


/* What the feed forgets with its last client is read anew for the next. */
void
ngx_outbound_ws_notify_part(ngx_queue_t *q)
{
    ngx_queue_remove(q);
}


/* Tells the clients, in order, what is new since they were told last. */
static void
ngx_outbound_ws_feed_update(ngx_outbound_ws_feed_t *feed)
{
    uint64_t   notices;
    ngx_int_t  rc;

    if (ngx_queue_empty(&feed->clients)) {
        ngx_outbound_ws_feed_forget(feed);
        return;
    }

    if (ngx_outbound_ws_zone_revision(feed->zone) == feed->told.revision
        && ngx_outbound_ws_zone_notices(feed->zone) == feed->position)
    {
        return;
    }

    rc = ngx_outbound_ws_feed_read(feed, &notices);

    if (rc == NGX_ERROR) {
        /* no memory; the tick tries again */
        return;
    }

    if (rc == NGX_OK) {
        ngx_outbound_ws_feed_tell(feed, feed->told.after);
        ngx_outbound_ws_feed_send(feed, feed->frame, 1);
    }

    ngx_outbound_ws_feed_tell(feed, notices);
}


/*
 * NGX_OK: feed->frame is a newer snapshot than before; NGX_DECLINED: there is
 * none; NGX_ERROR: no memory.  notices: how far the notices go.
 */
static ngx_int_t
ngx_outbound_ws_feed_read(ngx_outbound_ws_feed_t *feed, uint64_t *notices)
{
    size_t                       size;
    u_char                      *text;
    ngx_int_t                    rc;
    ngx_outbound_ws_frame_t     *frame;
    ngx_outbound_ws_snapshot_t   s;

    rc = ngx_outbound_ws_zone_read_snapshot(feed->zone, feed->told.revision,
                                            &s, notices, NULL, 0);

    while (rc == NGX_AGAIN) {
        size = s.len;

        frame = ngx_outbound_ws_frame_create(size, &text);
        if (frame == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_outbound_ws_zone_read_snapshot(feed->zone,
                                                feed->told.revision, &s,
                                                notices, text, size);
        if (rc == NGX_OK && s.len == size) {
            ngx_outbound_ws_feed_forget(feed);

            feed->told = s;
            feed->frame = frame;
            feed->text = text;

            return NGX_OK;
        }

        /* another one was published meanwhile, of another length */

        ngx_outbound_ws_frame_release(frame);
        rc = NGX_AGAIN;
    }

    return rc;
}


static void
ngx_outbound_ws_feed_tell(ngx_outbound_ws_feed_t *feed, uint64_t upto)
{
    size_t         used, len;
    u_char        *p, *last;
    ngx_uint_t     lost;

    static u_char  buf[NGX_OUTBOUND_WS_NOTICES_SIZE];

    while (feed->position < upto) {

        feed->position = ngx_outbound_ws_zone_read_notices(feed->zone,
                                          feed->position, upto, buf,
                                          sizeof(buf), &used, &lost);
        if (lost) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "outbound_ws_zone \"%V\": this worker was too slow "
                          "and missed messages, its clients must reconnect",
                          &feed->zone->name);

            ngx_outbound_ws_feed_drop_clients(feed);
            return;
        }

        last = buf + used;

        for (p = buf; p < last; p += len) {
            ngx_memcpy(&len, p, sizeof(size_t));
            p += sizeof(size_t);

            ngx_outbound_ws_feed_notice(feed, p, len);
        }
    }
}


static void
ngx_outbound_ws_feed_notice(ngx_outbound_ws_feed_t *feed, u_char *p,
    size_t len)
{
    u_char                   *payload;
    ngx_outbound_ws_frame_t  *frame;

    frame = ngx_outbound_ws_frame_create(len, &payload);
    if (frame == NULL) {
        /* rather than keep it from them */
        ngx_outbound_ws_feed_drop_clients(feed);
        return;
    }

    ngx_memcpy(payload, p, len);

    ngx_outbound_ws_feed_send(feed, frame, 0);
    ngx_outbound_ws_frame_release(frame);
}


static void
ngx_outbound_ws_feed_send(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    ngx_queue_t  *q;

    for (q = ngx_queue_head(&feed->clients);
         q != ngx_queue_sentinel(&feed->clients);
         q = ngx_queue_next(q))
    {
        ngx_outbound_ws_conn_send(ngx_outbound_ws_conn_of(q), frame,
                                  snapshot);
    }
}


static void
ngx_outbound_ws_feed_drop_clients(ngx_outbound_ws_feed_t *feed)
{
    ngx_queue_t  *q;

    for (q = ngx_queue_head(&feed->clients);
         q != ngx_queue_sentinel(&feed->clients);
         q = ngx_queue_next(q))
    {
        ngx_outbound_ws_conn_close(ngx_outbound_ws_conn_of(q),
                                   NGX_OUTBOUND_WS_CLOSE_TRY_LATER);
    }
}


static void
ngx_outbound_ws_feed_forget(ngx_outbound_ws_feed_t *feed)
{
    if (feed->welcome) {
        ngx_outbound_ws_frame_release(feed->welcome);
        feed->welcome = NULL;
    }

    if (feed->frame) {
        ngx_outbound_ws_frame_release(feed->frame);
        feed->frame = NULL;
    }

    feed->told.revision = 0;
}


/*
 * What the clients were told last, triggered by "system" and of now; shared
 * by all who connect within a second.  Borrowed; NULL: no memory.
 */
static ngx_outbound_ws_frame_t *
ngx_outbound_ws_feed_welcome(ngx_outbound_ws_feed_t *feed)
{
    size_t                    len;
    u_char                    tail[OWS_UPDATE_TAIL_MAX], *p;
    ngx_outbound_ws_frame_t  *frame;

    static ows_str_t          system = { 0, NULL };

    if (feed->welcome
        && ngx_current_msec - feed->welcomed_at < NGX_OUTBOUND_WS_WELCOME_AGE)
    {
        return feed->welcome;
    }

    len = ows_envelope_update_tail(tail, &feed->told.stats,
                                   ngx_outbound_ws_zone_time(feed->zone),
                                   &system)
          - tail;

    frame = ngx_outbound_ws_frame_create(feed->told.tail + len, &p);
    if (frame == NULL) {
        return NULL;
    }

    p = ngx_cpymem(p, feed->text, feed->told.tail);
    ngx_memcpy(p, tail, len);

    if (feed->welcome) {
        ngx_outbound_ws_frame_release(feed->welcome);
    }

    feed->welcome = frame;
    feed->welcomed_at = ngx_current_msec;

    return frame;
}
