"""The exports of exercise 5: those of the learner's team, and those that an allow list judges."""

import contextlib
from pathlib import Path

from helpers.exercises.lesson_04.untrusted_exports import SPEC, untrusted_exports


def own_exports(folder: Path) -> list[Path]:
    """Make the exports of the team, whose types of operations are allowed.

    Parameters
    ----------
    folder : Path
        Where the exports are made.

    Returns
    -------
    list of Path
    """
    with _functions(folder) as functions:
        return [
            _save(Path(folder) / name, compute, **kept)
            for name, (compute, kept) in functions.items()
        ]


@contextlib.contextmanager
def _functions(folder):
    """Give {name: (function, what it needs)} of the team. Save them in the block."""
    import tensorflow as tf

    Path(folder).mkdir(exist_ok=True)
    weight = tf.Variable(3.0)
    words = tf.constant(["red", "green"]), tf.constant([1.0, 2.0])
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(*words), -1.0)
    vocabulary = Path(folder) / "words.txt"
    vocabulary.write_text("red\ngreen\n", encoding="utf-8")
    kind, index = tf.lookup.TextFileInitializer, tf.lookup.TextFileIndex
    file = kind(str(vocabulary), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
    lines = tf.lookup.StaticHashTable(file, -1)

    def line(x):
        return weight * x + 1.0

    def discount(x):
        if tf.reduce_sum(x) > 100.0:
            x = tf.zeros_like(x)
        return 0.9 * x

    def labels(x):
        x = tf.ensure_shape(tf.identity(x), (None,))
        texts = tf.strings.as_string(x)
        lengths = tf.cast(tf.strings.length(texts), tf.float32)
        return tf.cast(lines.lookup(texts), tf.float32) + lengths

    yield {
        "line": (line, {"weight": weight}),
        "discount": (discount, {"table": table}),
        "labels": (labels, {"lines": lines}),
    }
    vocabulary.unlink()  # the export has its own copy


def offered_exports(folder: Path) -> tuple[dict[str, tuple[Path, bool, str]], Path]:
    """Make the exports that the learner's function judges.

    Parameters
    ----------
    folder : Path
        Where the exports are made.

    Returns
    -------
    made : dict
        {name: (directory, whether the function should accept it, what the export does)}
    trace : Path
        A file that exists only if an export was loaded or called.
    """
    import tensorflow as tf

    made, trace = untrusted_exports(Path(folder))

    def add(name, accepted, words, compute, **kept):
        made[name] = (_save(Path(folder) / name, compute, **kept), accepted, words)

    with _functions(folder) as functions:
        (line, first), (discount, second), (labels, third) = functions.values()
        words = "has all types of operations of your exports together, and no other"
        inner = tf.function(discount)  # a call of it is an operation, too
        add("all", True, words, lambda x: labels(inner(line(x))), **first, **second, **third)

    def lists_files(x):
        return x + tf.cast(tf.size(tf.io.matching_files(str(trace) + "*")), tf.float32)

    def prints(x):
        tf.print(x, output_stream=f"file://{trace}")
        return x + 1.0

    add("lists", False, "lists the files of a folder, with MatchingFiles", lists_files)
    add("prints", False, "writes to a file with PrintV2", prints)
    add("sinh", False, "computes with Sinh, which none of your exports has", tf.math.sinh)
    no_nan = tf.math.multiply_no_nan  # its type begins like Mul, which the team's exports have
    add(
        "no_nan",
        False,
        "computes with MulNoNan, which none of your exports has",
        lambda x: no_nan(x, 2.0),
    )
    add("company", False, "has an operation that TensorFlow does not know", lambda x: 2.0 * x)
    _change(made["company"][0], _rename_an_operation)
    add("second", False, "has a second graph, and this one writes a file", lambda x: 2.0 * x)
    _change(made["second"][0], lambda model: _add_the_graph_of(model, made["writes"][0]))
    return made, trace


def _save(directory, compute, **kept):
    import tensorflow as tf

    module = tf.Module()
    spec = [tf.TensorSpec((None,), tf.float32, name=SPEC)]
    module.compute = tf.function(compute, input_signature=spec)
    for name, value in kept.items():
        setattr(module, name, value)
    tf.saved_model.save(module, str(directory), signatures=module.compute)
    return Path(directory)


def _change(directory, change):
    from tensorflow.core.protobuf import saved_model_pb2

    file = directory / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model)
    file.write_bytes(model.SerializeToString())


def _rename_an_operation(model):
    functions = model.meta_graphs[0].graph_def.library.function
    node = next(node for f in functions for node in f.node_def if node.op == "Mul")
    node.op = "ReadVariable"  # a part of ReadVariableOp, which the team's exports have


def _add_the_graph_of(model, directory):
    from tensorflow.core.protobuf import saved_model_pb2

    data = (directory / "saved_model.pb").read_bytes()
    other = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0]
    other.meta_info_def.tags[:] = ["train"]
    model.meta_graphs.append(other)
