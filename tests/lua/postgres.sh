#!/bin/sh
# A PostgreSQL server of the tests' own: in a temporary folder, on a unix socket only.
#   postgres.sh start <pid>    prints the folder of its socket; the server ends with that process
#   postgres.sh stop <folder>
# Ends with code 3 where PostgreSQL is not installed. The user `guarded` needs a password, which is
# set by the test; every other one is trusted.
set -eu
case "$0" in /*) self=$0 ;; *) self=$PWD/$0 ;; esac

newest() {
    ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin \
        /usr/local/opt/postgresql*/bin 2>/dev/null | sort -V | tail -n 1
}
bin=$(newest)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo none/none)")
[ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] || { echo "PostgreSQL is not installed" >&2; exit 3; }

# the server refuses to run as root
as_owner() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        runuser -u "$owner" -- "$@"
    fi
}
owner=postgres
id "$owner" >/dev/null 2>&1 || owner=nobody

case "$1" in
start)
    folder=$(mktemp -d /tmp/churnlab-pg.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown "$owner" "$folder"
    chmod 711 "$folder" # the socket is in it
    cd "$folder"
    as_owner "$bin/initdb" -D "$folder/data" -U tester -A trust -E UTF8 --locale=C --no-sync \
        --no-instructions >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }
    printf 'local all guarded scram-sha-256\nlocal all all trust\n' >"$folder/data/pg_hba.conf"
    as_owner "$bin/pg_ctl" -D "$folder/data" -w -t 30 -l "$folder/data/server.log" start -o "-k $folder \
        -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c max_connections=10 \
        -c autovacuum=off" >/dev/null 2>&1 || { cat "$folder/data/server.log" >&2; exit 1; }
    ( # whatever happens to the test
        while kill -0 "$2" 2>/dev/null && [ -d "$folder/data" ]; do sleep 1; done
        [ ! -d "$folder" ] || "$self" stop "$folder"
    ) </dev/null >/dev/null 2>&1 &
    echo "$folder"
    ;;
stop)
    as_owner "$bin/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$2"
    ;;
esac
