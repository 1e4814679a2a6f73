/* SPDX-License-Identifier: MIT
 *
 * Calibrations from arbitrary JSON: what is accepted keeps probabilities inside (0, 1),
 * never lets a higher one fall (isotonic), and is written and read back the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/metrics/calibration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_calibration: %s\n", what);
        abort();
    }
}

static void check_curve(const chl_calibration *made, const chl_calibration *again)
{
    int rises = strcmp(chl_calibration_method(made), "isotonic") == 0;
    double before = 0;
    for (int i = 0; i <= 64; i++) {
        double p = i / 64.0, q = p;
        chl_calibration_apply(made, &p, 1);
        chl_calibration_apply(again, &q, 1);
        require(p > 0 && p < 1, "a probability left (0, 1)");
        require(p == q, "the round trip changed a probability");
        require(!rises || p >= before, "the curve fell");
        before = p;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, 0, NULL);
    chl_calibration *made = NULL, *again = NULL;
    if (json && chl_calibration_from_json(json, &made, NULL) == CHL_OK) {
        json_t *written = NULL;
        require(chl_calibration_to_json(made, &written, NULL) == CHL_OK, "not written");
        require(chl_calibration_from_json(written, &again, NULL) == CHL_OK, "not read");
        check_curve(made, again);
        json_decref(written);
    }
    chl_calibration_free(made);
    chl_calibration_free(again);
    json_decref(json);
    return 0;
}
