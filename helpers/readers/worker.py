"""The clean process itself: it answers questions about artifacts until its parent is gone."""

import os
import pickle
import queue
import sys
import threading
from functools import lru_cache
from pathlib import Path

# Nothing here draws or builds a Keras model, and without these two the start is a third shorter.
# It also proves that an artifact needs neither.
sys.modules["matplotlib"] = sys.modules["keras"] = None

import numpy as np  # noqa: E402

import helpers  # noqa: E402
from helpers import artifact  # noqa: E402
from helpers.errors import describe  # noqa: E402
from helpers.readers import files  # noqa: E402


def main():
    # What TensorFlow or a model prints must not mix with the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = queue.Queue()
    threading.Thread(
        target=_listen, args=(os.fdopen(os.dup(0), "rb"), questions), daemon=True
    ).start()

    helpers.import_tensorflow().get_logger().setLevel("ERROR")
    _answer(out, ("value", "ready"))
    while True:
        question, *details = questions.get()
        try:
            _answer(out, ("value", QUESTIONS[question](*details)))
        except artifact.NotAnArtifact as error:
            _answer(out, ("not an artifact", str(error)))
        except Exception as error:
            _answer(out, ("error", describe(error, limit=2000)))


def _listen(stream, questions):
    """Pass on the questions; end with the parent, even while one is being answered."""
    while True:
        try:
            questions.put(pickle.load(stream))
        except Exception:  # the parent closed its end, or was killed in the middle of a question
            os._exit(0)


def _answer(out, message):
    pickle.dump(message, out)
    out.flush()


def signatures(directory, reader):
    """{key: artifact.Signature} of what the reader offers; loading it is part of the question."""
    offered = LOADERS[reader](directory, _state(directory)).keys
    return {
        key: value for key, value in artifact.read(directory).signatures.items() if key in offered
    }


def run(directory, reader, key, inputs):
    declared = artifact.read(directory).signatures
    if key not in declared:
        raise KeyError(
            f"no signature {key!r} in this artifact: it has {', '.join(declared) or 'none'}"
        )
    wanted = {tensor.name: tensor for tensor in declared[key].inputs}
    if set(inputs) != set(wanted):
        raise TypeError(
            f"{key} takes the inputs {', '.join(wanted) or '(none)'}; given were "
            f"{', '.join(map(str, inputs)) or '(none)'}"
        )
    feed = {name: _cast(name, value, wanted[name].dtype) for name, value in inputs.items()}
    answer = LOADERS[reader](directory, _state(directory)).call(key, feed)
    return {name: np.asarray(answer[name]) for name in sorted(answer)}


def save_again(directory, reader, out):
    import tensorflow as tf

    loaded = tf.saved_model.load(directory)  # a kept one's variables may have been changed by calls
    tf.saved_model.save(loaded, out, signatures=dict(loaded.signatures))


QUESTIONS = {
    "signatures": signatures,
    "run": run,
    "save_again": save_again,
    "variables": files.variables,
    "digests": files.digests,
    "saved_model_cli": files.saved_model_cli,
}


def _cast(name, value, dtype):
    import tensorflow as tf

    array = np.asarray(value)
    is_text = array.dtype.kind in "OSU"
    given = "text" if is_text else array.dtype
    if is_text != (dtype == "string"):
        raise TypeError(f"input {name} is {dtype}; {given} cannot be given for it")
    if is_text:
        return array.astype(object)
    wanted = np.dtype(tf.dtypes.as_dtype(dtype).as_numpy_dtype)
    whole = array.dtype.kind in "iu" and wanted.kind in "iu"
    if not whole and not np.can_cast(array.dtype, wanted, "same_kind"):
        raise TypeError(f"input {name} is {dtype}; {given} cannot be given for it")
    cast = array.astype(wanted)
    if whole and not np.array_equal(cast, array):
        raise ValueError(f"input {name} is {dtype}, which cannot hold the numbers given")
    return cast


def _state(directory):
    """What changes when any file of the artifact does: a reader is kept only until then."""
    files = sorted(path for path in Path(directory).rglob("*") if path.is_file())
    facts = [(str(p), p.stat().st_mtime_ns, p.stat().st_size, p.stat().st_ino) for p in files]
    return tuple(facts)


class PythonReader:
    def __init__(self, directory):
        import tensorflow as tf

        self.loaded = tf.saved_model.load(directory)
        self.keys = list(self.loaded.signatures)

    def call(self, key, feed):
        import tensorflow as tf

        outputs = self.loaded.signatures[key](**{k: tf.constant(v) for k, v in feed.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class SessionReader:
    def __init__(self, directory):
        import tensorflow as tf

        v1 = tf.compat.v1
        # One thread: of several things that fail, always the same one is reported.
        config = v1.ConfigProto(inter_op_parallelism_threads=1, use_per_session_threads=True)
        self.session = v1.Session(graph=tf.Graph(), config=config)
        with self.session.graph.as_default():
            meta_graph = v1.saved_model.load(self.session, ["serve"], directory)
        self.definitions = meta_graph.signature_def
        self.keys = [key for key in self.definitions if not key.startswith("__")]

    def call(self, key, feed):
        definition = self.definitions[key]
        return self.session.run(
            {name: info.name for name, info in definition.outputs.items()},
            {definition.inputs[name].name: value for name, value in feed.items()},
        )


class LiteRTReader:
    def __init__(self, directory):
        self.directory = directory
        self.keys = list(artifact.read(directory).signatures)
        try:
            together = _convert(directory, self.keys)
            self.interpreters = dict.fromkeys(together.get_signature_list(), together)
        except Exception:  # one signature that cannot cross must not take the others with it
            self.interpreters = {}

    def call(self, key, feed):
        # Of two signatures with one graph ("serve" and "serving_default"), the file keeps one.
        if key not in self.interpreters:
            self.interpreters[key] = _convert(self.directory, [key])
        return self.interpreters[key].get_signature_runner(key)(**feed)


def _convert(directory, keys):
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    converter = tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=keys)
    return Interpreter(model_content=converter.convert())


def _loader(reader):
    @lru_cache(maxsize=8)
    def load(directory, state):
        return reader(directory)

    return load


LOADERS = {
    "python": _loader(PythonReader),
    "session": _loader(SessionReader),
    "litert": _loader(LiteRTReader),
}
