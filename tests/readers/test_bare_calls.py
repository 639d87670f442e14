"""Six readers get the same inputs, without the names and dtypes being compared before."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.artifact.saved_model import NotAnArtifact
from helpers.readers.bare_calls import BARE_READERS, Answer, call_everywhere, side_by_side

TWO, THREE = np.float32([[60, 30]]), np.float32([[60, 30, 20]])


def total(prices):
    return {"total": tf.reduce_sum(prices, axis=1)}


@pytest.fixture(scope="module")
def bill(tmp_path_factory):
    """An export whose signature `total` adds two prices."""
    folder = tmp_path_factory.mktemp("bill") / "export"
    archive = tf.keras.export.ExportArchive()
    spec = tf.TensorSpec((None, 2), tf.float32, name="prices")
    archive.add_endpoint("total", total, [spec])
    archive.write_out(folder, verbose=False)
    return folder


def texts(answers):
    assert list(answers) == list(BARE_READERS)
    return [str(answer) for answer in answers.values()]


def test_each_reader_answers(bill):
    assert texts(call_everywhere(bill, "total", prices=TWO)) == ["90"] * 6


def test_each_reader_gets_the_name_as_it_is(bill):
    answers = call_everywhere(bill, "total", price=TWO)
    assert texts(answers) == ["error"] * 6
    assert answers["session"].error == "KeyError: 'price'"
    assert texts(call_everywhere(bill, "total", prices=TWO)) == ["90"] * 6


def test_each_reader_gets_the_dtype_as_it_is(bill):
    answers = call_everywhere(bill, "total", prices=TWO.astype(np.float64))
    assert texts(answers) == ["90", "error", "90", "90", "error", "error"]
    assert "double is provided" in answers["server"].error


def test_each_reader_gets_the_shape_as_it_is(bill):
    answers = call_everywhere(bill, "total", prices=THREE)
    assert texts(answers) == ["error", "110", "error", "error", "110", "110"]


def test_an_unknown_signature_is_an_error_of_each_reader(bill):
    assert texts(call_everywhere(bill, "sum", prices=TWO)) == ["error"] * 6


def test_an_export_that_changes_is_loaded_again(tmp_path):
    for factor in (2.0, 3.0):
        module = tf.Module()
        spec = tf.TensorSpec((None, 2), tf.float32, name="prices")
        module.total = tf.function(lambda prices: factor * prices, input_signature=[spec])  # noqa: B023
        tf.saved_model.save(module, tmp_path, signatures={"total": module.total})
        assert texts(call_everywhere(tmp_path, "total", prices=TWO)) == [f"{60 * factor:g}"] * 6


def test_a_folder_without_an_export_is_refused(tmp_path):
    with pytest.raises(NotAnArtifact):
        call_everywhere(tmp_path, "total", prices=TWO)


def made(**values):
    """Make the answers of the readers, nan for each that is not given."""
    return {
        reader: Answer({"y": np.float32([values.get(reader, np.nan)])}) for reader in BARE_READERS
    }


def test_table_as_text_and_as_html():
    table = side_by_side(first_call=made(), second=made(signature=2.4, litert=7))
    lines = str(table).splitlines()
    assert lines[0].split() == ["reader", "first", "call", "second"]
    assert lines[1] == "signature, array      nan         2"
    assert lines[-1] == "LiteRT                nan         other number"
    shown = table._repr_html_()
    assert shown.count("<tr") == 1 + len(BARE_READERS)
    assert "other number" in shown


def test_an_error_in_the_first_reader_leaves_the_other_numbers():
    answers = made(server=110) | {"signature": Answer({}, "TypeError: no")}
    assert [row[1] for row in side_by_side(call=answers).rows()].count("110") == 1
