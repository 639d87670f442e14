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
. helpers/setup/layers.sh

script=helpers/setup/runtimes.sh
python=${1:-.venv/bin/python}
locks=helpers/runtimes
disk_kb=1000000 # for all (0.3 GB, and 0.2 GB for OpenVINO) and temporary files
again="make runtimes${OPENVINO:+ OPENVINO=1}"

find_packages
[ -z "$OPENVINO" ] || install_for_python .runtimes/openvino "$locks/openvino.lock"
install_for_python .runtimes/venv "$locks/requirements.lock"
install_from_npm .runtimes/browser "$locks"
