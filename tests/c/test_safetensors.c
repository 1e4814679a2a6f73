/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/safetensors.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6.5f};
static const double one = 0.1;

static chl_safetensor matrix(const char *name)
{
    return (chl_safetensor){name, CHL_DTYPE_F32, 2, {2, 3}, (const void *)numbers, 24};
}

static void format(chl_strbuf *out)
{
    chl_safetensor all[] = {
        matrix("w"),
        {"empty", CHL_DTYPE_I64, 2, {0, 7}, (const void *)numbers, 0},
        {"scalar", CHL_DTYPE_F64, 0, {0}, (const void *)&one, 8},
    };
    json_t *metadata = json_pack("{s:s}", "who", "tests");
    assert_ok(chl_safetensors_format(all, 3, metadata, out, &err));
    json_decref(metadata);
}

/* Parses `header` followed by `data` bytes of zeros. */
static chl_status parse_text(const char *header, size_t data, chl_error *err)
{
    static unsigned char bytes[4096];
    size_t n = strlen(header);
    memset(bytes, 0, sizeof bytes);
    bytes[0] = (unsigned char)(n & 255);
    bytes[1] = (unsigned char)(n >> 8);
    memcpy(bytes + 8, header, n);
    chl_safetensors file;
    chl_status status = chl_safetensors_parse(bytes, 8 + n + data, "t", &file, err);
    assert_true(status == CHL_OK || (!file.header && !file.tensors && file.count == 0));
    chl_safetensors_reset(&file);
    return status;
}

static void round_trip(void **state)
{
    (void)state;
    chl_strbuf out = {0};
    format(&out);
    assert_int_equal(out.data[0] % 8, 0); /* data starts aligned */
    chl_safetensors file;
    assert_ok(
        chl_safetensors_parse((unsigned char *)out.data, out.length, "t", &file, &err));
    assert_int_equal(file.count, 3);
    const chl_safetensor *w = chl_safetensors_find(&file, "w");
    assert_non_null(w);
    assert_int_equal(w->rank, 2);
    assert_int_equal(w->shape[1], 3);
    assert_memory_equal(w->data, numbers, 24);
    assert_int_equal(chl_safetensors_find(&file, "empty")->bytes, 0);
    assert_int_equal(chl_safetensors_find(&file, "scalar")->rank, 0);
    assert_string_equal(chl_safetensors_metadata(&file, "who"), "tests");
    assert_null(chl_safetensors_metadata(&file, "what"));
    assert_null(chl_safetensors_find(&file, "what"));
    chl_safetensors_reset(&file);
    chl_strbuf_reset(&out);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    chl_strbuf out = {0};
    format(&out);
    for (size_t n = 0; n < out.length; n++) {
        chl_safetensors file;
        unsigned char *exact = malloc(n ? n : 1); /* so that ASan sees a read beyond */
        memcpy(exact, out.data, n);
        assert_int_equal(chl_safetensors_parse(exact, n, "t", &file, NULL), CHL_EFORMAT);
        free(exact);
    }
    chl_strbuf_putc(&out, 'x');
    chl_safetensors file;
    assert_error(
        chl_safetensors_parse((unsigned char *)out.data, out.length, "t", &file, &err),
        "t: 1 bytes after the last tensor");
    chl_strbuf_reset(&out);
}

static void wrong_headers_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *message;
    } cases[] = {
        {"[]", 0, "t: header: expected a JSON object"},
        {"{\"a\":}", 0, "t: header: unexpected token"},
        {"{\"a\":1,\"a\":1}", 0, "duplicate"},
        {"{\"a\":1}", 0, "tensor 'a': expected dtype, shape and data_offsets"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[],\"data_offsets\":[0,8]}}", 8, "dtype"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[-1],\"data_offsets\":[0,8]}}", 8, "shape"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],"
         "\"data_offsets\":[0,0]}}",
         8, "the shape is not valid"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
         "the shape does not fit data_offsets"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0]}}", 8,
         "expected two integers"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 8,
         "outside the file"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
         6, "tensor 'b': its data overlaps"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[1,5]}}", 5, "gap"},
        {"{\"__metadata__\":3}", 0, "__metadata__: expected an object"},
        {"{\"__metadata__\":{\"k\":3}}", 0, "'k': expected a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_error(parse_text(cases[i].header, cases[i].data, &err), cases[i].message);
    }
    assert_ok(parse_text("{}   ", 0, &err));
    assert_ok(parse_text("{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":"
                         "[0,4]}}",
                         4, &err));
}

static void writing_checks_its_input(void **state)
{
    (void)state;
    chl_strbuf out = {0};
    chl_safetensor twice[] = {matrix("w"), matrix("w")};
    assert_error(chl_safetensors_format(twice, 2, NULL, &out, &err),
                 "tensor 'w' is there twice");
    chl_safetensor wrong = matrix("w");
    wrong.bytes = 20;
    assert_error(chl_safetensors_format(&wrong, 1, NULL, &out, &err),
                 "the shape does not fit 20 bytes");
    chl_safetensor latin = matrix("\xe9");
    assert_error(chl_safetensors_format(&latin, 1, NULL, &out, &err), "not a name");
    assert_int_equal(out.length, 0);
    assert_ok(chl_safetensors_format(NULL, 0, NULL, &out, &err));
    assert_int_equal(out.length, 16);
    chl_strbuf_reset(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(wrong_headers_are_named),
        cmocka_unit_test(writing_checks_its_input),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
