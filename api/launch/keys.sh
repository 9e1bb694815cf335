# Sourced after settings.sh: the keys with which the shim signs tokens and seals secrets. An operator's own settings
# come first; otherwise keys are made at the first start, and the signing key can be rotated.
# shellcheck shell=bash

signing_key="$keys/jwt.key"
previous_key="$keys/jwt.previous.key"
hs256_secret="$keys/jwt.secret" # signed the tokens of older versions

# is_given NAME: by the operator, as a value or as a file.
is_given() {
    local file="$1_FILE"
    [ -n "${!1+set}${!file+set}" ]
}

is_signing_key_given() {
    is_given AUXEIRA_JWT_KEY || is_given AUXEIRA_JWT_SECRET
}

# For the process that becomes the shim.
export_keys() {
    is_given AUXEIRA_VAULT_KEY || AUXEIRA_VAULT_KEY_FILE="$(kept_file vault.key random_key)"
    export AUXEIRA_VAULT_KEY_FILE
    ! is_signing_key_given || return 0
    AUXEIRA_JWT_KEY_FILE="$(kept_file jwt.key random_key)"
    export AUXEIRA_JWT_KEY_FILE
    if is_given AUXEIRA_JWT_PREVIOUS_KEY || is_given AUXEIRA_JWT_PREVIOUS_SECRET; then
        return
    elif [ -e "$previous_key" ]; then
        export AUXEIRA_JWT_PREVIOUS_KEY_FILE="$previous_key"
    elif [ -e "$hs256_secret" ]; then
        export AUXEIRA_JWT_PREVIOUS_SECRET_FILE="$hs256_secret"
    fi
}

# Two keys are valid at once. A rotation drops the one before the current one, whose last tokens were issued when the
# current one was made.
seconds_until_rotation() {
    [ -e "$previous_key" ] || [ -e "$hs256_secret" ] || { echo 0 && return; }
    local longest="${AUXEIRA_JWT_LEGACY_SECONDS:-86400}" access="${AUXEIRA_JWT_ACCESS_SECONDS:-900}"
    [ "$access" -le "$longest" ] || longest="$access"
    local left=$(($(stat -c %Y "$signing_key") + longest - $(date +%s)))
    echo $((left > 0 ? left : 0))
}

# Whatever happens on the way, the key that signs the tokens in use is one of the two that are accepted.
rotate_signing_key() {
    cp --preserve=mode,timestamps "$signing_key" "$previous_key.new"
    mv "$previous_key.new" "$previous_key"
    (umask 077 && random_key >"$signing_key.new" && mv "$signing_key.new" "$signing_key")
    rm -f "$hs256_secret"
}
