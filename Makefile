# churnlab: `make help` lists the targets. V=1 shows commands, SANITIZER=address,undefined builds
# into a folder of its own.
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
AR ?= ar
CLANG ?= clang
LUA ?= lua5.4
PKG_CONFIG ?= pkg-config
SANITIZER ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
comma := ,
BUILD := build/$(if $(SANITIZER),$(subst $(comma),-,$(SANITIZER)),release)

ifeq ($(V),1)
Q :=
else
Q := @
MAKEFLAGS += --no-print-directory
endif

PACKAGES := lua5.4 jansson libsodium libedit sqlite3 libpq zlib
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
DEPS_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
CPPFLAGS_ALL := -Isrc -D_POSIX_C_SOURCE=200809L $(DEPS_CFLAGS) $(CPPFLAGS)
CFLAGS ?= -O2 -g
CFLAGS_ALL := -std=c11 $(WARNINGS) -fno-math-errno -ffp-contract=off $(CFLAGS) \
	$(if $(SANITIZER),-fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LUA_LIBDIR := $(shell $(PKG_CONFIG) --variable=libdir lua5.4 2>/dev/null)
LUA_STATIC := $(firstword $(wildcard $(LUA_LIBDIR)/liblua5.4.a) -llua5.4)
CORE_LIBS := $(shell $(PKG_CONFIG) --libs jansson libsodium zlib 2>/dev/null) -lm -lpthread -ldl
HOST_LIBS := $(LUA_STATIC) $(shell $(PKG_CONFIG) --libs libedit 2>/dev/null) -ldl
LDFLAGS_ALL := $(LDFLAGS) $(if $(SANITIZER),-fsanitize=$(SANITIZER))
EXPORT := $(if $(filter Darwin,$(shell uname)),,-Wl$(comma)-E)

CORE := $(wildcard src/core/*/*.c)
BIND := $(wildcard src/bind/*.c)
HOST := $(wildcard src/host/*.c)
LUA_FILES := $(shell find lua -name '*.lua' | sort)
ARGPARSE ?= $(shell $(LUA) -e 'print(package.searchpath("argparse", package.path) or "")' 2>/dev/null)
objects = $(patsubst src/%.c,$(BUILD)/%.o,$(1))
# lua/churnlab/cli/init.lua → churnlab.cli
module = $(subst /,.,$(patsubst %/init,%,$(patsubst lua/%.lua,%,$(1))))

all: $(BUILD)/churnlab ## build the program

$(BUILD)/churnlab: $(call objects,$(HOST) $(BIND)) $(BUILD)/lua_sources.o $(BUILD)/libchurnlab.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(LDFLAGS_ALL) $(EXPORT) -o $@ $^ $(CORE_LIBS) $(HOST_LIBS)

$(BUILD)/libchurnlab.a: $(call objects,$(CORE))
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# loops over blocks of columns and of rows: let the compiler use vectors
$(BUILD)/core/expr/%.o $(BUILD)/core/metrics/logistic%.o: CFLAGS_ALL += $(if $(SANITIZER),,-O3 -fno-trapping-math)

# the core once more with double as the nets' number: for the gradient checks
$(BUILD)/real64/%.o: src/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -DCHL_REAL_DOUBLE -MMD -MP -c -o $@ $<

$(BUILD)/libchurnlab64.a: $(patsubst src/%.c,$(BUILD)/real64/%.o,$(CORE))
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/embed: src/tools/embed.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) -O1 -o $@ $<

$(BUILD)/lua_sources.c: $(BUILD)/embed $(LUA_FILES) Makefile
	@echo "  EMBED $@"
	$(Q)$< $(foreach f,$(LUA_FILES),$(call module,$(f))=$(f)) argparse=$(ARGPARSE) > $@.tmp && mv $@.tmp $@

$(BUILD)/lua_sources.o: $(BUILD)/lua_sources.c
	$(Q)$(CC) $(CPPFLAGS_ALL) -std=c11 -O0 -c -o $@ $<

# ---- tests ---------------------------------------------------------------------------------

C_TESTS := $(patsubst tests/c/%.c,$(BUILD)/tests/%,$(wildcard tests/c/test_*.c))
ifeq ($(shell uname),Darwin) # its linker cannot wrap functions
C_TESTS := $(filter-out $(BUILD)/tests/test_alloc_failures%,$(C_TESTS))
endif

# test_*_real64.c is linked with the double build
$(BUILD)/tests/%_real64: tests/c/%_real64.c $(BUILD)/libchurnlab64.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/c -DCHL_REAL_DOUBLE $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libchurnlab64.a -lcmocka -lcsv $(CORE_LIBS)

$(BUILD)/tests/%: tests/c/%.c $(BUILD)/libchurnlab.a
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/c $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libchurnlab.a -lcmocka -lcsv $(CORE_LIBS)


# `make test` and `make demo` install what is missing, then start over with the libraries known
test: ## install what is missing, then run every test suite
	$(Q)src/tools/deps.sh test
	$(Q)$(MAKE) -j$(JOBS) test-programs
	$(Q)$(MAKE) test-all

TEST_ENV := CHURNLAB=$(BUILD)/churnlab
test-programs: $(BUILD)/churnlab $(C_TESTS)

test-all: test-programs
	$(Q)TEST_LOGS=$(BUILD)/test-logs $(TEST_ENV) tests/run.sh \
		$(foreach t,$(C_TESTS),"$(patsubst test_%,c-%,$(notdir $(t)))=$(t)") \
		"lua=$(BUILD)/churnlab tests/lua/run.lua" "cli=tests/cli/run.sh" "examples=tests/cli/examples.sh" \
		"readme=tests/cli/readme.sh"

test-c: $(C_TESTS) ## C tests (cmocka)
	$(Q)TEST_LOGS=$(BUILD)/test-logs tests/run.sh \
		$(foreach t,$(C_TESTS),"$(patsubst test_%,c-%,$(notdir $(t)))=$(t)")

test-lua: $(BUILD)/churnlab ## Lua tests (busted, inside the program)
	$(Q)$(BUILD)/churnlab tests/lua/run.lua

test-cli: $(BUILD)/churnlab ## command line: transcripts and exit codes
	$(Q)$(TEST_ENV) tests/cli/run.sh

test-examples: $(BUILD)/churnlab ## every script in examples/
	$(Q)$(TEST_ENV) tests/cli/examples.sh

# ---- demo ----------------------------------------------------------------------------------

DATA ?=
TARGET ?=
POSITIVE ?=
ID ?=
demo: ## the main job on simulated customers, or DATA=file.csv TARGET=column POSITIVE=value ID=column
	$(Q)src/tools/deps.sh build
	$(Q)$(MAKE) -j$(JOBS) run-demo

run-demo: $(BUILD)/churnlab
	$(Q)$(BUILD)/churnlab examples/demo.lua $(if $(DATA),--data "$(DATA)") \
		$(if $(TARGET),--target "$(TARGET)") $(if $(POSITIVE),--positive "$(POSITIVE)") $(if $(ID),--id "$(ID)")

# ---- proofs --------------------------------------------------------------------------------

lint: $(BUILD)/libchurnlab.a ## format, static analysis, layers, rockspec
	@echo "  LINT  clang-format"
	$(Q)clang-format --dry-run -Werror $(shell find src tests -name '*.[ch]')
	@echo "  LINT  cppcheck"
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,portability --suppress=missingIncludeSystem \
		-Isrc -D_POSIX_C_SOURCE=200809L src
	@echo "  LINT  luacheck"
	$(Q)luacheck --quiet lua examples tests src/tools
	@echo "  LINT  layers"
	$(Q)CC="$(CC)" src/tools/layers.sh $(BUILD)/libchurnlab.a
	@echo "  LINT  rockspec"
	$(Q)$(LUA) src/tools/rockspec.lua check

VALGRIND := valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
	--errors-for-leak-kinds=definite,indirect --error-exitcode=9
valgrind: $(C_TESTS) $(BUILD)/churnlab ## C tests and a whole run under valgrind
	$(Q)for t in $(C_TESTS); do echo "  VALGRIND $$t"; $(VALGRIND) $$t >/dev/null 2>$(BUILD)/valgrind.log \
		|| { cat $(BUILD)/valgrind.log; exit 1; }; done
	@echo "  VALGRIND tests/cli/valgrind.lua"
	$(Q)$(VALGRIND) $(BUILD)/churnlab tests/cli/valgrind.lua $(BUILD)

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SOURCES := $(CORE) $(BIND)
FUZZ_FLAGS := -std=c11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
build/fuzz/%.o: src/%.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS_ALL) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(patsubst src/%.c,build/fuzz/%.o,$(FUZZ_SOURCES))
	@echo "  FUZZ  $@"
	$(Q)$(CLANG) $(CPPFLAGS_ALL) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(CORE_LIBS) $(LUA_STATIC) -ldl

fuzz: $(FUZZERS) ## every fuzzer for FUZZ_SECONDS=60
	$(Q)for f in $(FUZZERS); do mkdir -p $$f.corpus; echo "  FUZZ  $$f $(FUZZ_SECONDS) s"; \
		t=tests/fuzz/$$(basename $$f); dict=; seeds=; \
		[ ! -f $$t.dict ] || dict=-dict=$$t.dict; [ ! -d $$t.seeds ] || seeds=$$t.seeds; \
		ASAN_OPTIONS=detect_leaks=1 $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -verbosity=0 $$dict $$f.corpus $$seeds >$$f.log 2>&1 \
		|| { tail -n 60 $$f.log; exit 1; }; grep -E 'number_of_executed_units' $$f.log; done
	@echo "no findings"

# OpenBLAS is a peer of our products; the program itself does not link it
$(BUILD)/%_bench: tests/bench/%_bench.c $(BUILD)/libchurnlab.a
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(shell $(PKG_CONFIG) --cflags openblas) -o $@ $^ \
		$(shell $(PKG_CONFIG) --libs openblas) $(CORE_LIBS)

bench: $(BUILD)/churnlab $(BUILD)/product_bench $(BUILD)/step_bench ## measure us and the peers, print the ratios
	$(Q)tests/bench/run.sh $(BUILD)/churnlab

# ---- papers, packages ----------------------------------------------------------------------

docs: ## reference of the Lua functions → build/docs
	$(Q)ldoc --config src/tools/config.ld --dir $(abspath build/docs) . >/dev/null
	@echo "build/docs/index.html"

install: $(BUILD)/churnlab ## PREFIX=/usr/local DESTDIR=
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/churnlab/examples
	install -m 755 $(BUILD)/churnlab $(DESTDIR)$(PREFIX)/bin/churnlab
	install -m 644 examples/*.lua $(DESTDIR)$(PREFIX)/share/churnlab/examples
	install -m 644 README.md LICENSE CHANGELOG.md $(DESTDIR)$(PREFIX)/share/churnlab

ROCKS ?= build/rocks
rock: ## build and install the rock into ROCKS=build/rocks, and require it from plain Lua
	$(Q)src/tools/deps.sh all
	$(Q)rm -rf build/rock && mkdir -p build/rock && cp -r src lua rockspec LICENSE build/rock
	$(Q)cd build/rock && luarocks --lua-version=5.4 --tree $(abspath $(ROCKS)) make >build.log \
		|| { tail -n 20 build.log; exit 1; }
	$(Q)eval "$$(luarocks --lua-version=5.4 --tree $(ROCKS) path)" && \
		$(LUA) -e 'print("churnlab " .. require("churnlab").version .. " in " .. _VERSION)'

rockspec: ## write the rockspec from the files of the tree
	$(Q)$(LUA) src/tools/rockspec.lua write

deps: ## install everything that building, testing, linting and fuzzing need
	$(Q)src/tools/deps.sh all

format: ## clang-format in place
	clang-format -i $(shell find src tests -name '*.[ch]')

clean: ## remove what was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo "  variables: V=1  SANITIZER=address,undefined  PREFIX=  DESTDIR=  DATA=file.csv TARGET=column POSITIVE=yes ID=column  FUZZ_SECONDS=60"

# their allocations go through the test's own functions, which fail on demand
$(filter $(BUILD)/tests/test_alloc_failures%,$(C_TESTS)): LDFLAGS_ALL += \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free

-include $(shell find $(BUILD) build/fuzz -name '*.d' 2>/dev/null)
.SECONDARY: # objects that only a chain of rules names are kept all the same
.PHONY: all test test-programs test-all test-c test-lua test-cli test-examples demo run-demo lint valgrind fuzz \
	bench docs install rock rockspec deps format clean help
