#!/bin/sh
# Installs what churnlab needs. usage: deps.sh build|test|all
#   build  compiler and libraries      test  + what `make test` runs      all  + lint, fuzz, docs, rock
# Does nothing where everything is there. Debian and Ubuntu: apt, with sudo where we are not root.
set -eu

BUILD="gcc make pkg-config libc6-dev lua5.4 liblua5.4-dev zlib1g-dev
       libjansson-dev libsodium-dev libedit-dev libsqlite3-dev libpq-dev lua-argparse"
TEST="libcmocka-dev libcsv-dev lua-busted lua-cjson postgresql"
ALL="libopenblas-pthread-dev clang clang-format cppcheck lua-check lua-ldoc luarocks valgrind python3-venv"
# where the distribution has them; tests that need one are skipped without it
OPTIONAL="libxgboost0"
FEDORA="gcc make pkgconf lua lua-devel lua-static zlib-devel libcsv-devel jansson-devel
       libsodium-devel libedit-devel sqlite-devel libpq-devel lua-argparse libcmocka-devel
       postgresql-server"
BREW="pkg-config lua zlib libcsv jansson libsodium libedit sqlite libpq cmocka luarocks postgresql"

case "${1:-all}" in
build) wanted="$BUILD" OPTIONAL= ;;
test) wanted="$BUILD $TEST" ;;
all) wanted="$BUILD $TEST $ALL" ;;
*) echo "usage: deps.sh build|test|all" >&2; exit 2 ;;
esac

if ! command -v apt-get >/dev/null 2>&1; then
    if pkg-config --exists lua5.4 jansson libsodium libedit sqlite3 libpq 2>/dev/null; then exit 0; fi
    echo "churnlab: install these packages first:" >&2
    echo "  Fedora:   sudo dnf install $(echo $FEDORA)" >&2
    echo "  Homebrew: brew install $(echo $BREW)   (and: luarocks install argparse busted;" >&2
    echo "            PKG_CONFIG_PATH with \$(brew --prefix)/opt/{sqlite,libpq}/lib/pkgconfig)" >&2
    exit 1
fi

installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -q '^installed$'
}
# the optional packages that are not installed but that apt knows
optional() {
    for package in $OPTIONAL; do
        installed "$package" || ! apt-cache show "$package" >/dev/null 2>&1 || echo "$package"
    done
}

missing=
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done
# libFuzzer's runtime carries the compiler's version in its package name
if [ "${1:-all}" = all ] && ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-* >/dev/null 2>&1; then
    fuzzer=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p')
    missing="$missing $fuzzer"
fi
[ -n "$missing$(optional)" ] || exit 0

echo "churnlab: installing$missing" $(optional)
sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "churnlab: needs root or sudo for: apt-get install$missing" >&2; exit 1; }
    sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# the tests start servers of their own: the package need not set one up for the system
case "$missing" in
*postgresql*)
    $sudo apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
    $sudo sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' \
        /etc/postgresql-common/createcluster.conf
    ;;
esac
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing $(optional) >/dev/null
