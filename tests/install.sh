#!/bin/bash
# Installs to a folder of its own and uses what is there as a stranger would: the C program of README.md is compiled by
# pkg-config's word alone and run on a sample. Then uninstalls and looks whether anything is left.
set -u
cd "$(dirname "$0")/.." || exit 1

: "${BUILD:=build}" "${MAKE:=make}" "${CC:=cc}" "${CFLAGS=}" "${LDFLAGS=}"
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
prefix=$place/prefix

# check NAME COMMAND...: the command's output is shown if it fails.
check() {
    local name=$1
    shift
    if "$@" >"$place/log" 2>&1; then
        echo "ok install: $name"
    else
        echo "not ok install: $name"
        sed 's/^/    /' "$place/log"
        return 1
    fi
}

run_make() { $MAKE --no-print-directory BUILD="$BUILD" PREFIX="$prefix" "$@"; }

# Only depesha_ may be seen from outside; __odr_asan is the address sanitizer's.
only_public() {
    local symbols
    symbols=$(nm --defined-only --extern-only --format=posix "$@" | awk 'NF > 1 { print $1 }' | grep -v '^__odr_asan')
    [ -n "$symbols" ] && ! grep -v '^depesha_' <<<"$symbols"
}

compile_example() {
    # shellcheck disable=SC2046,SC2086
    $CC $CFLAGS -o "$place/example" "$place/example.c" $(pkg-config --cflags --libs depesha) $LDFLAGS
}

run_example() {
    # shellcheck disable=SC2094
    LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
        "$place/example" "$sample" <"$sample" >"$place/out" || return
    [ -s "$place/out" ]
}

nothing_left() { ! find "$1" ! -type d | grep .; }

check 'make install' run_make install || exit 1
check 'the command runs' "$prefix/bin/depesha" --version
if [ "$(uname -s)" = Linux ]; then
    check 'the shared library shows only its interface' only_public -D "$prefix/lib/libdepesha.so"
    case $CFLAGS in
    *-flto*) echo 'skipped install: the static library shows only its interface (link-time optimisation)' ;;
    *) check 'the static library shows only its interface' only_public "$prefix/lib/libdepesha.a" ;;
    esac
fi

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
check 'pkg-config knows the version' grep -q "DEPESHA_VERSION \"$(pkg-config --modversion depesha)\"" include/depesha.h

[ -f README.md ] && awk '/^```c$/ { inside = 1; next } /^```/ { if (inside) exit } inside' README.md >"$place/example.c"
sample=$(find samples -type f \( -name '*.md' -o -name '*.txt' \) ! -name 'README*' | LC_ALL=C sort | head -n 1)
if [ ! -s "$place/example.c" ]; then
    echo 'skipped install: the example of README.md (there is none)'
elif [ -z "$sample" ]; then
    echo 'skipped install: the example of README.md (no sample to run it on)'
else
    check 'the example of README.md compiles' compile_example &&
        check 'the example of README.md reads a sample' run_example
fi

check 'make uninstall' run_make uninstall
check 'nothing is left' nothing_left "$prefix"

# A package is built with DESTDIR: then nothing outside it may be touched.
check 'make install with DESTDIR' run_make DESTDIR="$place/root" install
check 'all of it goes below DESTDIR' nothing_left "$prefix"
check 'make uninstall with DESTDIR' run_make DESTDIR="$place/root" uninstall
check 'nothing is left below DESTDIR' nothing_left "$place/root"
