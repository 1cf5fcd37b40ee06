/*
 * ngx_outbound_ws_notify: a worker's part in a change of a zone.
 *
 * Whoever changed a zone calls zone->changed(); that publishes, wakes the
 * other workers, and each of them looks at the zone, tells its own clients
 * what is new, and gives its links their work.  A wake-up may be lost: once a
 * second every worker looks anyway.
 */

#ifndef _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_
#define _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_


#include "ngx_outbound_ws.h"


/* In init_process and exit_process of a worker.  NGX_ERROR: logged. */
ngx_int_t ngx_outbound_ws_notify_init(ngx_cycle_t *cycle);
void ngx_outbound_ws_notify_exit(ngx_cycle_t *cycle);


#endif /* _NGX_OUTBOUND_WS_NOTIFY_H_INCLUDED_ */
