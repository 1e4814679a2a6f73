/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/expr/expr_internal.h"

/* ---- errors ---- */

/* The text as messages show it: its beginning, control characters as spaces. */
static void show_text(const char *text, char out[72])
{
    enum { SHOWN = 60 };
    size_t n = strlen(text);
    size_t shown = n > SHOWN ? SHOWN : n;
    while (n > SHOWN && shown > SHOWN - 4 &&
           ((unsigned char)text[shown] & 0xc0) == 0x80) {
        shown--; /* not inside a UTF-8 sequence */
    }
    for (size_t i = 0; i < shown; i++) {
        out[i] = text[i];
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            out[i] = ' ';
        }
    }
    strcpy(out + shown, n > SHOWN ? "…" : "");
}

chl_status chl_expr_locate(chl_error *err, chl_status code, const char *text, size_t at)
{
    if (err) {
        char shown[72];
        show_text(text, shown);
        chl_error_prefix(err, "expression \"%s\": position %zu", shown, at + 1);
    }
    return code;
}

chl_status chl_expr_fail(chl_error *err, chl_status code, const char *text, size_t at,
                         const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    chl_vfail(err, code, fmt, args);
    va_end(args);
    return chl_expr_locate(err, code, text, at);
}

/* ---- operators ---- */

const expr_operator *chl_expr_operator(expr_op op)
{
    static const expr_operator table[] = {
        {"or", 1, 1},  {"and", 2, 2},  {"<", 3, 3},   {">", 3, 3},
        {"<=", 3, 3},  {">=", 3, 3},   {"~=", 3, 3},  {"==", 3, 3},
        {"..", 9, 8},  {"+", 10, 10},  {"-", 10, 10}, {"*", 11, 11},
        {"/", 11, 11}, {"//", 11, 11}, {"%", 11, 11}, {"^", 14, 13},
    };
    return &table[op - EXPR_OR];
}

/* ---- nodes ---- */

typedef struct parser {
    expr_lexer lexer;
    chl_expr *expr;
    int depth;
    chl_error *err;
} parser;

static chl_status add_node(parser *p, expr_node node, int32_t *index)
{
    chl_expr *e = p->expr;
    expr_node *grown =
        chl_grow(e->nodes, &e->node_capacity, e->n_nodes + 1, sizeof *e->nodes);
    if (!grown) {
        return chl_fail_memory(p->err);
    }
    e->nodes = grown;
    *index = (int32_t)e->n_nodes;
    e->nodes[e->n_nodes++] = node;
    return CHL_OK;
}

static chl_status add_leaf(parser *p, expr_node node, int32_t *index)
{
    node.position = (int32_t)p->lexer.position;
    node.start = (int32_t)p->expr->n_nodes;
    return add_node(p, node, index);
}

/* A node over the given operands, which are the nodes before it. */
static chl_status add_parent(parser *p, expr_node node, const int32_t *args, int n,
                             int32_t *index)
{
    chl_expr *e = p->expr;
    int32_t *grown =
        chl_grow(e->args, &e->arg_capacity, e->n_args + (size_t)n, sizeof *e->args);
    if (!grown) {
        return chl_fail_memory(p->err);
    }
    e->args = grown;
    node.args = (int32_t)e->n_args;
    node.n_args = n;
    node.start = n ? e->nodes[args[0]].start : (int32_t)e->n_nodes;
    for (int i = 0; i < n; i++) {
        e->args[e->n_args++] = args[i];
    }
    return add_node(p, node, index);
}

/* ---- grammar ---- */

static chl_status parse_part(parser *p, int limit, int32_t *index);

static chl_status fail_expected(parser *p, const char *what)
{
    const expr_lexer *lexer = &p->lexer;
    size_t n = lexer->at - lexer->position;
    if (lexer->token == TOKEN_END) {
        return chl_expr_fail(p->err, CHL_EPARSE, lexer->text, lexer->position,
                             "expected %s, got the end of the text", what);
    }
    return chl_expr_fail(p->err, CHL_EPARSE, lexer->text, lexer->position,
                         "expected %s, got '%.*s'", what, n > 40 ? 40 : (int)n,
                         lexer->text + lexer->position);
}

static chl_status parse_text(parser *p, int32_t *index)
{
    const chl_strbuf *bytes = &p->lexer.bytes;
    chl_strbuf *pool = &p->expr->pool;
    expr_node node = {.op = EXPR_TEXT};
    node.as.text.at = (int32_t)pool->length;
    node.as.text.n = (int32_t)bytes->length;
    chl_strbuf_append(pool, bytes->data ? bytes->data : "", bytes->length);
    if (pool->failed) {
        return chl_fail_memory(p->err);
    }
    CHL_TRY(add_leaf(p, node, index));
    return chl_expr_next(&p->lexer);
}

static chl_status add_column(parser *p, const char *name, size_t n, size_t position,
                             int32_t *index)
{
    int32_t code;
    CHL_TRY(chl_levels_intern(p->expr->columns, name, n, &code, p->err));
    expr_node node = {.op = EXPR_COLUMN, .position = (int32_t)position, .as.i = code};
    node.start = (int32_t)p->expr->n_nodes;
    return add_node(p, node, index);
}

/* A growing list of operands while a call is read. */
typedef struct operand_list {
    int32_t *items;
    size_t count, capacity;
} operand_list;

static chl_status parse_arguments(parser *p, operand_list *list)
{
    CHL_TRY(chl_expr_next(&p->lexer)); /* ( */
    while (p->lexer.token != TOKEN_CLOSE) {
        if (list->count > 0) {
            if (p->lexer.token != TOKEN_COMMA) {
                return fail_expected(p, "',' or ')'");
            }
            CHL_TRY(chl_expr_next(&p->lexer));
        }
        int32_t *grown =
            chl_grow(list->items, &list->capacity, list->count + 1, sizeof *list->items);
        if (!grown) {
            return chl_fail_memory(p->err);
        }
        list->items = grown;
        CHL_TRY(parse_part(p, 0, &list->items[list->count]));
        list->count++;
    }
    return chl_expr_next(&p->lexer); /* ) */
}

static chl_status fail_function(parser *p, const char *name, size_t position, bool known,
                                int min, int max, int n)
{
    const char *text = p->lexer.text;
    if (!known) {
        const char *const *names = chl_expr_functions();
        size_t count = 0;
        while (names[count]) {
            count++;
        }
        chl_fail_unknown(p->err, "", "function", name, names, count);
        return chl_expr_locate(p->err, CHL_ENAME, text, position);
    }
    if (max < 0) {
        return chl_expr_fail(p->err, CHL_EPARSE, text, position,
                             "function '%s': expected %d or more arguments, got %d", name,
                             min, n);
    }
    if (min == max) {
        return chl_expr_fail(p->err, CHL_EPARSE, text, position,
                             "function '%s': expected %d argument%s, got %d", name, min,
                             min == 1 ? "" : "s", n);
    }
    return chl_expr_fail(p->err, CHL_EPARSE, text, position,
                         "function '%s': expected %d to %d arguments, got %d", name, min,
                         max, n);
}

static chl_status add_call(parser *p, const char *name, size_t position,
                           const operand_list *list, int32_t *index)
{
    bool known;
    int min = 0, max = 0, n = (int)list->count;
    const expr_function *fn = chl_expr_function_find(name, n, &known, &min, &max);
    if (!fn) {
        return fail_function(p, name, position, known, min, max, n);
    }
    p->expr->aggregate = p->expr->aggregate || expr_is_aggregate_fn(fn->id);
    p->expr->window = p->expr->window || expr_is_window_fn(fn->id);
    expr_node node = {.op = EXPR_CALL, .position = (int32_t)position, .fn = fn};
    return add_parent(p, node, list->items, n, index);
}

static chl_status parse_call(parser *p, const char *name, size_t position, int32_t *index)
{
    operand_list list = {0};
    chl_status status = parse_arguments(p, &list);
    if (status == CHL_OK) {
        status = add_call(p, name, position, &list, index);
    }
    chl_free(list.items);
    return status;
}

static chl_status parse_name(parser *p, int32_t *index)
{
    size_t position = p->lexer.position, n = p->lexer.bytes.length;
    bool plain = p->lexer.token == TOKEN_NAME;
    char *name = chl_strndup(p->lexer.bytes.data, n);
    if (!name) {
        return chl_fail_memory(p->err);
    }
    chl_status status = chl_expr_next(&p->lexer);
    if (status == CHL_OK) {
        status = plain && p->lexer.token == TOKEN_OPEN
                     ? parse_call(p, name, position, index)
                     : add_column(p, name, n, position, index);
    }
    chl_free(name);
    return status;
}

static chl_status parse_group(parser *p, int32_t *index)
{
    CHL_TRY(chl_expr_next(&p->lexer)); /* ( */
    CHL_TRY(parse_part(p, 0, index));
    if (p->lexer.token != TOKEN_CLOSE) {
        return fail_expected(p, "an operator or ')'");
    }
    return chl_expr_next(&p->lexer);
}

static chl_status parse_literal(parser *p, int32_t *index)
{
    expr_node node = {.op = EXPR_NIL};
    switch (p->lexer.token) {
    case TOKEN_INT:
        node.op = EXPR_INT;
        node.as.i = p->lexer.i;
        break;
    case TOKEN_FLOAT:
        node.op = EXPR_FLOAT;
        node.as.f = p->lexer.f;
        break;
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        node.op = EXPR_BOOL;
        node.as.i = p->lexer.token == TOKEN_TRUE;
        break;
    default: break; /* nil */
    }
    CHL_TRY(add_leaf(p, node, index));
    return chl_expr_next(&p->lexer);
}

static chl_status parse_simple(parser *p, int32_t *index)
{
    switch (p->lexer.token) {
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NIL: return parse_literal(p, index);
    case TOKEN_TEXT: return parse_text(p, index);
    case TOKEN_NAME:
    case TOKEN_QUOTED: return parse_name(p, index);
    case TOKEN_OPEN: return parse_group(p, index);
    default: return fail_expected(p, "a column, a value or '('");
    }
}

/* A minus before a number is part of the number. */
static bool fold_minus(parser *p, size_t position)
{
    expr_node *last = &p->expr->nodes[p->expr->n_nodes - 1];
    if (last->op == EXPR_INT) {
        last->as.i = -last->as.i; /* literals are never the smallest integer */
    } else if (last->op == EXPR_FLOAT) {
        last->as.f = last->as.f == 0 ? 0 : -last->as.f;
    } else {
        return false;
    }
    last->position = (int32_t)position;
    return true;
}

static chl_status parse_unary(parser *p, int32_t *index)
{
    size_t position = p->lexer.position;
    expr_op op = p->lexer.op == EXPR_NOT ? EXPR_NOT : EXPR_NEG;
    CHL_TRY(chl_expr_next(&p->lexer));
    CHL_TRY(parse_part(p, EXPR_UNARY_PRIORITY, index));
    if (op == EXPR_NEG && fold_minus(p, position)) {
        return CHL_OK;
    }
    int32_t operand = *index;
    expr_node node = {.op = op, .position = (int32_t)position};
    return add_parent(p, node, &operand, 1, index);
}

static bool at_binary(const parser *p, int limit)
{
    return p->lexer.token == TOKEN_OPERATOR && p->lexer.op >= EXPR_OR &&
           chl_expr_operator(p->lexer.op)->left > limit;
}

/* Reads operators that bind tighter than `limit` (Lua's subexpr). */
static chl_status parse_part(parser *p, int limit, int32_t *index)
{
    if (++p->depth > EXPR_DEPTH_MAX) {
        return chl_expr_fail(p->err, CHL_EPARSE, p->lexer.text, p->lexer.position,
                             "nested deeper than %d", EXPR_DEPTH_MAX);
    }
    bool unary = p->lexer.token == TOKEN_OPERATOR &&
                 (p->lexer.op == EXPR_NOT || p->lexer.op == EXPR_SUB);
    CHL_TRY(unary ? parse_unary(p, index) : parse_simple(p, index));
    while (at_binary(p, limit)) {
        expr_node node = {.op = p->lexer.op, .position = (int32_t)p->lexer.position};
        int32_t operands[2] = {*index, 0};
        CHL_TRY(chl_expr_next(&p->lexer));
        CHL_TRY(parse_part(p, chl_expr_operator(node.op)->right, &operands[1]));
        CHL_TRY(add_parent(p, node, operands, 2, index));
    }
    p->depth--;
    return CHL_OK;
}

static chl_status parse_all(parser *p)
{
    int32_t root;
    CHL_TRY(chl_expr_next(&p->lexer));
    CHL_TRY(parse_part(p, 0, &root));
    return p->lexer.token == TOKEN_END ? CHL_OK
                                       : fail_expected(p, "an operator or the end");
}

/* ---- the object ---- */

static chl_status borrow_names(chl_expr *e, chl_error *err)
{
    int32_t n = chl_levels_count(e->columns);
    e->names = chl_calloc((size_t)n + 1, sizeof *e->names);
    if (!e->names) {
        return chl_fail_memory(err);
    }
    for (int32_t i = 0; i < n; i++) {
        e->names[i] = chl_levels_name(e->columns, i, NULL);
    }
    return CHL_OK;
}

static chl_status fill(chl_expr *e, const char *text, chl_error *err)
{
    e->text = chl_strdup(text);
    if (!e->text) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_levels_new(&e->columns, err));
    parser p = {.lexer = {.text = e->text, .err = err}, .expr = e, .err = err};
    chl_status status = parse_all(&p);
    chl_strbuf_reset(&p.lexer.bytes);
    return status == CHL_OK ? borrow_names(e, err) : status;
}

chl_status chl_expr_parse(const char *text, chl_expr **out, chl_error *err)
{
    *out = NULL;
    if (strlen(text) > EXPR_TEXT_MAX) {
        return chl_expr_fail(err, CHL_EPARSE, text, EXPR_TEXT_MAX,
                             "the text is longer than %d bytes", EXPR_TEXT_MAX);
    }
    chl_expr *e = chl_calloc(1, sizeof *e);
    if (!e) {
        return chl_fail_memory(err);
    }
    atomic_init(&e->refs, 1);
    chl_status status = fill(e, text, err);
    if (status != CHL_OK) {
        chl_expr_release(e);
        return status;
    }
    *out = e;
    return CHL_OK;
}

chl_expr *chl_expr_retain(chl_expr *expr)
{
    atomic_fetch_add(&expr->refs, 1);
    return expr;
}

void chl_expr_release(chl_expr *expr)
{
    if (!expr || atomic_fetch_sub(&expr->refs, 1) != 1) {
        return;
    }
    chl_free(expr->text);
    chl_free(expr->nodes);
    chl_free(expr->args);
    chl_strbuf_reset(&expr->pool);
    if (expr->columns) {
        chl_levels_release(expr->columns);
    }
    chl_free((void *)expr->names);
    chl_free(expr);
}

const char *chl_expr_text(const chl_expr *expr)
{
    return expr->text;
}

int chl_expr_columns(const chl_expr *expr, const char *const **names)
{
    *names = expr->names;
    return chl_levels_count(expr->columns);
}

bool chl_expr_is_aggregate(const chl_expr *expr)
{
    return expr->aggregate;
}
