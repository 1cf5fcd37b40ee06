/*
 * ngx_outbound_ws_zone_conf: the outbound_ws_zone block of nginx.conf.
 *
 * Every mistake is refused with a sentence that names the value and the
 * reason; nginx adds file and line.
 */


#include "ngx_outbound_ws_zone_conf.h"
#include "ngx_outbound_ws_zone.h"


static char *ngx_outbound_ws_zone_size(ngx_conf_t *cf,
    ngx_outbound_ws_zone_t *zone, ngx_str_t *size);
static char *ngx_outbound_ws_zone_parse(ngx_conf_t *cf,
    ngx_outbound_ws_zone_t *zone);
static char *ngx_outbound_ws_zone_defaults(ngx_conf_t *cf,
    ngx_outbound_ws_zone_t *zone);


static ngx_str_t  ngx_outbound_ws_caller_types[] = {
    ngx_string("Wextension"),
    ngx_string("Wqueue"),
    ngx_string("Wroutepoint"),
    ngx_null_string
};


char *
ngx_outbound_ws_zone_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                    *rv;
    ngx_str_t               *value;
    ngx_outbound_ws_zone_t  *zone;

    value = cf->args->elts;

    zone = ngx_outbound_ws_zone_get(cf, &value[1]);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (zone->shm_zone) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "outbound_ws_zone \"%V\" is duplicate",
                           &zone->name);
        return NGX_CONF_ERROR;
    }

    rv = ngx_outbound_ws_zone_size(cf, zone, &value[2]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    zone->shm_zone = ngx_shared_memory_add(cf, &zone->name, zone->size,
                                           &ngx_outbound_ws_module);
    if (zone->shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->shm_zone->init = ngx_outbound_ws_zone_init;
    zone->shm_zone->data = zone;

    rv = ngx_outbound_ws_zone_parse(cf, zone);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_outbound_ws_zone_defaults(cf, zone);
}


/* The zone of that name; made when it is named for the first time. */
ngx_outbound_ws_zone_t *
ngx_outbound_ws_zone_get(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_outbound_ws_zone_t      **zones, *zone;
    ngx_outbound_ws_main_conf_t  *omcf;

    omcf = ngx_http_conf_get_module_main_conf(cf, ngx_outbound_ws_module);

    zones = omcf->zones.elts;

    for (i = 0; i < omcf->zones.nelts; i++) {
        if (zones[i]->name.len == name->len
            && ngx_strncmp(zones[i]->name.data, name->data, name->len) == 0)
        {
            return zones[i];
        }
    }

    zones = ngx_array_push(&omcf->zones);
    if (zones == NULL) {
        return NULL;
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_outbound_ws_zone_t));
    if (zone == NULL) {
        return NULL;
    }

    zone->name = *name;
    zone->file = cf->conf_file->file.name.data;
    zone->line = cf->conf_file->line;

    zone->pbx.server.verify = NGX_CONF_UNSET;
    zone->pbx.server.connect_timeout = NGX_CONF_UNSET_MSEC;
    zone->pbx.server.read_timeout = NGX_CONF_UNSET_MSEC;
    zone->pbx.ping_interval = NGX_CONF_UNSET_MSEC;
    zone->broadcast_interval = NGX_CONF_UNSET_MSEC;
    zone->max_projects = NGX_CONF_UNSET;

    *zones = zone;

    return zone;
}


static char *
ngx_outbound_ws_zone_size(ngx_conf_t *cf, ngx_outbound_ws_zone_t *zone,
    ngx_str_t *size)
{
    ssize_t           n;
    ngx_uint_t        i;
    ngx_shm_zone_t   *shm_zone;
    ngx_list_part_t  *part;

    n = ngx_parse_size(size);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of outbound_ws_zone \"%V\"",
                           size, &zone->name);
        return NGX_CONF_ERROR;
    }

    if (n < (ssize_t) NGX_OUTBOUND_WS_ZONE_MIN_SIZE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "size \"%V\" of outbound_ws_zone \"%V\" is too "
                           "small, it must be at least %uzk", size,
                           &zone->name,
                           (size_t) NGX_OUTBOUND_WS_ZONE_MIN_SIZE / 1024);
        return NGX_CONF_ERROR;
    }

    zone->size = n;

    /* nginx would give a zone of another size a new, empty segment */

    part = &cf->cycle->old_cycle->shared_memory.part;
    shm_zone = part->elts;

    for (i = 0; part; i++) {

        if (i >= part->nelts) {
            part = part->next;

            if (part == NULL) {
                break;
            }

            shm_zone = part->elts;
            i = 0;
        }

        if (shm_zone[i].tag != &ngx_outbound_ws_module
            || shm_zone[i].shm.name.len != zone->name.len
            || ngx_strncmp(shm_zone[i].shm.name.data, zone->name.data,
                           zone->name.len)
               != 0
            || shm_zone[i].shm.size == zone->size)
        {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the size of outbound_ws_zone \"%V\" can't change "
                           "from %uz to %uz bytes over a reload, its projects "
                           "would be lost; restart nginx to change it",
                           &zone->name, shm_zone[i].shm.size, zone->size);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* The block's directives are found as those of a server would be. */
static char *
ngx_outbound_ws_zone_parse(ngx_conf_t *cf, ngx_outbound_ws_zone_t *zone)
{
    char                 *rv;
    ngx_conf_t            save;
    ngx_http_conf_ctx_t  *ctx, *http;

    http = cf->ctx;

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_http_conf_ctx_t));
    if (ctx == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx->main_conf = http->main_conf;
    ctx->loc_conf = http->loc_conf;

    ctx->srv_conf = ngx_pcalloc(cf->pool,
                                sizeof(void *) * ngx_http_max_module);
    if (ctx->srv_conf == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx->srv_conf[ngx_outbound_ws_module.ctx_index] = zone;

    save = *cf;

    cf->ctx = ctx;
    cf->cmd_type = NGX_OUTBOUND_WS_ZONE_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


static char *
ngx_outbound_ws_zone_defaults(ngx_conf_t *cf, ngx_outbound_ws_zone_t *zone)
{
    ows_str_t                    *type;
    ngx_outbound_ws_pbx_conf_t   *pbx;

    static ngx_str_t              system = ngx_null_string;

    pbx = &zone->pbx;

    if (pbx->server.url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "outbound_ws_zone \"%V\" has no \"pbx\"",
                           &zone->name);
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_value(pbx->server.verify, 1);
    ngx_conf_init_msec_value(pbx->server.connect_timeout, 10000);
    ngx_conf_init_msec_value(pbx->server.read_timeout, 30000);
    ngx_conf_init_msec_value(pbx->ping_interval, 30000);
    ngx_conf_init_msec_value(zone->broadcast_interval, 50);
    ngx_conf_init_uint_value(zone->max_projects, 10000);

    if (pbx->retry_max == 0) {
        pbx->retry_min = 1000;
        pbx->retry_max = 30000;
    }

    if (pbx->caller_types == NULL) {
        pbx->caller_types = ngx_array_create(cf->pool, 1, sizeof(ows_str_t));
        if (pbx->caller_types == NULL) {
            return NGX_CONF_ERROR;
        }

        type = ngx_array_push(pbx->caller_types);
        if (type == NULL) {
            return NGX_CONF_ERROR;
        }

        *type = ngx_outbound_ws_core_str(&ngx_outbound_ws_caller_types[0]);
    }

    if (!pbx->server.verify || pbx->server.trusted || !pbx->ssl) {
        return NGX_CONF_OK;
    }

    pbx->server.trusted = ngx_outbound_ws_curl_trusted(cf, &system);

    return pbx->server.trusted ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_outbound_ws_pbx(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_zone_t *zone = conf;

    ngx_str_t  *value;
    ngx_url_t   u;

    if (zone->pbx.server.url.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;
    u.uri_part = 1;

    if (ngx_strncasecmp(u.url.data, (u_char *) "https://", 8) == 0) {
        u.url.data += 8;
        u.url.len -= 8;
        u.default_port = 443;
        zone->pbx.ssl = 1;

    } else if (ngx_strncasecmp(u.url.data, (u_char *) "http://", 7) == 0) {
        u.url.data += 7;
        u.url.len -= 7;
        u.default_port = 80;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid pbx \"%V\": it must begin with "
                           "\"https://\" or \"http://\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid pbx \"%V\": %s",
                           &value[1], u.err ? u.err : "no URL");
        return NGX_CONF_ERROR;
    }

    if (u.uri.len || u.family == AF_UNIX
        || ngx_strlchr(u.url.data, u.url.data + u.url.len, '@'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid pbx \"%V\": it must be a host and perhaps "
                           "a port, without user or path", &value[1]);
        return NGX_CONF_ERROR;
    }

    zone->pbx.server.url = value[1];
    zone->pbx.host = u.url;
    zone->pbx.id = ngx_crc32_short(value[1].data, value[1].len);

    return NGX_CONF_OK;
}


/* Read here and not when the block is complete, for an error's line. */
char *
ngx_outbound_ws_pbx_ssl_trusted_certificate(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_zone_t *zone = conf;

    ngx_str_t  *value;

    if (zone->pbx.server.trusted) {
        return "is duplicate";
    }

    value = cf->args->elts;

    zone->pbx.server.trusted = ngx_outbound_ws_curl_trusted(cf, &value[1]);

    return zone->pbx.server.trusted ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_outbound_ws_pbx_caller_types(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_outbound_ws_zone_t *zone = conf;

    ngx_str_t   *value, *known;
    ows_str_t   *type;
    ngx_uint_t   i;

    if (zone->pbx.caller_types) {
        return "is duplicate";
    }

    zone->pbx.caller_types = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                              sizeof(ows_str_t));
    if (zone->pbx.caller_types == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (known = ngx_outbound_ws_caller_types; known->len; known++) {
            if (known->len == value[i].len
                && ngx_strncmp(known->data, value[i].data, known->len) == 0)
            {
                break;
            }
        }

        if (known->len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid caller type \"%V\": it must be "
                               "\"Wextension\", \"Wqueue\" or "
                               "\"Wroutepoint\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        type = ngx_array_push(zone->pbx.caller_types);
        if (type == NULL) {
            return NGX_CONF_ERROR;
        }

        *type = ngx_outbound_ws_core_str(known);
    }

    return NGX_CONF_OK;
}


char *
ngx_outbound_ws_pbx_retry(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_zone_t *zone = conf;

    ngx_int_t   times[2];
    ngx_str_t  *value;
    ngx_uint_t  i;

    if (zone->pbx.retry_max) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < 2; i++) {
        times[i] = ngx_parse_time(&value[i + 1], 0);

        if (times[i] == NGX_ERROR || times[i] == 0 || times[i] > 86400000) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time \"%V\" in \"pbx_retry\": it must "
                               "be from 1ms to 1d", &value[i + 1]);
            return NGX_CONF_ERROR;
        }
    }

    if (times[0] > times[1]) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"pbx_retry\": \"%V\" is longer than "
                           "\"%V\"", &value[1], &value[2]);
        return NGX_CONF_ERROR;
    }

    zone->pbx.retry_min = times[0];
    zone->pbx.retry_max = times[1];

    return NGX_CONF_OK;
}
