"""Readers that a comparison asks on demand: OpenVINO in two precisions, and ONNX Runtime.

They are not among READERS, because they are packages that a learner need not install, and because
a verdict must not depend on what is installed. `helpers.runtimes` runs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers.artifact.reached_operations import reached_operations
from helpers.artifact.saved_model import Signature, serving_graph
from helpers.processes.clean_process import ReaderError
from helpers.readers import compiled_programs
from helpers.readers.explanations import explained as explained_by_clinic
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import OTHER, SAME
from helpers.readers.report import Row
from helpers.text import safe_repr, shorten

OPTIONAL = {
    "openvino": "OpenVINO, in its own precision and in float32",
    "openvino-f32": "OpenVINO, in float32",
    "onnx": "ONNX Runtime, after a conversion with tf2onnx",
}
FLOATS = {14: "bfloat16", 19: "float16"}  # the short ones, by their numbers in a graph
TOGETHER = {"openvino": ("openvino", "openvino-f32")}
ERROR = 300  # characters of an error


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the readers to ask for the names in an option.

    Parameters
    ----------
    names : sequence of str
        Keys of OPTIONAL. "openvino" stands for both precisions.

    Returns
    -------
    tuple of str
        Without repetitions. A program that is not installed is named once.

    Raises
    ------
    WrongOption
        If there is no such reader.
    """
    found: dict[str, None] = {}
    for name in [names] if isinstance(names, str) else names:
        if not isinstance(name, str) or name not in OPTIONAL:
            known = ", ".join(OPTIONAL)
            raise WrongOption(f"no optional reader {safe_repr(name)}: there are {known}")
        group = TOGETHER.get(name, (name,))
        found |= dict.fromkeys(group[:1] if missing(name) else group)
    return tuple(found)


def missing(reader: str) -> str:
    """Say what an optional reader needs that is not installed, and how to install it; or ""."""
    if reader not in OPTIONAL:
        return ""
    from helpers import runtimes  # only here: the runtimes use the readers

    return runtimes.missing(reader)


def not_asked(asked: Sequence[str]) -> str:
    """Say in one line which optional readers a report lacks, and how to ask them.

    Parameters
    ----------
    asked : sequence of str
        The readers that it has.

    Returns
    -------
    str
        "" if none is lacking.
    """
    left = [name for name in ("openvino", "onnx") if not any(a.startswith(name) for a in asked)]
    lacking = [f"{text}." for name in left if (text := missing(name))]
    told = f"Not asked: {' and '.join(left)}. To ask: --also {','.join(left)}." if left else ""
    return " ".join([told, *lacking]).strip()


def key_for(reader: str, keys: Sequence[str]) -> str:
    """Return the key by which a reader is asked for a function of several signatures.

    OpenVINO knows serving_default alone.
    """
    usual = [key for key in keys if key == "serving_default"]
    return usual[0] if usual and reader.startswith("openvino") else keys[-1]


def run(
    directory: Path,
    keys: Sequence[str],
    feed: Mapping[str, np.ndarray],
    reader: str,
    deadline: float,
) -> dict[str, np.ndarray]:
    """Call a function of an export in an optional reader.

    Parameters
    ----------
    directory : pathlib.Path
        The export.
    keys : sequence of str
        The signatures that call the function.
    feed : mapping of str to array
        The inputs by name.
    reader : str
        A key of OPTIONAL.
    deadline : float
        Seconds for the call.

    Returns
    -------
    dict of str to array

    Raises
    ------
    ReaderError
        If it fails.
    """
    from helpers import runtimes

    return runtimes.run(directory, key_for(reader, keys), feed, reader, deadline)


def signatures(directory: Path, reader: str) -> dict[str, Signature]:
    """Load an export in an optional reader. Raises ReaderError if it loads no signature."""
    from helpers import runtimes

    return runtimes.signatures(directory, reader)


def explained(reader: str, error: str, directory: Path, key: str) -> tuple[str, str]:
    """Return an error of an optional reader on one line, and what to do about it.

    Parameters
    ----------
    reader : str
        A key of OPTIONAL.
    error : str
        Its own error.
    directory : pathlib.Path
        The export.
    key : str
        The signature.
    """
    from helpers.runtimes import onnx_facts, openvino_facts

    if reader.startswith("openvino"):
        text, cure = error, openvino_facts.cure_of(error)
    else:
        text, cure = onnx_facts.reason_first(error), onnx_facts.cure_of(error)
        # tf2onnx stumbles over the attributes of the operation, and does not name it.
        if not cure and compiled_programs.is_compiled(directory, key):
            cure = onnx_facts.COMPILED
    return shorten(text, ERROR), cure or explained_by_clinic(error)[1]


def facts(reader: str, directory: Path, signature: Signature) -> list[str]:
    """List what an optional reader does differently with a signature, without an error."""
    from helpers.runtimes import openvino_facts

    if not reader.startswith("openvino"):
        return []
    operations, dtypes = set(), set()
    for node in reached_operations(serving_graph(directory), signature.key):
        operations.add(node.op)
        dtypes |= {FLOATS[value.type] for value in node.attr.values() if value.type in FLOATS}
    return openvino_facts.facts(signature, operations, dtypes)


def with_precision(
    rows: Mapping[str, Row], directory: Path, keys: Sequence[str], deadline: float
) -> dict[str, Row]:
    """Say in which precision OpenVINO computes, if its numbers are not the same.

    Parameters
    ----------
    rows : mapping of str to Row
        The rows of a function by reader.
    directory : pathlib.Path
        The export.
    keys : sequence of str
        The signatures that call the function.
    deadline : float
        Seconds for an answer.

    Returns
    -------
    dict of str to Row
        The rows that change.
    """
    from helpers.runtimes import openvino_facts, openvino_runtime

    row, precise = rows.get("openvino"), rows.get("openvino-f32")
    if row is None or precise is None or row.status != OTHER:
        return {}
    if precise.status != SAME and row.difference == precise.difference:
        return {}  # the precision is not the cause
    try:
        used = openvino_runtime.default.used(directory, key_for("openvino", keys), deadline)
    except ReaderError:
        return {}  # it has answered, and ends now: the numbers are compared all the same
    about = openvino_facts.about_precision(used, precise.status == SAME)
    return {"openvino": replace(row, cure=f"{about} {row.cure}".strip())}
