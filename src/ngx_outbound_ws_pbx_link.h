/*
 * ngx_outbound_ws_pbx_link: one link to the PBX, as its owner runs it.
 *
 * For the ngx_outbound_ws_pbx files only:
 *
 *   _pbx           which links this worker runs
 *   _pbx_link      a link's life: token, WebSocket, back-off
 *   _pbx_callers   its callers: the list, events, what is read again
 *   _pbx_token     a request for a token
 */

#ifndef _NGX_OUTBOUND_WS_PBX_LINK_H_INCLUDED_
#define _NGX_OUTBOUND_WS_PBX_LINK_H_INCLUDED_


#include "ngx_outbound_ws_pbx.h"
#include "ngx_outbound_ws_pbx_callers.h"
#include "ngx_outbound_ws_socket.h"
#include "ngx_outbound_ws_zone.h"

#include "ows_backoff.h"
#include "ows_project.h"


typedef struct ngx_outbound_ws_pbx_link_s  ngx_outbound_ws_pbx_link_t;


/* What one worker has of one zone's links. */
struct ngx_outbound_ws_pbx_s {
    ngx_outbound_ws_zone_t       *zone;
    ngx_outbound_ws_curl_t       *curl;
    ngx_log_t                    *log;
    uint64_t                      slot;       /* this worker's */
    uint64_t                      revision;   /* of the zone's links when
                                                 they were looked at */
    ngx_uint_t                    round;      /* of looking */
    ngx_queue_t                   links;
    ngx_rbtree_t                  tree;       /* of them, by id */
    ngx_rbtree_node_t             sentinel;
};


/* One of the two WebSockets that a link may have while it is renewed. */
typedef struct {
    ngx_outbound_ws_pbx_link_t   *link;
    ngx_outbound_ws_socket_t     *socket;     /* owned; NULL: unused */
} ngx_outbound_ws_pbx_end_t;


/* From the heap; freed when the zone says that it is another's or gone. */
struct ngx_outbound_ws_pbx_link_s {
    ngx_rbtree_node_t             node;       /* its key is the link's id */
    ngx_queue_t                   queue;
    ngx_outbound_ws_pbx_t        *pbx;
    ngx_uint_t                    round;      /* of looking, when last seen */
    uint64_t                      check;      /* the last one that was met */

    ows_link_state_e              state;
    ows_backoff_t                 backoff;
    ngx_msec_t                    granted;    /* when the token came; 0: to
                                                 the owner before */
    ngx_msec_t                    renewal;    /* when it is due */

    ngx_outbound_ws_curl_request_t  *token;   /* under way, or NULL */
    ngx_outbound_ws_pbx_end_t     ends[2];
    ngx_outbound_ws_pbx_end_t    *current;    /* that counts, or NULL */
    ngx_outbound_ws_pbx_end_t    *opening;    /* its successor, or NULL */

    ows_error_e                   error;      /* why the attempt failed */
    u_char                        reason[256];
    size_t                        reason_len;

    ngx_outbound_ws_pbx_callers_t  *callers;  /* owned */
    ngx_msec_t                    reported;   /* when they were, last */

    ngx_connection_t              ident;      /* what nginx logs of a timer */
    ngx_event_t                   retry;      /* the back-off is over */
    ngx_event_t                   renew;      /* the token is due */
    ngx_event_t                   grace;      /* a WebSocket lost while its
                                                 successor was being opened
                                                 shows now; or a link given
                                                 up was not taken */
    ngx_event_t                   report;     /* to the zone */

    unsigned                      fresh:1;    /* the token was granted in this
                                                 attempt */
    unsigned                      told:1;     /* the error of this streak */
    unsigned                      refused_told:1; /* and a refusal, which may
                                                 come later in it */
    unsigned                      full_told:1;    /* storageFull, likewise */
    unsigned                      given_up:1; /* waits for its next owner */
};


/* NULL: no memory.  Begins by itself. */
ngx_outbound_ws_pbx_link_t *ngx_outbound_ws_pbx_link_create(
    ngx_outbound_ws_pbx_t *pbx, ngx_outbound_ws_link_info_t *info);

/* Frees it, after the event STOP. */
void ngx_outbound_ws_pbx_link_destroy(ngx_outbound_ws_pbx_link_t *link);

/* startOutbound wants the credentials checked with a new token. */
void ngx_outbound_ws_pbx_link_check(ngx_outbound_ws_pbx_link_t *link);

/* Everything but the WebSocket ends; that one stays until it has an heir. */
void ngx_outbound_ws_pbx_link_give_up(ngx_outbound_ws_pbx_link_t *link);

/* Something happened; the link may go on, but is never freed by this. */
void ngx_outbound_ws_pbx_link_step(ngx_outbound_ws_pbx_link_t *link,
    ows_link_event_e event);

#define ngx_outbound_ws_pbx_link_of(ev, timer)                                \
    (ngx_outbound_ws_pbx_link_t *)                                            \
        ((u_char *) (ev) - offsetof(ngx_outbound_ws_pbx_link_t, timer))


#endif /* _NGX_OUTBOUND_WS_PBX_LINK_H_INCLUDED_ */
