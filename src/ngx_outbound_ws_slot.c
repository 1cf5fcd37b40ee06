/*
 * ngx_outbound_ws_slot: the workers of all generations, and how one wakes the
 * others.
 *
 * The table needs no lock: a slot is claimed by setting its pid with a
 * compare-and-swap, and only its holder writes the rest.  Below: nothing but
 * the kernel.
 */


#include "ngx_outbound_ws_slot.h"

#include <sys/eventfd.h>
#include <sys/mman.h>


typedef struct {
    ngx_atomic_t   pid;          /* 0: free */
    ngx_atomic_t   number;       /* what the holder was given, 0: nobody */
    ngx_atomic_t   generation;   /* of the configuration it runs */
    ngx_atomic_t   leaving;      /* boolean */
} ngx_outbound_ws_slot_t;


typedef struct {
    ngx_atomic_t            claims;      /* all there ever were */
    ngx_atomic_t            deaths;      /* all that were found */
    ngx_outbound_ws_slot_t  slots[NGX_OUTBOUND_WS_SLOTS];
} ngx_outbound_ws_slots_t;


/* made by the first master, the same in every process forked since */
static ngx_outbound_ws_slots_t  *ngx_outbound_ws_slots;
static int                       ngx_outbound_ws_slot_fds
                                     [NGX_OUTBOUND_WS_SLOTS];

/* counted by the master, and with a fork the worker's own */
static ngx_atomic_uint_t         ngx_outbound_ws_slot_generation;

/* this worker's */
static uint64_t                  ngx_outbound_ws_slot_number;
static ngx_outbound_ws_slot_t   *ngx_outbound_ws_slot_mine;

/* deaths that it knows of */
static ngx_atomic_uint_t         ngx_outbound_ws_slot_deaths;


ngx_int_t
ngx_outbound_ws_slot_init(ngx_cycle_t *cycle)
{
    ngx_uint_t                i;
    ngx_outbound_ws_slots_t  *slots;

    ngx_outbound_ws_slot_generation++;

    if (ngx_outbound_ws_slots || ngx_test_config) {
        return NGX_OK;
    }

    slots = mmap(NULL, sizeof(ngx_outbound_ws_slots_t), PROT_READ|PROT_WRITE,
                 MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    if (slots == MAP_FAILED) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "outbound_ws: mmap() of the worker slots failed");
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        ngx_outbound_ws_slot_fds[i] = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (ngx_outbound_ws_slot_fds[i] == -1) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                          "outbound_ws: eventfd() failed");
            goto failed;
        }
    }

    ngx_outbound_ws_slots = slots;

    return NGX_OK;

failed:

    while (i--) {
        (void) close(ngx_outbound_ws_slot_fds[i]);
    }

    (void) munmap(slots, sizeof(ngx_outbound_ws_slots_t));

    return NGX_ERROR;
}


ngx_int_t
ngx_outbound_ws_slot_claim(ngx_log_t *log)
{
    ngx_uint_t               i;
    ngx_atomic_uint_t        n;
    ngx_outbound_ws_slot_t  *slot;

    (void) ngx_outbound_ws_slot_reap();

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        slot = &ngx_outbound_ws_slots->slots[i];

        if (!ngx_atomic_cmp_set(&slot->pid, 0, (ngx_atomic_uint_t) ngx_pid)) {
            continue;
        }

        n = 1 + ngx_atomic_fetch_add(&ngx_outbound_ws_slots->claims, 1);

        ngx_outbound_ws_slot_number = n * NGX_OUTBOUND_WS_SLOTS + i;
        ngx_outbound_ws_slot_mine = slot;

        slot->leaving = 0;
        slot->generation = ngx_outbound_ws_slot_generation;
        ngx_memory_barrier();
        slot->number = ngx_outbound_ws_slot_number;

        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "outbound_ws: all %d worker slots are taken",
                  NGX_OUTBOUND_WS_SLOTS);

    return NGX_DECLINED;
}


void
ngx_outbound_ws_slot_release(void)
{
    ngx_outbound_ws_slot_mine->number = 0;
    ngx_memory_barrier();
    ngx_outbound_ws_slot_mine->pid = 0;

    ngx_outbound_ws_slot_number = 0;
}


uint64_t
ngx_outbound_ws_slot_own(void)
{
    return ngx_outbound_ws_slot_number;
}


int
ngx_outbound_ws_slot_fd(void)
{
    return ngx_outbound_ws_slot_fds[ngx_outbound_ws_slot_number
                                    % NGX_OUTBOUND_WS_SLOTS];
}


void
ngx_outbound_ws_slot_drain(void)
{
    ssize_t   n;
    uint64_t  count;

    /* EAGAIN: there was nothing in it */
    n = read(ngx_outbound_ws_slot_fd(), &count, sizeof(count));
    (void) n;
}


void
ngx_outbound_ws_slot_leave(void)
{
    ngx_outbound_ws_slot_mine->leaving = 1;
}


ngx_uint_t
ngx_outbound_ws_slot_takes(void)
{
    return ngx_outbound_ws_slot_number && !ngx_outbound_ws_slot_mine->leaving;
}


ngx_uint_t
ngx_outbound_ws_slot_alive(uint64_t number)
{
    ngx_outbound_ws_slot_t  *slot;

    slot = &ngx_outbound_ws_slots->slots[number % NGX_OUTBOUND_WS_SLOTS];

    return number && slot->number == number;
}


ngx_uint_t
ngx_outbound_ws_slot_successor(void)
{
    ngx_uint_t               i;
    ngx_outbound_ws_slot_t  *slot;

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        slot = &ngx_outbound_ws_slots->slots[i];

        if (slot != ngx_outbound_ws_slot_mine
            && slot->number && !slot->leaving)
        {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_outbound_ws_slot_newest(void)
{
    ngx_uint_t               i;
    ngx_outbound_ws_slot_t  *slot;

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        slot = &ngx_outbound_ws_slots->slots[i];

        if (slot->number
            && slot->generation > ngx_outbound_ws_slot_generation)
        {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_outbound_ws_slot_reap(void)
{
    pid_t                    pid;
    ngx_uint_t               i;
    ngx_atomic_uint_t        known;
    ngx_outbound_ws_slot_t  *slot;

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        slot = &ngx_outbound_ws_slots->slots[i];
        pid = (pid_t) slot->pid;

        if (pid == 0 || kill(pid, 0) == 0 || ngx_errno != ESRCH) {
            continue;
        }

        /* held by the reaper meanwhile, so no claim comes in between */

        if (ngx_atomic_cmp_set(&slot->pid, (ngx_atomic_uint_t) pid,
                               (ngx_atomic_uint_t) ngx_pid))
        {
            slot->number = 0;
            ngx_memory_barrier();
            slot->pid = 0;
            (void) ngx_atomic_fetch_add(&ngx_outbound_ws_slots->deaths, 1);
        }
    }

    /* whoever found out: each worker has to look for what they left */

    known = ngx_outbound_ws_slot_deaths;
    ngx_outbound_ws_slot_deaths = ngx_outbound_ws_slots->deaths;

    return ngx_outbound_ws_slot_deaths != known;
}


void
ngx_outbound_ws_slot_wake_others(void)
{
    ssize_t                  n;
    uint64_t                 one;
    ngx_uint_t               i;
    ngx_outbound_ws_slot_t  *slot;

    one = 1;

    for (i = 0; i < NGX_OUTBOUND_WS_SLOTS; i++) {
        slot = &ngx_outbound_ws_slots->slots[i];

        if (slot->pid && slot != ngx_outbound_ws_slot_mine) {
            /* EAGAIN: it holds 2^64 wake-ups already */
            n = write(ngx_outbound_ws_slot_fds[i], &one, sizeof(one));
            (void) n;
        }
    }
}
