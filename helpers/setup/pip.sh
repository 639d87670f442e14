# Functions for the scripts in helpers/setup that install something. These scripts first set `disk_kb`, the disk space
# that they need, and `again`, the command that continues an interrupted installation.

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Prints "3.12" for an interpreter that runs, and nothing for a broken one: a shim on the PATH may point to no Python.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

need_space() {
    free=$(df -Pk . | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$disk_kb" ] || no_space "$((free / 1000)) MB free"
}

no_space() {
    fail "The disk is full${1:+ ($1)}: the installation takes about $((disk_kb / 1000000)) GB in this folder;" \
        "free some space and run $again again."
}

# Installs a lock in an environment: pip_install .venv requirements.lock
pip_install() {
    # pip treats a package as installed when it has a .dist-info, but writes the RECORD in it last. Without this, a
    # package whose installation was interrupted would stay incomplete.
    for info in "$1"/lib/python*/site-packages/*.dist-info; do
        [ -f "$info/RECORD" ] || rm -rf "$info"
    done
    "$1/bin/python" -m pip install --disable-pip-version-check --only-binary :all: --no-compile \
        --log "$1/pip.log" -r "$2" 2>"$1/pip-errors" && {
        # pip would compile the files on one processor. What cannot be compiled here is an example for another Python.
        "$1/bin/python" -m compileall -q -j 0 "$1/lib" >/dev/null 2>&1 || :
        return
    }
    reason=$(grep '^ERROR' "$1/pip-errors" | tail -n 1)
    if grep -q 'No space left' "$1/pip-errors"; then
        no_space
    elif grep -qE '(Connection|NameResolution|Proxy|SSL|Protocol|Timeout)Error|timed out' "$1/pip-errors"; then
        fail "The package index cannot be reached: connect to the internet (or set pip's proxy or mirror) and run" \
            "$again again; it continues where it stopped."
    elif [ "$reason" = "ERROR: Operation cancelled by user" ]; then
        fail "Interrupted: run $again again; it continues where it stopped."
    fi
    fail "pip could not install $2 (${reason:-no reason given}): $1/pip.log has the details. Fix the" \
        "cause and run $again again."
}
