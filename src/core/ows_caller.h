/*
 * ows_caller: one caller of ows_callers, with its devices and participants.
 *
 * Each of these ("items" here) is kept as ready JSON, so that a change of one
 * costs no more than itself.
 */

#ifndef _OWS_CALLER_H_INCLUDED_
#define _OWS_CALLER_H_INCLUDED_


#include "ows.h"
#include "ows_json.h"
#include "ows_pbx.h"

#include <sys/queue.h>


#define OWS_CALLER_KINDS  2             /* of items: devices, participants */


typedef struct ows_caller_item_s  ows_caller_item_t;

TAILQ_HEAD(ows_caller_items_s, ows_caller_item_s);

typedef struct {
    struct ows_caller_items_s    items;         /* owned */
    size_t                       n;
} ows_caller_list_t;


typedef struct ows_caller_s  ows_caller_t;

struct ows_caller_s {
    /* for ows_callers, which owns the caller */
    TAILQ_ENTRY(ows_caller_s)    link;
    ows_caller_t                *next;

    size_t                       size;          /* of all its JSON, and a
                                                   little more */
    ows_str_t                    dn;            /* in _data */

    /* private */
    ows_caller_list_t            _lists[OWS_CALLER_KINDS];
    ows_str_t                    _head;         /* JSON, in _data */
    uint8_t                      _data[];
};


/*
 * Makes a caller of its object in an answer.  OWS_OK: *caller is the new one.
 * OWS_AGAIN: the object is no caller: it has no DN, or none of the n types.
 * OWS_ERROR: it has more items than a caller may have, *why is a sentence's
 * tail.  OWS_NOMEM.
 */
int ows_caller_create(ows_caller_t **caller, const json_t *object,
    const ows_str_t *types, size_t n, const ows_alloc_t *alloc,
    const char **why);

void ows_caller_destroy(ows_caller_t *caller, const ows_alloc_t *alloc);

/*
 * Takes over an item from its object in an answer.  OWS_OK: it is new or has
 * changed; OWS_AGAIN: it was so already; OWS_ERROR: it isn't the entity that
 * was asked for, or is over a limit, or the size would grow by more than
 * `room`; OWS_NOMEM.  On all but OWS_OK the caller is as it was.
 */
int ows_caller_update(ows_caller_t *caller, const ows_pbx_entity_t *entity,
    const json_t *object, size_t room, const ows_alloc_t *alloc,
    const char **why);

/* OWS_OK, or OWS_AGAIN when there is no such item. */
int ows_caller_remove(ows_caller_t *caller, const ows_pbx_entity_t *entity,
    const ows_alloc_t *alloc);

/* 1 when both have the same JSON. */
unsigned ows_caller_equal(const ows_caller_t *a, const ows_caller_t *b);

/* Adds the caller's object. */
void ows_caller_write(const ows_caller_t *caller, ows_json_text_t *text);


#endif /* _OWS_CALLER_H_INCLUDED_ */
