"""A live model as the truth for the readers of its export."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from helpers.artifact import Signature
from helpers.errors.messages import describe
from helpers.processes.clean_process import ReaderError
from helpers.readers import model_calls
from helpers.readers.inputs import cast
from helpers.readers.sameness import same, usual_size
from helpers.readers.search import Call, Found
from helpers.readers.truth import Question, Truth, find
from helpers.text import printable

# float32 does not hold the large ones: in an export that takes floats they become others.
WHOLE = (
    (16_777_217, -123_456_789, 5),
    (16_777_217, 123_456_789, 5),
    (16_777_217, 16_777_219, 5),
    (3, 1, 7),
)
DTYPES = ("int64", "int32")  # int32 overflows where a model of floats computes a square
ROUNDING = 1e-4  # the part of a number, and of the usual size, that rounding of the inputs explains
ALL_ALIKE = (
    "All readers give the same numbers, so the export itself computes something else than the "
    "model. It may be older than the weights of the model: export again. Or its signature does not "
    "call the model as you do."
)
REFUSED = re.compile(
    r"TypeError: input (?P<name>.+) is (?P<dtype>\w+); text cannot be given for it"
)
MOST_INPUTS = 4  # that are given as whole numbers, one after the other


@dataclass
class LiveModel(Truth):
    """The answers of a live model.

    Parameters
    ----------
    functions : dict of str to function
        By the key of the signature: see `helpers.readers.model_calls.functions`.
    """

    functions: Mapping[str, Any] = field(default_factory=dict)
    _wholes: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def has(self, keys: Collection[str]) -> bool:
        """Say whether the model has a function for one of these signatures."""
        return any(key in self.functions for key in keys)

    def own(self, key: str) -> bool:
        """Say whether another signature of the same function has no live function, or another."""
        return key in self.functions and any(
            one is not self.functions[key] for one in self.functions.values()
        )

    def _function(self, question):
        return next(self.functions[key] for key in question.keys if key in self.functions)

    def asks(self, question: Question) -> Call:
        """Return a function that calls the model with a set of inputs."""
        function, signature = self._function(question), question.signature
        declared = {signature.key: signature}

        def ask(feed):
            try:
                return model_calls.call(function, signature, feed)
            except model_calls.WrongOption:
                raise
            except Exception as error:
                first = describe(error)
            try:  # a model of floats may refuse whole numbers that its export takes as floats
                fitting = cast(declared, signature.key, feed)
                return model_calls.call(function, signature, fitting)
            except Exception:
                raise ReaderError("model", first) from None

        return ask

    def find(self, question: Question) -> Found:
        """Call the model with given inputs, or with made ones; also with whole numbers.

        Whole numbers are tried in place of floats if the model declares no dtype: then its export
        had to guess. Raises WrongOption if the inputs of the signature are not those of the model.
        """
        asks, signature = self.asks(question), question.signature
        made = _declared_dtypes(asks, signature) if not question.given else asks
        found = find(made, question, (question.directory, signature), about=lambda error: True)
        self._wholes.clear()
        if question.given:
            for tensor in signature.inputs:
                array = question.given.get(tensor.name)
                if (
                    found.feeds
                    and array is not None
                    and _is_whole(array)
                    and "float" in tensor.dtype
                ):
                    self._wholes[0] = tensor.name, array.dtype.name, tensor.dtype
        elif model_calls.takes_any_dtype(self._function(question)):
            if found.feeds:
                self._try_whole_numbers(question, found)
            elif _only_floats(signature):
                self._try_texts(question, found)
        return found

    def _try_whole_numbers(self, question, found):
        """Ask a model of unknown dtypes with whole numbers that its export takes as floats."""
        function, signature = self._function(question), question.signature
        usual = cast({signature.key: signature}, signature.key, found.feeds[0])
        floats = [one for one in signature.inputs if "float" in one.dtype][:MOST_INPUTS]
        for tensor in floats:
            for numbers, dtype in [(n, d) for n in WHOLE for d in DTYPES]:
                whole = np.resize(np.array(numbers, dtype), usual[tensor.name].shape)
                given = usual | {tensor.name: whole}
                try:
                    answer = model_calls.call(function, signature, given)
                except Exception:  # a model of floats, or a number that is too large for it
                    continue
                if self._shows(question, given, whole, answer):
                    self._wholes[len(found.feeds)] = tensor.name, dtype, tensor.dtype
                    found.feeds.append(given)
                    found.answers.append(answer)
                    found.tried += 1
                    words = f", whole numbers such as {numbers[0]:,} as {dtype}"
                    found.sources[tensor.name] += words
                break

    def _shows(self, question, given, whole, answer):
        """Say whether the answer is that for floats, or differs by more than rounding explains.

        A model of floats may compute whole numbers in another way, with almost the same numbers.
        """
        function, signature = self._function(question), question.signature
        fitting = cast({signature.key: signature}, signature.key, given)
        try:
            rounded = model_calls.call(function, signature, fitting)
        except Exception:
            return True
        if same(answer, rounded) or answer.keys() != rounded.keys():
            return True
        if any(np.array_equal(value, whole) for value in answer.values()):
            return True  # identifiers that the model gives back
        return any(_far(answer[name], rounded[name]) for name in answer)

    def _try_texts(self, question, found):
        """Ask a model that refuses all numbers with texts."""
        function, signature = self._function(question), question.signature
        shapes = {
            t.name: [3 if size is None else size for size in t.shape or (3,)]
            for t in signature.inputs
        }
        given = {
            name: np.resize(np.array(["red", "green"], object), s) for name, s in shapes.items()
        }
        try:
            found.answers = [model_calls.call(function, signature, given)]
        except Exception:
            return
        found.feeds, found.tried, found.error, found.refusal = [given], 1, "", ""
        found.refused.clear()
        for name, array in given.items():
            found.shapes[name], found.sources[name] = [array.shape], "texts such as 'red'"

    def explained(self, found: Found, unequal: Collection[int]) -> tuple[str, str]:
        """Tell the dtype that the model was called with, if this is what makes the difference."""
        if not unequal or not all(number in self._wholes for number in unequal):
            return "", ""
        name, given, declared = self._wholes[min(unequal)]
        name = printable(name)
        words = f"{name} is {declared} in the export, and the model was called with {given}"
        cure = (
            f"The export changes whole numbers that {declared} does not hold. Declare the dtype: "
            "model.export(directory, input_signature=[tf.TensorSpec(SHAPE, "
            f'tf.{given}, name="{name}")]).'
        )
        if len(found.feeds) > 1:
            cure += (
                " If the model never gets whole numbers, give inputs as it gets them: "
                "compare(directory, inputs=..., model=...)."
            )
        return words, cure

    def cure(self, error: str) -> str:
        """Return the cure if the model takes texts and its export does not."""
        refused = REFUSED.search(error)
        if refused is None:
            return ""
        return (
            f"The model answers texts, and its export takes {refused['dtype']}. Declare the dtype: "
            "model.export(directory, input_signature=[tf.TensorSpec(SHAPE, tf.string, "
            f'name="{printable(refused["name"])}")]).'
        )


def _declared_dtypes(ask, signature):
    """Return a function that calls the model with made inputs in the dtypes of the signature."""

    def call(feed):
        return ask(cast({signature.key: signature}, signature.key, feed))

    return call


def _far(left, right):
    """Say whether two answers differ by more than rounding of the inputs explains."""
    if left.shape != right.shape or left.dtype.kind == "O" or right.dtype.kind == "O":
        return not np.array_equal(left, right)
    wide = complex if "c" in (left.dtype.kind, right.dtype.kind) else float
    a, b = left.astype(wide), right.astype(wide)
    if _all_whole(a) and not _all_whole(b):
        return False  # a layer of floats cuts its answer to the dtype of its input
    return not np.allclose(b, a, rtol=ROUNDING, atol=ROUNDING * usual_size(a), equal_nan=True)


def _all_whole(values):
    return bool((np.isfinite(values) & (values == np.rint(values))).all())


def _is_whole(array):
    return np.asarray(array).dtype.kind in "iu"


def _only_floats(signature: Signature) -> bool:
    return bool(signature.inputs) and all("float" in tensor.dtype for tensor in signature.inputs)


def live_model(model: Any, keys: list[str]) -> LiveModel:
    """Return the truth that a live model is.

    Parameters
    ----------
    model : Keras model, tf.Module, function, or dict of str to function
    keys : list of str
        The signatures that are compared.

    Raises
    ------
    WrongOption
        If the model has no function for any of them.
    """
    functions = model_calls.functions(model, keys)
    return LiveModel("the model", "the model", all_alike=ALL_ALIKE, functions=functions)
