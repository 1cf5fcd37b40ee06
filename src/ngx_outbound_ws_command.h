/*
 * ngx_outbound_ws_command: what a client's message does to its zone.
 */

#ifndef _NGX_OUTBOUND_WS_COMMAND_H_INCLUDED_
#define _NGX_OUTBOUND_WS_COMMAND_H_INCLUDED_


#include "ngx_outbound_ws.h"
#include "ngx_outbound_ws_out.h"

#include "ows_envelope.h"


/*
 * Carries out one text message.  *answer: an error for its sender alone, with
 * one reference, or NULL.  NGX_ERROR: no memory; nothing was changed.
 */
ngx_int_t ngx_outbound_ws_command(ngx_outbound_ws_loc_conf_t *olcf,
    u_char *p, size_t len, ngx_outbound_ws_frame_t **answer);

/* An answer to a message that is not to be looked at.  NULL: no memory. */
ngx_outbound_ws_frame_t *ngx_outbound_ws_command_refuse(
    ngx_outbound_ws_loc_conf_t *olcf, ows_error_e error);


#endif /* _NGX_OUTBOUND_WS_COMMAND_H_INCLUDED_ */
