/*
 * ngx_outbound_ws_zone_conf: the outbound_ws_zone block of nginx.conf.
 */

#ifndef _NGX_OUTBOUND_WS_ZONE_CONF_H_INCLUDED_
#define _NGX_OUTBOUND_WS_ZONE_CONF_H_INCLUDED_


#include "ngx_outbound_ws.h"


/* the context inside the block, as NGX_HTTP_SRV_CONF is one of nginx's */
#define NGX_OUTBOUND_WS_ZONE_CONF  0x00100000


/* The block itself; the setters below are for what is in it, and their conf
 * is the ngx_outbound_ws_zone_t. */
char *ngx_outbound_ws_zone_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

char *ngx_outbound_ws_pbx(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_outbound_ws_pbx_ssl_trusted_certificate(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_outbound_ws_pbx_caller_types(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_outbound_ws_pbx_retry(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * The zone of that name; made when it is named for the first time, which may
 * be before its block.  NULL: no memory.
 */
ngx_outbound_ws_zone_t *ngx_outbound_ws_zone_get(ngx_conf_t *cf,
    ngx_str_t *name);


#endif /* _NGX_OUTBOUND_WS_ZONE_CONF_H_INCLUDED_ */
