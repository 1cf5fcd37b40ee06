/*
 * ows_callers: a model of the entities of one PBX client: its callers, their
 * devices, and the calls (participants) they are in.
 *
 * Filled from GET answers: the whole from a snapshot, parts as events come.
 * Kept as ready JSON per device and participant, so that a change costs no
 * more than itself.  Numbers of callers, devices and participants have
 * limits.
 */

#ifndef _OWS_CALLERS_H_INCLUDED_
#define _OWS_CALLERS_H_INCLUDED_


#include "ows.h"
#include "ows_json.h"
#include "ows_pbx.h"


#define OWS_CALLERS_MAX              4096    /* callers of one client */
#define OWS_CALLERS_DEVICES_MAX      64      /* of one caller */
#define OWS_CALLERS_PARTICIPANTS_MAX 256     /* of one caller */
#define OWS_CALLERS_ANSWER_MAX       (4 * 1024 * 1024)   /* bytes of a GET */
#define OWS_CALLERS_TEXT_MAX         (4 * 1024 * 1024)   /* of its JSON */


typedef struct ows_callers_s  ows_callers_t;


/*
 * types: the n entity types that count as callers ("Wextension" ...),
 * borrowed for the model's life, as is alloc.  NULL: no memory.
 */
ows_callers_t *ows_callers_create(const ows_str_t *types, size_t n,
    const ows_alloc_t *alloc);

void ows_callers_destroy(ows_callers_t *callers);

/*
 * The functions below return OWS_OK when the model changed, OWS_AGAIN when it
 * was so already, OWS_ERROR when the answer can't be understood or is over a
 * limit (*why: a sentence's tail), OWS_NOMEM.  On the last two the model is
 * as it was.
 */

/* GET /callcontrol answered: replaces all there is. */
int ows_callers_replace(ows_callers_t *callers, const uint8_t *p, size_t len,
    const char **why);

/* GET of one entity answered.  Of a DN that is no caller: OWS_AGAIN. */
int ows_callers_update(ows_callers_t *callers, const ows_pbx_entity_t *entity,
    const uint8_t *p, size_t len, const char **why);

/* The entity is gone, by event or by a 404. */
int ows_callers_remove(ows_callers_t *callers, const ows_pbx_entity_t *entity);

/* How many callers there are: agentQuantity. */
size_t ows_callers_count(const ows_callers_t *callers);

/*
 * Adds the JSON array of all callers, in the PBX's order:
 *
 *   [{"dn":"150","type":"Wextension",
 *     "devices":[{"dn":...,"device_id":...,"user_agent":...}],
 *     "participants":[{"id":41,"status":"Connected",...}]}]
 *
 * with the documented fields of the API that the PBX gave, in the order of
 * its documentation, and no others.
 */
void ows_callers_write(const ows_callers_t *callers, ows_json_text_t *text);


#endif /* _OWS_CALLERS_H_INCLUDED_ */
