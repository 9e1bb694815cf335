# What needs PostgreSQL (PGXS: build, install, installcheck), and the commands of the README.
#
#   make run      everything, in the foreground, with a private database and demo data
#   make test     everything a change must pass

PG_CONFIG ?= pg_config
extension_version := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" extension/auxeira.control)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# --- The extension --------------------------------------------------------------------------------------

MODULE_big = auxeira
EXTENSION = extension/auxeira
DATA_built = build/auxeira--$(extension_version).sql

rooms = scoring synthesis ledger tenancy
sources := $(wildcard $(addprefix extension/,$(addsuffix /*.cpp,$(rooms) boundary functions)))
OBJS := $(sources:%.cpp=build/%.o)
SHLIB_LINK = -lcrypto -lstdc++
EXTRA_CLEAN = build

# Bitcode for JIT inlining is of no use here: the functions are called across the boundary.
override with_llvm = no

server_includes = -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
extension_flags = -std=c++20 -O2 -g -fPIC -fvisibility=hidden \
	-DPGDLLEXPORT='__attribute__((visibility("default")))' \
	-Wall -Wextra -Wshadow -Werror -ffp-contract=off -fno-strict-aliasing -fwrapv \
	-fstack-protector-strong -MMD -MP -Iextension -DAUXEIRA_VERSION='"$(extension_version)"'
# The pure rooms are built with no server header in reach: the wall is kept by the compiler.
build/extension/boundary/%.o build/extension/functions/%.o: extension_flags += $(server_includes)
CXX_EXTENSION = g++

# Memory errors and undefined behaviour end the process, and an overflow is such. A trap is reported by ASan, too.
ifdef AUXEIRA_SANITIZE
extension_flags += -O1 -fno-wrapv -D_GLIBCXX_ASSERTIONS -Wno-maybe-uninitialized \
	-fsanitize=address,undefined,float-cast-overflow -fsanitize-undefined-trap-on-error
SHLIB_LINK += -fsanitize=address
endif

.DEFAULT_GOAL := all

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install:
	$(error PostgreSQL's server headers were not found: install postgresql-server-dev-15 or set PG_CONFIG)
endif

# Objects for one server do not fit another.
build_for = $(shell $(PG_CONFIG) --version 2>/dev/null)$(AUXEIRA_SANITIZE)
build/server.stamp: FORCE
	@mkdir -p $(@D)
	@echo '$(build_for)' | cmp -s - $@ || echo '$(build_for)' > $@

build/%.o: %.cpp Makefile build/server.stamp
	@mkdir -p $(@D)
	$(CXX_EXTENSION) $(extension_flags) -c -o $@ $<

-include $(OBJS:.o=.d)

build/auxeira--$(extension_version).sql: $(sort $(wildcard sql/extension/*.sql)) extension/auxeira.control
	@mkdir -p $(@D)
	cat $(filter %.sql,$^) > $@

# --- The commands ---------------------------------------------------------------------------------------

# make seal and make verify run the jobs of the ledger once.
.PHONY: FORCE run start stop rotate-keys seal verify test test-sanitize bench
run start stop rotate-keys seal verify:
	@api/launch/auxeira $@

# make bench PART=synthesis runs one part.
bench:
	@test/bench/run $(PART)

test:
	@test/run

test-sanitize:
	@test/sanitize
