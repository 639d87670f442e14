# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here: how this course works
#
# After this lesson you can
#
# - tell whether your computer is ready for the course, and mend it if not;
# - work through a lesson: run cells, answer exercises, ask for hints;
# - read the four answers that a check can give;
# - find your way, and see how far you have come.
#
# **10 minutes.** Builds on nothing but having trained a Keras model once.
#
# Click on the grey cell below and press Shift and Enter together. That runs it and moves on; go
# through every lesson in this way. An asterisk, `[*]`, means that a cell is still running; ■ in
# the toolbar stops it. The outputs that you see already come from the author's computer. Running
# a cell replaces them by yours.

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import start

lesson = start("00_start_here")

from helpers.check_environment import check_environment
from helpers.widgets.course_map import course_map

# %% [markdown]
# ## Is your computer ready?

# %%
check_environment()

# %% [markdown]
# When you have run it, every line should begin with ✓. Versions matter in this course: what is
# true of exporting changed with almost every release of TensorFlow and Keras, so all learners use
# the same ones.
#
# If something is wrong, the line begins with ✗ and says what to do. You may never see one, so
# here is what it would look like if your Keras were too old and LiteRT were missing:

# %%
check_environment({"keras": "2.15.0", "ai-edge-litert": None})

# %% [markdown]
# ## What does an exercise look like?
#
# A cell with three dots where your answer goes, and a last line that checks it. The check tries
# out what you wrote; how it is written does not matter. Whatever behaves as asked passes.
#
# A check answers in one of four ways. The exercise is: *write a function that returns two times a
# number.* First, nothing has been written yet. (`grade` answers as `check` does, and does not
# record a pass.)

# %%
lesson.q1.grade(...)

# %% [markdown]
# Second, an answer that is not right yet. You are shown the first thing that went wrong, with
# your own value beside the one that is wanted:


# %%
def add_two(number):
    return number + 2


lesson.q1.grade(add_two)

# %% [markdown]
# Third, an answer that raised an error. You are shown the error, the line of yours that it came
# from, and what usually causes it. The notebook goes on.


# %%
def call_a_method(number):
    return number.double()


lesson.q1.grade(call_a_method)

# %% [markdown]
# The fourth answer is yours to get.
#
# ### Exercise 1: double
#
# Replace the three dots and run the cell. If you are stuck, write `lesson.q1.hint()` in a cell of
# your own: every call gives one more hint, and after the last hint the solution.


# %%
# > def double(number):
# >     return ...  # two times `number`
# >
# >
# <solution>
def double(number):
    return number * 2


# </solution>
lesson.q1.check(double)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## What is in the course?

# %%
course_map()

# %% [markdown]
# A filled dot is an exercise that you have passed. Press **Refresh** after passing one. What you
# passed is kept in the small file `.progress.json` in the folder of the course; it survives
# restarts, and it stays on your computer.
#
# ## What if something goes wrong?
#
# - **A notebook is in a muddle.** *Kernel → Restart Kernel and Run All Cells* runs it from the
#   top. What you typed stays; only the variables are made again. It also ends a cell that ■
#   cannot stop.
# - **You want the lesson as it was.** In a terminal (*File → New → Terminal*), `make reset
#   LESSON=01` in the folder of the course gives you a fresh copy and keeps yours beside it.
# - **You want to practise again.** Some exercises have several variants. A pass then names a
#   call, such as `lesson.q3.given(1)`. Write `given(1)` in place of `given()` in the cell, and
#   run the cell and your answer again.
# - **You have broken something.** You cannot break much: what you export goes into a new folder
#   for every run, below `exports` next to the notebooks, and no check deletes a file.
#
# ## What you can do now
#
# - **Tell whether your computer is ready**: `check_environment()`, and each ✗ says what to do.
# - **Work through a lesson**: Shift and Enter, replace the dots, `hint()` when you are stuck.
# - **Read the four answers**: not attempted, not yet, raised, passed.
# - **Find your way**: the map above, and the links at the end of every lesson.
#
# Next: [lesson 01, basic export](01_basic_export.ipynb)
