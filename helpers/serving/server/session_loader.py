"""Load a SavedModel into a session of its own, step by step as TensorFlow Serving does.

The steps and their errors are those of the C++ session loader: choose the graph by its tags, import
it, restore the variables, run the initializer. Nothing of the object graph that
`tf.saved_model.load` reads is used. Calls go through TensorFlow's C entry, not through
`Session.run`, which would compare shapes with the placeholders and refuse what C++ answers.
"""

import functools
import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.client import pywrap_tf_session as c_api

from helpers.processes import patches
from helpers.serving.protocol.errors import (
    DATA_LOSS,
    FAILED_PRECONDITION,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    ServingError,
)

INIT_OP = "__saved_model_init_op"


class LoadedGraph:
    """A graph in its session: `run` calls it, `close` gives its memory back."""

    def __init__(self, graph_def, config):
        self.graph = tf.Graph()
        try:
            with self.graph.as_default():
                tf.graph_util.import_graph_def(graph_def, name="")
        except ValueError as error:
            raise ServingError(INVALID_ARGUMENT, str(error)) from None
        self._session = tf.compat.v1.Session(graph=self.graph, config=config)
        self._handle = patches.c_session(self._session)

    def tensor(self, name):
        """What C++ calls an output: an operation of the graph and the number of its output."""
        operation, _, index = name.partition(":")
        try:
            found = self.graph.get_operation_by_name(operation)
            return patches.c_output(found.outputs[int(index or 0)])
        except (KeyError, ValueError, IndexError):
            raise ServingError(
                INVALID_ARGUMENT,
                f"Tensor {name}, specified in either feed_devices or fetch_devices was not found "
                "in the Graph",
            ) from None

    def run(self, feeds, fetches, options=None, targets=()):
        """Feed arrays, fetch arrays.

        Parameters
        ----------
        feeds : dict of TF_Output to array
        fetches : list of TF_Output
        options : TF_Buffer or None
            as `run_options` makes them
        targets : list of operations

        Returns
        -------
        list of array
        """
        try:
            return c_api.TF_SessionRun_wrapper(
                self._handle, options, feeds, fetches, list(targets), None
            )
        except tf.errors.OpError as error:
            raise ServingError(error.error_code, error.message) from None
        except UnicodeDecodeError as error:
            # The message shows bytes of the request; Python is not told the code that came with it.
            text = error.object.decode("utf-8", "surrogateescape")
            raise ServingError(INVALID_ARGUMENT, text) from None

    def close(self):
        self._session.close()


@functools.cache
def run_options(timeout_ms, here=False):
    """Options for `run`, kept for ever: ask for few different ones.

    Parameters
    ----------
    timeout_ms : int
        a call that takes longer ends with DEADLINE_EXCEEDED; 0 for as long as it takes
    here : bool
        run in the thread that calls, which saves four fifths of the time of a tiny model and
        takes a large one the other cores
    """
    options = tf.compat.v1.RunOptions(
        timeout_in_ms=timeout_ms, inter_op_thread_pool=-1 if here else 0
    )
    return c_api.TF_NewBufferFromString(options.SerializeToString())


def load(directory, tags, config=None):
    """Load the graph with exactly these tags, ready to run.

    Returns
    -------
    LoadedGraph
    dict of str to SignatureDef
        every signature in the file, also the one that names the initializer

    Raises
    ------
    ServingError
    """
    directory = os.fspath(directory)
    meta_graph = _find(_read(directory), tags)
    _check_constants(meta_graph.graph_def)
    loaded = LoadedGraph(meta_graph.graph_def, config)
    try:
        assets = _assets(loaded, meta_graph, directory)
        _restore(loaded, meta_graph.saver_def, directory, assets)
        if name := _initializer(meta_graph, directory):
            loaded.run(assets, [], targets=[_operation(loaded, name)])
    except BaseException:
        loaded.close()
        raise
    return loaded, dict(meta_graph.signature_def)


def _read(directory):
    binary, text = Path(directory, "saved_model.pb"), Path(directory, "saved_model.pbtxt")
    found = SavedModel()
    try:
        if binary.exists():
            found.ParseFromString(binary.read_bytes())
        elif text.exists():
            text_format.Parse(text.read_text(), found)
        else:
            raise ServingError(
                NOT_FOUND,
                "Specified file path does not appear to contain a SavedModel bundle (should have "
                f"a file called `saved_model.pb`)\nSpecified file path: {directory}",
            )
    except DecodeError:
        raise ServingError(DATA_LOSS, f"Can't parse {binary} as binary proto") from None
    except (text_format.ParseError, UnicodeDecodeError):
        raise ServingError(DATA_LOSS, f"Can't parse {text} as text proto") from None
    except OSError as error:
        raise ServingError(INTERNAL, f"{error.filename}: {error.strerror}") from None
    return found


def _find(saved_model, tags):
    for meta_graph in saved_model.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == set(tags):
            return meta_graph
    raise ServingError(
        NOT_FOUND,
        f"Could not find meta graph def matching supplied tags: {{ {' '.join(tags)} }}. To inspect "
        "available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`",
    )


def _check_constants(graph_def):
    for node in graph_def.node:
        if node.op == "Const" and "value" not in node.attr:
            raise ServingError(
                FAILED_PRECONDITION,
                f'Saved model contains node "{node.name}" which is a constant tensor but no value '
                "has been provided",
            )


def _assets(loaded, meta_graph, directory):
    """The full path of each asset, to be fed whenever the loader runs something."""
    files = list(meta_graph.asset_file_def)
    if not files:  # where TensorFlow 1 keeps them
        for packed in meta_graph.collection_def["saved_model_assets"].any_list.value:
            files.append(AssetFileDef())
            packed.Unpack(files[-1])
    return {
        loaded.tensor(file.tensor_info.name): _path(directory, "assets", file.filename)
        for file in files
    }


def _path(*parts):
    return np.array(os.path.join(*parts).encode(), object)


def _restore(loaded, saver, directory, assets):
    if Path(directory, "variables", "variables.index").exists():
        path = _path(directory, "variables", "variables")
        feeds = {loaded.tensor(saver.filename_tensor_name): path, **assets}
        loaded.run(feeds, [], targets=[_operation(loaded, saver.restore_op_name)])


def _operation(loaded, name):
    try:
        operation = loaded.graph.get_operation_by_name(name.partition(":")[0])
        return patches.c_operation(operation)
    except KeyError:
        raise ServingError(NOT_FOUND, f"FetchOutputs node {name}: not found") from None


def _initializer(meta_graph, directory):
    if INIT_OP in meta_graph.signature_def:
        outputs = meta_graph.signature_def[INIT_OP].outputs
        if INIT_OP not in outputs:
            raise ServingError(FAILED_PRECONDITION, f"Could not find output {INIT_OP}")
        return outputs[INIT_OP].name
    for key in ("saved_model_main_op", "legacy_init_op"):
        if key in meta_graph.collection_def:
            names = meta_graph.collection_def[key].node_list.value
            if len(names) != 1:
                raise ServingError(
                    FAILED_PRECONDITION, f"Expected exactly one main op in : {directory}"
                )
            return names[0]
    return None
