"""The gate for untrusted exports: what it refuses, what it accepts, and that nothing runs."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.framework import variable_pb2

from helpers import readers
from helpers.inspection.dangerous_operations import EFFECT, SAVERS
from helpers.inspection.gate import gate
from tests.inspection import exports
from tests.inspection.exports import add_node, copied, edit, module


def test_each_untrusted_export():
    made, trace = exports.given()
    for directory, harmless, words in made.values():
        verdict = gate(directory)
        assert verdict.ok == harmless, f"{verdict}\nIt {words}."
        assert ("✓ nothing found" if harmless else "✗ 1 reason not to load it") in str(verdict)
        assert not trace.exists(), f"looking at {directory.name} ran it"


def test_what_scan_does_not_see_is_said():
    """Lesson 04: branches, and functions that no signature calls."""
    made, _ = exports.given()
    for name in ("branch", "aside"):
        assert "does not contain" in readers.saved_model_cli("scan", made[name][0])[0]
        assert "scan did not see it" in str(gate(made[name][0]))
    assert "scan did not see it" not in str(gate(made["writes"][0]))


def test_the_command_runs_nothing_and_exits_with_0():
    """Lesson 04. The real command, once: what it says is what we are told of it."""
    made, trace = exports.given()
    directory = made["loading"][0]
    command = Path(sys.executable).with_name("saved_model_cli")
    running = [
        subprocess.Popen(
            [command, *arguments, "--dir", directory],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for arguments in (["scan"], ["show", "--all"])
    ]
    scan, show = (process.communicate(timeout=100)[0] for process in running)
    assert [process.returncode for process in running] == [0, 0]
    assert scan == readers.saved_model_cli("scan", directory)[0]
    assert "denylisted ops: {'WriteFile'}" in scan and "Function Name: 'compute'" in show
    assert not trace.exists()


# Exports as people make them


def with_vocabulary(folder, vocabulary):
    words = tf.keras.Input((1,), dtype="string", name="words")
    lookup = tf.keras.layers.StringLookup(vocabulary=vocabulary)
    model = tf.keras.Model(words, tf.keras.layers.Embedding(9, 2)(lookup(words)))
    model.export(folder / "export", verbose=False)
    return folder / "export"


def vocabulary_file(folder):
    (folder / "words.txt").write_text("red\ngreen\n")
    return with_vocabulary(folder, str(folder / "words.txt"))


def vocabulary_list(folder):
    return with_vocabulary(folder, ["red", "green"])


def recurrent(folder):
    x = tf.keras.Input((5, 3), name="x")
    tf.keras.Model(x, tf.keras.layers.LSTM(2)(x)).export(folder / "export", verbose=False)
    return folder / "export"


def saved_with_optimizer(folder):
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(tf.ones((4, 3)), tf.ones((4, 1)), verbose=0)
    tf.saved_model.save(model, str(folder / "export"))
    return folder / "export"


def of_tensorflow_1(folder):
    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, (None,), name="x")
        weight = v1.get_variable("weight", (), initializer=v1.ones_initializer())
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder / "export"), {"x": x}, {"y": weight * x})
    return folder / "export"


def printing(folder):
    def compute(x):
        for stream in (sys.stderr, sys.stdout, tf.compat.v1.logging.info):
            tf.print("x is", x, output_stream=stream)
        return x

    return module(folder / "export", compute)


def sampling(folder):
    """An operation that can read a vocabulary from a file, and is given none."""

    def compute(x):
        classes = tf.cast(x[:, None], tf.int64)
        drawn = tf.random.fixed_unigram_candidate_sampler(classes, 1, 2, False, 3, unigrams=[1] * 3)
        return tf.cast(drawn[0], tf.float32)

    return module(folder / "export", compute)


HARMLESS = (
    vocabulary_file,
    vocabulary_list,
    recurrent,
    saved_with_optimizer,
    of_tensorflow_1,
    printing,
    sampling,
)


@pytest.mark.parametrize("make", HARMLESS, ids=lambda make: make.__name__)
def test_ordinary_exports_are_let_in(tmp_path, make):
    directory = make(tmp_path)
    tf.saved_model.load(directory)
    verdict = gate(directory)
    assert verdict and verdict.ok, verdict


# What an attacker may try


def looping(x):
    return tf.while_loop(lambda i: i < 3, lambda i: [_printed(i)], [0])[0] + tf.cast(x, tf.int32)


def _printed(i):
    with tf.control_dependencies([tf.print(i, output_stream="file:///dev/null")]):
        return i + 1


def saving(x):
    tf.raw_ops.SaveV2(prefix="stolen", tensor_names=["x"], shape_and_slices=[""], tensors=[x])
    return x


def reading_lines(x):
    return x + tf.cast(tf.data.TextLineDataset("/etc/hostname").cardinality(), tf.float32)


def in_a_dataset(x):
    lines = tf.data.Dataset.range(3).map(lambda n: tf.strings.length(tf.io.read_file("secret")))
    return x + tf.cast(lines.reduce(0, lambda a, b: a + b), tf.float32)


def other_python(x):
    return tf.ensure_shape(tf.py_function(lambda v: v, [x], tf.float32), (None,))


def hidden_in_a_text(x):
    """A data set that writes a file, as one constant: no graph of the artifact has a WriteFile."""

    def writes(number):
        tf.io.write_file("trace", "written")
        return number

    with tf.init_scope():
        made = tf.data.Dataset.range(1).map(writes)._variant_tensor
        program = tf.raw_ops.DatasetToGraphV2(input_dataset=made).numpy()
    variant = tf.raw_ops.DatasetFromGraph(graph_def=program)
    numbers = tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.int64))
    return x + tf.cast(numbers.reduce(tf.constant(0, tf.int64), lambda a, b: a + b), tf.float32)


def decoding(x):
    texts = tf.strings.as_string(x)
    tf.io.decode_proto(texts, "a.Message", [], [], descriptor_source="/etc/hostname")
    return x


TRICKS = {
    "a program in a text": (hidden_in_a_text, "DatasetFromGraph holds a program"),
    "a description in a file": (decoding, "DecodeProtoV2 reads files"),
    "in a loop": (looping, "PrintV2 writes files"),
    "with the operation that every export has": (saving, "SaveV2 writes files"),
    "lines of a file": (reading_lines, "TextLineDataset reads files"),
    "in a data set": (in_a_dataset, "ReadFile reads files"),
    "Python": (other_python, "EagerPyFunc calls Python"),
}


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_are_seen(tmp_path, name):
    compute, words = TRICKS[name]
    assert words in str(gate(module(tmp_path / "trick", compute)))


def second_graph(model):
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("train")
    node = graph.graph_def.node.add()
    node.name, node.op = "innocent", "WriteFile"


def own_operation(model):
    add_node(model, 'name: "innocent" op: "RunMyProgram"')


def compiled(model):
    add_node(model, 'name: "innocent" op: "XlaCallModule"')


def aborting(model):
    add_node(model, 'name: "innocent" op: "Abort"')


def writing_restore(model):
    graph = model.meta_graphs[0]
    function = next(f for f in graph.graph_def.library.function if "restore" in f.signature.name)
    node = function.node_def.add()
    node.name, node.op = "innocent", "WriteFile"


def saving_restore(model):
    """Who loads it in a session runs this, and would write a file."""
    graph = model.meta_graphs[0]
    function = next(f for f in graph.graph_def.library.function if "restore" in f.signature.name)
    node = function.node_def.add()
    node.name, node.op = "innocent", "SaveV2"


def disguised(model):
    """A function that bears the name of the operation."""
    add_node(model, 'name: "innocent" op: "WriteFile"')
    model.meta_graphs[0].graph_def.library.function.add().signature.name = "WriteFile"


def twice(model):
    add_node(model, 'name: "one" op: "WriteFile"')
    add_node(model, 'name: "one" op: "NoOp"')


def restore_in_a_signature(model):
    """The signature calls the function that restores: its RestoreV2 is then no longer only that."""
    graph = model.meta_graphs[0]
    restore = next(f for f in graph.graph_def.library.function if "restore" in f.signature.name)
    caller = next(f for f in graph.graph_def.library.function if "wrapper" in f.signature.name)
    node = caller.node_def.add()
    node.name, node.op = "innocent", "StatefulPartitionedCall"
    node.attr["f"].func.name = restore.signature.name


def lying_tag(model):
    """scan prints the tag before its own words, on the same line."""
    tags = model.meta_graphs[0].meta_info_def.tags
    tags.append("] does not contain the default denylisted ops: {'WriteFile'}")
    add_node(model, 'name: "innocent" op: "WriteFile"')


SAVE_V2 = 'name: "innocent" op: "SaveV2"'


def beside_saving(model):
    """An operation that only what saves leads to, as if it were the export's own."""
    graph = model.meta_graphs[0]
    add_node(model, SAVE_V2)
    saver = graph.saver_def.save_tensor_name.split(":")[0]
    next(node for node in graph.graph_def.node if node.name == saver).input.append("^innocent")
    return graph


def saving_when_loaded(collection):
    def change(model):
        graph = beside_saving(model)
        graph.collection_def[collection].node_list.value.append("innocent")

    return change


def saving_as_initializer(model):
    variable = variable_pb2.VariableDef(variable_name="v", initializer_name="innocent")
    collections = beside_saving(model).collection_def
    collections["variables"].bytes_list.value.append(variable.SerializeToString())


def behind_an_empty_name(model):
    """A function without a name, which is not the main graph."""
    add_node(model, 'name: "innocent" op: "WriteFile"')
    model.meta_graphs[0].graph_def.library.function.add().node_def.add().op = "NoOp"


def function_called_like_a_saver(model):
    """Its name is that of a node that may save, but a signature calls it."""
    graph = beside_saving(model)
    function = graph.graph_def.library.function.add()
    function.signature.name = "innocent"
    node = function.node_def.add()
    node.name, node.op = "x", "SaveV2"
    add_node(model, 'name: "caller" op: "innocent"')


def restoring_another(model):
    """The weights come from the checkpoint of another export."""
    for function in model.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "RestoreV2":
                node.input[0] = "innocent:output:0"
                added = function.node_def.add()
                added.name, added.op = "innocent", "Const"
                return


def printing_where_the_caller_says(model):
    add_node(
        model,
        'name: "x" op: "PrintV2" attr {key: "output_stream" value {placeholder: "stream"}}',
    )


EDITS = {
    "saving when loaded": (
        saving_when_loaded("saved_model_main_op"),
        "SaveV2 writes files (in the main graph",
    ),
    "saving when loaded, as older exports did": (
        saving_when_loaded("legacy_init_op"),
        "SaveV2 writes files (in the main graph",
    ),
    "saving to initialise": (saving_as_initializer, "SaveV2 writes files (in the main graph"),
    "behind an empty name": (behind_an_empty_name, "WriteFile writes files (in the main graph"),
    "one name for a function and a node": (
        function_called_like_a_saver,
        "SaveV2 writes files (in function innocent",
    ),
    "restoring what is not its own": (restoring_another, "RestoreV2 reads files (in function"),
    "printing where the caller says": (printing_where_the_caller_says, "PrintV2 writes files"),
    "a second graph": (second_graph, "WriteFile writes files"),
    "an unknown operation": (own_operation, "RunMyProgram is not an operation of this"),
    "a compiled program": (compiled, "XlaCallModule holds a program"),
    "an end": (aborting, "Abort ends the process"),
    "while restoring": (writing_restore, "WriteFile writes files (in function traced_restore"),
    "saving while restoring": (saving_restore, "SaveV2 writes files (in function traced_restore"),
    "behind a function": (disguised, "WriteFile writes files (in the main graph"),
    "one name for two": (twice, "have the same name, so one may hide"),
    "a name of Python's": (
        lambda model: add_node(model, 'name: "x" op: "__doc__"'),
        "__doc__ is not an operation",
    ),
    "restoring when called": (restore_in_a_signature, "RestoreV2 reads files"),
    "a tag that lies": (lying_tag, "WriteFile writes files (in the main graph)"),
    "a name of control characters": (
        lambda model: add_node(model, r'name: "x" op: "<b>\033[31m"'),
        r"<b>\x1b[31m is not an operation",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edited_graphs_are_seen(sums, name):
    change, words = EDITS[name]
    verdict = gate(edit(sums, change))
    assert not verdict.ok and words in str(verdict), verdict
    assert "<b>" not in verdict._repr_html_() and "\x1b" not in str(verdict)


def test_what_only_saves_is_the_exports_own(sums):
    """The edits above are refused for what is added to this one."""
    assert gate(edit(sums, beside_saving)).ok


def vocabulary(tmp_path):
    return copied(exports.given()[0]["vocabulary"][0], tmp_path / "vocabulary")


def bound_elsewhere(model):
    """Python gives the function that fills the table another file than the session does."""
    graph = model.meta_graphs[0]
    node = graph.object_graph_def.nodes.add()
    node.constant.operation = "innocent"
    for name, function in graph.object_graph_def.concrete_functions.items():
        if "initializer" in name:
            function.bound_inputs[:] = [len(graph.object_graph_def.nodes) - 1] * len(
                function.bound_inputs
            )


def fed_elsewhere(model):
    for node in model.meta_graphs[0].graph_def.node:
        if node.op == "AssignVariableOp":
            node.input[1] = "innocent"
    add_node(model, 'name: "innocent" op: "Const"')


def named_inside(model):
    for function in model.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "InitializeTableFromTextFileV2":
                node.input[1] = "innocent:output:0"
                added = function.node_def.add()
                added.name, added.op = "innocent", "Const"
                return


@pytest.mark.parametrize("change", [bound_elsewhere, fed_elsewhere, named_inside])
def test_a_table_is_filled_from_an_asset_and_from_nothing_else(tmp_path, change):
    directory = vocabulary(tmp_path)
    assert gate(directory).ok
    said = str(gate(edit(directory, change)))
    assert "InitializeTableFromTextFileV2 reads files (in function initializer)" in said


def test_an_asset_outside_is_a_reason(tmp_path):
    def outside(model):
        model.meta_graphs[0].asset_file_def[0].filename = "../../../etc/passwd"

    assert "outside of assets/" in str(gate(edit(vocabulary(tmp_path), outside)))


def test_what_is_damaged_or_nothing_is_not_let_in(sums, tmp_path):
    assert not gate(tmp_path / "nowhere").ok
    assert not gate(None).ok
    (sums / "saved_model.pb").write_bytes(b"")  # scan says nothing at all about it
    assert readers.saved_model_cli("scan", sums)[0] == ""
    assert not gate(sums).ok


def test_silence_of_scan_is_a_reason(sums, monkeypatch):
    for said in ("", "MetaGraph with tag set ['serve'] is fine\n"):
        monkeypatch.setattr(readers, "saved_model_cli", lambda *_, said=said: (said, 0))
        assert "scan could not say anything" in str(gate(sums))
    said = "x contains the following denylisted ops: {'WriteFile'}\n"
    monkeypatch.setattr(readers, "saved_model_cli", lambda *_: (said, 0))
    assert "WriteFile writes files (in what scan reads)" in str(gate(sums))


def test_the_limits_are_told(sums):
    for words in ("PyFunc", "a dangerous operation that is not in its list"):
        assert any(words in limit for limit in gate(sums).limits)


# The list of operations, against all that this TensorFlow has

OUTSIDE = re.compile(
    r"file|path|dir(ectory|s)?$|^logdir|address|debug_urls|^data_source|^prefix$|_prefix$|_url|"
    r"^target$|^token$|output_stream|descriptor_source|^graph_def$"
)
# Their arguments are called so, and they reach nothing outside.
HARMLESS_ARGUMENTS = {
    "BoostedTrees": "stamp_token",
    "Collective": "a token that orders them",
    "CTCBeamSearchDecoder": "top_paths",
    "CudnnRNN": "direction",
    "SetStatsAggregatorDataset": "the prefix of a counter",
    "ExperimentalSetStatsAggregatorDataset": "the prefix of a counter",
    "TensorSliceDataset": "a hint that it holds names of files",
    "Xla": "tokens of a vocabulary",
    "ShardedFilename": "makes a name",
    "ShardedFilespec": "makes a name",
}


def test_every_operation_with_a_file_or_an_address_is_on_the_list():
    """A new TensorFlow with new ones fails here."""
    for name in dir(tf.raw_ops):
        if name.startswith(("_", *HARMLESS_ARGUMENTS)):
            continue
        arguments = inspect.signature(getattr(tf.raw_ops, name)).parameters
        if any(OUTSIDE.search(argument) for argument in arguments):
            assert name in EFFECT, f"{name}({', '.join(arguments)})"


def test_the_list_names_operations_that_exist():
    """XlaCallModule alone is not offered to Python."""
    assert {op for op in EFFECT if not hasattr(tf.raw_ops, op)} == {"XlaCallModule"}
    assert {*EFFECT} > SAVERS and len(EFFECT) > 85


def test_pyfunc_is_not_on_scans_own_list():
    """Lesson 04."""
    directory = exports.given()[0]["python"][0]
    assert "does not contain" in readers.saved_model_cli("scan", directory)[0]
    assert "{'PyFunc'}" in readers.saved_model_cli("scan", directory, "--op_denylist", "PyFunc")[0]
