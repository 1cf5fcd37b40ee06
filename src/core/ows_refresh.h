/*
 * ows_refresh: which entities of a PBX must be read again.
 *
 * An event says that an entity changed, not how.  The set below makes sure
 * that at most one GET for each entity is under way, that repeats are merged,
 * and that the last change always counts: an entity marked while its GET is
 * under way is read once more.  Bounded; over the bound it asks for a whole
 * snapshot instead.
 */

#ifndef _OWS_REFRESH_H_INCLUDED_
#define _OWS_REFRESH_H_INCLUDED_


#include "ows.h"
#include "ows_pbx.h"


#define OWS_REFRESH_MAX  1024         /* entities waiting or under way */


typedef struct ows_refresh_s  ows_refresh_t;


/* NULL: no memory.  alloc is borrowed. */
ows_refresh_t *ows_refresh_create(const ows_alloc_t *alloc);

void ows_refresh_destroy(ows_refresh_t *refresh);

/* The entity changed.  When it can't be remembered a snapshot gets due. */
void ows_refresh_mark(ows_refresh_t *refresh, const ows_pbx_entity_t *entity);

/*
 * The entity is gone: it need not be read; the answer of a GET under way must
 * be dropped, which ows_refresh_done() will say.
 */
void ows_refresh_forget(ows_refresh_t *refresh,
    const ows_pbx_entity_t *entity);

/*
 * The next entity to read, first come first served; it counts as under way
 * from now on.  OWS_AGAIN: none.
 */
int ows_refresh_next(ows_refresh_t *refresh, ows_pbx_entity_t *entity);

/*
 * Its GET came to an end.  OWS_OK: the answer is to be used.  OWS_ERROR: the
 * answer is stale (the entity was removed meanwhile, or all was cleared).
 * An entity marked meanwhile waits again, and its answer may be used.
 */
int ows_refresh_done(ows_refresh_t *refresh, const ows_pbx_entity_t *entity);

/* 1 when all must be read again, since marks were lost. */
int ows_refresh_snapshot_due(const ows_refresh_t *refresh);

/*
 * A snapshot begins to be read: entities that wait are covered by it and
 * dropped, those under way become stale; later marks count as ever.
 */
void ows_refresh_clear(ows_refresh_t *refresh);


#endif /* _OWS_REFRESH_H_INCLUDED_ */
