"""Prepare calls of the signatures of a loaded version, by the protocol's rules.

A call is prepared before it runs, so that the server can choose the thread in which it runs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from helpers.serving.protocol.dtypes import NUMBERS
from helpers.serving.protocol.errors import (
    FAILED_PRECONDITION,
    INTERNAL,
    UNIMPLEMENTED,
    ServingError,
    invalid,
)
from helpers.serving.server.example_checks import (
    check_classes,
    check_classify,
    check_regress,
    check_values,
    example_tensor,
)
from helpers.serving.server.quick_sizes import size_of
from helpers.serving.server.signature import Signature, chosen_fetches, feeds_of

DEFAULT_SIGNATURE = "serving_default"
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
PREDICT = "tensorflow/serving/predict"


class Call(NamedTuple):
    """A call that has not run yet.

    Attributes
    ----------
    size : tuple
        what the time of the call depends on: the signature, the outputs, and the sizes of the
        inputs
    feeds : dict of TF_Output to array
    fetches : list of TF_Output
    result : callable
        makes the result from the list of the fetched arrays
    """

    size: tuple
    feeds: dict
    fetches: list
    result: Callable[[list], Any]


class Calls:
    """What prepares the calls of a version.

    Parameters
    ----------
    signatures : dict of str to Signature
    check_methods : bool
        whether a signature's method_name must match the request
    """

    def __init__(self, signatures: dict[str, Signature], check_methods: bool = False) -> None:
        self._signatures, self._check_methods = signatures, check_methods

    def predict(
        self, signature_name: str, inputs: Mapping, output_filter: Sequence[str] = ()
    ) -> Call:
        """Prepare a call of predict; see `Servable.predict`."""
        name = signature_name or DEFAULT_SIGNATURE
        signature = self._signatures.get(name)
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

        def outputs(arrays):
            return {
                alias: (NUMBERS[array.dtype], array)
                for alias, array in zip(fetches, map(_array, arrays), strict=True)
            }

        size = (name, tuple(output_filter), size_of(feeds.values()))
        return Call(size, feeds, list(fetches.values()), outputs)

    def classify(self, signature_name: str, examples: list[bytes]) -> Call:
        """Prepare a call of classify; see `Servable.classify`."""
        signature = self._method(signature_name, check_classify, CLASSIFY, "classification")

        def classes(found):
            return check_classes(found.get("classes"), found.get("scores"), len(examples))

        return self._examples(signature_name, signature, examples, ("classes", "scores"), classes)

    def regress(self, signature_name: str, examples: list[bytes]) -> Call:
        """Prepare a call of regress; see `Servable.regress`."""
        signature = self._method(signature_name, check_regress, REGRESS, "regression")

        def values(found):
            return check_values(found["outputs"], len(examples))

        return self._examples(signature_name, signature, examples, ("outputs",), values)

    def infer(self, tasks: Iterable[tuple[str, str]], examples: list[bytes]) -> Call:
        """Prepare a call for several classifications and regressions; see `Servable.infer`."""
        inputs, fetches, chosen, seen = [], {}, [], set()
        for signature_name, method in tasks:
            name = signature_name or DEFAULT_SIGNATURE
            if name in seen:
                raise invalid("Duplicate evaluation of signature: ", name)
            seen.add(name)
            if name not in self._signatures:
                raise invalid("Requested signature not found in model graph: ", name)
            signature = self._signatures[name]
            if method == CLASSIFY:
                self._method(name, check_classify, CLASSIFY, "classification")
            elif method == REGRESS:
                self._method(name, check_regress, REGRESS, "regression")
            else:
                raise ServingError(UNIMPLEMENTED, f"Unsupported signature method_name: {method}")
            inputs.append(signature.feeds["inputs"])
            for alias, fetch in signature.fetches.items():
                fetches[name, alias] = fetch
            chosen.append((name, method))
        feeds = dict.fromkeys(inputs, example_tensor(examples))

        def answers(arrays):
            arrays = dict(zip(fetches, arrays, strict=True))
            results: list = []
            for name, method in chosen:
                found = {alias: array for (owner, alias), array in arrays.items() if owner == name}
                if method == CLASSIFY:
                    labels, scores = found.get("classes"), found.get("scores")
                    results.append(check_classes(labels, scores, len(examples)))
                else:
                    results.append(check_values(found["outputs"], len(examples)))
            return results

        size = (tuple(chosen), size_of(feeds.values()))
        return Call(size, feeds, list(fetches.values()), answers)

    def _method(self, signature_name, check, method, word):
        name = signature_name or DEFAULT_SIGNATURE
        signature = self._signatures.get(name)
        if signature is None:
            raise invalid("No signature was found with the name: ", name)
        was = signature.definition.method_name
        if self._check_methods and was != method:
            raise invalid(f"Expected {word} signature method_name to be {method}. Was: {was}")
        check(signature.definition)
        return signature

    def _examples(self, name, signature, examples, outputs, result):
        tensor = example_tensor(examples)
        fetches = {
            alias: signature.fetches[alias] for alias in outputs if alias in signature.fetches
        }
        return Call(
            (name or DEFAULT_SIGNATURE, outputs, size_of([tensor])),
            {signature.feeds["inputs"]: tensor},
            list(fetches.values()),
            lambda arrays: result(dict(zip(fetches, arrays, strict=True))),
        )


def _array(value):
    """Return a result of TensorFlow as an array; TensorFlow returns scalars as Python objects."""
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)
