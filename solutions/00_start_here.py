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
# You save a trained Keras model with the popular recipe `tf.saved_model.save`, and your test in
# Python passes. Then a server loads the saved model and fails with an error. A phone computes wrong
# numbers without an error.
#
# ![Two exports of one Keras model. With the export of tf.saved_model.save, Python computes the
# right numbers, a server fails with an error, and a phone computes wrong numbers without an error.
# With the export of model.export, all three compute the right
# numbers.](../notebooks/images/popular_recipe.svg)
#
# After this lesson you can
#
# - export a Keras model so that Python, a server and a phone compute the same numbers as the model
#   (exercise 1)
# - answer an exercise, get hints, and read what a check tells you (exercise 1)
# - check that your computer is ready (section "Is your computer ready?")
# - find your next lesson (section "What is in the course?")
#
# **10 minutes**, 3 of them for the exercise. You should have trained a Keras model before.

# %% [markdown]
# ## The recipe
#
# Export a Keras model with its method `export`. Then load the export, and test that it computes the
# same numbers as the model.
#
# ```python
# import numpy as np
# import tensorflow as tf
#
# layers = [tf.keras.Input((1,)), tf.keras.layers.Dense(1)]
# my_model = tf.keras.Sequential(layers)
# my_rows = np.array([[0.0], [1.0], [10.0]], np.float32)
#
# my_model.export("my_export", verbose=False)  # not tf.saved_model.save
# loaded = tf.saved_model.load("my_export")
# answers = loaded.serve(my_rows)
# np.testing.assert_allclose(answers, my_model(my_rows), rtol=1e-5)
# ```
#
# Use these lines later, for a model of your own. You do not run them on this page. `serve` is the
# function of the export that computes what `my_model` computes. The lines test it in Python only.
# The section "What goes wrong with the popular recipe?" also shows what a server and a phone do.
# The method `model.save` is not enough: it writes a file that only Keras can open.

# %% [markdown]
# ## How do you run a cell?
#
# Click the cell below. Then press Shift and Enter together. JupyterLab runs the cell and selects
# the next one. Run all cells of a lesson in this way, from top to bottom.
#
# - `[*]` beside a cell means that the cell is still running. The button ■ in the toolbar stops it.
# - The outputs that you see now are from the author's computer. When you run a cell, your output
#   replaces the author's.
# - To add a cell, click a cell, and then click **+** in the toolbar of the notebook. The new cell
#   is below it.
# - The *kernel* is the Python process that runs your cells. When the kernel restarts, it loses all
#   variables. Then run the first code cell again, and after it the other cells that you need.

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import start

lesson = start("00_start_here")

import numpy as np
import tensorflow as tf

from helpers.check_environment import check_environment
from helpers.widgets.course_map import course_map
from helpers.widgets.reader_answers import reader_answers

# %% [markdown]
# ## Is your computer ready?
#
# The next cell compares your computer with what the course needs. Every line should begin with ✓.

# %%
check_environment()

# %% [markdown]
# All learners need the same versions, because a new version of TensorFlow or Keras can export a
# model in a different way.
#
# <details><summary>What does a line with ✗ look like?</summary>
#
# Such a line says what your computer has and what to do. With an old Keras, the line is: "✗ keras
# 3.15.1: found 2.15.0. Close JupyterLab, delete the folder .venv and start again with: make lab"
#
# </details>
#
# ## What goes wrong with the popular recipe?
#
# The next cell makes a small Keras model. The cell also sets the two weights of the model, so that
# the model computes y = 2x + 1. For x = 0, 1 and 10, the right answers are 1, 3 and 21.

# %%
model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
model.set_weights([np.array([[2.0]]), np.array([1.0])])
rows = np.array([[0.0], [1.0], [10.0]], np.float32)
print(model(rows).numpy())

# %% [markdown]
# Now save the model with the popular recipe, `tf.saved_model.save`. It writes a folder with the
# computation and the weights of the model. Such a folder is called an *export*. A program that
# loads an export is called a *reader*. A reader does not need your Python code.
#
# `reader_answers` sends the three rows to three readers. All three run on this computer:
#
# - **python** loads the export with `tf.saved_model.load`, in a second Python process.
# - **session** stands for the server in the picture. A session is TensorFlow's older way to run a
#   model in Python. It loads the weights as TensorFlow Serving does. TensorFlow Serving is a server
#   that answers requests with a model.
# - **litert** stands for the phone. LiteRT is a library with which apps on phones run models. It
#   needs a file of its own, so `reader_answers` first converts the export.
#
# `reader_answers` compares their answers with the *golden answers*: the numbers that the model
# itself computes. This can take 10 seconds. `lesson.scratch` is a new folder for your exports.

# %%
popular_dir = lesson.scratch / "popular"
tf.saved_model.save(model, popular_dir)  # the popular recipe
reader_answers(popular_dir, rows, model(rows))

# %% [markdown]
# The right numbers are 1, 3 and 21. Your run shows the numbers of each reader. The wrong numbers
# can change from run to run.
#
# - **python** computes 1, 3 and 21. So a test with `tf.saved_model.load` does not find the fault of
#   this export.
# - **session** fails, because it finds no values for the *variables* of this export. A variable is
#   the object in which TensorFlow stores a weight.
# - **litert** finds no values either, but does not fail. It computes with whatever numbers are in
#   the memory. So its three numbers are not 1, 3 and 21.
#
# Two rules follow for you. Export a Keras model with `model.export`. Test the export in every
# reader that you need. [Lesson 01](01_basic_export.ipynb) explains why session and litert find no
# values.
#
# ## How does an exercise answer you?
#
# An exercise is a cell with three dots, `...`. You replace the dots with your answer, which may
# need more than one line. The last line of the cell calls a check. The check tests the result of
# your code. It does not compare your code with the solution, so every answer that works is right.
# Below the cell, you then see one of four results:
#
# | result | when | what you can read there |
# |---|---|---|
# | … not attempted | the `...` is still in the cell | what to replace |
# | ✗ not yet | your answer is not right yet | what was expected, what was found, what to do |
# | ! raised | your code stopped with an error | the error, your line, and its usual cause |
# | ✓ passed | your answer is right | what the check tried |
#
# The next cell shows the result for a wrong answer to exercise 1: the export of the popular recipe.
# `lesson.q1.grade` gives the same result as `lesson.q1.check`, but does not store that you have
# passed.

# %%
lesson.q1.grade(popular_dir)

# %% [markdown]
# ### Exercise 1: export the model again (3 min)
#
# Export `model` so that all three readers compute the same numbers as `model`. The section "The
# recipe" shows how to export another model, `my_model`. Your answer needs two lines. The
# first line names a new folder, such as `lesson.scratch / "good"`. The second line exports `model`
# to this folder.
#
# If you need help, add a cell below, write `lesson.q1.hint()` in it, and run it. You then see the
# first hint. Run the same cell again to see the next hint. After the last hint, you see the
# solution.

# %%
# > export_dir = ...  # the folder into which you export `model`
# <solution>
export_dir = lesson.scratch / "good"
model.export(export_dir, verbose=False)
# </solution>
lesson.q1.check(export_dir)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# After you pass, add a cell, write `reader_answers(export_dir, rows, model(rows))` in it, and run
# it. All three readers now answer with 1, 3 and 21.
#
# ## What is in the course?
#
# The next cell lists the lessons, and shows which exercises you have passed.

# %%
course_map()

# %% [markdown]
# Each circle is an exercise: ● means that you have passed it, and ○ means that you have not. After
# you pass an exercise, press **Refresh** to update the list. The line *Next* names the first lesson
# that you have not finished. Click the name of a lesson to open
# it. The course stores your passes in the file `.progress.json`, which stays on your computer.
#
# Each lesson explains its technical terms. You can also look them up in the
# [glossary](../docs/glossary.md).
#
# ## What if something goes wrong?
#
# <details><summary>Open this list when you need it</summary>
#
# - **If a notebook does not work any more**, choose *Kernel → Restart Kernel and Run All Cells*.
#   This keeps your text, and runs the cells from top to bottom. If a cell stops with an error,
#   JupyterLab does not run the cells below it. Correct this cell, and run the rest yourself.
# - **If ■ does not stop a cell**, choose *Kernel → Restart Kernel*. Then run the first code cell
#   again.
# - **If you want the original lesson back**, open a terminal (*File → New → Terminal*). In the
#   folder of the course, run `make reset LESSON=01`, with the number of the lesson. The command
#   stores your changed lesson as a copy beside the new one.
# - **If you want to practise an exercise again**: some exercises of later lessons have several
#   variants. When you pass such an exercise, its check tells you how to get another variant.
# - **If you are afraid to lose an export**: each time you run the first code cell, it makes a new
#   folder `lesson.scratch`. The older folders stay in `exports`, beside the notebooks. No check
#   deletes your files.
#
# </details>
#
# ## What you can do now
#
# - **Export**: `model.export` wrote an export with which all three readers compute the same
#   numbers. `reader_answers` compares each reader with the golden answers.
# - **Answer an exercise**: replace the `...`, run the cell, and read what was expected, what was
#   found and what to do. `lesson.q1.hint()` gives you a hint.
# - **Check your computer**: `check_environment()` says whether your computer is ready.
# - **Find your next lesson**: the map of the course names it.

# %% [markdown]
# Next: [lesson 01, basic export](01_basic_export.ipynb)
#
# Official documents:
# [TensorFlow's guide to SavedModel](https://www.tensorflow.org/guide/saved_model),
# [Keras: Model.export](https://keras.io/api/models/model_saving_apis/export/),
# [LiteRT](https://ai.google.dev/edge/litert)
