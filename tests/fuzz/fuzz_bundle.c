/* SPDX-License-Identifier: MIT
 *
 * Bundles from anybody. The mutator starts from small sound bundles; hashes would stop
 * every change at the door, so two thirds of its work ends with fitting hashes: changed
 * bytes anywhere, or a changed text of the model. What is accepted must score.
 */
#include <string.h>

#include "../c/model_fixture.h"
#include "core/base/hash.h"
#include "core/model/bundle.h"
#include "core/model/bundle_private.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 16 };

enum { SOUND = 3 };
static chl_strbuf sound[SOUND]; /* made once: one part, a stack, classes */

#define TINY                                                                             \
    "{\"layers\":[{\"type\":\"dense\",\"units\":2,\"activation\":\"relu\"},"             \
    "{\"type\":\"batch_norm\"},{\"type\":\"dense\",\"units\":1,\"activation\":"          \
    "\"sigmoid\"}]}"

/* libFuzzer's own limit, 4,096 bytes, is less than any bundle has. */
static void allow_length(int *argc, char ***argv)
{
    static char option[] = "-max_len=65536";
    char **longer = malloc(((size_t)*argc + 2) * sizeof *longer);
    if (!longer) {
        abort();
    }
    longer[0] = (*argv)[0];
    longer[1] = option; /* first, so that one from the command line wins */
    memcpy(longer + 2, *argv + 1, (size_t)*argc * sizeof *longer);
    *argv = longer;
    *argc += 1;
}

/* sound[1] and sound[2] */
static void make_mixed(const chl_frame *customers, chl_model *one)
{
    static const double weights[] = {1.5, -0.5}, from[] = {0.5, 0.3, 0.2},
                        to[] = {0.2, 0.3, 0.5};
    chl_error err = {0};
    chl_model *models[2] = {one, make_model_of(customers, TINY, 1, false)}, *mixed;
    chl_mix_options stack = {.mix = CHL_MIX_STACK, .weights = weights};
    must(chl_model_join(models, 2, &stack, &mixed, &err), &err);
    must(chl_model_prior_shift(mixed, from, to, &err), &err);
    must(chl_bundle_format(mixed, &sound[1], &err), &err);
    chl_model_release(mixed);
    chl_model_release(models[1]);
    models[0] = make_class_model(customers, 1, "[\"Spain\",\"France\"]");
    models[1] = make_class_model(customers, 2, "[\"Spain\",\"France\"]");
    chl_mix_options mean = {0};
    must(chl_model_join(models, 2, &mean, &mixed, &err), &err);
    must(chl_model_prior_shift(mixed, from, to, &err), &err);
    must(chl_model_calibrate(mixed, customers, "platt", NULL, &err), &err);
    must(chl_bundle_format(mixed, &sound[2], &err), &err);
    chl_model_release(mixed);
    chl_model_release(models[0]);
    chl_model_release(models[1]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    allow_length(argc, argv);
    chl_error err = {0};
    chl_frame *customers = make_customers(12, 1);
    chl_model *one = make_model_of(customers, TINY, 1, true);
    make_mixed(customers, one);
    must(chl_model_calibrate(one, customers, "isotonic", NULL, &err), &err);
    must(chl_bundle_format(one, &sound[0], &err), &err);
    chl_model_release(one);
    chl_frame_release(customers);
    return 0;
}

static void score_background(const chl_model *model)
{
    const chl_frame *frame = chl_model_background(model);
    size_t numbers = (size_t)(frame->rows * chl_model_outputs(model));
    double *p = malloc(numbers * sizeof *p + 1);
    if (p) {
        (void)!chl_model_score(model, frame, NULL, p, NULL, NULL);
    }
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chl_model *model = NULL;
    chl_error err = {0};
    chl_status status = chl_bundle_parse(data, size, "fuzz", &model, &err);
    if ((status == CHL_OK) != (model != NULL) ||
        (status != CHL_OK && err.message[0] == '\0')) {
        abort();
    }
    if (model) {
        chl_strbuf again = {0};
        score_background(model);
        must(chl_bundle_format(model, &again, &err), &err);
        chl_strbuf_reset(&again);
    }
    chl_model_release(model);
    return 0;
}

/* ---- the mutator ---- */

static void put_hash(json_t *hashes, const char *name, const void *bytes, size_t n)
{
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(bytes, n, hex);
    json_object_set_new(hashes, name, json_string(hex));
}

static void put_text_hash(json_t *hashes, const json_t *metadata, const char *key)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    if (text) {
        put_hash(hashes, key, text, strlen(text));
    }
}

/* Writes the container into data with fitting hashes; 0 when it is too long. */
static size_t write_sound(const chl_safetensors *file, json_t *metadata, uint8_t *data,
                          size_t max)
{
    json_t *hashes = json_object();
    put_text_hash(hashes, metadata, CHL_BUNDLE_MODEL_KEY);
    put_text_hash(hashes, metadata, CHL_BUNDLE_METADATA_KEY);
    for (int i = 0; i < file->count; i++) {
        const chl_safetensor *t = &file->tensors[i];
        put_hash(hashes, t->name, t->data, t->bytes);
    }
    char *text = json_dumps(hashes, JSON_COMPACT);
    json_object_set_new(metadata, CHL_BUNDLE_SHA256_KEY, json_string(text));
    free(text);
    json_decref(hashes);
    chl_strbuf out = {0};
    size_t written = 0;
    if (chl_safetensors_format(file->tensors, file->count, metadata, &out, NULL) ==
            CHL_OK &&
        out.length <= max) {
        memcpy(data, out.data, out.length);
        written = out.length;
    }
    chl_strbuf_reset(&out);
    return written;
}

/* Changes the model's text, where the length of a JSON string's escapes allows it. */
static void mutate_model(json_t *metadata)
{
    static uint8_t text[TEXT_MAX];
    const char *old = json_string_value(json_object_get(metadata, CHL_BUNDLE_MODEL_KEY));
    size_t n = old ? strlen(old) : 0;
    if (n == 0 || n > TEXT_MAX / 2) {
        return;
    }
    memcpy(text, old, n);
    n = LLVMFuzzerMutate(text, n, TEXT_MAX / 2);
    json_t *changed = json_stringn((const char *)text, n);
    if (changed) { /* UTF-8 still */
        json_object_set_new(metadata, CHL_BUNDLE_MODEL_KEY, changed);
    }
}

static size_t mend(uint8_t *data, size_t size, size_t max, int change_model)
{
    chl_safetensors file;
    uint8_t *copy = malloc(size + 1);
    if (!copy) {
        return 0;
    }
    memcpy(copy, data, size);
    size_t written = 0;
    if (chl_safetensors_parse(copy, size, "fuzz", &file, NULL) == CHL_OK) {
        json_t *metadata = json_object_get(file.header, "__metadata__");
        json_t *own = metadata ? json_deep_copy(metadata) : json_object();
        if (change_model) {
            mutate_model(own);
        }
        written = write_sound(&file, own, data, max);
        json_decref(own);
        chl_safetensors_reset(&file);
    }
    free(copy);
    return written;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    chl_safetensors file;
    bool is_container = chl_safetensors_parse(data, size, "", &file, NULL) == CHL_OK;
    chl_safetensors_reset(&file);
    const chl_strbuf *start = &sound[seed / 16 % SOUND];
    if ((!is_container || seed % 16 == 0) && start->length <= max) {
        memcpy(data, start->data, start->length);
        size = start->length;
    }
    if (seed % 3 == 0) {
        size_t mended = mend(data, size, max, 1);
        return mended ? mended : size;
    }
    size = LLVMFuzzerMutate(data, size, max);
    if (seed % 3 == 1) {
        size_t mended = mend(data, size, max, 0);
        return mended ? mended : size;
    }
    return size;
}
