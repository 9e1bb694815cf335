# Sourced after database.sh and keys.sh: the REST shim as a process.
# shellcheck shell=bash

program="$root/build/cmake/auxeira-api"
pid_file="$data/api.pid"

build_everything() {
    say "building (the first time takes a minute or two)"
    make --no-print-directory -s -j"$(nproc)" -C "$root" all >"$logs/build.log" 2>&1 ||
        fail "the extension does not build; see $logs/build.log"
    { cmake -S "$root" -B "$root/build/cmake" -DCMAKE_BUILD_TYPE=RelWithDebInfo &&
        cmake --build "$root/build/cmake" --parallel "$(nproc)" --target auxeira-api auxeira-verify; } \
        >"$logs/build.log" 2>&1 || fail "the REST shim does not build; see $logs/build.log"
    build_pages
}

# The viewer at /docs comes from npm. Without it, or without a network, all else is the same.
build_pages() {
    local web="$root/build/web"
    [ ! -e "$web/docs/index.html" ] || [ -n "$(find "$root/api/docs" -maxdepth 1 -type f -newer "$web/docs/index.html")" ] || return 0
    command -v npm >/dev/null || { say "without npm there is no viewer at /docs" && return; }
    mkdir -p "$web"
    (cd "$root/api/docs" && flock "$web" npm ci && flock "$web" node build.mjs "$web/docs") >"$logs/docs.log" 2>&1 9>&- ||
        say "the viewer at /docs was not built; see $logs/docs.log"
}

# The process that the file names, if it still is ours.
service_pid() {
    local pid
    pid="$(cat "$pid_file" 2>/dev/null)" || return 1
    [ "$(readlink "/proc/$pid/exe" 2>/dev/null | sed 's/ (deleted)$//')" = "$program" ] && echo "$pid"
}

start_service() {
    # Started by root, the shim goes on as nobody: the place where it tells its address is nobody's then.
    ready="$base/ready"
    rm -rf "$ready"
    mkdir -m 755 "$ready"
    hand_over nobody "$ready"
    become_service </dev/null >>"$logs/api.log" 2>&1 9>&- &
    echo $! >"$pid_file"
    wait_until_ready
}

# What nobody may take as a password; made again when what makes it is another.
password_list() {
    local file="$data/common-passwords" maker="$root/api/launch/common-passwords"
    if [ ! -s "$file" ] || [ "$maker" -nt "$file" ]; then
        "$maker" "$(dpkg --listfiles python3-zxcvbn | grep '/frequency_lists\.py$')" >"$file.new"
        mv "$file.new" "$file"
    fi
    echo "$file"
}

# In a process of its own. A superuser's connection string is not for the shim.
become_service() {
    unset AUXEIRA_DATABASE_URL AUXEIRA_DATABASE_URL_FILE
    export AUXEIRA_PORT AUXEIRA_APP_DSN_FILE="$keys/app.dsn" AUXEIRA_READY_FILE="$ready/url"
    export AUXEIRA_PASSWORD_LIST="${AUXEIRA_PASSWORD_LIST-$(password_list)}"
    [ ! -d "$root/build/web" ] || export AUXEIRA_WEB="${AUXEIRA_WEB-$root/build/web}"
    export_keys
    exec setsid "$program"
}

# adopt_settings PID: those with which a shim was started, in place of this shell's own; without what is added at each
# start, the files of the instance.
adopt_settings() {
    local setting
    unset "${!AUXEIRA_@}"
    while IFS= read -r -d '' setting; do
        [[ "$setting" != AUXEIRA_*=* || "$setting" == *_FILE="$data"/* ]] || export "${setting?}"
    done <"/proc/$1/environ"
}

# On the same port, when any free one was wanted.
restart_service() {
    url="$(cat "$base/ready/url")"
    AUXEIRA_PORT="${url##*:}"
    stop_service
    start_service
}

wait_until_ready() {
    local tries
    for tries in $(seq 1 300); do
        kill -0 "$(cat "$pid_file")" 2>/dev/null || fail "the REST shim stopped: $(tail -n 1 "$logs/api.log")"
        if [ -s "$ready/url" ]; then
            url="$(cat "$ready/url")"
            curl --silent --fail --output /dev/null "$url/ready" && return
        fi
        sleep 0.1
    done
    fail "the REST shim is not ready after $((tries / 10)) s; see $logs/api.log"
}

stop_service() {
    local pid tries
    # The shim gives requests under way their statement timeout and 5 s, after it has lingered.
    local limit=$((${AUXEIRA_LINGER_SECONDS:-0} * 10 + ${AUXEIRA_STATEMENT_TIMEOUT_MS:-5000} / 100 + 150))
    pid="$(service_pid)" || return 0
    kill -TERM "$pid"
    for tries in $(seq 1 "$limit"); do
        if ! service_pid >/dev/null; then
            rm -f "$pid_file"
            return 0
        fi
        sleep 0.1
    done
    say "the REST shim did not stop in $((tries / 10)) s and is killed"
    kill -KILL "$pid"
}
