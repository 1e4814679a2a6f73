# churnlab: `make help` lists the targets. V=1 shows commands, SANITIZER=address,undefined builds
# into a folder of its own.
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
AR ?= ar
CLANG ?= clang
LUA ?= lua5.4
PKG_CONFIG ?= pkg-config
SANITIZER ?=
comma := ,
BUILD := build/$(if $(SANITIZER),$(subst $(comma),-,$(SANITIZER)),release)

ifeq ($(V),1)
Q :=
else
Q := @
MAKEFLAGS += --no-print-directory
endif

PACKAGES := lua5.4 openblas jansson libsodium libedit
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
DEPS_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
CPPFLAGS_ALL := -Isrc -D_POSIX_C_SOURCE=200809L -DCHURNLAB_VERSION='"$(VERSION)"' $(DEPS_CFLAGS) $(CPPFLAGS)
CFLAGS ?= -O2 -g
CFLAGS_ALL := -std=c11 $(WARNINGS) -fno-math-errno -ffp-contract=off $(CFLAGS) \
	$(if $(SANITIZER),-fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LUA_LIBDIR := $(shell $(PKG_CONFIG) --variable=libdir lua5.4 2>/dev/null)
LUA_STATIC := $(firstword $(wildcard $(LUA_LIBDIR)/liblua5.4.a) -llua5.4)
CORE_LIBS := $(shell $(PKG_CONFIG) --libs openblas jansson libsodium 2>/dev/null) -lcsv -lm -lpthread
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

# test_*_real64.c is linked with the double build
$(BUILD)/tests/%_real64: tests/c/%_real64.c $(BUILD)/libchurnlab64.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/c -DCHL_REAL_DOUBLE $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libchurnlab64.a -lcmocka $(CORE_LIBS)

$(BUILD)/tests/%: tests/c/%.c $(BUILD)/libchurnlab.a
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/c $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libchurnlab.a -lcmocka $(CORE_LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all

test-c: $(C_TESTS) ## C tests (cmocka)
	$(Q)fails=0; for t in $(C_TESTS); do $$t || fails=1; done; exit $$fails

test-lua: $(BUILD)/churnlab ## Lua tests (busted, inside the program)
	$(Q)$(BUILD)/churnlab tests/lua/run.lua

clean: ## remove what was built
	rm -rf build

.PHONY: test-c test-lua clean
