/*
 * ows_callers_fuzz: answers of the PBX, one after another.
 *
 * Each line is a step: a letter, the allocation that fails in it, and
 *
 *     R0[{"dn":"150", ...}]                  replaces all
 *     U0/callcontrol/150 {"dn":"150", ...}   updates one entity
 *     X0/callcontrol/150                     removes one
 *
 * Must be so: what is written after a step is JSON with as many callers as
 * are counted; it is another text when the step says that the model changed,
 * and the same when not; a step done again changes nothing; what was written
 * is a snapshot of the model itself.  Allocations fail where Jansson survives
 * it, see ows_fuzz_json_survives().  The slices' bytes mean nothing here.
 */

#include "ows_fuzz.h"
#include "ows_callers.h"


#define OWS_CALLERS_FUZZ_STEPS  32


typedef struct {
    uint8_t            letter;
    uint8_t            how;      /* allocations fail */
    ows_pbx_entity_t   entity;
    uint8_t           *text;     /* owned */
    size_t             len;
} ows_callers_fuzz_step_t;


static const ows_str_t  ows_callers_fuzz_types[] = {
    ows_string("Wextension"), ows_string("Wqueue")
};


static void
ows_callers_fuzz_write(ows_fuzz_t *fuzz, const ows_callers_t *callers,
    ows_json_text_t *text)
{
    ows_fuzz_fail(fuzz, 0);

    ows_json_text_init(text, OWS_CALLERS_TEXT_MAX, &fuzz->alloc);
    ows_callers_write(callers, text);

    ows_fuzz_check(!text->failed);
}


static void
ows_callers_fuzz_look(const ows_callers_t *callers,
    const ows_json_text_t *text)
{
    size_t      i;
    json_t     *root, *caller;
    ows_str_t   type;

    root = ows_fuzz_json(text->data, text->len);

    ows_fuzz_check(json_is_array(root));
    ows_fuzz_check(json_array_size(root) == ows_callers_count(callers));
    ows_fuzz_check(json_array_size(root) <= OWS_CALLERS_MAX);

    for (i = 0; i < json_array_size(root); i++) {
        caller = json_array_get(root, i);
        type = ows_json_string(caller, "type");

        ows_fuzz_check(ows_fuzz_equal(&type, &ows_callers_fuzz_types[0])
                       || ows_fuzz_equal(&type, &ows_callers_fuzz_types[1]));
        ows_fuzz_check(ows_json_string(caller, "dn").len >= 1);
        ows_fuzz_check(ows_json_string(caller, "dn").len <= OWS_PBX_DN_MAX);
        ows_fuzz_check(json_array_size(json_object_get(caller, "devices"))
                       <= OWS_CALLERS_DEVICES_MAX);
        ows_fuzz_check(json_array_size(json_object_get(caller,
                                                       "participants"))
                       <= OWS_CALLERS_PARTICIPANTS_MAX);
    }

    json_decref(root);
}


/* 0 when the line is no step. */
static int
ows_callers_fuzz_read(ows_callers_fuzz_step_t *step, const ows_str_t *line)
{
    ows_str_t       path;
    const uint8_t  *p, *last, *end;

    if (line->len < 2 || strchr("RUX", line->data[0]) == NULL
        || line->data[0] == '\0')
    {
        return 0;
    }

    step->letter = line->data[0];
    step->how = (uint8_t) (line->data[1] - '0');

    p = line->data + 2;
    last = line->data + line->len;

    if (step->letter != 'R') {
        end = memchr(p, ' ', (size_t) (last - p));

        path.data = p;
        path.len = (size_t) ((end != NULL ? end : last) - p);

        if (ows_pbx_entity_parse(&step->entity, &path) != OWS_OK) {
            return 0;
        }

        p = (end != NULL) ? end + 1 : last;
    }

    step->len = (size_t) (last - p);
    step->text = ows_fuzz_copy(p, step->len);

    return 1;
}


static int
ows_callers_fuzz_do(ows_fuzz_t *fuzz, ows_callers_t *callers,
    const ows_callers_fuzz_step_t *step, uint8_t how)
{
    int          rc;
    const char  *why;

    why = NULL;

    ows_fuzz_fail_json(fuzz, how, step->text, step->len);

    switch (step->letter) {

    case 'R':
        rc = ows_callers_replace(callers, step->text, step->len, &why);
        break;

    case 'U':
        rc = ows_callers_update(callers, &step->entity, step->text, step->len,
                                &why);
        break;

    default:
        rc = ows_callers_remove(callers, &step->entity);
        ows_fuzz_check(rc == OWS_OK || rc == OWS_AGAIN);
    }

    ows_fuzz_check(rc != OWS_ERROR || why != NULL);
    ows_fuzz_check((rc == OWS_NOMEM) == ows_fuzz_failed(fuzz));

    return rc;
}


static void
ows_callers_fuzz_step(ows_fuzz_t *fuzz, ows_callers_t *callers,
    const ows_callers_fuzz_step_t *step)
{
    int               rc, again, same;
    const char       *why;
    ows_json_text_t   before, after;

    ows_callers_fuzz_write(fuzz, callers, &before);

    rc = ows_callers_fuzz_do(fuzz, callers, step, step->how);

    ows_callers_fuzz_write(fuzz, callers, &after);
    ows_callers_fuzz_look(callers, &after);

    same = after.len == before.len
           && memcmp(after.data, before.data, after.len) == 0;

    ows_fuzz_check(same == (rc != OWS_OK));

    if (rc != OWS_NOMEM) {
        again = ows_callers_fuzz_do(fuzz, callers, step, 0);
        ows_fuzz_check(again == (rc == OWS_OK ? OWS_AGAIN : rc));
    }

    ows_fuzz_check(ows_callers_replace(callers, after.data, after.len, &why)
                   == OWS_AGAIN);

    ows_json_text_free(&before);
    ows_json_text_free(&after);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned                  n;
    ows_str_t                 line;
    ows_fuzz_t                fuzz;
    ows_callers_t            *callers;
    ows_callers_fuzz_step_t   step;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    ows_fuzz_fail(&fuzz, fuzz.control[0]);
    callers = ows_callers_create(ows_callers_fuzz_types, 2, &fuzz.alloc);

    if (callers == NULL) {
        ows_fuzz_check(ows_fuzz_failed(&fuzz));
        return ows_fuzz_done(&fuzz);
    }

    for (n = 0; n < OWS_CALLERS_FUZZ_STEPS && fuzz.p != fuzz.last; n++) {
        line = ows_fuzz_line(&fuzz);

        if (ows_callers_fuzz_read(&step, &line)) {
            ows_callers_fuzz_step(&fuzz, callers, &step);
            free(step.text);
        }

        ows_fuzz_line_free(&line);
    }

    ows_callers_destroy(callers);

    return ows_fuzz_done(&fuzz);
}
