#!/bin/sh
# Makes .hub: JupyterHub for a class, see docs/hub.md. `make hub` runs this script after helpers/setup/env.sh. It takes a
# tenth of a second and needs no network if .hub is up to date.
#
#   .hub/venv  JupyterHub; it imports the course's own packages from .venv
#   .hub/npm   configurable-http-proxy, to which the browsers of the learners connect
#
# If the course's environment is not .venv, name its interpreter: sh helpers/setup/hub.sh python

cd "$(dirname "$0")/../.." || exit 1
. helpers/setup/pip.sh
. helpers/setup/layers.sh

script=helpers/setup/hub.sh
python=${1:-.venv/bin/python}
locks=docs/hub
disk_kb=1000000 # 0.2 GB and temporary files
again="make hub"

find_packages
install_for_python .hub/venv "$locks/requirements.lock"
install_from_npm .hub/npm "$locks"
