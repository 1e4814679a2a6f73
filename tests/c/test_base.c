/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/base/control.h"
#include "core/base/hash.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/base/parallel.h"
#include "core/base/strbuf.h"

static void allocation_checks_overflow(void **state)
{
    (void)state;
    assert_null(chl_alloc(SIZE_MAX / 2, 3));
    assert_null(chl_calloc(SIZE_MAX, 2));
    void *empty = chl_alloc(0, 8);
    assert_non_null(empty);
    chl_free(empty);
    char *aligned = chl_alloc_aligned(3, 7);
    assert_int_equal((uintptr_t)aligned % 64, 0);
    chl_free(aligned);
}

static void error_messages_are_prefixed_and_cut(void **state)
{
    (void)state;
    chl_error err = {0};
    assert_int_equal(chl_fail(&err, CHL_EPARSE, "line %d", 3), CHL_EPARSE);
    assert_int_equal(chl_error_prefix(&err, "%s", "data.csv"), CHL_EPARSE);
    assert_string_equal(err.message, "data.csv: line 3");
    char longer[3 * CHL_MESSAGE_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    chl_fail(&err, CHL_EINVAL, "%s", longer);
    assert_int_equal(strlen(err.message), CHL_MESSAGE_MAX - 1);
    assert_int_equal(chl_fail(NULL, CHL_EIO, "nobody listens"), CHL_EIO);
}

static void doubles_print_shortest(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {3, "3"},
                 {-0.0, "0"},
                 {1e300, "1e+300"},
                 {1.0 / 3, "0.3333333333333333"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        chl_format_double(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        assert_true(strtod(text, NULL) == cases[i].value);
    }
}

static void strbuf_grows(void **state)
{
    (void)state;
    chl_strbuf buf = {0};
    for (int i = 0; i < 1000; i++) {
        chl_strbuf_printf(&buf, "%d,", i % 10);
    }
    assert_int_equal(buf.length, 2000);
    assert_false(buf.failed);
    assert_memory_equal(buf.data, "0,1,2,", 6);
    chl_strbuf_reset(&buf);
    assert_null(buf.data);
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"epochs", "batch", "Balance", "Age"};
    assert_string_equal(chl_nearest("epoch", names, 4), "epochs");
    assert_string_equal(chl_nearest("balance", names, 4), "Balance");
    assert_string_equal(chl_nearest("bacth", names, 4), "batch");
    assert_null(chl_nearest("geography", names, 4));
    assert_null(chl_nearest("", names, 4));
    assert_error(chl_fail_unknown(&err, "fit", "option", "epoch", names, 4),
                 "fit: unknown option 'epoch' (did you mean 'epochs'?)");
    assert_error(chl_fail_unknown(&err, "", "column", "xyzzy", names, 4),
                 "unknown column 'xyzzy' (known: epochs, batch, Balance, Age)");
}

typedef struct target {
    double lr;
    int64_t epochs;
    bool shuffle;
    int mode;
    const char *name;
} target;

static chl_status read_options(const char *text, target *out, chl_error *err)
{
    static const char *const modes[] = {"min", "max", NULL};
    static const chl_option table[] = {
        {.name = "lr",
         .type = CHL_OPT_DOUBLE,
         .offset = offsetof(target, lr),
         .min = 0,
         .max = 1},
        {.name = "epochs",
         .type = CHL_OPT_INT,
         .offset = offsetof(target, epochs),
         .min = 1,
         .max = 99},
        {.name = "shuffle", .type = CHL_OPT_BOOL, .offset = offsetof(target, shuffle)},
        {.name = "mode",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(target, mode),
         .choices = modes},
        {.name = "name", .type = CHL_OPT_STRING, .offset = offsetof(target, name)},
        {.name = NULL}};
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    chl_status status = chl_options_read(json, "fit", table, out, err);
    out->name = NULL; /* borrowed from the JSON that goes now */
    json_decref(json);
    return status;
}

static void options_are_read(void **state)
{
    (void)state;
    target t = {.lr = 0.5, .epochs = 7};
    assert_ok(read_options(
        "{\"epochs\":3.0,\"shuffle\":true,\"mode\":\"max\",\"lr\":null}", &t, &err));
    assert_near(t.lr, 0.5, 0);
    assert_int_equal(t.epochs, 3);
    assert_true(t.shuffle);
    assert_int_equal(t.mode, 1);
    assert_ok(read_options("[]", &t, &err)); /* an empty Lua table */
}

static void options_name_what_is_wrong(void **state)
{
    (void)state;
    target t = {0};
    assert_error(read_options("{\"epoch\":3}", &t, &err),
                 "unknown option 'epoch' (did you mean 'epochs'?)");
    assert_error(read_options("{\"epochs\":2.5}", &t, &err),
                 "option 'epochs': expected an integer, got a number");
    assert_error(read_options("{\"epochs\":100}", &t, &err),
                 "expected a number from 1 to 99, got 100");
    assert_error(read_options("{\"shuffle\":1}", &t, &err),
                 "expected true or false, got an integer");
    assert_error(read_options("{\"mode\":\"mix\"}", &t, &err), "unknown mode 'mix'");
    assert_error(read_options("[1]", &t, &err), "expected a table, got a list");
}

typedef struct squares {
    int64_t out[1000];
    size_t fail_from;
} squares;

static chl_status square(void *ctx, size_t index, chl_error *err)
{
    squares *s = ctx;
    if (index >= s->fail_from) {
        return chl_fail(err, CHL_ENUMERIC, "task %zu", index);
    }
    s->out[index] = (int64_t)(index * index);
    return CHL_OK;
}

static void parallel_covers_every_index(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 4; threads++) {
        squares s = {.fail_from = 1000};
        assert_ok(chl_parallel_for(threads, 1000, square, &s, &err));
        for (int64_t i = 0; i < 1000; i++) {
            assert_int_equal(s.out[i], i * i);
        }
    }
    squares s = {.fail_from = 17};
    assert_error(chl_parallel_for(2, 1000, square, &s, &err), "task 17");
    assert_ok(chl_parallel_for(3, 0, square, &s, &err));
}

static void control_knows_cancelling(void **state)
{
    (void)state;
    volatile sig_atomic_t flag = 0;
    chl_control control = {.cancel = &flag, .threads = 0};
    assert_int_equal(chl_control_threads(&control), 1);
    assert_int_equal(chl_control_threads(NULL), 1);
    assert_ok(chl_control_check(&control, "fit", &err));
    assert_ok(chl_control_check(NULL, "fit", &err));
    flag = 1;
    assert_error(chl_control_check(&control, "fit", &err), "fit: interrupted");
}

static void hashes(void **state)
{
    (void)state;
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex("abc", 3, hex); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(chl_hash_bytes("abc", 3) != chl_hash_bytes("abd", 3));
    assert_true(chl_hash_bytes("", 0) == chl_hash_bytes(NULL, 0));
    assert_true(chl_hash_u64(1) != chl_hash_u64(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocation_checks_overflow),
        cmocka_unit_test(error_messages_are_prefixed_and_cut),
        cmocka_unit_test(doubles_print_shortest),
        cmocka_unit_test(strbuf_grows),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(options_name_what_is_wrong),
        cmocka_unit_test(parallel_covers_every_index),
        cmocka_unit_test(control_knows_cancelling),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
