"""A widget that calls a signature of a loaded export, and shows the answer or the real error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from helpers.display.html_table import WRAP, marked
from helpers.errors.cure import cure
from helpers.errors.messages import describe
from helpers.text import safe_repr, shorten
from helpers.widgets.view import View, one_at_a_time, style

if TYPE_CHECKING:
    import tensorflow as tf

LIMIT = 100_000  # characters of a request
EXAMPLE_LIMIT = 1000  # numbers in an example: more are too many to edit by hand
EXAMPLES = {"string": "red", "bool": True}
INTRODUCTION = (
    "Live in Jupyter: choose a signature, edit the request, and read the answer or the real error."
)
EDITED = "The request is not complete yet. Press Call to see why."


@dataclass(frozen=True)
class Answer:
    """The result of one request.

    Parameters
    ----------
    ok : bool
        Whether the signature answered.
    text : str
        The outputs, one on each line, or the error on one line.
    explanation : str
        The words of the course, on one line. May be empty. An empty line separates them from
        TensorFlow's words.
    """

    ok: bool
    text: str
    explanation: str = ""

    def __str__(self) -> str:
        mark = "✓" if self.ok else "✗"
        lines = [f"{mark} {self.text}"]
        if self.explanation:
            lines += ["", self.explanation]
        return "\n".join(lines)


def call_signature(loaded: Any, key: str, request: str) -> Answer:
    """Call one signature with a request in JSON.

    Parameters
    ----------
    loaded : object
        What tf.saved_model.load returns.
    key : str
        The signature.
    request : str
        A JSON object with a value for each input, such as '{"x": [[1.0]]}'.

    Returns
    -------
    Answer
        Its `ok` is False if the request is wrong or the call fails.

    Raises
    ------
    TypeError, ValueError
        As `signatures` does.
    """
    found = signatures(loaded)
    if not isinstance(key, str) or key not in found:
        names = ", ".join(found)
        return Answer(False, f"no signature {safe_repr(key)} in this artifact: it has {names}")
    signature = found[key]
    try:
        inputs = _parse(request, example(signature))
    except ValueError as error:
        return Answer(False, *error.args)
    try:
        outputs = signature(**inputs)
    except Exception as error:
        text = describe(error)
        value = next(iter(inputs.values())) if len(inputs) == 1 else None
        takes = f"This signature takes {promise(signature)}."
        return Answer(False, text, f"{takes} {cure(text, value)}".strip())
    arrays = {name: outputs[name].numpy() for name in sorted(outputs)}
    text = "\n".join(f"{name}: {_readable(value)}" for name, value in arrays.items())
    numbers = [value for value in arrays.values() if value.dtype.kind == "f"]
    if all(np.isfinite(value).all() for value in numbers):
        return Answer(True, text)
    return Answer(True, text, "nan or inf goes in, nan or inf comes out, without an error.")


def signatures(loaded: Any) -> dict[str, Any]:
    """Return the signatures of a loaded export.

    Parameters
    ----------
    loaded : object
        What tf.saved_model.load returns.

    Returns
    -------
    dict of str to function
        By key, sorted.

    Raises
    ------
    TypeError
        If `loaded` is not a loaded export.
    ValueError
        If the export has no signatures.
    """
    if not hasattr(loaded, "signatures"):
        raise TypeError(
            f"expected a loaded export, tf.saved_model.load(directory), not {safe_repr(loaded)}"
        )
    if not loaded.signatures:
        raise ValueError("this export has no signatures: there is nothing to call")
    return dict(sorted(loaded.signatures.items()))


def specs(signature: Any) -> "dict[str, tf.TensorSpec]":
    """Return the specs of the inputs of a signature by name, sorted."""
    return dict(sorted(signature.structured_input_signature[1].items()))


def promise(signature: Any) -> str:
    """Write the inputs of a signature in words, such as 'x: float32 (None, 1)'."""
    words = (
        f"{name}: {spec.dtype.name} "
        + ("any shape" if spec.shape.rank is None else str(tuple(spec.shape)))
        for name, spec in specs(signature).items()
    )
    return ", ".join(words) or "no inputs"


def example(signature: Any) -> str:
    """Write a request that fits a signature, as JSON: one row of ones, of true or of "red"."""
    values = {}
    for name, spec in specs(signature).items():
        shape = [1] if spec.shape.rank is None else [size or 1 for size in spec.shape]
        if np.prod(shape) > EXAMPLE_LIMIT:
            values[name] = f"numbers of shape {tuple(shape)}, too many to write here"
            continue
        one = EXAMPLES.get(spec.dtype.name, 1 if spec.dtype.is_integer else 1.0)
        values[name] = np.full(shape, one, object).tolist()
    return json.dumps(values)


def _parse(request, model):
    """Return the inputs of a request, or raise ValueError(what is wrong, how to fix it)."""
    if not isinstance(request, str):
        raise ValueError(
            f"a request must be a text, not {safe_repr(request)}", f"For example: {model}"
        )
    if len(request) > LIMIT:
        raise ValueError(
            f"a request of {len(request):,} characters",
            f"This page takes at most {LIMIT:,}; call the signature from a cell.",
        )
    try:
        inputs = json.loads(request)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            shorten(f"not JSON: {error}", 160),
            f"Write names in double quotes and rows in square brackets: {shorten(model)}",
        ) from None
    if not isinstance(inputs, dict):
        raise ValueError(
            "a request must be an object with a value for each input",
            f"For example: {shorten(model)}",
        )
    return inputs


def _readable(array):
    if array.dtype.kind == "f":
        array = np.array([float(f"{value:.4g}") for value in array.flat]).reshape(array.shape)
    elif array.dtype == object:
        text = [v.decode(errors="replace") if isinstance(v, bytes) else v for v in array.flat]
        array = np.array(text, object).reshape(array.shape)
    return shorten(str(array.tolist()), 500)


def signature_caller(loaded: Any, request: Mapping[str, Any] | None = None) -> View:
    """Make the widget: a signature to choose, a request to edit, and the answer.

    Parameters
    ----------
    loaded : object
        What tf.saved_model.load returns.
    request : mapping of str to list or array, optional
        The first request for the signatures that take these inputs, in place of a row of ones.

    Returns
    -------
    View

    Raises
    ------
    TypeError, ValueError
        As `signatures` does.
    """
    found = signatures(loaded)
    requests = {key: _first_request(signature, request) for key, signature in found.items()}
    first = next(iter(found))
    choice = ipywidgets.Dropdown(options=list(found), description="signature")
    field = ipywidgets.Textarea(
        requests[first],
        description="request",
        layout=ipywidgets.Layout(width="95%", height="5em"),
    )
    call = ipywidgets.Button(description="Call", tooltip="Call the signature with this request")
    answer = ipywidgets.HTML()

    guarded = one_at_a_time()

    @guarded
    def show(_=None):
        answer.value = "calling …"  # not the answer of an older request
        lines = str(call_signature(loaded, choice.value, field.value))
        lines = lines.encode(errors="replace").decode()  # a single surrogate cannot be sent
        answer.value = f"<pre style='{WRAP}'>{marked(lines)}</pre>"

    @guarded
    def edit(_):
        """Answer each request while it is typed. Half a request is not an error."""
        try:
            json.loads(field.value[:LIMIT])
        except (ValueError, RecursionError):
            answer.value = f"<pre style='{WRAP}'>{EDITED}</pre>"
        else:
            show()

    @guarded
    def choose(_):
        before = field.value
        field.value = requests[choice.value]
        if field.value == before:  # an unchanged request calls nothing
            show()

    choice.observe(choose, "value")
    field.observe(edit, "value")
    call.on_click(show)
    show()
    return View([choice, field, call, answer, style()], _text(found, requests))


def _first_request(signature, request):
    if request is not None and request.keys() == specs(signature).keys():
        return json.dumps({name: _listed(value) for name, value in request.items()})
    return example(signature)


def _listed(value):
    """Return a value as nested lists. Float32 numbers get the few digits that they need."""
    array = np.asarray(value)
    if array.dtype != np.float32:
        return array.tolist()
    return np.array([float(str(number)) for number in array.flat]).reshape(array.shape).tolist()


def _text(found, requests):
    lines = [INTRODUCTION]
    for key, signature in found.items():
        outputs = ", ".join(sorted(signature.structured_outputs))
        lines += [f"{key} takes {shorten(requests[key], 80)}", f"  and answers with {outputs}"]
    return "\n".join(lines)
