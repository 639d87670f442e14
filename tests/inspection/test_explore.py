"""Exploring an export: what is shown, what is found broken, and that nothing runs."""

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.text import printable
from tests.inspection import exports
from tests.inspection.exports import DATA, INDEX, edit, exported, module

LINUX = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts the bytes read")


# What is shown


def test_files_as_a_tree(sums):
    found = explore(sums)
    rows = {name.strip(): (size, what) for name, size, what in found.tree()}
    assert [*rows][:4] == ["sums/", "assets/", "fingerprint.pb", "saved_model.pb"]
    assert rows["assets/"] == ("empty", "")
    assert rows["variables.index"][1] == "where each weight lies in the data"
    assert found.size == sum(file.stat().st_size for file in sums.rglob("*") if file.is_file())
    assert not found.findings


def test_signatures_are_those_of_the_artifact(sums):
    found = explore(sums)
    assert [*found.signatures] == ["serve", "serving_default"]
    assert found.signatures["serve"].inputs[0].shape == (None, 10)
    assert found.tags == ("serve",)


def test_operations_of_the_graph_and_of_each_function(sums):
    found = explore(sums)
    assert found.operations["MatMul"] == 3 and found.main["MatMul"] == 0
    functions = {function.name: function.types for function in found.functions}
    assert functions["__call__"]["MatMul"] == 3 and functions["traced_save"]["SaveV2"] == 1
    total = found.main + sum(functions.values(), Counter())
    twice = next(f.types for f in found.functions if f.name == "signature_wrapper___call__")
    assert found.operations == total + twice  # two functions of that name


def test_variables_with_name_dtype_shape_size_and_a_key_that_reads_them(sums):
    found = explore(sums)
    checkpoint = tf.train.load_checkpoint(sums / "variables" / "variables")
    # Not by the path: a scope that an interrupted test has left open is in the path of Keras only.
    values = {weight.value.name.partition(":")[0]: weight for weight in exports.built().weights}
    assert len(found.variables) == 2 * len(values), "Keras stores each twice"
    for variable in found.variables:
        value = values[variable.name].numpy()
        assert (variable.dtype, variable.shape) == ("float32", value.shape)
        assert variable.size == value.nbytes
        assert np.array_equal(checkpoint.get_tensor(variable.key), value)


def test_names_are_matched_to_keys_with_dots_and_slashes(tmp_path):
    kept = {"a.b": tf.Variable(1.0, name="dots"), "a/b": tf.Variable(2.0, name="slashes")}
    module(tmp_path / "m", lambda x: x + kept["a.b"] * kept["a/b"], kept=kept)
    named = {variable.key: variable.name for variable in explore(tmp_path / "m").variables}
    assert sorted(named.values()) == ["dots", "slashes"]
    checkpoint = tf.train.load_checkpoint(tmp_path / "m" / "variables" / "variables")
    for key, name in named.items():
        assert checkpoint.get_tensor(key) == {"dots": 1.0, "slashes": 2.0}[name]


def test_fingerprint_is_what_tensorflow_reads(sums):
    expected = tf.saved_model.experimental.read_fingerprint(str(sums))
    found = explore(sums).fingerprint
    assert found.singleprint == str(expected.singleprint())
    assert (found.file, found.weights) == (expected.saved_model_checksum, expected.checkpoint_hash)


def test_text_and_html_say_the_same(sums):
    found = explore(sums)
    for text in (str(found), found._repr_html_()):
        assert "variables.index" in text and "12, 23 kB" in text and "serving_default" in text


# What is broken: a finding, never an error


def truncate(name, size):
    def damage(path):
        os.truncate(path / name, size)

    return damage


def remove(name):
    return lambda path: (path / name).unlink()


def flip_the_index(path):
    data = bytearray((path / INDEX).read_bytes())
    data[200] ^= 1
    (path / INDEX).write_bytes(data)


def crash_the_reader(path):
    (path / INDEX).write_bytes(exports.crashing_index((path / INDEX).read_bytes()))


def second_shard(path):
    (path / DATA).rename(path / "variables/variables.data-00000-of-00002")


def asset(name):
    def damage(path):
        def add(model):
            model.meta_graphs[0].asset_file_def.add().filename = name

        edit(path, add)

    return damage


def two_graphs(path):
    edit(path, lambda model: model.meta_graphs.add().meta_info_def.tags.append("train"))


def another_tag(path):
    def change(model):
        model.meta_graphs[0].meta_info_def.tags[:] = ["train"]

    edit(path, change)


def weights_of_another(path):
    module(path.parent / "other", lambda x: 2.0 * x, weight=tf.Variable(3.0))
    shutil.rmtree(path / "variables")
    shutil.copytree(path.parent / "other" / "variables", path / "variables")


def pipe_for_a_graph(path):
    (path / "saved_model.pb").unlink()
    os.mkfifo(path / "saved_model.pb")


def loop(path):
    (path / "assets" / "again").symlink_to(path)


def dangling(path):
    (path / "assets" / "gone").symlink_to(path / "nowhere")


def itself(path):
    (path / "assets" / "self").symlink_to(path / "assets" / "self")


def large_fingerprint(path):
    (path / "fingerprint.pb").write_bytes(b"\x08" * 20_000)


DAMAGE = {
    "graph cut short": (truncate("saved_model.pb", 20_000), "damaged or incomplete"),
    "graph empty": (truncate("saved_model.pb", 0), "damaged or incomplete"),
    "a pipe for a graph": (pipe_for_a_graph, "damaged or incomplete"),
    "no data": (remove(DATA), "data-… is missing"),
    "no index": (remove(INDEX), "variables.index is missing"),
    "data cut short": (truncate(DATA, 5000), "the data hold 5.0 kB: cut short"),
    "index cut short": (truncate(INDEX, 300), "variables.index cannot be read"),
    "index damaged": (flip_the_index, "variables.index cannot be read"),
    "a missing shard": (second_shard, "data-00001-of-00002 is missing: 1 of 2 parts"),
    "fingerprint of nothing": (truncate("fingerprint.pb", 40), "fingerprint.pb cannot be read"),
    "a huge fingerprint": (large_fingerprint, "too large to be one"),
    "weights of another": (weights_of_another, "written for another variables.index"),
    "a missing asset": (asset("words.txt"), "assets/words.txt is missing"),
    "an asset elsewhere": (asset("../../etc/passwd"), "'../../etc/passwd', outside of assets/"),
    "an absolute asset": (asset("/etc/passwd"), "outside of assets/"),
    "an asset of Windows": (asset("..\\secret"), "outside of assets/"),
    "an asset behind a drive": (asset("C:secret"), "outside of assets/"),
    "two graphs": (two_graphs, "holds 2 graphs"),
    "no graph to serve": (another_tag, "no graph is tagged 'serve'"),
    "a link in a circle": (loop, "assets/again is a link"),
    "a link to nothing": (dangling, "assets/gone is a link"),
    "a link to itself": (itself, "assets/self is a link"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_a_finding(sums, name):
    damage, words = DAMAGE[name]
    damage(sums)
    found = explore(sums)
    assert any(words in finding for finding in found.findings), found.findings
    for text in (str(found), found._repr_html_(), str(differences(sums, exports.sums()))):
        assert str(sums) not in text and "Traceback" not in text
    assert all(len(finding) < 250 for finding in found.findings)


def test_after_a_crash_of_the_reader_others_can_be_explored(sums):
    """Why the index is read in the clean process: it would have been the kernel that died."""
    crash_the_reader(sums)
    child = readers._process._child
    assert any("TensorFlow's own reader crashes on it" in text for text in explore(sums).findings)
    assert child is None or child.poll() is not None
    assert explore(exports.sums()).variables


def test_unreadable_files_are_findings(sums, monkeypatch):
    real_open, real_scan = Path.read_bytes, os.scandir

    def refuse(path):
        if path.name == "saved_model.pb":
            raise PermissionError(13, "Permission denied")
        return real_open(path)

    def refuse_folder(path):
        if Path(path).name == "variables":
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(os, "scandir", refuse_folder)
    findings = "\n".join(explore(sums).findings)
    assert "variables/ cannot be opened: PermissionError" in findings
    assert "saved_model.pb of 'sums' is damaged" in findings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "not None"),
        ("", "not an empty text"),
        ("nowhere", "no such directory"),
        ("x" * 10_000, "10,000 characters"),
        ("a\0b", "a\\x00b"),
        (object, "not <class 'object'>"),
    ],
)
def test_what_is_no_directory_is_a_finding(tmp_path, monkeypatch, given, words):
    monkeypatch.chdir(tmp_path)
    found = explore(given)
    assert found.directory is None and words in found.findings[0]
    assert words in str(found) and "findings" in found._repr_html_()


def test_a_directory_that_is_no_savedmodel(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert "has no saved_model.pb; it holds notes.txt" in explore(tmp_path).findings[0]


NASTY = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\n"


def test_names_are_written_out_and_escaped(sums):
    def rename(model):
        graph = model.meta_graphs[0]
        graph.signature_def[NASTY].CopyFrom(graph.signature_def["serve"])
        graph.graph_def.library.function[0].signature.name = NASTY
        graph.graph_def.node[0].op = NASTY
        graph.asset_file_def.add().filename = NASTY
        for node in graph.object_graph_def.nodes:
            if node.WhichOneof("kind") == "variable":
                node.variable.name = NASTY

    edit(sums, rename)
    (sums / "assets" / NASTY.replace("/", "")).touch()
    found = explore(sums)
    texts = [str(found), *map(str, found.variables), *map(str, found.functions)]
    for text in (*texts, found._repr_html_(), str(differences(sums, exports.sums()))):
        assert "\x1b" not in text and "\u202e" not in text
    assert "<script>" not in found._repr_html_() and "&lt;script&gt;" in found._repr_html_()
    assert printable("a\x1b\u202e\ud800é\n") == "a\\x1b\\u202e\\ud800é\\n"
    assert len(printable("x" * 10**7)) == 120


def test_a_folder_of_very_many_files(sums):
    for number in range(300):
        (sums / "assets" / f"file{number:03}").touch()
    assert "… 207 more" in str(explore(sums))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers.artifact.saved_model.MOST_FILES", 50)
        (sums / "assets" / "deep" / "deeper").mkdir(parents=True)
        assert any("more than 50 files" in finding for finding in explore(sums).findings)


# Nothing is loaded, nothing is read that need not be


@LINUX
def test_the_data_of_200_mb_of_weights_are_not_read(tmp_path):
    path = exports.with_many_operations(tmp_path / "large", 50_000)
    os.truncate(path / DATA, 200 * 10**6)  # a hole: a program that reads a weight finds zeros
    explore(path)  # the clean process runs

    def total(word="rchar"):
        family = (os.getpid(), readers._process._child.pid)
        lines = [Path(f"/proc/{pid}/io").read_text().splitlines() for pid in family]
        return sum(int(line.split()[1]) for io in lines for line in io if line.startswith(word))

    before = total()
    found = explore(path)
    read = total() - before
    assert found.operations.total() > 50_000 and not found.findings
    assert found.variables[0].shape == (1, 10_000)
    assert read < (path / "saved_model.pb").stat().st_size + 10**6


def test_a_variable_larger_than_any_memory_is_listed_and_not_compared(sums, monkeypatch):
    real = readers.variables

    def wild(directory):
        return [(key, "float32", (2**62, 2**62, 2**62)) for key, _, _ in real(directory)]

    monkeypatch.setattr(readers, "variables", wild)
    found = explore(sums)
    assert "cut short" in found.findings[0] and "TB" in str(found)


def test_a_hostile_artifact_runs_when_it_is_used_and_not_when_it_is_looked_at(tmp_path):
    made, trace = exports.given()
    first = made["line"][0]
    for directory, _, _ in made.values():
        explore(directory)
        differences(first, directory)
    assert not trace.exists()
    for name in ("loading", "writes", "aside"):
        loaded = tf.saved_model.load(made[name][0])
        if name != "loading":
            function = loaded.unsigned if name == "aside" else loaded.compute
            function([1.0])
        assert trace.exists(), f"{name} does nothing, so it proves nothing"
        trace.unlink()


# What the text of lesson 04 claims


@pytest.mark.parametrize("missing", ["fingerprint.pb", "assets"])
def test_no_reader_misses_the_fingerprint_or_an_empty_folder(sums, missing):
    path = sums / missing
    if path.is_file():
        path.unlink()
    else:
        path.rmdir()
    x = {"args_0": np.ones((2, 10), np.float32)}
    expected = readers.run(exports.sums(), "serve", x)["output_0"]
    for reader in readers.READERS:
        assert np.allclose(readers.run(sums, "serve", x, reader)["output_0"], expected, atol=1e-5)


def test_exchanged_weights_load_without_an_error(tmp_path, sums):
    path = exported(tmp_path / "new", lambda number, weight: weight + 1)
    shutil.copytree(path / "variables", sums / "variables", dirs_exist_ok=True)
    x = {"args_0": np.ones((2, 10), np.float32)}
    for reader in readers.READERS:
        new = readers.run(path, "serve", x, reader)["output_0"]
        assert np.allclose(readers.run(sums, "serve", x, reader)["output_0"], new, atol=1e-5)
    assert "exchanged" in explore(sums).findings[0]


def test_a_flipped_bit_in_the_weights_does_not_load(sums):
    data = bytearray((sums / DATA).read_bytes())
    data[5000] ^= 1
    (sums / DATA).write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="Checksum does not match"):
        tf.saved_model.load(sums)
