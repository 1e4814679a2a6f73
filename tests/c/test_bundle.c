/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/model/bundle.h"
#include "core/model/bundle_private.h"
#include "core/model/frame_json.h"
#include "model_fixture.h"

static chl_frame *customers;
static chl_model *model;
static chl_strbuf saved; /* the model's bundle */

static int set_up(void **state)
{
    (void)state;
    customers = make_customers(500, 3);
    model = make_model_of(customers, FIXTURE_NORM, 2, true);
    chl_error err = {0};
    must(chl_model_calibrate(model, customers, "isotonic", NULL, &err), &err);
    json_object_set_new(chl_model_metadata(model), "training", parse("{\"seed\":42}"));
    must(chl_bundle_format(model, &saved, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chl_strbuf_reset(&saved);
    chl_model_release(model);
    chl_frame_release(customers);
    return 0;
}

static chl_status parse_bytes(const char *bytes, size_t n, chl_error *err)
{
    chl_model *out = NULL;
    chl_status status =
        chl_bundle_parse((const unsigned char *)bytes, n, "m.churn", &out, err);
    assert_true((status == CHL_OK) == (out != NULL));
    chl_model_release(out);
    return status;
}

static void round_trip(void **state)
{
    (void)state;
    chl_model *back;
    chl_strbuf again = {0};
    assert_ok(
        chl_bundle_parse((unsigned char *)saved.data, saved.length, "m", &back, &err));
    double p[500], q[500];
    assert_ok(chl_model_score(model, customers, NULL, p, NULL, &err));
    assert_ok(chl_model_score(back, customers, NULL, q, NULL, &err));
    assert_memory_equal(p, q, sizeof p);
    assert_ok(chl_bundle_format(back, &again, &err)); /* the same bytes */
    assert_int_equal(again.length, saved.length);
    assert_memory_equal(again.data, saved.data, saved.length);
    assert_string_equal(chl_model_target(back), "Exited");
    assert_string_equal(chl_model_id(back), "Id");
    assert_string_equal(chl_model_calibration(back), "isotonic");
    const json_t *training = json_object_get(chl_model_metadata(back), "training");
    assert_int_equal(json_integer_value(json_object_get(training, "seed")), 42);
    chl_strbuf_reset(&again);
    chl_model_release(back);
}

static void files(void **state)
{
    (void)state;
    char path[64], hex[CHL_SHA256_HEX], back_hex[CHL_SHA256_HEX];
    chl_model *back;
    snprintf(path, sizeof path, "/tmp/churnlab_bundle_%ld.churn", (long)getpid());
    assert_ok(chl_bundle_save(model, path, &err));
    assert_ok(chl_bundle_load(path, &back, &err));
    assert_ok(chl_bundle_hash(model, hex, &err));
    assert_ok(chl_bundle_hash(back, back_hex, &err));
    assert_string_equal(hex, back_hex);
    json_object_set_new(chl_model_metadata(back), "note", json_string("mine"));
    assert_ok(chl_bundle_hash(back, back_hex, &err));
    assert_string_equal(hex, back_hex); /* free metadata is no part of the identity */
    chl_tensor weight =
        chl_net_tensor((chl_net *)(uintptr_t)chl_model_net(back, 0, 0), 0);
    weight.data[0] += 1;
    assert_ok(chl_bundle_hash(back, back_hex, &err));
    assert_string_not_equal(hex, back_hex);
    chl_model_release(back);
    unlink(path);
    assert_error(chl_bundle_load(path, &back, &err), "No such file");
    assert_null(back);
    assert_int_equal(chl_bundle_save(model, "/nowhere/m.churn", NULL), CHL_EIO);
}

/* ---- damage ---- */

static void every_truncation_is_refused(void **state)
{
    (void)state;
    size_t step = saved.length / 300 + 1;
    for (size_t n = 0; n < saved.length; n += n < 64 ? 1 : step) {
        char *exact = malloc(n ? n : 1); /* so that ASan sees a read beyond */
        memcpy(exact, saved.data, n);
        assert_int_equal(parse_bytes(exact, n, NULL), CHL_EFORMAT);
        free(exact);
    }
}

/* Some 2,000 bytes from all over the file, each changed three ways. */
static void every_flipped_byte_is_refused(void **state)
{
    (void)state;
    static const unsigned char masks[] = {0x01, 0x20, 0x80};
    char *bytes = malloc(saved.length);
    memcpy(bytes, saved.data, saved.length);
    size_t step = saved.length / 2000 + 1;
    for (size_t i = 0; i < saved.length; i += step) {
        for (size_t k = 0; k < sizeof masks; k++) {
            bytes[i] = (char)(bytes[i] ^ (char)masks[k]);
            if (parse_bytes(bytes, saved.length, NULL) != CHL_EFORMAT) {
                fail_msg("byte %zu ^ %02x was accepted", i, masks[k]);
            }
            bytes[i] = saved.data[i];
        }
    }
    free(bytes);
}

static void the_damaged_part_is_named(void **state)
{
    (void)state;
    char *bytes = malloc(saved.length);
    memcpy(bytes, saved.data, saved.length);
    bytes[saved.length - 1] ^= 1;
    assert_error(parse_bytes(bytes, saved.length, &err),
                 "m.churn: tensor net.1.2.bias: damaged");
    memcpy(bytes, saved.data, saved.length);
    memcpy(strstr(bytes + 8, "median"), "Median", 6);
    assert_error(parse_bytes(bytes, saved.length, &err),
                 "m.churn: churnlab.model: damaged");
    memcpy(bytes, saved.data, saved.length);
    memcpy(strstr(bytes + 8, "\\\"seed\\\":42"), "\\\"seed\\\":43", 11);
    assert_error(parse_bytes(bytes, saved.length, &err),
                 "m.churn: churnlab.metadata: damaged");
    free(bytes);
}

/* ---- forged files: every hash is right, the content is not ---- */

typedef struct forgery {
    chl_safetensors file;
    json_t *metadata; /* of the container */
    json_t *model;    /* churnlab.model */
} forgery;

static void start_forgery(forgery *f)
{
    assert_ok(chl_safetensors_parse((unsigned char *)saved.data, saved.length, "m",
                                    &f->file, &err));
    f->metadata = json_deep_copy(json_object_get(f->file.header, "__metadata__"));
    f->model = parse(chl_safetensors_metadata(&f->file, CHL_BUNDLE_MODEL_KEY));
}

/* Writes the forged parts with fitting hashes, parses them and frees everything. */
static chl_status finish_forgery(forgery *f, chl_error *failure)
{
    char hex[CHL_SHA256_HEX];
    char *text = json_dumps(f->model, JSON_COMPACT | JSON_SORT_KEYS);
    json_object_set_new(f->metadata, CHL_BUNDLE_MODEL_KEY, json_string(text));
    free(text);
    json_t *hashes = json_object();
    static const char *const keys[] = {CHL_BUNDLE_MODEL_KEY, CHL_BUNDLE_METADATA_KEY};
    for (int i = 0; i < 2; i++) {
        const char *value = json_string_value(json_object_get(f->metadata, keys[i]));
        chl_sha256_hex(value, strlen(value), hex);
        json_object_set_new(hashes, keys[i], json_string(hex));
    }
    for (int i = 0; i < f->file.count; i++) {
        chl_sha256_hex(f->file.tensors[i].data, f->file.tensors[i].bytes, hex);
        json_object_set_new(hashes, f->file.tensors[i].name, json_string(hex));
    }
    text = json_dumps(hashes, JSON_COMPACT | JSON_SORT_KEYS);
    json_object_set_new(f->metadata, CHL_BUNDLE_SHA256_KEY, json_string(text));
    free(text);
    json_decref(hashes);
    chl_strbuf bytes = {0};
    assert_ok(chl_safetensors_format(f->file.tensors, f->file.count, f->metadata, &bytes,
                                     &err));
    chl_status status = parse_bytes(bytes.data, bytes.length, failure);
    chl_strbuf_reset(&bytes);
    json_decref(f->metadata);
    json_decref(f->model);
    chl_safetensors_reset(&f->file);
    return status;
}

static void formats(void **state)
{
    (void)state;
    forgery f;
    start_forgery(&f);
    assert_ok(finish_forgery(&f, &err)); /* the forger's tools work */
    start_forgery(&f);
    json_object_set_new(f.metadata, CHL_BUNDLE_FORMAT_KEY, json_string("3"));
    assert_error(finish_forgery(&f, &err),
                 "churnlab.format: the file is of format 3, this program reads 2");
    start_forgery(&f);
    json_object_set_new(f.metadata, CHL_BUNDLE_FORMAT_KEY, json_string("1.5"));
    assert_error(finish_forgery(&f, &err), "churnlab.format: expected a number");
    start_forgery(&f);
    json_object_del(f.metadata, CHL_BUNDLE_FORMAT_KEY);
    assert_error(finish_forgery(&f, &err), "missing (no churnlab model)");
}

static void wrong_models(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"signature", "{}", "m.churn: signature: expected"},
        {"signature", "{\"target\":\"y\",\"positive\":\"1\",\"id\":3}", "signature"},
        {"prep", "{}", "m.churn: prep: "},
        {"prep", "[1]", "m.churn: prep: "},
        {"nets", "[]", "nets: expected 1 to 1000, got 0"},
        {"nets", "{}", "nets: expected 1 to 1000, got 0"},
        {"nets", "[{}]", "net 1: the layers do not fit the tensors"},
        {"nets",
         "[{\"inputs\":3,\"layers\":[{\"type\":\"dense\",\"units\":60000},{\"type\":"
         "\"dense\",\"units\":60000}]}]",
         "net 1: the layers do not fit the tensors"},
        {"nets",
         "[{\"inputs\":3,\"layers\":[{\"type\":\"dense\",\"units\":1,\"code\":1}]}]",
         "net 1: "},
        {"whole", "[]", "whole: expected "},
        {"whole", "[{},{}]", "net 1: the layers do not fit the tensors"},
        {"calibration", "{\"method\":\"magic\"}", "calibration: "},
        {"calibration", "[{\"method\":\"magic\"}]", "calibration: expected one for each"},
        {"calibration",
         "{\"method\":\"temperature\",\"rows\":9,\"a\":0.5,\"b\":0,\"classes\":3}",
         "calibration: expected one of 1 classes"},
        {"background", "{\"rows\":1,\"columns\":[]}", "background: "},
        {"background", "{\"rows\":-1,\"columns\":[]}", "expected rows and columns"},
        {"background",
         "{\"rows\":2,\"columns\":[{\"name\":\"Age\",\"type\":\"i64\","
         "\"values\":[1]}]}",
         "background: column 'Age': expected a name, a type and 2 values"},
        {"background",
         "{\"rows\":1,\"columns\":[{\"name\":\"Age\",\"type\":\"i64\","
         "\"values\":[\"x\"]}]}",
         "background: column 'Age': row 1: expected a value of type i64, got a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forgery f;
        start_forgery(&f);
        json_object_set_new(f.model, cases[i].key,
                            json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        assert_error(finish_forgery(&f, &err), cases[i].message);
    }
}

static void wrong_tensors(void **state)
{
    (void)state;
    forgery f;
    start_forgery(&f);
    f.file.tensors[1].name = "net.0.other";
    assert_error(finish_forgery(&f, &err), ": missing");
    start_forgery(&f);
    f.file.count--;
    assert_error(finish_forgery(&f, &err), "tensor net.1.2.bias: missing");
    start_forgery(&f);
    f.file.tensors[0].dtype = CHL_DTYPE_I32;
    assert_error(finish_forgery(&f, &err), "does not fit the layer");
    float nan_bytes[64];
    for (int i = 0; i < 64; i++) {
        nan_bytes[i] = NAN;
    }
    start_forgery(&f);
    assert_true(f.file.tensors[0].bytes <= sizeof nan_bytes);
    f.file.tensors[0].data = (const unsigned char *)nan_bytes;
    assert_error(finish_forgery(&f, &err), "number 1 is not finite");
}

/* ---- frames as JSON ---- */

static void frames_survive_as_json(void **state)
{
    (void)state;
    static const char csv[] =
        "i,f,b,d,s,c\n9007199254740993,0.1,true,2026-11-22,\"a\"\"b, \xc3\xa9\",x\n"
        ",,,,,\n-1,1e300,false,1969-12-31,z,y\n";
    static const char *const typed[] = {"c", "s"};
    static const chl_type types[] = {CHL_CATEGORY, CHL_STRING};
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = 2};
    chl_frame *frame, *back;
    json_t *json;
    chl_strbuf a = {0}, b = {0};
    assert_ok(chl_csv_read_bytes(csv, sizeof csv - 1, "t", &options, &frame, &err));
    assert_ok(chl_frame_to_json(frame, &json, &err));
    assert_ok(chl_frame_from_json(json, &back, &err));
    for (int i = 0; i < frame->columns; i++) {
        assert_int_equal(frame->fields[i].column->type, back->fields[i].column->type);
    }
    assert_ok(chl_csv_format(frame, ',', &a, &err));
    assert_ok(chl_csv_format(back, ',', &b, &err));
    assert_string_equal(a.data, b.data);
    chl_strbuf_reset(&a);
    chl_strbuf_reset(&b);
    json_decref(json);
    chl_frame_release(frame);
    chl_frame_release(back);
    static const char latin[] = "s\ncaf\xe9\n";
    assert_ok(chl_csv_read_bytes(latin, sizeof latin - 1, "t", NULL, &frame, &err));
    assert_error(chl_frame_to_json(frame, &json, &err),
                 "column 's': row 1: its text is not UTF-8");
    assert_null(json);
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(files),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_byte_is_refused),
        cmocka_unit_test(the_damaged_part_is_named),
        cmocka_unit_test(formats),
        cmocka_unit_test(wrong_models),
        cmocka_unit_test(wrong_tensors),
        cmocka_unit_test(frames_survive_as_json),
    };
    return cmocka_run_group_tests_name("bundle", tests, set_up, tear_down);
}
