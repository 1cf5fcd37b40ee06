/*
 * ows_message_fuzz: bytes of a peer, as messages.
 *
 * The first byte of the input proper: its lowest bit is the role, the rest
 * chooses the longest message.  Must be so: whole and sliced give the same
 * transcript; where memory fails it is the same up to there; a message is
 * within its limit, text is UTF-8, codes of a Close and of an error may be
 * sent; no more memory is asked for than the longest message takes.
 */

#include "ows_fuzz.h"
#include "ows_message.h"


/* bytes of a transcript for a frame, besides its payload, and for the end */
#define OWS_MESSAGE_FUZZ_ENTRY  (3 * sizeof(unsigned))


typedef struct {
    uint8_t     *data;
    size_t       len;
    int          rc;             /* at the end */
} ows_message_fuzz_t;


static void
ows_message_fuzz_add(ows_message_fuzz_t *t, const void *p, size_t len)
{
    memcpy(t->data + t->len, p, len);
    t->len += len;
}


static void
ows_message_fuzz_event(ows_message_fuzz_t *t, const ows_message_event_t *event,
    size_t max)
{
    unsigned  entry[3] = { event->opcode, event->code, (unsigned) event->len };

    ows_fuzz_check(event->data != NULL);
    ows_fuzz_check(ows_message_close_reply(event) == event->code);

    if (event->opcode >= OWS_OP_CLOSE) {
        ows_fuzz_check(event->len <= OWS_CONTROL_MAX);

    } else {
        ows_fuzz_check(event->len <= max);
    }

    if (event->opcode == OWS_OP_TEXT || event->opcode == OWS_OP_CLOSE) {
        ows_fuzz_check(ows_utf8_valid(event->data, event->len));
    }

    if (event->opcode == OWS_OP_CLOSE) {
        ows_fuzz_check(event->code == 0
                       || (event->code >= 1000 && event->code < 5000));
        ows_fuzz_check(event->code < 1004 || event->code > 1006);

    } else {
        ows_fuzz_check(event->code == 0);
    }

    ows_message_fuzz_add(t, entry, sizeof(entry));
    ows_message_fuzz_add(t, event->data, event->len);
}


/* fuzz->p is left where it was.  sliced: 0 for all at once. */
static void
ows_message_fuzz_play(ows_fuzz_t *fuzz, ows_message_fuzz_t *t,
    ows_role_e role, size_t max, unsigned sliced)
{
    size_t          n, left;
    uint8_t        *copy, *pos;
    ows_message_t   m;

    left = (size_t) (fuzz->last - fuzz->p);

    /* a frame is two bytes at least */
    t->data = malloc(left + (left / 2 + 1) * OWS_MESSAGE_FUZZ_ENTRY);
    t->len = 0;
    t->rc = OWS_AGAIN;

    ows_message_init(&m, role, max, &fuzz->alloc);

    while (left > 0 && t->rc == OWS_AGAIN) {
        n = sliced ? ows_fuzz_slice(fuzz, left) : left;
        copy = ows_fuzz_copy(fuzz->last - left, n);
        pos = copy;

        while ((t->rc = ows_message_read(&m, &pos, copy + n)) == OWS_OK) {
            ows_message_fuzz_event(t, &m.event, max);
        }

        ows_fuzz_check(t->rc != OWS_AGAIN || pos == copy + n);

        left -= n;
        free(copy);
    }

    if (t->rc == OWS_ERROR) {
        ows_fuzz_check(m.error->code == 1002 || m.error->code == 1007
                       || m.error->code == 1009);
        ows_message_fuzz_add(t, &m.error, sizeof(m.error));
    }

    ows_message_destroy(&m);

    ows_fuzz_check(fuzz->heap.live == 0 && fuzz->heap.largest <= max);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t              max;
    ows_role_e          role;
    ows_fuzz_t          fuzz;
    ows_message_fuzz_t  whole, sliced, failing;

    static const size_t  limits[] = { 1000, 0, 1, 5, 125, 126, 300, 65536 };

    if (!ows_fuzz_init(&fuzz, data, size) || fuzz.p == fuzz.last) {
        return 0;
    }

    role = (*fuzz.p & 1) ? OWS_ROLE_CLIENT : OWS_ROLE_SERVER;
    max = limits[*fuzz.p / 2 % (sizeof(limits) / sizeof(limits[0]))];
    fuzz.p++;

    ows_message_fuzz_play(&fuzz, &whole, role, max, 0);
    ows_message_fuzz_play(&fuzz, &sliced, role, max, 1);

    ows_fuzz_check(whole.rc == sliced.rc && whole.len == sliced.len);
    ows_fuzz_check(memcmp(whole.data, sliced.data, whole.len) == 0);

    ows_fuzz_fail(&fuzz, fuzz.control[0]);
    ows_message_fuzz_play(&fuzz, &failing, role, max, 1);

    ows_fuzz_check(ows_fuzz_failed(&fuzz) ? failing.rc == OWS_NOMEM
                                          : failing.rc == whole.rc);
    ows_fuzz_check(failing.len <= whole.len);
    ows_fuzz_check(failing.rc == OWS_NOMEM || failing.len == whole.len);
    ows_fuzz_check(memcmp(whole.data, failing.data, failing.len) == 0);

    free(whole.data);
    free(sliced.data);
    free(failing.data);

    return ows_fuzz_done(&fuzz);
}
