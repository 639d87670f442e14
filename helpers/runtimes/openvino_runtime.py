"""OpenVINO: it reads an export itself, in a process that cannot import TensorFlow.

The package is optional. It is taken from the environment that runs here or, if it is not there,
from .runtimes/openvino, which `make runtimes OPENVINO=1` makes.
"""

import json
import sys
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers import artifact
from helpers.paths import ROOT, RUNTIMES
from helpers.processes.clean_process import CleanProcess, Question
from helpers.runtimes import runtime_process
from helpers.runtimes.conversions import Converted, digest

LOCK = Path(__file__).with_name("openvino.lock")
STAMP = RUNTIMES / "openvino" / "installed"  # a copy of the lock, written when all is installed
DEFAULT = "serving_default"
DEVICE = "CPU"
# Lines of an error that say nothing to the users of OpenVINO, such as places in its source code.
NOTHING = (
    *("Exception from ", "Check '", "FrontEnd API failed with ", "Model wasn't fully converted"),
    *("Summary:", "To facilitate the conversion of unsupported operations"),
)


def requirement() -> str:
    """Return what pip installs: the version that the course is tested with."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return groups["dependency-groups"]["openvino"][0]


def python() -> str:
    """Return the interpreter of the environment that has OpenVINO, or "" if none has it."""
    found = find_spec("openvino")
    if found and found.origin:  # a folder of this name has no origin
        return sys.executable
    return str(STAMP.parent / "bin" / "python") if _is_current() else ""


def _is_current():
    return STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes()


def missing() -> str:
    """Return a sentence that says what this computer does not have, or ""."""
    if python():
        return ""
    if STAMP.exists():
        return (
            "OpenVINO is installed in another version than the course's: make runtimes OPENVINO=1"
        )
    return f'OpenVINO is not installed here: python -m pip install "{requirement()}"'


def readable_key(keys: list[str]) -> str:
    """Return the key of the one signature that OpenVINO reads of an export, or "".

    OpenVINO reads serving_default. If there are others only, it makes one model of all, in which
    most outputs are empty, and gives no error.
    """
    if DEFAULT in keys:
        return DEFAULT
    return keys[0] if len(keys) == 1 else ""


class Process(CleanProcess):
    """The process of OpenVINO. It is started with the interpreter that has the package."""

    def __init__(self):
        super().__init__("helpers.runtimes.openvino_runtime")

    def command(self) -> list[str]:
        self._python = python()
        return super().command()


process = Process()


@dataclass(frozen=True)
class Precision:
    """One of the precisions in which OpenVINO computes.

    Parameters
    ----------
    hint : str
        The value of INFERENCE_PRECISION_HINT. "": OpenVINO chooses one for the processor.
    """

    hint: str
    process = process

    @staticmethod
    def missing() -> str:
        """Return a sentence that says what this computer does not have, or ""."""
        return missing()

    def converted(self, directory: Path, keys: list[str]) -> Converted:
        """Return the export itself, and an error for each signature that OpenVINO cannot name."""
        kept = readable_key(keys)
        # The process keeps what it has loaded. The digest makes it read a changed export again.
        errors = {key: _beside(key, kept) for key in keys if key != kept}
        if not kept:
            return Converted(directory, {}, errors)
        signature = artifact.read(directory).signatures[kept]
        ends = [[tensor.name for tensor in way] for way in (signature.inputs, signature.outputs)]
        name = json.dumps([self.hint, *ends, digest(directory)])
        return Converted(directory, {kept: name}, errors)

    def used(self, directory: Path, key: str, deadline: float) -> str:
        """Return the name of the dtype in which OpenVINO computes, such as "bfloat16"."""
        name = self.converted(directory, list(artifact.read(directory).signatures)).keys[key]
        return process.ask(
            Question("precision", (str(directory), name), "openvino"), deadline=deadline
        )


def _beside(key, kept):
    if kept:
        return f"OpenVINO reads one signature of an export, {kept}, and cannot call {key}"
    return (
        "OpenVINO reads the signature serving_default alone, and this export has several of other "
        f"names. It cannot call {key}"
    )


default, float32 = Precision(""), Precision("f32")


class Model(runtime_process.Loaded):
    """The signature of an export in OpenVINO. `name` is what `Precision.converted` calls it."""

    def __init__(self, directory: str, name: str):
        hint, inputs, outputs, _ = json.loads(name)
        settings = {"INFERENCE_PRECISION_HINT": hint} if hint else {}
        try:
            # Not openvino.convert_model, which reports each conversion over the network.
            model = _core().read_model(directory)
            self.compiled = _core().compile_model(model, DEVICE, settings)
        except RuntimeError as error:
            raise RuntimeError(without_places(str(error))) from None
        self.request = self.compiled.create_infer_request()
        self.inputs = {name: _port(self.compiled.inputs, name) for name in inputs}
        self.outputs = {name: _port(self.compiled.outputs, name) for name in outputs}
        if lost := [name for name, port in self.outputs.items() if port is None]:
            raise RuntimeError(
                f"OpenVINO made a model without {', '.join(lost)}: it leaves out outputs that it "
                "cannot compute, and those that are constant, without an error"
            )

    def call(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # An input that no output depends on is not in the model.
        inputs = {name: port for name, port in self.inputs.items() if port is not None}
        given = {port: _tensor(port, feed[name]) for name, port in inputs.items()}
        try:
            found = self.request.infer(given)
        except RuntimeError as error:
            raise RuntimeError(without_places(str(error))) from None
        # The next call writes into the same memory.
        return {name: _array(port, found[port]) for name, port in self.outputs.items()}

    def precision(self) -> str:
        """Return the name of the dtype in which the model computes."""
        return self.compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()


def _port(ports, name):
    """Return the port of an input or output: its own name decides, since others may be joined."""
    own = [port for port in ports if port.get_node().get_friendly_name() == name]
    return next(iter([*own, *(port for port in ports if name in port.names)]), None)


def _tensor(port, array):
    """Return what OpenVINO takes: NumPy has no bfloat16, so it takes its bits as float16."""
    if port.get_element_type().get_type_name() != "bf16":
        return array
    import openvino

    tensor = openvino.Tensor(port.get_element_type(), openvino.Shape(array.shape))
    tensor.data[...] = array.view(np.float16)
    return tensor


def _array(port, value):
    if port.get_element_type().get_type_name() == "bf16":
        import ml_dtypes

        value = value.view(ml_dtypes.bfloat16)
    return np.array(value)


@lru_cache(maxsize=1)
def _core():
    import openvino

    return openvino.Core()


def without_places(error: str) -> str:
    """Return an error of OpenVINO on one line, without the places in its source code."""
    told = [line.strip() for line in error.splitlines() if line.strip()]
    # The summary names the operations. What stands above it says what is wrong with each.
    at = told.index("Summary:") if "Summary:" in told else 0
    told = [*told[at:], *told[:at]]
    told = [line.removeprefix("-- ") for line in told if not line.startswith(NOTHING)]
    return " ".join(told) or " ".join(error.split())


def main() -> NoReturn:
    """Answer the questions about exports, without TensorFlow."""
    # An import of TensorFlow, or of the package that reports over the network, raises ImportError.
    sys.modules["tensorflow"] = sys.modules["openvino_telemetry"] = None
    runtime_process.answer_questions(Model, more={"precision": Model.precision})
