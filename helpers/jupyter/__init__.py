"""Where Jupyter finds the kernel of the course, which starts in half a second.

The folder `kernels` beside this file takes the name `python3`, so that notebooks that name it open
everywhere: here with the kernel of the course, elsewhere with an ordinary one.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from helpers.processes.fork_address import enabled

FOLDER = Path(__file__).parent


def jupyter_path(env: Mapping[str, str] = os.environ, folder: Path | None = None) -> dict[str, str]:
    """Return the variable that lets Jupyter find the kernel of the course.

    Parameters
    ----------
    env : mapping of str to str
        the environment of the process that looks for kernels
    folder : Path or None
        `helpers/jupyter` of another copy of the course, whose kernel Jupyter shall find

    Returns
    -------
    dict of str to str
        JUPYTER_PATH; nothing where the course has no such kernel
    """
    folder = folder or FOLDER
    if not enabled(env) or not (folder / "kernels").exists():
        return {}
    others = [env["JUPYTER_PATH"]] if env.get("JUPYTER_PATH") else []
    return {"JUPYTER_PATH": os.pathsep.join([str(folder), *others])}
