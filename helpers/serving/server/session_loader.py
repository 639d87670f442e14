"""Load a SavedModel into its own TensorFlow session, with the steps of TensorFlow Serving.

The steps and their errors are those of the C++ session loader: choose the graph by its tags, import
it, restore the variables, run the initializer. The loader does not read the object graph, which
`tf.saved_model.load` reads. Calls use TensorFlow's C API instead of `Session.run`, because
`Session.run` compares shapes with the placeholders and refuses calls that C++ answers.
"""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef, SignatureDef
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
LOOPS = {"While", "StatelessWhile", "For", "Enter", "RefEnter", "ReduceDataset"}


class LoadedGraph:
    """A graph in its own session.

    Parameters
    ----------
    graph_def : GraphDef
    config : ConfigProto or None
        the settings of the session

    Attributes
    ----------
    has_loop : bool
        whether the graph or one of its functions has an operation that runs others repeatedly

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; TensorFlow cannot import the graph
    """

    def __init__(self, graph_def: GraphDef, config: ConfigProto | None) -> None:
        self.has_loop = any(
            node.op in LOOPS
            for nodes in (graph_def.node, *(f.node_def for f in graph_def.library.function))
            for node in nodes
        )
        self.graph = tf.Graph()
        try:
            with self.graph.as_default():
                tf.graph_util.import_graph_def(graph_def, name="")
        except ValueError as error:
            raise ServingError(INVALID_ARGUMENT, str(error)) from None
        self._session = tf.compat.v1.Session(graph=self.graph, config=config)
        self._handle = patches.c_session(self._session)

    def tensor(self, name: str) -> Any:
        """Return a tensor of the graph by its name.

        Parameters
        ----------
        name : str
            like "operation:0"

        Returns
        -------
        TF_Output
            TensorFlow's C API uses this type for an operation and the index of its output

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; the graph has no such tensor
        """
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

    def run(
        self,
        feeds: dict[Any, np.ndarray],
        fetches: list,
        options: Any = None,
        targets: Sequence = (),
    ) -> list:
        """Feed arrays, run the graph and fetch arrays.

        Parameters
        ----------
        feeds : dict of TF_Output to array
        fetches : list of TF_Output
        options : TF_Buffer or None
            the result of `run_options`
        targets : sequence of TF_Operation
            operations to run in addition

        Returns
        -------
        list of array

        Raises
        ------
        ServingError
            with the code and the text of TensorFlow
        """
        try:
            return c_api.TF_SessionRun_wrapper(
                self._handle, options, feeds, fetches, list(targets), None
            )
        except tf.errors.OpError as error:
            text = error.message
            if text == "Could not allocate ndarray":
                text += ": an output has more than 64 dimensions, or there is too little memory"
            raise ServingError(error.error_code, text) from None
        except UnicodeDecodeError as error:
            # The message contains bytes of the request, and TensorFlow loses its error code here.
            text = error.object.decode("utf-8", "surrogateescape")
            raise ServingError(INVALID_ARGUMENT, text) from None

    def close(self) -> None:
        """Close the session and free its memory."""
        self._session.close()


@functools.cache
def run_options(timeout_ms: int, caller_thread: bool = False) -> Any:
    """Make the options for `LoadedGraph.run`.

    The cache never forgets an option, so the server must use few different ones.

    Parameters
    ----------
    timeout_ms : int
        milliseconds; a call that takes longer ends with DEADLINE_EXCEEDED; 0 for no limit
    caller_thread : bool
        run in the thread of the caller: a tiny model then needs only a fifth of the time, but a
        large model cannot use the other cores

    Returns
    -------
    TF_Buffer
    """
    options = tf.compat.v1.RunOptions(
        timeout_in_ms=timeout_ms, inter_op_thread_pool=-1 if caller_thread else 0
    )
    return c_api.TF_NewBufferFromString(options.SerializeToString())


def load(
    directory: str | os.PathLike, tags: Sequence[str], config: ConfigProto | None = None
) -> tuple[LoadedGraph, dict[str, SignatureDef]]:
    """Load the graph that has exactly these tags.

    Parameters
    ----------
    directory : path-like
        the folder that contains saved_model.pb
    tags : sequence of str
    config : ConfigProto, optional
        the settings of the session

    Returns
    -------
    LoadedGraph
    dict of str to SignatureDef
        every signature in the file, also the one that names the initializer

    Raises
    ------
    ServingError
        with the code and the text of TensorFlow Serving
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
    """Return the feeds with the full path of each asset, which every loading step needs."""
    files = list(meta_graph.asset_file_def)
    if not files:  # exports of TensorFlow 1 have this collection instead
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
