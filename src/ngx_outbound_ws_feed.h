/*
 * ngx_outbound_ws_feed: one zone's clients on one worker, and how far they
 * have been told.
 *
 * A frame is made once for all of them.  Who they are and how they are sent
 * to is for ngx_outbound_ws_conn, above.
 */

#ifndef _NGX_OUTBOUND_WS_FEED_H_INCLUDED_
#define _NGX_OUTBOUND_WS_FEED_H_INCLUDED_


#include "ngx_outbound_ws.h"
#include "ngx_outbound_ws_out.h"


typedef struct ngx_outbound_ws_member_s  ngx_outbound_ws_member_t;

/*
 * A client's place among them; kept by the client.  Neither handler may leave
 * the feed: it is walking over all members.
 */
struct ngx_outbound_ws_member_s {
    ngx_queue_t     queue;

    /* takes a reference of its own */
    void          (*send)(ngx_outbound_ws_member_t *member,
                          ngx_outbound_ws_frame_t *frame,
                          ngx_uint_t snapshot);

    /* something was kept from it: it must connect anew */
    void          (*drop)(ngx_outbound_ws_member_t *member);
};


/* NULL: no memory. */
ngx_outbound_ws_feed_t *ngx_outbound_ws_feed_create(ngx_pool_t *pool,
    ngx_outbound_ws_zone_t *zone);

/* Frees what is kept for members. */
void ngx_outbound_ws_feed_forget(ngx_outbound_ws_feed_t *feed);

/*
 * The member is sent the state of the zone at once, and all that follows
 * until it parts.  NGX_ERROR: no memory; it did not join.
 */
ngx_int_t ngx_outbound_ws_feed_join(ngx_outbound_ws_feed_t *feed,
    ngx_outbound_ws_member_t *member);
void ngx_outbound_ws_feed_part(ngx_outbound_ws_member_t *member);

/* Tells the members, in order, what is new since they were told last. */
void ngx_outbound_ws_feed_update(ngx_outbound_ws_feed_t *feed);


#endif /* _NGX_OUTBOUND_WS_FEED_H_INCLUDED_ */
