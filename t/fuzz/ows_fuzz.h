/*
 * ows_fuzz: what the fuzz targets share: the control bytes at an input's
 * start, slices, memory that fails, and checks that end the run.
 *
 * Header only; each target is one file plus the core.  An input begins with
 *
 *     0000\n
 *     |||| `-- ignored: a seed can be read, and typed
 *     |``` --- sizes of slices, in turn; 0: all the rest
 *     `------- the allocation that fails; 0: none; with bit 7 all after it
 *
 * Each is taken less '0', so that all values can be had.
 */

#ifndef _OWS_FUZZ_H_INCLUDED_
#define _OWS_FUZZ_H_INCLUDED_


#include "ows_test_json.h"

#include <ctype.h>


#define OWS_FUZZ_SLICES   3
#define OWS_FUZZ_CONTROL  (1 + OWS_FUZZ_SLICES + 1)

/* Jansson first gives a token 16 bytes, one of them for what follows it. */
#define OWS_FUZZ_TOKEN    14

#define ows_fuzz_check(condition)                                             \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,        \
                    #condition);                                              \
            abort();                                                          \
        }                                                                     \
    } while (0)


typedef struct {
    uint8_t          control[1 + OWS_FUZZ_SLICES];
    unsigned         turn;       /* of the slices */
    const uint8_t   *p;          /* what is left of the input; borrowed */
    const uint8_t   *last;
    ows_test_heap_t  heap;
    ows_alloc_t      alloc;
} ows_fuzz_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* 0 when the input is too short.  From now on Jansson uses the heap, too. */
static inline int
ows_fuzz_init(ows_fuzz_t *f, const uint8_t *data, size_t size)
{
    size_t  i;

    if (size < OWS_FUZZ_CONTROL) {
        return 0;
    }

    for (i = 0; i < sizeof(f->control); i++) {
        f->control[i] = (uint8_t) (data[i] - '0');
    }

    f->turn = 0;
    f->p = data + OWS_FUZZ_CONTROL;
    f->last = data + size;
    f->alloc = ows_test_alloc(&f->heap);

    json_object_seed(1);
    ows_test_json_use(&f->heap);

    return 1;
}


/* The next allocations fail as this byte says. */
static inline void
ows_fuzz_fail(ows_fuzz_t *f, uint8_t how)
{
    f->heap.calls = 0;
    f->heap.fail_at = how & 0x7f;
    f->heap.sticky = how >> 7;
}


/* 1 when an allocation failed since ows_fuzz_fail(). */
static inline int
ows_fuzz_failed(const ows_fuzz_t *f)
{
    return f->heap.fail_at != 0 && f->heap.calls >= f->heap.fail_at;
}


/* The size of the next slice of so many bytes, one at least. */
static inline size_t
ows_fuzz_slice(ows_fuzz_t *f, size_t left)
{
    size_t  n;

    n = f->control[1 + f->turn++ % OWS_FUZZ_SLICES];

    return (n == 0 || n > left) ? left : n;
}


/*
 * A writable copy with an end that the address sanitizer guards; free() it.
 * Not of the heap: this memory doesn't fail.
 */
static inline uint8_t *
ows_fuzz_copy(const void *p, size_t len)
{
    uint8_t  *copy;

    copy = malloc(len);
    if (copy == NULL) {
        abort();
    }

    if (len) {
        memcpy(copy, p, len);
    }

    return copy;
}


/* Such a copy of the input up to the next newline. */
static inline ows_str_t
ows_fuzz_line(ows_fuzz_t *f)
{
    ows_str_t       s;
    const uint8_t  *end;

    end = (f->p == f->last) ? NULL
                            : memchr(f->p, '\n', (size_t) (f->last - f->p));

    s.len = (size_t) ((end != NULL ? end : f->last) - f->p);
    s.data = ows_fuzz_copy(f->p, s.len);

    f->p = (end != NULL) ? end + 1 : f->last;

    return s;
}


static inline void
ows_fuzz_line_free(ows_str_t *s)
{
    free((void *) s->data);
}


static inline int
ows_fuzz_equal(const ows_str_t *a, const ows_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/*
 * 1 when Jansson 2.14 survives a lack of memory inside of this text.  Where
 * its buffer for a token can't grow, bytes are dropped, and it asserts that
 * they are there: those of a long number or literal (see ows_json_load()),
 * and a control byte that is an error inside of a string.  With any other
 * text all allocations may fail.
 */
static inline int
ows_fuzz_json_survives(const uint8_t *p, size_t len)
{
    size_t    i, token;
    unsigned  in_string;

    token = 0;
    in_string = 0;

    for (i = 0; i < len; i++) {

        if (in_string) {
            if (p[i] < 0x20) {
                return 0;
            }

            if (p[i] == '"') {
                in_string = 0;

            } else if (p[i] == '\\' && i + 1 < len && p[i + 1] >= 0x20) {
                i++;
            }

            continue;
        }

        in_string = (p[i] == '"');

        token = (isalnum(p[i]) || (p[i] != '\0' && strchr("+-.", p[i])))
                ? token + 1 : 0;

        if (token > OWS_FUZZ_TOKEN) {
            return 0;
        }
    }

    return 1;
}


/* As ows_fuzz_fail(), when that does no harm to Jansson in this text. */
static inline void
ows_fuzz_fail_json(ows_fuzz_t *f, uint8_t how, const uint8_t *p, size_t len)
{
    ows_fuzz_fail(f, ows_fuzz_json_survives(p, len) ? how : 0);
}


/* The tree of what we have written, which must be JSON. */
static inline json_t *
ows_fuzz_json(const void *p, size_t len)
{
    json_t      *root;
    ows_json_e   why;

    static const ows_json_limits_t  limits = { SIZE_MAX, 64, SIZE_MAX };

    root = ows_json_parse(p, len, &limits, &why);
    ows_fuzz_check(root != NULL);

    return root;
}


/* The last thing: nothing leaks. */
static inline int
ows_fuzz_done(ows_fuzz_t *f)
{
    ows_fuzz_check(f->heap.live == 0);

    return 0;
}


#endif /* _OWS_FUZZ_H_INCLUDED_ */
