"""The untrusted exports of lesson 04: harmless exports, and exports that use files or Python.

The second kind writes or reads one text file in the exercise's own folder. Neither this module nor
the check loads an export, so if the file exists, the learner's function loaded one.
"""

from pathlib import Path

SPEC = "x"
# Each of these types alone decides about at least one export.
FOUR_TYPES = ("WriteFile", "ReadFile", "PyFunc", "EagerPyFunc")


def untrusted_exports(folder: Path) -> tuple[dict[str, tuple[Path, bool, str]], Path]:
    """Make harmless and dangerous exports.

    Parameters
    ----------
    folder : Path
        Where the exports are made.

    Returns
    -------
    made : dict
        {name: (directory, whether the export is harmless, what the export does)}
    trace : Path
        A file that exists only if an export was loaded or called.
    """
    import tensorflow as tf

    trace = Path(folder) / "an export was run.txt"
    spec = [tf.TensorSpec((None,), tf.float32, name=SPEC)]
    made = {}

    def write():
        return tf.io.write_file(str(trace), "an export was run")

    def add(name, harmless, words, compute, unsigned=None, has_if=False, **kept):
        module = tf.Module()
        # Autograph rewrites the code of a function, which takes longer than its trace.
        module.compute = tf.function(compute, input_signature=spec, autograph=has_if)
        if unsigned:
            module.unsigned = tf.function(unsigned, input_signature=spec, autograph=False)
        for key, value in kept.items():
            setattr(module, key, value)
        directory = Path(folder) / name
        tf.saved_model.save(module, str(directory), signatures=module.compute)
        made[name] = (directory, harmless, words)

    def writes(x):
        write()
        return 2.0 * x

    def writes_sometimes(x):
        if tf.reduce_sum(x) > 1000.0:
            write()
        return 2.0 * x

    def chooses(x):
        if tf.reduce_sum(x) > 1000.0:
            x = tf.zeros_like(x)
        return 2.0 * x

    def reads(x):
        return x + tf.cast(tf.strings.length(tf.io.read_file(str(words))), tf.float32)

    def python(x):
        answer = tf.numpy_function(lambda v: 2 * v, [x], tf.float32)  # PyFunc
        return tf.ensure_shape(answer, (None,))

    def eager_python(x):
        answer = tf.py_function(lambda v: 2 * v, [x], tf.float32)  # EagerPyFunc
        return tf.ensure_shape(answer, (None,))

    def names(x):
        text = tf.constant(str(trace))
        for name in FOUR_TYPES:
            x = tf.identity(x, name=name)
        x = tf.ensure_shape(x, (None,))  # as in the exports that call Python
        return x + 0.0 * tf.cast(tf.strings.length(text), tf.float32)

    weight = tf.Variable(2.0)
    add("line", True, "only multiplies by a weight", lambda x: weight * x, w=weight)
    add("writes", False, "writes a file when its signature is called", writes)
    add(
        "branch",
        False,
        "writes a file in one branch of an if, which saved_model_cli scan does not read",
        writes_sometimes,
        has_if=True,
    )
    add("choice", True, "has an if, with arithmetic in both branches", chooses, has_if=True)

    words = Path(folder) / "words.txt"
    words.write_text("1\n2\n", encoding="utf-8")
    kind, index = tf.lookup.TextFileInitializer, tf.lookup.TextFileIndex
    lines = kind(str(words), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
    table = tf.lookup.StaticHashTable(lines, -1)
    add(
        "vocabulary",
        True,
        "reads its own vocabulary, a file in its assets/, when it is loaded",
        lambda x: tf.cast(table.lookup(tf.strings.as_string(x)), tf.float32),
        table=table,
    )
    add("reads", False, "reads a file that is not its own", reads)

    class Loading(tf.lookup.KeyValueTensorInitializer):
        def initialize(self, table):
            if tf.executing_eagerly():  # in this function, when the export is made
                return super().initialize(table)
            with tf.control_dependencies([write()]):
                return super().initialize(table)

    loading = tf.lookup.StaticHashTable(Loading(tf.constant([0]), tf.constant([2.0])), 0.0)
    add(
        "loading",
        False,
        "writes a file as soon as it is loaded",
        lambda x: loading.lookup(tf.constant(0)) * x,
        table=loading,
    )
    add(
        "names",
        True,
        f"has operations with the names {', '.join(FOUR_TYPES)}, all of the type Identity, and the "
        "name of a file in a text",
        names,
    )
    add(
        "aside",
        False,
        "writes a file in a function that is not a signature but can be called from Python",
        lambda x: 2.0 * x,
        unsigned=writes,
    )
    add("python", False, "calls a function of the Python process that loads it", python)
    add(
        "eager",
        False,
        "calls a function of the Python process that loads it, with tensors of TensorFlow",
        eager_python,
    )
    add(
        "served",
        False,
        "writes a file, by an operation outside of all functions, when TensorFlow Serving calls "
        "its signature",
        lambda x: 2.0 * x,
    )
    _write_outside_of_functions(made["served"][0] / "saved_model.pb", str(trace))
    add("cut", False, "is incomplete, so it cannot be checked", lambda x: 2.0 * x)
    graph = made["cut"][0] / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:3000])
    return made, trace


def _write_outside_of_functions(file, path):
    """Add an operation to the main graph of an export: it writes a file before each answer."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    with tf.Graph().as_default() as added:
        tf.raw_ops.WriteFile(filename=path, contents="an export was run", name="note")
    graph = model.meta_graphs[0]
    graph.graph_def.node.extend(added.as_graph_def().node)
    outputs = graph.signature_def["serving_default"].outputs.values()
    answering = {tensor.name.split(":")[0] for tensor in outputs}
    for node in graph.graph_def.node:
        if node.name in answering:
            node.input.append("^note")
    file.write_bytes(model.SerializeToString())
