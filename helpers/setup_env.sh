#!/bin/sh
# Makes .venv equal to requirements.lock. `make` runs this before everything else; when there is nothing to do it
# takes a tenth of a second. Whatever is in the way is said in one line that ends with what to do.
#
# PYTHON in the environment names the interpreter; otherwise the first suitable one found is taken.
# Only POSIX sh and pip are needed: the course's own tools are not there yet.

cd "$(dirname "$0")/.." || exit 1

lock=requirements.lock
stamp=.venv/installed  # holds the lock's checksum; written last, so an install cut short has none
disk_kb=3000000        # what the environment (2.1 GB) and pip's unpacking take

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Prints "3.12" for an interpreter that runs. A shim that points nowhere exists on the PATH and prints nothing.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

pythons="3.11, 3.12 or 3.13"
suitable() {
    case $1 in 3.11 | 3.12 | 3.13) return 0 ;; *) return 1 ;; esac
}

# Sets `python` to the first interpreter that is of the right version and can make an environment.
find_python() {
    python='' seen='' without_venv=''
    if [ -n "$PYTHON" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python; fi
    for candidate; do
        version=$(version_of "$candidate")
        if suitable "$version"; then
            if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
                python=$candidate
                return
            fi
            without_venv=${without_venv:-$candidate} without_version=${without_version:-$version}
        elif [ -n "$version" ]; then
            seen="$seen${seen:+, }$candidate is $version"
        elif command -v "$candidate" >/dev/null 2>&1 || [ -n "$PYTHON" ]; then
            seen="$seen${seen:+, }$candidate does not run"
        fi
    done
    if [ -n "$without_venv" ]; then
        fail "$without_venv (Python $without_version) has no venv module, so no environment can be made:" \
            "install it (on Debian and Ubuntu: sudo apt install python$without_version-venv) and run make again."
    fi
    fail "No suitable Python: ${seen:-none was found}. The course runs on Python $pythons:" \
        "install one of them, or name it, for example: make lab PYTHON=/path/to/python3.12"
}

make_venv() {
    find_python
    free=$(df -Pk . | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$disk_kb" ] || no_space "$((free / 1000)) MB free"
    echo "Making .venv with $python (Python $version)."
    # --clear, because what is left of a broken .venv would be kept otherwise.
    output=$("$python" -m venv --clear .venv 2>&1) && return
    rm -rf .venv
    case $output in *"No space left"*) no_space ;; esac
    fail "$python -m venv did not make an environment ($(printf '%s\n' "$output" | tail -n 1)): repair it, or name" \
        "another Python, for example: make lab PYTHON=/path/to/python3.12"
}

no_space() {
    fail "The disk is full${1:+ ($1)}: installing takes about $((disk_kb / 1000000)) GB in this folder;" \
        "free some space and run make again."
}

install() {
    # pip takes a package for installed once it has a .dist-info, but writes RECORD in it last: an install that was
    # interrupted in between would stay half-made for ever.
    for info in .venv/lib/python*/site-packages/*.dist-info; do
        [ -f "$info/RECORD" ] || rm -rf "$info"
    done
    echo "Installing what $lock names; the first time this takes a few minutes."
    .venv/bin/python -m pip install --disable-pip-version-check --only-binary :all: \
        --log .venv/pip.log -r "$lock" 2>.venv/pip-errors && return
    reason=$(grep '^ERROR' .venv/pip-errors | tail -n 1)
    if grep -q 'No space left' .venv/pip-errors; then
        no_space
    elif grep -qE '(Connection|NameResolution|Proxy|SSL|Protocol|Timeout)Error|timed out' .venv/pip-errors; then
        fail "The package index cannot be reached: connect to the internet (or set pip's proxy or mirror) and run" \
            "make again; it goes on where it stopped."
    elif [ "$reason" = "ERROR: Operation cancelled by user" ]; then
        fail "Interrupted: run make again, it goes on where it stopped."
    fi
    fail "pip could not install $lock (${reason:-no reason given}): .venv/pip.log has the details; run make again" \
        "when it is mended."
}

[ -f "$lock" ] || fail "$lock is missing: restore it with git checkout $lock"
sum=$(cksum <"$lock")
version=$(version_of .venv/bin/python)
if [ -n "$version" ] && ! suitable "$version"; then
    fail ".venv holds Python $version, and the course runs on $pythons: delete the folder .venv and run make again."
fi
if [ -n "$version" ] && [ -n "$PYTHON" ] && [ "$(version_of "$PYTHON")" != "$version" ]; then
    fail ".venv holds Python $version, and PYTHON=$PYTHON is another ($(version_of "$PYTHON")):" \
        "delete the folder .venv to change, or leave PYTHON out."
fi
if [ -n "$version" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
    exit 0
fi

rm -f "$stamp"
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
install
printf '%s\n' "$sum" >"$stamp"
