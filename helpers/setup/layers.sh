# Functions for helpers/setup/runtimes.sh, site.sh and hub.sh: environments beside .venv. These scripts first read
# helpers/setup/pip.sh, and set `disk_kb` and `again` (see there) and `python`, the course's interpreter.

make_venv() {
    venv=$1
    need_space
    echo "Making $venv."
    output=$("$python" -m venv --clear "$venv" 2>&1) || {
        rm -rf "$venv"
        fail "$python -m venv did not make an environment ($(printf '%s\n' "$output" | tail -n 1))."
    }
}

# Installs a lock in an environment that also imports the course's:
# install_for_python .runtimes/venv helpers/runtimes/requirements.lock
install_for_python() {
    venv=$1 lock=$2
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

# Installs the packages of package-lock.json in the folder LOCKS: install_from_npm .runtimes/browser LOCKS
install_from_npm() {
    folder=$1 locks=$2
    cmp -s "$locks/package-lock.json" "$folder/installed" && return
    rm -f "$folder/installed"
    command -v npm >/dev/null || fail "npm is missing, so the packages of npm are not installed. Everything else is ready:" \
        "install npm (on Debian and Ubuntu: sudo apt install npm) and run $again again."
    need_space
    mkdir -p "$folder"
    cp "$locks/package.json" "$locks/package-lock.json" "$folder"
    echo "Installing the packages of $locks/package-lock.json."
    # --ignore-scripts: no installed package may run code during the installation.
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error 2>"$folder/npm-errors" && {
        cp "$locks/package-lock.json" "$folder/installed"
        return
    }
    grep -q ENOSPC "$folder/npm-errors" && no_space
    grep -qE 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET' "$folder/npm-errors" &&
        fail "npm's registry cannot be reached: connect to the internet (or set npm's proxy or mirror) and" \
            "run $again again."
    reason=$(awk '/^npm (error|ERR!)/ {print; exit}' "$folder/npm-errors")
    fail "npm could not install $locks/package-lock.json (${reason:-no reason given}):" \
        "$folder/npm-errors has the details. Fix the cause and run $again again."
}

# Sets `version` of $python and `packages`, the folder of its packages.
find_packages() {
    version=$(version_of "$python")
    [ -n "$version" ] || fail "$python does not run: run make env first, or name the interpreter of the course's" \
        "environment, for example: sh $script python"
    packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
}
