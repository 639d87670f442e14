"""Run predict, classify and regress on a loaded version, by the protocol's rules."""

import os
import time
from collections.abc import Mapping, Sequence

import numpy as np
from tensorflow.core.protobuf.config_pb2 import ConfigProto

from helpers.serving.protocol.dtypes import NUMBERS
from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    UNIMPLEMENTED,
    ServingError,
    invalid,
)
from helpers.serving.server import session_loader
from helpers.serving.server.batching import Batcher
from helpers.serving.server.example_checks import (
    check_classes,
    check_classify,
    check_regress,
    check_values,
    example_tensor,
)
from helpers.serving.server.signature import Signature, chosen_fetches, feeds_of

DEFAULT_SIGNATURE = "serving_default"
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
PREDICT = "tensorflow/serving/predict"
QUICK_SECONDS = 0.001  # starting another thread is not worth it for a faster call


def moving_average(before: float, took: float) -> float:
    """Update the exponential moving average of call times.

    A call counts as at most ten milliseconds, so one such call is enough to lift the average of
    fast calls above QUICK_SECONDS.

    Parameters
    ----------
    before, took : float
        seconds: the average so far, and the time of the last call

    Returns
    -------
    float
        seconds
    """
    return 0.9 * before + 0.1 * min(took, 10 * QUICK_SECONDS)


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
    seconds : float
        moving average of the call times

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
        self._check_methods = check_methods
        self.definitions = definitions
        self.signatures = {
            name: Signature(definition, self._graph) for name, definition in definitions.items()
        }
        self.seconds = 10 * QUICK_SECONDS
        self._run = self._graph.run
        if batcher:
            self._run = batcher.wrap(self._run, [s.ends() for s in self.signatures.values()])

    def close(self) -> None:
        """Close the session and free its memory."""
        self._graph.close()

    def run(self, feeds: dict, fetches: list, timeout_ms: int = 0) -> list:
        """Run TensorFlow on the feeds and fetches of signatures.

        Parameters
        ----------
        feeds : dict of TF_Output to array
        fetches : list of TF_Output
        timeout_ms : int
            milliseconds; 0 for no limit

        Returns
        -------
        list of array
            scalars of dtype string are bytes

        Raises
        ------
        ServingError
            of TensorFlow, or one of the feeds or fetches is an error
        """
        for found in (*feeds, *fetches):
            if isinstance(found, ServingError):
                raise found
        start = time.perf_counter()
        options = session_loader.run_options(timeout_ms, self.seconds < QUICK_SECONDS)
        arrays = self._run(feeds, fetches, options)
        took = time.perf_counter() - start
        self.seconds = moving_average(self.seconds, took)
        return arrays

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
        name = signature_name or DEFAULT_SIGNATURE
        signature = self.signatures.get(name)
        if signature is None:
            raise ServingError(FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
        method = signature.definition.method_name
        if self._check_methods and method not in (PREDICT, CLASSIFY, REGRESS):
            raise ServingError(
                INTERNAL,
                f"Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, "
                f"{REGRESS}}}. Was: {method}",
            )
        feeds = feeds_of(signature, inputs)
        fetches = signature.fetches
        if output_filter:
            fetches = chosen_fetches(fetches, output_filter)
        arrays = self.run(feeds, list(fetches.values()), timeout_ms)
        return {
            alias: (NUMBERS[array.dtype], array)
            for alias, array in zip(fetches, map(_array, arrays), strict=True)
        }

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
        signature = self._method(signature_name, check_classify, CLASSIFY, "classification")
        found = self._run_examples(signature, examples, ("classes", "scores"), timeout_ms)
        return check_classes(found.get("classes"), found.get("scores"), len(examples))

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
        signature = self._method(signature_name, check_regress, REGRESS, "regression")
        found = self._run_examples(signature, examples, ("outputs",), timeout_ms)
        return check_values(found["outputs"], len(examples))

    def _method(self, signature_name, check, method, word):
        name = signature_name or DEFAULT_SIGNATURE
        signature = self.signatures.get(name)
        if signature is None:
            raise invalid("No signature was found with the name: ", name)
        was = signature.definition.method_name
        if self._check_methods and was != method:
            raise invalid(f"Expected {word} signature method_name to be {method}. Was: {was}")
        check(signature.definition)
        return signature

    def _run_examples(self, signature, examples, outputs, timeout_ms):
        feeds = {signature.feeds["inputs"]: example_tensor(examples)}
        fetches = {
            alias: signature.fetches[alias] for alias in outputs if alias in signature.fetches
        }
        arrays = self.run(feeds, list(fetches.values()), timeout_ms)
        return dict(zip(fetches, arrays, strict=True))

    def infer(
        self, tasks: list[tuple[str, str]], examples: list[bytes], timeout_ms: int = 0
    ) -> list:
        """Run several classifications and regressions of the same examples in one call.

        Parameters
        ----------
        tasks : list of (str, str)
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
        feeds, fetches, chosen, seen = {}, {}, [], set()
        for signature_name, method in tasks:
            name = signature_name or DEFAULT_SIGNATURE
            if name in seen:
                raise invalid("Duplicate evaluation of signature: ", name)
            seen.add(name)
            if name not in self.signatures:
                raise invalid("Requested signature not found in model graph: ", name)
            signature = self.signatures[name]
            if method == CLASSIFY:
                self._method(name, check_classify, CLASSIFY, "classification")
            elif method == REGRESS:
                self._method(name, check_regress, REGRESS, "regression")
            else:
                raise ServingError(UNIMPLEMENTED, f"Unsupported signature method_name: {method}")
            feeds[signature.feeds["inputs"]] = example_tensor(examples)
            for alias, fetch in signature.fetches.items():
                fetches[name, alias] = fetch
            chosen.append((name, method))
        arrays = dict(
            zip(fetches, self.run(feeds, list(fetches.values()), timeout_ms), strict=True)
        )
        answers: list = []
        for name, method in chosen:
            found = {alias: array for (owner, alias), array in arrays.items() if owner == name}
            if method == CLASSIFY:
                labels, scores = found.get("classes"), found.get("scores")
                answers.append(check_classes(labels, scores, len(examples)))
            else:
                answers.append(check_values(found["outputs"], len(examples)))
        return answers


def _array(value):
    """Return a result of TensorFlow as an array; TensorFlow returns scalars as Python objects."""
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)
