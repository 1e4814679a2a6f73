-- Made by `make rockspec` from the files of the tree; `make lint` compares them.
rockspec_format = "3.0"
package = "churnlab"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "From customer data to retention decisions: frames, nets, reasons, policies",
  license = "MIT",
}
dependencies = { "lua ~> 5.4" }
external_dependencies = {
  OPENBLAS = { library = "openblas" }, -- Debian keeps cblas.h where only the compiler looks
  CSV = { header = "csv.h" },
  JANSSON = { header = "jansson.h" },
  SODIUM = { header = "sodium.h" },
}
build = {
  type = "builtin",
  modules = {
    ["churnlab.core"] = {
      defines = { "_POSIX_C_SOURCE=200809L" },
      incdirs = { "src", "$(CSV_INCDIR)", "$(JANSSON_INCDIR)", "$(SODIUM_INCDIR)" },
      libdirs = { "$(OPENBLAS_LIBDIR)", "$(CSV_LIBDIR)", "$(JANSSON_LIBDIR)", "$(SODIUM_LIBDIR)" },
      libraries = { "openblas", "csv", "jansson", "sodium", "m", "pthread" },
      sources = {
        "src/bind/chlua.c",
        "src/bind/control.c",
        "src/bind/core.c",
        "src/bind/json.c",
        "src/bind/rng.c",
        "src/core/base/alloc.c",
        "src/core/base/control.c",
        "src/core/base/hash.c",
        "src/core/base/nearest.c",
        "src/core/base/options.c",
        "src/core/base/parallel.c",
        "src/core/base/rng.c",
        "src/core/base/status.c",
        "src/core/base/strbuf.c",
        "src/core/data/matrix.c",
      },
    },
    ["churnlab.complete"] = "lua/churnlab/complete.lua",
    ["churnlab.errors"] = "lua/churnlab/errors.lua",
    ["churnlab"] = "lua/churnlab/init.lua",
    ["churnlab.inspect"] = "lua/churnlab/inspect.lua",
  },
}
