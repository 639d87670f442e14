"""Write the tiny exports of the conformance vectors; each function has the name of its folder."""

import keras
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

DEFAULT = "serving_default"


def takes(*specs):
    """Make a decorator for a signature with inputs (name, dtype, shape); (name,) means float32."""
    defaults = ("x", tf.float32, None)

    def spec(given):
        name, dtype, shape = (*given, *defaults[len(given) :])
        return tf.TensorSpec(shape, dtype, name=name)

    return tf.function(input_signature=[spec(given) for given in specs])


def save(folder, signatures, module=None):
    tf.saved_model.save(module or tf.Module(), str(folder), signatures=signatures)


def half_plus_two(folder):
    @takes(("x",))
    def half(x):
        return {"y": x / 2 + 2}

    @takes(("x",))
    def triple(x):
        return {"tripled": 3 * x}

    @takes(("x",))
    def invert(x):
        return {"y": 1 / x}

    # The vectors need the leading zeros: this is version 123.
    save(folder / "00000123", {DEFAULT: half, "triple": triple, "invert": invert})


def two_inputs(folder):
    @takes(("a", tf.float32, None), ("b", tf.int32, None))
    def both(a, b):
        return {"sum": a + tf.cast(b, a.dtype), "difference": a - tf.cast(b, a.dtype)}

    @takes(("a", tf.float32, None), ("b", tf.int32, None))
    def total(a, b):
        return {"sum": a + tf.cast(b, a.dtype)}

    save(folder / "1", {DEFAULT: both, "total": total})


JSON_TYPES = (
    *("float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint32", "uint64", "bool", "string"),
)
OTHER_TYPES = ("float16", "bfloat16", "uint16", "complex64")


def types(folder):
    """Save an identity signature for each type, and a signature as_TYPE that casts to the type."""
    signatures = {}
    for name in JSON_TYPES + OTHER_TYPES:
        signatures[name] = takes(("x", tf.as_dtype(name)))(lambda x: {"y": tf.identity(x)})
    for name in OTHER_TYPES:
        signatures[f"as_{name}"] = takes(("x",))(lambda x, name=name: {"y": tf.cast(x, name)})
    save(folder / "1", signatures)


def texts(folder):
    @takes(("text", tf.string))
    def echo(text):
        return {"echo": tf.identity(text), "echo_bytes": tf.identity(text)}

    @takes(("text", tf.string))
    def plain(text):
        return {"echo": tf.identity(text)}

    @takes(("text", tf.string))
    def only_bytes(text):
        return {"echo_bytes": tf.identity(text)}

    @takes(("text", tf.string))
    def length(text):
        return {"bytes": tf.strings.length(text)}

    @takes(("x",))
    def not_text(x):
        return {"y_bytes": tf.identity(x)}

    save(
        folder / "1",
        {
            DEFAULT: echo,
            "plain": plain,
            "only_bytes": only_bytes,
            "length": length,
            "not_text": not_text,
        },
    )


def shapes(folder):
    @takes(("x",))
    def scalar(x):
        return {"total": tf.reduce_sum(x)}

    @takes(("x",))
    def uneven(x):
        return {"all": tf.identity(x), "first": x[:1]}

    @takes(("x", tf.float32, (None, 3)))
    def product(x):
        return {"y": tf.linalg.matmul(x, tf.constant([[1.0], [10.0], [100.0]]))}

    @takes(("x", tf.float32, (None, 2)))
    def twice(x):
        return {"y": 2 * x}

    @takes(("x", tf.float32, (None, 2)))
    def pairs(x):
        return {"first": x[:, 0], "row": tf.identity(x)}

    save(
        folder / "1",
        {DEFAULT: twice, "scalar": scalar, "uneven": uneven, "product": product, "pairs": pairs},
    )


def _feature(inputs, name="x", shape=(1,), dtype=tf.float32):
    feature = tf.io.FixedLenFeature(shape, dtype)
    return tf.io.parse_example(inputs, {name: feature})[name]


EXAMPLES = takes(("inputs", tf.string, (None,)))


def classify(folder):
    def label(x):
        return tf.tile([["low", "high"]], [tf.shape(x)[0], 1])

    def score(x):
        return tf.concat([1 - x, x], 1)

    def half(inputs):
        return _feature(inputs) / 2 + 2

    @takes(("examples", tf.string, (None,)))
    def wrong_input(examples):
        return {"scores": half(examples)}

    @takes(("inputs", tf.string, (None,)), ("more",))
    def two_inputs(inputs, more):
        return {"scores": half(inputs) + more}

    answers = {
        DEFAULT: lambda x: {"classes": label(x), "scores": score(x)},
        "scores_only": lambda x: {"scores": x / 2 + 2},
        "classes_only": lambda x: {"classes": label(x)},
        "three_outputs": lambda x: {"classes": label(x), "scores": score(x), "more": x},
        "wrong_outputs": lambda x: {"labels": label(x)},
        "flat_scores": lambda x: {"scores": x[:, 0]},
        "flat_classes": lambda x: {"classes": label(x)[:, 0]},
        "double_scores": lambda x: {"scores": tf.cast(x, tf.float64)},
        "number_classes": lambda x: {"classes": tf.cast(x, tf.int64)},
        "one_row_of_scores": lambda x: {"scores": x[:1]},
        "one_row_of_classes": lambda x: {"classes": label(x)[:1]},
        "uneven": lambda x: {"classes": label(x), "scores": x},
        "value": lambda x: {"outputs": x / 2 + 2},  # for regress, in a request with the others
    }
    signatures = {
        name: EXAMPLES(lambda inputs, answer=answer: answer(_feature(inputs)))
        for name, answer in answers.items()
    }
    save(folder / "1", signatures | {"wrong_input": wrong_input, "two_inputs": two_inputs})


def regress(folder):
    def of(name="x", shape=(1,), dtype=tf.float32):
        """Make a signature that applies a function to the value of one feature."""

        def signature(answer):
            return EXAMPLES(
                lambda inputs: answer(_feature(inputs, name, shape, dtype)),
            )

        return signature

    @takes(("examples", tf.string, (None,)))
    def wrong_input(examples):
        return {"outputs": _feature(examples)}

    save(
        folder / "1",
        {
            DEFAULT: of()(lambda x: {"outputs": x / 2 + 2}),
            "flat": of()(lambda x: {"outputs": x[:, 0] / 2 + 2}),
            "wide": of()(lambda x: {"outputs": tf.concat([x, x], 1)}),
            "double": of()(lambda x: {"outputs": tf.cast(x, tf.float64)}),
            "one_row": of()(lambda x: {"outputs": x[:1]}),
            "wrong_outputs": of()(lambda x: {"y": x}),
            "two_outputs": of()(lambda x: {"outputs": x, "more": x}),
            "wrong_input": wrong_input,
            "pair": of("pair", (2,))(lambda x: {"outputs": tf.reduce_sum(x, 1)}),
            "count": of("count", (1,), tf.int64)(
                lambda x: {"outputs": tf.cast(x, tf.float32)},
            ),
            "letters": of("name", (1,), tf.string)(
                lambda x: {"outputs": tf.cast(tf.strings.length(x), tf.float32)},
            ),
        },
    )


def versions(folder):
    """Save versions that answer with their own number; the third has leading zeros."""
    for directory in ("1", "2", "00003"):

        @takes(("x",))
        def number(x, value=float(int(directory))):
            return {"version": tf.zeros_like(x) + value}

        save(folder / directory, {DEFAULT: number})


def defaults(folder):
    @takes(("a",), ("b",))
    def total(a, b):
        return {"sum": a + b}

    save(folder / "1", {DEFAULT: total})
    path = folder / "1" / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    ten = model.meta_graphs[0].signature_def[DEFAULT].defaults["b"]
    text_format.Parse("dtype: DT_FLOAT tensor_shape {} float_val: 10", ten)
    path.write_bytes(model.SerializeToString())


def no_inputs(folder):
    @tf.function(input_signature=[])
    def constant():
        return {"y": tf.constant([1.0, 2.0])}

    save(folder / "1", {DEFAULT: constant})


def vocabulary(folder):
    """Save an export whose initializer fills a table with the words of an asset."""
    words = folder.parent / "words.txt"
    words.write_text("cat\ndog\n")
    module = tf.Module()
    module.words = tf.saved_model.Asset(str(words))
    module.table = tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            module.words,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        -1,
    )

    @takes(("word", tf.string))
    def look_up(word):
        return {"index": module.table.lookup(word)}

    save(folder / "1", {DEFAULT: look_up}, module)
    words.unlink()


def keras_saved(folder):
    """Save a Keras model with tf.saved_model.save: only Python can restore its variables."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    save(folder / "1", None, model)


def write_configuration(folder, names):
    """Write a configuration of the models in a folder, for a server, and return its path."""
    entries = (
        f'config {{ name: "{name}" base_path: "{folder / name}" model_platform: "tensorflow" }}\n'
        for name in names
    )
    file = folder / "models.config"
    file.write_text(f"model_config_list {{\n{''.join(entries)}}}\n", encoding="utf-8")
    return file


EXPORTS = {
    each.__name__: each
    for each in (
        half_plus_two,
        two_inputs,
        types,
        texts,
        shapes,
        classify,
        regress,
        versions,
        defaults,
        no_inputs,
        vocabulary,
        keras_saved,
    )
}
