"""Inputs are made from what the graph of an export does with them, and the readers accept them."""

import base64

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact
from helpers.artifact.saved_model import serving_graph
from helpers.readers.compare import compare
from helpers.readers.graph_hints import hints_of
from helpers.readers.made_inputs import Trial, make
from helpers.readers.outcomes import ANSWERS, OTHER, SAME

STRINGS = tf.TensorSpec((None,), tf.string, name="x")
KEY = "serving_default"


@pytest.fixture
def exports(tmp_path):
    """A function of (function, specs): saves the function and returns (directory, signature)."""

    def save(function, *specs):
        module = tf.Module()
        module.weights = tf.Variable(tf.random.normal((3, 2)))
        module.f = tf.function(lambda *x: function(*x), input_signature=specs, autograph=False)
        tf.saved_model.save(module, str(tmp_path / "export"), signatures=module.f)
        return tmp_path / "export", artifact.read(tmp_path / "export").signatures[KEY]

    return save


def made(export):
    directory, signature = export
    return make(signature, Trial(3, 8), hints_of(directory, signature))


def assert_readers_agree(directory):
    python, session, _ = compare(directory, signature=KEY).rows
    assert (python.status, session.status) == (ANSWERS, SAME), (python.error, session.error)


def pixels(decode):
    def one(text):
        return tf.reduce_mean(tf.cast(decode(text), tf.float32), (0, 1))

    return lambda x: {"y": tf.map_fn(one, x, fn_output_signature=tf.float32)}


def jpeg(text):
    return tf.ensure_shape(tf.io.decode_jpeg(text, channels=3), (None, None, 3))


def png(text):
    return tf.ensure_shape(tf.io.decode_png(text, channels=4), (None, None, 4))


def any_image(text):
    return tf.io.decode_image(text, channels=1, expand_animations=False)


def in_base64(text):
    return jpeg(tf.io.decode_base64(text))


@pytest.mark.parametrize(
    ("decode", "start"),
    [
        (jpeg, b"\xff\xd8\xff"),
        (png, b"\x89PNG"),
        (any_image, b"\xff\xd8\xff"),
        (in_base64, b"_9j_"),
    ],
)
def test_encoded_images(exports, decode, start):
    export = exports(pixels(decode), STRINGS)
    images = made(export)["x"]
    assert len(set(images)) == 3 and all(image.startswith(start) for image in images)
    if decode is in_base64:
        assert base64.urlsafe_b64decode(images[0]).startswith(b"\xff\xd8\xff")
    assert_readers_agree(export[0])


def parsed(x):
    found = tf.io.parse_example(
        x,
        {
            "age": tf.io.FixedLenFeature((3,), tf.float32),
            "kind": tf.io.FixedLenFeature((), tf.string),
            "tags": tf.io.VarLenFeature(tf.int64),
            "image/encoded": tf.io.FixedLenFeature((), tf.string),
            "left": tf.io.RaggedFeature(tf.float32),
        },
    )
    colours = pixels(jpeg)(found["image/encoded"])["y"]
    return {
        "y": found["age"],
        "colours": colours,
        "kind": found["kind"],
        "tags": tf.sparse.to_dense(found["tags"]),
        "left": tf.reduce_sum(found["left"], axis=1),
    }


def test_serialized_examples(exports):
    export = exports(parsed, STRINGS)
    example = tf.train.Example.FromString(made(export)["x"][0])
    features = example.features.feature
    assert set(features) == {"age", "kind", "tags", "image/encoded", "left"}
    assert len(features["age"].float_list.value) == 3
    assert features["image/encoded"].bytes_list.value[0].startswith(b"\xff\xd8\xff")
    assert_readers_agree(export[0])


def parsed_alone(x):
    spec = {"n": tf.io.FixedLenFeature((2,), tf.int64)}
    return {"y": tf.io.parse_single_example(x, spec)["n"]}


def test_a_single_serialized_example(exports):
    export = exports(parsed_alone, tf.TensorSpec((), tf.string, name="x"))
    example = tf.train.Example.FromString(made(export)["x"].item())
    assert len(example.features.feature["n"].int64_list.value) == 2
    assert_readers_agree(export[0])


def test_ragged_and_sparse_inputs_fit_together(exports, tmp_path):
    ragged = tf.RaggedTensorSpec((None, None), tf.float32)
    sparse = tf.SparseTensorSpec((None, 3), tf.float32)
    deep = tf.RaggedTensorSpec((None, None, None), tf.float32)

    def use(r, s, d):
        inner = tf.reduce_sum(tf.reduce_sum(d, axis=2), axis=1)
        sums = tf.sparse.reduce_sum(s, axis=1)
        return {"r": tf.reduce_sum(r, axis=1), "s": sums, "d": inner}

    export = exports(use, ragged, sparse, deep)
    names = [tensor.name for tensor in export[1].inputs]
    assert len(names) == 8, names
    assert_readers_agree(export[0])
    (found,) = compare(export[0]).evidence
    assert {output.name: output.power for output in found.outputs} == dict.fromkeys("drs", "varies")


@pytest.mark.parametrize("in_a_file", [False, True])
def test_words_of_a_vocabulary(tmp_path, in_a_file):
    words, layers = ["zyx", "wvu", "tsr"], tf.keras.layers
    file = tmp_path / "words.txt"
    file.write_text("\n".join(words))
    lookup = layers.StringLookup(vocabulary=str(file) if in_a_file else words)
    inputs = tf.keras.Input((1,), dtype="string", name="x")
    model = tf.keras.Model(inputs, layers.Embedding(4, 2)(lookup(inputs)))
    model.export(tmp_path / "export", verbose=False)
    signature = artifact.read(tmp_path / "export").signatures[KEY]
    hints = hints_of(tmp_path / "export", signature)
    texts = make(signature, Trial(64, 8), hints)["x"].ravel()
    assert set(texts) >= {word.encode() for word in words}
    assert set(texts) & {b"red", b"green", b"blue"}, "unknown words, too"
    assert_readers_agree(tmp_path / "export")


def test_sentences_for_text_that_is_split(tmp_path):
    vectorize = tf.keras.layers.TextVectorization(vocabulary=["zyx", "wvu"])
    model = tf.keras.Sequential([tf.keras.Input((1,), dtype="string", name="x"), vectorize])
    model.export(tmp_path, verbose=False)
    texts = made((tmp_path, artifact.read(tmp_path).signatures[KEY]))["x"].ravel()
    assert all(b" " in text for text in texts) and any(b"zyx" in text for text in texts)


def embedding(tmp_path):
    inputs = tf.keras.Input((5,), dtype="int32", name="x")
    tf.keras.Sequential([inputs, tf.keras.layers.Embedding(5000, 2)]).export(
        tmp_path, verbose=False
    )
    return tmp_path, artifact.read(tmp_path).signatures[KEY]


def test_row_numbers_of_an_embedding(tmp_path):
    numbers = made(embedding(tmp_path))["x"]
    assert numbers.dtype == "int32"
    assert (numbers.min(), numbers.max()) == (0, 4999), "the first and the last row"
    assert len(np.unique(numbers)) > 5


FUNCTIONS = {
    # what: (function, values that are allowed)
    "one hot": (lambda x: {"y": tf.one_hot(x, 40)}, range(40)),
    "gather": (lambda x: {"y": tf.gather(tf.random.normal((30,), seed=1), x)}, range(10)),
    "constant table": (lambda x: {"y": tf.gather(tf.range(30) * 2, x)}, range(30)),
    "known numbers": (lambda x: {"y": tf.equal(x[:, None], [700, 800])}, [700, 800]),
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_whole_numbers(exports, what):
    function, allowed = FUNCTIONS[what]
    export = exports(function, tf.TensorSpec((None,), tf.int64, name="x"))
    assert set(made(export)["x"].tolist()) <= set(allowed)


def test_texts_of_numbers_and_known_words(exports):
    numbers = exports(lambda x: {"y": tf.strings.to_number(x)}, STRINGS)
    assert all(float(text) for text in made(numbers)["x"])
    words = exports(lambda x: {"y": tf.equal(x[:, None], ["male", "female"])}, STRINGS)
    texts = {text.decode() for text in made(words)["x"]}
    assert texts <= {"male", "female", "red", "green", "blue"} and texts & {"male", "female"}


def test_inputs_with_tables_of_their_own(exports):
    """Each input of several gets the words of its own table."""
    both = STRINGS, tf.TensorSpec((None,), tf.string, name="z")
    left, right = (tf.equal, ["left"]), (tf.equal, ["right"])
    export = exports(lambda x, z: {"a": left[0](x, left[1]), "b": right[0](z, right[1])}, *both)
    values = {
        name: set(array) - {b"red", b"green", b"blue"} for name, array in made(export).items()
    }
    assert values == {"x": {b"left"}, "z": {b"right"}}


def test_floats_get_no_hint(exports):
    export = exports(lambda x: {"y": x * 2}, tf.TensorSpec((None,), tf.float32, name="x"))
    assert hints_of(*export) == {}


def test_a_graph_without_functions(tmp_path):
    """As TensorFlow 1 writes it: outputs have numbers, and the table is in the graph itself."""
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.string, (None,), name="x")
        texts = tf.io.FixedLenFeature((), tf.string)
        spec = {"a": tf.io.FixedLenFeature((2,), tf.float32), "w": texts, "image": texts}
        parts = v1.io.parse_example(x, spec)
        keys = tf.lookup.KeyValueTensorInitializer(["zyx", "wvu"], tf.constant([1, 2], tf.int64))
        found = tf.lookup.StaticHashTable(keys, 0).lookup(parts["w"])
        outputs = {"y": pixels(png)(parts["image"])["y"], "k": found, "a": parts["a"]}
        start = v1.tables_initializer()
        session.run(start)
        builder = v1.saved_model.Builder(str(tmp_path / "export"))
        promised = v1.saved_model.predict_signature_def({"x": x}, outputs)
        builder.add_meta_graph_and_variables(session, ["serve"], {KEY: promised}, main_op=start)
        builder.save()
    signature = artifact.read(tmp_path / "export").signatures[KEY]
    example = tf.train.Example.FromString(made((tmp_path / "export", signature))["x"][0])
    features = example.features.feature
    assert features["image"].bytes_list.value[0].startswith(b"\x89PNG")
    assert len(features["a"].float_list.value) == 2
    assert_readers_agree(tmp_path / "export")
    (compared,) = compare(tmp_path / "export").evidence
    (table,) = [output for output in compared.outputs if output.name == "k"]
    assert table.most in (1, 2), "words of the table are found in it"


def test_a_damaged_graph_has_no_hints(exports, monkeypatch):
    export = exports(lambda x: {"y": tf.equal(x, "a")}, STRINGS)
    graph = serving_graph(export[0])
    for function in graph.graph_def.library.function:
        for node in function.node_def:
            del node.input[:]
            node.op = "ReadVariableOp" if node.op == "Const" else node.op
    monkeypatch.setattr("helpers.readers.graph_hints.serving_graph", lambda path: graph)
    assert hints_of(*export) == {}


def test_a_graph_that_rounds_to_steps_gets_numbers_beyond_its_range(exports):
    spec = tf.TensorSpec((None, 4), tf.float32, name="x")
    directory, signature = exports(
        lambda x: {"y": 2.0 * tf.quantization.fake_quant_with_min_max_args(x, -8.0, 8.0)}, spec
    )
    x = make(signature, Trial(3, 8), hints_of(directory, signature))["x"]
    assert x.shape == (3, 4) and (np.abs(x) > 8).any() and (np.abs(x) < 8).any()
    report = compare(directory)
    assert [row.status for row in report.rows] == [ANSWERS, SAME, OTHER], report
    assert "numbers of which one in 2 is times 10" in report.text()


def test_another_graph_of_floats_gets_usual_numbers(exports):
    directory, signature = exports(lambda x: {"y": 2.0 * x}, tf.TensorSpec((None,), name="x"))
    assert hints_of(directory, signature) == {}
