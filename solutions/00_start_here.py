# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here: one export, three programs
#
# You save a trained Keras model with a popular recipe, and every test in Python passes. Then a
# server fails with an error, and a phone computes wrong numbers without an error.
#
# ![One export, written with the popular recipe tf.saved_model.save, goes to three readers. Python
# computes the right numbers. The server fails with an error. The phone computes wrong numbers
# without an error.](../notebooks/images/popular_recipe.svg)
#
# After this lesson you can
#
# - test an export in three programs, and export a model so that all three compute its numbers
#   (exercise 1)
# - answer an exercise, get hints, and read what the check tells you (exercise 1)
# - check that your computer is ready, and find the next lesson on the map (exercise 1)
#
# **10 minutes**, 3 of them for the exercises. You only need to have trained a Keras model before.

# %% [markdown]
# ## The recipe
#
# Export a Keras model with `model.export`. Then load the export and compare it with *golden
# answers*: the numbers that the model computes for some rows.
#
# ```python
# import numpy as np
# import tensorflow as tf
#
# model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
# rows = np.array([[0.0], [1.0], [10.0]], np.float32)
# golden_answers = model(rows)
#
# model.export("my_export")  # in place of tf.saved_model.save(model, "my_export")
#
# loaded = tf.saved_model.load("my_export")
# np.testing.assert_allclose(loaded.serve(rows), golden_answers, rtol=1e-5)
# ```

# %% [markdown]
# ## How do you run a cell?
#
# Click the grey cell below. Then press Shift and Enter together. JupyterLab runs the cell and
# selects the next one. Go through every lesson in this way.
#
# - `[*]` beside a cell means that it is still running. The button ■ in the toolbar stops it.
# - The outputs that you see now are from the author's computer. When you run a cell, your output
#   replaces the author's.

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers are in the folder above
from helpers import start

lesson = start("00_start_here")

import numpy as np
import tensorflow as tf

from helpers.check_environment import check_environment
from helpers.readers.compare import compare
from helpers.widgets.course_map import course_map

# %% [markdown]
# ## What goes wrong with the popular recipe?
#
# An *export* is a folder that holds a model: its computation and its weights. A *reader* is a
# program that loads an export. A reader does not need your Python code.
#
# The next cell makes a small Keras model and sets its two weights, so the model computes
# y = 2x + 1. Then the cell saves the model with the popular recipe, and `compare` sends the same
# rows to three readers. This takes about 10 seconds. `lesson.scratch` is a new folder for your
# exports.

# %%
model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
model.set_weights([np.array([[2.0]]), np.array([1.0])])
popular_dir = lesson.scratch / "popular"
tf.saved_model.save(model, popular_dir)  # the popular recipe
compare(popular_dir)

# %% [markdown]
# The table has one line for each reader:
#
# - **python** loads the export with `tf.saved_model.load`, in a new Python process. It computes
#   the right numbers, so a test in Python finds no fault. `compare` compares the other two readers
#   with this one.
# - **session** is a TensorFlow session in Python. It restores the weights in the same way as
#   TensorFlow Serving, a server that answers requests with a model. The session fails, because the
#   *variables*, in which TensorFlow stores the weights, have no values.
# - **litert** is LiteRT, which runs models on phones. It computes other numbers without an error.
#
# The column *signature* names the function that was called. A *signature* is a function of an
# export that other programs can call. A program that names no signature gets `serving_default`.
#
# The last column names the error and its cure, with terms that later lessons explain. For now, you
# need only the advice: export with `model.export`. [Lesson 01](01_basic_export.ipynb) explains the
# cause.
#
# ## Is your computer ready?
#
# The next cell compares your computer with what the course needs. Every line should begin with ✓.

# %%
check_environment()

# %% [markdown]
# All learners use the same versions, because TensorFlow and Keras change how they export from
# release to release.
#
# <details><summary>What does a line with ✗ look like?</summary>
#
# It says what your computer has and what to do. With an old Keras, the line is: "✗ keras 3.15.1:
# found 2.15.0. Close JupyterLab, delete the folder .venv and start again with: make lab"
#
# </details>
#
# ## How does an exercise answer you?
#
# An exercise is a cell with three dots, `...`, in place of your answer. Its last line calls a
# check. The check tries what you made, so every answer that works is right. The check tells you one
# of four things:
#
# | the check says | when | what you can read there |
# |---|---|---|
# | … not attempted | the `...` is still in the cell | what to replace |
# | ✗ not yet | your answer is not right yet | what was expected, what was found, what to do |
# | ! raised | your code stopped with an error | the error, your line, and its usual cause |
# | ✓ passed | your answer is right | what the check tried |
#
# The next cell gives the export of the popular recipe to the check of exercise 1. `grade` tells you
# the same as `check`, and does not store a pass.

# %%
lesson.q1.grade(popular_dir)

# %% [markdown]
# ### Exercise 1: export the model again (3 min)
#
# Export `model` so that all three readers compute its numbers. The recipe at the top of this page
# has the line that you need. Use a new folder, such as `lesson.scratch / "good"`.
#
# If you need help, write `lesson.q1.hint()` in a new cell. Each call prints one more hint, and
# after the last hint the solution.

# %%
# > export_dir = ...  # the folder into which you export `model`
# <solution>
export_dir = lesson.scratch / "good"
model.export(export_dir, verbose=False)
# </solution>
lesson.q1.check(export_dir)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# After you pass, write `compare(export_dir)` in a new cell. `model.export` wrote two signatures,
# and all three readers compute the same numbers with both.
#
# ## What is in the course?

# %%
course_map()

# %% [markdown]
# Each dot is an exercise, and ● means that you have passed it. Press **Refresh** after a pass.
# *Next* names the first lesson with an exercise that you have not passed. Click a name to open the
# lesson. The course stores your passes in the file `.progress.json`, which stays on your computer.
#
# Each lesson explains its technical terms. You can also look them up in the
# [glossary](../docs/glossary.md).
#
# ## What if something goes wrong?
#
# <details><summary>Open this list when you need it</summary>
#
# - **A notebook does not work any more.** Choose *Kernel → Restart Kernel and Run All Cells*. This
#   keeps your text and makes all variables again. It also ends a cell that ■ cannot stop.
# - **You want the lesson as it was at first.** Run `make reset LESSON=01` in the folder of the
#   course, in a terminal (*File → New → Terminal*). It keeps your copy beside the new one.
# - **You want to practise again.** Some exercises have several variants. A pass then names a call,
#   such as `lesson.q3.given(1)`. Write it in place of `lesson.q3.given()`, and run the cell again.
# - **You are afraid to break something.** Each run exports to a new folder in `exports`, beside the
#   notebooks. No check deletes your files.
#
# </details>
#
# ## What you can do now
#
# - **Test and export**: `compare` sends the same rows to three readers. `model.export` writes an
#   export that all three can use.
# - **Answer an exercise**: replace the `...`, run the cell, and read what was expected and found.
#   `hint()` helps you.
# - **Find your way**: `check_environment()` says whether your computer is ready, and the map names
#   the next lesson.

# %% [markdown]
# Next: [lesson 01, basic export](01_basic_export.ipynb)
#
# Official documents:
# [TensorFlow's guide to SavedModel](https://www.tensorflow.org/guide/saved_model),
# [Keras: Model.export](https://keras.io/api/models/model_saving_apis/export/),
# [LiteRT](https://ai.google.dev/edge/litert)
