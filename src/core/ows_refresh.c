/*
 * ows_refresh: the set of entities to read again, and those being read.
 *
 * Promises at most one GET for each entity at a time, and that no mark is
 * lost without a snapshot getting due.  Doesn't know how anything is read.
 */

#include "ows_refresh.h"

#include <string.h>
#include <sys/queue.h>


#define OWS_REFRESH_SLOTS  256          /* a power of two */


typedef struct ows_refresh_entry_s  ows_refresh_entry_t;

struct ows_refresh_entry_s {
    TAILQ_ENTRY(ows_refresh_entry_s)      link;     /* in one of the queues */
    ows_refresh_entry_t                  *next;     /* in its slot */
    ows_pbx_entity_t                      entity;
    unsigned                              reading:1;
    unsigned                              again:1;  /* marked since */
    unsigned                              stale:1;  /* its answer is useless */
};


TAILQ_HEAD(ows_refresh_queue_s, ows_refresh_entry_s);


struct ows_refresh_s {
    struct ows_refresh_queue_s            waiting;  /* first come first */
    struct ows_refresh_queue_s            reading;
    size_t                                n;        /* in both */
    unsigned                              snapshot_due;
    const ows_alloc_t                    *alloc;    /* borrowed */
    ows_refresh_entry_t                  *slots[OWS_REFRESH_SLOTS];
};


static ows_refresh_entry_t **ows_refresh_slot(ows_refresh_t *refresh,
    const ows_pbx_entity_t *entity);
static void ows_refresh_free(ows_refresh_t *refresh,
    struct ows_refresh_queue_s *queue, ows_refresh_entry_t *entry);
static void ows_refresh_spoil(ows_refresh_entry_t *entry);


ows_refresh_t *
ows_refresh_create(const ows_alloc_t *alloc)
{
    ows_refresh_t  *refresh;

    refresh = ows_alloc(alloc, sizeof(ows_refresh_t));
    if (refresh == NULL) {
        return NULL;
    }

    memset(refresh, 0, sizeof(ows_refresh_t));

    TAILQ_INIT(&refresh->waiting);
    TAILQ_INIT(&refresh->reading);
    refresh->alloc = alloc;

    return refresh;
}


void
ows_refresh_destroy(ows_refresh_t *refresh)
{
    ows_refresh_entry_t  *entry;

    ows_refresh_clear(refresh);

    while ((entry = TAILQ_FIRST(&refresh->reading)) != NULL) {
        ows_refresh_free(refresh, &refresh->reading, entry);
    }

    ows_free(refresh->alloc, refresh);
}


void
ows_refresh_mark(ows_refresh_t *refresh, const ows_pbx_entity_t *entity)
{
    ows_refresh_entry_t  *entry, **slot;

    slot = ows_refresh_slot(refresh, entity);

    if (*slot != NULL) {
        (*slot)->again = (*slot)->reading;
        return;
    }

    if (refresh->n >= OWS_REFRESH_MAX) {
        refresh->snapshot_due = 1;
        return;
    }

    entry = ows_alloc(refresh->alloc, sizeof(ows_refresh_entry_t));
    if (entry == NULL) {
        refresh->snapshot_due = 1;
        return;
    }

    memset(entry, 0, sizeof(ows_refresh_entry_t));
    entry->entity = *entity;

    *slot = entry;
    TAILQ_INSERT_TAIL(&refresh->waiting, entry, link);
    refresh->n++;
}


void
ows_refresh_forget(ows_refresh_t *refresh, const ows_pbx_entity_t *entity)
{
    ows_refresh_entry_t  *entry;

    entry = *ows_refresh_slot(refresh, entity);

    if (entry == NULL) {
        return;
    }

    if (entry->reading) {
        ows_refresh_spoil(entry);
        return;
    }

    ows_refresh_free(refresh, &refresh->waiting, entry);
}


int
ows_refresh_next(ows_refresh_t *refresh, ows_pbx_entity_t *entity)
{
    ows_refresh_entry_t  *entry;

    entry = TAILQ_FIRST(&refresh->waiting);

    if (entry == NULL) {
        return OWS_AGAIN;
    }

    TAILQ_REMOVE(&refresh->waiting, entry, link);
    TAILQ_INSERT_TAIL(&refresh->reading, entry, link);
    entry->reading = 1;

    *entity = entry->entity;

    return OWS_OK;
}


int
ows_refresh_done(ows_refresh_t *refresh, const ows_pbx_entity_t *entity)
{
    int                   rc;
    ows_refresh_entry_t  *entry;

    entry = *ows_refresh_slot(refresh, entity);

    if (entry == NULL || !entry->reading) {
        return OWS_ERROR;
    }

    rc = entry->stale ? OWS_ERROR : OWS_OK;

    if (!entry->again) {
        ows_refresh_free(refresh, &refresh->reading, entry);
        return rc;
    }

    TAILQ_REMOVE(&refresh->reading, entry, link);
    TAILQ_INSERT_TAIL(&refresh->waiting, entry, link);

    entry->reading = 0;
    entry->again = 0;
    entry->stale = 0;

    return rc;
}


int
ows_refresh_snapshot_due(const ows_refresh_t *refresh)
{
    return refresh->snapshot_due;
}


void
ows_refresh_clear(ows_refresh_t *refresh)
{
    ows_refresh_entry_t  *entry;

    while ((entry = TAILQ_FIRST(&refresh->waiting)) != NULL) {
        ows_refresh_free(refresh, &refresh->waiting, entry);
    }

    for (entry = TAILQ_FIRST(&refresh->reading);
         entry != NULL;
         entry = TAILQ_NEXT(entry, link))
    {
        ows_refresh_spoil(entry);
    }

    refresh->snapshot_due = 0;
}


/* Where the pointer to this entity's entry is, or would have to be. */
static ows_refresh_entry_t **
ows_refresh_slot(ows_refresh_t *refresh, const ows_pbx_entity_t *entity)
{
    uint32_t               hash;
    ows_refresh_entry_t  **slot;

    hash = ows_pbx_hash(entity->dn, entity->dn_len)
           + ows_pbx_hash(entity->id, entity->id_len);

    slot = &refresh->slots[hash & (OWS_REFRESH_SLOTS - 1)];

    while (*slot != NULL && !ows_pbx_entity_equal(&(*slot)->entity, entity)) {
        slot = &(*slot)->next;
    }

    return slot;
}


static void
ows_refresh_free(ows_refresh_t *refresh, struct ows_refresh_queue_s *queue,
    ows_refresh_entry_t *entry)
{
    *ows_refresh_slot(refresh, &entry->entity) = entry->next;
    TAILQ_REMOVE(queue, entry, link);
    refresh->n--;

    ows_free(refresh->alloc, entry);
}


/* What was marked before is overtaken, and so is the answer to come. */
static void
ows_refresh_spoil(ows_refresh_entry_t *entry)
{
    entry->stale = 1;
    entry->again = 0;
}
