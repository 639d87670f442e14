"""Submissions of a simulated class, each with the outcomes that grading must give.

`python -m tests.teaching.grade.simulated FOLDER` writes them. With `--csv FILE`, it compares what
`python -m helpers.teaching.grade FOLDER --csv FILE` wrote.
"""

import argparse
import csv
import sys
from pathlib import Path

import nbformat

from helpers.notebooks import derive
from helpers.paths import ROOT
from tests.teaching.grade.cheats import CHEATS, ENDLESS, KEYS, LESSON, code_of

PASSED, NOT_YET, NOT_ATTEMPTED, RAISED = "passed", "not yet", "not attempted", "raised"
NOT_READ = "not read"
UNTOUCHED = dict.fromkeys(KEYS, NOT_ATTEMPTED)
# A cheat may have any outcome but a pass.
NO_PASS = "no pass"


def notebook(folder: str = "notebooks", cell: str = "", changes: tuple = ()):
    """Return a notebook of LESSON.

    Parameters
    ----------
    folder : {"solutions", "notebooks"}
        With solutions, or with `...` in their place.
    cell : str
        A cell that runs after the lesson has begun, and again at the end.
    changes : tuple of (str, str)
        What is replaced in the cells, and by what.
    """
    made = derive(LESSON, folder)
    for old, new in changes:
        assert any(old in one.source for one in made.cells), old
        for one in made.cells:
            one.source = one.source.replace(old, new)
    if cell:
        begins = next(n for n, one in enumerate(made.cells) if f'start("{LESSON}")' in one.source)
        made.cells.insert(begins + 1, nbformat.v4.new_code_cell(cell))
        made.cells.append(nbformat.v4.new_code_cell(cell))
    return made


def half_done():
    """Return a notebook with the first two exercises answered, and the others untouched."""
    made, answered = notebook(), notebook("solutions")
    for number, one in enumerate(made.cells):
        if "lesson.q1.check(" in one.source or "lesson.q2.check(" in one.source:
            made.cells[number] = answered.cells[number]
    return made


WRONG = (
    ("mine.export(export_dir_1, verbose=False)", "tf.saved_model.save(mine, str(export_dir_1))"),
    ('phone = "other numbers"', 'phone = "fails"'),
    ("base_dir_4 = base_dir", "base_dir_4 = 1 / 0"),
)


def simulated(outside: str) -> dict[str, tuple[object, dict[str, str]]]:
    """Return {path: (notebook or text, {exercise: outcome})}.

    Parameters
    ----------
    outside : str
        A path that the cheats try to write to.
    """
    good = dict.fromkeys(KEYS, PASSED)
    wrong = {"q1": NOT_YET, "q2": PASSED, "q3": NOT_YET, "q4": RAISED, "q5": PASSED}
    cheat = dict.fromkeys(KEYS, NO_PASS)

    def cheating(name, folder="notebooks"):
        return notebook(folder, code_of(name, outside, str(ROOT)))

    half = {**UNTOUCHED, "q1": PASSED, "q2": PASSED}
    found = {
        "ada/01_basic_export.ipynb": (notebook("solutions"), good),
        "grace/deep/folder/My answers (final) 2.ipynb": (notebook("solutions"), good),
        "linus/01_basic_export.ipynb": (half_done(), half),
        "01_basic_export_tim.ipynb": (notebook(), UNTOUCHED),
        "wrong.ipynb": (notebook("solutions", changes=WRONG), wrong),
        "damaged.ipynb": (nbformat.writes(notebook())[:20_000], {"": NOT_READ}),
        "other/shopping list.ipynb": (nbformat.v4.new_notebook(), {"": NOT_READ}),
        "writes.ipynb": (cheating("files outside are written", "solutions"), good),
    }
    found |= {f"cheats/{name}.ipynb": (cheating(name), cheat) for name in CHEATS}
    found |= {f"endless/{name}.ipynb": (cheating(name), cheat) for name in ENDLESS}
    return found


def write(folder: Path, outside: str) -> None:
    """Write the submissions."""
    for name, (content, _) in simulated(outside).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else nbformat.writes(content))


def differences(file: Path, outside: str) -> list[str]:
    """Return what a CSV file of the grader says and should not say."""
    expected = {name: outcomes for name, (_, outcomes) in simulated(outside).items()}
    found: dict[str, dict[str, str]] = {}
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["file"], {})[row["exercise"]] = row["outcome"]
    wrong = [f"{name} is missing" for name in expected.keys() - found.keys()]
    for name, outcomes in found.items():
        for key, outcome in outcomes.items():
            right = expected[name].get(key)
            if outcome != right and not (right == NO_PASS and outcome != PASSED):
                wrong.append(f"{name} {key}: {outcome}, not {right}")
        wrong += [f"{name} {key} is missing" for key in expected[name].keys() - outcomes.keys()]
    return wrong + ([f"{outside} was written"] if Path(outside).exists() else [])


def main() -> int:
    """Write the submissions, or compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.teaching.grade.simulated")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--csv", type=Path)
    chosen = parser.parse_args()
    outside = str(chosen.folder.resolve().parent / "written outside")
    if chosen.csv is None:
        write(chosen.folder, outside)
        return 0
    wrong = differences(chosen.csv, outside)
    print("\n".join(wrong) or f"{len(simulated(outside))} submissions: every verdict is right")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
