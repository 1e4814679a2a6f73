/* SPDX-License-Identifier: MIT
 *
 * The one place that names the version. Layer: core/base.
 */
#ifndef CHL_BASE_VERSION_H
#define CHL_BASE_VERSION_H

#define CHL_VERSION "0.1.0"

#endif
