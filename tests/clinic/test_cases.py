"""Every broken form of the clinic fails as taught, and every cured form works, on the installed
versions. tests/support/clinic_table.py prints a table of the results."""

import builtins
import importlib
import inspect
import logging
import pkgutil
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import clinic, readers
from helpers.clinic import CASES, GROUPS, Works, Wrong
from helpers.clinic.line_model import quiet
from helpers.errors.cure import cure
from helpers.errors.find import find
from helpers.errors.known_error import known_errors, most_special
from helpers.errors.shapes import shape_advice
from helpers.paths import ROOT
from tests.support import clinic_table

EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
PLACES = {"saving", "keras", *readers.READERS}
SILENT = {
    "only-python-can-read",
    "litert-garbage",
    "cut-from-weights",
    "frozen-batch",
    "py-function",
    "python-state",
}
# A word that the cure of the table and the text of helpers.errors.cure both contain.
AGREED = {
    "save-writes-no-export": "model.export(directory)",
    "never-built": "train",
    "no-input-signature": "input_signature=[tf.TensorSpec(...)]",
    "signature-output": "tf.constant",
    "untracked-resource": "attribute of the object that is saved",
    "keras-tensor": "keras.ops",
    "first-argument-not-self": "self",
    "stateful-layer": "input_signature=[keras.InputSpec(",
    "not-a-keras-layer": "TFSMLayer",
    "weights-file-ending": ".weights.h5",
    "no-saved-model-there": "linear/1",
    "wrong-tags": "leave tags out",
    "endpoint-not-found": "call_endpoint=",
    "path-in-graph": "tf.saved_model.Asset",
    "missing-asset": "whole directory",
    "damaged-export": "again",
    "optimizer-left-in": "leaves the optimizer out",
    "keras-2-optimizer": "remove the slot_variables",
    "load-model-of-export": "tf.saved_model.load",
    "class-not-known": "custom_objects",
    "python-lambda": "layer",
    "legacy-h5-metric": "compile=False",
    "package-not-installed": "model.export where it is installed",
    "keras-2-argument": "custom_objects",
    "weights-do-not-fit": "the code that wrote the file",
    "load-weights-format": "tf.train.Checkpoint(model=model).read(path)",
    "not-a-keras-file": "tf.compat.v1.wrap_function",
    "export-layer-in-a-file": "safe_mode=False",
    "not-an-h5-file": "git lfs pull",
    "not-a-keras-model": "loaded.serve(x)",
    "signature-by-name": "signature(name=x)",
    "tensor-dtype": "NumPy array",
    "shape-refused": "None",
    "columns": "columns",
    "variables-deleted": "Keep the loaded object",
    "table-not-initialized": "SavedModel loader",
    "ragged-input": "r_1=t.row_splits",
    "sparse-input": "q_2=t.dense_shape",
    "string-input": "tf.constant([",
    "gpu-only-operation": "use_cudnn=False",
    "litert-no-such-operation": "endpoint of its own",
    "litert-open-recurrent": "unroll=True",
    "litert-open-length": "a fixed length",
    "litert-float-dtype": "policy float32",
    "litert-keras-int8": "converter.optimizations",
    "calibration-dtype": "astype(np.float32)",
    "calibration-missing": "converter.representative_dataset",
    "calibration-not-a-list": "yield [row]",
    "litert-select-ops": "convert only the rest",
    "litert-not-allocated": "allocate_tensors()",
    "litert-no-signatures": "from_saved_model(directory)",
    "not-a-litert-file": "git lfs pull",
    "litert-tensor": "get_signature_runner(key)",
    "litert-signature-key": "Name one of",
    "only-python-can-read": "model.export(directory)",
    "py-function": "with TensorFlow operations",
}
ran = set()


@pytest.fixture
def proof(case, request, record_property):
    """What this test proved, for the table. The test sets "seen" when it has passed."""
    form = "broken" if "broken" in request.node.name else "cured"
    on = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
    proof = {"case": case.key, "form": form, "on": on, "all": list(CASES)}
    record_property("clinic", proof)
    ran.add((case.key, form))
    return proof


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Every other folder where a case could write by accident.

    It must stay empty, and the case must leave Python's state as it was. Warnings of TensorFlow
    about the traces of other tests are hidden.
    """
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def state():
        levels = {name: logging.getLogger(name).level for name in ("", "absl", "tensorflow")}
        return levels, keras.saving.get_custom_objects().copy(), tf.executing_eagerly()

    before = state()
    with quiet():
        yield folder
    left = [path.name for path in folder.iterdir()]
    # TensorFlow keeps its files until the program ends, and Python keeps their compiled form.
    kept = ("__autograph_generated_file", "__pycache__")
    assert [name for name in left if not name.startswith(kept)] == []
    assert state() == before


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def raised_by(case, folder):
    """("Type: message" of the error, where it is met, the whole traceback) of the broken form."""
    try:
        answer = case.broken(folder)
    except readers.ReaderError as error:
        return error.error, error.reader, "".join(traceback.format_exception(error))
    except Exception as error:
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        text = "".join(traceback.format_exception(error))
        return f"{type(error).__name__}: {error}", place(files, folder), text
    raise AssertionError(f"nothing is raised: {answer}")


def place(files, folder):
    """Where an error is met, from the packages in its traceback and from what was saved before."""
    parts = {
        "keras": "/keras/src/",
        "litert": r"/ai_edge_litert/|/tensorflow/lite/",
        "session": "/client/session.py",
    }
    for name, part in parts.items():
        if any(re.search(part, Path(file).as_posix()) for file in files):
            return name
    return "python" if [*folder.rglob("saved_model.pb")] else "saving"


def matching(text, traceback=""):
    text = " ".join(text.split())
    found = [case for case in CASES.values() if case.matches(text, traceback)]
    return [case.key for case in most_special(found)]


# The proofs


@EACH
def test_broken_form_fails_as_taught(case, folder, elsewhere, proof, capfd):
    if case.exception:
        error, where, shown = raised_by(case, folder)
        assert error.startswith(f"{case.exception}:")
        assert case.text in error
        assert where == case.met_in
        assert matching(error, shown) == [case.key]
        assert find(shown).case is known_errors()[case.key]
        assert AGREED[case.key] in case.cure
        if case.marks:  # Under a failing check, there is no traceback.
            assert AGREED[case.key] in cure(error)
            assert cure(error) == (shape_advice(error) or f"{case.cause} {case.cure}")
        seen = [case.exception, where]
    else:
        answer = case.broken(folder)
        assert isinstance(answer, Wrong)
        expected, got = np.asarray(answer.expected), np.asarray(answer.got)
        assert expected.shape == got.shape
        assert not np.allclose(expected, got, rtol=0.01, atol=0.01)
        seen = ["silent", case.met_in]
    assert capfd.readouterr() == ("", "")
    proof["seen"] = seen


@EACH
def test_cured_form_works_in_every_promised_reader(case, folder, elsewhere, proof, capfd):
    cured = case.cured(folder)
    assert isinstance(cured, Works)
    if cured.got is not None:
        assert_equal(cured.got, cured.expected)
    right = [reader for reader in readers.READERS if answers_right(cured, reader)]
    assert right == list(case.promised)
    assert capfd.readouterr() == ("", "")
    proof["seen"] = right


def assert_equal(got, expected):
    assert np.shape(got) == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def answers_right(cured, reader):
    try:
        answers = readers.run(cured.directory, cured.signature, cured.inputs, reader)
    except readers.ReaderError:
        return False
    output = cured.output or next(iter(answers))
    assert cured.output or len(answers) == 1
    assert_equal(answers[output], cured.expected)
    return True


def test_no_case_was_left_out():
    assert ran == {(key, form) for key in CASES for form in ("broken", "cured")}


# The data


def test_every_case_of_every_room_is_in_the_clinic():
    names = [module.name for module in pkgutil.iter_modules(clinic.__path__)]
    rooms = [importlib.import_module(f"helpers.clinic.{name}") for name in names]
    keys = [key for room in rooms for key in getattr(room, "FORMS", ())]
    assert sorted(keys) == sorted(CASES)
    assert len(CASES) >= 60


def test_cases_stand_in_the_order_of_the_groups():
    groups = [case.group for case in CASES.values()]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)
    assert {key for key, case in CASES.items() if case.group == "silent"} == SILENT


@EACH
def test_case_can_be_read(case):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", case.key)
    assert 10 <= len(case.title) <= 60
    assert not case.title.endswith(".")
    for words in (case.cause, case.experiment, case.cure):
        assert words.endswith(".")
        assert 30 <= len(words) <= 320
        assert len(re.findall(r"[.:](?= [A-Z])|\.$", words)) <= 4
    assert case.text == " ".join(case.text.split())
    assert case.met_in in PLACES
    assert case.promised
    assert list(case.promised) == [reader for reader in readers.READERS if reader in case.promised]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread) for thread in case.reported)


@EACH
def test_error_of_a_case_is_named_and_marked(case):
    if not case.exception:
        assert case.group == "silent"
        return
    assert case.marks or case.framed_marks
    known = (vars(builtins), vars(tf.errors), {"ConverterError": Exception})
    assert any(issubclass(names.get(case.exception, int), Exception) for names in known)
    assert [key for key in matching(case.text) if key not in (case.key, case.refines)] == []


@EACH
def test_forms_are_short_enough_to_be_shown(case):
    for form in (case.broken, case.cured):
        lines = inspect.getsource(form).splitlines()
        assert lines[0].startswith("def ")
        assert len(lines) <= 24
        assert len(form.__name__) <= 40


def test_clinic_is_read_without_tensorflow():
    code = "import helpers.clinic, sys; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# The table


def test_table_shows_what_was_proved_and_what_was_not():
    broken = {"case": "a", "form": "broken", "seen": ["OSError", "python"]}
    cured = {"case": "a", "form": "cured", "seen": ["python", "session"]}
    failed = [{"case": "b", "form": "broken"}, {"case": "b", "form": "cured"}]
    alone = {"case": "c", "form": "cured", "seen": ["litert"]}
    assert clinic_table.rows(["a", "b", "c", "d"], [broken, cured, *failed, alone]) == [
        ("a", "OSError", "python", "python, session"),
        ("b", "FAILED", "", "FAILED"),
        ("c", "not run", "", "litert"),
        ("d", "not run", "", "not run"),
    ]
