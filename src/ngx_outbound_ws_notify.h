/*
 * ngx_outbound_ws_notify: a change of a zone reaches every client.
 *
 * Whoever changed a zone calls zone->changed(); that publishes, wakes the
 * other workers, and each of them looks at the zone and gives its own clients
 * the notices and the newest snapshot, in order, and its links their work.  A wake-up may be lost: once a
 * second every worker looks anyway.
 */

#ifndef _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_
#define _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_


#include "ngx_outbound_ws.h"
#include "ngx_outbound_ws_conn.h"


/* In init_process and exit_process of a worker.  NGX_ERROR: logged. */
ngx_int_t ngx_outbound_ws_notify_init(ngx_cycle_t *cycle);
void ngx_outbound_ws_notify_exit(ngx_cycle_t *cycle);

/* The slot for links that this worker begins; 0: it takes none. */
uint64_t ngx_outbound_ws_notify_slot(void);

/*
 * A client joins: it gets the state of the zone at once, and all that follows
 * until it parts.  q is its place in the zone's feed, kept by the client.
 * NGX_ERROR: no memory; the client did not join.
 */
ngx_int_t ngx_outbound_ws_notify_join(ngx_outbound_ws_zone_t *zone,
    ngx_outbound_ws_conn_t *conn, ngx_queue_t *q);
void ngx_outbound_ws_notify_part(ngx_queue_t *q);


#endif /* _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_ */
