"""A course of one lesson that needs no TensorFlow, for the tests of the pipeline itself."""

import shutil

from helpers.paths import ROOT

NAME = "00_tiny"
# All that lesson, gate and configuration need: the real files, so that the real ones are tested.
NEEDED = (
    "pyproject.toml",
    "helpers/__init__.py",
    "helpers/notebooks.py",
    "helpers/paths.py",
    "helpers/processes/__init__.py",
    "helpers/processes/tensorflow_import.py",
    "tests/__init__.py",
    "tests/support/__init__.py",
    "tests/support/clinic_table.py",
    "tests/support/notebook_plugin.py",
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


def tiny_course(folder):
    """Write the course into `folder`, its notebooks not yet derived. Returns the folder."""
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("solutions", "notebooks"):
        (folder / name).mkdir()
    source = OPENING + "".join(SECTION.format(number=n) for n in range(2, 8)) + EXERCISE
    (folder / "solutions" / f"{NAME}.py").write_text(source, encoding="utf-8")
    return folder
