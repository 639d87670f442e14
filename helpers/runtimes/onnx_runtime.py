"""ONNX Runtime: one .onnx file for each signature, which tf2onnx makes.

`make runtimes` installs both packages in .runtimes.
"""

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers.paths import RUNTIMES
from helpers.processes.clean_process import CleanProcess, Question
from helpers.readers import DEADLINE, to_onnx
from helpers.runtimes import runtime_process
from helpers.runtimes.conversions import Converted, convert_once, file_name, opened
from helpers.runtimes.installed import not_installed

LOCK = Path(__file__).with_name("requirements.lock")
PYTHON = RUNTIMES / "venv" / "bin" / "python"
process = CleanProcess("helpers.runtimes.onnx_runtime", PYTHON)


def missing() -> str:
    """Return a sentence that says what this computer does not have, or ""."""
    what, venv = "ONNX Runtime and tf2onnx", RUNTIMES / "venv"
    if lacking := not_installed(what, venv / "installed", LOCK):
        return lacking
    # tf2onnx is made for the TensorFlow of the environment that `make runtimes` found.
    found = find_spec("tensorflow")
    here = Path(str(found and found.origin)).parents[1]
    there = [Path(file.read_text().strip()) for file in venv.glob("lib/*/*/course.pth")]
    if not any(path.exists() and path.samefile(here) for path in there):
        return f"{what} are installed for another environment than this one: make runtimes"
    return ""


def packages() -> str:
    """Return the path of the site-packages that hold ONNX Runtime and tf2onnx."""
    (found,) = RUNTIMES.glob("venv/lib/*/site-packages")
    return str(found)


def converted(directory: Path, keys: list[str]) -> Converted:
    """Convert each signature of `keys` of an export to an .onnx file that ONNX Runtime opens."""
    return opened_files(directory, keys, "onnx", process)


def opened_files(directory: Path, keys: list[str], kind: str, reader: CleanProcess) -> Converted:
    """Convert signatures to .onnx files, once for the same content, and open each in a runtime.

    tf2onnx writes an operation that ONNX does not have into the file, and reports a success.

    Parameters
    ----------
    directory : pathlib.Path
        The export.
    keys : list of str
        The signatures.
    kind : str
        The name of the runtime.
    reader : CleanProcess
        Its process.

    Raises
    ------
    ReaderError
        If the runtime does not answer in time.
    """
    made = convert_once(directory, "tf2onnx", lambda *at: _convert(at[0], at[1], keys))

    def load(folder, name):
        reader.ask(Question("load", (str(folder), name), kind), deadline=DEADLINE)

    return opened(made, kind, load)


def _convert(directory, folder, keys):
    names = {key: file_name(key, number, ".onnx") for number, key in enumerate(keys)}
    errors = to_onnx(directory, names, folder, packages())
    kept = {key: name for key, name in names.items() if key not in errors}
    return Converted(folder, kept, errors)


class Signature(runtime_process.Loaded):
    """One .onnx file in ONNX Runtime."""

    def __init__(self, folder: str, name: str):
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)  # errors only
        path = Path(folder) / name
        options = {"providers": ["CPUExecutionProvider"]}
        try:
            # From bytes, because errors would contain a path.
            self.session = onnxruntime.InferenceSession(path.read_bytes(), **options)
        except Exception as error:
            if not re.search("external data|model_path", str(error), re.IGNORECASE):
                raise
            # The weights lie in another file, which is found from the path alone.
            self.session = onnxruntime.InferenceSession(str(path), **options)
        self.outputs = [output.name for output in self.session.get_outputs()]

    def call(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        feed = {name: _decoded(value) for name, value in feed.items()}
        return dict(zip(self.outputs, self.session.run(None, feed), strict=True))


def _decoded(array):
    """Return texts as str: ONNX Runtime takes the repr of bytes, "b'red'", without an error."""
    if array.dtype != object:
        return array
    texts = [v.decode() if isinstance(v, bytes) else v for v in array.ravel()]
    return np.array(texts, object).reshape(array.shape)


def main() -> NoReturn:
    """Answer the questions about .onnx files, without TensorFlow."""
    sys.modules["tensorflow"] = None  # an import of TensorFlow raises ImportError
    runtime_process.answer_questions(Signature)
