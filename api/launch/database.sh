# Sourced after cluster.sh: what has to be in the database, and how to reach it.
# shellcheck shell=bash

# As superuser. Statements come on standard input and a password by environment, so that no secret is in an
# argument list; the server logs none of them either.
run_sql() {
    PGPASSWORD="$superuser_password" PGOPTIONS="$quiet_server" psql --no-psqlrc --quiet --tuples-only --no-align \
        --set=ON_ERROR_STOP=1 "$@" "$superuser_dsn"
}
quiet_server='-c client_min_messages=warning -c log_statement=none -c log_min_error_statement=panic'

# Takes AUXEIRA_DATABASE_URL apart: postgresql:// user:password@ host... /database?parameters
read_database_url() {
    local rest="${AUXEIRA_DATABASE_URL#*://}" authority user
    authority="${rest%%[/?]*}"
    url_tail="${authority##*@}${rest#"$authority"}"
    superuser_password=""
    user=""
    if [[ "$authority" == *@* ]]; then
        user="${authority%@*}"
        [[ "$user" != *:* ]] || superuser_password="$(printf '%b' "$(sed 's/%/\\x/g' <<<"${user#*:}")")"
        user="${user%%:*}@"
    fi
    superuser_dsn="postgresql://$user$url_tail"
}

# By the rules of the shim, before any password goes there.
check_database_url() {
    local url="$AUXEIRA_DATABASE_URL" said
    said="$(unset "${!AUXEIRA_@}" && AUXEIRA_APP_DSN="$url" AUXEIRA_JWT_KEY="$(random_key)" \
        AUXEIRA_VAULT_KEY="$(random_key)" "$program" --check-config 2>&1)" ||
        fail "${said/#auxeira-api: AUXEIRA_APP_DSN/AUXEIRA_DATABASE_URL}"
}

choose_database() {
    choose_base
    if [ -n "${AUXEIRA_DATABASE_URL:-}" ]; then
        check_database_url
        read_database_url
        return
    fi
    superuser_password=""
    say "staging the extension"
    rm -rf "$stage"
    make --no-print-directory -s -C "$root" install "DESTDIR=$stage" >"$logs/build.log" 2>&1 ||
        fail "the extension cannot be staged; see $logs/build.log"
    create_cluster
    start_cluster
    superuser_dsn="host='$sockets' port=$cluster_port dbname=postgres user=postgres"
    if [ "$(echo "select count(*) from pg_database where datname = 'auxeira'" | run_sql)" = 0 ]; then
        echo 'create database auxeira' | run_sql
    fi
    superuser_dsn="host='$sockets' port=$cluster_port dbname=auxeira user=postgres"
}

# The same server as another user. Passwords are of letters, digits, - and _ only.
dsn_of() {
    if [ -n "${AUXEIRA_DATABASE_URL:-}" ]; then
        echo "postgresql://$1:$2@$url_tail"
    else
        echo "host='$sockets' port=$cluster_port dbname=auxeira user=$1 password=$2"
    fi
}

# BI tools speak TCP and take a URL.
url_of() {
    if [ -n "${AUXEIRA_DATABASE_URL:-}" ]; then
        dsn_of "$@"
    else
        echo "postgresql://$1:$2@127.0.0.1:$cluster_port/auxeira"
    fi
}

install_platform() {
    run_sql --file="$root/sql/platform.sql" >"$logs/platform.log" 2>&1 ||
        fail "the platform cannot be installed; see $logs/platform.log: $(tail -n 3 "$logs/platform.log")"
    schedule_jobs
    echo "alter role auxeira_authenticator password '$(secret authenticator.password)'" | run_sql
    (umask 077 && dsn_of auxeira_authenticator "$(secret authenticator.password)" >"$keys/app.dsn")
}

schedule_jobs() {
    [ -z "${AUXEIRA_DATABASE_URL:-}" ] && has_cron || return 0
    printf '%s;\n' 'create extension if not exists pg_cron' 'call auxeira.schedule_jobs()' | run_sql
}

# run_jobs JOB...: once, by hand or by the cron of the system where pg_cron is not installed.
run_jobs() {
    local job
    for job in "$@"; do
        [ -n "$(echo "select auxeira.run_job('$job')" | run_sql)" ] ||
            fail "job $job failed: $(echo "select error from auxeira.job_runs order by started_at desc limit 1" | run_sql)"
    done
}

# Logins that the demo data come with: a BI tool's, and a founder's who brings an SQL client.
create_demo_logins() {
    local login
    for login in auxeira_bi_demo auxeira_founder_demo; do
        run_sql <<SQL
select 'create role $login login nosuperuser' where not exists (select from pg_roles where rolname = '$login') \gexec
alter role $login password '$(secret "$login.password")' connection limit 20;
SQL
    done
    run_sql <<'SQL'
grant auxeira_bi to auxeira_bi_demo;
alter role auxeira_bi_demo set default_transaction_read_only = on;
alter role auxeira_bi_demo set statement_timeout = '30s';
alter role auxeira_bi_demo set lock_timeout = '2s';
alter role auxeira_bi_demo set idle_in_transaction_session_timeout = '60s';
alter role auxeira_bi_demo set search_path = bi;
select user_id from auxeira.users where email = 'startup_founder@demo.example' and email_verified \gset
call auxeira.bind_login('auxeira_founder_demo', :'user_id');
SQL
}
