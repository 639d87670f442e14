"""Golden answers: files, comparison with every reader, and writing."""

import json

import numpy as np
import pytest
import tensorflow as tf

from helpers.readers import command
from helpers.readers.compare import compare
from helpers.readers.golden_files import ANY, GoldenSet, kept_in, read_golden, write_golden
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import FAILS, OTHER, SAME
from tests.readers.saved_functions import save

KEY = "serving_default"
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")
WORDS = tf.TensorSpec((None,), tf.string, name="words")
RIGHT = {KEY: [{"inputs": {"x": [[1.0], [3.0]]}, "outputs": {"y": [[2.0], [6.0]]}}]}


def scaled(folder, weight=2.0):
    return save(folder, weight, **{KEY: (lambda w, x: {"y": w * x}, ROWS)})


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    return scaled(tmp_path_factory.mktemp("doubles"))


@pytest.fixture(scope="module")
def triples(tmp_path_factory):
    return scaled(tmp_path_factory.mktemp("triples"), 3.0)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """One signature of numbers with two outputs, and one of words."""
    return save(
        tmp_path_factory.mktemp("two"),
        number=(lambda w, x: {"y": w * x, "z": x}, ROWS),
        words=(lambda w, x: {"n": tf.strings.length(x), "again": x}, WORDS),
    )


def written(folder, content, name="golden.json"):
    (folder / name).write_text(json.dumps(content))
    return folder / name


def said(capsys, *arguments):
    status = command.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


# Files


SETS = {
    "number": [
        GoldenSet({"x": np.float32([[0.1]])}, {"y": np.float32([[0.3]])}),
        GoldenSet({"x": np.float32([[np.nan], [2]])}, {"y": np.float32([[np.inf], [2]])}),
    ],
    "path/like": [
        GoldenSet(
            {"a/b": np.int64([2**40])},
            {"text": np.array([b"\xff", "é".encode(), b""], object), "flag": np.array([True])},
        )
    ],
    "none": [GoldenSet({}, {"y": np.float64(0.1)})],
}


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_what_is_written_is_read(tmp_path, ending):
    file = write_golden(tmp_path / f"golden.{ending}", SETS)
    found = read_golden(file)
    assert found.keys() == SETS.keys() and sorted(tmp_path.iterdir()) == [file]
    for key, sets in SETS.items():
        for one, other in zip(sets, found[key], strict=True):
            for left, right in ((one.inputs, other.inputs), (one.outputs, other.outputs)):
                assert left.keys() == right.keys()
                for name in left:
                    value = np.asarray(right[name])
                    texts = [t.encode() if isinstance(t, str) else t for t in value.flat]
                    value = np.array(texts, object) if value.dtype.kind == "O" else value
                    np.testing.assert_array_equal(left[name], value.reshape(left[name].shape))


def test_files_by_hand(tmp_path):
    one = {"inputs": {"x": [[1.0]]}, "outputs": {"y": [[2.0]]}}
    for content, key in ((one, ANY), ({KEY: one}, KEY), ({KEY: [one]}, KEY)):
        (found,) = read_golden(written(tmp_path, content))[key]
        assert found.inputs["x"].tolist() == [[1.0]] and found.outputs["y"].tolist() == [[2.0]]
    np.savez(tmp_path / "a.npz", **{"inputs/x": np.ones(1), "outputs/y": np.ones(1)})
    np.savez(tmp_path / "b.npz", **{f"{KEY}/inputs/x": np.ones(1), f"{KEY}/outputs/y": np.ones(1)})
    assert [*read_golden(tmp_path / "a.npz")] == [ANY] and [*read_golden(tmp_path / "b.npz")] == [
        KEY
    ]


WRONG_FILES = {
    # what: (content, words)
    "no answers": (
        {KEY: {"inputs": {"x": [1]}}},
        "a set of serving_default has no outputs by name",
    ),
    "empty": ({KEY: []}, "has no list of sets for 'serving_default'"),
    "inputs only": ({KEY: {"x": [[1.0]]}}, "has no outputs by name. A golden file has inputs and"),
    "a number": ({KEY: 3}, "has no list of sets"),
    "uneven": ({KEY: {"outputs": {"y": [[1], [1, 2]]}}}, "a set of serving_default cannot be read"),
    "objects": ({KEY: {"outputs": {"y": [{"a": 1}]}}}, "expected an array, not an object with a"),
    "mixed": ({KEY: {"outputs": {"y": ["a", 1]}}}, "expected numbers or texts in lists"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_wrong_files(tmp_path, what):
    content, words = WRONG_FILES[what]
    with pytest.raises(WrongOption, match=words):
        read_golden(written(tmp_path, content))


def test_an_array_that_is_neither(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(1))
    with pytest.raises(WrongOption, match="the array 'x': neither an input nor an answer"):
        read_golden(tmp_path / "a.npz")


WRONG_PLACES = {
    "golden.txt": "a golden file ends in .npz or .json, and '.*golden.txt' does not",
    "none/golden.npz": "there is no folder 'none'",
    "assets.extra/golden.npz": "there is no folder 'assets.extra'",  # not that of an export
}


@pytest.mark.parametrize("name", WRONG_PLACES)
def test_where_nothing_is_written(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongOption, match=WRONG_PLACES[name]):
        write_golden(name, SETS)
    assert not list(tmp_path.iterdir())


def test_what_a_format_cannot_hold(tmp_path):
    zero = {KEY: [GoldenSet({}, {"y": np.array([b"a\0"], object)})]}
    with pytest.raises(
        WrongOption, match=r"zero byte, which an \.npz file would lose: write a \.json"
    ):
        write_golden(tmp_path / "a.npz", zero)
    read = read_golden(write_golden(tmp_path / "a.json", zero))
    assert read[KEY][0].outputs["y"].tolist() == ["a\0"]
    wave = {KEY: [GoldenSet({}, {"y": np.ones(1, complex)})]}
    with pytest.raises(WrongOption, match="JSON has no complex numbers"):
        write_golden(tmp_path / "b.json", wave)
    large = {KEY: [GoldenSet({}, {"y": np.ones(10**6 + 1)})]}
    with pytest.raises(WrongOption, match=r"1,000,001 values: write an \.npz file"):
        write_golden(tmp_path / "b.json", large)
    with pytest.raises(WrongOption, match="no golden answers to write"):
        write_golden(tmp_path / "b.json", {KEY: []})
    assert not (tmp_path / "b.json").exists()


# Comparison


def test_right_answers(doubles, tmp_path, capsys):
    status, text = said(capsys, doubles, "--golden", written(tmp_path, RIGHT))
    assert status == 0 and text.count("same numbers") == 3
    assert "Compared with the golden answers for serving_default: 2 values of y" in text
    assert "Note: serving_default: the golden answers are for 2 rows, so nothing else was" in text


def test_wrong_answers_of_readers_that_agree(triples, tmp_path, capsys):
    assert compare(triples).exit_status == 0
    status, text = said(capsys, triples, "--golden", written(tmp_path, RIGHT))
    assert status == 1 and text.count("OTHER NUMBERS") == 3
    assert "not the same numbers as the golden answers: y has other values" in text
    assert "write them again: --write-golden FILE" in text
    assert text.endswith("Not every reader gives the same numbers as the golden answers.\n")


BROKEN = {
    # what: (golden file, status, words)
    "names": ({KEY: {"inputs": {"z": [[1.0]]}, "outputs": {"y": [[2.0]]}}}, "takes the inputs x"),
    "dtype": ({KEY: {"inputs": {"x": [["a"]]}, "outputs": {"y": [[2.0]]}}}, "text cannot be given"),
    "signature": ({"old": {"inputs": {}, "outputs": {"y": [[2.0]]}}}, "has no signature old, and"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_export_that_does_not_take_the_golden_inputs(doubles, tmp_path, what):
    content, words = BROKEN[what]
    report = compare(doubles, golden=written(tmp_path, content))
    failing = [row for row in report.rows if row.status == FAILS]
    assert len(failing) == 3 and report.exit_status == 1
    assert all(words in row.error for row in failing)
    told = "does not take the golden inputs, and breaks clients"
    assert all(what == "signature" or told in row.cure for row in failing)


def test_a_part_of_the_outputs(two, tmp_path):
    golden = {"number": {"inputs": {"x": [[1.0], [2.0]]}, "outputs": {"z": [[1.0], [2.0]]}}}
    report = compare(two, golden=written(tmp_path, golden), signature="number")
    assert {row.status for row in report.rows} == {SAME}
    assert "number: there are no golden answers for y." in report.notes
    golden["number"]["outputs"]["q"] = [[1.0], [2.0]]
    report = compare(two, golden=written(tmp_path, golden), signature="number")
    assert {row.status for row in report.rows} == {OTHER} and "q is missing" in report.rows[0].error


def test_whole_numbers_in_place_of_floats_have_a_tolerance(triples, tmp_path):
    third = np.float32(1 / 3) * (1 + 1e-6)
    golden = {KEY: [GoldenSet({"x": np.array([[third], [2.0]])}, {"y": np.array([[1], [6]])})]}
    assert compare(triples, golden=golden).exit_status == 0
    golden = {KEY: [GoldenSet({"x": np.array([[1.0]])}, {"y": np.array([[16_777_217]])})]}
    assert compare(triples, golden=golden).exit_status == 1


def test_texts(two, tmp_path):
    golden = {"words": {"inputs": {"words": ["é", "b"]}, "outputs": {"again": ["é", "b"]}}}
    report = compare(two, golden=written(tmp_path, golden), signature="words")
    assert report.rows[0].status == SAME and report.rows[1].status == SAME


def test_golden_answers_that_fit_no_signature(doubles, tmp_path, capsys):
    content = {"inputs": {"z": [[1.0]]}, "outputs": {"y": [[2.0]]}}
    file = written(tmp_path, content)
    assert said(capsys, doubles, "--golden", file) == (
        2,
        "golden answers to the inputs z, which no signature takes\n",
    )
    status, text = said(capsys, doubles, "--golden", written(tmp_path, {"a": content}), *CHOSEN)
    assert (status, text) == (2, "no golden answers for serving_default: they are for a\n")


def test_an_empty_name_of_a_file_is_not_nothing(doubles, capsys):
    """A script may give an empty variable: then a comparison with nothing must not pass."""
    status, text = said(capsys, doubles, "--golden", "")
    assert status == 2 and text.startswith("no file '' with golden answers.")
    status, text = said(capsys, doubles, "--write-golden", "")
    assert status == 2 and "ends in .npz or .json, and '' does not" in text
    status, text = said(capsys, doubles, "--against", "")
    assert status == 2 and "not an empty text" in text
    with pytest.raises(WrongOption, match="no golden answers to compare with"):
        compare(doubles, golden={})


CHOSEN = ("--signature", KEY)


# Writing


def test_written_by_the_readers_and_read_again(two, tmp_path, capsys):
    status, text = said(capsys, two, "--write-golden", tmp_path / "golden.npz", "--json")
    told = json.loads(text)
    assert told["golden_written"] == [str(tmp_path / "golden.npz")] and status == 1  # LiteRT: texts
    found = read_golden(tmp_path / "golden.npz")
    assert found["number"][0].inputs["x"].dtype == np.float32 and found.keys() == {
        "number",
        "words",
    }
    status, text = said(capsys, two, "--golden", tmp_path / "golden.npz", "--signature", "number")
    assert status == 0 and "golden answers are for" not in text  # 3 rows and 1 row


def test_not_written_where_readers_differ(tmp_path, capsys):
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    tf.saved_model.save(model, str(tmp_path / "popular"))
    file = tmp_path / "golden.npz"
    status, text = said(capsys, tmp_path / "popular", "--write-golden", file)
    assert status == 2 and not file.exists()
    assert "no golden answers are written: the readers do not agree (serving_default, lit" in text
    assert "compare(directory, model=model).write_golden(FILE)" in text
    compare(tmp_path / "popular", model=model).write_golden(file)
    assert read_golden(file).keys() == {"serving_default"}


def test_random_answers_are_not_written(tmp_path, capsys):
    function = lambda w, x: {"y": x + tf.random.uniform(tf.shape(x))}  # noqa: E731
    directory = save(tmp_path / "random", **{KEY: (function, ROWS)})
    status, text = said(capsys, directory, "--write-golden", tmp_path / "golden.npz")
    assert status == 2 and "there are no golden answers to write" in text


def test_kept_in_the_export_and_found_there(tmp_path, capsys):
    directory = scaled(tmp_path / "kept")
    assert kept_in(directory) is None
    status, text = said(capsys, directory, "--keep-golden")
    file = directory / "assets.extra" / "golden_answers.npz"
    assert status == 0 and f"Golden answers written to {file}: serving_default (2 sets" in text
    status, text = said(capsys, directory)
    assert status == 0 and "that the export keeps: assets.extra/golden_answers.npz" in text
    # Other answers in the file make the difference, unless something else is compared.
    write_golden(file, {KEY: [GoldenSet({"x": np.ones((2, 1))}, {"y": np.zeros((2, 1))})]})
    assert compare(directory).exit_status == 1
    assert compare(directory, golden=False).exit_status == 0
    assert compare(directory, {"x": [[1.0], [2.0]]}).exit_status == 0
    status, _ = said(capsys, directory, "--keep-golden")  # the readers' answers, not the kept ones
    assert status == 0 and compare(directory).exit_status == 0
    status, text = said(capsys, directory, "--golden", written(tmp_path, RIGHT), "--keep-golden")
    assert status == 0 and read_golden(file)[KEY][0].inputs["x"].tolist() == [[1.0], [3.0]]


CONFLICTS = {
    "--golden and --inputs": ("--golden", "a", "--inputs", "b"),
    "--rescue and --keep-golden": ("--rescue", "new", "--keep-golden"),
    "--against and --write-golden": ("--against", "a", "--write-golden", "b.npz"),
    "--retrained needs --against": ("--retrained",),
    "a golden file ends in": ("--write-golden", "b"),
    "there is no folder 'none'": ("--write-golden", "none/b.npz"),
}


@pytest.mark.parametrize("words", CONFLICTS)
def test_options_that_contradict_each_other(doubles, capsys, words):
    status, text = said(capsys, doubles, *CONFLICTS[words])
    assert status == 2 and words in text and len(text.splitlines()) == 1
