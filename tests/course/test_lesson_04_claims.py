"""Claims in the prose of lesson 04 hold for the installed versions."""

import contextlib
import io
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from helpers import readers
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model
from helpers.exercises.lesson_04.made_once import made_once
from helpers.exercises.lesson_04.offered_exports import offered_exports
from helpers.exercises.lesson_04.pairs import pairs
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate
from helpers.models import ComplexModel
from helpers.notebooks import derive

keras = tf.keras
X = [tf.TensorSpec((None,), tf.float32, name="x")]
DATA = "variables/variables.data-00000-of-00001"


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    return exported_line(tmp_path_factory.mktemp("line"))


def edited(line, target, change):
    """Copy an export, and change its graph."""
    copy = shutil.copytree(line, target)
    file = copy / "saved_model.pb"
    model = SavedModel.FromString(file.read_bytes())
    change(model.meta_graphs[0])
    file.write_bytes(model.SerializeToString())
    return copy


def saved(folder, compute):
    module = tf.Module()
    module.compute = tf.function(compute, input_signature=X)
    tf.saved_model.save(module, str(folder), signatures=module.compute)
    return folder


def session(directory, tags=("serve",)):
    with tf.Graph().as_default(), tf.compat.v1.Session() as running:
        return tf.compat.v1.saved_model.load(running, list(tags), str(directory))


# What an export can do


def test_an_operation_runs_as_soon_as_the_export_is_loaded():
    made, trace = made_once(offered_exports)
    assert not trace.exists()
    tf.saved_model.load(str(made["loading"][0]))
    assert trace.exists()
    trace.unlink()


@pytest.mark.parametrize("reader", ["python", "session"])
def test_a_call_writes_the_file_and_saving_does_not(tmp_path, reader):
    note = tmp_path / "note.txt"

    def double(x):
        tf.io.write_file(str(note), "here")
        return 2.0 * x

    archive = keras.export.ExportArchive()
    archive.add_endpoint("serve", double, X)
    archive.write_out(tmp_path / "double", verbose=False)
    assert not note.exists()
    got = readers.run(tmp_path / "double", "serve", {"x": [1.0, 2.0]}, reader)
    assert got["output_0"].tolist() == [2.0, 4.0] and note.read_text() == "here"


# Files, tags, version


def with_tag(line, target, tag):
    def change(graph):
        graph.meta_info_def.tags[:] = [tag]

    return edited(line, target, change)


def test_python_does_not_look_at_the_tag_and_the_others_ask_for_serve(line, tmp_path):
    other = with_tag(line, tmp_path / "train", "train")
    loaded = tf.saved_model.load(str(other))
    np.testing.assert_allclose(loaded.serve(ROWS), ANSWERS, atol=1e-4)
    with pytest.raises(ValueError, match="incompatible argument to `tags`"):
        tf.saved_model.load(str(other), tags=["serve"])
    with pytest.raises(RuntimeError, match="could not be found in SavedModel"):
        session(other)
    with pytest.raises(ValueError, match="has one MetaGraph with tags"):
        tf.lite.TFLiteConverter.from_saved_model(str(other))


def test_tensorflow_writes_one_graph_with_the_tag_serve(line):
    (graph,) = SavedModel.FromString((line / "saved_model.pb").read_bytes()).meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    assert graph.meta_info_def.tensorflow_version == tf.__version__


@pytest.mark.parametrize("reader", readers.READERS)
def test_no_reader_compares_the_version(line, tmp_path, reader):
    def change(graph):
        graph.meta_info_def.tensorflow_version = "9.9.9"

    later = edited(line, tmp_path / "later", change)
    got = readers.run(later, "serve", {"x": ROWS}, reader)
    np.testing.assert_allclose(got["output_0"], ANSWERS, atol=1e-4)


@pytest.mark.parametrize("reader", readers.READERS)
def test_an_operation_that_a_reader_does_not_know_makes_it_fail(line, tmp_path, reader):
    def change(graph):
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                node.op = "NewerMatMul" if node.op == "MatMul" else node.op

    newer = edited(line, tmp_path / "newer", change)
    with pytest.raises(readers.ReaderError, match="NewerMatMul"):
        readers.run(newer, "serve", {"x": ROWS}, reader)


def test_the_larger_format_cannot_be_used():
    with pytest.raises(ValueError, match="disabled in OSS"):
        tf.saved_model.SaveOptions(experimental_image_format=True)


def test_the_weights_on_the_page_are_counted_rightly(tmp_path):
    model = ComplexModel()
    model(tf.zeros((1, 10)))
    assert model.count_params() == 2817
    model.export(tmp_path / "sums", verbose=False)
    stored = (tmp_path / "sums" / DATA).stat().st_size
    assert 2 * 4 * 2817 < stored < 3 * 4 * 2817
    found = explore(tmp_path / "sums")
    assert [part.name for part in found.functions if "SaveV2" in part.types] == ["traced_save"]
    assert "SaveV2" not in found.main
    names = {variable.place: variable.name for variable in found.variables}
    assert all(names[f"variables/{i}"] == v.path for i, v in enumerate(model.variables))
    assert all(place.startswith(("variables/", "_all_variables/")) for place in names)


def test_in_exercise_3_exports_with_equal_operations_have_the_same_keys():
    made = made_once(pairs)
    for pair in made.values():
        old, new = explore(pair.old), explore(pair.new)
        if old.operations == new.operations:
            assert {v.key for v in old.variables} == {v.key for v in new.variables}


def test_an_operation_that_fills_a_vocabulary_runs_as_soon_as_the_export_is_loaded(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")
    module = tf.Module()
    initializer = tf.lookup.TextFileInitializer(
        str(words),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    module.table = tf.lookup.StaticHashTable(initializer, -1)
    spec = [tf.TensorSpec((None,), tf.string, name="x")]
    module.find = tf.function(lambda x: {"found": module.table.lookup(x)}, input_signature=spec)
    tf.saved_model.save(module, str(tmp_path / "find"), signatures=module.find)
    tf.saved_model.load(str(tmp_path / "find"))
    (tmp_path / "find" / "assets" / "words.txt").unlink()
    with pytest.raises(FileNotFoundError, match="InitializeTableFromTextFileV2"):
        tf.saved_model.load(str(tmp_path / "find"))


# Same or retrained


def test_two_exports_of_one_model_have_other_bytes_and_one_singleprint(tmp_path):
    model = line_model()
    for name in ("one", "again"):
        model.export(tmp_path / name, verbose=False)
    found = differences(tmp_path / "one", tmp_path / "again")
    assert found["bytes"].state == "DIFFERENT" and "exported again" in found.verdict
    assert (
        explore(tmp_path / "one").fingerprint.file != explore(tmp_path / "again").fingerprint.file
    )
    assert (tmp_path / "one" / "fingerprint.pb").read_bytes() != (
        tmp_path / "again" / "fingerprint.pb"
    ).read_bytes()


def singleprint(directory):
    return tf.saved_model.experimental.read_fingerprint(str(directory)).singleprint()


def test_two_programs_can_have_one_singleprint_and_one_model_two(tmp_path):
    relu = saved(tmp_path / "relu", lambda x: tf.nn.relu(2.0 * x))
    tanh = saved(tmp_path / "tanh", lambda x: tf.nn.tanh(2.0 * x))
    assert singleprint(relu) == singleprint(tanh)
    for name in ("built", "rebuilt"):
        line_model().export(tmp_path / name, verbose=False)
    assert singleprint(tmp_path / "built") != singleprint(tmp_path / "rebuilt")
    assert "exported again" in differences(tmp_path / "built", tmp_path / "rebuilt").verdict


def test_counts_of_operations_do_not_see_a_constant_and_differences_does(tmp_path):
    low = saved(tmp_path / "low", lambda x: tf.cast(x > 1.0, tf.float32))
    high = saved(tmp_path / "high", lambda x: tf.cast(x > 2.0, tf.float32))
    assert explore(low).operations == explore(high).operations
    assert differences(low, high)["graph"].state == "DIFFERENT"


# Damage


def test_an_export_may_be_moved_and_packed(line, tmp_path):
    packed = shutil.make_archive(tmp_path / "packed", "zip", line)
    shutil.unpack_archive(packed, tmp_path / "somewhere" / "else")
    for reader in readers.READERS:
        got = readers.run(tmp_path / "somewhere" / "else", "serve", {"x": ROWS}, reader)
        np.testing.assert_allclose(got["output_0"], ANSWERS, atol=1e-4)


def exchanged(line, folder, *files):
    """Copy an export, and take some of its files from a model with other weights."""
    other = line_model()
    other.set_weights([np.array([[5.0]]), np.array([7.0])])
    other.export(folder / "other", verbose=False)
    mixed = shutil.copytree(line, folder / "mixed")
    for file in files:
        shutil.copy2(folder / "other" / file, mixed / file)
    return mixed


@pytest.mark.parametrize("reader", readers.READERS)
def test_exchanged_weights_load_without_an_error(line, tmp_path, reader):
    mixed = exchanged(line, tmp_path, DATA, "variables/variables.index")
    got = readers.run(mixed, "serve", {"x": ROWS}, reader)["output_0"]
    np.testing.assert_allclose(got, 5 * ROWS + 7, atol=1e-4)
    assert "weights were exchanged" in " ".join(explore(mixed).findings)


def test_an_export_without_weights_has_the_function_that_saves_them(tmp_path):
    found = explore(saved(tmp_path / "double", lambda x: 2.0 * x))
    assert not found.variables
    assert [part.name for part in found.functions if "SaveV2" in part.types] == ["traced_save"]


def test_only_a_kept_object_keeps_its_weights(line):
    with pytest.raises(AssertionError, match="variables which have been deleted"):
        tf.saved_model.load(str(line)).serve(ROWS)
    loaded = tf.saved_model.load(str(line))
    np.testing.assert_allclose(loaded.serve(ROWS), ANSWERS, atol=1e-4)


def test_with_their_fingerprint_exchanged_weights_are_not_noticed(line, tmp_path):
    mixed = exchanged(line, tmp_path, DATA, "variables/variables.index", "fingerprint.pb")
    assert not explore(mixed).findings


def test_a_changed_byte_of_a_weight_is_a_data_loss_that_explore_does_not_notice(line, tmp_path):
    changed = shutil.copytree(line, tmp_path / "changed")
    data = bytearray((changed / DATA).read_bytes())
    data[data.index(np.float32(2.0).tobytes())] ^= 1
    (changed / DATA).write_bytes(data)
    assert not explore(changed).findings
    with pytest.raises(tf.errors.DataLossError):
        tf.saved_model.load(str(changed))


# Untrusted exports. The blind places of scan are tested with the gate.


def test_scan_knows_three_operations_and_tensorflow_more_than_a_thousand(line):
    said, status = readers.saved_model_cli("scan", line)
    assert status == 0
    for name in ("ReadFile", "WriteFile", "PrintV2"):
        assert f"'{name}'" in said
    assert said.count("'") == 2 * (3 + 1), "three operations and the tag"
    assert len([name for name in dir(tf.raw_ops) if not name.startswith("_")]) > 1000


def test_save_can_overwrite_a_file_although_it_is_on_an_allow_list(line, tmp_path):
    target = tmp_path / "mine.txt"
    target.write_text("mine")

    def double(x):
        tf.raw_ops.SaveV2(
            prefix=str(target), tensor_names=["x"], shape_and_slices=[""], tensors=[x]
        )
        return 2.0 * x

    found = saved(tmp_path / "misuse", double)
    assert set(explore(found).operations) - set(explore(line).operations) <= {"Mul"}
    assert target.read_text() == "mine"
    assert not gate(found).ok and "SaveV2" in str(gate(found))
    assert gate(line).ok and "SaveV2" in explore(line).operations


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_refuses_python_code_unless_it_is_told_otherwise(tmp_path, ending):
    inputs = keras.Input((1,))
    outputs = keras.layers.Lambda(lambda numbers: 2 * numbers, output_shape=(1,))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / f"lambda.{ending}")
    with pytest.raises(Exception, match="arbitrary code execution"):
        keras.models.load_model(tmp_path / f"lambda.{ending}")
    loaded = keras.models.load_model(tmp_path / f"lambda.{ending}", safe_mode=False)
    assert float(loaded(np.float32([[3.0]]))[0, 0]) == 6.0


def test_the_recipe_lists_every_operation(line):
    (cell,) = [
        cell.source
        for cell in derive("04_inside_the_artifact", "notebooks").cells
        if "## The recipe" in cell.source
    ]
    code = cell.split("```python\n")[1].split("```")[0]
    code = "\n".join(
        row for row in code.splitlines() if not row.startswith(("model", "from keras"))
    )
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code.replace('"my_export/saved_model.pb"', repr(str(line / "saved_model.pb"))))
    assert said.getvalue().strip() == str(sorted(explore(line).operations))
