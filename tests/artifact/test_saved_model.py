"""What is in an export directory: read without running it, and damage told in plain words."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact
from helpers.artifact.saved_model import NotAnArtifact
from helpers.models import LinearModel, MultiSignatureModel
from helpers.text import readable_size

DATA = "variables/variables.data-00000-of-00001"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """good: model.export; bad: tf.saved_model.save of the same model; two: two endpoints."""
    folder = tmp_path_factory.mktemp("exports")
    model = LinearModel()
    model(np.ones((3, 1)))
    model.export(folder / "good", verbose=False)
    tf.saved_model.save(model, str(folder / "bad"))
    model = MultiSignatureModel()
    model.build((None, 2))
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("two", model.predict_first_two_features)
    archive.add_endpoint("three", model.predict_first_three_features)
    archive.write_out(folder / "two", verbose=False)
    return folder


@pytest.fixture
def good(folder, tmp_path):
    """A copy of its own, to be damaged."""
    return shutil.copytree(folder / "good", tmp_path / "good")


def test_files_with_size_and_purpose(folder):
    files = {file.path: file for file in artifact.read(folder / "good").files}
    assert set(files) == {"fingerprint.pb", "saved_model.pb", DATA, "variables/variables.index"}
    for path, file in files.items():
        assert file.size == (folder / "good" / path).stat().st_size
        assert file.purpose
    assert files[DATA].purpose == "the weights"


def test_signatures_with_names_dtypes_and_shapes(folder):
    signatures = artifact.read(folder / "two").signatures
    assert [*signatures] == ["serving_default", "three", "two"], "no hidden ones"
    (x,), (y,) = signatures["three"].inputs, signatures["three"].outputs
    assert (x.name, x.dtype, x.shape) == ("x", "float32", (None, 3))
    assert (y.name, y.dtype, y.shape) == ("output_0", "float32", (None, 1))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (tf.TensorSpec((4, None), tf.int64, "x"), "x: int64 (4, None)"),
        (tf.TensorSpec((), tf.string, "x"), "x: string ()"),
        (tf.TensorSpec(None, tf.bool, "x"), "x: bool unknown shape"),
        (tf.TensorSpec((None,), tf.bfloat16, "x"), "x: bfloat16 (None,)"),
    ],
)
def test_every_kind_of_tensor_can_be_read_aloud(tmp_path, spec, said):
    module = tf.Module()
    module.f = tf.function(lambda x: tf.identity(x), input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path), signatures=module.f)
    (tensor,) = artifact.read(tmp_path).signatures["serving_default"].inputs
    assert str(tensor) == said


def test_text_form(folder):
    lines = str(artifact.read(folder / "two")).splitlines()
    assert lines[0] == "two/"
    graph = next(line for line in lines if "saved_model.pb" in line)
    assert graph.endswith("the graph and its signatures") and " kB " in graph
    at = lines.index("three")
    assert lines[at + 1 : at + 3] == [
        "  in   x: float32 (None, 3)",
        "  out  output_0: float32 (None, 1)",
    ]


def test_html_form_says_the_same_and_escapes_names(folder, tmp_path):
    found = artifact.read(shutil.copytree(folder / "two", tmp_path / "<b>two"))
    shown = found._repr_html_()
    assert "<b>" not in shown and "&lt;b&gt;two/" in shown
    for word in (
        "signature three",
        "(None, 3)",
        "output_0",
        "the weights",
        "saved_model.pb",
    ):
        assert f">{word}<" in shown


def test_export_without_signatures_says_so(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path))
    found = artifact.read(tmp_path)
    assert found.signatures == {}
    assert str(found).endswith("no signatures") and "no signatures" in found._repr_html_()


def test_asset_is_listed_with_its_purpose(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("red\ngreen\n")
    module = tf.Module()
    module.words = tf.saved_model.Asset(str(words))
    tf.saved_model.save(module, str(tmp_path / "export"))
    files = {file.path: file.purpose for file in artifact.read(tmp_path / "export").files}
    assert files["assets/words.txt"] == "a file the graph reads"


def test_reading_runs_nothing_and_changes_nothing(good):
    (good / DATA).write_bytes(b"not weights")
    before = {path: path.stat().st_mtime_ns for path in good.rglob("*")}
    artifact.read(good)
    assert {path: path.stat().st_mtime_ns for path in good.rglob("*")} == before


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "< 1 kB"),
        (999, "< 1 kB"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (994_999, "990 kB"),
        (999_999, "1.0 MB"),
        (123_456_789, "120 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_readable(size, said):
    assert readable_size(size) == said


# Damage


def empty_graph(good):
    (good / "saved_model.pb").write_bytes(b"")


def no_protocol_buffer(good):
    (good / "saved_model.pb").write_bytes(b"\xff" * 100)


def truncated_graph(good):
    graph = good / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])


def folder_for_a_graph(good):
    (good / "saved_model.pb").unlink()
    (good / "saved_model.pb").mkdir()


def no_graph(good):
    (good / "saved_model.pb").unlink()


def many_other_files(good):
    no_graph(good)
    for number in range(1000):
        (good / f"file{number:03}").touch()


DAMAGED = "saved_model.pb of 'good' is damaged or incomplete"
DAMAGE = {
    empty_graph: DAMAGED,
    no_protocol_buffer: DAMAGED,
    truncated_graph: DAMAGED,
    folder_for_a_graph: DAMAGED,
    no_graph: "'good' has no saved_model.pb; it holds assets, fingerprint.pb, variables",
    many_other_files: "file006, 995 more",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_damage_is_told(good, damage):
    damage(good)
    with pytest.raises(NotAnArtifact) as caught:
        artifact.read(good)
    assert DAMAGE[damage] in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("missing", [DATA, "variables/variables.index", "fingerprint.pb"])
def test_what_is_left_is_shown_when_another_file_is_missing(good, missing):
    (good / missing).unlink()
    found = artifact.read(good)
    assert missing not in {file.path for file in found.files}
    assert "serve" in found.signatures


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "expected the path of an export directory, not None"),
        (7, "not 7"),
        (b"good", "not b'good'"),
        ("x" * 10_000, "expected the path of an export directory, not a text of 10,000 characters"),
        ("x" * 4_000, "cannot be opened: OSError"),
        ("a\0b", "there is nothing at 'a\\x00b'"),
        ("none", "there is nothing at 'none': no such directory"),
        ("", "not an empty text"),
    ],
)
def test_what_is_no_directory_is_named(tmp_path, monkeypatch, given, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotAnArtifact) as caught:
        artifact.read(given)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


def test_parent_and_file_are_named(folder, tmp_path, monkeypatch):
    with pytest.raises(NotAnArtifact, match=r"parent of exports, .* it holds bad, good, two"):
        artifact.read(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(NotAnArtifact, match=f"{folder.name!r} is the parent of exports"):
        artifact.read(".")
    (tmp_path / "model.keras").touch()
    with pytest.raises(NotAnArtifact, match=r"is a file.*needs its Python classes"):
        artifact.read(tmp_path / "model.keras")


def test_directory_that_may_not_be_opened_is_named(good, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(NotAnArtifact, match="cannot be opened: PermissionError"):
        artifact.read(good)


# The restore operation


def test_good_export_reads_only_what_is_restored(folder):
    for name, key in (("good", "serve"), ("two", "three")):
        restored, read = artifact.restored_and_read(folder / name, key)
        assert len(read) == 2 and set(read) <= set(restored)


def test_saved_keras_model_reads_variables_that_are_not_restored(folder):
    restored, read = artifact.restored_and_read(folder / "bad")
    assert len(read) == 2 and not set(read) & set(restored)


def test_restored_and_read_is_shown_as_one_table(folder):
    good, bad = (artifact.restored_and_read(folder / name) for name in ("good", "bad"))
    assert (
        sorted(row[1:] for row in bad.rows())
        == [("✓ fills", "")] * 2 + [("✗ leaves empty", "reads")] * 2
    )
    assert {row[1] for row in good.rows()} == {"✓ fills"}
    assert str(good).splitlines()[0].split() == ["variable", "restore", "signature"]
    assert bad._repr_html_().count("leaves empty") == 2
    assert str(artifact.RestoredAndRead([], [])).startswith("no variables")


def test_restored_and_read_names_the_keys_there_are(folder):
    with pytest.raises(
        KeyError, match=r"no signature 'predit': the export has serve, serving_default"
    ):
        artifact.restored_and_read(folder / "good", "predit")
