/*
 * ngx_outbound_ws_command: what a client's message does to its zone.
 *
 * Who the client is does not matter, only what its location allows; a message
 * that is merely wrong gets an answer, and its sender stays.
 */


#include "ngx_outbound_ws_command.h"
#include "ngx_outbound_ws_slot.h"
#include "ngx_outbound_ws_zone.h"

#include "ows_frame.h"


static ows_error_e ngx_outbound_ws_command_execute(
    ngx_outbound_ws_loc_conf_t *olcf, ows_command_t *cmd);
static const char *ngx_outbound_ws_command_text(ows_error_e error);
static ngx_outbound_ws_frame_t *ngx_outbound_ws_command_error(
    ngx_outbound_ws_zone_t *zone, ows_error_e error, ows_str_t *project_id,
    const char *text);


ngx_int_t
ngx_outbound_ws_command(ngx_outbound_ws_loc_conf_t *olcf, u_char *p,
    size_t len, ngx_outbound_ws_frame_t **answer)
{
    int            rc;
    ows_error_e    error;
    ows_command_t  cmd;
    ows_refusal_t  refusal;

    *answer = NULL;

    rc = ows_envelope_read(&cmd, &refusal, p, len);

    if (rc == OWS_NOMEM) {
        return NGX_ERROR;
    }

    if (rc == OWS_ERROR) {
        *answer = ngx_outbound_ws_command_error(olcf->zone, refusal.code,
                                                NULL, refusal.message);
        return *answer ? NGX_OK : NGX_ERROR;
    }

    error = ngx_outbound_ws_command_execute(olcf, &cmd);

    if (error == OWS_ERR_NONE) {
        olcf->zone->changed(olcf->zone);

    } else {
        *answer = ngx_outbound_ws_command_error(olcf->zone, error,
                                         &cmd.project_id,
                                         ngx_outbound_ws_command_text(error));
    }

    ows_command_free(&cmd);

    return (error && *answer == NULL) ? NGX_ERROR : NGX_OK;
}


ngx_outbound_ws_frame_t *
ngx_outbound_ws_command_refuse(ngx_outbound_ws_loc_conf_t *olcf,
    ows_error_e error)
{
    return ngx_outbound_ws_command_error(olcf->zone, error, NULL,
                                         ngx_outbound_ws_command_text(error));
}


static ows_error_e
ngx_outbound_ws_command_execute(ngx_outbound_ws_loc_conf_t *olcf,
    ows_command_t *cmd)
{
    uint64_t  slot;

    if (!olcf->commands) {
        return OWS_ERR_COMMANDS_DISABLED;
    }

    if (cmd->type == OWS_COMMAND_STOP) {
        return ngx_outbound_ws_zone_stop(olcf->zone, cmd);
    }

    slot = ngx_outbound_ws_slot_takes() ? ngx_outbound_ws_slot_own() : 0;

    return ngx_outbound_ws_zone_start(olcf->zone, cmd, slot);
}


static const char *
ngx_outbound_ws_command_text(ows_error_e error)
{
    switch (error) {

    case OWS_ERR_COMMANDS_DISABLED:
        return "commands are not allowed here, only watching is";

    case OWS_ERR_RATE_LIMITED:
        return "commands come faster than they may, this one was dropped";

    case OWS_ERR_PROJECT_NOT_FOUND:
        return "there is no such project";

    case OWS_ERR_PROJECT_LIMIT_REACHED:
        return "no more projects can be started until one is stopped";

    default: /* OWS_ERR_STORAGE_FULL */
        return "the zone's memory is used up; nothing was changed";
    }
}


/* project_id: NULL when it names none.  NULL: no memory. */
static ngx_outbound_ws_frame_t *
ngx_outbound_ws_command_error(ngx_outbound_ws_zone_t *zone, ows_error_e error,
    ows_str_t *project_id, const char *text)
{
    size_t                    len;
    u_char                    message[OWS_ERROR_MESSAGE_MAX];
    u_char                    data[OWS_ID_ESCAPED_MAX], *payload;
    ows_str_t                 id, reason;
    ngx_outbound_ws_frame_t  *frame;

    id.data = data;
    id.len = 0;

    if (project_id) {
        id.len = ows_json_escape(data, project_id->data, project_id->len)
                 - data;
    }

    reason.data = (u_char *) text;
    reason.len = ngx_strlen(text);

    len = ows_envelope_error(message, error, &id, &reason,
                             ngx_outbound_ws_zone_time(zone))
          - message;

    frame = ngx_outbound_ws_frame_create(OWS_OP_TEXT, len, &payload);
    if (frame == NULL) {
        return NULL;
    }

    ngx_memcpy(payload, message, len);

    return frame;
}
