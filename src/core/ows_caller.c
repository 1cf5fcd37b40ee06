/*
 * ows_caller: one caller, with its devices and participants as ready JSON.
 *
 * Promises that only the documented fields of an answer get in, cut to a
 * bounded length, and that its size is never less than what it writes.
 * Doesn't know the other callers.
 */

#include "ows_caller.h"
#include "ows_callers.h"

#include <string.h>


#define OWS_CALLER_FIELD_MAX  256       /* bytes taken of a string */
#define OWS_CALLER_PIECE_MAX  65536     /* more than any piece of JSON here */

#define OWS_CALLER_BETWEEN    "],\"participants\":["
#define OWS_CALLER_AFTER      "]}"


struct ows_caller_item_s {
    TAILQ_ENTRY(ows_caller_item_s)    link;
    ows_str_t                         id;       /* in data */
    ows_str_t                         json;     /* in data */
    uint8_t                           data[];
};


typedef struct {
    const char                       *array;    /* in a caller's object */
    const char                       *id;       /* field that names an item */
    size_t                            max;      /* items of one caller */
    const char                       *over;     /* what more of them are */
    const char *const                *fields;   /* ends with NULL */
} ows_caller_kind_t;


static unsigned ows_caller_is_of(const ows_str_t *type,
    const ows_str_t *types, size_t n);
static ows_caller_t *ows_caller_new(const ows_str_t *dn,
    const ows_str_t *type, const ows_alloc_t *alloc);
static int ows_caller_fill(ows_caller_t *caller, unsigned kind,
    const json_t *array, const ows_alloc_t *alloc, const char **why);
static int ows_caller_put(ows_caller_t *caller, unsigned kind,
    ows_caller_item_t *item, size_t room, const ows_alloc_t *alloc,
    const char **why);
static ows_caller_item_t *ows_caller_find(const ows_caller_list_t *list,
    const uint8_t *id, size_t len);
static unsigned ows_caller_list_equal(const ows_caller_list_t *a,
    const ows_caller_list_t *b);
static void ows_caller_list_write(const ows_caller_list_t *list,
    ows_json_text_t *text);
static int ows_caller_item_create(ows_caller_item_t **created, unsigned kind,
    const json_t *object, const ows_alloc_t *alloc);
static unsigned ows_caller_item_id(ows_json_text_t *text, const json_t *id);
static void ows_caller_item_fields(ows_json_text_t *text,
    const json_t *object, const char *const *fields);
static void ows_caller_item_value(ows_json_text_t *text,
    const json_t *value);
static unsigned ows_caller_str_equal(const ows_str_t *a, const ows_str_t *b);


/* in the order of the API's documentation */

static const char *const  ows_caller_device_fields[] = {
    "dn", "device_id", "user_agent", NULL
};

static const char *const  ows_caller_participant_fields[] = {
    "id", "status", "dn", "party_caller_name", "party_dn", "party_caller_id",
    "party_did", "device_id", "party_dn_type", "direct_control",
    "originated_by_dn", "originated_by_type", "referred_by_dn",
    "referred_by_type", "on_behalf_of_dn", "on_behalf_of_type", "callid",
    "legid", NULL
};


/* in the order of ows_pbx_kind_e, from OWS_PBX_DEVICE on */
static const ows_caller_kind_t  ows_caller_kinds[OWS_CALLER_KINDS] = {
    {
        "devices", "device_id", OWS_CALLERS_DEVICES_MAX,
        "names too many devices of one caller", ows_caller_device_fields
    },
    {
        "participants", "id", OWS_CALLERS_PARTICIPANTS_MAX,
        "names too many participants of one caller",
        ows_caller_participant_fields
    }
};


int
ows_caller_create(ows_caller_t **caller, const json_t *object,
    const ows_str_t *types, size_t n, const ows_alloc_t *alloc,
    const char **why)
{
    int         rc;
    unsigned    kind;
    ows_str_t   dn, type;

    dn = ows_json_string(object, "dn");
    type = ows_json_string(object, "type");

    if (dn.len == 0 || dn.len > OWS_PBX_DN_MAX
        || !ows_caller_is_of(&type, types, n))
    {
        return OWS_AGAIN;
    }

    *caller = ows_caller_new(&dn, &type, alloc);
    if (*caller == NULL) {
        return OWS_NOMEM;
    }

    for (kind = 0; kind < OWS_CALLER_KINDS; kind++) {

        /* an array; null and nothing count as an empty one */
        rc = ows_caller_fill(*caller, kind,
                             json_object_get(object,
                                             ows_caller_kinds[kind].array),
                             alloc, why);
        if (rc != OWS_OK) {
            ows_caller_destroy(*caller, alloc);
            return rc;
        }
    }

    return OWS_OK;
}


static unsigned
ows_caller_is_of(const ows_str_t *type, const ows_str_t *types, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (ows_caller_str_equal(type, &types[i])) {
            return 1;
        }
    }

    return 0;
}


/* A caller without items. */
static ows_caller_t *
ows_caller_new(const ows_str_t *dn, const ows_str_t *type,
    const ows_alloc_t *alloc)
{
    unsigned          kind;
    ows_caller_t     *caller;
    ows_json_text_t   text;

    caller = NULL;

    ows_json_text_init(&text, OWS_CALLER_PIECE_MAX, alloc);

    ows_json_text_add(&text, dn->data, dn->len);
    ows_json_text_add_literal(&text, "{\"dn\":");
    ows_json_text_add_string(&text, dn->data, dn->len);
    ows_json_text_add_literal(&text, ",\"type\":");
    ows_json_text_add_string(&text, type->data, type->len);
    ows_json_text_add_literal(&text, ",\"devices\":[");

    if (!text.failed) {
        caller = ows_alloc(alloc, sizeof(ows_caller_t) + text.len);
    }

    if (caller == NULL) {
        goto done;
    }

    memset(caller, 0, sizeof(ows_caller_t));
    memcpy(caller->_data, text.data, text.len);

    caller->dn.data = caller->_data;
    caller->dn.len = dn->len;
    caller->_head.data = caller->_data + dn->len;
    caller->_head.len = text.len - dn->len;

    caller->size = caller->_head.len + sizeof(OWS_CALLER_BETWEEN)
                   + sizeof(OWS_CALLER_AFTER);

    for (kind = 0; kind < OWS_CALLER_KINDS; kind++) {
        TAILQ_INIT(&caller->_lists[kind].items);
    }

done:

    ows_json_text_free(&text);

    return caller;
}


static int
ows_caller_fill(ows_caller_t *caller, unsigned kind, const json_t *array,
    const ows_alloc_t *alloc, const char **why)
{
    int                 rc;
    size_t              i;
    ows_caller_item_t  *item;

    for (i = 0; i < json_array_size(array); i++) {

        rc = ows_caller_item_create(&item, kind, json_array_get(array, i),
                                    alloc);

        if (rc == OWS_OK) {
            rc = ows_caller_put(caller, kind, item, OWS_CALLERS_TEXT_MAX,
                                alloc, why);
        }

        if (rc == OWS_ERROR || rc == OWS_NOMEM) {
            return rc;
        }
    }

    return OWS_OK;
}


/* The item becomes the caller's, or is freed. */
static int
ows_caller_put(ows_caller_t *caller, unsigned kind, ows_caller_item_t *item,
    size_t room, const ows_alloc_t *alloc, const char **why)
{
    int                 rc;
    size_t              old_size, size;
    ows_caller_item_t  *old;
    ows_caller_list_t  *list;

    list = &caller->_lists[kind];
    old = ows_caller_find(list, item->id.data, item->id.len);

    if (old != NULL && ows_caller_str_equal(&old->json, &item->json)) {
        rc = OWS_AGAIN;
        goto failed;
    }

    rc = OWS_ERROR;

    if (old == NULL && list->n >= ows_caller_kinds[kind].max) {
        *why = ows_caller_kinds[kind].over;
        goto failed;
    }

    /* an item and its comma */
    size = item->json.len + 1;
    old_size = (old != NULL) ? old->json.len + 1 : 0;

    if (size > old_size && size - old_size > room) {
        *why = "makes the callers' JSON too long";
        goto failed;
    }

    caller->size += size - old_size;

    if (old != NULL) {
        TAILQ_INSERT_BEFORE(old, item, link);
        TAILQ_REMOVE(&list->items, old, link);
        ows_free(alloc, old);

    } else {
        TAILQ_INSERT_TAIL(&list->items, item, link);
        list->n++;
    }

    return OWS_OK;

failed:

    ows_free(alloc, item);

    return rc;
}


static ows_caller_item_t *
ows_caller_find(const ows_caller_list_t *list, const uint8_t *id, size_t len)
{
    ows_caller_item_t  *item;

    for (item = TAILQ_FIRST(&list->items);
         item != NULL;
         item = TAILQ_NEXT(item, link))
    {
        if (item->id.len == len && memcmp(item->id.data, id, len) == 0) {
            break;
        }
    }

    return item;
}


int
ows_caller_update(ows_caller_t *caller, const ows_pbx_entity_t *entity,
    const json_t *object, size_t room, const ows_alloc_t *alloc,
    const char **why)
{
    int                 rc;
    unsigned            kind;
    ows_caller_item_t  *item;

    kind = entity->kind - OWS_PBX_DEVICE;

    rc = ows_caller_item_create(&item, kind, object, alloc);

    if (rc == OWS_NOMEM) {
        return OWS_NOMEM;
    }

    if (rc == OWS_AGAIN) {
        *why = "names nothing";
        return OWS_ERROR;
    }

    if (item->id.len != entity->id_len
        || memcmp(item->id.data, entity->id, entity->id_len) != 0)
    {
        ows_free(alloc, item);
        *why = "names something else";
        return OWS_ERROR;
    }

    return ows_caller_put(caller, kind, item, room, alloc, why);
}


int
ows_caller_remove(ows_caller_t *caller, const ows_pbx_entity_t *entity,
    const ows_alloc_t *alloc)
{
    ows_caller_list_t  *list;
    ows_caller_item_t  *item;

    list = &caller->_lists[entity->kind - OWS_PBX_DEVICE];

    item = ows_caller_find(list, entity->id, entity->id_len);
    if (item == NULL) {
        return OWS_AGAIN;
    }

    TAILQ_REMOVE(&list->items, item, link);
    list->n--;

    caller->size -= item->json.len + 1;

    ows_free(alloc, item);

    return OWS_OK;
}


unsigned
ows_caller_equal(const ows_caller_t *a, const ows_caller_t *b)
{
    unsigned  kind;

    for (kind = 0; kind < OWS_CALLER_KINDS; kind++) {
        if (!ows_caller_list_equal(&a->_lists[kind], &b->_lists[kind])) {
            return 0;
        }
    }

    return ows_caller_str_equal(&a->_head, &b->_head);
}


static unsigned
ows_caller_list_equal(const ows_caller_list_t *a, const ows_caller_list_t *b)
{
    const ows_caller_item_t  *x, *y;

    if (a->n != b->n) {
        return 0;
    }

    y = TAILQ_FIRST(&b->items);

    for (x = TAILQ_FIRST(&a->items);
         x != NULL;
         x = TAILQ_NEXT(x, link))
    {

        if (!ows_caller_str_equal(&x->id, &y->id)
            || !ows_caller_str_equal(&x->json, &y->json))
        {
            return 0;
        }

        y = TAILQ_NEXT(y, link);
    }

    return 1;
}


void
ows_caller_write(const ows_caller_t *caller, ows_json_text_t *text)
{
    ows_json_text_add(text, caller->_head.data, caller->_head.len);
    ows_caller_list_write(&caller->_lists[0], text);
    ows_json_text_add_literal(text, OWS_CALLER_BETWEEN);
    ows_caller_list_write(&caller->_lists[1], text);
    ows_json_text_add_literal(text, OWS_CALLER_AFTER);
}


static void
ows_caller_list_write(const ows_caller_list_t *list, ows_json_text_t *text)
{
    const ows_caller_item_t  *item;

    for (item = TAILQ_FIRST(&list->items);
         item != NULL;
         item = TAILQ_NEXT(item, link))
    {

        if (item != TAILQ_FIRST(&list->items)) {
            ows_json_text_add_literal(text, ",");
        }

        ows_json_text_add(text, item->json.data, item->json.len);
    }
}


/* OWS_AGAIN: the object has nothing to name the item by. */
static int
ows_caller_item_create(ows_caller_item_t **created, unsigned kind,
    const json_t *object, const ows_alloc_t *alloc)
{
    int                 rc;
    size_t              id_len;
    ows_json_text_t     text;
    ows_caller_item_t  *item;

    ows_json_text_init(&text, OWS_CALLER_PIECE_MAX, alloc);

    if (!ows_caller_item_id(&text,
                            json_object_get(object,
                                            ows_caller_kinds[kind].id)))
    {
        rc = OWS_AGAIN;
        goto done;
    }

    id_len = text.len;
    rc = OWS_NOMEM;

    ows_caller_item_fields(&text, object, ows_caller_kinds[kind].fields);

    if (text.failed) {
        goto done;
    }

    item = ows_alloc(alloc, sizeof(ows_caller_item_t) + text.len);
    if (item == NULL) {
        goto done;
    }

    memcpy(item->data, text.data, text.len);

    item->id.data = item->data;
    item->id.len = id_len;
    item->json.data = item->data + id_len;
    item->json.len = text.len - id_len;

    *created = item;
    rc = OWS_OK;

done:

    ows_json_text_free(&text);

    return rc;
}


/* As an entity names it: see ows_pbx_entity_t. */
static unsigned
ows_caller_item_id(ows_json_text_t *text, const json_t *id)
{
    size_t  len;

    if (json_is_integer(id)) {
        ows_json_text_add_number(text, json_integer_value(id));
        return 1;
    }

    len = json_string_length(id);

    ows_json_text_add(text, json_string_value(id), len);

    return len > 0 && len <= OWS_PBX_ID_MAX;
}


static void
ows_caller_item_fields(ows_json_text_t *text, const json_t *object,
    const char *const *fields)
{
    json_t      *value;
    const char  *before;

    before = "{\"";

    for ( /* void */ ; *fields != NULL; fields++) {

        value = json_object_get(object, *fields);

        if (!json_is_string(value) && !json_is_number(value)
            && !json_is_boolean(value))
        {
            continue;
        }

        ows_json_text_add_literal(text, before);
        ows_json_text_add_literal(text, *fields);
        ows_json_text_add_literal(text, "\":");
        ows_caller_item_value(text, value);

        before = ",\"";
    }

    /* what names the item is one of the fields, so there was one */
    ows_json_text_add_literal(text, "}");
}


static void
ows_caller_item_value(ows_json_text_t *text, const json_t *value)
{
    char            number[64];
    size_t          len;
    const uint8_t  *s;

    if (!json_is_string(value)) {
        len = json_dumpb(value, number, sizeof(number), JSON_ENCODE_ANY);

        /* its only way to say that there is no memory */
        if (len == 0 || len > sizeof(number)) {
            text->failed = 1;
            return;
        }

        ows_json_text_add(text, number, len);
        return;
    }

    s = (const uint8_t *) json_string_value(value);
    len = ows_json_cut(s, json_string_length(value), OWS_CALLER_FIELD_MAX);

    ows_json_text_add_string(text, s, len);
}


void
ows_caller_destroy(ows_caller_t *caller, const ows_alloc_t *alloc)
{
    unsigned            kind;
    ows_caller_item_t  *item;
    ows_caller_list_t  *list;

    for (kind = 0; kind < OWS_CALLER_KINDS; kind++) {
        list = &caller->_lists[kind];

        while ((item = TAILQ_FIRST(&list->items)) != NULL) {
            TAILQ_REMOVE(&list->items, item, link);
            ows_free(alloc, item);
        }
    }

    ows_free(alloc, caller);
}


static unsigned
ows_caller_str_equal(const ows_str_t *a, const ows_str_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
