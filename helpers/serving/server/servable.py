"""Run predict, classify and regress on a loaded version, by the protocol's rules."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow.core.protobuf.config_pb2 import ConfigProto

from helpers.serving.protocol.errors import ServingError, invalid
from helpers.serving.server import session_loader
from helpers.serving.server.batching import Batcher
from helpers.serving.server.calls import DEFAULT_SIGNATURE, Call, Calls
from helpers.serving.server.quick_sizes import QUICK_SECONDS, QuickSizes
from helpers.serving.server.signature import Signature

WAITED_SECONDS = 0.05  # a call that takes so long has waited or computed in other threads


class Servable:
    """A loaded version of a model.

    Parameters
    ----------
    directory : path-like
        the folder that contains saved_model.pb
    tags : sequence of str
        the tags of the graph to load
    config : ConfigProto, optional
        the settings of the session
    batcher : helpers.serving.server.batching.Batcher, optional
        combines simultaneous calls; without it, each call runs alone
    check_methods : bool
        whether a signature's method_name must match the request

    Attributes
    ----------
    definitions : dict of str to SignatureDef
    signatures : dict of str to Signature
    calls : helpers.serving.server.calls.Calls
        prepares the calls of `answer`
    sizes : helpers.serving.server.quick_sizes.QuickSizes
        the sizes of inputs for which calls were measured as quick

    Raises
    ------
    ServingError
        the version cannot be loaded
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        tags: Sequence[str] = ("serve",),
        config: ConfigProto | None = None,
        batcher: Batcher | None = None,
        check_methods: bool = False,
    ) -> None:
        self._graph, definitions = session_loader.load(directory, tags, config)
        self.definitions = definitions
        self.signatures = {
            name: Signature(definition, self._graph) for name, definition in definitions.items()
        }
        self.calls = Calls(self.signatures, check_methods)
        self.sizes = QuickSizes()
        self._run = self._graph.run
        if batcher:
            self._run = batcher.wrap(self._run, [s.ends() for s in self.signatures.values()])

    def close(self) -> None:
        """Close the session and free its memory."""
        self._graph.close()

    def is_quick(self, call: Call) -> bool:
        """Return whether a call was measured as quick, so that other requests may wait for it.

        The calls of a graph with a loop never count as quick, because the values of the inputs can
        determine how often a loop runs.
        """
        return call.size in self.sizes and not self._graph.has_loop

    def answer(self, call: Call, timeout_ms: int = 0) -> Any:
        """Run a call.

        Parameters
        ----------
        call : helpers.serving.server.calls.Call
        timeout_ms : int
            milliseconds; 0 for no limit; use few different values, see `session_loader.run_options`

        Returns
        -------
        object
            what the method of this class returns that has the name of the call's kind

        Raises
        ------
        ServingError
            of TensorFlow, one of the feeds or fetches is an error, or the outputs have the wrong
            dtype or shape
        """
        for found in (*call.feeds, *call.fetches):
            if isinstance(found, ServingError):
                raise found
        alone = self.sizes.on_trial(call.size)
        options = session_loader.run_options(timeout_ms, alone)
        start, computed, succeeded = time.perf_counter(), time.thread_time(), False
        try:
            arrays = self._run(call.feeds, call.fetches, options)
            succeeded = True
        finally:
            took = time.perf_counter() - start
            if alone and QUICK_SECONDS <= took < WAITED_SECONDS:  # perhaps it was interrupted
                took = time.thread_time() - computed
            # A call that fails shows only that a size is slow. Most calls change nothing.
            known = call.size in self.sizes
            if took >= QUICK_SECONDS if known else succeeded or took >= QUICK_SECONDS:
                self.sizes.measured(call.size, took)
        return call.result(arrays)

    # -- predict -----------------------------------------------------------------------------------

    def input_dtypes(self, signature_name: str) -> dict[str, int]:
        """Return the dtype number of each input of a signature by name.

        Parameters
        ----------
        signature_name : str
            "" for the default signature

        Raises
        ------
        ServingError
            INVALID_ARGUMENT; there is no such signature
        """
        name = signature_name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name].dtypes

    def predict(
        self,
        signature_name: str,
        inputs: Mapping,
        output_filter: Sequence[str] = (),
        timeout_ms: int = 0,
    ) -> dict[str, tuple[int, np.ndarray]]:
        """Call a signature.

        Parameters
        ----------
        signature_name : str
            "" for the default signature
        inputs : mapping of str to array or TensorProto
            the value of each input by name
        output_filter : sequence of str
            the outputs to return; an empty sequence returns all outputs
        timeout_ms : int
            milliseconds; 0 for no limit; use few different values, see `session_loader.run_options`

        Returns
        -------
        dict of str to (int, array)
            dtype number and value of each output by name

        Raises
        ------
        ServingError
            FAILED_PRECONDITION, INVALID_ARGUMENT or INTERNAL, with the text of TensorFlow Serving;
            or the error of TensorFlow
        """
        return self.answer(self.calls.predict(signature_name, inputs, output_filter), timeout_ms)

    # -- classify and regress ----------------------------------------------------------------------

    def classify(
        self, signature_name: str, examples: list[bytes], timeout_ms: int = 0
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Classify examples.

        Parameters
        ----------
        signature_name : str
            "" for the default signature
        examples : list of bytes
            serialized tf.train.Example messages
        timeout_ms : int
            milliseconds; 0 for no limit

        Returns
        -------
        (examples, classes) array of bytes, or None
            labels
        (examples, classes) array of float32, or None
            scores

        Raises
        ------
        ServingError
            INVALID_ARGUMENT, or the error of TensorFlow
        """
        return self.answer(self.calls.classify(signature_name, examples), timeout_ms)

    def regress(
        self, signature_name: str, examples: list[bytes], timeout_ms: int = 0
    ) -> np.ndarray:
        """Compute a number for each example.

        Parameters
        ----------
        signature_name : str
            "" for the default signature
        examples : list of bytes
            serialized tf.train.Example messages
        timeout_ms : int
            milliseconds; 0 for no limit

        Returns
        -------
        (examples,) array of float32

        Raises
        ------
        ServingError
            INVALID_ARGUMENT, or the error of TensorFlow
        """
        return self.answer(self.calls.regress(signature_name, examples), timeout_ms)

    def infer(
        self, tasks: Iterable[tuple[str, str]], examples: list[bytes], timeout_ms: int = 0
    ) -> list:
        """Run several classifications and regressions of the same examples in one call.

        Parameters
        ----------
        tasks : iterable of (str, str)
            signature name, and CLASSIFY or REGRESS
        examples : list of bytes
            serialized tf.train.Example messages
        timeout_ms : int
            milliseconds; 0 for no limit

        Returns
        -------
        list
            for each task the result of `classify` or `regress`

        Raises
        ------
        ServingError
            INVALID_ARGUMENT or UNIMPLEMENTED, or the error of TensorFlow
        """
        return self.answer(self.calls.infer(tasks, examples), timeout_ms)
