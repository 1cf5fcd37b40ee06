/*
 * ngx_outbound_ws_feed: one zone's clients on one worker, and how far they
 * have been told.
 *
 * An update reads from the zone what is new: the notices before the published
 * snapshot, the snapshot, the notices after it; and sends them in this order.
 * Without members nothing is read.
 */


#include "ngx_outbound_ws_feed.h"
#include "ngx_outbound_ws_zone.h"

#include "ows_frame.h"


/* how old a connecting client's first message may be, milliseconds */
#define NGX_OUTBOUND_WS_WELCOME_AGE  1000

/* notices copied from the zone at a time, bytes */
#define NGX_OUTBOUND_WS_NOTICES_SIZE 65536


struct ngx_outbound_ws_feed_s {
    ngx_outbound_ws_zone_t      *zone;
    ngx_queue_t                  members;
    uint64_t                     position;    /* notices up to here were told;
                                                 this and the next: valid
                                                 while there are members */
    ngx_outbound_ws_snapshot_t   told;
    ngx_outbound_ws_frame_t     *frame;       /* of told; NULL: no members */
    u_char                      *text;        /* in it */
    ngx_outbound_ws_frame_t     *welcome;     /* told, for who connects; or
                                                 NULL */
    ngx_msec_t                   welcomed_at; /* when it was made */
};


static ngx_int_t ngx_outbound_ws_feed_read(ngx_outbound_ws_feed_t *feed,
    uint64_t *notices);
static uint64_t ngx_outbound_ws_feed_tell(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member, uint64_t from, uint64_t upto);
static void ngx_outbound_ws_feed_notice(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member, u_char *p, size_t len);
static void ngx_outbound_ws_feed_send(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);
static void ngx_outbound_ws_feed_drop(ngx_outbound_ws_feed_t *feed);
static ngx_outbound_ws_frame_t *ngx_outbound_ws_feed_welcome(
    ngx_outbound_ws_feed_t *feed);


ngx_outbound_ws_feed_t *
ngx_outbound_ws_feed_create(ngx_pool_t *pool, ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_feed_t  *feed;

    feed = ngx_pcalloc(pool, sizeof(ngx_outbound_ws_feed_t));
    if (feed == NULL) {
        return NULL;
    }

    feed->zone = zone;
    ngx_queue_init(&feed->members);

    return feed;
}


void
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


ngx_int_t
ngx_outbound_ws_feed_join(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member)
{
    size_t                    used;
    uint64_t                  notices;
    ngx_uint_t                lost;
    ngx_outbound_ws_frame_t  *frame;

    if (ngx_queue_empty(&feed->members)) {

        if (ngx_outbound_ws_feed_read(feed, &notices) == NGX_ERROR) {
            return NGX_ERROR;
        }

        /* what was told before there was anyone may be gone by now */

        feed->position = ngx_outbound_ws_zone_read_notices(feed->zone,
                                       feed->told.after, feed->told.after,
                                       NULL, 0, &used, &lost);
    }

    frame = ngx_outbound_ws_feed_welcome(feed);
    if (frame == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&feed->members, &member->queue);

    member->send(member, frame, 1);

    /* what the others were told since, and no snapshot says yet */

    (void) ngx_outbound_ws_feed_tell(feed, member, feed->told.after,
                                     feed->position);
    ngx_outbound_ws_feed_update(feed);

    return NGX_OK;
}


/* What the feed keeps is forgotten at the next update without members. */
void
ngx_outbound_ws_feed_part(ngx_outbound_ws_member_t *member)
{
    ngx_queue_remove(&member->queue);
}


void
ngx_outbound_ws_feed_update(ngx_outbound_ws_feed_t *feed)
{
    uint64_t                 notices;
    ngx_int_t                rc;
    ngx_outbound_ws_marks_t  now;

    if (ngx_queue_empty(&feed->members)) {
        ngx_outbound_ws_feed_forget(feed);
        return;
    }

    ngx_outbound_ws_zone_marks(feed->zone, &now);

    if (now.revision == feed->told.revision && now.notices == feed->position) {
        return;
    }

    rc = ngx_outbound_ws_feed_read(feed, &notices);

    if (rc == NGX_ERROR) {
        /* no memory; the tick tries again */
        return;
    }

    if (rc == NGX_OK) {
        feed->position = ngx_outbound_ws_feed_tell(feed, NULL,
                                                   feed->position,
                                                   feed->told.after);
        ngx_outbound_ws_feed_send(feed, feed->frame, 1);
    }

    feed->position = ngx_outbound_ws_feed_tell(feed, NULL, feed->position,
                                               notices);
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

        frame = ngx_outbound_ws_frame_create(OWS_OP_TEXT, size, &text);
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


/*
 * Notices from a position to another, for one member or (NULL) for all.
 * Returns how far they were told.
 */
static uint64_t
ngx_outbound_ws_feed_tell(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member, uint64_t from, uint64_t upto)
{
    size_t         used, len;
    u_char        *p, *last;
    ngx_uint_t     lost;

    static u_char  buf[NGX_OUTBOUND_WS_NOTICES_SIZE];

    while (from < upto) {

        from = ngx_outbound_ws_zone_read_notices(feed->zone, from, upto, buf,
                                                 sizeof(buf), &used, &lost);
        if (lost && member) {
            /* it was not there */
            break;
        }

        if (lost) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "outbound_ws_zone \"%V\": this worker was too slow "
                          "and missed messages, its clients must reconnect",
                          &feed->zone->name);

            ngx_outbound_ws_feed_drop(feed);
            break;
        }

        last = buf + used;

        for (p = buf; p < last; p += len) {
            ngx_memcpy(&len, p, sizeof(size_t));
            p += sizeof(size_t);

            ngx_outbound_ws_feed_notice(feed, member, p, len);
        }
    }

    return from;
}


static void
ngx_outbound_ws_feed_notice(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member, u_char *p, size_t len)
{
    u_char                   *payload;
    ngx_outbound_ws_frame_t  *frame;

    frame = ngx_outbound_ws_frame_create(OWS_OP_TEXT, len, &payload);
    if (frame == NULL) {
        /* rather than keep it from them */
        ngx_outbound_ws_feed_drop(feed);
        return;
    }

    ngx_memcpy(payload, p, len);

    if (member) {
        member->send(member, frame, 0);

    } else {
        ngx_outbound_ws_feed_send(feed, frame, 0);
    }

    ngx_outbound_ws_frame_release(frame);
}


static void
ngx_outbound_ws_feed_send(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    ngx_queue_t               *q;
    ngx_outbound_ws_member_t  *member;

    for (q = ngx_queue_head(&feed->members);
         q != ngx_queue_sentinel(&feed->members);
         q = ngx_queue_next(q))
    {
        member = ngx_queue_data(q, ngx_outbound_ws_member_t, queue);

        member->send(member, frame, snapshot);
    }
}


static void
ngx_outbound_ws_feed_drop(ngx_outbound_ws_feed_t *feed)
{
    ngx_queue_t               *q;
    ngx_outbound_ws_member_t  *member;

    for (q = ngx_queue_head(&feed->members);
         q != ngx_queue_sentinel(&feed->members);
         q = ngx_queue_next(q))
    {
        member = ngx_queue_data(q, ngx_outbound_ws_member_t, queue);

        member->drop(member);
    }
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

    frame = ngx_outbound_ws_frame_create(OWS_OP_TEXT, feed->told.tail + len,
                                         &p);
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
