"""Submissions of any name, and the reports."""

import csv
import json

import pytest

from helpers.notebooks import lesson_names
from helpers.teaching.grade.__main__ import RESULTS, _known, main
from helpers.teaching.grade.grading import NO_DATA, NOT_READ, Graded, Row, exercise_keys
from helpers.teaching.grade.report import class_picture, summary, write_csv, write_pages
from helpers.teaching.grade.submissions import find_submissions, learner_of


def notebook(*cells):
    code = [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# x"]}, *code]})


def test_lesson_and_learner_are_found(tmp_path):
    files = {
        "ada/a/b.ipynb": notebook(["from helpers import start\n", "x = start('02_one_signature')"]),
        "04_inside_the_artifact_tim.ipynb": notebook("nothing"),
        "other.ipynb": notebook('start("99_other")'),
        "damaged.ipynb": notebook("x")[:30],
        "list.ipynb": "[1, 2]",
        "deep.ipynb": "[" * 100_000,
        "bytes.ipynb": b"\xff\xfe\0",
        "ada/.ipynb_checkpoints/b.ipynb": notebook("x"),
        "ada/notes.txt": "no notebook",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    found = {one.name: one for one in find_submissions(tmp_path)}
    assert len(found) == 8
    first = found["ada/a/b.ipynb"]
    assert (first.learner, first.lesson, first.problem) == ("ada", "02_one_signature", "")
    assert first.cells[0].endswith("start('02_one_signature')")
    second = found["04_inside_the_artifact_tim.ipynb"]
    assert (second.learner, second.lesson) == ("tim", "04_inside_the_artifact")
    assert found["other.ipynb"].problem == "no cell starts a lesson of this course"
    for name in ("damaged", "list", "deep", "bytes"):
        assert "damaged" in found[f"{name}.ipynb"].problem, name
    assert "link" in found["link.ipynb"].problem and not found["link.ipynb"].cells


def test_names_of_learners():
    assert learner_of("Ada Lovelace_12_file/x.ipynb") == "Ada Lovelace_12_file"
    assert learner_of("ada - 03_many_signatures (2).ipynb") == "ada"
    assert learner_of("03_many_signatures.ipynb") == "03_many_signatures"


def test_folder_without_notebooks(tmp_path, capsys):
    assert main([str(tmp_path / "none"), "--csv", str(tmp_path / "x.csv")]) == 2
    assert "should be a folder of notebooks" in capsys.readouterr().err
    assert main([str(tmp_path), "--csv", str(tmp_path / "x.csv")]) == 2
    assert "no file ends in .ipynb" in capsys.readouterr().err


def test_without_boxes_nothing_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("helpers.teaching.grade.box.shutil.which", lambda _: None)
    (tmp_path / "a.ipynb").write_text(notebook("start('00_start_here')"))
    assert main([str(tmp_path), "--csv", str(tmp_path / "x.csv")]) == 2
    said = capsys.readouterr().err
    assert "bwrap is not installed" in said and "--unboxed" in said


@pytest.mark.parametrize("lesson", lesson_names())
def test_exercises_without_data_exist(lesson):
    assert NO_DATA.get(lesson, set()) <= set(exercise_keys(lesson))


RESULT = Graded(
    "ada/x.ipynb",
    "<ada>",
    "01_basic_export",
    [
        Row("<ada>", "01_basic_export", "q1", "passed", "right", "beside"),
        Row("<ada>", "01_basic_export", "q2", "not yet", "=1+1 <script>alert(1)</script>", "apart"),
        Row("<ada>", "01_basic_export", "q3", "not reached", "it ran for more than 9 seconds"),
    ],
    61.0,
    10**9,
    "stopped",
)
UNREAD = Graded("bad.ipynb", "ADA/../..", "", [Row("ADA/../..", "", "", NOT_READ, "it is damaged")])


def test_reports(tmp_path):
    write_csv(tmp_path / "out.csv", [UNREAD, RESULT])
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["outcome"] for row in rows] == ["passed", "not yet", "not reached", "not read"]
    assert rows[1]["words"].startswith("'=1+1"), "a spreadsheet must not compute it"
    pages = write_pages(tmp_path / "pages", [RESULT, UNREAD])
    assert len(pages) == 2 and all(page.parent == tmp_path / "pages" for page in pages)
    texts = [page.read_text() for page in (*pages, tmp_path / "pages" / "class.html")]
    assert all("<script" not in text for text in texts)
    assert sum("&lt;script&gt;" in text for text in texts) == 2
    assert "1 of 3 exercises passed" in "".join(texts)
    assert "checked beside the learner" in "".join(texts)
    assert "bad.ipynb" in texts[-1]
    assert "01 q2: 1 not yet" in class_picture(RESULT.rows)
    told = summary([RESULT, UNREAD], 120)
    assert "2 notebooks in 2.0 minutes" in told and "1.0 minutes  (stopped)" in told
    assert "1 passes are marked 'beside'" in told


def test_results_are_read_again(tmp_path):
    file = tmp_path / RESULTS
    line = json.dumps({"key": "a b", "graded": RESULT.as_json()})
    file.write_text(f"{line}\n{line[:50]}")
    assert _known(file) == {("ada/x.ipynb", "a b"): RESULT}


def test_an_interrupted_command_goes_on(tmp_path, capsys, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / f"{name}.ipynb").write_text(notebook(f"# {name}\nstart('00_start_here')"))
    graded = []

    def grade(left, grader, jobs):
        for one in left:
            if len(graded) == 1:
                graded.append("interrupted")
                raise KeyboardInterrupt
            graded.append(one.name)
            row = Row(one.learner, one.lesson, "q1", "passed", "right", "apart")
            yield Graded(one.name, one.learner, one.lesson, [row])

    monkeypatch.setattr("helpers.teaching.grade.__main__.grade_all", grade)
    monkeypatch.setattr("helpers.teaching.grade.__main__.why_no_box", lambda: "")
    monkeypatch.setattr("helpers.teaching.grade.grading.copy_course", lambda target: None)
    command = [str(tmp_path), "--csv", str(tmp_path / "out.csv")]
    assert main(command) == 130
    assert "Interrupted after 1 of 2 notebooks" in capsys.readouterr().out
    assert main(command) == 0
    assert "1 of 2 notebooks are graded already" in capsys.readouterr().out
    assert graded == ["a.ipynb", "interrupted", "b.ipynb"]
    with (tmp_path / "out.csv").open(newline="") as stream:
        assert [row["learner"] for row in csv.DictReader(stream)] == ["a", "b"]
    (tmp_path / "a.ipynb").write_text(notebook("# changed\nstart('00_start_here')"))
    assert main(command) == 0 and graded[-1] == "a.ipynb", "a changed notebook is graded again"
