# Read after nginx's generated objs/Makefile, in build/nginx: one line for
# each step instead of the whole command, and the dependencies that the
# compiler found (-MMD, see configure.sh) instead of "every object on every
# header", for which ADDON_DEPS= is given on the command line.

COMPILER := $(CC)

CC   = @echo "  CC    $(patsubst $(ROOT)/%,%,$(filter %.c,$^))"; $(COMPILER)
LINK = @echo "  LINK  $(@F)"; $(COMPILER)

objs/ngx_outbound_ws_module.so: $(ROOT)/src/ngx_outbound_ws.map

-include $(wildcard objs/addon/*/*.d)
