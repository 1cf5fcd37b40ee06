/*
 * ows_callers: all callers of one PBX client.
 *
 * Promises that an answer that can't be used changes nothing, that a caller
 * is found without looking at the others, and that the JSON of all of them
 * stays within OWS_CALLERS_TEXT_MAX.  Doesn't know when an answer was asked
 * for.  Below: ows_caller.
 */

#include "ows_callers.h"
#include "ows_caller.h"

#include <string.h>


#define OWS_CALLERS_SLOTS  1024         /* a power of two */


TAILQ_HEAD(ows_callers_order_s, ows_caller_s);


/* The callers in the PBX's order, and by their DN's hash. */
typedef struct {
    struct ows_callers_order_s    callers;      /* owned */
    size_t                        n;
    size_t                        size;         /* of all their JSON, and a
                                                   little more */
    ows_caller_t                 *slots[OWS_CALLERS_SLOTS];
} ows_callers_set_t;


struct ows_callers_s {
    const ows_str_t              *types;        /* borrowed */
    size_t                        n_types;
    const ows_alloc_t            *alloc;        /* borrowed */
    ows_callers_set_t            *set;          /* owned */
};


static ows_callers_set_t *ows_callers_set_create(const ows_alloc_t *alloc);
static void ows_callers_set_destroy(ows_callers_set_t *set,
    const ows_alloc_t *alloc);
static unsigned ows_callers_set_equal(const ows_callers_set_t *a,
    const ows_callers_set_t *b);
static json_t *ows_callers_parse(const uint8_t *p, size_t len, int *rc,
    const char **why);
static int ows_callers_fill(ows_callers_t *callers, ows_callers_set_t *set,
    const json_t *answer, const char **why);
static int ows_callers_update_caller(ows_callers_t *callers,
    const ows_pbx_entity_t *entity, const json_t *answer, const char **why);
static int ows_callers_put(ows_callers_t *callers, ows_callers_set_t *set,
    ows_caller_t *caller, const char **why);
static ows_caller_t **ows_callers_slot(ows_callers_set_t *set,
    const uint8_t *dn, size_t len);


static const ows_json_limits_t  ows_callers_limits = {
    OWS_CALLERS_ANSWER_MAX, 16, 262144
};


ows_callers_t *
ows_callers_create(const ows_str_t *types, size_t n, const ows_alloc_t *alloc)
{
    ows_callers_t  *callers;

    callers = ows_alloc(alloc, sizeof(ows_callers_t));
    if (callers == NULL) {
        return NULL;
    }

    callers->types = types;
    callers->n_types = n;
    callers->alloc = alloc;

    callers->set = ows_callers_set_create(alloc);
    if (callers->set == NULL) {
        ows_free(alloc, callers);
        return NULL;
    }

    return callers;
}


void
ows_callers_destroy(ows_callers_t *callers)
{
    ows_callers_set_destroy(callers->set, callers->alloc);
    ows_free(callers->alloc, callers);
}


static ows_callers_set_t *
ows_callers_set_create(const ows_alloc_t *alloc)
{
    ows_callers_set_t  *set;

    set = ows_alloc(alloc, sizeof(ows_callers_set_t));
    if (set == NULL) {
        return NULL;
    }

    memset(set, 0, sizeof(ows_callers_set_t));

    TAILQ_INIT(&set->callers);
    set->size = sizeof("[]");

    return set;
}


static void
ows_callers_set_destroy(ows_callers_set_t *set, const ows_alloc_t *alloc)
{
    ows_caller_t  *caller;

    while ((caller = TAILQ_FIRST(&set->callers)) != NULL) {
        TAILQ_REMOVE(&set->callers, caller, link);
        ows_caller_destroy(caller, alloc);
    }

    ows_free(alloc, set);
}


int
ows_callers_replace(ows_callers_t *callers, const uint8_t *p, size_t len,
    const char **why)
{
    int                 rc;
    json_t             *answer;
    ows_callers_set_t  *set, *old;

    answer = ows_callers_parse(p, len, &rc, why);
    if (answer == NULL) {
        return rc;
    }

    set = ows_callers_set_create(callers->alloc);
    if (set == NULL) {
        json_decref(answer);
        return OWS_NOMEM;
    }

    rc = ows_callers_fill(callers, set, answer, why);

    json_decref(answer);

    if (rc == OWS_OK && ows_callers_set_equal(set, callers->set)) {
        rc = OWS_AGAIN;
    }

    old = set;

    if (rc == OWS_OK) {
        old = callers->set;
        callers->set = set;
    }

    ows_callers_set_destroy(old, callers->alloc);

    return rc;
}


static unsigned
ows_callers_set_equal(const ows_callers_set_t *a, const ows_callers_set_t *b)
{
    const ows_caller_t  *x, *y;

    if (a->n != b->n) {
        return 0;
    }

    y = TAILQ_FIRST(&b->callers);

    for (x = TAILQ_FIRST(&a->callers);
         x != NULL;
         x = TAILQ_NEXT(x, link))
    {

        if (!ows_caller_equal(x, y)) {
            return 0;
        }

        y = TAILQ_NEXT(y, link);
    }

    return 1;
}


/* NULL: *rc says why, and for OWS_ERROR *why, too. */
static json_t *
ows_callers_parse(const uint8_t *p, size_t len, int *rc, const char **why)
{
    json_t      *answer;
    ows_json_e   reason;

    answer = ows_json_parse(p, len, &ows_callers_limits, &reason);

    if (answer == NULL) {
        *rc = (reason == OWS_JSON_NOMEM) ? OWS_NOMEM : OWS_ERROR;
        *why = ows_json_reason(reason);
    }

    return answer;
}


/* OWS_OK, OWS_ERROR or OWS_NOMEM. */
static int
ows_callers_fill(ows_callers_t *callers, ows_callers_set_t *set,
    const json_t *answer, const char **why)
{
    int            rc;
    size_t         i;
    ows_caller_t  *caller;

    if (!json_is_array(answer)) {
        *why = "is not an array";
        return OWS_ERROR;
    }

    for (i = 0; i < json_array_size(answer); i++) {

        rc = ows_caller_create(&caller, json_array_get(answer, i),
                               callers->types, callers->n_types,
                               callers->alloc, why);
        if (rc == OWS_OK) {
            rc = ows_callers_put(callers, set, caller, why);
        }

        if (rc == OWS_ERROR || rc == OWS_NOMEM) {
            return rc;
        }
    }

    return OWS_OK;
}


int
ows_callers_update(ows_callers_t *callers, const ows_pbx_entity_t *entity,
    const uint8_t *p, size_t len, const char **why)
{
    int            rc;
    size_t         size;
    json_t        *answer;
    ows_caller_t  *caller;

    caller = *ows_callers_slot(callers->set, entity->dn, entity->dn_len);

    if (entity->kind != OWS_PBX_DN && caller == NULL) {
        return OWS_AGAIN;
    }

    answer = ows_callers_parse(p, len, &rc, why);
    if (answer == NULL) {
        return rc;
    }

    if (entity->kind == OWS_PBX_DN) {
        rc = ows_callers_update_caller(callers, entity, answer, why);

    } else {
        size = caller->size;

        rc = ows_caller_update(caller, entity, answer,
                               OWS_CALLERS_TEXT_MAX - callers->set->size,
                               callers->alloc, why);

        callers->set->size += caller->size - size;
    }

    json_decref(answer);

    return rc;
}


static int
ows_callers_update_caller(ows_callers_t *callers,
    const ows_pbx_entity_t *entity, const json_t *answer, const char **why)
{
    int            rc;
    ows_str_t      dn;
    ows_caller_t  *caller;

    dn = ows_json_string(answer, "dn");

    if (dn.len != entity->dn_len || memcmp(dn.data, entity->dn, dn.len) != 0) {
        *why = "names something else";
        return OWS_ERROR;
    }

    rc = ows_caller_create(&caller, answer, callers->types, callers->n_types,
                           callers->alloc, why);

    if (rc == OWS_OK) {
        return ows_callers_put(callers, callers->set, caller, why);
    }

    if (rc == OWS_AGAIN) {
        /* it may have counted before */
        return ows_callers_remove(callers, entity);
    }

    return rc;
}


/* The caller becomes the set's, or is destroyed. */
static int
ows_callers_put(ows_callers_t *callers, ows_callers_set_t *set,
    ows_caller_t *caller, const char **why)
{
    int             rc;
    size_t          rest;
    ows_caller_t   *old, **slot;

    slot = ows_callers_slot(set, caller->dn.data, caller->dn.len);
    old = *slot;

    if (old != NULL && ows_caller_equal(old, caller)) {
        rc = OWS_AGAIN;
        goto failed;
    }

    rc = OWS_ERROR;

    if (old == NULL && set->n >= OWS_CALLERS_MAX) {
        *why = "names too many callers";
        goto failed;
    }

    /* of all but this one; a caller's size includes its comma */
    rest = set->size - ((old != NULL) ? old->size : 0);

    if (caller->size > OWS_CALLERS_TEXT_MAX - rest) {
        *why = "makes the callers' JSON too long";
        goto failed;
    }

    set->size = rest + caller->size;
    *slot = caller;

    if (old != NULL) {
        caller->next = old->next;
        TAILQ_INSERT_BEFORE(old, caller, link);
        TAILQ_REMOVE(&set->callers, old, link);
        ows_caller_destroy(old, callers->alloc);

    } else {
        TAILQ_INSERT_TAIL(&set->callers, caller, link);
        set->n++;
    }

    return OWS_OK;

failed:

    ows_caller_destroy(caller, callers->alloc);

    return rc;
}


/* Where the pointer to this caller is, or would have to be. */
static ows_caller_t **
ows_callers_slot(ows_callers_set_t *set, const uint8_t *dn, size_t len)
{
    ows_caller_t  **slot;

    slot = &set->slots[ows_pbx_hash(dn, len) & (OWS_CALLERS_SLOTS - 1)];

    while (*slot != NULL
           && ((*slot)->dn.len != len
               || memcmp((*slot)->dn.data, dn, len) != 0))
    {
        slot = &(*slot)->next;
    }

    return slot;
}


int
ows_callers_remove(ows_callers_t *callers, const ows_pbx_entity_t *entity)
{
    int                  rc;
    size_t               size;
    ows_caller_t        *caller, **slot;
    ows_callers_set_t   *set;

    set = callers->set;
    slot = ows_callers_slot(set, entity->dn, entity->dn_len);
    caller = *slot;

    if (caller == NULL) {
        return OWS_AGAIN;
    }

    if (entity->kind != OWS_PBX_DN) {
        size = caller->size;
        rc = ows_caller_remove(caller, entity, callers->alloc);
        set->size -= size - caller->size;
        return rc;
    }

    *slot = caller->next;
    TAILQ_REMOVE(&set->callers, caller, link);
    set->n--;
    set->size -= caller->size;

    ows_caller_destroy(caller, callers->alloc);

    return OWS_OK;
}


size_t
ows_callers_count(const ows_callers_t *callers)
{
    return callers->set->n;
}


void
ows_callers_write(const ows_callers_t *callers, ows_json_text_t *text)
{
    const char          *before;
    const ows_caller_t  *caller;

    before = "[";

    for (caller = TAILQ_FIRST(&callers->set->callers);
         caller != NULL;
         caller = TAILQ_NEXT(caller, link))
    {
        ows_json_text_add_literal(text, before);
        ows_caller_write(caller, text);
        before = ",";
    }

    ows_json_text_add_literal(text, (before[0] == ',') ? "]" : "[]");
}
