"""Exports of Keras 2 with their optimizer, and exports of TensorFlow 1 with several graphs."""

import os
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact
from helpers.readers import compare, loading
from helpers.readers.outcomes import ANSWERS, FAILS, SAME
from helpers.readers.rescue import main, rescue

v1, KEY = tf.compat.v1, "serving_default"
ROWS = np.float32([[3], [5]])
FLOAT = tf.TensorSpec((None, 1), tf.float32, name="x")


def edit(directory, change):
    """Change the only graph of an export."""
    file = directory / "saved_model.pb"
    model = SavedModel.FromString(file.read_bytes())
    change(model.meta_graphs[0])
    file.write_bytes(model.SerializeToString())


class Trained(tf.Module):
    """A weight, and two moments as Adam keeps them."""

    def __init__(self):
        self.w = tf.Variable([[2.0]], name="w")
        self.m = tf.Variable([[0.5]], name="m")
        self.v = tf.Variable([[0.25]], name="v")
        self.serve = tf.function(lambda x: {"y": x @ self.w}, input_signature=[FLOAT])


def with_optimizer(*slots):
    """Return a change that adds an optimizer as Keras 2 saved it, with slots of these names."""

    def change(graph):
        nodes = graph.object_graph_def.nodes
        at = {n.variable.name: i for i, n in enumerate(nodes) if n.WhichOneof("kind") == "variable"}
        optimizer = nodes.add()
        optimizer.user_object.identifier = "optimizer"
        optimizer.user_object.version.producer = 1
        optimizer.user_object.version.min_consumer = 1
        for slot in slots:
            optimizer.slot_variables.add(
                original_variable_node_id=at["w"], slot_name=slot, slot_variable_node_id=at[slot]
            )
        nodes[0].children.add(node_id=len(nodes) - 1, local_name="optimizer")

    return change


def unknown_object(graph):
    """Add an object that Python cannot load, and servers never look at."""
    nodes = graph.object_graph_def.nodes
    nodes.add()
    nodes[0].children.add(node_id=len(nodes) - 1, local_name="unknown")


@pytest.fixture
def old(tmp_path):
    module = Trained()
    tf.saved_model.save(module, tmp_path / "old", signatures=module.serve)
    (tmp_path / "old" / "assets.extra").mkdir()
    (tmp_path / "old" / "assets.extra" / "requests").write_text("one")
    return tmp_path / "old"


def statuses(report):
    return {row.reader: row.status for row in report.rows}


def test_an_optimizer_with_slots_gets_the_error_of_plain_python(old):
    edit(old, with_optimizer("m", "v"))
    with pytest.raises(AttributeError) as plain:
        tf.saved_model.load(str(old))
    report = compare.compare(old)
    assert statuses(report) == {"python": FAILS, "session": ANSWERS, "litert": FAILS}
    python, _, litert = report.rows
    assert python.error == litert.error == f"AttributeError: {plain.value}"
    assert "optimizer of a Keras 2 model" in python.cure and "--rescue" in python.cure
    assert "its slot variables (2)" in report.notes[0]
    assert report.evidence[0].alone
    text = "Compared for serving_default: nothing, because only the session (Python) answers."
    assert text in str(report) and "may differ by" not in str(report)


def test_an_optimizer_without_slots_is_loaded_as_in_plain_python(old):
    edit(old, with_optimizer())
    assert tf.saved_model.load(str(old)).signatures[KEY](x=tf.constant(ROWS))["y"][0] == 6
    report = compare.compare(old)
    assert report.ok and report.rows[1].status == SAME
    assert "only if the package keras is installed" in report.notes[0]


def test_an_export_that_needs_keras_does_not_change_the_next_answers(old, tmp_path):
    edit(old, with_optimizer())
    plain, module = tmp_path / "plain", Trained()
    tf.saved_model.save(module, plain, signatures=module.serve)
    for directory in (old, plain, old):
        assert readers.run(directory, KEY, {"x": ROWS})["y"].tolist() == [[6], [10]]


def test_keras_is_shown_for_one_call_and_only_to_what_lacks_it(monkeypatch):
    """In the clean process, keras is hidden like this; here it is shown again by monkeypatch."""
    monkeypatch.setitem(sys.modules, "keras", None)

    def needs(name):
        if sys.modules["keras" if name == "keras" else "helpers"] is None or name == "nowhere":
            raise ImportError(f"no module named {name}")
        return name

    monkeypatch.setattr(loading, "_shown", {"keras": tf.keras})
    assert loading.with_keras_if_needed(lambda: needs("keras")) == "keras"
    assert sys.modules["keras"] is None
    with pytest.raises(ImportError, match="nowhere"):
        loading.with_keras_if_needed(lambda: needs("nowhere"))


@pytest.mark.parametrize("slots", [("m",), ("m", "v")])
def test_rescue_writes_an_export_without_the_optimizer(old, tmp_path, capsys, slots):
    edit(old, with_optimizer(*slots))
    new = tmp_path / "new"
    assert main([str(old), "--rescue", str(new)]) == 0
    said = capsys.readouterr().out
    assert "Saved again, and compared with what the session (Python) reads from old/:" in said
    assert (
        "every reader of new/ gives the numbers that the session (Python) reads from old/" in said
    )
    assert "Note: the new export has no optimizer" in said
    assert "not copied" not in said
    assert (new / "assets.extra" / "requests").read_text() == "one"
    loaded = tf.saved_model.load(str(new))
    assert loaded.signatures[KEY](x=tf.constant(ROWS))["y"].numpy().tolist() == [[6], [10]]
    assert loaded.w.numpy() == 2 and loaded.m.numpy() == 0.5, "the objects are kept"
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


def test_rescue_leaves_out_all_objects_where_the_optimizer_is_not_enough(old, tmp_path):
    edit(old, with_optimizer("m"))
    edit(old, unknown_object)
    done = rescue(old, tmp_path / "new")
    assert done.ok and "Note: the new export has no Python objects" in str(done)
    for reader in readers.READERS:
        assert readers.run(tmp_path / "new", KEY, {"x": ROWS}, reader)["y"].tolist() == [[6], [10]]


def test_rescue_without_objects_keeps_the_words_of_a_table(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("red\ngreen\n")
    lookup = tf.keras.layers.StringLookup(vocabulary=str(file))
    words = tf.keras.Input((1,), dtype="string", name="words")
    model = tf.keras.Model(words, tf.keras.layers.Embedding(4, 2)(lookup(words)))
    model.export(tmp_path / "old", verbose=False)
    right = model(tf.constant([["green"], ["blue"]])).numpy()
    edit(tmp_path / "old", unknown_object)
    assert statuses(compare.compare(tmp_path / "old"))["python"] == FAILS
    done = rescue(tmp_path / "old", tmp_path / "new")
    assert not done.refused and "the new export has no Python objects" in str(done)
    feed = {"words": np.array([["green"], ["blue"]], object)}
    for reader in ("python", "session"):
        (answer,) = readers.run(tmp_path / "new", KEY, feed, reader).values()
        assert np.array_equal(answer, right)


def test_rescue_writes_nothing_if_the_new_export_is_not_proved(old, tmp_path, monkeypatch):
    edit(old, with_optimizer("m"))
    real, asked = readers.run, []

    def other_numbers(directory, key, inputs, reader="python", **options):
        answer = real(directory, key, inputs, reader, **options)
        asked.append(reader)
        return answer if directory == old else {name: value + 1 for name, value in answer.items()}

    monkeypatch.setattr(readers, "run", other_numbers)
    done = rescue(old, tmp_path / "new")
    assert "saved again, it gives other numbers" in done.refused and "session" in asked
    assert os.listdir(tmp_path) == ["old"]


def test_rescue_needs_a_session_that_was_tried_properly(old, tmp_path, monkeypatch):
    edit(old, with_optimizer("m"))
    real = readers.run

    def late(directory, key, inputs, reader="python", **options):
        if reader == "session":
            raise readers.ReaderError(reader, "TimeoutError: no answer within 60 seconds")
        return real(directory, key, inputs, reader, **options)

    monkeypatch.setattr(readers, "run", late)
    done = rescue(old, tmp_path / "new")
    assert "Python fails, and the session (Python) was not tried properly" in done.refused
    assert "TimeoutError" in done.refused and os.listdir(tmp_path) == ["old"]


def test_rescue_for_python_tells_that_litert_was_not_tried_properly(old, tmp_path, monkeypatch):
    edit(old, with_optimizer("m"))
    real = readers.run

    def late(directory, key, inputs, reader="python", **options):
        if reader == "litert":
            raise readers.ReaderError(reader, "TimeoutError: no answer within 60 seconds")
        return real(directory, key, inputs, reader, **options)

    monkeypatch.setattr(readers, "run", late)
    done = rescue(old, tmp_path / "new")
    assert not done.refused and not done.ok
    assert "both give the numbers that the session (Python) reads from old/" in done.verdict
    assert "LiteRT was not tried properly" in done.verdict
    assert done.as_dict()["reference"] == "the session (Python)"


def test_what_the_reference_refuses_is_told_by_its_name(tmp_path):
    """A model that needs a length of 9 or more, and an object that Python cannot load."""
    module = tf.Module()

    def long_only(x):
        with tf.control_dependencies([tf.debugging.assert_greater(tf.shape(x)[1], 9)]):
            return {"y": 2 * x}

    spec = tf.TensorSpec((None, None), tf.float32, name="x")
    module.serve = tf.function(long_only, input_signature=[spec], autograph=False)
    tf.saved_model.save(module, tmp_path / "old", signatures=module.serve)
    edit(tmp_path / "old", unknown_object)
    report = compare.compare(tmp_path / "old")
    assert statuses(report)["python"] == FAILS and statuses(report)["session"] == ANSWERS
    assert "Not compared, because the session (Python) refuses them: x (3, 8)" in str(report)


# Several graphs


def write(directory, *tag_sets):
    """Write an export of TensorFlow 1 with one graph for each set of tags; x times 2, 3, ..."""
    builder = v1.saved_model.Builder(str(directory))
    for number, tags in enumerate(tag_sets):
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.float32, [None, 1], name="x")
            y = x * v1.get_variable("w", initializer=2.0) + float(number)
            signature = {KEY: v1.saved_model.predict_signature_def({"x": x}, {"y": y})}
            if number:
                builder.add_meta_graph(tags, signature)
            else:
                session.run(v1.global_variables_initializer())
                builder.add_meta_graph_and_variables(session, tags, signature)
    builder.save()
    return directory


SETS = {
    # tag sets: (what is added to twice x, words of the notes)
    (("serve",), ("serve", "train")): (0, ["holds 2 graphs", "the others have serve,train"]),
    (("serve", "train"), ("serve",)): (1, ["with the tags serve; the others have serve,train"]),
    (("train",), ("serve", "gpu")): (1, ["tags=['serve', 'gpu']", "--saved_model_tags=serve,gpu"]),
    (("serve", "tpu"),): (0, ["Start TensorFlow Serving with --saved_model_tags=serve,tpu"]),
}


@pytest.mark.parametrize("tag_sets", SETS)
def test_the_graph_for_servers_is_found_and_its_tags_are_told(tmp_path, tag_sets):
    added, words = SETS[tag_sets]
    directory = write(tmp_path / "old", *tag_sets)
    report = compare.compare(directory)
    assert report.ok and statuses(report)["litert"] == SAME
    for word in words:
        assert word in " ".join(report.notes)
    for reader in readers.READERS:
        answer = readers.run(directory, KEY, {"x": ROWS}, reader)["y"]
        assert answer.tolist() == (2 * ROWS + added).tolist()


def test_one_graph_for_servers_needs_no_words(old):
    assert compare.compare(old).notes == ()


def test_an_export_without_a_graph_for_servers_tells_its_tags_and_what_to_do(tmp_path):
    directory = write(tmp_path / "old", (), ("train",))
    with pytest.raises(NotAnArtifact) as caught:
        compare.compare(directory)
    text = str(caught.value)
    assert "no graph with the tag 'serve'" in text and "are: (no tags) and train" in text
    # What the text says works.
    assert "tf.saved_model.load(DIRECTORY, tags=[])" in text
    loaded = tf.saved_model.load(str(directory), tags=[])
    tf.saved_model.save(loaded, tmp_path / "new", signatures=dict(loaded.signatures))
    assert compare.compare(tmp_path / "new").ok


def test_a_damaged_copy_is_not_taken_for_an_old_export(old):
    edit(old, with_optimizer("m"))
    shutil.rmtree(old / "variables")
    assert not any(row.status == ANSWERS for row in compare.compare(old).rows)
