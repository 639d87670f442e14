#!/bin/sh
# Makes .site: what `make site` needs beyond the course's environment. `make site` runs this script after
# helpers/setup/env.sh. It takes a tenth of a second and needs no network if .site is up to date.
#
#   .site/venv  Sphinx with its theme; it imports the course's own packages from .venv
#   .site/npm   Pyodide, which runs the error clinic in a browser, axe, which tests the pages, and reveal.js for slides
#
# With the variable ONLY_NPM, as for `make slides`, it makes .site/npm only.

cd "$(dirname "$0")/../.." || exit 1
. helpers/setup/pip.sh
. helpers/setup/layers.sh

script=helpers/setup/site.sh
python=${1:-.venv/bin/python}
locks=docs/website
disk_kb=1000000 # 0.2 GB and temporary files
again=${ONLY_NPM:+make slides}
again=${again:-make site}

if [ -z "$ONLY_NPM" ]; then
    find_packages
    install_for_python .site/venv "$locks/requirements.lock"
fi
install_from_npm .site/npm "$locks"
