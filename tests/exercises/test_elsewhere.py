"""A learner's cell runs again in a new process, which shares nothing with the kernel."""

import ast
import os

import pytest

from helpers.exercises.elsewhere import ask_elsewhere
from helpers.exercises.notebook import source_of
from helpers.exercises.outcomes import NotYet

USERS = ["Ada", "Zoë", "陳"]


def asked(*cells, calls=None, **options):
    """Run the cells here and in the new process; return both results of the function `answer`."""
    names = {"In": ["", *cells]}
    for cell in cells:
        exec(cell, names)
    calls = [(user,) for user in USERS] if calls is None else calls
    here = [names["answer"](*arguments) for arguments in calls]
    return here, ask_elsewhere(names, "answer", calls, **options)


SAME = {
    "plain": ["def answer(user):\n    return len(user)"],
    "an import in another cell": [
        "import hashlib",
        "def answer(user):\n    return hashlib.sha256(user.encode()).hexdigest()",
    ],
    "a constant and a helper in other cells": [
        "SALT = 'spring'",
        "from hashlib import md5 as digest\ndef bucket(text):\n    return digest(text).digest()[0]",
        "def answer(user):\n    return bucket((SALT + user).encode())",
    ],
    "a lambda": ["answer = lambda user: user[::-1]"],
    "the newest definition": ["def answer(user):\n    return 1", "answer = str.upper"],
    "a class": [
        "class Answer:\n    def __call__(self, user):\n        return user * 2",
        "answer = Answer()",
    ],
}
OTHER = {
    "hash": ["def answer(user):\n    return hash(user)"],
    "number of the process": ["import os\ndef answer(user):\n    return os.getpid()"],
    "user name": ["import getpass\ndef answer(user):\n    return getpass.getuser()"],
    "day": ["import datetime\ndef answer(user):\n    return str(datetime.date.today())"],
    "day, named": [
        "from datetime import datetime\ndef answer(user):\n    return datetime.now().day"
        " + 100 * datetime.now().month"
    ],
    "clock": ["import time\ndef answer(user):\n    return time.time() // 3600"],
    "folder": ["from pathlib import Path\ndef answer(user):\n    return str(Path.cwd())"],
    "home": ["from pathlib import Path\ndef answer(user):\n    return str(Path.home())"],
    "a salt that is drawn once": [
        "import random\nSALT = random.random()",
        "def answer(user):\n    return SALT",
    ],
    "memory": [
        "seen = []",
        "def answer(user):\n    return seen and len(seen)",
        "seen.append('Ada')",
    ],
}


@pytest.mark.parametrize("name", SAME)
def test_what_depends_on_its_arguments_alone_is_the_same(name):
    here, there = asked(*SAME[name])
    assert here == there


@pytest.mark.parametrize("name", OTHER)
def test_what_depends_on_anything_else_is_not(name):
    here, there = asked(*OTHER[name])
    assert here != there


def test_given_folders_are_away_and_come_back(tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").touch()
    code = f"import os\ndef answer():\n    return os.path.exists({str(tmp_path / 'given/file')!r})"
    here, there = asked(code, calls=[()], away=[tmp_path / "given"])
    assert (here, there) == ([True], [False])
    assert os.listdir(tmp_path) == ["given"] and os.listdir(tmp_path / "given") == ["file"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["x = 1"], "answer should be defined in a cell of this notebook"),
        (["def answer(user):\n    return missing"], "fails there: NameError: name 'missing'"),
        (["import os\ndef answer(user):\n    os._exit(1)"], "ended without an answer"),
        (["def answer(user):\n    return lambda: 1"], "fails there"),
    ],
)
def test_what_fails_there_is_told(cells, words):
    with pytest.raises(NotYet) as raised:
        ask_elsewhere({"In": cells}, "answer", [("Ada",)])
    assert words in str(raised.value)


def test_an_endless_cell_is_stopped_there():
    cells = ["def answer(user):\n    while True: pass"]
    with pytest.raises(NotYet, match="did not end there within 1 seconds"):
        ask_elsewhere({"In": cells}, "answer", [("Ada",)], seconds=1)


def test_the_course_can_be_imported_there():
    cells = ["from helpers.text import shorten", "def answer(user):\n    return shorten(user)"]
    assert ask_elsewhere({"In": cells}, "answer", [("Ada",)]) == ["Ada"]


def test_local_names_need_nothing_of_other_cells():
    cells = [
        "for user in base:\n    number = 1",
        "def answer(user, percent):\n    number = len(user)\n"
        "    return [n for n in range(number) if n < percent]",
    ]
    assert source_of("answer", cells) == ast.unparse(ast.parse(cells[1]))


def test_checks_and_the_start_of_the_lesson_are_left_out():
    cells = [
        "from helpers import start\nlesson = start('08_serving')",
        "import hashlib, os",
        "def answer(user):\n    return os\nlesson.q4.check(answer)",
        "lesson.q5.check(answer)",
    ]
    assert source_of("answer", cells) == (
        "import hashlib, os\n\ndef answer(user):\n    return os".replace("\n\n", "\n", 1)
    )
