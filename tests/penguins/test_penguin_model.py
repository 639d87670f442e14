"""PenguinModel in every reader, and what the text of lesson 05 claims."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact, readers
from helpers.models import COLUMNS, PenguinModel
from helpers.penguins.data import ISLANDS, RAW, SPECIES, folds, one_hot, penguins, take
from helpers.penguins.hand_preparation import by_hand
from helpers.training import train
from helpers.widgets.signature_caller import example


@pytest.fixture(scope="module")
def model():
    rows = penguins()
    known = take(rows, folds(rows["species"]) != 0)
    tf.keras.utils.set_random_seed(1)
    made = PenguinModel(known)
    features = made.prepare(**{name: known[name] for name in RAW})
    train(made, features, one_hot(known["species"], SPECIES), 300, 0.02, progress=False)
    np.testing.assert_allclose(features, by_hand(known, known), atol=1e-4)  # with its gaps
    return made


def export(model, folder):
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("classify", model.classify)
    archive.add_endpoint("score", model.score)
    archive.write_out(folder, verbose=False)
    return folder


@pytest.fixture(scope="module")
def listed(model, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("penguins") / "listed")


@pytest.fixture(scope="module")
def filed(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("penguins")
    (folder / "islands.txt").write_text("\n".join(ISLANDS) + "\n")
    rows = penguins()
    known = take(rows, folds(rows["species"]) != 0)
    made = PenguinModel(known, islands=str(folder / "islands.txt"))
    made.build((None, 7))
    made.set_weights(model.get_weights())
    return export(made, folder / "filed")


def raw(which=slice(None)):
    return {name: penguins()[name][which] for name in RAW}


@pytest.mark.parametrize("reader", readers.READERS)
def test_every_reader_takes_every_raw_row(model, listed, reader):
    rows = penguins()
    got = readers.run(listed, "classify", raw(), reader)
    species = got["species"].astype(str)
    assert (species == rows["species"]).sum() >= 338
    assert ((got["probability"] > 1 / 3) & (got["probability"] < 1.0001)).all()
    features = model.prepare(**raw()).numpy()
    scores = readers.run(listed, "score", {"features": features}, reader)["probabilities"]
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(scores.max(axis=1), got["probability"], atol=1e-4)
    np.testing.assert_array_equal(np.array(SPECIES)[scores.argmax(axis=1)], species)
    one = readers.run(listed, "classify", raw(slice(3, 4)), reader)
    assert one["species"].astype(str) == species[3:4]


def test_a_vocabulary_in_a_file_is_an_asset_and_the_same_model(listed, filed):
    assert not list((listed / "assets").iterdir())
    assert [path.name for path in (filed / "assets").iterdir()] == ["islands.txt"]
    for reader in ("python", "session"):
        one, other = (readers.run(export, "classify", raw(), reader) for export in (listed, filed))
        np.testing.assert_allclose(one["probability"], other["probability"], atol=1e-5)
        np.testing.assert_array_equal(one["species"], other["species"])


def test_litert_never_sees_the_file(filed, model):
    features = {"features": model.prepare(**raw())}
    expected = readers.run(filed, "score", features, "python")["probabilities"]
    got = readers.run(filed, "score", features, "litert")["probabilities"]
    np.testing.assert_allclose(got, expected, atol=1e-4)
    with pytest.raises(readers.ReaderError, match="hashtable need to be initialized"):
        readers.run(filed, "classify", raw(), "litert")


@pytest.mark.parametrize("reader", readers.READERS)
def test_without_its_asset_nothing_can_be_loaded(filed, model, tmp_path, reader):
    moved = shutil.copytree(filed, tmp_path / "moved")
    (moved / "assets" / "islands.txt").unlink()
    with pytest.raises(readers.ReaderError, match=r"islands\.txt; No such file"):
        readers.run(moved, "score", {"features": model.prepare(**raw())}, reader)


# What lesson 05 says beside its cells


def lookup(tmp_path, **options):
    layer = tf.keras.layers.StringLookup(**options)
    if "vocabulary" not in options:
        layer.adapt(np.array(ISLANDS))
    layer(tf.constant(["Dream"]))
    archive = tf.keras.export.ExportArchive()
    archive.track(layer)
    archive.add_endpoint("find", layer, [COLUMNS[2]])
    archive.write_out(tmp_path / "lookup", verbose=False)
    return tmp_path / "lookup"


def test_a_vocabulary_that_was_learnt_is_no_asset(tmp_path):
    folder = lookup(tmp_path)
    assert not list((folder / "assets").iterdir())
    for reader in readers.READERS:
        found = readers.run(folder, "find", {"island": ["Paulet", *ISLANDS]}, reader)["output_0"]
        assert sorted(found) == [0, 1, 2, 3] and found[0] == 0


def test_litert_leaves_out_the_check_of_a_word(tmp_path):
    folder = lookup(tmp_path, vocabulary=ISLANDS, num_oov_indices=0)
    for reader in ("python", "session"):
        with pytest.raises(readers.ReaderError, match="assertion failed"):
            readers.run(folder, "find", {"island": ["Paulet"]}, reader)
    assert readers.run(folder, "find", {"island": ["Paulet"]}, "litert")["output_0"].shape == (1,)


TEXTS = {
    "upper": lambda word: tf.strings.upper(word),
    "strip": lambda word: tf.strings.strip(word),
    "where": lambda word: tf.where(word == "a", "b", word),
}


@pytest.mark.parametrize("name", TEXTS)
def test_functions_that_change_texts_do_not_cross(tmp_path, name):
    module = tf.Module()
    module.signature = tf.function(lambda word: TEXTS[name](word) == "A", [COLUMNS[2]])
    tf.saved_model.save(module, str(tmp_path), signatures=module.signature)
    for reader in ("python", "session"):
        assert readers.run(tmp_path, "serving_default", {"island": ["A", "c"]}, reader)
    with pytest.raises(readers.ReaderError, match="ConverterError"):
        readers.run(tmp_path, "serving_default", {"island": ["A", "c"]}, "litert")


def test_one_artifact_has_two_answers(tmp_path):
    """A Python value changed between the first trace and the export."""
    limit = 0.5
    spec = tf.TensorSpec((None,), tf.float32, name="x")
    above = tf.function(lambda x: x > limit, [spec])
    one = tf.constant([1.0])
    assert above(one).numpy().item()
    limit = 2.0
    assert above(one).numpy().item()
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("above", above)
    archive.write_out(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.signatures["above"](x=one)["output_0"].numpy().item()
    assert not loaded.above(one).numpy().item()
    for reader in readers.READERS:
        assert readers.run(tmp_path, "above", {"x": [1.0]}, reader)["output_0"].item()


def test_a_variable_travels_and_can_be_changed(tmp_path):
    limit = tf.Variable(0.5)
    above = tf.function(lambda x: x > limit, [tf.TensorSpec((None,), tf.float32, name="x")])
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("above", above)
    limit.assign(2.0)
    archive.write_out(tmp_path, verbose=False)
    for reader in readers.READERS:
        assert not readers.run(tmp_path, "above", {"x": [1.0]}, reader)["output_0"].item()


def test_an_example_request_names_the_inputs_in_one_order(listed):
    """What TensorFlow gives them in changes from process to process."""
    signature = tf.saved_model.load(listed).signatures["classify"]
    assert list(json.loads(example(signature))) == sorted(RAW)


def test_the_signature_of_the_model_is_that_of_the_file(listed):
    signature = artifact.read(listed).signatures["classify"]
    assert {tensor.name: tensor.dtype for tensor in signature.inputs} == {
        "bill_length_mm": "float32",
        "body_mass_g": "float32",
        "island": "string",
        "sex": "string",
    }
    assert {tensor.shape for tensor in signature.inputs} == {(None,)}
