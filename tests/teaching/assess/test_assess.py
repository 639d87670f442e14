"""The assessment: good solutions, near misses, strange folders, and the command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from helpers.exercises.lesson_12.drafts import DRAFTS
from helpers.paths import ROOT
from helpers.readers import ReaderError
from helpers.teaching.assess import __main__ as command
from helpers.teaching.assess import assess, folder, model_checks, rollout
from helpers.teaching.assess.brief import PLAN, REQUIREMENTS, VERSIONS, held_out, training_penguins
from helpers.teaching.assess.report import MET, NOT_MET, NOT_TRIED, NotMet, NotTried
from tests.teaching.assess.near_misses import NEAR_MISSES, good, made
from tests.teaching.assess.penguin_models import Linear, export_keras, plan, write_plan


def outcomes(found):
    """Return {number: outcome}."""
    return {one.number: one.outcome for one in found.requirements}


def contents(path):
    """Return the bytes of each file below a folder."""
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def without_keras():
    """The report of the solution without Keras."""
    return assess(good())


@pytest.fixture(scope="module")
def with_keras(tmp_path_factory):
    """The folder of a solution with Keras layers, and its report."""
    base = tmp_path_factory.mktemp("penguins")
    for number in VERSIONS:
        export_keras(base / str(number), steps=100 + 50 * number)
    write_plan(base, plan(percent=5))
    before = contents(base)
    found = assess(base)
    assert contents(base) == before
    return base, found


def test_two_good_solutions_of_different_kinds_meet_all_requirements(without_keras, with_keras):
    for found in (without_keras, with_keras[1]):
        assert set(outcomes(found).values()) == {MET}, found
        assert found.ok and found.exit_status == 0 and found.met == 10
    files = [{p.name for p in base.rglob("*")} for base in (good(), with_keras[0])]
    assert all({"islands.txt", PLAN} <= names for names in files)


@pytest.mark.share(3)
@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_miss_fails_in_its_requirement_alone(name, tmp_path):
    one = NEAR_MISSES[name]
    found = assess(made(one, tmp_path))
    failed = [each for each in found.requirements if each.outcome == NOT_MET]
    assert [each.number for each in failed] == [one.number], found
    assert one.words in failed[0].found
    assert not found.ok and found.exit_status == 1
    if name in DRAFTS:  # exercise 1 claims this
        assert DRAFTS[name] == failed[0].name
    # What builds on the failed requirement is not tried, and everything else is met.
    not_tried = {each.number for each in found.requirements if each.outcome == NOT_TRIED}
    assert not_tried <= {1: {*range(2, 11)}, 2: {3, 4, 5, 6, 8, 9, 10}, 8: {9}}.get(
        one.number, set()
    )


def test_each_requirement_has_a_near_miss():
    assert sorted(one.number for one in NEAR_MISSES.values()) == list(REQUIREMENTS)


def test_a_version_that_the_gate_refuses_is_never_called(tmp_path, monkeypatch):
    near = NEAR_MISSES["a file is written"]
    made(near, tmp_path)
    (tmp_path / "1").rename(tmp_path / "3")  # the right version is tried first
    (tmp_path / "2").rename(tmp_path / "1")
    (tmp_path / "3").rename(tmp_path / "2")
    called = []
    monkeypatch.setattr(
        model_checks.readers, "run_batches", lambda path, *_, **__: called.append(Path(path).name)
    )
    found = assess(tmp_path)
    assert outcomes(found)[1] == NOT_MET and "version 2: the gate" in found.requirements[0].found
    assert MET not in [outcomes(found)[number] for number in (2, 3, 4, 5, 6, 8, 9, 10)]
    assert "2" not in called


def test_a_clients_signature_that_is_missing_in_version_2(tmp_path):
    from tests.teaching.assess.near_misses import OneSignatureMore

    shutil.copytree(good() / "2", tmp_path / "2")
    OneSignatureMore().export(tmp_path / "1")
    found = assess(tmp_path, only=[8])
    assert outcomes(found) == {8: NOT_MET}
    assert "2 may not replace 1: it breaks clients" in found.requirements[0].found
    assert "signature serving_default: the signature is gone." in found.requirements[0].found


def test_version_1_alone(tmp_path):
    shutil.copytree(good() / "1", tmp_path / "1")
    found = outcomes(assess(tmp_path))
    assert {number for number, outcome in found.items() if outcome == NOT_TRIED} == {8, 9}
    assert set(found.values()) == {MET, NOT_TRIED}


def _file(path):
    path.write_text("text")


def _damaged(path):
    shutil.copytree(good() / "1", path / "1")
    (path / "1" / "saved_model.pb").write_bytes(b"\x0a\xff\xff")


def _without_weights(path):
    shutil.copytree(good() / "1", path / "1")
    shutil.rmtree(path / "1" / "variables")


def _linked(path):
    path.mkdir()
    (path / "1").symlink_to(good() / "1")


def _link_inside(path):
    shutil.copytree(good() / "1", path / "1")
    (path / "1" / "assets" / "islands.txt").unlink()
    (path / "1" / "assets" / "islands.txt").symlink_to(good() / "1" / "assets" / "islands.txt")


def _pipe_inside(path):
    shutil.copytree(good() / "1", path / "1")
    os.mkfifo(path / "1" / "pipe")


def _huge(path):
    shutil.copytree(good() / "1", path / "1")
    with (path / "1" / "zeros").open("wb") as file:
        file.truncate(10 * folder.LARGEST)  # takes no place on the disk


STRANGE = {
    "missing": (lambda path: None, 1, NOT_TRIED, "there is nothing at"),
    "a file": (_file, 1, NOT_TRIED, "is a file: give the folder"),
    "empty": (Path.mkdir, 1, NOT_TRIED, "has no version: export version 1"),
    "an export": (lambda path: shutil.copytree(good() / "1", path), 1, NOT_TRIED, "export itself"),
    "damaged": (_damaged, 1, NOT_MET, "is damaged or incomplete"),
    "without weights": (_without_weights, 1, NOT_MET, "version 1: "),
    "a link": (_linked, 1, NOT_MET, "1 is a link: copy the export itself"),
    "a link inside": (_link_inside, 1, NOT_MET, "assets/islands.txt is a link"),
    "a pipe inside": (_pipe_inside, 1, NOT_MET, "pipe is neither a file nor a folder"),
    "huge": (_huge, 7, NOT_MET, "should have at most 500 kB, but has 1.0 GB"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_folder_gets_a_report(name, tmp_path):
    make, number, outcome, words = STRANGE[name]
    make(tmp_path / "penguins")
    found = assess(tmp_path / "penguins")
    one = found.requirements[number - 1]
    assert (one.outcome, words in found.problem + one.found) == (outcome, True), found
    assert found.met <= 1 and outcomes(found)[8] == NOT_TRIED  # a small version may meet 7
    assert "Traceback" not in str(found)


@pytest.mark.parametrize("given", [None, 3, "a\0b", "x" * 5000, b"\xff", ["1"]])
def test_what_is_no_folder_gets_a_report(given):
    found = assess(given)
    assert set(outcomes(found).values()) == {NOT_TRIED} and found.problem
    assert len(str(found)) < 5000 and found.as_dict()["problem"] in found.headline


class Endless(Linear):
    def compute(self, scaled, words):
        found = super().compute(scaled, words)
        return tf.while_loop(lambda x: tf.reduce_all(x > -1), lambda x: (x * 1.0,), (found,))[0]


def test_a_graph_without_an_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(model_checks, "COMPUTING", 1)
    Endless().export(tmp_path / "1")
    found = assess(tmp_path)
    assert outcomes(found)[1] == MET and outcomes(found)[2] == NOT_MET
    assert "no answer after 1 seconds of computing" in found.requirements[1].found
    assert {outcomes(found)[number] for number in (3, 4, 5, 6, 8, 9, 10)} == {NOT_TRIED}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("TimeoutError: no answer within 60 seconds; the process was ended", NotTried),
        ("the reading process died (exit status -9)", NotTried),
        ("TimeoutError: no answer after 10 seconds of computing; the process was ended", NotMet),
        ("InvalidArgumentError: the row is bad", NotMet),
    ],
)
def test_a_busy_computer_decides_nothing(monkeypatch, error, kind):
    def fails(*_, **__):
        raise ReaderError("python", error)

    monkeypatch.setattr(model_checks.readers, "run_batches", fails)
    version = folder.Version(1, good() / "1")
    with pytest.raises(kind, match="classify"):
        model_checks.asked(version, "classify", [{}], ["one penguin"])


def test_a_server_that_does_not_answer_decides_nothing(monkeypatch):
    monkeypatch.setattr(rollout, "TIMEOUT", 1)
    with pytest.raises(NotTried, match="the server did not answer"):
        rollout.require_replies(plan(), rollout.ANY_ADDRESS, {}, lambda *_: True)


def test_an_accident_is_no_success(monkeypatch):
    def fails(version):
        raise ZeroDivisionError("by accident")

    monkeypatch.setitem(sys.modules["helpers.teaching.assess"].OF_A_VERSION, 2, fails)
    (found,) = assess(good(), only=[2]).requirements
    assert found.outcome == NOT_TRIED and "by accident" in found.found


PLANS = {
    "another version": ({"stable": 2, "canary": 1}, "should have stable 1 and canary 2"),
    "half of the users": ({"percent": 50}, "percent should be from 1 to 20, but is 50"),
    "no users": ({"percent": 0}, "percent should be from 1 to 20, but is 0"),
    "too few users": ({"looks": [1000, 2000]}, "2 looks with 10 % of the users need"),
    "no looks": ({"looks": []}, "looks should be a list of 1 to 10 numbers"),
    "looks that fall": ({"looks": [50_000, 40_000]}, "looks should be whole numbers that grow"),
    "no guard": ({"max_error_rate": None}, "max_error_rate should be a number"),
    "one failure is enough": ({"max_error_rate": 0.01}, "1 of 100 requests should stay, but is"),
    "a window of nothing": ({"window": 0}, "the router refuses the plan: window must be"),
    "a window without an end": ({"window": 10**30}, "the router refuses the plan: "),
    "one field more": ({"per_cent": 10}, "the unknown field 'per_cent'"),
}


def grade_plan(path):
    """Try what requirement 9 asks of a plan before it sends requests."""
    read = rollout.read_plan(path)
    rollout.require_enough_users(read)
    rollout.require_guard(read)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_misses_one_thing(name, tmp_path):
    changed, words = PLANS[name]
    write_plan(tmp_path, plan() | changed)
    with pytest.raises(NotMet, match=re.escape(words)):
        grade_plan(tmp_path)


@pytest.mark.parametrize("field", rollout.FIELDS)
def test_a_plan_without_a_field(field, tmp_path):
    write_plan(tmp_path, {name: value for name, value in plan().items() if name != field})
    with pytest.raises(NotMet, match=f"has no field {field}"):
        grade_plan(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"stable": NaN}', "[" * 50_000, "\ufeff{}", "7"])
def test_a_file_that_is_no_plan(text, tmp_path):
    (tmp_path / PLAN).write_text(text, encoding="utf-8")
    with pytest.raises(NotMet, match=PLAN):
        grade_plan(tmp_path)


def test_a_plan_must_be_a_file_of_the_folder(tmp_path):
    with pytest.raises(NotTried, match=f"there is no file {PLAN}"):
        grade_plan(tmp_path)
    (tmp_path / PLAN).symlink_to(good() / PLAN)
    with pytest.raises(NotTried, match=f"there is no file {PLAN}"):
        grade_plan(tmp_path)


def test_the_rows_are_divided():
    assert len(held_out()["sex"]) == 69 and len(training_penguins()["sex"]) == 275


def test_the_report_has_three_forms(without_keras):
    text, html = str(without_keras), without_keras._repr_html_()
    for number, (name, _) in REQUIREMENTS.items():
        assert f"✓ {number:>2} {name}: met" in text
        assert f"{number} {name}" in html
    assert "10 of 10" in text and "10 of 10" in html
    data = json.loads(json.dumps(without_keras.as_dict()))
    assert [one["outcome"] for one in data["requirements"]] == ["met"] * 10
    ratios = [value for key, value in data["requirements"][9]["figures"].items() if "times" in key]
    assert len(ratios) == 4 and all(0 < ratio <= 5 for ratio in ratios)
    assert not re.search(r"\d\.\d", text)  # figures vary from run to run
    assert re.search(r"times the baseline, one row = \d", without_keras.text(figures=True))


def test_the_command_tells_the_same(with_keras, capsys):
    base, found = with_keras
    assert command.main([str(base)]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == found.headline
    (base / PLAN).rename(base / "other.json")
    assert command.main([str(base), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["met"], data["requirements"][8]["outcome"]) == (9, "not tried")
    (base / "other.json").rename(base / PLAN)


@pytest.mark.weekly
def test_the_command_in_a_shell(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "helpers.teaching.assess", str(tmp_path / "none")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("none/: ✗ 0 of 10 requirements are met")
    assert (
        "Nothing was tried: there is nothing at 'none'" in done.stdout.replace("\n", " ")
        and "Traceback" not in done.stderr
    )
