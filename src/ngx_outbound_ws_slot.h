/*
 * ngx_outbound_ws_slot: the workers of all generations, and how one wakes the
 * others.
 *
 * The first master makes a table in shared memory and an eventfd for each of
 * its slots; every process forked since, after however many reloads, has
 * both.  A worker claims a slot for its life.  A wake-up carries nothing, and
 * a lost one is made good by the slow tick of ngx_outbound_ws_notify.
 */

#ifndef _NGX_OUTBOUND_WS_SLOT_H_INCLUDED_
#define _NGX_OUTBOUND_WS_SLOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/*
 * workers x generations that may be alive at once; a worker that finds no
 * free slot tries again each second, and serves no clients until then
 */
#define NGX_OUTBOUND_WS_SLOTS  128


/*
 * In init_module: a new generation begins; makes the table unless it is
 * there.  NGX_ERROR: logged.
 */
ngx_int_t ngx_outbound_ws_slot_init(ngx_cycle_t *cycle);

/*
 * Claims a slot for this process.  Its number is never used again, so the
 * slot of a dead worker isn't mistaken for its successor's.  NGX_DECLINED:
 * none is free; logged.
 */
ngx_int_t ngx_outbound_ws_slot_claim(ngx_log_t *log);

void ngx_outbound_ws_slot_release(void);

/* The number of this process's slot; 0: it has none. */
uint64_t ngx_outbound_ws_slot_own(void);

/* The eventfd on which this worker is woken, and the draining of it. */
int ngx_outbound_ws_slot_fd(void);
void ngx_outbound_ws_slot_drain(void);

/*
 * This worker shuts down: it wants to be woken still, but takes nothing over
 * any more.  ..._takes() says whether it does.
 */
void ngx_outbound_ws_slot_leave(void);
ngx_uint_t ngx_outbound_ws_slot_takes(void);

/* Wakes every other worker. */
void ngx_outbound_ws_slot_wake_others(void);

/* 1 while the worker that claimed it has not released it or been reaped. */
ngx_uint_t ngx_outbound_ws_slot_alive(uint64_t number);

/* 1 when there is another worker, and it takes over. */
ngx_uint_t ngx_outbound_ws_slot_successor(void);

/* 1 while no worker of a newer generation than this one's is there. */
ngx_uint_t ngx_outbound_ws_slot_newest(void);

/*
 * Frees the slots of dead processes.  1 when some died since this process
 * asked last, whoever found them: each worker looks for what they left.
 */
ngx_uint_t ngx_outbound_ws_slot_reap(void);


#endif /* _NGX_OUTBOUND_WS_SLOT_H_INCLUDED_ */
