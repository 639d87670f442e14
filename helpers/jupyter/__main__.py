"""`python -m helpers.jupyter`: open JupyterLab, whose lessons start in half a second."""

import os
import runpy
import subprocess
import sys

from helpers.jupyter import jupyter_path
from helpers.paths import ROOT


def main() -> None:
    """Run JupyterLab with the arguments of this process, and prepare the first kernel meanwhile."""
    found = jupyter_path()
    os.environ.update(found)
    if found:
        launcher = ROOT / "helpers" / "processes" / "kernel_launcher.py"
        subprocess.run([sys.executable, "-E", "-s", "-S", launcher, "--start"], check=False)
    runpy.run_module("jupyterlab", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
