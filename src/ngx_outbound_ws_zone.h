/*
 * ngx_outbound_ws_zone: the shared zone: every project, every link to a PBX,
 * and what clients are to be told, in one place for all workers.
 *
 * Clients and PBX links never talk to each other; both change the zone, and
 * the zone says what changed.  Each function below is one step under the
 * zone's lock, done wholly or not at all, and leaves waking the others to
 * its caller, who calls zone->changed() when something did.
 */

#ifndef _NGX_OUTBOUND_WS_ZONE_H_INCLUDED_
#define _NGX_OUTBOUND_WS_ZONE_H_INCLUDED_


#include "ngx_outbound_ws.h"
#include "ows_envelope.h"


#define NGX_OUTBOUND_WS_ZONE_MIN_SIZE  (16 * ngx_pagesize)


/* ngx_shm_zone_t's init; data is the zone. */
ngx_int_t ngx_outbound_ws_zone_init(ngx_shm_zone_t *shm_zone, void *data);


/*
 * Commands.  slot: this worker's, which will run a link that is new.  The
 * result is OWS_ERR_NONE or the error for the sender; then nothing changed.
 */
ows_error_e ngx_outbound_ws_zone_start(ngx_outbound_ws_zone_t *zone,
    ows_command_t *cmd, uint64_t slot);
ows_error_e ngx_outbound_ws_zone_stop(ngx_outbound_ws_zone_t *zone,
    ows_command_t *cmd);


/*
 * Publishes what is pending if broadcast_interval has passed since the last
 * publication.  Returns the milliseconds until it will have passed, or 0 when
 * nothing is pending.
 */
ngx_msec_t ngx_outbound_ws_zone_publish(ngx_outbound_ws_zone_t *zone);

/* How far a zone has come; each number only grows. */
typedef struct {
    uint64_t        revision;    /* published last */
    uint64_t        notices;     /* position behind the newest */
    uint64_t        links;       /* owners may have something to do */
} ngx_outbound_ws_marks_t;

/* Takes no lock: what it reads may be old, and is only to be compared. */
void ngx_outbound_ws_zone_marks(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_marks_t *marks);


/*
 * Notices: the `error` and `projectStatusChange` messages for every client,
 * in order; a position among them only grows.  Reads from a position up to
 * another as many as fit into buf: for each a size_t length, then the text.
 * Returns the position behind the last one read.  *lost is set when some
 * behind `from` are gone for good, since they were not read in time; then
 * what is returned is the newest position.
 */
uint64_t ngx_outbound_ws_zone_read_notices(ngx_outbound_ws_zone_t *zone,
    uint64_t from, uint64_t upto, u_char *buf, size_t size, size_t *used,
    ngx_uint_t *lost);

/* No notice is longer, with its length. */
#define NGX_OUTBOUND_WS_NOTICE_MAX  (sizeof(size_t) + OWS_ERROR_MESSAGE_MAX)


/* The published snapshot. */
typedef struct {
    uint64_t        revision;
    uint64_t        after;       /* position behind the notices before it */
    size_t          len;         /* of the text */
    size_t          tail;        /* offset at which the tail begins, which
                                    says what triggered it */
    ows_stats_t     stats;
} ngx_outbound_ws_snapshot_t;

/*
 * Reads the published snapshot if its revision is over *revision.  NGX_OK: s
 * is filled and the text, of s->len bytes, is in buf.  NGX_AGAIN: size is not
 * enough, s->len would be.  NGX_DECLINED: there is no newer one.  *notices is
 * the position behind all notices there are now, in each case.
 */
ngx_int_t ngx_outbound_ws_zone_read_snapshot(ngx_outbound_ws_zone_t *zone,
    uint64_t revision, ngx_outbound_ws_snapshot_t *s, uint64_t *notices,
    u_char *buf, size_t size);

/* The zone's time, milliseconds since 1970: the same for all workers, and
 * never before a time that a message of the zone bears. */
int64_t ngx_outbound_ws_zone_time(ngx_outbound_ws_zone_t *zone);


/*
 * Links.  A worker runs those it owns.  They are known by an id that is never
 * used again, so an answer that comes late finds nothing, or NGX_DECLINED.
 */

typedef struct {
    uint64_t        id;
    uint64_t        check;       /* grows when the credentials are to be
                                    checked with a new token */
    unsigned        owned:1;     /* by this worker */
    unsigned        claimed:1;   /* just now, from one that left or died */
    unsigned        handover:1;  /* its former owner left, and keeps its
                                    WebSocket until the new one is open */
} ngx_outbound_ws_link_info_t;

/*
 * Fills info with links that `slot` owns or has given up, in order of their
 * ids, from the first over `after`; up to `claim` links without a living
 * owner become its own.  Returns how many, at most n; fewer than n: these
 * were the last ones.
 */
ngx_uint_t ngx_outbound_ws_zone_list_links(ngx_outbound_ws_zone_t *zone,
    uint64_t slot, ngx_uint_t claim, uint64_t after,
    ngx_outbound_ws_link_info_t *info, ngx_uint_t n);

/* What a link needs to speak to its PBX; wipe with ..._secrets_wipe(). */
typedef struct {
    u_char          client_id[OWS_ID_MAX];
    u_char          client_secret[OWS_SECRET_MAX];
    size_t          client_id_len;
    size_t          client_secret_len;
    u_char         *token;       /* of ows_mem; NULL: there is none */
    size_t          token_len;
    ngx_msec_t      token_renewal;   /* when to ask for the next one, as
                                        ngx_current_msec counts */
} ngx_outbound_ws_secrets_t;

/* NGX_OK; NGX_DECLINED: not this worker's any more; NGX_ERROR: no memory. */
ngx_int_t ngx_outbound_ws_zone_read_secrets(ngx_outbound_ws_zone_t *zone,
    uint64_t id, uint64_t slot, ngx_outbound_ws_secrets_t *secrets);
void ngx_outbound_ws_secrets_wipe(ngx_outbound_ws_secrets_t *secrets);

/* News of a link from its owner; what isn't set stays as it is. */
typedef struct {
    unsigned        set_token:1;
    unsigned        set_connected:1;
    unsigned        set_callers:1;
    unsigned        connected:1;
    unsigned        denied:1;    /* the PBX refused the credentials */
    ngx_str_t       token;       /* empty: there is none */
    ngx_msec_t      token_renewal;
    ngx_str_t       callers;     /* JSON array */
    ngx_uint_t      agents;
    ows_error_e     error;       /* for each of its projects, to everyone */
    ngx_str_t       reason;      /* the error's sentence */
} ngx_outbound_ws_link_news_t;

/*
 * NGX_OK; NGX_DECLINED: not this worker's any more; NGX_ERROR: the zone is
 * full, nothing changed.
 */
ngx_int_t ngx_outbound_ws_zone_link_news(ngx_outbound_ws_zone_t *zone,
    uint64_t id, uint64_t slot, ngx_outbound_ws_link_news_t *news);

/* The WebSocket of a link that `slot` gave up is gone, and has no heir yet. */
void ngx_outbound_ws_zone_release(ngx_outbound_ws_zone_t *zone, uint64_t id,
    uint64_t slot);

/* Gives up all links of `slot`, for another worker to claim. */
void ngx_outbound_ws_zone_leave(ngx_outbound_ws_zone_t *zone, uint64_t slot);


#endif /* _NGX_OUTBOUND_WS_ZONE_H_INCLUDED_ */
