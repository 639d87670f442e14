"""XLA in a server: an export that only runs compiled fails where XLA is off."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import serving_graph
from helpers.processes.clean_process import ReaderError
from helpers.readers.sameness import same

SAYS = "XLA compilation disabled"  # what TensorFlow answers
MUST, COMPILED = "_XlaMustCompile", "XlaCallModule"  # an attribute, and JAX's operation
FLAG = "--xla_cpu_compilation_enabled"

Answer = Mapping[str, np.ndarray]


def is_off(error: str) -> bool:
    """Say whether an error means that a function must be compiled by XLA, which is off."""
    return SAYS in error


def notes(directory: Path, platform: str = sys.platform) -> Iterator[str]:
    """Say where the session reader runs with XLA on, if the export has compiled functions.

    Parameters
    ----------
    directory : pathlib.Path
        The export.
    platform : str
        On Windows, TensorFlow's library does not offer the function that switches XLA off.
    """
    if platform == "win32" and _has_compiled(serving_graph(directory).graph_def):
        yield (
            "this export has functions that must be compiled by XLA. On this system, XLA is on in "
            "the session reader. A TensorFlow Serving refuses them, unless it is started "
            f"with {FLAG}=true."
        )


def _has_compiled(graph):
    bodies = [function.node_def for function in graph.library.function]
    nodes = [node for body in [graph.node, *bodies] for node in body]
    owners = [*nodes, *graph.library.function]
    return any(node.op == COMPILED for node in nodes) or any(
        owner.attr[MUST].b for owner in owners if MUST in owner.attr
    )


def told(error: str) -> str:
    """Return the type of the error and what TensorFlow says, without the names of operations."""
    return f"{error.partition(':')[0]}: {SAYS}"


def cure(
    ask: Callable[[Mapping[str, np.ndarray]], Answer],
    feeds: Sequence[Mapping[str, np.ndarray]] = (),
    answers: Sequence[Answer] = (),
) -> str:
    """Say what causes this error and which flag of the server changes it, after a trial with XLA.

    Parameters
    ----------
    ask : function of (dict of str to array)
        Asks the session with XLA on. Raises ReaderError.
    feeds, answers : sequence of dict of str to array
        The sets of inputs, and the answers that are right. Without them the flag is not tried.

    Returns
    -------
    str
    """
    cause = (
        "The signature calls a function that must be compiled by XLA, as one with jit_compile=True "
        "or one of JAX. A TensorFlow Serving has XLA off, unless it is started with "
        f"{FLAG}=true. For every server, export without jit_compile=True. A function of JAX needs "
        "the flag."
    )
    return " ".join([cause, *_tried(ask, feeds, answers)])


def _tried(ask, feeds, answers):
    if not feeds:
        return
    try:
        equal = all(same(right, ask(feed)) for feed, right in zip(feeds, answers, strict=True))
    except ReaderError:
        yield "Tried here with XLA on: it still fails."
        return
    if equal:
        yield "Tried here with XLA on: the session gives the same numbers."
    else:
        yield "Tried here with XLA on: the session gives other numbers."
