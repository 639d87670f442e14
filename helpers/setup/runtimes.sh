#!/bin/sh
# Makes .runtimes: what lesson 08 needs beyond the course's own environment. `make runtimes` runs this after
# helpers/setup/env.sh; when there is nothing to do it takes a tenth of a second and needs no network.
#
#   .runtimes/venv      tf2onnx and ONNX Runtime; TensorFlow, which tf2onnx imports, is that of .venv
#   .runtimes/browser   onnxruntime-web, from npm
#
# Where the course's environment is not .venv, its interpreter is given: sh helpers/setup/runtimes.sh python

cd "$(dirname "$0")/../.." || exit 1
. helpers/setup/pip.sh

python=${1:-.venv/bin/python}
locks=helpers/runtimes
venv=.runtimes/venv
browser=.runtimes/browser
disk_kb=1000000 # what both (0.3 GB) and the unpacking take
again='make runtimes'

make_venv() {
    need_space
    echo "Making $venv."
    output=$("$python" -m venv --clear "$venv" 2>&1) || {
        rm -rf "$venv"
        fail "$python -m venv did not make an environment ($(printf '%s\n' "$output" | tail -n 1))."
    }
}

install_for_python() {
    found=$(version_of "$venv/bin/python")
    pth=$venv/lib/python$version/site-packages/course.pth
    [ "$found" = "$version" ] && [ "$(cat "$pth" 2>/dev/null)" = "$packages" ] &&
        cmp -s "$locks/requirements.lock" "$venv/installed" && return
    rm -f "$venv/installed"
    { [ "$found" = "$version" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; } || make_venv
    # Where the course's own packages are: they are used here too, after what is installed here.
    printf '%s\n' "$packages" >"$pth"
    echo "Installing what $locks/requirements.lock names."
    pip_install "$venv" "$locks/requirements.lock"
    cp "$locks/requirements.lock" "$venv/installed"
}

install_for_browser() {
    cmp -s "$locks/package-lock.json" "$browser/installed" && return
    rm -f "$browser/installed"
    command -v npm >/dev/null || fail "npm is missing, so the browser's part is left out; the rest is ready:" \
        "install npm (on Debian and Ubuntu: sudo apt install npm) and run $again again."
    need_space
    mkdir -p "$browser"
    cp "$locks/package.json" "$locks/package-lock.json" "$browser"
    echo "Installing what $locks/package-lock.json names."
    # No scripts: nothing of what is installed runs here.
    npm ci --prefix "$browser" --ignore-scripts --no-audit --no-fund --loglevel=error 2>"$browser/npm-errors" && {
        cp "$locks/package-lock.json" "$browser/installed"
        return
    }
    grep -q ENOSPC "$browser/npm-errors" && no_space
    grep -qE 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET' "$browser/npm-errors" &&
        fail "The registry of npm cannot be reached: connect to the internet (or set npm's proxy or mirror) and" \
            "run $again again."
    reason=$(awk '/^npm (error|ERR!)/ {print; exit}' "$browser/npm-errors")
    fail "npm could not install $locks/package-lock.json (${reason:-no reason given}):" \
        "$browser/npm-errors has the details; run $again again when it is mended."
}

version=$(version_of "$python")
[ -n "$version" ] || fail "$python does not run: run make env first, or name the interpreter of the course's" \
    "environment, for example: sh helpers/setup/runtimes.sh python"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
install_for_python
install_for_browser
