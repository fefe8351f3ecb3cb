# depesha: make builds, make demo shows, make test tests, make install installs. `make help` lists the rest.
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, PREFIX, DESTDIR and the folders under PREFIX may be set in the environment or on the
# command line. What is built goes to the folder BUILD, so differently built copies do not mix.

BUILD      ?= build
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
OBJCOPY    ?= objcopy
INSTALL    ?= install
# The system's own comes first: it is the one for which the packages of the bench are.
PYTHON     ?= $(firstword $(wildcard /usr/bin/python3) python3)

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions

VERSION := $(shell sed -n 's/^.define DEPESHA_VERSION "\(.*\)"/\1/p' include/depesha.h)
MAJOR   := $(firstword $(subst ., ,$(VERSION)))
SYSTEM  := $(shell uname -s)
COMMA   := ,

# ---- what it is made of --------------------------------------------------------------------------------------------

REQUIRED := libpcre2-8 libcjson gumbo
OPTIONAL := uchardet
# Of the command alone. It loads libarchive when it meets an archive, so nothing is linked.
EXTRA    := libarchive

# Each optional library that pkg-config knows is used: uchardet gives -DHAVE_UCHARDET.
found     = $(foreach lib,$(1),$(shell $(PKG_CONFIG) --exists $(lib) 2>/dev/null && echo $(lib)))
macros    = $(foreach lib,$(1),-DHAVE_$(shell echo $(lib) | tr a-z- A-Z_))
FOUND    := $(call found,$(OPTIONAL))
FEATURES := $(call macros,$(FOUND))
FOUND_EXTRA    := $(call found,$(EXTRA))
EXTRA_FEATURES := $(call macros,$(FOUND_EXTRA))

PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(REQUIRED) $(FOUND) 2>/dev/null)
# Optional libraries are loaded when they are first needed, so they are not linked.
LOADING        := $(if $(FOUND),-ldl)
PACKAGE_LIBS   := $(shell $(PKG_CONFIG) --libs $(REQUIRED) 2>/dev/null) $(LOADING)
COMMAND_CFLAGS := $(shell $(PKG_CONFIG) --cflags libcjson $(FOUND_EXTRA) 2>/dev/null)

GRAMMARS := $(sort $(wildcard grammars/*.grammar))
PARSER   := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard parser/*.c))) $(BUILD)/builtin.o
# What lies ready of the built-in grammar; $(BUILD)/parser/precompile/none.o is nothing, for builds that cannot run it.
READY    ?= $(BUILD)/precompiled.o
LIBRARY  := $(PARSER) $(READY)
PRECOMPILE := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard parser/precompile/*.c)))
COMMAND  := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard parser/command/*.c)))
TESTS    := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/test_*.c)))
ifeq ($(SYSTEM),Darwin) # its linker has no --wrap
TESTS    := $(filter-out %/test_allocation %/test_linear,$(TESTS))
endif
THOROUGH := $(filter %/test_allocation %/test_property,$(TESTS))
SCRIPTS  := $(filter-out tests/run.sh tests/coverage.sh,$(sort $(wildcard tests/*.sh)))
MANUALS  := $(sort $(wildcard docs/*.[1-8]))
SOURCES  := $(sort $(wildcard parser/*.c parser/precompile/*.c parser/command/*.c))
SAMPLES  := $(filter-out %/README.md,$(sort $(wildcard samples/*.md samples/*.txt samples/*.html)))
ALL_C    := $(sort $(wildcard include/*.h parser/*.[ch] parser/precompile/*.[ch] parser/command/*.[ch] tests/*.[ch] fuzz/*.[ch] bench/*.[ch]))

STATIC := $(BUILD)/libdepesha.a
ifeq ($(SYSTEM),Darwin)
SHARED       := libdepesha.$(VERSION).dylib
SONAME       := libdepesha.$(MAJOR).dylib
LINKNAME     := libdepesha.dylib
SHARED_FLAGS  = -dynamiclib -Wl,-install_name,$(LIBDIR)/$(SONAME)
PACKAGE_LIBS += -liconv
else
SHARED       := libdepesha.so.$(VERSION)
SONAME       := libdepesha.so.$(MAJOR)
LINKNAME     := libdepesha.so
SHARED_FLAGS  = -shared -Wl,-soname,$(SONAME) $(if $(SANITIZED),,-Wl,-z,defs)
endif

# ---- how it is compiled --------------------------------------------------------------------------------------------

WARNINGS      := -Wall -Wextra -Wpedantic
MORE_WARNINGS := -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef \
                 -Wvla -Wformat=2
SANITIZERS    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Hardening that costs next to nothing, as far as the compiler, its C library and the linker have it; it needs an
# optimised build and gets in the way of the sanitizers.
SANITIZED := $(findstring -fsanitize,$(CFLAGS))
OPTIMISED := $(filter-out -O0,$(filter -O%,$(CFLAGS)))
works = $(shell echo 'int nothing;' | $(CC) -Werror -O2 -include string.h $(1) -x c -c -o /dev/null - 2>/dev/null && echo $(1))
links = $(shell echo 'int main(void) { return 0; }' | $(CC) -Werror $(1) -x c -o /dev/null - 2>/dev/null && echo $(1))
ifneq ($(OPTIMISED),)
ifeq ($(SANITIZED),)
HARDENING := $(call works,-fstack-protector-strong) $(call works,-fstack-clash-protection) $(call works,-fcf-protection)
ifeq ($(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),)
HARDENING += $(or $(call works,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif
HARD_LINK := $(call links,-Wl$(COMMA)-z$(COMMA)relro -Wl$(COMMA)-z$(COMMA)now) $(call links,-Wl$(COMMA)-z$(COMMA)noexecstack)
HARD_PIE  := $(call links,-pie -fPIE)
endif
endif

COMPILE = $(CC) -std=c17 $(WARNINGS) $(HARDENING) -fPIC -fvisibility=hidden -MMD -MP -Iinclude
# The library's own folder and packages are for the library and its tests; the command has the public header and cJSON.
$(LIBRARY) $(PRECOMPILE) $(TESTS): INCLUDES = -Iparser $(PACKAGE_CFLAGS) $(FEATURES)
$(COMMAND):          INCLUDES = $(COMMAND_CFLAGS) $(EXTRA_FEATURES) -pthread

.PHONY: all help demo test adversarial coverage sanitize-threads threads-run thorough thorough-run sanitize valgrind bench dev tidy format format-check install uninstall clean
.PHONY: demo-shown bench-run tests-built tests-run tests-run-valgrind FORCE
.DELETE_ON_ERROR:

all: $(BUILD)/depesha $(STATIC) $(BUILD)/$(LINKNAME)

help:
	@echo 'make               the command, the static and the shared library, in $(BUILD)/'
	@echo 'make demo          the record of one sample; DEMO=FILE chooses which'
	@echo 'make test          all tests; "make sanitize" and "make valgrind" run them under supervision'
	@echo 'make thorough      what the tests only take samples of: each allocation that fails, each property'
	@echo 'make install       to PREFIX ($(PREFIX)); "make uninstall" takes it away again'
	@echo 'make fuzz          libFuzzer for TIME seconds on each harness; make fuzz-afl HARNESS=NAME: AFL++'
	@echo 'make bench         speed and memory, against other tools, on CABLES cables ($(CABLES)); writes bench/results'
	@echo 'make adversarial   how time and memory grow with inputs that are made to be slow'
	@echo 'make coverage      what the tests reach of the library, and that what they do not has a reason;'
	@echo '                   "make fuzz-coverage": what the fuzzers do'
	@echo 'make sanitize-threads  one grammar in 16 threads'
	@echo 'make dev           a build with more warnings, each of them an error'
	@echo 'make tidy          clang-tidy and cppcheck'
	@echo 'make format        clang-format; "make format-check" only says what is amiss'
	@echo 'make clean         removes what was built'

# ---- packages ------------------------------------------------------------------------------------------------------
# demo, test and the checking tools install what they lack where there is apt-get, and say what it is called elsewhere.

#   what is needed           apt                 dnf                  pacman      brew
package.compiler          := gcc+libc6-dev       gcc                  gcc         gcc
package.pkg-config        := pkg-config          pkgconf-pkg-config   pkgconf     pkg-config
package.libpcre2-8        := libpcre2-dev        pcre2-devel          pcre2       pcre2
package.libcjson          := libcjson-dev        cjson-devel          cjson       cjson
package.gumbo             := libgumbo-dev        gumbo-parser-devel  gumbo-parser gumbo-parser
package.uchardet          := libuchardet-dev     uchardet-devel       uchardet    uchardet
package.libarchive        := libarchive-dev      libarchive-devel     libarchive  libarchive
package.cmocka            := libcmocka-dev       libcmocka-devel      cmocka      cmocka
package.jq                := jq                  jq                   jq          jq
package.parallel          := parallel             parallel             parallel    parallel
package.valgrind          := valgrind+libc6-dbg  valgrind             valgrind    valgrind
package.cppcheck          := cppcheck            cppcheck             cppcheck    cppcheck
package.clang-tidy        := clang-tidy          clang-tools-extra    clang       llvm
package.clang             := clang+libclang-rt-14-dev clang+compiler-rt   clang+compiler-rt llvm
package.afl-fuzz          := afl++               american-fuzzy-lop   afl++       afl++
package.clang-format      := clang-format        clang-tools-extra    clang       clang-format
package.python3           := python3             python3              python      python3
package.pcre2grep         := pcre2-utils         pcre2-tools          pcre2       pcre2
package.lognormalizer     := liblognorm-utils    liblognorm-utils     liblognorm  liblognorm
package.lark              := python3-lark        python3-lark         python-lark python-lark
package.hyperfine         := hyperfine           hyperfine            hyperfine   hyperfine

TO_BUILD := compiler pkg-config $(REQUIRED)
TO_TEST  := $(TO_BUILD) cmocka jq parallel
TO_BENCH := $(TO_BUILD) python3 pcre2grep lognormalizer lark jq hyperfine valgrind

# Each prints something if the need is met. A library is known by pkg-config, a tool by its name.
have.compiler = echo '\#include <stdio.h>' | $(CC) -E - >/dev/null 2>&1 && echo yes
have.library  = $(PKG_CONFIG) --exists $(1) >/dev/null 2>&1 && echo yes
have.tool     = command -v $(if $(filter pkg-config,$(1)),$(firstword $(PKG_CONFIG)),$(1)) 2>/dev/null
have.lark     = $(PYTHON) -c 'import lark' 2>/dev/null && echo yes
have = $(if $(filter lark,$(1)),$(have.lark),$(if $(filter compiler,$(1)),$(have.compiler),$(if $(filter lib% gumbo uchardet cmocka,$(1)),$\
  $(have.library),$(have.tool))))
lacking  = $(strip $(foreach need,$(1),$(if $(shell $(call have,$(need))),,$(need))))
packages = $(sort $(foreach need,$(2),$(subst +, ,$(word $(1),$(package.$(need))))))

SUDO     = $(if $(filter-out 0,$(shell id -u)),sudo )
APT      = $(SUDO)env DEBIAN_FRONTEND=noninteractive apt-get
MANAGER  = $(firstword $(foreach tool,apt-get dnf pacman brew,$(if $(shell command -v $(tool) 2>/dev/null),$(tool))))

by.apt-get = $(SUDO)apt-get install -y --no-install-recommends $(call packages,1,$(1))
by.dnf     = $(SUDO)dnf install $(call packages,2,$(1))
by.pacman  = $(SUDO)pacman -S --needed $(call packages,3,$(1))
by.brew    = brew install $(call packages,4,$(1))

# $(call prepare,NEEDS): nothing if they are met. If one is not, the optional libraries are asked for with it.
prepare = $(call prepare-lacking,$(call lacking,$(1)))
prepare-lacking = $(if $(1),$(call $(HOW_TO_PREPARE),$(1) $(call lacking,$(OPTIONAL) $(EXTRA))))
HOW_TO_PREPARE = $(if $(filter apt-get,$(MANAGER)),install-packages,name-packages)

# A fresh machine has no package lists (then some package has no candidate), an old one has stale ones.
define install-packages
@echo 'These packages are missing and will be installed: $(call packages,1,$(1))'
@echo '  $(call by.apt-get,$(1))'
@apt-cache show --no-all-versions $(call packages,1,$(1)) >/dev/null 2>&1 || $(APT) update -q
@install="$(APT) $(wordlist 2,99,$(subst $(SUDO),,$(call by.apt-get,$(1))))"; \
  $$install </dev/null || { $(APT) update -q && $$install </dev/null; }
endef

define name-packages
@echo 'depesha: missing here: $(1)'; \
 echo 'Install what is missing, then run make again:'; \
 $(if $(MANAGER),echo '  $(call by.$(MANAGER),$(1))', \
     echo '  Debian, Ubuntu  $(call by.apt-get,$(1))'; \
     echo '  Fedora          $(call by.dnf,$(1))'; \
     echo '  Arch            $(call by.pacman,$(1))'; \
     echo '  macOS           $(call by.brew,$(1))'); \
 exit 1
endef

# ---- building ------------------------------------------------------------------------------------------------------

# Holds what the objects depend on beside their sources: it is rewritten, and all is compiled anew, when that changes.
$(BUILD)/configuration: FORCE
	$(if $(call lacking,pkg-config $(REQUIRED)),$(call name-packages,$(call lacking,pkg-config $(REQUIRED) $(OPTIONAL) $(EXTRA))))
	@mkdir -p $(@D)
	@echo '$(FEATURES) $(EXTRA_FEATURES) $(PACKAGE_CFLAGS) $(GRAMMARS) $(READY)' | cmp -s - $@ || \
	  echo '$(FEATURES) $(EXTRA_FEATURES) $(PACKAGE_CFLAGS) $(GRAMMARS) $(READY)' >$@

$(LIBRARY) $(PRECOMPILE) $(COMMAND): $(BUILD)/configuration Makefile

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(INCLUDES) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The built-in grammars, as bytes: a string literal may not be that long.
$(BUILD)/builtin.c: $(GRAMMARS) $(BUILD)/configuration Makefile
	@echo 'making $@ of $(GRAMMARS)'
	@{ echo '/* Made by make from the grammars folder. */'; \
	   echo '#include "builtin.h"'; \
	   count=0; \
	   for file in $(GRAMMARS); do \
	     echo "static const unsigned char text_$$count[] = {"; \
	     od -An -v -tx1 "$$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'; \
	     echo '0};'; \
	     count=$$((count + 1)); \
	   done; \
	   echo 'const struct builtin depesha_builtins[] = {'; \
	   count=0; \
	   for file in $(GRAMMARS); do \
	     echo "    {\"$$(basename "$$file" .grammar)\", (const char *)text_$$count, sizeof text_$$count - 1},"; \
	     count=$$((count + 1)); \
	   done; \
	   echo '    {NULL, NULL, 0}};'; \
	   echo "const size_t depesha_builtin_count = $$count;"; \
	 } >$@

# What lies ready of the first one: its memory, its patterns, the states of its automaton. It is made once, by a program of
# the same objects, which stands where addresses are no small numbers.
$(BUILD)/precompile: $(PRECOMPILE) $(PARSER)
	$(CC) $(CFLAGS) $(call links,-pie) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/precompiled.c: $(BUILD)/precompile $(SAMPLES)
	$(BUILD)/precompile $(SAMPLES) >$@.new
	@mv $@.new $@

$(BUILD)/builtin.o $(BUILD)/precompiled.o: %.o: %.c
	$(COMPILE) $(INCLUDES) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The static library is one object in which only the public names are still visible. Where that cannot be done (no ELF,
# link-time optimisation), it is the plain objects.
ifeq ($(SYSTEM)$(findstring -flto,$(CFLAGS)),Linux)
$(BUILD)/depesha.o: $(LIBRARY)
	$(CC) -r -nostdlib -o $@ $^
	$(OBJCOPY) --localize-hidden $@
$(STATIC): $(BUILD)/depesha.o
else
$(STATIC): $(LIBRARY)
endif
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/$(SHARED): $(LIBRARY)
	$(CC) $(SHARED_FLAGS) $(CFLAGS) $(HARD_LINK) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/$(LINKNAME): $(BUILD)/$(SHARED)
	ln -sf $(SHARED) $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $@

$(BUILD)/depesha: $(COMMAND) $(STATIC)
	$(CC) $(CFLAGS) $(HARD_PIE) $(HARD_LINK) $(LDFLAGS) -pthread -o $@ $^ $(PACKAGE_LIBS) $(if $(FOUND_EXTRA),-ldl)

-include $(LIBRARY:.o=.d) $(COMMAND:.o=.d) $(TESTS:=.d) $(PRECOMPILE:.o=.d)

# ---- showing -------------------------------------------------------------------------------------------------------

# The first sample without Cyrillic letters.
DEMO ?= $(firstword $(if $(SAMPLES),$(shell LC_ALL=C grep -L "$$(printf '[\320\321]')" $(SAMPLES))) $(SAMPLES))

# The packages come first and change what make finds: so the rest is done by a second make.
demo:
	$(call prepare,$(TO_BUILD))
	@$(MAKE) --no-print-directory demo-shown

demo-shown: all
	@echo
	@echo '$$ $(BUILD)/depesha parse $(DEMO)'
	@$(BUILD)/depesha parse $(DEMO) </dev/null

# ---- testing -------------------------------------------------------------------------------------------------------

test:
	$(call prepare,$(TO_TEST))
	@$(MAKE) --no-print-directory tests-run

# A test program may use everything inside the library, so it is linked with the objects.
$(TESTS): $(BUILD)/%: %.c $(LIBRARY) $(BUILD)/configuration Makefile
	@mkdir -p $(@D)
	$(COMPILE) $(INCLUDES) $(CPPFLAGS) $(CFLAGS) -MF $@.d $(LDFLAGS) -o $@ $< $(LIBRARY) \
	  $(filter %.o,$(filter-out $(LIBRARY),$^)) $(PACKAGE_LIBS) $$($(PKG_CONFIG) --cflags --libs cmocka)

# One part of the command has a test of its own.
$(BUILD)/tests/test_sandbox: $(BUILD)/parser/command/sandbox.o

# Its own malloc stands before the library's calls.
$(BUILD)/tests/test_allocation: private LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(BUILD)/tests/test_linear: private LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=pcre2_match_8

tests-built: $(TESTS)

# The scripts find the command in DEPESHA, the build in BUILD, the tools in MAKE, CC, CFLAGS and LDFLAGS.
tests-run: all tests-built
	@DEPESHA='$(BUILD)/depesha' BUILD='$(BUILD)' MAKE='$(MAKE)' CC='$(CC)' CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' \
	  sh tests/run.sh $(TESTS) $(SCRIPTS)

# Where the tests take samples of what could be tried, this tries all of it.
thorough:
	$(call prepare,$(TO_TEST))
	@$(MAKE) --no-print-directory thorough-run BUILD=build-asan CFLAGS='-O1 -g $(SANITIZERS)'

thorough-run: all $(THOROUGH)
	@THOROUGH=yes sh tests/run.sh $(THOROUGH)

sanitize:
	@$(MAKE) --no-print-directory test BUILD=build-asan CFLAGS='-O1 -g $(SANITIZERS)'

# The test programs, and the command on every sample (1: one of them is no cable).
valgrind:
	$(call prepare,$(TO_TEST) valgrind)
	@$(MAKE) --no-print-directory tests-run-valgrind

VALGRIND = valgrind -q --suppressions=tests/valgrind.suppressions --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=99

tests-run-valgrind: all tests-built
	@WRAPPER='$(VALGRIND)' BUILD='$(BUILD)' sh tests/run.sh $(TESTS)
	$(VALGRIND) $(BUILD)/depesha parse --evidence -o /dev/null $(SAMPLES) || [ $$? -eq 1 ]

# One grammar in many threads.
sanitize-threads:
	$(call prepare,$(TO_TEST))
	@$(MAKE) --no-print-directory threads-run BUILD=build-tsan CFLAGS='-O1 -g -fsanitize=thread -fno-omit-frame-pointer'

THREAD_OPTIONS = TSAN_OPTIONS='suppressions=tests/threads.suppressions halt_on_error=1'

threads-run: all $(BUILD)/tests/test_property
	@$(THREAD_OPTIONS) sh tests/run.sh $(BUILD)/tests/test_property
	$(THREAD_OPTIONS) $(BUILD)/depesha parse -j 16 -f ndjson -o /dev/null $(SAMPLES) $(SAMPLES) $(SAMPLES) $(SAMPLES) || [ $$? -eq 1 ]

# Counters are atomic, for threads that lose some make others wrong.
COUNTED := -O0 -g --coverage -fprofile-update=atomic

# What the tests reach of the library, with the seeds of the fuzzers and more failing allocations than usual: lines and
# branches by file; reports in build-coverage. Each branch that nothing takes has its reason in tests/unreached.tsv.
coverage:
	$(call prepare,$(TO_TEST))
	@find build-coverage -name '*.gcda' -delete 2>/dev/null || true
	@ALLOCATIONS=800 $(MAKE) --no-print-directory tests-run BUILD=build-coverage CPPFLAGS=-DWITHOUT_SANDBOX CFLAGS='$(COUNTED)' || true
	@sh tests/coverage.sh build-coverage tests/unreached.tsv

# Inputs that are made to be slow: the exponent of time, and the memory.
adversarial: all
	$(PYTHON) bench/adversarial.py $(BUILD)/depesha

# ---- fuzzing -------------------------------------------------------------------------------------------------------
# A harness is fuzz/NAME.c. libFuzzer runs it for TIME seconds (make fuzz), AFL++ may (make fuzz-afl), and without either
# it reads files (the tests replay fuzz/corpus and fuzz/regressions). What libFuzzer finds goes to fuzz/regressions.

TIME     ?= 60
HARNESSES := parse check record evidence leaves explain batch generate grammar text html
CLANG    ?= clang
FUZZED   := -O2 -g -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -fsanitize-coverage=inline-8bit-counters,pc-table -fsanitize=address,undefined \
            -fno-sanitize-recover=all -fno-omit-frame-pointer
HARNESS_PARTS := fuzz/harness.c fuzz/harness.h
# Cables are changed by productions; grammars, code pages, pages and choices by bytes.
seeds.grammar := grammars
seeds.text    := bytes
seeds.html    := pages
seeds.batch   := batches
mutator = $(if $(filter grammar text html generate,$(1)),,fuzz/mutator.c)
longest = $(if $(filter generate,$(1)),8,$(if $(filter text html,$(1)),512,2048))

COMPILE_HARNESS = $(COMPILE) -Ifuzz -Iparser $(PACKAGE_CFLAGS) $(FEATURES) $(CPPFLAGS) $(CFLAGS) -MF $@.d

.PHONY: fuzz fuzz-built fuzz-run fuzz-afl fuzz-replay fuzz-coverage
.SECONDEXPANSION:
$(HARNESSES:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: fuzz/%.c $(HARNESS_PARTS) $$(call mutator,$$*) $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE_HARNESS) -fsanitize=fuzzer -o $@ $(filter %.c,$^) $(LIBRARY) $(PACKAGE_LIBS)

$(HARNESSES:%=$(BUILD)/fuzz/replay-%): $(BUILD)/fuzz/replay-%: fuzz/%.c $(HARNESS_PARTS) fuzz/replay.c $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE_HARNESS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(LIBRARY) $(PACKAGE_LIBS)

# The words of the grammar, and those of the grammar language, as libFuzzer and AFL++ take them.
$(BUILD)/fuzz/cables.dict: $(GRAMMARS) Makefile
	@mkdir -p $(@D)
	sed '/^ *#/d; /^ *eg /d' $(GRAMMARS) | grep -oE '"[^"\\]+"' | awk 'length >= 4 && length <= 40' | sort -u | LC_ALL=C awk '\
	  BEGIN { for (i = 128; i < 256; i++) code[sprintf("%c", i)] = sprintf("\\x%02X", i) } \
	  { line = ""; for (i = 1; i <= length($$0); i++) { c = substr($$0, i, 1); line = line (c in code ? code[c] : c) } \
	    print line }' >$@

$(BUILD)/fuzz/grammars.dict: parser/syntax.c Makefile
	@mkdir -p $(@D)
	grep -oE '(take_word|is_word|is_keyword)\(r, "[a-z]+"|\{"[a-z]+", read_|"eg"' parser/syntax.c | grep -oE '"[a-z]+"' | sort -u >$@

fuzz-replay: $(HARNESSES:%=$(BUILD)/fuzz/replay-%)

fuzz-built: $(HARNESSES:%=$(BUILD)/fuzz/%) $(BUILD)/fuzz/cables.dict $(BUILD)/fuzz/grammars.dict

fuzz-run: fuzz-built
	@mkdir -p fuzz/regressions
	@set -e; $(foreach name,$(HARNESSES),mkdir -p $(BUILD)/fuzz/corpus-$(name); echo "== $(name)"; \
	  nice $(BUILD)/fuzz/$(name) -max_total_time=$(TIME) -max_len=$(call longest,$(name)) -timeout=20 -rss_limit_mb=4096 \
	    $(if $(filter text html generate,$(name)),,-dict=$(BUILD)/fuzz/$(if $(filter grammar,$(name)),grammars,cables).dict) \
	    -artifact_prefix=fuzz/regressions/$(name)- -print_final_stats=1 $(FUZZ_FLAGS) \
	    $(BUILD)/fuzz/corpus-$(name) $(wildcard fuzz/corpus/$(or $(seeds.$(name)),cables)) 2>&1 | \
	    tee $(BUILD)/fuzz/$(name).log | grep -E '^stat::number|ERROR|DONE|does not hold' || true; \
	  ! grep -qE 'ERROR: |does not hold' $(BUILD)/fuzz/$(name).log;)

fuzz:
	$(call prepare,$(TO_BUILD) clang)
	@$(MAKE) --no-print-directory fuzz-run BUILD=build-fuzz CC='$(CLANG)' CFLAGS='$(FUZZED)'

# What the harnesses reach of the library with their seeds and all that `make fuzz` has found worth keeping.
FUZZ_COVERED := build-fuzz-coverage
fuzz-coverage:
	$(call prepare,$(TO_TEST))
	@$(MAKE) --no-print-directory fuzz-replay BUILD=$(FUZZ_COVERED) CPPFLAGS='-DWITHOUT_SANDBOX -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION' CFLAGS='-O0 -g --coverage'
	@set -e; find $(FUZZ_COVERED) -name '*.gcda' -delete; $(foreach name,$(HARNESSES), \
	  find fuzz/regressions/$(name)-* fuzz/corpus/$(or $(seeds.$(name)),cables) build-fuzz/fuzz/corpus-$(name) -type f 2>/dev/null | \
	    xargs -r -n 2000 $(FUZZ_COVERED)/fuzz/replay-$(name) 2>/dev/null;)
	@sh tests/coverage.sh $(FUZZ_COVERED) || true

# The same harnesses under AFL++, in persistent mode: make fuzz-afl HARNESS=parse TIME=60
HARNESS ?= parse
fuzz-afl:
	$(call prepare,$(TO_BUILD) afl-fuzz)
	@$(MAKE) --no-print-directory fuzz-built HARNESSES=$(HARNESS) BUILD=build-afl CC=afl-clang-fast CFLAGS='-O2 -g'
	AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 nice afl-fuzz -V $(TIME) -t 5000 \
	  -i fuzz/corpus/$(or $(seeds.$(HARNESS)),cables) -o build-afl/found-$(HARNESS) \
	  -x build-afl/fuzz/$(if $(filter grammar,$(HARNESS)),grammars,cables).dict -- build-afl/fuzz/$(HARNESS)
# ---- measuring ----------------------------------------------------------------------------------------------------

# CABLES=2000 is quick. The corpus is kept in the build folder; RESULTS is where the table and the plots go.
CABLES  ?= 100000
RESULTS ?= bench/results

bench:
	$(call prepare,$(TO_BENCH))
	@$(MAKE) --no-print-directory bench-run

bench-run: all
	@$(PYTHON) bench/run.py --build '$(BUILD)' --cables '$(CABLES)' --results '$(RESULTS)'

# ---- checking ------------------------------------------------------------------------------------------------------

dev:
	$(call prepare,$(TO_TEST))
	@$(MAKE) --no-print-directory all tests-built BUILD=build-dev CFLAGS='$(CFLAGS) $(MORE_WARNINGS)'

tidy:
	$(call prepare,$(TO_TEST) clang-tidy cppcheck)
	printf '%s\n' $(SOURCES) | xargs -n 1 -P 4 sh -c 'clang-tidy --quiet "$$1" -- \
	  -std=c17 -Iinclude -Iparser $(subst -I,-isystem ,$(PACKAGE_CFLAGS)) $(FEATURES) $(EXTRA_FEATURES) $(CPPFLAGS)' tidy
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppress=duplicateAssignExpression -Iinclude -Iparser $(FEATURES) $(EXTRA_FEATURES) $(SOURCES)

format:
	$(call prepare,clang-format)
	clang-format -i $(ALL_C)

format-check:
	$(call prepare,clang-format)
	clang-format --dry-run --Werror $(ALL_C)

clean:
	rm -rf $(BUILD) build-asan build-tsan build-coverage build-dev build-fuzz build-fuzz-coverage build-afl

# ---- installing ----------------------------------------------------------------------------------------------------

manual = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
INSTALLED = $(BINDIR)/depesha $(LIBDIR)/libdepesha.a \
            $(LIBDIR)/$(SHARED) $(LIBDIR)/$(SONAME) $(LIBDIR)/$(LINKNAME) \
            $(LIBDIR)/pkgconfig/depesha.pc $(INCLUDEDIR)/depesha.h $(BASHDIR)/depesha \
            $(foreach page,$(MANUALS),$(call manual,$(page)))

# The dynamic linker has to hear of a new library in a folder of the system.
LDCONFIG = $(if $(DESTDIR),,$(if $(filter /usr /usr/local,$(PREFIX)),ldconfig 2>/dev/null || true))

install: all
	$(INSTALL) -d $(foreach folder,$(sort $(dir $(INSTALLED))),'$(DESTDIR)$(folder)')
	$(INSTALL) -m 755 $(BUILD)/depesha '$(DESTDIR)$(BINDIR)/depesha'
	$(INSTALL) -m 644 $(STATIC) '$(DESTDIR)$(LIBDIR)/libdepesha.a'
	$(INSTALL) -m 755 $(BUILD)/$(SHARED) '$(DESTDIR)$(LIBDIR)/$(SHARED)'
	ln -sf $(SHARED) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/$(LINKNAME)'
	$(INSTALL) -m 644 include/depesha.h '$(DESTDIR)$(INCLUDEDIR)/depesha.h'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	  -e 's|@VERSION@|$(VERSION)|' -e 's|@PRIVATE@|$(filter-out libcjson,$(REQUIRED))|' -e 's|@LOADING@|$(LOADING)|' \
	  depesha.pc.in >$(BUILD)/depesha.pc
	$(INSTALL) -m 644 $(BUILD)/depesha.pc '$(DESTDIR)$(LIBDIR)/pkgconfig/depesha.pc'
	$(INSTALL) -m 644 docs/completion.bash '$(DESTDIR)$(BASHDIR)/depesha'
	$(foreach page,$(MANUALS),$(INSTALL) -m 644 $(page) '$(DESTDIR)$(call manual,$(page))' &&) true
	@$(LDCONFIG)

# Folders stay: others may have put something there.
uninstall:
	rm -f $(foreach file,$(INSTALLED),'$(DESTDIR)$(file)')
	@$(LDCONFIG)
