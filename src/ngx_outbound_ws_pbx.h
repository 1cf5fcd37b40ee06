/*
 * ngx_outbound_ws_pbx: runs the links that this worker owns: tokens, callers,
 * the PBX WebSocket and its events.
 *
 * What it learns goes into the zone and nowhere else.
 */

#ifndef _NGX_OUTBOUND_WS_PBX_H_INCLUDED_
#define _NGX_OUTBOUND_WS_PBX_H_INCLUDED_


#include "ngx_outbound_ws.h"


/* In init_process and exit_process, for each zone.  NGX_ERROR: logged. */
ngx_int_t ngx_outbound_ws_pbx_init(ngx_outbound_ws_zone_t *zone,
    ngx_cycle_t *cycle);
void ngx_outbound_ws_pbx_exit(ngx_outbound_ws_zone_t *zone);

/*
 * Compares what this worker runs with what the zone says that its slot owns,
 * and takes over links without a living owner.  Does nothing while the zone's
 * links did not change, unless `force`: a worker may have died.  NGX_AGAIN:
 * there may be more to take over, look again after other events.
 */
ngx_int_t ngx_outbound_ws_pbx_look(ngx_outbound_ws_zone_t *zone,
    ngx_uint_t force);

/* The worker shuts down: gives up its links, for another one to claim. */
void ngx_outbound_ws_pbx_leave(ngx_outbound_ws_zone_t *zone);


#endif /* _NGX_OUTBOUND_WS_PBX_H_INCLUDED_ */
