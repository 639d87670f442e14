#!/bin/sh
# Makes .venv equal to requirements.lock. `make` runs this script first; it takes a tenth of a second if .venv is up to
# date. If it cannot go on, it says why and what to do, in one line.
#
# The variable PYTHON names the interpreter. By default the script takes the first suitable one. COURSE_INSTALL is the
# command of which this script is a part, for its messages.
# It needs POSIX sh and pip only, because the course's own tools are not installed yet.

cd "$(dirname "$0")/../.." || exit 1
. helpers/setup/pip.sh

lock=requirements.lock
stamp=.venv/installed  # the checksum of the lock; written last, so an interrupted installation has none
disk_kb=3000000        # for the environment (2.1 GB) and pip's temporary files
again=${COURSE_INSTALL:-make}
named="${COURSE_INSTALL:+PYTHON=/path/to/python3.12 }${COURSE_INSTALL:-make lab PYTHON=/path/to/python3.12}"

pythons="3.11, 3.12 or 3.13"
suitable() {
    case $1 in 3.11 | 3.12 | 3.13) return 0 ;; *) return 1 ;; esac
}

# Sets `python` to the first interpreter that has a suitable version and can make an environment.
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
            "install it (on Debian and Ubuntu: sudo apt install python$without_version-venv) and run $again again."
    fi
    fail "No suitable Python: ${seen:-none was found}. The course runs on Python $pythons:" \
        "install one of them, or name the one that you have, for example: $named"
}

make_venv() {
    find_python
    need_space
    echo "Making .venv with $python (Python $version)."
    # Without --clear, venv keeps the files of a broken .venv.
    output=$("$python" -m venv --clear .venv 2>&1) && return
    rm -rf .venv
    case $output in *"No space left"*) no_space ;; esac
    fail "$python -m venv did not make an environment ($(printf '%s\n' "$output" | tail -n 1)): repair it, or name" \
        "another Python, for example: $named"
}

[ -f "$lock" ] || fail "$lock is missing: restore it with git checkout $lock"
sum=$(cksum <"$lock")
version=$(version_of .venv/bin/python)
if [ -n "$version" ] && ! suitable "$version"; then
    fail ".venv holds Python $version, but the course runs on $pythons: delete the folder .venv and run $again again."
fi
if [ -n "$version" ] && [ -n "$PYTHON" ] && [ "$(version_of "$PYTHON")" != "$version" ]; then
    fail ".venv holds Python $version, but PYTHON=$PYTHON is Python $(version_of "$PYTHON"):" \
        "delete the folder .venv to change, or leave PYTHON out."
fi
if [ -n "$version" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
    exit 0
fi

rm -f "$stamp"
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
echo "Installing the packages of $lock. The first time, this takes a few minutes."
pip_install .venv "$lock"
printf '%s\n' "$sum" >"$stamp"
