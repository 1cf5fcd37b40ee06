/*
 * ows_frame_fuzz: frame headers.
 *
 * Must be so: a header is read alike whole and in slices; what was read and
 * is written again are the same bytes; masking in slices is masking the
 * whole, and done twice is not done at all; a control frame reads back.
 */

#include "ows_fuzz.h"
#include "ows_frame.h"


static int
ows_frame_fuzz_read(ows_fuzz_t *fuzz, ows_frame_t *f, const uint8_t *p,
    const uint8_t *last, size_t *taken)
{
    int             rc;
    size_t          n;
    uint8_t        *copy;
    const uint8_t  *pos;

    ows_frame_init(f);

    rc = OWS_AGAIN;
    *taken = 0;

    while (rc == OWS_AGAIN && p + *taken != last) {
        n = (size_t) (last - p) - *taken;
        n = (fuzz != NULL) ? ows_fuzz_slice(fuzz, n) : n;

        copy = ows_fuzz_copy(p + *taken, n);
        pos = copy;

        rc = ows_frame_read(f, &pos, copy + n);

        ows_fuzz_check(rc != OWS_AGAIN || pos == copy + n);

        *taken += (size_t) (pos - copy);
        free(copy);
    }

    return rc;
}


static void
ows_frame_fuzz_write(const ows_frame_t *f, const uint8_t *p)
{
    size_t   n;
    uint8_t  header[OWS_FRAME_HEADER_MAX];

    n = ows_frame_write(header, f->flags, f->opcode, f->length,
                        f->masked ? f->key : NULL);

    ows_fuzz_check(n == f->have);
    ows_fuzz_check(memcmp(header, p, n) == 0);
}


static void
ows_frame_fuzz_mask(ows_fuzz_t *fuzz, const uint8_t *key, const uint8_t *p,
    size_t len)
{
    size_t    n, i;
    uint8_t  *whole, *sliced;

    whole = ows_fuzz_copy(p, len);
    sliced = ows_fuzz_copy(p, len);

    ows_frame_mask(whole, len, key, 0);

    for (i = 0; i < len; i += n) {
        n = ows_fuzz_slice(fuzz, len - i);
        ows_frame_mask(sliced + i, n, key, i);
    }

    ows_fuzz_check(memcmp(whole, sliced, len) == 0);

    ows_frame_mask(whole, len, key, 0);

    ows_fuzz_check(memcmp(whole, p, len) == 0);

    free(whole);
    free(sliced);
}


static void
ows_frame_fuzz_control(const uint8_t *key, const uint8_t *p, size_t len)
{
    size_t       n, taken;
    uint8_t      frame[OWS_CONTROL_FRAME_MAX];
    ows_frame_t  f;

    len = len < OWS_CONTROL_MAX ? len : OWS_CONTROL_MAX;
    n = ows_frame_control(frame, OWS_OP_PING, p, len, key);

    ows_fuzz_check(ows_frame_fuzz_read(NULL, &f, frame, frame + n, &taken)
                   == OWS_OK);
    ows_fuzz_check(f.flags == OWS_FIN && f.opcode == OWS_OP_PING);
    ows_fuzz_check(f.length == len && taken + len == n);

    if (key != NULL) {
        ows_frame_mask(frame + taken, len, f.key, 0);
    }

    ows_fuzz_check(memcmp(frame + taken, p, len) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int          rc;
    size_t       taken, other, len;
    ows_fuzz_t   fuzz;
    ows_frame_t  f, g;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    while (fuzz.p != fuzz.last) {

        rc = ows_frame_fuzz_read(NULL, &f, fuzz.p, fuzz.last, &taken);

        ows_fuzz_check(ows_frame_fuzz_read(&fuzz, &g, fuzz.p, fuzz.last,
                                           &other)
                       == rc);
        ows_fuzz_check(other == taken && memcmp(&f, &g, sizeof(f)) == 0);

        if (rc != OWS_OK) {
            ows_fuzz_check(rc == OWS_AGAIN || f.error->code == 1002);
            break;
        }

        ows_fuzz_check(f.error == NULL && f.length <= INT64_MAX);
        ows_frame_fuzz_write(&f, fuzz.p);

        fuzz.p += taken;
        len = (size_t) (fuzz.last - fuzz.p);
        len = len < f.length ? len : (size_t) f.length;

        ows_frame_fuzz_mask(&fuzz, f.key, fuzz.p, len);
        ows_frame_fuzz_control(f.masked ? f.key : NULL, fuzz.p, len);

        fuzz.p += len;
    }

    return ows_fuzz_done(&fuzz);
}
