"""The clean process itself: it answers questions about artifacts until its parent is gone."""

import re
import sys
from functools import lru_cache
from pathlib import Path
from unittest import mock

import numpy as np

from helpers import artifact
from helpers.artifact import graph_digest
from helpers.artifact.saved_model import saved_model
from helpers.errors.messages import describe
from helpers.processes.child import answer_questions
from helpers.processes.tensorflow_import import import_tensorflow
from helpers.readers import checkpoint_files, onnx_converter
from helpers.readers.inputs import cast, state


def main():
    # Nothing here draws or builds a Keras model. Without these two, the start is a third shorter.
    # It also proves that an export needs neither.
    sys.modules["matplotlib"] = sys.modules["keras"] = None
    answer_questions(QUESTIONS, lambda: import_tensorflow().get_logger().setLevel("ERROR"))


def signatures(directory, reader):
    """{key: artifact.Signature} of what the reader offers; loading it is part of the question."""
    offered = LOADERS[reader](directory, state(directory)).keys
    return {
        key: value for key, value in artifact.read(directory).signatures.items() if key in offered
    }


def run(directory, reader, key, inputs):
    feed = cast(artifact.read(directory).signatures, key, inputs)
    answer = LOADERS[reader](directory, state(directory)).call(key, feed)
    return {name: np.asarray(answer[name]) for name in sorted(answer)}


def save_again(directory, reader, out):
    import tensorflow as tf

    loaded = tf.saved_model.load(directory)  # a kept one's variables may have been changed by calls
    tf.saved_model.save(loaded, out, signatures=dict(loaded.signatures))


def to_litert(directory, reader, keys, out):
    computed = graph_digest.endpoints(saved_model(Path(directory)))
    types = {key: set(computed[key].types) for key in keys}
    model, errors = _cross(directory, keys, types)
    if model is None:
        return {}, errors
    Path(out).write_bytes(model)
    in_file = _interpreter(model).get_signature_list()
    named = {}
    for key in keys:
        twins = [name for name in in_file if computed[name].digest == computed[key].digest]
        if key not in errors and twins:
            named[key] = key if key in twins else twins[0]
        elif key not in errors:
            errors[key] = f"of several signatures with one graph LiteRT kept others, not {key}"
    return named, errors


def _cross(directory, keys, types):
    """Bytes of a LiteRT file with those of `keys` that can cross, None without any; {key: error}.

    types : dict of str to set of str, the operations of each signature
    """
    if not keys:
        return None, {}
    try:
        return _convert(directory, keys), {}
    except Exception as error:
        if len(keys) == 1:
            return None, {keys[0]: describe(error, limit=2000)}
        first = error
    # One that cannot cross must not take the others with it. Each is tried alone which has an
    # operation that the error names, or where it names none, every one.
    named = set(re.findall(r"\w+", " ".join(re.findall("ops: (.*)", str(first)))))
    errors = {}
    for key in [key for key in keys if named & types[key]] or keys:
        errors |= _cross(directory, [key], types)[1]
    if not errors:
        raise first
    model, more = _cross(directory, [key for key in keys if key not in errors], types)
    return model, errors | more


QUESTIONS = {
    "signatures": signatures,
    "run": run,
    "save_again": save_again,
    "to_litert": to_litert,
    "to_onnx": onnx_converter.convert,
    "variables": checkpoint_files.variables,
    "digests": checkpoint_files.digests,
    "saved_model_cli": checkpoint_files.saved_model_cli,
}


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
            together = _interpreter(_convert(directory, self.keys))
            self.interpreters = dict.fromkeys(together.get_signature_list(), together)
        except Exception:  # one signature that cannot cross must not take the others with it
            self.interpreters = {}

    def call(self, key, feed):
        # Of two signatures with one graph ("serve" and "serving_default"), the file keeps one.
        if key not in self.interpreters:
            self.interpreters[key] = _interpreter(_convert(self.directory, [key]))
        return self.interpreters[key].get_signature_runner(key)(**feed)


def _convert(directory, keys):
    import tensorflow as tf
    from tensorflow.lite.python import lite

    kept = []

    def load(directory, tags):
        if not kept:
            kept.append(tf.saved_model.load(directory, tags))
            return kept[0]
        return kept.pop()

    # The converter loads an export to see its signatures, and again for what its errors tell.
    with mock.patch.object(lite, "_load", load, create=True):
        return tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=keys).convert()


def _interpreter(model):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=model)


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
