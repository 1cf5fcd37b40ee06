/*
 * ngx_outbound_ws_zone: the life of a zone, from the first start over every
 * reload.
 *
 * The zone files are the only ones that take the lock and know the layout:
 *
 *   zone           this one
 *   zone_command   start and stop, from clients
 *   zone_news      what the owners of links report
 *   zone_project   the records, and how they hang together
 *   zone_link
 *   zone_publish   what clients are told
 *   zone_text      long texts
 *   zone_build     a new zone, and the repair of one
 *   zone_lock      the lock
 */


#include "ngx_outbound_ws_zone_layout.h"

#include <sys/mman.h>


static ngx_int_t ngx_outbound_ws_zone_take_over(ngx_shm_zone_t *shm_zone,
    ngx_outbound_ws_zone_t *zone);


ngx_int_t
ngx_outbound_ws_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_outbound_ws_zone_t  *zone;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    zone->repair = ngx_outbound_ws_zone_repair_locked;

    /* secrets are in it: no core dump has it */

#ifdef MADV_DONTDUMP
    if (madvise(shm_zone->shm.addr, shm_zone->shm.size, MADV_DONTDUMP) == -1) {
        ngx_log_error(NGX_LOG_WARN, shm_zone->shm.log, ngx_errno,
                      "outbound_ws_zone \"%V\": madvise(MADV_DONTDUMP) failed",
                      &zone->name);
    }
#endif

    if (data || shm_zone->shm.exists) {
        return ngx_outbound_ws_zone_take_over(shm_zone, zone);
    }

    return ngx_outbound_ws_zone_create_locked(zone);
}


/* A reload: the segment goes on as it is. */
static ngx_int_t
ngx_outbound_ws_zone_take_over(ngx_shm_zone_t *shm_zone,
    ngx_outbound_ws_zone_t *zone)
{
    ngx_outbound_ws_shared_t  *sh;

    sh = ngx_outbound_ws_zone_shared(zone);

    if (sh == NULL
        || sh->magic != NGX_OUTBOUND_WS_ZONE_MAGIC
        || sh->version != NGX_OUTBOUND_WS_ZONE_VERSION
        || sh->size != zone->size)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "outbound_ws_zone \"%V\" holds data of another version "
                      "of the module; restart nginx", &zone->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}
