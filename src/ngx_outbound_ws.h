/*
 * ngx_outbound_ws: the types that the glue files share: the configuration of
 * a zone and of a location, as every process holds them.
 */

#ifndef _NGX_OUTBOUND_WS_H_INCLUDED_
#define _NGX_OUTBOUND_WS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ows.h"
#include "ows_rate.h"
#include "ngx_outbound_ws_curl.h"


typedef struct ngx_outbound_ws_zone_s    ngx_outbound_ws_zone_t;
typedef struct ngx_outbound_ws_feed_s    ngx_outbound_ws_feed_t;
typedef struct ngx_outbound_ws_pbx_s     ngx_outbound_ws_pbx_t;
typedef struct ngx_outbound_ws_notify_s  ngx_outbound_ws_notify_t;
typedef struct ngx_outbound_ws_conn_s    ngx_outbound_ws_conn_t;


/* How a zone reaches its PBX; the pbx_ directives. */
typedef struct {
    ngx_outbound_ws_curl_conf_t  server;
    ngx_str_t                    host;        /* for the Host header */
    uint32_t                     id;          /* tells one PBX from another */
    unsigned                     ssl:1;
    ngx_array_t                 *caller_types;   /* of ows_str_t */
    ngx_msec_t                   ping_interval;
    ngx_msec_t                   retry_min;
    ngx_msec_t                   retry_max;
} ngx_outbound_ws_pbx_conf_t;


/* One outbound_ws_zone block; lives in the cycle's pool. */
struct ngx_outbound_ws_zone_s {
    ngx_str_t                    name;
    u_char                      *file;        /* where it is first named */
    ngx_uint_t                   line;
    size_t                       size;
    ngx_outbound_ws_pbx_conf_t   pbx;
    ngx_msec_t                   broadcast_interval;
    ngx_uint_t                   max_projects;

    ngx_shm_zone_t              *shm_zone;
    ngx_slab_pool_t             *shpool;      /* its data is for the zone
                                                 files only */
    void                       (*repair)(ngx_outbound_ws_zone_t *zone);
    unsigned                     repaired:1;  /* in the section under the lock
                                                 that this process is in */

    /* this worker's own */

    ngx_outbound_ws_feed_t      *feed;
    ngx_outbound_ws_pbx_t       *links;
    ngx_outbound_ws_notify_t    *notify;

    /* to be called by whoever changed the zone, outside of its lock */

    void                       (*changed)(ngx_outbound_ws_zone_t *zone);
};


typedef struct {
    ngx_array_t                  zones;       /* of ngx_outbound_ws_zone_t * */
} ngx_outbound_ws_main_conf_t;


typedef struct {
    ngx_outbound_ws_zone_t      *zone;        /* NULL: not an outbound_ws */
    ngx_array_t                 *origins;     /* of ows_origin_t */
    ngx_flag_t                   commands;
    ngx_flag_t                   echo;        /* instead of a zone */
    ows_rate_limit_t            *command_rate;
    size_t                       max_message_size;
    size_t                       queue_size;
    ngx_msec_t                   ping_interval;
    ngx_msec_t                   timeout;
    ngx_msec_t                   send_timeout;
    ngx_msec_t                   shutdown_delay;
} ngx_outbound_ws_loc_conf_t;


extern ngx_module_t  ngx_outbound_ws_module;


/* The same bytes, as the core and as nginx know them. */
#define ngx_outbound_ws_core_str(s)   (ows_str_t) { (s)->len, (s)->data }
#define ngx_outbound_ws_ngx_str(s)                                            \
    (ngx_str_t) { (s)->len, (u_char *) (s)->data }


#endif /* _NGX_OUTBOUND_WS_H_INCLUDED_ */
