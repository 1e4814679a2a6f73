/* SPDX-License-Identifier: MIT
 *
 * Where the cells of a text are, against libcsv in strict mode: the same cells and
 * records, and an error in the same record.
 */
#include "chl_test.h"

#include <csv.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/base/strbuf.h"
#include "core/io/bytes.h"
#include "core/io/csv_piece.h"

/* ---- ours ---- */

static void put_cell(chl_strbuf *out, const char *text, size_t n)
{
    chl_strbuf_putc(out, '[');
    chl_strbuf_append(out, text, n);
    chl_strbuf_putc(out, ']');
}

static void put_rows(const char *text, const csv_index *index, bool blanks,
                     chl_strbuf *out)
{
    char *plain = NULL;
    size_t room = 0;
    for (int64_t row = 0; row < index->rows; row++) {
        for (int64_t c = 0; c < index->columns; c++) {
            csv_view view = {.text = text,
                             .index = index,
                             .column = c,
                             .rows = index->rows,
                             .blanks = blanks};
            csv_cell cell;
            assert_ok(csv_cell_text(&view, row, &plain, &room, &cell, &err));
            put_cell(out, cell.text, cell.length);
        }
        chl_strbuf_putc(out, '\n');
    }
    chl_free(plain);
}

static void scan_text(const char *text, size_t n, char separator, int64_t columns,
                      chl_strbuf *out, csv_index *index)
{
    char *padded = chl_calloc(n + CHL_PADDING, 1);
    assert_non_null(padded);
    memcpy(padded, text, n);
    assert_ok(csv_scan(index, padded, 0, n, true, separator, columns, 0, &err));
    put_rows(padded, index, separator == ' ', out);
    chl_free(padded);
}

static void assert_scan(const char *text, char separator, const char *expected)
{
    chl_strbuf out = {0};
    csv_index index = {0};
    scan_text(text, strlen(text), separator, -1, &out, &index);
    if (index.fault != CSV_FINE) {
        chl_strbuf_printf(&out, "fault %d: %d, line %d", (int)index.fault,
                          (int)index.cells, (int)index.fault_line);
    }
    assert_string_equal(out.data ? out.data : "", expected);
    csv_index_reset(&index);
    chl_strbuf_reset(&out);
}

static void test_cells(void **state)
{
    (void)state;
    assert_scan("a,b\n1,2\n", ',', "[a][b]\n[1][2]\n");
    assert_scan("a,b\r\n1,2", ',', "[a][b]\n[1][2]\n");
    assert_scan("a\rb\r\rc", ',', "[a]\n[b]\n[c]\n");
    assert_scan("\"x\r\ny\",\"\",z\n\n\"\"\"q\"\"\",,\r\n", ',',
                "[x\r\ny][][z]\n[\"q\"][][]\n");
    assert_scan(" a , b\t,\"NA\"\n", ',', "[ a ][ b\t][NA]\n");
    assert_scan(",\n", ',', "[][]\n");
    assert_scan("a,b\n  \n\" \"\n1,2", ',', "[a][b]\n[1][2]\n");
    assert_scan("a\n \n\nb", ',', "[a]\n[ ]\n[b]\n");
    assert_scan("", ',', "");
    assert_scan("\n\r\n", ',', "");
}

static void test_faults(void **state)
{
    (void)state;
    assert_scan("a,b\n1,\"c\nd", ',', "[a][b]\nfault 3: 2, line 1");
    assert_scan("a\nc\"d\n", ',', "[a]\nfault 2: 1, line 1");
    assert_scan("a\n\n\"b\"c\n", ',', "[a]\nfault 2: 1, line 2");
    assert_scan("a,b\n\n\"\n\",1,3\n", ',', "[a][b]\nfault 1: 3, line 2");
    assert_scan("a,b\n1\n", ',', "[a][b]\nfault 1: 1, line 1");
}

static void test_blanks(void **state)
{
    (void)state;
    assert_scan(" 1  19970101\t1   11.77\n 2 3 4 5 \n\n  \n6 7 8 9", ' ',
                "[1][19970101][1][11.77]\n[2][3][4][5]\n[6][7][8][9]\n");
    assert_scan("\"a b\"  \"c\"\"\nd\"\r\n  x y", ' ', "[a b][c\"\nd]\n[x][y]\n");
    assert_scan("a b\n1\n", ' ', "[a][b]\nfault 1: 1, line 1");
    assert_scan("a b\n1 \"2\n", ' ', "[a][b]\nfault 3: 2, line 1");
    assert_scan("a b\n1 2\"\n", ' ', "[a][b]\nfault 2: 2, line 1");
}

/* ---- libcsv's ---- */

typedef struct records {
    chl_strbuf line; /* of the open record */
    int cells, columns;
    bool stopped, blank;
    chl_strbuf *out;
} records;

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void on_cell(void *bytes, size_t n, void *ctx)
{
    records *r = ctx;
    put_cell(&r->line, bytes ? bytes : "", n);
    r->cells++;
    r->blank = true;
    for (size_t i = 0; i < n; i++) {
        char c = ((const char *)bytes)[i];
        r->blank = r->blank && (c == ' ' || c == '\t');
    }
}

static void on_record(int end, void *ctx)
{
    (void)end;
    records *r = ctx;
    r->columns = r->columns ? r->columns : r->cells;
    bool skipped = r->cells != r->columns && r->cells == 1 && r->blank;
    r->stopped = r->stopped || (r->cells != r->columns && !skipped);
    if (!r->stopped && !skipped) {
        chl_strbuf_append(r->out, r->line.data, r->line.length);
        chl_strbuf_putc(r->out, '\n');
    }
    r->line.length = r->cells = 0;
}

/* false: libcsv or a ragged record stopped it. */
static bool read_with_libcsv(const char *text, size_t n, char separator, int columns,
                             chl_strbuf *out)
{
    struct csv_parser parser;
    records r = {.out = out, .columns = columns};
    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    csv_set_delim(&parser, (unsigned char)separator);
    csv_set_space_func(&parser, no_space);
    bool ok = csv_parse(&parser, text, n, on_cell, on_record, &r) == n &&
              csv_fini(&parser, on_cell, on_record, &r) == 0 && !r.stopped;
    csv_free(&parser);
    chl_strbuf_reset(&r.line);
    return ok;
}

static void compare(const char *text, size_t n, char separator, int64_t columns)
{
    chl_strbuf ours = {0}, theirs = {0};
    csv_index index = {0};
    scan_text(text, n, separator, columns, &ours, &index);
    bool fine =
        read_with_libcsv(text, n, separator, columns > 0 ? (int)columns : 0, &theirs);
    if (fine != (index.fault == CSV_FINE) || ours.length != theirs.length ||
        (ours.length && memcmp(ours.data, theirs.data, ours.length) != 0)) {
        fail_msg("%.*s\nours (fault %d): %s\nlibcsv (%d): %s", (int)n, text,
                 (int)index.fault, ours.data ? ours.data : "", fine,
                 theirs.data ? theirs.data : "");
    }
    csv_index_reset(&index);
    chl_strbuf_reset(&ours);
    chl_strbuf_reset(&theirs);
}

/* Random texts of the bytes that matter, most of them nearly valid. */
static void test_against_libcsv(void **state)
{
    (void)state;
    static const char *const parts[] = {"a",
                                        "bc",
                                        ",",
                                        ",",
                                        "\n",
                                        "\n",
                                        "\r\n",
                                        "\r",
                                        "\"",
                                        "\"\"",
                                        " ",
                                        "\t",
                                        "1",
                                        "\"x\"",
                                        "\"y,",
                                        "z\"",
                                        "\"\"\"\"",
                                        ",,",
                                        "longer text without anything in it"};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    chl_rng rng;
    chl_rng_init(&rng, 5, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < 20000; i++) {
        chl_strbuf text = {0};
        int n = (int)chl_rng_below(&rng, 40);
        for (int k = 0; k < n; k++) {
            chl_strbuf_puts(&text, parts[chl_rng_below(&rng, PARTS)]);
        }
        int64_t columns = (int64_t)chl_rng_below(&rng, 4);
        compare(text.data ? text.data : "", text.length, i % 5 ? ',' : '\t',
                columns ? columns : -1);
        chl_strbuf_reset(&text);
    }
}

/* Rows of a table, quoted now and then, so that groups of 64 bytes take both ways. */
static void test_tables_against_libcsv(void **state)
{
    (void)state;
    static const char *const cells[] = {"",
                                        "12",
                                        "2026-11-22",
                                        "\"q\"",
                                        "\"a,b\"",
                                        "\"\"\"\"",
                                        "a longer cell of text",
                                        "\"l\nm\"",
                                        "3.25"};
    enum { CELLS = sizeof cells / sizeof cells[0] };
    chl_rng rng;
    chl_rng_init(&rng, 6, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < 2000; i++) {
        chl_strbuf text = {0};
        int columns = 1 + (int)chl_rng_below(&rng, 6);
        size_t kinds = chl_rng_below(&rng, 2) ? CELLS : 3;
        for (int row = 0; row < 40; row++) {
            int extra = chl_rng_below(&rng, 200) == 0;
            for (int c = 0; c < columns + extra; c++) {
                chl_strbuf_puts(&text, c ? "," : "");
                chl_strbuf_puts(&text, cells[chl_rng_below(&rng, kinds)]);
            }
            chl_strbuf_puts(&text, i % 3 ? "\n" : "\r\n");
        }
        compare(text.data, text.length, ',', -1);
        chl_strbuf_reset(&text);
    }
}

/* ---- masks ---- */

static void test_marks(void **state)
{
    (void)state;
    chl_rng rng;
    chl_rng_init(&rng, 7, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < 2000; i++) {
        char text[64];
        chl_marks expected = {0, 0, 0};
        for (int k = 0; k < 64; k++) {
            static const char bytes[] = ";\n\"\ra\0\xff\x8a";
            text[k] = bytes[chl_rng_below(&rng, 8)];
            expected.separator |= (uint64_t)(text[k] == ';') << k;
            expected.newline |= (uint64_t)(text[k] == '\n') << k;
            expected.special |= (uint64_t)(text[k] == '"' || text[k] == '\r') << k;
        }
        chl_marks found[] = {chl_mark_bytes(text, ';'), chl_mark_portably(text, ';')};
        for (int k = 0; k < 2; k++) {
            assert_true(found[k].separator == expected.separator);
            assert_true(found[k].newline == expected.newline);
            assert_true(found[k].special == expected.special);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_against_libcsv),
        cmocka_unit_test(test_tables_against_libcsv),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests_name("csv_scan", tests, NULL, NULL);
}
