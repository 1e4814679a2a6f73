/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/expr/expr_internal.h"

/* What is still to be written: a node, or a piece of text. */
typedef struct task {
    int32_t node;
    const char *text; /* NULL = the node */
} task;

typedef struct printer {
    const chl_expr *expr;
    chl_strbuf *out;
    task *tasks; /* a stack: the next one is last */
    size_t count, capacity;
} printer;

static void push(printer *p, int32_t node, const char *text)
{
    task *grown = chl_grow(p->tasks, &p->capacity, p->count + 1, sizeof *p->tasks);
    if (!grown) {
        p->out->failed = true;
        return;
    }
    p->tasks = grown;
    p->tasks[p->count++] = (task){node, text};
}

static void push_operand(printer *p, int32_t node, bool brackets)
{
    if (brackets) {
        push(p, 0, ")");
    }
    push(p, node, NULL);
    if (brackets) {
        push(p, 0, "(");
    }
}

static bool is_binary(const expr_node *node)
{
    return node->op >= EXPR_OR;
}

static bool is_unary(const expr_node *node)
{
    return node->op == EXPR_NEG || node->op == EXPR_NOT ||
           (node->op == EXPR_INT && node->as.i < 0) ||
           (node->op == EXPR_FLOAT && node->as.f < 0);
}

/* Would the parser, having read `node`, let a following operator take its tail? */
static bool left_needs_brackets(const expr_node *node, int left)
{
    return (is_binary(node) && left > chl_expr_operator(node->op)->right) ||
           (is_unary(node) && left > EXPR_UNARY_PRIORITY);
}

static bool right_needs_brackets(const expr_node *node, int right)
{
    return is_binary(node) && chl_expr_operator(node->op)->left <= right;
}

static void print_text(chl_strbuf *out, const char *bytes, int32_t n)
{
    chl_strbuf_putc(out, '"');
    for (int32_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '"' || c == '\\') {
            chl_strbuf_putc(out, '\\');
            chl_strbuf_putc(out, (char)c);
        } else if (c == '\n') {
            chl_strbuf_puts(out, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            chl_strbuf_printf(out, "\\%03d", c);
        } else {
            chl_strbuf_putc(out, (char)c);
        }
    }
    chl_strbuf_putc(out, '"');
}

static void print_float(chl_strbuf *out, double value)
{
    char text[32];
    chl_format_double(value, text);
    chl_strbuf_puts(out, text);
    if (!strpbrk(text, ".e")) {
        chl_strbuf_puts(out, ".0"); /* stays a float when read again */
    }
}

/* The number of '=' in long brackets that `name` cannot close. */
static int bracket_level(const char *name)
{
    for (int level = 0;; level++) {
        bool closes = false;
        for (const char *at = strchr(name, ']'); at; at = strchr(at + 1, ']')) {
            size_t equals = strspn(at + 1, "=");
            closes = closes || (equals == (size_t)level &&
                                (at[equals + 1] == ']' || at[equals + 1] == '\0'));
        }
        if (!closes) {
            return level;
        }
    }
}

static void print_name(chl_strbuf *out, const char *name)
{
    if (chl_expr_plain_name(name, strlen(name))) {
        chl_strbuf_puts(out, name);
        return;
    }
    int level = bracket_level(name);
    chl_strbuf_putc(out, '[');
    for (int i = 0; i < level; i++) {
        chl_strbuf_putc(out, '=');
    }
    chl_strbuf_printf(out, "[%s]", name);
    for (int i = 0; i < level; i++) {
        chl_strbuf_putc(out, '=');
    }
    chl_strbuf_putc(out, ']');
}

static void print_call(printer *p, const expr_node *node)
{
    chl_strbuf_puts(p->out, node->fn->name);
    chl_strbuf_putc(p->out, '(');
    push(p, 0, ")");
    for (int k = node->n_args - 1; k >= 0; k--) {
        push(p, expr_arg(p->expr, node, k), NULL);
        if (k > 0) {
            push(p, 0, ", ");
        }
    }
}

static void print_unary(printer *p, const expr_node *node)
{
    int32_t operand = expr_arg(p->expr, node, 0);
    const expr_node *inner = &p->expr->nodes[operand];
    chl_strbuf_puts(p->out, node->op == EXPR_NOT    ? "not "
                            : inner->op == EXPR_NEG ? "- "
                                                    : "-");
    push_operand(p, operand, right_needs_brackets(inner, EXPR_UNARY_PRIORITY));
}

static void print_binary(printer *p, const expr_node *node)
{
    const expr_operator *op = chl_expr_operator(node->op);
    int32_t left = expr_arg(p->expr, node, 0), right = expr_arg(p->expr, node, 1);
    push_operand(p, right, right_needs_brackets(&p->expr->nodes[right], op->right));
    push(p, 0, " ");
    push(p, 0, op->text);
    push(p, 0, " ");
    push_operand(p, left, left_needs_brackets(&p->expr->nodes[left], op->left));
}

static void print_node(printer *p, const expr_node *node)
{
    switch (node->op) {
    case EXPR_INT: chl_strbuf_printf(p->out, "%" PRId64, node->as.i); break;
    case EXPR_FLOAT: print_float(p->out, node->as.f); break;
    case EXPR_TEXT:
        print_text(p->out, node->as.text.n ? p->expr->pool.data + node->as.text.at : "",
                   node->as.text.n);
        break;
    case EXPR_BOOL: chl_strbuf_puts(p->out, node->as.i ? "true" : "false"); break;
    case EXPR_NIL: chl_strbuf_puts(p->out, "nil"); break;
    case EXPR_COLUMN: print_name(p->out, p->expr->names[node->as.i]); break;
    case EXPR_CALL: print_call(p, node); break;
    case EXPR_NEG:
    case EXPR_NOT: print_unary(p, node); break;
    default: print_binary(p, node); break;
    }
}

void chl_expr_print(const chl_expr *expr, chl_strbuf *out)
{
    printer p = {.expr = expr, .out = out};
    push(&p, (int32_t)expr->n_nodes - 1, NULL);
    while (p.count > 0 && !out->failed) {
        task next = p.tasks[--p.count];
        if (next.text) {
            chl_strbuf_puts(out, next.text);
        } else {
            print_node(&p, &expr->nodes[next.node]);
        }
    }
    chl_free(p.tasks);
}
