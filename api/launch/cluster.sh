# Sourced after settings.sh: the private PostgreSQL cluster. It never touches a cluster of the system.
# shellcheck shell=bash

bindir() {
    "${PG_CONFIG:-pg_config}" --bindir
}

# PostgreSQL refuses to run as root, so root lends its work to the user the Debian package made. Whatever is in a
# directory of that user is written as that user: root follows no link that somebody else can set.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env --chdir=/ HOME=/ "$@"
    else
        "$@"
    fi
}

hand_over() {
    [ "$(id -u)" != 0 ] || chown --no-dereference "$1": "$2"
}

short_hash() {
    printf '%s' "$data" | sha256sum | cut -c1-12
}

# Where the cluster lives: beside the other data, unless the owner cannot get there (a checkout in root's home).
choose_base() {
    base="$data"
    if [ "$(id -u)" = 0 ] && ! as_owner test -x "$data"; then
        base="/var/lib/auxeira-$(short_hash)"
        install -d -m 755 "$base"
        say "the cluster is in $base, because user postgres cannot enter $data"
    fi
    cluster="$base/cluster"
    stage="$base/stage"
    choose_socket_directory
}

# The path of a UNIX socket has room for 107 bytes, the socket's own name included.
choose_socket_directory() {
    sockets="$base/sockets"
    if [ "${#sockets}" -gt 85 ]; then
        sockets="/tmp/auxeira-$(id -u)-$(short_hash)"
    fi
    if mkdir -m 755 "$sockets" 2>/dev/null; then
        hand_over postgres "$sockets"
    fi
    # In /tmp anyone could have made the directory before us.
    local owner
    owner="$(stat -c %u "$sockets")"
    { [ -d "$sockets" ] && [ ! -L "$sockets" ] && [ "$owner" = "$(as_owner id -u)" ]; } ||
        fail "$sockets belongs to somebody else"
}

is_port_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range that the kernel lends to outgoing connections.
free_port() {
    local port
    while port=$((RANDOM % 12000 + 20000)); do
        is_port_free "$port" && break
    done
    echo "$port"
}

create_cluster() {
    ! as_owner test -s "$cluster/PG_VERSION" || return 0
    say "creating a private PostgreSQL cluster"
    rm -rf "$cluster" "$cluster.new"
    mkdir -m 700 "$cluster.new"
    hand_over postgres "$cluster.new"
    as_owner "$(bindir)/initdb" --pgdata="$cluster.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=scram-sha-256 >"$logs/initdb.log" ||
        fail "initdb failed; see $logs/initdb.log"
    echo "include = 'auxeira.conf'" | as_owner tee -a "$cluster.new/postgresql.conf" >/dev/null
    mv "$cluster.new" "$cluster"
}

# The key that signs heads of the ledger, and the witness that keeps every head, are beside the cluster and not in it:
# whoever restores or changes the cluster has neither in hand.
prepare_ledger() {
    ledger_files="$base/ledger"
    [ -d "$ledger_files" ] || install -d -m 700 "$ledger_files"
    hand_over postgres "$ledger_files"
    as_owner sh -c 'umask 077; cd "$1" && [ -s signing.key ] ||
        { head -c 32 /dev/urandom >signing.key.new && mv signing.key.new signing.key; }' sh "$ledger_files"
}

# Where the package of pg_cron is installed, it runs the jobs: in processes of the server, which need no password.
has_cron() {
    [ -e "$("${PG_CONFIG:-pg_config}" --pkglibdir)/pg_cron.so" ]
}

cron_settings() {
    ! has_cron || printf '%s\n' "shared_preload_libraries = 'pg_cron'" "cron.database_name = 'auxeira'" \
        'cron.use_background_workers = on' 'cron.log_run = off' 'max_worker_processes = 16'
}

port_file="$keys/cluster.port"

# Written at every start: the checkout may have moved, the port may have been taken.
configure_cluster() {
    [ -s "$port_file" ] && is_port_free "$(cat "$port_file")" || free_port >"$port_file"
    cluster_port="$(cat "$port_file")"
    prepare_ledger
    as_owner tee "$cluster/auxeira.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $cluster_port
unix_socket_directories = '$sockets'
extension_destdir = '$stage'
password_encryption = 'scram-sha-256'
log_connections = on
log_disconnections = on
log_statement = 'ddl'
log_line_prefix = '%m [%p] %q%u@%d/%a '
jit = off
auxeira.ledger_key_file = '$ledger_files/signing.key'
auxeira.ledger_witness_file = '$ledger_files/witness'
$(cron_settings)
CONF
    as_owner tee "$cluster/pg_hba.conf" >/dev/null <<HBA
local  all,replication  postgres    peer map=auxeira
local  all  all                     scram-sha-256
host   all  all       127.0.0.1/32  scram-sha-256
HBA
    { echo "auxeira  $(id -un)  postgres" && echo "auxeira  $(as_owner id -un)  postgres"; } |
        sort -u | as_owner tee "$cluster/pg_ident.conf" >/dev/null
}

control() {
    as_owner "$(bindir)/pg_ctl" --pgdata="$cluster" "$@"
}

is_cluster_running() {
    control status >/dev/null 2>&1
}

is_cluster_accepting() {
    cluster_port="$(as_owner sed -n 4p "$cluster/postmaster.pid")"
    "$(bindir)/pg_isready" --quiet --host="$sockets" --port="$cluster_port" --timeout=10
}

# A backend that outlives a killed postmaster for a moment holds its memory, and a port can be taken at the last
# moment: hence the further tries.
start_cluster() {
    if is_cluster_running; then
        ! is_cluster_accepting || return 0
        stop_cluster || true # it may have died by itself meanwhile
    fi
    local try
    for try in 1 2 3; do
        configure_cluster
        control start --log="$cluster/server.log" --wait --silent </dev/null 9>&- && return
        [ "$try" = 1 ] || rm -f "$port_file"
        sleep "$try"
    done
    fail "PostgreSQL does not start; see $cluster/server.log"
}

stop_cluster() {
    is_cluster_running || return 0
    control stop --mode=fast --timeout=20 --wait --silent 2>/dev/null || control stop --mode=immediate --wait --silent
}
