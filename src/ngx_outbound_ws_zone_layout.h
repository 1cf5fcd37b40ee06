/*
 * The layout of the zone in shared memory; for ngx_outbound_ws_zone*.c only.
 *
 *   shared ---- tree, list ----> project ----> link
 *     |   \---- list of links ----------------> link
 *     |   \---- notices: a ring of texts
 *     `-------- text: a chain of pages, the published snapshot
 *
 * Rules.  The slab mutex is the only lock, for nginx's master frees it when a
 * worker dies holding it.  `dirty` is set while it is held: whoever finds it
 * set after taking the lock repairs first.  For that, the list of projects,
 * each project's id, fragment, action and links, and each link's credentials
 * are whole at any instruction: a record is complete before it is linked and
 * unlinked before it is freed, and what changes in it does so by one store.
 * Pointers are valid in every process, for all map the segment at one
 * address; nothing else of a process is stored.
 */

#ifndef _NGX_OUTBOUND_WS_ZONE_LAYOUT_H_INCLUDED_
#define _NGX_OUTBOUND_WS_ZONE_LAYOUT_H_INCLUDED_


#include "ngx_outbound_ws_zone.h"


/* read anew each time, for a repair may move it */
#define ngx_outbound_ws_zone_shared(zone)                                     \
    ((ngx_outbound_ws_shared_t *) (zone)->shpool->data)

#define NGX_OUTBOUND_WS_ZONE_MAGIC    0x3130767357626f00ull
#define NGX_OUTBOUND_WS_ZONE_VERSION  1


/* A text in the zone: a chain of pages at most, so it never fragments. */
typedef struct ngx_outbound_ws_chunk_s  ngx_outbound_ws_chunk_t;

struct ngx_outbound_ws_chunk_s {
    ngx_outbound_ws_chunk_t  *next;
    size_t                    size;      /* room in data */
    u_char                    data[1];
};

typedef struct {
    ngx_outbound_ws_chunk_t  *chunks;
    size_t                    size;      /* room in all of them */
    size_t                    len;       /* used */
} ngx_outbound_ws_text_t;

/* A place in a text, for writing it in order. */
typedef struct {
    ngx_outbound_ws_chunk_t  *chunk;
    size_t                    offset;
    size_t                    len;       /* written so far */
} ngx_outbound_ws_pen_t;


/* One PBX client, with the one token and the one WebSocket it may have. */
typedef struct {
    ngx_rbtree_node_t        node;       /* its key is the link's id */
    ngx_queue_t              queue;      /* of all links, by id */
    uint64_t                 owner;      /* a worker slot, 0: nobody */
    uint64_t                 former;     /* that gave it up and still holds
                                            its WebSocket, 0: nobody */
    uint64_t                 check;
    ngx_queue_t              projects;   /* that show it */
    ngx_queue_t              waiting;    /* that will, when it is there;
                                            without either it is freed */
    ngx_uint_t               n;          /* of projects that show it */
    u_char                  *token;      /* slab; wiped when freed */
    size_t                   token_len;
    ngx_msec_t               token_renewal;
    uint32_t                 token_pbx;  /* which PBX granted it */
    ngx_outbound_ws_text_t   callers;    /* JSON array */
    ngx_uint_t               agents;
    unsigned                 listed;     /* booleans: callers is known */
    unsigned                 connected;
    size_t                   client_id_len;
    size_t                   client_secret_len;
    size_t                   escaped_len;
    u_char                   data[1];    /* client_id, client_secret, and
                                            client_id in its escaped form */
} ngx_outbound_ws_link_t;

#define ngx_outbound_ws_link_complete(link)                                   \
    ((link)->token && (link)->connected && (link)->listed)
#define ngx_outbound_ws_link_secret(link)                                     \
    ((link)->data + (link)->client_id_len)
#define ngx_outbound_ws_link_escaped(link)                                    \
    ((link)->data + (link)->client_id_len + (link)->client_secret_len)


/* See ows_envelope.h; with its length, to be exchanged by one store. */
typedef struct {
    size_t                   len;
    u_char                   data[1];
} ngx_outbound_ws_fragment_t;


typedef struct {
    ngx_str_node_t           node;       /* by projectId, escaped */
    ngx_queue_t              queue;      /* of all projects, by creation */
    ngx_queue_t              shown;      /* in link->projects */
    ngx_queue_t              waits;      /* in next->waiting */
    ngx_outbound_ws_link_t  *link;       /* what clients are shown */
    ngx_outbound_ws_link_t  *next;       /* new credentials being checked,
                                            or NULL */
    ows_action_e             action;
    unsigned                 empty_told; /* boolean: callersNotFound said */
    u_char                   created[OWS_JSON_TIME_LEN];
    u_char                   updated[OWS_JSON_TIME_LEN];
    ngx_outbound_ws_fragment_t  *fragment;    /* slab */
    u_char                   id[1];
} ngx_outbound_ws_project_t;


typedef struct {
    uint64_t                 magic;
    ngx_uint_t               version;
    size_t                   size;       /* of the segment */
    unsigned                 dirty;      /* somebody holds the lock, or died
                                            when he did */

    ngx_rbtree_t             tree;
    ngx_rbtree_node_t        sentinel;
    ngx_queue_t              projects;
    ngx_queue_t              links;
    ngx_rbtree_t             link_tree;
    ngx_rbtree_node_t        link_sentinel;
    uint64_t                 last_link;  /* id */
    uint64_t                 links_revision;  /* grows when owners may have
                                                 something to do */
    ngx_uint_t               total;      /* projects */
    size_t                   entries;    /* bytes all entries of a snapshot
                                            may take */

    int64_t                  time;       /* the latest a message bears */
    ngx_outbound_ws_text_t   text;       /* published; has room for the next */
    ngx_outbound_ws_snapshot_t  published;
    ngx_msec_t               published_at;
    unsigned                 pending;    /* changes since */
    size_t                   trigger_len;     /* 0: "system" */
    u_char                   trigger[OWS_ID_ESCAPED_MAX];

    /*
     * Notices: a size_t length and the text, one behind the other.  Head and
     * tail count all bytes there ever were; a byte's place is its count
     * modulo ring_size.
     */
    u_char                  *ring;
    size_t                   ring_size;
    uint64_t                 ring_head;  /* where the oldest notice begins */
    uint64_t                 ring_tail;  /* where the next one will begin */
} ngx_outbound_ws_shared_t;


/* A start's parts in the forms that the zone keeps. */
typedef struct {
    ngx_str_t                id;         /* of the project, escaped */
    u_char                   id_data[OWS_ID_ESCAPED_MAX];
    size_t                   fragment_len;
    u_char                   fragment[OWS_FRAGMENT_MAX];
} ngx_outbound_ws_start_t;


/* _zone_lock: every section under the lock is between the first two */

ngx_outbound_ws_shared_t *ngx_outbound_ws_zone_lock(
    ngx_outbound_ws_zone_t *zone);
void ngx_outbound_ws_zone_unlock(ngx_outbound_ws_zone_t *zone);
int64_t ngx_outbound_ws_zone_time_locked(ngx_outbound_ws_shared_t *sh);
void ngx_outbound_ws_list_append(ngx_queue_t *list, ngx_queue_t *q);


/* _zone_text: a pen writes where room was reserved before */

ngx_int_t ngx_outbound_ws_text_reserve_locked(ngx_slab_pool_t *shpool,
    ngx_outbound_ws_text_t *text, size_t size);
void ngx_outbound_ws_text_trim_locked(ngx_slab_pool_t *shpool,
    ngx_outbound_ws_text_t *text, size_t size);
void ngx_outbound_ws_pen_init(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_text_t *text);
void ngx_outbound_ws_pen_write(ngx_outbound_ws_pen_t *pen, const u_char *p,
    size_t len);
void ngx_outbound_ws_pen_write_text(ngx_outbound_ws_pen_t *pen,
    ngx_outbound_ws_text_t *text);
void ngx_outbound_ws_text_copy(ngx_outbound_ws_text_t *text, u_char *p);


/* _zone_publish */

ngx_int_t ngx_outbound_ws_zone_reserve_locked(ngx_outbound_ws_zone_t *zone,
    size_t more);
size_t ngx_outbound_ws_zone_entry_size(ngx_outbound_ws_project_t *project,
    ngx_outbound_ws_link_t *link);
void ngx_outbound_ws_zone_changed_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_project_t *project, int64_t now);
void ngx_outbound_ws_zone_publish_locked(ngx_outbound_ws_zone_t *zone);
void ngx_outbound_ws_zone_notice_locked(ngx_outbound_ws_shared_t *sh,
    u_char *p, size_t len);


/* _zone_link */

ngx_outbound_ws_link_t *ngx_outbound_ws_zone_find_link_locked(
    ngx_outbound_ws_shared_t *sh, ows_str_t *client_id, ows_str_t *secret);
/* NULL: the zone is full */
ngx_outbound_ws_link_t *ngx_outbound_ws_zone_add_link_locked(
    ngx_outbound_ws_zone_t *zone, ows_str_t *client_id, ows_str_t *secret,
    uint64_t slot);
/* frees it, unless a project uses it */
void ngx_outbound_ws_zone_drop_link_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link);
/* NULL: there is none, or it isn't the slot's */
ngx_outbound_ws_link_t *ngx_outbound_ws_zone_own_link_locked(
    ngx_outbound_ws_shared_t *sh, uint64_t id, uint64_t slot);
/* its projects changed */
void ngx_outbound_ws_zone_touch_locked(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, int64_t now);
void ngx_outbound_ws_link_set_token(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, u_char *token, size_t len);
void ngx_outbound_ws_link_set_callers(ngx_outbound_ws_shared_t *sh,
    ngx_outbound_ws_link_t *link, ngx_str_t *callers);
ngx_uint_t ngx_outbound_ws_link_same_client(ngx_outbound_ws_link_t *a,
    ngx_outbound_ws_link_t *b);


/* _zone_project */

ngx_outbound_ws_project_t *ngx_outbound_ws_zone_find_locked(
    ngx_outbound_ws_shared_t *sh, ngx_str_t *id);
ngx_outbound_ws_fragment_t *ngx_outbound_ws_fragment_create(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_start_t *start);
/* a new project in `init`; NULL: the zone is full */
ngx_outbound_ws_project_t *ngx_outbound_ws_zone_insert_locked(
    ngx_outbound_ws_zone_t *zone, ngx_outbound_ws_start_t *start,
    ngx_outbound_ws_link_t *link);
/* it shows the link, waits for the link (NULL: for none) */
void ngx_outbound_ws_zone_show_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_link_t *link);
void ngx_outbound_ws_zone_await_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, ngx_outbound_ws_link_t *link);
void ngx_outbound_ws_zone_remove_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_project_t *project, int64_t now);


/* _zone_news */

/* the link's projects go on as far as what it has allows */
void ngx_outbound_ws_zone_settle_locked(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_link_t *link, int64_t now);


/* _zone_build */

/* an empty zone in a new slab pool; NGX_ERROR: it is too small */
ngx_int_t ngx_outbound_ws_zone_create_locked(ngx_outbound_ws_zone_t *zone);
void ngx_outbound_ws_zone_repair_locked(ngx_outbound_ws_zone_t *zone);


#endif /* _NGX_OUTBOUND_WS_ZONE_LAYOUT_H_INCLUDED_ */
