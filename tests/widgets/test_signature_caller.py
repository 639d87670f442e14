"""The signature caller: the function plainly, the widget by setting `.value`."""

import json

import numpy as np
import pytest
import tensorflow as tf

from helpers.widgets.signature_caller import LIMIT, call_signature, example, signature_caller
from helpers.widgets.signature_caller import signatures as signatures_of


class FourSignatures(tf.Module):
    """A module with four signatures: numbers, texts, two inputs, and an input of unknown shape."""

    def __init__(self):
        self.kernel = tf.Variable([[2.0], [3.0]])

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def numbers(self, x):
        return {"score": x @ self.kernel}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="words")])
    def texts(self, words):
        return {"loud": tf.strings.upper(words)}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.int32, name="count"),
            tf.TensorSpec((), tf.bool, name="double"),
        ]
    )
    def pair(self, count, double):
        return {"n": tf.where(double, 2 * count, count)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="any")])
    def open(self, any):
        return tf.math.log(any)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    module, folder = FourSignatures(), str(tmp_path_factory.mktemp("signatures"))
    keys = {name: getattr(module, name) for name in ("numbers", "texts", "pair", "open")}
    tf.saved_model.save(module, folder, signatures=keys)
    return tf.saved_model.load(folder)


@pytest.mark.parametrize(
    ("key", "request_", "text"),
    [
        ("numbers", '{"x": [[1, 2], [0.5, 0]]}', "score: [[8.0], [1.0]]"),
        ("numbers", '{"x": [[0.333333333, 0]]}', "score: [[0.6667]]"),
        ("numbers", '{"x": [[true, false]]}', "score: [[2.0]]"),
        ("texts", '{"words": ["abc", "é"]}', "loud: ['ABC', 'é']"),
        ("pair", '{"double": true, "count": [1, 2]}', "n: [2, 4]"),
        ("open", '{"any": 1.0}', "output_0: 0.0"),
    ],
)
def test_a_right_request_is_answered(loaded, key, request_, text):
    answer = call_signature(loaded, key, request_)
    assert answer.ok and answer.text == text and not answer.explanation


def test_many_rows_are_cut(loaded):
    answer = call_signature(loaded, "numbers", json.dumps({"x": [[1, 2]] * 5000}))
    assert answer.ok and len(answer.text) < 600 and answer.text.endswith("…")


@pytest.mark.parametrize("key", ["numbers", "texts", "pair", "open"])
def test_the_example_is_right(loaded, key):
    assert call_signature(loaded, key, example(signatures_of(loaded)[key])).ok


def test_the_example_of_a_large_input_says_that_it_is_none(tmp_path):
    module = tf.Module()
    spec = tf.TensorSpec((None, 64, 64, 3), tf.float32, name="image")
    module.f = tf.function(lambda image: image, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path), signatures=module.f)
    signature = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    assert example(signature) == (
        '{"image": "numbers of shape (1, 64, 64, 3), too many to write here"}'
    )


def test_what_is_no_number_is_answered_with_a_word_on_it(loaded):
    for number in ("NaN", "Infinity", "1e999"):
        answer = call_signature(loaded, "numbers", f'{{"x": [[{number}, 1]]}}')
        assert answer.ok and "without an error" in answer.explanation


WRONG = {
    "no JSON": ('{"x": [[1, 2]', "not JSON: Expecting", "double quotes"),
    "single quotes": ("{'x': [[1, 2]]}", "not JSON: Expecting property name", "double quotes"),
    "empty": ("", "not JSON", '{"x": [[1.0, 1.0]]}'),
    "a list": ("[[1, 2]]", "a request must be an object", '{"x": [[1.0, 1.0]]}'),
    "null": ("null", "a request must be an object", '{"x": [[1.0, 1.0]]}'),
    "missing name": ("{}", "missing a required argument: 'x'", "takes x: float32 (None, 2)"),
    "wrong name": ('{"y": [[1, 2]]}', "missing a required argument", "by its name|by name"),
    "extra name": ('{"x": [[1, 2]], "y": 1}', "unexpected keyword argument 'y'", "takes x"),
    "self": ('{"self": 1}', "TypeError", "takes x"),
    "too wide": (
        '{"x": [[1, 2, 3]]}',
        "shape=(1, 3)",
        "your rows have 3 columns, and the signature takes 2.",
    ),
    "one row without brackets": ('{"x": [1, 2]}', "shape=(2,)", "also for one row: [[1, 2]]."),
    "one wide row": ('{"x": [1, 2, 3]}', "shape=(3,)", "a list of rows with 2 numbers each."),
    "a number": ('{"x": 1}', "shape=()", "with 2 pairs of brackets around each number."),
    "no rows": ('{"x": []}', "shape=(0,)", "takes x: float32 (None, 2)"),
    "uneven rows": ('{"x": [[1, 2], [3]]}', "non-rectangular", "takes x: float32 (None, 2)"),
    "a word": ('{"x": [["one", "two"]]}', "Cannot convert", "takes x: float32 (None, 2)"),
    "half a character": ('{"x": [["\\ud800", 1]]}', "", "takes x"),
    "nothing in it": ('{"x": [[null, 1]]}', "NoneType", "takes x"),
    "an object": ('{"x": {"y": 1}}', "unsupported type", "takes x"),
    "a huge number": ('{"x": [[1' + "0" * 400 + ", 1]]}", "out-of-range", "takes x"),
    "more digits than Python reads": ('{"x": [[1' + "0" * 5000 + ", 1]]}", "not JSON", ""),
    "deep": ('{"x": ' + "[" * 40_000 + "]" * 40_000 + "}", "", ""),
    "10 MB": ("x" * 10**7, "10,000,000 characters", f"at most {LIMIT:,}"),
    "no text": (None, "a request must be a text, not None", '{"x": [[1.0, 1.0]]}'),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_gets_a_line_and_an_explanation(loaded, name):
    request, text, explanation = WRONG[name]
    answer = call_signature(loaded, "numbers", request)
    assert not answer.ok
    assert text in answer.text and "\n" not in answer.text and len(answer.text) < 400
    assert any(words in answer.explanation for words in explanation.split("|"))
    assert "\n" not in answer.explanation and "Traceback" not in str(answer)


def test_an_unknown_signature_names_those_there_are(loaded):
    for key in ("number", None, ["numbers"]):
        answer = call_signature(loaded, key, "{}")
        assert not answer.ok and "it has numbers, open, pair, texts" in answer.text


def test_what_is_no_loaded_export_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"tf.saved_model.load\(directory\), not '/some/where'"):
        signature_caller("/some/where")
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(ValueError, match="no signatures"):
        signature_caller(tf.saved_model.load(str(tmp_path)))


def test_the_widget_answers_as_its_controls_change(loaded):
    view = signature_caller(loaded)
    choice, request, call, answer, _ = view.children
    assert choice.options == ("numbers", "open", "pair", "texts")
    assert "✓</span> score: [[5.0]]" in answer.value
    request.value = '{"x": [[10, 0]]}'
    assert "✓</span> score: [[20.0]]" in answer.value
    request.value = '{"x": [[10, 0, 0]]}'
    assert (
        "✗</span> TypeError" in answer.value
        and "\n\nThis signature takes " in answer.value
        and "You passed the shape (1, 3)" in answer.value
    )
    request.value = '{"x": [[10,'
    assert answer.value.endswith("Press Call to see why.</pre>") and "✗" not in answer.value
    call.click()
    assert "✗</span> not JSON" in answer.value
    choice.value = "texts"
    assert request.value == '{"words": ["red"]}' and "RED" in answer.value
    request.value = '{"words": ["<b>&"]}'
    assert "&lt;B&gt;&amp;" in answer.value
    answer.value = ""
    call.click()
    assert "&lt;B&gt;&amp;" in answer.value
    request.value = '{"words": ["\\ud800"]}'
    assert answer.value.encode()


def test_the_text_form_says_what_there_is_to_call(loaded):
    text = signature_caller(loaded)._repr_mimebundle_()
    text = (text[0] if isinstance(text, tuple) else text)["text/plain"]
    assert 'numbers takes {"x": [[1.0, 1.0]]}\n  and answers with score\n' in text
    assert max(map(len, text.splitlines())) <= 98


def test_a_given_request_stands_there_first(loaded):
    """For the signatures that take these inputs. The others keep their row of ones."""
    widget = signature_caller(loaded, {"x": np.float32([[0.1, 2]])})
    choice, request, _, answer = widget.children[:4]
    choice.value = "numbers"
    assert request.value == '{"x": [[0.1, 2.0]]}'
    assert "score: [[6.2]]" in answer.value
    choice.value = "texts"
    assert request.value == '{"words": ["red"]}'
    text = widget._repr_mimebundle_()["text/plain"]
    assert 'numbers takes {"x": [[0.1, 2.0]]}' in text
