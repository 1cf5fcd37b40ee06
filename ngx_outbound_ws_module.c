/*
 * ngx_outbound_ws_module: outbound-call projects for nginx: the directives,
 * the variables, and the hooks by which nginx runs the rest.
 *
 * No protocol and no state; src/README.md is the map of what does the work.
 */


#include "ngx_outbound_ws.h"
#include "ngx_outbound_ws_conn.h"
#include "ngx_outbound_ws_handler.h"
#include "ngx_outbound_ws_notify.h"
#include "ngx_outbound_ws_slot.h"
#include "ngx_outbound_ws_zone_conf.h"

#include "ows_json.h"
#include "ows_origin.h"


#define NGX_OUTBOUND_WS_ANY_CONF                                              \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)


static void *ngx_outbound_ws_create_main_conf(ngx_conf_t *cf);
static char *ngx_outbound_ws_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_outbound_ws_create_loc_conf(ngx_conf_t *cf);
static char *ngx_outbound_ws_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_outbound_ws_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_outbound_ws_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_outbound_ws_init_process(ngx_cycle_t *cycle);
static void ngx_outbound_ws_exit_process(ngx_cycle_t *cycle);

static char *ngx_outbound_ws(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_outbound_ws_echo(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_outbound_ws_command_rate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_outbound_ws_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_outbound_ws_check_time(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_outbound_ws_check_size(ngx_conf_t *cf, void *post,
    void *data);

static ngx_int_t ngx_outbound_ws_zone_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_outbound_ws_count_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_outbound_ws_compression_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_conf_post_t  ngx_outbound_ws_time_post = {
    ngx_outbound_ws_check_time
};

static ngx_conf_post_t  ngx_outbound_ws_size_post = {
    ngx_outbound_ws_check_size
};

static ngx_conf_num_bounds_t  ngx_outbound_ws_projects_bounds = {
    ngx_conf_check_num_bounds, 1, 10000000
};


static ngx_command_t  ngx_outbound_ws_commands[] = {

    { ngx_string("outbound_ws_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE2,
      ngx_outbound_ws_zone_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pbx"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_outbound_ws_pbx,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pbx_ssl_verify"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, pbx.server.verify),
      NULL },

    { ngx_string("pbx_ssl_trusted_certificate"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_outbound_ws_pbx_ssl_trusted_certificate,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pbx_caller_types"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_1MORE,
      ngx_outbound_ws_pbx_caller_types,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pbx_connect_timeout"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, pbx.server.connect_timeout),
      &ngx_outbound_ws_time_post },

    { ngx_string("pbx_read_timeout"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, pbx.server.read_timeout),
      &ngx_outbound_ws_time_post },

    { ngx_string("pbx_ping_interval"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, pbx.ping_interval),
      &ngx_outbound_ws_time_post },

    { ngx_string("pbx_retry"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE2,
      ngx_outbound_ws_pbx_retry,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("broadcast_interval"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, broadcast_interval),
      NULL },

    { ngx_string("max_projects"),
      NGX_OUTBOUND_WS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_outbound_ws_zone_t, max_projects),
      &ngx_outbound_ws_projects_bounds },

    { ngx_string("outbound_ws"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_outbound_ws,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("outbound_ws_commands"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, commands),
      NULL },

    { ngx_string("outbound_ws_command_rate"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE12,
      ngx_outbound_ws_command_rate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("outbound_ws_echo"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_outbound_ws_echo,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("outbound_ws_origin"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_1MORE,
      ngx_outbound_ws_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("outbound_ws_max_message_size"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, max_message_size),
      &ngx_outbound_ws_size_post },

    { ngx_string("outbound_ws_queue_size"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, queue_size),
      &ngx_outbound_ws_size_post },

    { ngx_string("outbound_ws_ping_interval"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, ping_interval),
      &ngx_outbound_ws_time_post },

    { ngx_string("outbound_ws_timeout"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, timeout),
      &ngx_outbound_ws_time_post },

    { ngx_string("outbound_ws_send_timeout"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, send_timeout),
      &ngx_outbound_ws_time_post },

    { ngx_string("outbound_ws_shutdown_delay"),
      NGX_OUTBOUND_WS_ANY_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_outbound_ws_loc_conf_t, shutdown_delay),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_outbound_ws_module_ctx = {
    ngx_outbound_ws_add_variables,         /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_outbound_ws_create_main_conf,      /* create main configuration */
    ngx_outbound_ws_init_main_conf,        /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_outbound_ws_create_loc_conf,       /* create location configuration */
    ngx_outbound_ws_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_outbound_ws_module = {
    NGX_MODULE_V1,
    &ngx_outbound_ws_module_ctx,           /* module context */
    ngx_outbound_ws_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_outbound_ws_init_module,           /* init module */
    ngx_outbound_ws_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_outbound_ws_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* their values are known when the request is logged */
static ngx_http_variable_t  ngx_outbound_ws_variables[] = {

    { ngx_string("outbound_ws_zone"), NULL,
      ngx_outbound_ws_zone_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_messages_received"), NULL,
      ngx_outbound_ws_count_variable,
      offsetof(ngx_outbound_ws_conn_stats_t, messages_received),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_messages_sent"), NULL,
      ngx_outbound_ws_count_variable,
      offsetof(ngx_outbound_ws_conn_stats_t, messages_sent),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_bytes_received"), NULL,
      ngx_outbound_ws_count_variable,
      offsetof(ngx_outbound_ws_conn_stats_t, bytes_received),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_bytes_sent"), NULL,
      ngx_outbound_ws_count_variable,
      offsetof(ngx_outbound_ws_conn_stats_t, bytes_sent),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_close_code"), NULL,
      ngx_outbound_ws_count_variable,
      offsetof(ngx_outbound_ws_conn_stats_t, close_code),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("outbound_ws_compression"), NULL,
      ngx_outbound_ws_compression_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_outbound_ws_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_outbound_ws_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_outbound_ws_zone_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_outbound_ws_loc_conf_t  *olcf;

    olcf = ngx_http_get_module_loc_conf(r, ngx_outbound_ws_module);

    if (olcf->zone == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = olcf->zone->name.data;
    v->len = olcf->zone->name.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* data: where the number is in the client's statistics */
static ngx_int_t
ngx_outbound_ws_count_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    uint64_t                       n;
    ngx_outbound_ws_conn_stats_t  *stats;

    stats = ngx_outbound_ws_conn_stats(r);

    if (stats == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    n = *(uint64_t *) ((u_char *) stats + data);

    v->data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%uL", n) - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* No extension is negotiated so far. */
static ngx_int_t
ngx_outbound_ws_compression_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    v->not_found = 1;

    return NGX_OK;
}


static void *
ngx_outbound_ws_create_main_conf(ngx_conf_t *cf)
{
    ngx_outbound_ws_main_conf_t  *omcf;

    omcf = ngx_pcalloc(cf->pool, sizeof(ngx_outbound_ws_main_conf_t));
    if (omcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&omcf->zones, cf->pool, 4,
                       sizeof(ngx_outbound_ws_zone_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return omcf;
}


/* A location may name a zone before its block comes, but come it must. */
static char *
ngx_outbound_ws_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_outbound_ws_main_conf_t *omcf = conf;

    ngx_uint_t                i;
    ngx_outbound_ws_zone_t  **zones;

    zones = omcf->zones.elts;

    for (i = 0; i < omcf->zones.nelts; i++) {
        if (zones[i]->shm_zone == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "there is no outbound_ws_zone \"%V\", "
                          "named in %s:%ui", &zones[i]->name,
                          zones[i]->file, zones[i]->line);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static void *
ngx_outbound_ws_create_loc_conf(ngx_conf_t *cf)
{
    ngx_outbound_ws_loc_conf_t  *olcf;

    olcf = ngx_pcalloc(cf->pool, sizeof(ngx_outbound_ws_loc_conf_t));
    if (olcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     olcf->zone = NULL;
     *     olcf->echo = 0;
     */

    olcf->command_rate = NGX_CONF_UNSET_PTR;
    olcf->origins = NGX_CONF_UNSET_PTR;
    olcf->commands = NGX_CONF_UNSET;
    olcf->max_message_size = NGX_CONF_UNSET_SIZE;
    olcf->queue_size = NGX_CONF_UNSET_SIZE;
    olcf->ping_interval = NGX_CONF_UNSET_MSEC;
    olcf->timeout = NGX_CONF_UNSET_MSEC;
    olcf->send_timeout = NGX_CONF_UNSET_MSEC;
    olcf->shutdown_delay = NGX_CONF_UNSET_MSEC;

    return olcf;
}


static char *
ngx_outbound_ws_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_outbound_ws_loc_conf_t *prev = parent;
    ngx_outbound_ws_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    static ows_rate_limit_t  off = { 0, 0 };
    static ows_origin_t      same = { OWS_ORIGIN_SAME, { 0, NULL } };
    static ngx_array_t       same_only = { &same, 1, sizeof(ows_origin_t), 1,
                                           NULL };

    /* an "if" or "limit_except" in a location of ours is ours, too */

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->zone == NULL && !conf->echo
        && (prev->zone || prev->echo))
    {
        conf->zone = prev->zone;
        conf->echo = prev->echo;
        clcf->handler = ngx_outbound_ws_handler;
    }

    ngx_conf_merge_ptr_value(conf->origins, prev->origins, &same_only);
    ngx_conf_merge_value(conf->commands, prev->commands, 1);
    ngx_conf_merge_ptr_value(conf->command_rate, prev->command_rate, &off);
    ngx_conf_merge_size_value(conf->max_message_size,
                              prev->max_message_size, 65536);
    ngx_conf_merge_size_value(conf->queue_size, prev->queue_size, 1048576);
    ngx_conf_merge_msec_value(conf->ping_interval, prev->ping_interval,
                              30000);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 75000);
    ngx_conf_merge_msec_value(conf->send_timeout, prev->send_timeout, 60000);
    ngx_conf_merge_msec_value(conf->shutdown_delay, prev->shutdown_delay,
                              10000);

    return NGX_CONF_OK;
}


static char *
ngx_outbound_ws(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_loc_conf_t *olcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (olcf->zone) {
        return "is duplicate";
    }

    if (olcf->echo) {
        return "can't stand beside \"outbound_ws_echo\"";
    }

    value = cf->args->elts;

    olcf->zone = ngx_outbound_ws_zone_get(cf, &value[1]);
    if (olcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_outbound_ws_handler;

    return NGX_CONF_OK;
}


static char *
ngx_outbound_ws_echo(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_loc_conf_t *olcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (olcf->echo) {
        return "is duplicate";
    }

    if (olcf->zone) {
        return "can't stand beside \"outbound_ws\"";
    }

    olcf->echo = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_outbound_ws_handler;

    return NGX_CONF_OK;
}


/* off, or "10r/s", "30r/m", and perhaps "burst=n" */
static char *
ngx_outbound_ws_command_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_loc_conf_t *olcf = conf;

    u_char            *unit;
    ngx_int_t          rate, burst;
    ngx_str_t         *value;
    ngx_uint_t         scale;
    ows_rate_limit_t  *limit;

    if (olcf->command_rate != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    limit = ngx_pcalloc(cf->pool, sizeof(ows_rate_limit_t));
    if (limit == NULL) {
        return NGX_CONF_ERROR;
    }

    olcf->command_rate = limit;
    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return cf->args->nelts == 2 ? NGX_CONF_OK
                                    : "\"off\" must stand alone";
    }

    rate = NGX_ERROR;
    scale = 1;

    if (value[1].len > 3) {
        unit = value[1].data + value[1].len - 3;
        scale = (ngx_strcmp(unit, "r/m") == 0) ? 60 : 1;

        if (scale == 60 || ngx_strcmp(unit, "r/s") == 0) {
            rate = ngx_atoi(value[1].data, value[1].len - 3);
        }
    }

    if (rate <= 0 || rate > 1000000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid rate \"%V\": it must be like \"10r/s\" or "
                           "\"30r/m\", from 1 to 1000000", &value[1]);
        return NGX_CONF_ERROR;
    }

    limit->rate = rate * 1000 / scale;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    burst = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "burst=", 6) == 0) {
        burst = ngx_atoi(value[2].data + 6, value[2].len - 6);
    }

    if (burst < 0 || burst > 1000000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\": it must be \"burst=\" "
                           "and a number up to 1000000", &value[2]);
        return NGX_CONF_ERROR;
    }

    limit->burst = burst;

    return NGX_CONF_OK;
}


static char *
ngx_outbound_ws_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_outbound_ws_loc_conf_t *olcf = conf;

    ows_str_t      text;
    ngx_str_t     *value;
    ngx_uint_t     i;
    const char    *why;
    ows_origin_t  *rule;

    if (olcf->origins != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    olcf->origins = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                     sizeof(ows_origin_t));
    if (olcf->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rule = ngx_array_push(olcf->origins);
        if (rule == NULL) {
            return NGX_CONF_ERROR;
        }

        text = ngx_outbound_ws_core_str(&value[i]);
        why = ows_origin_parse(rule, &text);

        if (why == NULL && cf->args->nelts > 2
            && (rule->type == OWS_ORIGIN_SAME || rule->type == OWS_ORIGIN_ANY))
        {
            why = "it must stand alone";
        }

        if (why) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\": %s", &value[i], why);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_outbound_ws_check_time(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *msec = data;

    return *msec ? NGX_CONF_OK : "must be longer than 0";
}


static char *
ngx_outbound_ws_check_size(ngx_conf_t *cf, void *post, void *data)
{
    size_t *size = data;

    return *size ? NGX_CONF_OK : "must be greater than 0";
}


static ngx_int_t
ngx_outbound_ws_init_module(ngx_cycle_t *cycle)
{
    ngx_outbound_ws_main_conf_t  *omcf;

    omcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_outbound_ws_module);

    if (omcf == NULL || omcf->zones.nelts == 0) {
        return NGX_OK;
    }

    return ngx_outbound_ws_slot_init(cycle);
}


static ngx_int_t
ngx_outbound_ws_init_process(ngx_cycle_t *cycle)
{
    ngx_outbound_ws_main_conf_t  *omcf;

    omcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_outbound_ws_module);

    if (omcf == NULL || omcf->zones.nelts == 0
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    ows_json_init();

    if (ngx_outbound_ws_curl_init(cycle->log) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_outbound_ws_notify_init(cycle);
}


static void
ngx_outbound_ws_exit_process(ngx_cycle_t *cycle)
{
    ngx_outbound_ws_notify_exit(cycle);
}
