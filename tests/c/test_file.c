/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/file.h"

static char folder[] = "/tmp/churnlab_file_XXXXXX";

static char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void round_trip(void **state)
{
    (void)state;
    enum { N = 200000 };
    unsigned char *bytes = malloc(N), *back;
    for (int i = 0; i < N; i++) {
        bytes[i] = (unsigned char)(i * 31);
    }
    size_t n;
    assert_ok(chl_file_write(in_folder("a"), bytes, N, &err));
    assert_ok(chl_file_read(in_folder("a"), N, &back, &n, &err));
    assert_int_equal(n, N);
    assert_memory_equal(back, bytes, N);
    chl_free(back);
    assert_error(chl_file_read(in_folder("a"), N - 1, &back, &n, &err),
                 "larger than 199999 bytes");
    assert_null(back);
    assert_ok(chl_file_write(in_folder("a"), "", 0, &err)); /* replaces */
    assert_ok(chl_file_read(in_folder("a"), N, &back, &n, &err));
    assert_int_equal(n, 0);
    chl_free(back);
    unlink(in_folder("a"));
    free(bytes);
}

static void failures_say_why(void **state)
{
    (void)state;
    unsigned char *back;
    size_t n;
    assert_error(chl_file_read(in_folder("none"), 10, &back, &n, &err),
                 "none: open: No such file");
    assert_error(chl_file_read(folder, 10, &back, &n, &err), "read: Is a directory");
    assert_error(chl_file_write(in_folder("no/where"), "x", 1, &err),
                 "where: create: No such file");
    /* a folder cannot be replaced by a file, and no temporary file may stay behind */
    assert_error(chl_file_write(folder, "x", 1, &err), "write: ");
    char command[160];
    snprintf(command, sizeof command, "ls %s.*.tmp >/dev/null 2>&1", folder);
    assert_int_not_equal(system(command), 0);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(failures_say_why),
    };
    return cmocka_run_group_tests_name("file", tests, make_folder, drop_folder);
}
