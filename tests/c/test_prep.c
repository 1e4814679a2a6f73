/* SPDX-License-Identifier: MIT */
#include "prep_fixture.h"

static const char train_csv[] = "id,age,balance,plan,active,y\n"
                                "9007199254740993,20,0,basic,true,1\n"
                                "9007199254740994,30,10.5,gold,false,0\n"
                                "9007199254740995,,20.5,basic,true,0\n"
                                "9007199254740996,50,,silver,false,1\n"
                                "9007199254740997,40,5,basic,true,0\n";

static const char steps[] =
    "[{'step':'derive','columns':[['rich','balance > 4'],['share','balance / age']]},"
    " {'step':'impute','numeric':'median','flag':true},"
    " {'step':'clip','columns':['age'],'bounds':[25,45]},"
    " {'step':'onehot'}, {'step':'scale','method':'minmax'}]";

static double cell(const chl_matrix *x, int64_t i, int64_t j)
{
    return chl_matrix_row(x, i)[j];
}

static void steps_run_in_their_order(void **state)
{
    (void)state;
    chl_matrix x;
    chl_frame *train = frame_of(train_csv, "plan");
    chl_prep *prep = fitted_prep(steps, train, &x);
    assert_true(chl_prep_fitted(prep));
    assert_encoded(prep, "age | balance | active | rich | share | age_missing | "
                         "balance_missing | rich_missing | share_missing | plan=basic | "
                         "plan=gold | plan=silver");
    assert_int_equal(x.rows, 5);
    assert_int_equal(x.cols, 12);
    assert_near(cell(&x, 2, 0), 0.5, 0); /* the median 35 between the bounds 25 and 45 */
    assert_near(cell(&x, 0, 0), 0, 0);
    assert_near(cell(&x, 3, 0), 1, 0);
    assert_near(cell(&x, 2, 5), 1, 0);
    assert_near(cell(&x, 3, 6), 1, 0);
    assert_near(cell(&x, 0, 3), 0, 0); /* 0 > 4 */
    assert_near(cell(&x, 0, 9), 1, 0);
    assert_near(cell(&x, 1, 10), 1, 0);
    assert_near(cell(&x, 1, 11), 0, 0);
    chl_matrix_reset(&x);
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void lineage_reaches_through_derived_columns(void **state)
{
    (void)state;
    chl_frame *train = frame_of(train_csv, "plan");
    chl_prep *prep = fitted_prep(
        "[{'step':'impute'}, {'step':'derive','columns':[['a','age + balance']]},"
        " {'step':'derive','columns':[['b','if_else(active == 1, a, 0)'],"
        "   ['kind','if_else(age > 30, `old`, plan)']]},"
        " {'step':'onehot','columns':['kind']}, {'step':'ordinal'}]",
        train, NULL);
    assert_encoded(prep, "age | balance | active | a | b | kind=basic | kind=gold | "
                         "kind=old | plan");
    static const char *const expected[] = {"1000", "0100", "0001", "1100", "1101",
                                           "1010", "1010", "1010", "0010"};
    assert_int_equal(chl_prep_raw_count(prep), 4);
    assert_string_equal(chl_prep_raw_name(prep, 2), "plan");
    assert_int_equal(chl_prep_raw_type(prep, 2), CHL_CATEGORY);
    assert_int_equal(chl_prep_raw_type(prep, 3), CHL_BOOL);
    for (int j = 0; j < 9; j++) {
        for (int i = 0; i < 4; i++) {
            assert_int_equal(chl_prep_depends(prep, j, i), expected[j][i] == '1');
        }
    }
    chl_prep_free(prep);
    chl_frame_release(train);
}

/* Bits, not values: -0 and 0 differ. */
static void assert_same_row(const chl_matrix *a, int64_t i, const chl_matrix *b,
                            int64_t k)
{
    assert_int_equal(a->cols, b->cols);
    assert_memory_equal(chl_matrix_row(a, i), chl_matrix_row(b, k),
                        (size_t)a->cols * sizeof(double));
}

static void a_row_is_the_same_alone_and_among_others(void **state)
{
    (void)state;
    static const char all_steps[] =
        "[{'step':'derive','columns':[['gold','plan == `gold`'],"
        "   ['share','balance / age']]},"
        " {'step':'impute','flag':true}, {'step':'clip','quantile':[0.1,0.9]},"
        " {'step':'target_encode','columns':['town'],'folds':2},"
        " {'step':'onehot'}, {'step':'scale'}]";
    static const char csv[] = "age,town,balance,plan,y\n"
                              "20,a,1.5,basic,1\n31,b,,gold,0\n,a,3,gold,1\n"
                              "53,c,4.25,,0\n24,d,5,basic,0\n65,a,6,gold,1\n";
    static const char shuffled[] = "extra,plan,age,balance,town\n"
                                   "q,basic,20,1.5,a\nq,gold,31,,b\nq,gold,,3,a\n"
                                   "q,,53,4.25,c\nq,new,24,5,z\nq,gold,65,6,a\n";
    chl_frame *train = frame_of(csv, "town plan"), *rows = frame_of(shuffled, "");
    chl_prep *prep = fitted_prep(all_steps, train, NULL);
    chl_matrix whole, other, one;
    chl_prep_unseen unseen;
    assert_ok(chl_prep_transform(prep, train, &whole, &unseen, &err));
    assert_int_equal(unseen.cells, 0);
    assert_ok(chl_prep_transform(prep, rows, &other, &unseen, &err));
    assert_int_equal(unseen.cells, 2); /* plan "new", town "z" */
    for (int64_t i = 0; i < 6; i++) {
        chl_frame *slice = NULL;
        assert_ok(chl_frame_slice(rows, i, 1, &slice, &err));
        assert_ok(chl_prep_transform(prep, slice, &one, NULL, &err));
        assert_same_row(&one, 0, &other, i);
        if (i != 4) {
            assert_same_row(&one, 0, &whole, i);
        }
        chl_matrix_reset(&one);
        chl_frame_release(slice);
    }
    chl_matrix_reset(&whole);
    chl_matrix_reset(&other);
    chl_prep_free(prep);
    chl_frame_release(train);
    chl_frame_release(rows);
}

static chl_status score(const chl_prep *prep, const char *csv, chl_error *err)
{
    chl_matrix x;
    chl_frame *frame = frame_of(csv, "");
    chl_status status = chl_prep_transform(prep, frame, &x, NULL, err);
    assert_true(status == CHL_OK || !x.data);
    chl_matrix_reset(&x);
    chl_frame_release(frame);
    return status;
}

static void scoring_casts_what_it_can(void **state)
{
    (void)state;
    chl_frame *train = frame_of(train_csv, "plan");
    chl_prep *prep = fitted_prep(steps, train, NULL);
    assert_ok(score(prep, "age,balance,plan,active\n20,7,gold,1\n", &err));
    assert_ok(score(prep, "age,balance,plan,active\n20.0,7,1,true\n", &err));
    assert_ok(score(prep, "age,balance,plan,active\n,,,\n", &err));
    assert_ok(score(prep, "age,balance,plan,active\n", &err)); /* no rows */
    assert_error(score(prep, "Age,balance,plan,active\n20,7,gold,1\n", &err),
                 "score: missing column 'age' (is it 'Age'?)");
    assert_error(score(prep, "age,balance,plan\n20,7,gold\n", &err),
                 "score: missing column 'active'");
    assert_error(
        score(prep, "age,balance,plan,active\n20,7,gold,1\nold,7,gold,1\n", &err),
        "score: column 'age': row 2: expected an integer, got \"old\"");
    assert_error(score(prep, "age,balance,plan,active\n20.5,7,gold,1\n", &err),
                 "score: column 'age': row 1: expected an integer, got \"20.5\"");
    assert_error(score(prep, "age,balance,plan,active\n20,7,gold,3\n", &err),
                 "score: column 'active': row 1: expected true or false");
    assert_error(
        score(prep, "age,balance,plan,active\n9007199254740993,7,gold,1\n", &err),
        "row 1: the integer 9007199254740993 is beyond 2^53");
    chl_prep_free(prep);
    chl_frame_release(train);
}

/* ---- levels ---- */

/* The encoded row of one plan, as digits; counts unseen cells. */
static void encode_plan(const chl_prep *prep, const char *plan, char *digits,
                        int64_t *unseen)
{
    char csv[64];
    chl_matrix x;
    chl_prep_unseen counted;
    snprintf(csv, sizeof csv, "plan,n\n%s,1\n", plan);
    chl_frame *frame = frame_of(csv, "");
    assert_ok(chl_prep_transform(prep, frame, &x, &counted, &err));
    for (int64_t j = 0; j < x.cols; j++) {
        digits[j] = (char)('0' + (int)cell(&x, 0, j));
    }
    digits[x.cols] = '\0';
    *unseen = counted.cells;
    chl_matrix_reset(&x);
    chl_frame_release(frame);
}

static void assert_plan(const chl_prep *prep, const char *plan, const char *expected,
                        int64_t unseen)
{
    char digits[16];
    int64_t counted;
    encode_plan(prep, plan, digits, &counted);
    assert_string_equal(digits, expected);
    assert_int_equal(counted, unseen);
}

static const char plans_csv[] = "plan,n\nb,1\na,1\na,1\nb,1\nc,1\na,1\n";

static void unseen_levels_follow_the_policy(void **state)
{
    (void)state;
    chl_frame *train = frame_of(plans_csv, "plan");
    chl_prep *prep = fitted_prep("[{'step':'drop','columns':['n']},"
                                 " {'step':'onehot','unseen':'other','min_count':2}]",
                                 train, NULL);
    assert_encoded(prep, "plan=a | plan=b | plan=<other>");
    assert_plan(prep, "b", "010", 0);
    assert_plan(prep, "c", "001", 0); /* rare, but training had it */
    assert_plan(prep, "d", "001", 1);
    assert_plan(prep, "", "001", 1); /* training had no missing plan */
    chl_prep_free(prep);
    prep =
        fitted_prep("[{'step':'drop','columns':['n']}, {'step':'onehot'}]", train, NULL);
    assert_encoded(prep, "plan=a | plan=b | plan=c"); /* no rare level, no <other> */
    assert_plan(prep, "d", "000", 1);
    chl_prep_free(prep);
    prep = fitted_prep("[{'step':'drop','columns':['n']},"
                       " {'step':'onehot','unseen':'zero','min_count':3}]",
                       train, NULL);
    assert_encoded(prep, "plan=a");
    assert_plan(prep, "b", "0", 0);
    assert_plan(prep, "d", "0", 1);
    chl_prep_free(prep);
    prep = fitted_prep("[{'step':'drop','columns':['n']},"
                       " {'step':'onehot','unseen':'error'}]",
                       train, NULL);
    assert_error(score(prep, "plan\na\nC\n", &err),
                 "onehot: column 'plan': row 2: unknown level 'C' (did you mean 'c'?)");
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void a_missing_text_is_a_level(void **state)
{
    (void)state;
    static const char csv[] = "plan,n\nb,1\n,1\n<other>,1\n";
    chl_frame *train = frame_of(csv, "plan");
    chl_prep *prep =
        fitted_prep("[{'step':'drop','columns':['n']}, {'step':'onehot'}]", train, NULL);
    assert_encoded(prep, "plan=<unknown> | plan=b | plan=<other>");
    assert_plan(prep, "", "100", 0);
    assert_plan(prep, "z", "001", 1);
    chl_prep_free(prep);
    prep = fitted_prep("[{'step':'drop','columns':['n']},"
                       " {'step':'impute','category':'none'}, {'step':'ordinal'}]",
                       train, NULL);
    assert_plan(prep, "<other>", "0", 0);
    assert_plan(prep, "b", "1", 0);
    assert_plan(prep, "", "2", 0);
    chl_prep_free(prep);
    prep = fitted_prep("[{'step':'drop','columns':['n']},"
                       " {'step':'impute','category':'mode','flag':true},"
                       " {'step':'ordinal','order':{'plan':['b','<other>']}}]",
                       train, NULL);
    assert_encoded(prep, "plan_missing | plan"); /* of ties the first in byte order */
    assert_plan(prep, "", "11", 0);
    assert_plan(prep, "b", "00", 0);
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void expressions_keep_the_training_codes(void **state)
{
    (void)state;
    chl_frame *train = frame_of(plans_csv, "plan");
    chl_prep *prep = fitted_prep(
        "[{'step':'derive','columns':[['is_b','plan == `b`']]},"
        " {'step':'drop','columns':['n']}, {'step':'onehot','unseen':'zero'}]",
        train, NULL);
    assert_plan(prep, "b", "1010", 0); /* a frame whose only level is b */
    assert_plan(prep, "new", "0000", 1);
    assert_error(try_fit("[{'step':'derive','columns':[['is_z','plan == `z`']]}]",
                         plans_csv, "plan", &err),
                 "derive: 'is_z'");
    chl_prep_free(prep);
    chl_frame_release(train);
}

/* ---- errors ---- */

static void options_are_checked(void **state)
{
    (void)state;
    assert_error(try_add("[{'step':'imput'}]", &err),
                 "prep: unknown step 'imput' (did you mean 'impute'?)");
    assert_error(try_add("[{'step':'impute','numric':1}]", &err),
                 "impute: unknown option 'numric' (did you mean 'numeric'?)");
    assert_error(try_add("[{'step':'impute','numeric':'medain'}]", &err),
                 "did you mean 'median'?");
    assert_error(try_add("[{'step':'impute','numeric':true}]", &err),
                 "impute: option 'numeric': expected a number or a method");
    assert_error(try_add("[{'step':'clip'}]", &err), "clip: expected either quantile");
    assert_error(try_add("[{'step':'clip','bounds':[2,1]}]", &err), "lower number first");
    assert_error(try_add("[{'step':'clip','bounds':[2]}]", &err), "expected two numbers");
    assert_error(try_add("[{'step':'clip','quantile':[0,1.5]}]", &err), "from 0 to 1");
    assert_error(try_add("[{'step':'onehot','unseen':'others'}]", &err),
                 "onehot: unknown unseen 'others' (did you mean 'other'?)");
    assert_error(try_add("[{'step':'onehot','unseen':'error','min_count':2}]", &err),
                 "min_count");
    assert_error(try_add("[{'step':'target_encode','smooth':-1}]", &err), "smooth");
    assert_error(try_add("[{'step':'target_encode','folds':1}]", &err),
                 "expected a number from 2 to 1000, got 1");
    assert_error(try_add("[{'step':'piecewise','bins':'trees'}]", &err),
                 "piecewise: unknown bins 'trees' (did you mean 'tree'?)");
    assert_error(try_add("[{'step':'piecewise','max_bins':0}]", &err),
                 "expected a number from 1 to 4096, got 0");
    assert_error(try_add("[{'step':'quantile','output':'gauss'}]", &err),
                 "quantile: unknown output 'gauss'");
    assert_error(try_add("[{'step':'scale','columns':[]}]", &err), "at least one name");
    assert_error(try_add("[{'step':'scale','columns':['a','a']}]", &err),
                 "scale: option 'columns': 'a' stands there twice");
    assert_error(try_add("[{'step':'drop'}]", &err), "option 'columns' is required");
    assert_error(try_add("[{'step':'ordinal','order':{'a':['x','x']}}]", &err), "twice");
    assert_error(try_add("[{'step':'derive','columns':[['a','b +']]}]", &err),
                 "derive: 'a': expression");
    assert_error(try_add("[{'step':'derive','columns':[['a','b / mean(b)']]}]", &err),
                 "derive: 'a': an aggregate looks at other rows");
    assert_error(try_add("[{'step':'derive','columns':[['a','1 + 1']]}]", &err),
                 "reads a column");
    assert_error(try_add("[{'step':'derive','columns':[['a',3]]}]", &err),
                 "derive: 'a': expected an expression as a string, got an integer");
}

static void fitting_says_what_is_wrong(void **state)
{
    (void)state;
    static const char csv[] = "a,name,day,gap,y\n1,x,2026-01-01,,1\n2,y,2026-01-02,3,0\n";
    assert_error(try_fit("[{'step':'drop','columns':['day','gap']}]", csv, "", &err),
                 "fit: column 'name' is text (string) and no step encodes it: add onehot "
                 "or target_encode, or drop it");
    assert_error(try_fit("[{'step':'drop','columns':['name','gap']}]", csv, "", &err),
                 "fit: column 'day' is a date");
    assert_error(try_fit("[{'step':'drop','columns':['name','day']}]", csv, "", &err),
                 "fit: column 'gap': row 1: the value is missing and no impute");
    assert_error(try_fit("[{'step':'drop','columns':['names']}]", csv, "", &err),
                 "drop: unknown column 'names' (did you mean 'name'?)");
    assert_error(try_fit("[{'step':'scale','columns':['y']}]", csv, "", &err),
                 "scale: unknown column 'y'"); /* the target is no feature */
    assert_error(try_fit("[{'step':'scale','columns':['name']}]", csv, "", &err),
                 "scale: column 'name': expected numbers, got string");
    assert_error(try_fit("[{'step':'onehot','columns':['a']}]", csv, "", &err),
                 "onehot: column 'a': expected text (string or category), got i64");
    assert_error(try_fit("[{'step':'derive','columns':[['a','gap']]}]", csv, "", &err),
                 "derive: there is already a column 'a'");
    assert_error(try_fit("[{'step':'derive','columns':[['b','gapp']]}]", csv, "", &err),
                 "derive: 'b': unknown column 'gapp' (did you mean 'gap'?)");
    assert_error(try_fit("[{'step':'onehot','max_levels':1}]", csv, "", &err),
                 "onehot: column 'name': 2 levels are more than max_levels = 1");
    assert_error(try_fit("[{'step':'target_encode','folds':3}]", csv, "", &err),
                 "target_encode: 3 folds need as many training rows, got 2");
    assert_error(try_fit("[{'step':'target_encode'}]", "c,b\nx,1\ny,2\n", "", &err),
                 "target_encode: the frame has no target");
    assert_error(try_fit("[{'step':'piecewise'}]", "b,c\n1,1\n", "", &err),
                 "piecewise: the frame has no target");
    assert_error(try_fit("[{'step':'derive','columns':[['e','b / 0']]},"
                         " {'step':'piecewise','columns':['e']}]",
                         "b,y\n1,0\n2,1\n", "", &err),
                 "piecewise: column 'e': no value in the training rows");
    assert_error(try_fit("[]", "a,y\n", "", &err), "fit: the training frame has no rows");
    assert_error(try_fit("[]", "id,y\n1,2\n", "", &err), "no column to learn from");
    assert_error(try_fit("[{'step':'drop','columns':['a']}]", "a,y\n1,1\n", "", &err),
                 "fit: the steps leave no column");
    assert_error(try_fit("[]", "a\n9007199254740993\n", "", &err),
                 "fit: column 'a': row 1: the integer 9007199254740993 is beyond 2^53");
    assert_error(try_fit("[{'step':'impute'}]", "a,b\n1,\n2,\n", "", &err),
                 "impute: column 'b': no value in the training rows");
}

static void text_must_be_utf8(void **state)
{
    (void)state;
    assert_error(try_fit("[{'step':'onehot'}]", "c\nok\n\xff\xfe\n", "c", &err),
                 "fit: column 'c': level 2 is no UTF-8 text");
    assert_error(try_fit("[{'step':'onehot'}]", "c,d\nok,1\n\xff\xfe,1\n", "", &err),
                 "onehot: column 'c': row 2: the text is no UTF-8");
    assert_error(try_fit("[]", "\xff,d\n1,2\n", "", &err), "the name is no UTF-8");
    assert_ok(try_fit("[{'step':'onehot'}]", "c\nZ\xc3\xbcrich\n", "c", &err));
}

/* ---- life ---- */

static void raw_columns_are_those_that_training_read(void **state)
{
    (void)state;
    static const char csv[] = "a,name,day,y\n1,x,2026-01-01,1\n2,y,2026-01-02,0\n";
    chl_frame *train = frame_of(csv, "");
    chl_prep *prep = fitted_prep("[{'step':'derive','columns':[['d','day(day)']]},"
                                 " {'step':'drop','columns':['name','day']}]",
                                 train, NULL);
    assert_int_equal(chl_prep_raw_count(prep), 2); /* a, day */
    assert_string_equal(chl_prep_raw_name(prep, 1), "day");
    assert_true(chl_prep_depends(prep, 1, 1));
    assert_false(chl_prep_depends(prep, 1, 0));
    assert_ok(score(prep, "a,day\n1,2026-01-03\n", &err));
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void a_failed_fit_changes_nothing(void **state)
{
    (void)state;
    chl_matrix x;
    chl_prep *prep = prep_of("[{'step':'impute','numeric':'mean'}]");
    chl_frame *bad = frame_of("a,b\n1,x\n", ""), *good = frame_of("a,b\n1,2\n3,\n", "");
    assert_error(chl_prep_fit_transform(prep, bad, &x, &err), "is text");
    assert_null(x.data);
    assert_false(chl_prep_fitted(prep));
    assert_error(chl_prep_transform(prep, good, &x, NULL, &err), "not fitted");
    assert_ok(chl_prep_fit_transform(prep, good, &x, &err));
    chl_matrix_reset(&x);
    assert_ok(chl_prep_fit_transform(prep, good, &x, &err)); /* again, from scratch */
    assert_near(cell(&x, 1, 1), 2, 0);
    chl_matrix_reset(&x);
    json_t *step = json_of("{'step':'scale'}");
    assert_error(chl_prep_add(prep, step, &err), "it is fitted");
    json_decref(step);
    chl_prep *clone = NULL;
    assert_ok(chl_prep_clone_unfitted(prep, &clone, &err));
    assert_false(chl_prep_fitted(clone));
    chl_prep_free(clone);
    chl_prep_free(prep);
    chl_frame_release(bad);
    chl_frame_release(good);
}

static void the_schema_has_types_and_levels(void **state)
{
    (void)state;
    chl_frame *train = frame_of(train_csv, "plan"), *schema = NULL;
    chl_prep *prep = fitted_prep(steps, train, NULL);
    assert_ok(chl_prep_schema(prep, &schema, &err));
    assert_int_equal(schema->columns, 4);
    assert_int_equal(schema->rows, 0);
    const chl_column *plan = chl_frame_column(schema, "plan");
    assert_int_equal(plan->type, CHL_CATEGORY);
    assert_true(chl_levels_find(plan->levels, "silver", 6) >= 0);
    assert_int_equal(chl_frame_column(schema, "balance")->type, CHL_F64);
    chl_frame_release(schema);
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void describe(const chl_prep *prep, const char *expected)
{
    chl_strbuf text = {0};
    assert_ok(chl_prep_describe(prep, &text, &err));
    if (!strstr(text.data, expected)) {
        fail_msg("\"%s\" lacks \"%s\"", text.data, expected);
    }
    chl_strbuf_reset(&text);
}

static void it_describes_itself(void **state)
{
    (void)state;
    chl_prep *prep = prep_of(steps);
    describe(prep, "prep: not fitted, 5 steps\n  1 derive         rich = balance > 4, ");
    describe(prep, "3 clip           age: bounds 25 to 45");
    chl_prep_free(prep);
    chl_frame *train = frame_of(train_csv, "plan");
    prep = fitted_prep(steps, train, NULL);
    describe(prep, "prep: fitted, 4 raw columns -> 12 encoded");
    describe(prep, "plan: unseen other; plan 3 levels");
    chl_prep_free(prep);
    chl_frame_release(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_run_in_their_order),
        cmocka_unit_test(lineage_reaches_through_derived_columns),
        cmocka_unit_test(a_row_is_the_same_alone_and_among_others),
        cmocka_unit_test(scoring_casts_what_it_can),
        cmocka_unit_test(unseen_levels_follow_the_policy),
        cmocka_unit_test(a_missing_text_is_a_level),
        cmocka_unit_test(expressions_keep_the_training_codes),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(fitting_says_what_is_wrong),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(raw_columns_are_those_that_training_read),
        cmocka_unit_test(a_failed_fit_changes_nothing),
        cmocka_unit_test(the_schema_has_types_and_levels),
        cmocka_unit_test(it_describes_itself),
    };
    return cmocka_run_group_tests_name("prep", tests, NULL, NULL);
}
