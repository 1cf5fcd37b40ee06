/*
 * ngx_outbound_ws_conn: one client, from the 101 to the end of its
 * connection.
 *
 * Owns the connection's handlers and timers.  A single timer on the read
 * event serves pings, the time-out, leaving and closing, and is never moved
 * when bytes come: it finds out when it fires.  Nothing but the handlers at
 * the top ends the connection; whatever is below them sets `over`.
 */


#include "ngx_outbound_ws_conn.h"
#include "ngx_outbound_ws_command.h"
#include "ngx_outbound_ws_feed.h"
#include "ngx_outbound_ws_slot.h"

#include "ows_mem.h"
#include "ows_message.h"


/* close codes, RFC 6455, section 7.4.1 and its registry */
#define NGX_OUTBOUND_WS_CLOSE_GOING_AWAY   1001
#define NGX_OUTBOUND_WS_CLOSE_UNSUPPORTED  1003
#define NGX_OUTBOUND_WS_CLOSE_NO_CODE      1005     /* never on the wire */
#define NGX_OUTBOUND_WS_CLOSE_POLICY       1008
#define NGX_OUTBOUND_WS_CLOSE_INTERNAL     1011
#define NGX_OUTBOUND_WS_CLOSE_TRY_LATER    1013

/* bytes read from one client before others have their turn */
#define NGX_OUTBOUND_WS_READ_SIZE   16384
#define NGX_OUTBOUND_WS_READ_TURNS  4

/* refused messages over those taken, until a client that is too fast goes */
#define NGX_OUTBOUND_WS_REFUSED_MAX  100

/* how long the peer may take to answer a Close, milliseconds */
#define NGX_OUTBOUND_WS_CLOSE_WAIT  3000


typedef enum {
    NGX_OUTBOUND_WS_OPEN = 0,
    NGX_OUTBOUND_WS_LEAVING,     /* open, and closed when its time comes */
    NGX_OUTBOUND_WS_CLOSING,     /* a Close was sent, an answer is awaited */
    NGX_OUTBOUND_WS_ENDING       /* nothing is read any more; the connection
                                    ends when all is sent */
} ngx_outbound_ws_conn_state_e;


/* One client of one worker; from the heap, freed with its request's pool. */
struct ngx_outbound_ws_conn_s {
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_outbound_ws_loc_conf_t   *conf;
    ngx_outbound_ws_member_t      member;     /* of the zone's feed */

    ngx_event_handler_pt          read_handler;     /* nginx's, for the end */
    ngx_event_handler_pt          write_handler;

    ows_message_t                 in;
    ows_rate_t                    rate;  /* of commands */
    ngx_uint_t                    refused;    /* less those taken since */
    ngx_msec_t                    heard; /* when bytes came last */

    ngx_outbound_ws_out_t         out;

    ngx_outbound_ws_conn_stats_t  stats;
    ngx_outbound_ws_conn_state_e  state;
    unsigned                      upgraded:1; /* the 101 is on its way */
    unsigned                      preread:1;  /* header_in was looked at */
    unsigned                      pinged:1;   /* since it was heard last */
    unsigned                      joined:1;
    unsigned                      over:1;     /* to be ended */
    unsigned                      lost:1;     /* over, and nobody is there */
};


static void ngx_outbound_ws_conn_cleanup(void *data);
static void ngx_outbound_ws_conn_join(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_read_event(ngx_event_t *rev);
static void ngx_outbound_ws_conn_write_event(ngx_event_t *wev);
static void ngx_outbound_ws_conn_read(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_preread(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_input(ngx_outbound_ws_conn_t *conn,
    u_char *p, size_t len);
static void ngx_outbound_ws_conn_event(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event);
static void ngx_outbound_ws_conn_message(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event);
static ngx_int_t ngx_outbound_ws_conn_echo(ows_message_event_t *event,
    ngx_outbound_ws_frame_t **answer);
static ngx_int_t ngx_outbound_ws_conn_command(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event, ngx_outbound_ws_frame_t **answer);
static void ngx_outbound_ws_conn_close(ngx_outbound_ws_conn_t *conn,
    ngx_uint_t code);
static void ngx_outbound_ws_conn_control(ngx_outbound_ws_conn_t *conn,
    ngx_uint_t opcode, u_char *p, size_t len);
static void ngx_outbound_ws_conn_end(ngx_outbound_ws_conn_t *conn,
    ngx_uint_t code, ngx_outbound_ws_conn_state_e state);
static void ngx_outbound_ws_conn_timer(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_ping(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_leave(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_lost(ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_member_send(ngx_outbound_ws_member_t *member,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);
static void ngx_outbound_ws_conn_member_drop(ngx_outbound_ws_member_t *member);
static void ngx_outbound_ws_conn_send(ngx_outbound_ws_conn_t *conn,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);
static ngx_uint_t ngx_outbound_ws_conn_room(ngx_outbound_ws_conn_t *conn,
    size_t len);
static void ngx_outbound_ws_conn_queue(ngx_outbound_ws_conn_t *conn,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot);
static void ngx_outbound_ws_conn_flush(ngx_outbound_ws_conn_t *conn);
static ngx_int_t ngx_outbound_ws_conn_flush_upgrade(
    ngx_outbound_ws_conn_t *conn);
static void ngx_outbound_ws_conn_finish(ngx_outbound_ws_conn_t *conn);


ngx_int_t
ngx_outbound_ws_conn_create(ngx_http_request_t *r,
    ngx_outbound_ws_conn_t **conn)
{
    ngx_pool_cleanup_t      *cln;
    ngx_outbound_ws_conn_t  *new;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    new = ngx_calloc(sizeof(ngx_outbound_ws_conn_t), r->connection->log);
    if (new == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_outbound_ws_conn_cleanup;
    cln->data = new;

    new->c = r->connection;
    new->r = r;
    new->conf = ngx_http_get_module_loc_conf(r, ngx_outbound_ws_module);

    ngx_outbound_ws_out_init(&new->out);
    ows_rate_init(&new->rate);
    ows_message_init(&new->in, OWS_ROLE_SERVER, new->conf->max_message_size,
                     &ows_mem);

    ngx_http_set_ctx(r, new, ngx_outbound_ws_module);

    *conn = new;

    return NGX_OK;
}


static void
ngx_outbound_ws_conn_cleanup(void *data)
{
    ngx_outbound_ws_conn_t  *conn = data;

    if (conn->joined) {
        ngx_outbound_ws_feed_part(&conn->member);
    }

    ngx_outbound_ws_out_drop(&conn->out, 1);
    ows_message_destroy(&conn->in);

    ngx_free(conn);
}


void
ngx_outbound_ws_conn_start(ngx_outbound_ws_conn_t *conn)
{
    ngx_connection_t  *c;

    c = conn->c;

    c->log->action = "serving a websocket client";

    conn->read_handler = c->read->handler;
    conn->write_handler = c->write->handler;

    c->read->handler = ngx_outbound_ws_conn_read_event;
    c->write->handler = ngx_outbound_ws_conn_write_event;

    /* idle: a worker that shuts down tells us, by c->close */
    c->idle = 1;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    /* never cancelable: a worker waits for its clients by their timers */
    conn->heard = ngx_current_msec;
    ngx_add_timer(c->read, ngx_min(conn->conf->ping_interval,
                                   conn->conf->timeout));

    if (conn->conf->zone) {
        ngx_outbound_ws_conn_join(conn);
    }

    if (ngx_exiting) {
        /* clients were told to leave before this one was there */
        ngx_outbound_ws_conn_leave(conn);
    }

    /* what came with the request, or a 101 that waits, makes no new event */

    ngx_post_event(c->read, &ngx_posted_events);
    ngx_post_event(c->write, &ngx_posted_events);
}


static void
ngx_outbound_ws_conn_join(ngx_outbound_ws_conn_t *conn)
{
    conn->member.send = ngx_outbound_ws_conn_member_send;
    conn->member.drop = ngx_outbound_ws_conn_member_drop;

    /* without a slot nobody would wake this worker for the client */

    if (ngx_outbound_ws_slot_own()
        && ngx_outbound_ws_feed_join(conn->conf->zone->feed, &conn->member)
           == NGX_OK)
    {
        conn->joined = 1;
        return;
    }

    ngx_outbound_ws_conn_close(conn, NGX_OUTBOUND_WS_CLOSE_INTERNAL);
}


static void
ngx_outbound_ws_conn_read_event(ngx_event_t *rev)
{
    ngx_connection_t        *c;
    ngx_outbound_ws_conn_t  *conn;

    c = rev->data;
    conn = ngx_http_get_module_ctx((ngx_http_request_t *) c->data,
                                   ngx_outbound_ws_module);

    if (c->close) {
        c->close = 0;

        if (c->error) {
            /* worker_shutdown_timeout */
            ngx_outbound_ws_conn_lost(conn);

        } else {
            ngx_outbound_ws_conn_leave(conn);
        }
    }

    if (rev->timedout) {
        rev->timedout = 0;
        ngx_outbound_ws_conn_timer(conn);
    }

    if (!conn->over) {
        ngx_outbound_ws_conn_read(conn);
    }

    if (conn->over) {
        ngx_outbound_ws_conn_finish(conn);
    }
}


static void
ngx_outbound_ws_conn_write_event(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_outbound_ws_conn_t  *conn;

    c = wev->data;
    conn = ngx_http_get_module_ctx((ngx_http_request_t *) c->data,
                                   ngx_outbound_ws_module);

    if (wev->timedout) {
        wev->timedout = 0;

        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client took nothing for too long");
        ngx_outbound_ws_conn_lost(conn);
    }

    if (!conn->over) {
        ngx_outbound_ws_conn_flush(conn);
    }

    if (conn->over) {
        ngx_outbound_ws_conn_finish(conn);
    }
}


static void
ngx_outbound_ws_conn_read(ngx_outbound_ws_conn_t *conn)
{
    ssize_t            n;
    ngx_uint_t         turns;
    ngx_event_t       *rev;
    ngx_connection_t  *c;

    /* one for all clients of the worker: nothing stays in it */
    static u_char      buf[NGX_OUTBOUND_WS_READ_SIZE];

    c = conn->c;
    rev = c->read;

    ngx_outbound_ws_conn_preread(conn);

    for (turns = NGX_OUTBOUND_WS_READ_TURNS; turns && !conn->over; turns--) {

        n = c->recv(c, buf, NGX_OUTBOUND_WS_READ_SIZE);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0,
                           "outbound_ws client is gone: %z", n);
            ngx_outbound_ws_conn_lost(conn);
            break;
        }

        ngx_outbound_ws_conn_input(conn, buf, n);
    }

    /* a command may hold a secret */
    ngx_explicit_memzero(buf, NGX_OUTBOUND_WS_READ_SIZE);

    if (conn->over) {
        return;
    }

    if (turns == 0) {
        ngx_post_event(rev, &ngx_posted_next_events);
        return;
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_outbound_ws_conn_lost(conn);
    }
}


/* Frames that came in one piece with the request. */
static void
ngx_outbound_ws_conn_preread(ngx_outbound_ws_conn_t *conn)
{
    ngx_buf_t  *b;

    if (conn->preread) {
        return;
    }

    conn->preread = 1;

    b = conn->r->header_in;

    ngx_outbound_ws_conn_input(conn, b->pos, b->last - b->pos);

    /* a command may hold a secret */
    ngx_explicit_memzero(b->pos, b->last - b->pos);

    b->pos = b->last;
}


static void
ngx_outbound_ws_conn_input(ngx_outbound_ws_conn_t *conn, u_char *p,
    size_t len)
{
    int      rc;
    u_char  *last;

    if (len == 0) {
        return;
    }

    last = p + len;

    conn->heard = ngx_current_msec;
    conn->pinged = 0;
    conn->stats.bytes_received += len;

    while (conn->state != NGX_OUTBOUND_WS_ENDING && !conn->over) {

        rc = ows_message_read(&conn->in, &p, last);

        if (rc == OWS_AGAIN) {
            return;
        }

        if (rc == OWS_OK) {
            ngx_outbound_ws_conn_event(conn, &conn->in.event);
            continue;
        }

        if (rc == OWS_ERROR) {
            ngx_log_error(NGX_LOG_INFO, conn->c->log, 0,
                          "client broke the WebSocket protocol: %s",
                          conn->in.error->text);

            ngx_outbound_ws_conn_end(conn, conn->in.error->code,
                                     NGX_OUTBOUND_WS_ENDING);
            return;
        }

        ngx_log_error(NGX_LOG_ERR, conn->c->log, 0,
                      "no memory for a client's message");

        ngx_outbound_ws_conn_end(conn, NGX_OUTBOUND_WS_CLOSE_INTERNAL,
                                 NGX_OUTBOUND_WS_ENDING);
        return;
    }
}


static void
ngx_outbound_ws_conn_event(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event)
{
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, conn->c->log, 0,
                   "outbound_ws frame from client: opcode %ui, %uz bytes",
                   (ngx_uint_t) event->opcode, event->len);

    switch (event->opcode) {

    case OWS_OP_TEXT:
    case OWS_OP_BINARY:
        conn->stats.messages_received++;
        ngx_outbound_ws_conn_message(conn, event);
        break;

    case OWS_OP_PING:
        ngx_outbound_ws_conn_control(conn, OWS_OP_PONG, event->data,
                                     event->len);
        break;

    case OWS_OP_CLOSE:

        if (conn->state == NGX_OUTBOUND_WS_CLOSING) {
            conn->over = 1;
            break;
        }

        ngx_outbound_ws_conn_end(conn, ows_message_close_reply(event),
                                 NGX_OUTBOUND_WS_ENDING);
        break;

    default: /* OWS_OP_PONG: that it came is all it says */
        break;
    }
}


static void
ngx_outbound_ws_conn_message(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event)
{
    ngx_int_t                 rc;
    ngx_outbound_ws_frame_t  *answer;

    if (conn->state == NGX_OUTBOUND_WS_CLOSING) {
        return;
    }

    if (conn->conf->echo) {
        rc = ngx_outbound_ws_conn_echo(event, &answer);

    } else if (event->opcode == OWS_OP_BINARY) {
        ngx_outbound_ws_conn_end(conn, NGX_OUTBOUND_WS_CLOSE_UNSUPPORTED,
                                 NGX_OUTBOUND_WS_ENDING);
        return;

    } else {
        rc = ngx_outbound_ws_conn_command(conn, event, &answer);
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, conn->c->log, 0,
                      "no memory for a client's message");

        ngx_outbound_ws_conn_end(conn, NGX_OUTBOUND_WS_CLOSE_INTERNAL,
                                 NGX_OUTBOUND_WS_ENDING);
        return;
    }

    if (answer) {
        ngx_outbound_ws_conn_send(conn, answer, 0);
        ngx_outbound_ws_frame_release(answer);
    }
}


static ngx_int_t
ngx_outbound_ws_conn_echo(ows_message_event_t *event,
    ngx_outbound_ws_frame_t **answer)
{
    u_char  *payload;

    *answer = ngx_outbound_ws_frame_create(event->opcode, event->len,
                                           &payload);
    if (*answer == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(payload, event->data, event->len);

    return NGX_OK;
}


/* NGX_OK, and perhaps an answer; NGX_ERROR: no memory. */
static ngx_int_t
ngx_outbound_ws_conn_command(ngx_outbound_ws_conn_t *conn,
    ows_message_event_t *event, ngx_outbound_ws_frame_t **answer)
{
    if (ows_rate_take(&conn->rate, conn->conf->command_rate, ngx_current_msec))
    {
        conn->refused -= (conn->refused != 0);

        return ngx_outbound_ws_command(conn->conf, event->data, event->len,
                                       answer);
    }

    if (++conn->refused > NGX_OUTBOUND_WS_REFUSED_MAX) {
        ngx_log_error(NGX_LOG_INFO, conn->c->log, 0,
                      "client sends commands too fast, again and again");

        ngx_outbound_ws_conn_end(conn, NGX_OUTBOUND_WS_CLOSE_POLICY,
                                 NGX_OUTBOUND_WS_ENDING);
        *answer = NULL;
        return NGX_OK;
    }

    *answer = ngx_outbound_ws_command_refuse(conn->conf, OWS_ERR_RATE_LIMITED);

    return *answer ? NGX_OK : NGX_ERROR;
}


static void
ngx_outbound_ws_conn_control(ngx_outbound_ws_conn_t *conn, ngx_uint_t opcode,
    u_char *p, size_t len)
{
    ngx_outbound_ws_frame_t  *frame;

    if (opcode != OWS_OP_CLOSE
        && !ngx_outbound_ws_conn_room(conn, OWS_CONTROL_FRAME_MAX))
    {
        return;
    }

    frame = ngx_outbound_ws_frame_control(opcode, p, len);
    if (frame == NULL) {
        ngx_outbound_ws_conn_lost(conn);
        return;
    }

    ngx_outbound_ws_conn_queue(conn, frame, 0);
    ngx_outbound_ws_frame_release(frame);
}


/* Begins the closing handshake; what waits is dropped. */
static void
ngx_outbound_ws_conn_close(ngx_outbound_ws_conn_t *conn, ngx_uint_t code)
{
    if (conn->state < NGX_OUTBOUND_WS_CLOSING && !conn->over) {
        ngx_outbound_ws_conn_end(conn, code, NGX_OUTBOUND_WS_CLOSING);
    }
}


/*
 * Sends the last frame, a Close; 0: one without a code.  CLOSING waits for
 * the answer, ENDING needs none.
 */
static void
ngx_outbound_ws_conn_end(ngx_outbound_ws_conn_t *conn, ngx_uint_t code,
    ngx_outbound_ws_conn_state_e state)
{
    size_t      len;
    u_char      payload[2];
    ngx_uint_t  first;

    first = (conn->state < NGX_OUTBOUND_WS_CLOSING);

    ngx_outbound_ws_out_drop(&conn->out, 0);

    conn->state = state;
    conn->c->idle = 0;

    if (conn->c->read->timer_set) {
        ngx_del_timer(conn->c->read);
    }

    ngx_add_timer(conn->c->read, NGX_OUTBOUND_WS_CLOSE_WAIT);

    if (first) {
        len = 0;

        if (code) {
            payload[0] = (u_char) (code >> 8);
            payload[1] = (u_char) code;
            len = 2;
        }

        conn->stats.close_code = code ? code
                                      : NGX_OUTBOUND_WS_CLOSE_NO_CODE;

        ngx_outbound_ws_conn_control(conn, OWS_OP_CLOSE, payload, len);
    }

    if (state == NGX_OUTBOUND_WS_ENDING && ngx_queue_empty(&conn->out.items)) {
        conn->over = 1;
    }
}


static void
ngx_outbound_ws_conn_timer(ngx_outbound_ws_conn_t *conn)
{
    switch (conn->state) {

    case NGX_OUTBOUND_WS_OPEN:
        ngx_outbound_ws_conn_ping(conn);
        break;

    case NGX_OUTBOUND_WS_LEAVING:
        ngx_outbound_ws_conn_close(conn, NGX_OUTBOUND_WS_CLOSE_GOING_AWAY);
        break;

    default: /* CLOSING, ENDING: it had its time */
        ngx_outbound_ws_conn_lost(conn);
        break;
    }
}


static void
ngx_outbound_ws_conn_ping(ngx_outbound_ws_conn_t *conn)
{
    ngx_msec_t                   silent, next;
    ngx_outbound_ws_loc_conf_t  *conf;

    conf = conn->conf;
    silent = ngx_current_msec - conn->heard;

    if (silent >= conf->timeout) {
        ngx_log_error(NGX_LOG_INFO, conn->c->log, NGX_ETIMEDOUT,
                      "client was silent for too long");
        ngx_outbound_ws_conn_lost(conn);
        return;
    }

    if (silent >= conf->ping_interval && !conn->pinged) {
        conn->pinged = 1;
        ngx_outbound_ws_conn_control(conn, OWS_OP_PING, NULL, 0);
    }

    next = conf->timeout - silent;

    if (!conn->pinged) {
        next = ngx_min(next, conf->ping_interval - silent);
    }

    ngx_add_timer(conn->c->read, next);
}


/* The worker shuts down: close when this client's turn has come. */
static void
ngx_outbound_ws_conn_leave(ngx_outbound_ws_conn_t *conn)
{
    if (conn->state != NGX_OUTBOUND_WS_OPEN) {
        return;
    }

    conn->state = NGX_OUTBOUND_WS_LEAVING;
    conn->c->idle = 0;

    if (conn->c->read->timer_set) {
        ngx_del_timer(conn->c->read);
    }

    ngx_add_timer(conn->c->read,
                  (ngx_msec_t) ngx_random()
                  % (conn->conf->shutdown_delay + 1));
}


/* To be ended at once, by an event if not by the caller's caller. */
static void
ngx_outbound_ws_conn_lost(ngx_outbound_ws_conn_t *conn)
{
    conn->over = 1;
    conn->lost = 1;

    ngx_post_event(conn->c->read, &ngx_posted_events);
}


static void
ngx_outbound_ws_conn_member_send(ngx_outbound_ws_member_t *member,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    ngx_outbound_ws_conn_send(ngx_queue_data(member, ngx_outbound_ws_conn_t,
                                             member),
                              frame, snapshot);
}


static void
ngx_outbound_ws_conn_member_drop(ngx_outbound_ws_member_t *member)
{
    ngx_outbound_ws_conn_close(ngx_queue_data(member, ngx_outbound_ws_conn_t,
                                              member),
                               NGX_OUTBOUND_WS_CLOSE_TRY_LATER);
}


/*
 * Sends a frame, or queues it.  Never ends the connection from within the
 * call, for the feed may be walking over all clients; one that fails or has
 * too much to wait for ends by an event of its own.
 */
static void
ngx_outbound_ws_conn_send(ngx_outbound_ws_conn_t *conn,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    if (conn->state >= NGX_OUTBOUND_WS_CLOSING || conn->over) {
        return;
    }

    if (!snapshot && !ngx_outbound_ws_conn_room(conn, frame->len)) {
        return;
    }

    ngx_outbound_ws_conn_queue(conn, frame, snapshot);
}


/* A client for whom too much waits already is dropped. */
static ngx_uint_t
ngx_outbound_ws_conn_room(ngx_outbound_ws_conn_t *conn, size_t len)
{
    size_t  max;

    max = conn->conf->queue_size;

    if (conn->out.queued <= max && len <= max - conn->out.queued) {
        return 1;
    }

    ngx_log_error(NGX_LOG_INFO, conn->c->log, 0,
                  "client is too slow: %uz bytes wait for it",
                  conn->out.queued);

    ngx_outbound_ws_conn_close(conn, NGX_OUTBOUND_WS_CLOSE_TRY_LATER);

    return 0;
}


static void
ngx_outbound_ws_conn_queue(ngx_outbound_ws_conn_t *conn,
    ngx_outbound_ws_frame_t *frame, ngx_uint_t snapshot)
{
    ngx_uint_t  idle;

    idle = ngx_queue_empty(&conn->out.items) && conn->upgraded;

    if (ngx_outbound_ws_out_add(&conn->out, frame, snapshot) != NGX_OK) {
        ngx_outbound_ws_conn_lost(conn);
        return;
    }

    if (idle) {
        ngx_outbound_ws_conn_flush(conn);
    }
}


static void
ngx_outbound_ws_conn_flush(ngx_outbound_ws_conn_t *conn)
{
    ngx_int_t          rc;
    ngx_uint_t         some;
    ngx_event_t       *wev;
    ngx_connection_t  *c;

    c = conn->c;
    wev = c->write;
    some = 0;

    rc = ngx_outbound_ws_conn_flush_upgrade(conn);

    if (rc == NGX_OK) {
        rc = ngx_outbound_ws_out_flush(&conn->out, c, &some);
        conn->stats.messages_sent = conn->out.messages;
        conn->stats.bytes_sent = conn->out.sent;
    }

    if (wev->timer_set && (some || rc == NGX_OK)) {
        ngx_del_timer(wev);
    }

    if (rc == NGX_ERROR) {
        ngx_outbound_ws_conn_lost(conn);
        return;
    }

    if (rc == NGX_AGAIN) {

        if (!wev->timer_set) {
            ngx_add_timer(wev, conn->conf->send_timeout);
        }

        if (ngx_handle_write_event(wev, 0) != NGX_OK) {
            ngx_outbound_ws_conn_lost(conn);
        }

        return;
    }

    if (conn->state == NGX_OUTBOUND_WS_ENDING) {
        conn->over = 1;
        ngx_post_event(c->read, &ngx_posted_events);
    }
}


/* The 101 goes out through nginx's filters, before all else. */
static ngx_int_t
ngx_outbound_ws_conn_flush_upgrade(ngx_outbound_ws_conn_t *conn)
{
    if (conn->upgraded) {
        return NGX_OK;
    }

    if ((conn->r->out || conn->c->buffered)
        && ngx_http_output_filter(conn->r, NULL) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    if (conn->r->out || conn->c->buffered) {
        return NGX_AGAIN;
    }

    conn->upgraded = 1;

    return NGX_OK;
}


/* The end: nginx has the connection back, and logs and closes it. */
static void
ngx_outbound_ws_conn_finish(ngx_outbound_ws_conn_t *conn)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = conn->c;
    r = conn->r;

    if (conn->joined) {
        conn->joined = 0;
        ngx_outbound_ws_feed_part(&conn->member);
    }

    ngx_outbound_ws_out_drop(&conn->out, 1);

    c->idle = 0;
    c->read->handler = conn->read_handler;
    c->write->handler = conn->write_handler;

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    rc = conn->lost ? NGX_ERROR : NGX_OK;

    /* a Close must not be lost to a reset by unread bytes */
    r->lingering_close = 1;

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


ngx_outbound_ws_conn_stats_t *
ngx_outbound_ws_conn_stats(ngx_http_request_t *r)
{
    ngx_outbound_ws_conn_t  *conn;

    conn = ngx_http_get_module_ctx(r->main, ngx_outbound_ws_module);

    return conn ? &conn->stats : NULL;
}
