/*
 * For zone_repair.t, preloaded into nginx: the worker that compares secrets
 * next dies on the spot, which it does under the zone's lock, once a file
 * named by DIE_IN_LOCK is there.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static char  *die_in_lock;


__attribute__((constructor))
static void
die_in_lock_init(void)
{
    const char  *file = getenv("DIE_IN_LOCK");

    /* nginx writes its workers' titles over the environment */
    die_in_lock = file ? strdup(file) : NULL;
}


int
CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
    int                   diff;
    const unsigned char  *p = a, *q = b;

    if (die_in_lock && unlink(die_in_lock) == 0) {
        kill(getpid(), SIGKILL);
    }

    for (diff = 0; len; len--) {
        diff |= *p++ ^ *q++;
    }

    return diff;
}
