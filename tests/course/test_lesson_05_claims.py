"""Claims of lesson 05 that no cell of its page shows hold for the installed versions.

`tests/penguins/` has more of them: vocabularies, texts in LiteRT, and the cost of each mistake.
"""

import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from helpers import artifact, readers
from helpers.notebooks import derive
from helpers.paths import ROOT
from helpers.penguins.data import ISLANDS, SPECIES, penguins, take
from helpers.penguins.hand_preparation import by_hand
from helpers.penguins.preparation_mistakes import in_kilograms
from helpers.penguins.skew import trained_network
from helpers.readers import ReaderError

TEXTS = tf.TensorSpec((None,), tf.string, name="words")
PHOTOS = tf.TensorSpec((None,), tf.string, name="photos")
SERVER = ("python", "session")


def write(folder, key, function, spec, *parts):
    archive = tf.keras.export.ExportArchive()
    for part in parts:
        archive.track(part)
    archive.add_endpoint(key, function, [spec] if spec is not None else None)
    archive.write_out(folder, verbose=False)
    return folder


@pytest.fixture(scope="module")
def trained():
    return trained_network()


def texts_of(picture):
    source = (ROOT / "notebooks" / "images" / picture).read_text(encoding="utf-8")
    return re.findall(r"<text[^>]*>([^<]+)</text>", source)


def test_the_pictures_show_the_numbers_of_a_penguin(trained):
    _, known = trained
    row = take(penguins(), [200])
    features = [f"{value:g}" for value in by_hand(row, known)[0].astype(float).round(2)]
    assert features == ["0.16", "1.09", "1", "0", "0", "1", "0"]
    shown = texts_of("seven_numbers.svg")
    assert [text for text in shown if re.fullmatch(r"[\d.]+", text)] == ["44.9", "5100", *features]
    wrong = by_hand(in_kilograms(row), known)[0, 1]
    assert {"5100 g", "1.09", "5.1 kg", f"{wrong:.2f}"} <= set(texts_of("skew.svg"))


def test_the_recipe_takes_raw_rows_in_every_reader(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (cell,) = [
        cell.source
        for cell in derive("05_preprocessing_and_assets", "notebooks").cells
        if cell.source.startswith("## The recipe")
    ]
    names: dict = {}
    exec(re.findall(r"```python\n(.*?)```", cell, re.S)[0], names)
    mass, island = np.float32([[5100], [3700]]), np.array([["Dream"], ["Paulet"]], object)
    right = names["model"]([tf.constant(mass), tf.constant(island)])
    assert np.allclose(np.sum(right, axis=1), 1)
    for reader in readers.READERS:
        sent = {"body_mass_g": mass, "island": island}
        (got,) = readers.run(tmp_path / "raw_rows", "serving_default", sent, reader).values()
        np.testing.assert_allclose(got, right, atol=1e-5)


def test_a_missing_value_names_the_first_species_in_every_reader(trained, tmp_path):
    model, _ = trained

    def classify(features):
        probabilities = model(features)
        return {
            "species": tf.gather(SPECIES, tf.argmax(probabilities, axis=1)),
            "probability": tf.reduce_max(probabilities, axis=1),
        }

    spec = tf.TensorSpec((None, 7), tf.float32, name="features")
    write(tmp_path, "classify", classify, spec, model)
    row = np.float32([[np.nan, 1, 1, 0, 0, 1, 0]])
    for reader in readers.READERS:
        got = readers.run(tmp_path, "classify", {"features": row}, reader)
        assert got["species"].astype(str) == [SPECIES[0]] == ["Adelie"]
        assert np.isnan(got["probability"]).all()


def test_a_spec_without_a_name_gets_that_of_the_argument(tmp_path):
    write(tmp_path, "same", lambda grams: tf.identity(grams), tf.TensorSpec((None,), tf.float32))
    assert artifact.read(tmp_path).signatures["same"].inputs[0].name == "grams"


def test_an_export_with_an_asset_can_be_zipped(tmp_path):
    words = tmp_path / "islands.txt"
    words.write_text("\n".join(ISLANDS))
    lookup = tf.keras.layers.StringLookup(vocabulary=str(words), output_mode="one_hot")
    lookup(tf.constant(["Dream"]))
    write(tmp_path / "filed", "columns", lookup, TEXTS, lookup)
    shutil.make_archive(str(tmp_path / "posted"), "zip", tmp_path / "filed")
    for name in ("filed", "islands.txt"):
        (tmp_path / name).rename(tmp_path / f"{name}.before")
    shutil.unpack_archive(tmp_path / "posted.zip", tmp_path / "arrived")
    assert [path.name for path in (tmp_path / "arrived" / "assets").iterdir()] == ["islands.txt"]
    for reader in SERVER:
        got = readers.run(tmp_path / "arrived", "columns", {"words": ["Dream"]}, reader)
        assert got["output_0"].tolist() == [[0, 0, 1, 0]]


def test_a_custom_operation_is_stored_by_its_name(tmp_path):
    """An operation that the reader does not know stands for one of another library."""
    write(tmp_path, "doubled", lambda x: tf.nn.softplus(x), tf.TensorSpec((None,), tf.float32))
    file = tmp_path / "saved_model.pb"
    stored = SavedModel.FromString(file.read_bytes())
    for function in stored.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = "PenguinSoftplus" if node.op == "Softplus" else node.op
    file.write_bytes(stored.SerializeToString())
    for reader in SERVER:
        with pytest.raises(ReaderError, match="Op type not registered 'PenguinSoftplus'"):
            readers.run(tmp_path, "doubled", {"x": [1.0]}, reader)


def test_a_py_function_is_found_in_its_own_process_only(tmp_path):
    def capitals(words):
        return tf.py_function(lambda x: tf.strings.upper(x), [words], tf.string)

    write(tmp_path, "capitals", capitals, TEXTS)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.capitals(tf.constant(["male"])).numpy() == [b"MALE"]
    for reader in SERVER:
        with pytest.raises(ReaderError, match="Could not find callback"):
            readers.run(tmp_path, "capitals", {"words": ["male"]}, reader)


RANDOM = {
    "RandomBrightness": lambda: tf.keras.layers.RandomBrightness(0.5),
    "RandomFlip": tf.keras.layers.RandomFlip,
    "RandomRotation": lambda: tf.keras.layers.RandomRotation(0.3),
}
IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3)).astype(np.float32)


def answers_are_equal(ask):
    first, *others = (np.asarray(ask()) for _ in range(6))
    return all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("name", RANDOM)
def test_the_export_of_a_random_layer_is_random_unless_training_is_false(tmp_path, name):
    model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), RANDOM[name]()])
    assert answers_are_equal(lambda: model.predict(IMAGES, verbose=0))
    assert not answers_are_equal(lambda: model(IMAGES))
    model.export(tmp_path / "exported", verbose=False)
    spec = tf.TensorSpec((None, 8, 8, 3), tf.float32, name="images")
    used = write(
        tmp_path / "used", "serve", lambda images: model(images, training=False), spec, model
    )

    def ask(folder):
        loaded = tf.saved_model.load(folder)
        return answers_are_equal(lambda: loaded.serve(IMAGES))

    assert not ask(tmp_path / "exported")
    assert ask(used)


def test_other_layers_of_the_training_are_off_in_an_export(tmp_path):
    layers = [tf.keras.layers.GaussianNoise(1.0), tf.keras.layers.Dropout(0.5)]
    model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), *layers])
    model.export(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    assert answers_are_equal(lambda: loaded.serve(IMAGES))


def test_litert_cannot_decode_photos(tmp_path):
    def pixels(photos):
        def decode(photo):
            image = tf.io.decode_image(photo, channels=3, expand_animations=False)
            return tf.image.resize(image, (8, 8))

        return tf.map_fn(decode, photos, tf.float32)

    write(tmp_path, "pixels", pixels, PHOTOS)
    photo = tf.io.encode_png(np.zeros((9, 5, 3), np.uint8)).numpy()
    sent = {"photos": [photo, photo]}
    for reader in SERVER:
        assert readers.run(tmp_path, "pixels", sent, reader)["output_0"].shape == (2, 8, 8, 3)
    with pytest.raises(ReaderError, match="ConverterError"):
        readers.run(tmp_path, "pixels", sent, "litert")
