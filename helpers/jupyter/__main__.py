"""`python -m helpers.jupyter`: open JupyterLab, whose lessons start in half a second."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

from helpers.jupyter import jupyter_path
from helpers.paths import ROOT

KERNEL_MANAGER = "helpers.jupyter.kernel_manager.KernelManager"


def main(module: str = "jupyterlab", course: Path = ROOT) -> None:
    """Run a server of Jupyter with this process's arguments, and prepare the first kernel.

    Parameters
    ----------
    module : str
        "jupyterlab", or another module that is a server of Jupyter when it is run.
    course : Path
        The copy of the course whose lessons it opens.
    """
    found = jupyter_path(folder=course / "helpers" / "jupyter")
    os.environ.update(found)
    if found:
        sys.argv.append(f"--AsyncMappingKernelManager.kernel_manager_class={KERNEL_MANAGER}")
        launcher = course / "helpers" / "processes" / "kernel_launcher.py"
        subprocess.run([sys.executable, "-E", "-s", "-S", launcher, "--start"], check=False)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
