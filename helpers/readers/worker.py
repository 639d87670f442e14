"""The clean process of the readers: load an export and answer questions about it.

Each function that is listed in QUESTIONS can be asked by name; see `helpers.readers` for what its
arguments mean.
"""

import contextlib
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers import artifact
from helpers.artifact import graph_digest
from helpers.artifact.saved_model import saved_model
from helpers.errors.messages import describe
from helpers.processes import patches
from helpers.processes.child import answer_questions
from helpers.processes.tensorflow_import import import_tensorflow
from helpers.readers import (
    checkpoint_files,
    graph_changes,
    loading,
    onnx_converter,
)
from helpers.readers.inputs import cast, state
from helpers.readers.litert_conversion import convert
from helpers.readers.litert_interpreter import open_litert


def main() -> NoReturn:
    """Answer the readers' questions, without Keras and matplotlib."""
    # Nothing here draws or builds a Keras model. Without these two, the start is a third shorter.
    # It also proves that an export needs neither.
    sys.modules["matplotlib"] = sys.modules["keras"] = None
    answer_questions(QUESTIONS, lambda: import_tensorflow().get_logger().setLevel("ERROR"))


def signatures(directory: str, reader: str) -> dict[str, artifact.Signature]:
    """Load an export in a reader and return the signatures that the reader offers, by their key."""
    offered = LOADERS[reader](directory, state(directory)).keys
    return {
        key: value for key, value in artifact.read(directory).signatures.items() if key in offered
    }


def run(
    directory: str, reader: str, key: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Call the signature `key` of an export in a reader and return its outputs by their name."""
    files = state(directory)
    feed = cast(_declared(directory, files), key, inputs)
    return _call(LOADERS[reader](directory, files), key, feed)


def run_batches(
    directory: str, reader: str, key: str, batches: list[dict[str, np.ndarray]]
) -> tuple[list[dict[str, np.ndarray]], str]:
    """Call the signature `key` with one batch after the other, until the reader fails.

    Returns
    -------
    list of dict of str to array
        the outputs by name, for each batch before the first that fails
    str
        the error of the batch that fails, or ""
    """
    files = state(directory)
    declared, loaded = _declared(directory, files), LOADERS[reader](directory, files)
    answers: list[dict[str, np.ndarray]] = []
    try:
        for inputs in batches:
            answers.append(_call(loaded, key, cast(declared, key, inputs)))
    except Exception as error:
        return answers, describe(error, limit=2000)
    return answers, ""


@lru_cache(maxsize=8)
def _declared(directory, state):
    return artifact.read(directory).signatures


def _call(reader, key, feed):
    answer = reader.call(key, feed)
    return {name: np.asarray(answer[name]) for name in sorted(answer)}


def run_from_start(
    directory: str, reader: str, key: str, feeds: list[dict[str, np.ndarray]]
) -> list[dict[str, np.ndarray]]:
    """Load an export anew in a reader, and call the signature `key` with one feed after another."""
    started = LOADERS[reader].__wrapped__(directory, "")
    declared = artifact.read(directory).signatures
    answers = [started.call(key, cast(declared, key, feed)) for feed in feeds]
    return [{name: np.array(answer[name]) for name in sorted(answer)} for answer in answers]


def run_with_zeros(
    directory: str, key: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Call the signature `key` in Python while the variables that it reads are 0."""
    return _run_changed(directory, key, inputs, np.zeros_like)


def run_shaken(
    directory: str, key: str, inputs: dict[str, np.ndarray], part: float, seed: int
) -> dict[str, np.ndarray]:
    """Call the signature `key` in Python while all floats that go in are changed at random."""
    rng = np.random.default_rng(seed)

    def shaken(value):
        factor = 1 + part * rng.standard_normal(value.shape, np.float32)
        return (value * factor).astype(value.dtype)

    floats = {
        name: shaken(value) if value.dtype.kind == "f" else value for name, value in inputs.items()
    }
    return _run_changed(directory, key, floats, shaken)


def _run_changed(directory, key, inputs, change):
    """Call a signature in Python while `change` is applied to the float variables that it reads."""
    feed = cast(artifact.read(directory).signatures, key, inputs)
    reader = LOADERS["python"](directory, state(directory))
    floats = [v for v in reader.loaded.signatures[key].variables if v.dtype.is_floating]
    stored = [variable.numpy() for variable in floats]
    try:
        for variable, value in zip(floats, stored, strict=True):
            variable.assign(change(value))
        return reader.call(key, feed)
    finally:  # later questions get the export as it is
        for variable, value in zip(floats, stored, strict=True):
            variable.assign(value)


def run_with_xla(directory: str, key: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Call the signature `key` in the session, with XLA as a plain Python program has it."""
    feed = cast(artifact.read(directory).signatures, key, inputs)
    # The kept session must not learn what XLA compiles here: it would go on to use it.
    return SessionReader(directory, xla=True).call(key, feed)


def run_bare(
    directory: str, key: str, inputs: dict[str, np.ndarray]
) -> dict[str, tuple[dict[str, np.ndarray], str]]:
    """Call the signature `key` in six ways. Neither names nor dtypes are compared before.

    Returns
    -------
    dict of str to (dict of str to array, str)
        by reader: the outputs by name, and the error, one of which is empty
    """
    import tensorflow as tf

    def of(reader):
        return LOADERS[reader](directory, state(directory))

    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    calls = {
        "signature": lambda: of("python").loaded.signatures[key](**inputs),
        "tensor": lambda: of("python").loaded.signatures[key](**tensors),
        "function": lambda: getattr(of("python").loaded, key)(**inputs),
        "session": lambda: of("session").call(key, inputs),
        "server": lambda: _server(directory, state(directory)).call(key, inputs),
        "litert": lambda: of("litert").call(key, inputs),
    }
    return {reader: _answer(call) for reader, call in calls.items()}


def _answer(call):
    """Return what a call returned or raised, as (outputs by name, error)."""
    try:
        outputs = call()
        if not isinstance(outputs, dict):
            outputs = {"output_0": outputs}
        return {name: np.asarray(value) for name, value in outputs.items()}, ""
    except Exception as error:
        return {}, describe(error)


def save_again(directory: str, out: str):
    """Load an export with tf.saved_model.load and save the result as the new export `out`."""
    import tensorflow as tf

    loaded = loading.load(directory)  # calls may have changed the variables of a kept one
    tf.saved_model.save(loaded, out, signatures=dict(loaded.signatures))


def to_litert(directory: str, keys: list[str], out: str) -> tuple[dict[str, str], dict[str, str]]:
    """Write the signatures `keys` of an export as the LiteRT file `out`.

    Returns
    -------
    dict of str to str
        the name in the file for each key that was converted
    dict of str to str
        the converter's error for each other key
    """
    computed = graph_digest.endpoints(saved_model(Path(directory)))
    types = {key: set(computed[key].types) for key in keys}
    model, errors = _convert_what_can_be(directory, keys, types)
    if model is None:
        return {}, errors
    Path(out).write_bytes(model)
    in_file = open_litert(model).get_signature_list()
    named = {}
    for key in keys:
        twins = [name for name in in_file if computed[name].digest == computed[key].digest]
        if key not in errors and twins:
            named[key] = key if key in twins else twins[0]
        elif key not in errors:
            errors[key] = f"of several signatures with one graph LiteRT kept others, not {key}"
    return named, errors


def _convert_what_can_be(directory, keys, types):
    """Convert those of `keys` that LiteRT can hold.

    Parameters
    ----------
    types : dict of str to set of str
        the operations of each signature

    Returns
    -------
    bytes or None
        a LiteRT file; None when no signature can be converted
    dict of str to str
        the converter's error for each other key
    """
    if not keys:
        return None, {}
    try:
        return convert(directory, keys), {}
    except Exception as error:
        if len(keys) == 1:
            return None, {keys[0]: describe(error, limit=2000)}
        first = error
    # One signature that cannot be converted fails all. So each signature with an operation that
    # the error names is tried alone; where the error names none, each signature is.
    named = set(re.findall(r"\w+", " ".join(re.findall("ops: (.*)", str(first)))))
    errors = {}
    for key in [key for key in keys if named & types[key]] or keys:
        errors |= _convert_what_can_be(directory, [key], types)[1]
    if not errors:
        raise first
    model, more = _convert_what_can_be(directory, [key for key in keys if key not in errors], types)
    return model, errors | more


QUESTIONS = {
    "signatures": signatures,
    "run": run,
    "run_batches": run_batches,
    "run_from_start": run_from_start,
    "run_with_zeros": run_with_zeros,
    "run_with_xla": run_with_xla,
    "run_shaken": run_shaken,
    "run_bare": run_bare,
    "save_again": save_again,
    "to_litert": to_litert,
    "write_changed": graph_changes.write,
    "write_unseeded": graph_changes.write_unseeded,
    "to_onnx": onnx_converter.convert,
    "variables": checkpoint_files.variables,
    "digests": checkpoint_files.digests,
    "saved_model_cli": checkpoint_files.saved_model_cli,
}


class PythonReader:
    """An export as `tf.saved_model.load` gives it."""

    def __init__(self, directory: str):
        self.loaded = loading.load(directory)
        self.keys = list(self.loaded.signatures)

    def call(self, key: str, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        import tensorflow as tf

        outputs = self.loaded.signatures[key](**{k: tf.constant(v) for k, v in feed.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class SessionReader:
    """An export in a session, as TensorFlow Serving and the C API load it.

    XLA is off, as in a server that was started without a flag for it. `xla` leaves it on.
    """

    def __init__(self, directory: str, xla: bool = False):
        import tensorflow as tf

        v1 = tf.compat.v1
        # One thread, so that of several errors always the same one is reported.
        config = v1.ConfigProto(inter_op_parallelism_threads=1, use_per_session_threads=True)
        self.session = v1.Session(graph=tf.Graph(), config=config)
        self.settings = contextlib.nullcontext if xla else patches.xla_off
        with self.settings(), self.session.graph.as_default():
            meta_graph = v1.saved_model.load(self.session, loading.tags_of(directory), directory)
        self.definitions = meta_graph.signature_def
        self.keys = [key for key in self.definitions if not key.startswith("__")]

    def call(self, key: str, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        definition = self.definitions[key]
        names = dict(definition.inputs)  # protobuf would add a name that is not there
        with self.settings():
            return self.session.run(
                {name: info.name for name, info in definition.outputs.items()},
                {names[name].name: value for name, value in feed.items()},
            )


class LiteRTReader:
    """An export converted to LiteRT, in the interpreter of phones."""

    def __init__(self, directory: str):
        self.directory = directory
        self.keys = list(artifact.read(directory).signatures)
        self.interpreters, self.errors = {}, {}
        if len(self.keys) > 1 and _functions(directory, self.keys) > 1:
            with contextlib.suppress(Exception):  # one that cannot be converted fails all
                together = open_litert(convert(directory, self.keys, bare=True))
                self.interpreters = dict.fromkeys(together.get_signature_list(), together)

    def call(self, key: str, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # Of two signatures with one graph ("serve", "serving_default"), the file keeps one only.
        if key in self.errors:
            raise self.errors[key]
        if key not in self.interpreters:
            try:
                made = convert(self.directory, [key], bare=True)
            except Exception as error:
                self.errors[key] = error
                raise
            self.interpreters[key] = open_litert(made)
        return self.interpreters[key].get_signature_runner(key)(**feed)


class ServerReader:
    """An export as the model server loads it, in C++."""

    def __init__(self, directory: str):
        from helpers.serving.server.servable import Servable  # only here: its import takes time

        self.version = Servable(directory)

    def call(self, key: str, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        with patches.xla_off():
            answers = self.version.predict(key, feed)
        return {name: value for name, (_, value) in answers.items()}


def _functions(directory, keys):
    """Count the functions that signatures call."""
    computed = graph_digest.endpoints(saved_model(Path(directory)))
    return len({computed[key].digest for key in keys})


def _loader(reader):
    @lru_cache(maxsize=8)
    def load(directory, state):
        return reader(directory)

    return load


_server = _loader(ServerReader)
LOADERS = {
    "python": _loader(PythonReader),
    "session": _loader(SessionReader),
    "litert": _loader(LiteRTReader),
}
