#!/bin/sh
# Opens the course in JupyterLab without the internet: sh start.sh [options of JupyterLab]
# The first start installs the packages of the folder wheels. If the script cannot go on, it says why and what to do, in
# one line.
#
# The variable PYTHON names the interpreter. By default, the script takes the first one that the packages were made for.

cd "$(dirname "$0")/exporting-models" || exit 1
. helpers/setup/pip.sh

wheels=../wheels # relative, because pip splits a list of folders at each space
[ -f "$wheels/made_for" ] || fail "The file wheels/made_for is missing: copy the whole folder again."
read -r made_for_python made_for_system <"$wheels/made_for"

# Sets `python` to the first interpreter of the version that the packages were made for.
find_python() {
    python='' seen=''
    if [ -n "$PYTHON" ]; then
        set -- "$PYTHON"
    else
        set -- .venv/bin/python "python$made_for_python" python3 python
    fi
    for candidate; do
        version=$(version_of "$candidate")
        if [ "$version" = "$made_for_python" ]; then
            python=$candidate
            return
        elif [ -n "$version" ]; then
            seen="$seen${seen:+, }$candidate is $version"
        elif [ -n "$PYTHON" ]; then
            seen="$candidate does not run"
        fi
    done
    fail "No suitable Python: ${seen:-none was found}. This folder was made for Python $made_for_python on" \
        "$made_for_system: install this version, or name it: PYTHON=/path/to/python$made_for_python sh start.sh"
}

find_python
system=$("$python" helpers/setup/system.py)
[ "$system" = "$made_for_system" ] || fail "This computer is $system, but the folder was made for $made_for_system:" \
    "type make bundle on a computer like this one."

[ "$python" = .venv/bin/python ] || export PYTHON="$python"
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$wheels" COURSE_INSTALL="sh start.sh"
sh helpers/setup/env.sh || exit 1

set -- notebooks/00_*.ipynb "$@"
# As in the Makefile: the programs of .venv come first, and Python stores compiled files.
export PATH="$PWD/.venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=
exec .venv/bin/python -m helpers.jupyter --ServerApp.root_dir="$PWD" "$@"
