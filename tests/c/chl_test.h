/* SPDX-License-Identifier: MIT
 *
 * cmocka with the headers it wants, and the assertions of this project.
 */
#ifndef CHL_TEST_H
#define CHL_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/status.h"

/* The call succeeds; otherwise its message is shown. Uses a local `err`. */
#define assert_ok(call)                                                                  \
    do {                                                                                 \
        chl_error err = {0};                                                             \
        if ((call) != CHL_OK) {                                                          \
            fail_msg("%s: %s", #call, err.message);                                      \
        }                                                                                \
    } while (0)

/* The call fails with a message that holds `text`. Uses a local `err`. */
#define assert_error(call, text)                                                         \
    do {                                                                                 \
        chl_error err = {0};                                                             \
        if ((call) == CHL_OK) {                                                          \
            fail_msg("%s: succeeded", #call);                                            \
        } else if (!strstr(err.message, (text))) {                                       \
            fail_msg("%s: message \"%s\" lacks \"%s\"", #call, err.message, (text));     \
        }                                                                                \
    } while (0)

#define assert_near(a, b, tolerance)                                                     \
    do {                                                                                 \
        double near_a = (a), near_b = (b);                                               \
        if (!(fabs(near_a - near_b) <= (tolerance))) {                                   \
            fail_msg("%s = %.17g, expected %.17g", #a, near_a, near_b);                  \
        }                                                                                \
    } while (0)

#endif
