#!/bin/sh
# Makes .runtimes: the other runtimes of lesson 10. `make runtimes` runs this script after helpers/setup/env.sh. It takes
# a tenth of a second and needs no network if .runtimes is up to date.
#
#   .runtimes/venv      tf2onnx and ONNX Runtime; they import TensorFlow from .venv
#   .runtimes/browser   onnxruntime-web, from npm
#   .runtimes/openvino  OpenVINO, if the variable OPENVINO is set; it is installed first
#
# If the course's environment is not .venv, name its interpreter: sh helpers/setup/runtimes.sh python

cd "$(dirname "$0")/../.." || exit 1
. helpers/setup/pip.sh

python=${1:-.venv/bin/python}
locks=helpers/runtimes
browser=.runtimes/browser
disk_kb=1000000 # for all (0.3 GB, and 0.2 GB for OpenVINO) and temporary files
again="make runtimes${OPENVINO:+ OPENVINO=1}"

make_venv() {
    venv=$1
    need_space
    echo "Making $venv."
    output=$("$python" -m venv --clear "$venv" 2>&1) || {
        rm -rf "$venv"
        fail "$python -m venv did not make an environment ($(printf '%s\n' "$output" | tail -n 1))."
    }
}

# Installs a lock in an environment that also imports the course's: install_for_python .runtimes/venv requirements.lock
install_for_python() {
    venv=$1 lock=$locks/$2
    found=$(version_of "$venv/bin/python")
    pth=$venv/lib/python$version/site-packages/course.pth
    [ "$found" = "$version" ] && [ "$(cat "$pth" 2>/dev/null)" = "$packages" ] &&
        cmp -s "$lock" "$venv/installed" && return
    rm -f "$venv/installed"
    { [ "$found" = "$version" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; } || make_venv "$venv"
    # This environment also imports the course's own packages; packages that it has itself come first.
    printf '%s\n' "$packages" >"$pth"
    echo "Installing the packages of $lock."
    pip_install "$venv" "$lock"
    cp "$lock" "$venv/installed"
}

install_for_browser() {
    cmp -s "$locks/package-lock.json" "$browser/installed" && return
    rm -f "$browser/installed"
    command -v npm >/dev/null || fail "npm is missing, so the browser's packages are not installed. Everything else is ready:" \
        "install npm (on Debian and Ubuntu: sudo apt install npm) and run $again again."
    need_space
    mkdir -p "$browser"
    cp "$locks/package.json" "$locks/package-lock.json" "$browser"
    echo "Installing the packages of $locks/package-lock.json."
    # --ignore-scripts: no installed package may run code during the installation.
    npm ci --prefix "$browser" --ignore-scripts --no-audit --no-fund --loglevel=error 2>"$browser/npm-errors" && {
        cp "$locks/package-lock.json" "$browser/installed"
        return
    }
    grep -q ENOSPC "$browser/npm-errors" && no_space
    grep -qE 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET' "$browser/npm-errors" &&
        fail "npm's registry cannot be reached: connect to the internet (or set npm's proxy or mirror) and" \
            "run $again again."
    reason=$(awk '/^npm (error|ERR!)/ {print; exit}' "$browser/npm-errors")
    fail "npm could not install $locks/package-lock.json (${reason:-no reason given}):" \
        "$browser/npm-errors has the details. Fix the cause and run $again again."
}

version=$(version_of "$python")
[ -n "$version" ] || fail "$python does not run: run make env first, or name the interpreter of the course's" \
    "environment, for example: sh helpers/setup/runtimes.sh python"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
[ -z "$OPENVINO" ] || install_for_python .runtimes/openvino openvino.lock
install_for_python .runtimes/venv requirements.lock
install_for_browser
