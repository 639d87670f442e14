"""Texts that a decoding or parsing operation accepts, of the size that the graph needs."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact
from helpers.readers.compare import compare
from helpers.readers.graph_hints import hints_of
from helpers.readers.made_inputs import RARE_SIZES, Trial, make, rare_trials, trials
from helpers.readers.outcomes import ANSWERS, SAME
from helpers.readers.search import search

KEY = "serving_default"
TEXTS = tf.TensorSpec((None,), tf.string, name="x")
TRIAL = Trial(3, 8)


@pytest.fixture
def save(tmp_path):
    """Return a function that saves a function of tensors as serving_default."""

    def save(function, spec=TEXTS):
        module = tf.Module()
        module.serve = tf.function(function, input_signature=[spec])
        tf.saved_model.save(module, tmp_path / "export", signatures=module.serve)
        return tmp_path / "export"

    return save


def made(directory, trial=TRIAL):
    """Return what is made for the input x, and the words of the report about it."""
    signature = artifact.read(directory).signatures[KEY]
    hints = hints_of(directory, signature)
    return make(signature, trial, hints)["x"], hints["x"].source


def statuses(directory):
    """Return what Python and the session do."""
    return [row.status for row in compare(directory).rows if row.reader != "litert"]


def each(function, dtype=tf.float32):
    return lambda x: {"y": tf.map_fn(function, x, fn_output_signature=dtype)}


def raw(*, shape, dtype=tf.float32):
    def function(x):
        return {"y": tf.reshape(tf.cast(tf.io.decode_raw(x, dtype), tf.float32), [-1, *shape])}

    return function


RAW = {
    "reshaped": (raw(shape=(5, 7)), 35 * 4),
    "bytes of an image": (raw(shape=(28, 28, 1), dtype=tf.uint8), 28 * 28),
    "a matrix of 6 rows": (
        lambda x: {"y": tf.ensure_shape(tf.io.decode_raw(x, tf.float64), [None, 6])},
        6 * 8,
    ),
    "multiplied": (lambda x: {"y": tf.io.decode_raw(x, tf.float32) @ tf.ones([9, 2])}, 9 * 4),
    "of one fixed length": (
        lambda x: {"y": tf.io.decode_raw(x, tf.int16, fixed_length=10) * 2},
        12 * 2,
    ),
    "an open and a constant size": (
        lambda x: {"y": tf.reshape(tf.io.decode_raw(x, tf.float32), [tf.shape(x)[0], 11])},
        11 * 4,
    ),
}


@pytest.mark.parametrize("what", RAW)
def test_raw_bytes_have_the_size_that_the_graph_needs(save, what):
    function, size = RAW[what]
    directory = save(function)
    texts, source = made(directory)
    assert {len(text) for text in texts} == {size} and source.startswith("bytes of ")
    assert statuses(directory) == [ANSWERS, SAME]


def test_serialized_tensors(save):
    def row(text):
        return tf.ensure_shape(tf.io.parse_tensor(text, tf.int32), [2, 3])

    directory = save(each(row, tf.int32))
    texts, source = made(directory)
    assert source == "serialized tensors of int32"
    assert all(tf.io.parse_tensor(text, tf.int32).shape == (2, 3) for text in texts)
    assert statuses(directory) == [ANSWERS, SAME]


@pytest.mark.parametrize(("channels", "samples"), [(1, -1), (2, 400)])
def test_sounds(save, channels, samples):
    def loudness(text):
        return tf.reduce_mean(tf.abs(tf.audio.decode_wav(text, channels, samples).audio))

    directory = save(each(loudness))
    texts, source = made(directory)
    sound = tf.audio.decode_wav(texts[0]).audio
    assert source == "WAV sounds" and sound.shape == (1600 if samples < 0 else samples, channels)
    assert statuses(directory) == [ANSWERS, SAME]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_rows_of_csv(save, delimiter):
    defaults = [[0.0], tf.constant([], tf.int64), ["none"]]

    def function(x):
        a, b, c = tf.io.decode_csv(x, defaults, field_delim=delimiter)
        return {"y": a * tf.cast(b, tf.float32), "known": tf.equal(c, "male")}

    directory = save(function)
    texts, source = made(directory)
    fields = [text.decode().split(delimiter) for text in texts]
    assert source == "rows of CSV" and all(len(row) == 3 for row in fields)
    assert all(float(row[0]) and row[1].isdigit() for row in fields)
    assert "male" in {row[2] for row in fields}, "a word that the graph compares with"
    assert statuses(directory) == [ANSWERS, SAME]


def test_csv_with_chosen_columns(save):
    def function(x):
        return {"y": tf.io.decode_csv(x, [[0.0]], select_cols=[2])[0]}

    directory = save(function)
    texts, _ = made(directory)
    assert {text.count(b",") for text in texts} == {2}
    assert statuses(directory) == [ANSWERS, SAME]


def test_sequence_examples(save):
    context = {"id": tf.io.FixedLenFeature((), tf.int64), "tags": tf.io.VarLenFeature(tf.string)}
    steps = {
        "steps": tf.io.FixedLenSequenceFeature((2,), tf.float32),
        "left": tf.io.RaggedFeature(tf.int64),
    }

    def function(x):
        found, lists, _ = tf.io.parse_sequence_example(x, context, steps)
        ids = tf.gather(tf.constant(np.arange(40)), found["id"])
        return {"y": tf.reduce_sum(lists["steps"], axis=[1, 2]), "id": ids}

    directory = save(function)
    texts, source = made(directory)
    one = tf.train.SequenceExample.FromString(texts[0])
    assert source == "serialized SequenceExamples"
    assert set(one.context.feature) == {"id", "tags"}
    assert set(one.feature_lists.feature_list) == {"steps", "left"}
    assert {
        len(step.float_list.value) for step in one.feature_lists.feature_list["steps"].feature
    } == {2}
    ids = [tf.train.SequenceExample.FromString(t).context.feature["id"] for t in texts]
    assert max(one.int64_list.value[0] for one in ids) > 1, "row numbers of the table"
    assert statuses(directory) == [ANSWERS, SAME]


def test_two_parsers_of_one_text(save):
    def function(x):
        a = tf.io.parse_example(x, {"a": tf.io.FixedLenFeature((2,), tf.float32)})["a"]
        b = tf.io.parse_example(x, {"b": tf.io.FixedLenFeature((), tf.string)})["b"]
        return {"y": tf.reduce_sum(a, axis=1), "b": b}

    directory = save(function)
    texts, source = made(directory)
    one = tf.train.Example.FromString(texts[0])
    assert source == "serialized Examples" and set(one.features.feature) == {"a", "b"}
    assert statuses(directory) == [ANSWERS, SAME]


def test_a_single_sequence_example(save):
    def function(x):
        spec = {"n": tf.io.FixedLenSequenceFeature((), tf.int64)}
        _, found = tf.io.parse_single_sequence_example(x, sequence_features=spec)
        return {"y": tf.reduce_sum(found["n"])}

    directory = save(function, tf.TensorSpec((), tf.string, name="x"))
    text, _ = made(directory)
    assert tf.train.SequenceExample.FromString(text.item()).feature_lists.feature_list["n"].feature
    assert ANSWERS in statuses(directory)


def test_texts_of_whole_numbers(save):
    directory = save(lambda x: {"y": tf.strings.to_number(x, tf.int32) * 2})
    texts, source = made(directory)
    assert source == "texts of whole numbers" and all(int(text) or True for text in texts)
    assert "-0" not in set(texts)
    assert statuses(directory) == [ANSWERS, SAME]


class Filled(tf.Module):
    """A table that a program fills, so that its keys are stored with the weights."""

    def __init__(self, table, keys):
        super().__init__()
        self.table = table
        table.insert(keys, tf.range(len(keys)))
        spec = tf.TensorSpec((None,), table.key_dtype, name="x")
        self.serve = tf.function(lambda x: {"y": table.lookup(x)}, input_signature=[spec])


def mutable():
    return tf.lookup.experimental.MutableHashTable(tf.string, tf.int32, -1)


def dense():
    table = tf.lookup.experimental.DenseHashTable
    return table(tf.int64, tf.int32, -1, empty_key=-1, deleted_key=-2)


TABLES = {"mutable": (mutable, ["Adelie", "Gentoo"]), "dense": (dense, [500, 700])}


@pytest.mark.parametrize("kind", TABLES)
def test_keys_of_a_filled_table(tmp_path, kind):
    table, keys = TABLES[kind]
    module = Filled(table(), tf.constant(keys, tf.string if kind == "mutable" else tf.int64))
    tf.saved_model.save(module, tmp_path / "export", signatures=module.serve)
    values, _ = made(tmp_path / "export", Trial(64, 8))
    known = [key.encode() if isinstance(key, str) else key for key in keys]
    assert set(known) <= set(values.tolist())
    assert statuses(tmp_path / "export") == [ANSWERS, SAME]


def test_words_of_a_file_of_tensorflow_1(tmp_path):
    v1, file = tf.compat.v1, tmp_path / "words.txt"
    file.write_text("Adelie\nGentoo\n")
    builder = v1.saved_model.Builder(str(tmp_path / "export"))
    with tf.Graph().as_default(), v1.Session() as session:
        name = tf.constant(str(file))
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, name)
        x = v1.placeholder(tf.string, [None], name="x")
        line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        content = tf.lookup.TextFileInitializer(name, tf.string, line, tf.int64, number)
        y = tf.lookup.StaticHashTable(content, -1).lookup(x)
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={KEY: signature},
            main_op=v1.tables_initializer(),
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
        )
    builder.save()
    values, source = made(tmp_path / "export", Trial(64, 8))
    assert source == "words of the export" and {b"Adelie", b"Gentoo"} <= set(values)
    report = compare(tmp_path / "export")
    assert [row.status for row in report.rows][:2] == [ANSWERS, SAME]
    assert "KeyValueTensorInitializer" in report.rows[2].cure
    assert "cannot express" not in report.rows[2].cure


def test_a_size_that_few_models_need_is_tried_last(save):
    """An assertion accepts two columns alone, and another size is not tried where one is found."""

    def two_columns(x):
        tf.debugging.assert_equal(tf.shape(x)[1], 2)
        return {"y": tf.reduce_sum(x, axis=1)}

    spec = tf.TensorSpec((None, None), tf.float32, name="x")
    report = compare(save(two_columns, spec))
    assert report.ok
    assert report.evidence[0].inputs[0].shapes == ((3, 2), (1, 2))
    signature = artifact.Signature(KEY, (artifact.TensorInfo("x", "float32", (None, None)),), ())
    asked = []

    def constant(feed):
        asked.append(feed["x"].shape[1])
        return {"y": np.ones(1, "float32")}

    search(constant, signature, {})
    assert not set(asked) & set(RARE_SIZES)
    assert not {trial.size for trial in trials(signature)} & set(RARE_SIZES)
    fixed = artifact.Signature(KEY, (artifact.TensorInfo("x", "float32", (None, 2)),), ())
    assert rare_trials(fixed) == []


def test_the_last_row_of_a_table_is_among_the_numbers_and_not_always_the_first(save):
    def row_numbers(x):
        return {"y": tf.gather(tf.constant(np.arange(30)), x)}

    directory = save(row_numbers, tf.TensorSpec((None,), tf.int64, name="x"))
    found = [made(directory, Trial(rows, 8))[0].tolist() for rows in (3, 4, 5, 6, 7, 8)]
    assert all(29 in values and 0 in values for values in found)
    assert len({values.index(29) for values in found}) > 1
