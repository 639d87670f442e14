"""Claims of lesson 06 that no cell of its page shows hold for the installed versions."""

import subprocess
import sys
import traceback

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.notebooks import derive
from helpers.paths import ROOT

ONE_TEXT = tf.TensorSpec((None,), tf.string, name="size")
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")


def table():
    keys, values = tf.constant(["small", "large"]), tf.constant([2.0, 5.0])
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), 0.0)


def archive_of(function, spec):
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("serve", function, [spec])
    return archive


def test_an_archive_finds_variables_and_no_tables(tmp_path):
    weight, costs = tf.Variable(2.0), table()
    archive_of(lambda x: weight * x, ROWS).write_out(tmp_path / "variable", verbose=False)
    with pytest.raises(AssertionError, match="untracked"):
        archive_of(costs.lookup, ONE_TEXT).write_out(tmp_path / "table", verbose=False)


def test_save_finds_the_attributes_of_what_is_saved_only(tmp_path):
    weight, module = tf.Variable(2.0), tf.Module()
    function = tf.function(lambda x: weight * x, input_signature=[ROWS])
    with pytest.raises(AssertionError, match="untracked") as raised:
        tf.saved_model.save(module, str(tmp_path / "export"), signatures=function)
    assert find(f"AssertionError: {raised.value}").case.key == "untracked-resource"
    module.weight = weight
    tf.saved_model.save(module, str(tmp_path / "export"), signatures=function)


def test_litert_cannot_run_a_table_from_texts_to_floats(tmp_path):
    costs = table()
    archive = archive_of(costs.lookup, ONE_TEXT)
    archive.track(costs)
    archive.write_out(tmp_path / "export", verbose=False)
    inputs = {"size": np.array(["large"], object)}
    assert readers.run(tmp_path / "export", "serve", inputs, "session")["output_0"] == [5]
    with pytest.raises(readers.ReaderError):
        readers.run(tmp_path / "export", "serve", inputs, "litert")


def test_the_two_errors_of_the_parcels_follow_each_other(tmp_path):
    costs = table()

    def price(size):
        return {"price": {"base": costs.lookup(size)}}

    nested = archive_of(price, ONE_TEXT)
    with pytest.raises(ValueError, match="Got a non-Tensor value"):
        nested.write_out(tmp_path / "nested", verbose=False)
    flat = archive_of(lambda size: price(size)["price"], ONE_TEXT)
    with pytest.raises(AssertionError, match="untracked"):
        flat.write_out(tmp_path / "flat", verbose=False)


def test_tensorflow_makes_chains_whose_first_errors_have_no_line_of_yours(tmp_path):
    archive_of(lambda x: 2 * x, ROWS).write_out(tmp_path / "export", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        loaded.signatures["serve"](x=tf.constant([[1.0]], tf.float64))
    error, chain = raised.value, []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        chain.append(any("/lib/python" not in frame.filename for frame in frames))
        error = error.__cause__ or error.__context__
    assert chain == [True, False, False]


def test_a_path_in_the_graph_is_outside_of_the_export(tmp_path):
    """The two causes of "No such file or directory" differ by the path in the message."""
    messages = {}
    for key in ("missing-asset", "path-in-graph"):
        (tmp_path / key).mkdir()
        with pytest.raises((FileNotFoundError, tf.errors.NotFoundError)) as raised:
            CASES[key].broken(tmp_path / key)
        messages[key] = str(raised.value)
    assert all("No such file or directory" in message for message in messages.values())
    assert "/assets/" in messages["missing-asset"]
    assert "/assets/" not in messages["path-in-graph"]


def test_the_recipe_prints_each_error_the_last_one_first(tmp_path):
    pages = [cell.source for cell in derive("06_error_clinic", "notebooks").cells]
    (text,) = [page for page in pages if page.startswith("## The recipe")]
    code = text.split("```python\n")[1].split("```")[0]
    (tmp_path / "recipe.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "recipe.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["RuntimeError", "ValueError"]
    assert all("recipe.py" in line for line in lines)


def test_the_clinic_in_the_terminal_reads_a_traceback():
    text = "AssertionError: Called a function referencing variables which have been deleted."
    done = subprocess.run(
        [sys.executable, "-m", "helpers.clinic"],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
    )
    assert "variables-deleted" in done.stdout


def test_the_clinic_knows_texts_of_grpc():
    for text in (
        "status = StatusCode.RESOURCE_EXHAUSTED details = Received message larger than max "
        "(5000000 vs. 4194304)",
        "input size does not match signature: 1!=1 len({a})!=len({b}). Sent extra: {a}. Missing "
        "but required: {b}.",
    ):
        assert find(text).case.group == "serving"
