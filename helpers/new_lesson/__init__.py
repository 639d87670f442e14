"""A first version of a lesson that passes every test: `make new-lesson NAME=13_name`.

The templates beside this file become the source, the exercises and the proofs. The README gets a
row, and the two notebooks are derived. Then the author replaces the content.
"""

import re
from pathlib import Path

from helpers.notebooks import lesson_names, make
from helpers.paths import ROOT

FORM = re.compile(r"\d\d(_[a-z0-9]+)+")
MINUTES = 10  # as the template says
ROW = re.compile(r"^\| (\d\d) \| \[[^]]+\]\(notebooks/[^)]+\) \| \d+ \|.*\n", re.M)
TOTAL = re.compile(r"\b(\d+)(\s+minutes)\b")
TEMPLATES = {
    # file of the course: template
    "solutions/NN_name.py": "lesson.txt",
    "helpers/exercises/lesson_NN/__init__.py": None,
    "helpers/exercises/lesson_NN/exercises.py": "exercises.txt",
    "tests/exercises/lesson_NN/__init__.py": None,
    "tests/exercises/lesson_NN/test_exercises.py": "proofs.txt",
}


class CannotWrite(Exception):
    """The lesson cannot be written; the message says why and what to do."""


def new_lesson(name: str, course: Path = ROOT) -> list[str]:
    """Write a small lesson that passes every test.

    Parameters
    ----------
    name : str
        Two digits and lower-case words: "13_transfer_learning".
    course : Path
        The folder of the course.

    Returns
    -------
    list of str
        The files that were written or changed, below the course.

    Raises
    ------
    CannotWrite
        If the name has another form, the number or the name is in use, or README.md has no table
        of lessons. Then nothing is written.
    """
    _require_free(name, course)
    number, title = name[:2], name[3:].replace("_", " ").capitalize()
    readme = _with_row(name, title, (course / "README.md").read_text(encoding="utf-8"))
    written = []
    for file, template in TEMPLATES.items():
        text = ""
        if template is not None:
            text = Path(__file__).with_name(template).read_text(encoding="utf-8")
        elif file.startswith("helpers/"):
            text = f'"""What lesson {number} owns."""\n'
        file = file.replace("NN_name", name).replace("NN", number)
        text = text.replace("TITLE", title).replace("NN_name", name).replace("NN", number)
        path = course / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(file)
    (course / "README.md").write_text(readme, encoding="utf-8")
    make([name], course=course)
    return [*written, "README.md", f"solutions/{name}.ipynb", f"notebooks/{name}.ipynb"]


def _require_free(name: str, course: Path) -> None:
    if not FORM.fullmatch(name):
        raise CannotWrite(
            f"{name!r} is not a name of a lesson: write two digits, then lower-case words, joined "
            "by underscores. For example: make new-lesson NAME=13_transfer_learning"
        )
    names = lesson_names(course)
    for other in names:
        if other[:2] == name[:2]:
            free = next(n for n in range(100) if f"{n:02d}" not in {o[:2] for o in names})
            raise CannotWrite(
                f"the number {name[:2]} is in use: lesson {other} has it. "
                f"Choose another number, for example {free:02d}."
            )
        if other[3:] == name[3:]:
            raise CannotWrite(f"the name {name[3:]} is in use: lesson {other} has it.")
    for folder in ("helpers/exercises", "tests/exercises"):
        if (course / folder / f"lesson_{name[:2]}").exists():
            raise CannotWrite(
                f"{folder}/lesson_{name[:2]} exists, but no lesson has this number. "
                "Rename or delete the folder first."
            )


def _with_row(name: str, title: str, readme: str) -> str:
    """Return the text of the README with the row of the lesson, and the new sum of minutes."""
    rows = list(ROW.finditer(readme))
    if not rows:
        raise CannotWrite("README.md has no table of lessons: | 00 | [Title](notebooks/...) | 10 |")
    row = f"| {name[:2]} | [{title}](notebooks/{name}.ipynb) | {MINUTES} | what you learn |\n"
    before = [found for found in rows if found[1] < name[:2]]
    place = before[-1].end() if before else rows[0].start()
    readme = readme[:place] + row + readme[place:]
    if len(TOTAL.findall(readme)) == 1:  # the sum for all lessons
        readme = TOTAL.sub(lambda total: f"{int(total[1]) + MINUTES}{total[2]}", readme)
    return readme
