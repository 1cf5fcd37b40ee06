# ngx_outbound_ws: build, run, test, check.
#
#   make deps      install the Debian packages that are missing
#   make           build build/ngx_outbound_ws_module.so
#   make run       nginx with conf/demo.conf and a PBX simulator beside it
#   make test      every suite
#   make check     what CI wants besides the tests
#   make fuzz      the core against random input, each target FUZZ_SECONDS
#   make sanitize  the tests on an nginx built with sanitizers: takes minutes
#   make install   put the module where the installed nginx looks for it
#   make clean     remove build/
#
# Only run, test and sanitize install anything without being told, and only
# what is missing.  All that is made goes to build/.

NGINX_SRC ?= /usr/share/nginx/src
NGINX_BIN ?= /usr/sbin/nginx
PORT      ?= 8080
PBX_PORT  ?= 5001
JOBS      ?= 2

FUZZ_SECONDS ?= 60

export NGINX_SRC NGINX_BIN CC PORT PBX_PORT JOBS FUZZ_SECONDS

ifneq ($(words $(CURDIR)),1)
$(error nginx's build can't handle the blanks in "$(CURDIR)")
endif

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory

MODULE   = build/ngx_outbound_ws_module.so
SOURCES  = $(wildcard ngx_outbound_ws_module.c src/*.c src/core/*.c)


.PHONY: all deps run test check fuzz sanitize install clean unit FORCE
.DELETE_ON_ERROR:


all: $(MODULE)

deps:
	@tools/deps.sh run test check

run:
	@tools/deps.sh run
	@$(MAKE) all
	@tools/run.sh

test:
	@tools/deps.sh run test
	@$(MAKE) all unit
	@tools/test.sh

check: all
	@tools/check.sh

fuzz:
	@tools/fuzz.sh

# TESTS= names some instead of all
sanitize:
	@tools/deps.sh run test sanitize
	@$(MAKE) build/sanitize/objs/nginx
	@tools/sanitize.sh test $(TESTS)

install: all
	@tools/install.sh

clean:
	rm -rf build


# The module: nginx's own makefile knows what to compile and is always asked;
# its configure runs again when what it was told has changed.

$(MODULE): build/nginx/configured FORCE
	@$(MAKE) -C build/nginx -s -f objs/Makefile -f $(CURDIR)/tools/nginx.mk \
	    ROOT=$(CURDIR) ADDON_DEPS= modules
	@cmp -s build/nginx/objs/$(@F) $@ \
	    || install -m 644 build/nginx/objs/$(@F) $@

build/nginx/configured: build/inputs config tools/configure.sh \
    $(wildcard $(NGINX_BIN) $(NGINX_SRC)/configure)
	@tools/configure.sh
	@touch $@

build/inputs: FORCE
	@mkdir -p build
	@printf '%s\n' '$(CC) $(NGINX_SRC) $(NGINX_BIN)' $(SOURCES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi


# nginx with sanitizers and the module built in, in the same way.

build/sanitize/objs/nginx: build/sanitize/configured FORCE
	@$(MAKE) -C build/sanitize -s -f objs/Makefile \
	    -f $(CURDIR)/tools/nginx.mk ROOT=$(CURDIR) ADDON_DEPS= binary

build/sanitize/configured: build/inputs config tools/sanitize.sh \
    $(wildcard $(NGINX_BIN))
	@tools/sanitize.sh configure
	@touch $@


# The unit tests, each one file and the core: with sanitizers, and once more
# with the very objects that the module is made of.

UNIT_TESTS  = $(wildcard t/unit/*_test.c)
UNIT_CFLAGS = -std=gnu11 -g -O1 -Wall -Wextra -Werror -Isrc/core -MMD -MP
UNIT_LIBS   = -ljansson -lz -lcrypto
SANITIZE    = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
              -fno-omit-frame-pointer

CORE_CHECKED = $(patsubst src/core/%.c,build/unit/%.o, \
                 $(wildcard src/core/*.c))
CORE_SHIPPED = $(patsubst src/core/%.c,build/nginx/objs/addon/core/%.o, \
                 $(wildcard src/core/*.c))

unit: $(patsubst t/unit/%.c,build/unit/%,$(UNIT_TESTS)) \
      $(patsubst t/unit/%.c,build/unit/shipped/%,$(UNIT_TESTS))

build/unit/%_test: build/unit/%_test.o $(CORE_CHECKED)
	@$(CC) $(SANITIZE) -o $@ $^ $(UNIT_LIBS)

build/unit/shipped/%_test: build/unit/shipped/%_test.o $(MODULE)
	@$(CC) -o $@ $< $(CORE_SHIPPED) $(UNIT_LIBS)

build/unit/%.o: src/core/%.c
	@mkdir -p $(@D)
	@echo "  CC    $< (sanitizers)"
	@$(CC) $(UNIT_CFLAGS) $(SANITIZE) -c -o $@ $<

build/unit/%.o: t/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC    $< (sanitizers)"
	@$(CC) $(UNIT_CFLAGS) $(SANITIZE) -c -o $@ $<

build/unit/shipped/%.o: t/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(UNIT_CFLAGS) -c -o $@ $<

.SECONDARY:

-include $(wildcard build/unit/*.d build/unit/shipped/*.d)
