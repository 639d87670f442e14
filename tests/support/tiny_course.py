"""A course of one lesson that needs no TensorFlow, for the tests of the tests."""

import shutil
from pathlib import Path

from helpers.paths import ROOT

NAME = "00_tiny"
# The real files that the lesson, its tests and pytest need.
NEEDED = (
    "pyproject.toml",
    "helpers/__init__.py",
    "helpers/jupyter/__init__.py",
    "helpers/notebooks.py",
    "helpers/paths.py",
    "helpers/scratch.py",
    "helpers/processes/*.py",
    "tests/__init__.py",
    "tests/support/__init__.py",
    "tests/support/clinic_table.py",
    "tests/support/notebook_plugin.py",
    "tests/support/share.py",
    "tests/course/__init__.py",
    "tests/course/test_lessons.py",
)
OPENING = """\
# %% [markdown]
# # Tiny: the smallest lesson
#
# After this lesson you can
#
# - add;
# - multiply;
# - subtract.
#
# **1 minutes.** Builds on nothing. See [yourself](00_tiny.ipynb).

# %%
class Question:
    def check(self, answer):
        print("… not attempted: ..." if answer is ... else f"✓ passed: {answer}")


class lesson:
    q1 = Question()


"""
SECTION = """\
# %% [markdown]
# ## What is {number} times {number}?

# %%
print({number} * {number})

"""
EXERCISE = """\
# %% [markdown]
# ### Exercise 1: add

# %%
numbers = [1, 2]
# > answer = ...  # the sum of `numbers`
# <solution>
answer = sum(numbers)
# </solution>
lesson.q1.check(answer)  # also: lesson.q1.hint(), lesson.q1.solution()
"""


def copy_files(course: Path, *patterns: str) -> None:
    """Copy files of this course to another folder.

    Parameters
    ----------
    course : Path
        The folder of the copy.
    *patterns : str
        Patterns of paths below this course: "helpers/**/*.py".
    """
    for pattern in patterns:
        found = [path for path in ROOT.glob(pattern) if path.is_file()]
        assert found, f"the course has no file {pattern}"
        for path in found:
            target = course / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def tiny_course(folder: Path) -> Path:
    """Write the course, without its notebooks.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The folder.
    """
    copy_files(folder, *NEEDED)
    for name in ("solutions", "notebooks"):
        (folder / name).mkdir()
    source = OPENING + "".join(SECTION.format(number=n) for n in range(2, 8)) + EXERCISE
    (folder / "solutions" / f"{NAME}.py").write_text(source, encoding="utf-8")
    return folder
