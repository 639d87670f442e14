# What helpers/setup/env.sh and helpers/setup/runtimes.sh share. Before they use it they set `disk_kb`, what they take
# of the disk, and `again`, the command that goes on where they stopped.

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Prints "3.12" for an interpreter that runs. A shim that points nowhere exists on the PATH and prints nothing.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

need_space() {
    free=$(df -Pk . | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$disk_kb" ] || no_space "$((free / 1000)) MB free"
}

no_space() {
    fail "The disk is full${1:+ ($1)}: installing takes about $((disk_kb / 1000000)) GB in this folder;" \
        "free some space and run $again again."
}

# Installs a lock in an environment: pip_install .venv requirements.lock
pip_install() {
    # pip takes a package for installed once it has a .dist-info, but writes RECORD in it last: an install that was
    # interrupted in between would stay half-made for ever.
    for info in "$1"/lib/python*/site-packages/*.dist-info; do
        [ -f "$info/RECORD" ] || rm -rf "$info"
    done
    "$1/bin/python" -m pip install --disable-pip-version-check --only-binary :all: \
        --log "$1/pip.log" -r "$2" 2>"$1/pip-errors" && return
    reason=$(grep '^ERROR' "$1/pip-errors" | tail -n 1)
    if grep -q 'No space left' "$1/pip-errors"; then
        no_space
    elif grep -qE '(Connection|NameResolution|Proxy|SSL|Protocol|Timeout)Error|timed out' "$1/pip-errors"; then
        fail "The package index cannot be reached: connect to the internet (or set pip's proxy or mirror) and run" \
            "$again again; it goes on where it stopped."
    elif [ "$reason" = "ERROR: Operation cancelled by user" ]; then
        fail "Interrupted: run $again again, it goes on where it stopped."
    fi
    fail "pip could not install $2 (${reason:-no reason given}): $1/pip.log has the details; run $again again" \
        "when it is mended."
}
