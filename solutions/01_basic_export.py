# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Basic export: a model that other programs can use
#
# You want to run a trained penguin model on a server and on a phone, without your Python code. An
# export of a popular recipe passes every test in Python, and then fails on both. This lesson shows
# what works, and why.
#
# ![Two ways to export the penguin model. After tf.saved_model.save, Python is right, a server
# fails, and a phone gets wrong numbers. After model.export, all three are
# right.](../notebooks/images/two_ways_to_export.svg)
#
# After this lesson you can
#
# - export a trained Keras model so that other programs get its numbers (exercise 1)
# - say which programs fail after `tf.saved_model.save`, and why (exercise 2)
# - find an export that is right for one number of rows only (exercise 3)
# - publish a new version of a model beside the old one (exercise 4)
# - export a model with two inputs that other programs call by name (exercise 5)
#
# **35 minutes**, 20 of them for the exercises. Builds on [lesson 00](00_start_here.ipynb).

# %% [markdown]
# ## The recipe
#
# These lines export a model, load the export, and compare the numbers.
#
# ```python
# import tensorflow as tf
#
# x = tf.random.uniform((100, 1))
# model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
# model.compile("adam", "mse")
# model.fit(x, 2 * x + 1, verbose=0)
# model.export("my_model/1", verbose=False)  # not tf.saved_model.save(model, ...)
# loaded = tf.saved_model.load("my_model/1")
# tf.debugging.assert_near(loaded.serve(x), model(x))
# ```

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("01_basic_export")

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.data import line
from helpers.models import LinearModel
from helpers.penguins.data import SPECIES
from helpers.penguins.trained import trained_penguin_model
from helpers.readers.compare import compare
from helpers.training import train
from helpers.widgets.reader_answers import reader_answers

readers.warm_up()  # starts a second Python process, which this page uses below

# %% [markdown]
# ## Which programs name the right species?
#
# `penguin_model` was trained on 344 penguins. It takes seven numbers about a penguin, and returns a
# probability for each of three species. `three_penguins` are an Adelie, a Gentoo and a Chinstrap.
# The model names all three:

# %%
penguin_model, three_penguins = trained_penguin_model()
probabilities = penguin_model(three_penguins).numpy()
print(np.array(SPECIES)[probabilities.argmax(axis=1)])

# %% [markdown]
# Many tutorials save a Keras model with `tf.saved_model.save`. It writes a folder, which this
# course calls an *export*. A *reader* is a program that loads an export. This course uses three:
#
# - **python**: `tf.saved_model.load`, in a second Python process that does not have your code.
# - **session**: Python's session, TensorFlow's older way to run a model. It restores the weights
#   in the same way as TensorFlow Serving, a server for models.
# - **litert**: LiteRT, formerly TensorFlow Lite, which runs models on phones. A converter first
#   makes a LiteRT file from the export.
#
# Predict before you run the cell: which readers are right?

# %%
popular_dir = lesson.scratch / "popular"
tf.saved_model.save(penguin_model, popular_dir)
reader_answers(popular_dir, three_penguins, probabilities, SPECIES)

# %% [markdown]
# Python gives the model's numbers. The session fails, and so does a server that restores the
# weights in the same way. LiteRT gives no error, but its numbers are wrong. They change from run to
# run, so only a running notebook shows them. Tests in Python cannot find this fault. Now change one
# line, and save with `model.export`:

# %%
exported_dir = lesson.scratch / "exported"
penguin_model.export(exported_dir, verbose=False)
reader_answers(exported_dir, three_penguins, probabilities, SPECIES)

# %% [markdown]
# All three readers are right. So **export a Keras model with `model.export`, and test the export in
# every reader that you need**.
#
# ## You know `model.save`. Why is it not enough?
#
# `model.save` writes a file for Keras. A server has neither Keras nor your Python code, so it
# cannot open that file. It opens a folder in the SavedModel format, and calls its *signatures*. A
# signature is a function that other programs can call. It has a name, named inputs and named
# outputs.
#
# | format | opened by | needs your code? | can still train? | signatures |
# |---|---|---|---|---|
# | `.keras` | Keras | for own classes | yes | no |
# | weights | Keras | yes | yes | no |
# | checkpoint | Python | yes | yes | no |
# | SavedModel | Python, servers | no | in part | one or more |
# | LiteRT | LiteRT | no | no | one or more |
# | ONNX | ONNX Runtime | no | no | one |
#
# `model.save`, `model.save_weights` and `tf.train.Checkpoint` write the first three. `model.export`
# writes a SavedModel, and so does `ExportArchive` (lesson 03). Converters make the last two from a
# SavedModel. In this course, an export is always a SavedModel.
#
# ## What is in an export?
#
# A small model shows every step. `LinearModel` has one `Dense(1)` layer, and learns the line
# y = 2x + 1 from 100 noisy points.

# %%
tf.keras.utils.set_random_seed(1)
x, y = line()
model = LinearModel()
_ = train(model, x, y)
for weight in model.trainable_variables:
    print(weight.path, weight.numpy().round(1))

# %% [markdown]
# The kernel is the slope, about 2. The bias is the intercept, about 1. Export the model, and look
# into the folder. `lesson.scratch` is a folder for the exports of this page.

# %%
export_dir = lesson.scratch / "linear"
model.export(export_dir, verbose=False)
artifact.read(export_dir)

# %% [markdown]
# The first table lists the files. `saved_model.pb` holds the *graph*: the operations that compute
# the answers, without Python. The weights are stored beside it.
#
# The second table lists the signatures, with the name, dtype and shape of each input and output.
# `None` means any number of rows. Keras writes the same function twice: as `serve`, and as
# `serving_default`, which a program gets if it names no signature. `LinearModel` gives its input no
# name, so Keras calls it `args_0`.
#
# ## Does a program without your code get the same numbers?
#
# This notebook knows the class `LinearModel`, so a test here proves little. `readers.run` calls a
# signature in the second process, which has neither Keras nor your code. That process gets only
# the folder, and the inputs by name.

# %%
questions = np.array([[0.0], [1.0], [10.0]], np.float32)
answer = readers.run(export_dir, "serving_default", {"args_0": questions})
print(answer["output_0"].round().ravel().tolist())

# %% [markdown]
# These are the numbers of the line, from the export alone. `compare` gives random rows to every
# signature in all three readers. Here, Python is the reference.

# %%
compare(export_dir)

# %% [markdown]
# ### Exercise 1: export your own model (3 min)
#
# Train a new `LinearModel` on `x` and `y`, and export it to a folder below `lesson.scratch`.

# %%
# > mine = LinearModel()
# > export_dir_1 = ...  # train `mine`, export it, and give its folder here
# <solution>
mine = LinearModel()
_ = train(mine, x, y)
export_dir_1 = lesson.scratch / "mine"
mine.export(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Why does the popular recipe fail?
#
# In a graph, a weight is a *variable*: a place in memory that holds numbers. When a server loads an
# export, one operation of the graph, *restore*, fills variables with the stored weights. Later, a
# signature reads variables. Both must use the same variables.
#
# ![After model.export, the signature reads the variable that restore fills. After
# tf.saved_model.save, the signature reads another variable, which is
# empty.](../notebooks/images/restored_and_read.svg)
#
# `artifact.restored_and_read` lists the variables that are restored, and those that are read:

# %%
for directory in (exported_dir, popular_dir):
    restored, read = artifact.restored_and_read(directory)
    filled = set(restored) & set(read)
    print(f"{directory.name}: {len(filled)} of the {len(read)} variables it reads are restored")

# %% [markdown]
# In `popular`, the signature reads four variables, and restore fills none of them. The session
# fails when it reads one. The LiteRT converter does not check: it takes the numbers
# that happen to be in memory. Python is right because `tf.saved_model.load` also restores Python
# objects, and these connect the variables that are read with those that are filled.
#
# ### Exercise 2: predict a table, and repair the worst (5 min)
#
# Here are three models and their exports. One export was written with `model.export`, and two with
# `tf.saved_model.save`. One of these two models has no weights, only constants.
#
# Look at each export with `artifact.restored_and_read`. Then predict: each reader gets three rows,
# and its answers are compared with those of the model. Last, find the worst export, which gives
# wrong numbers without an error. Export its model again.

# %%
exports, models = lesson.q2.given()  # both have the keys "a", "b" and "c"
# > outcomes = {  # in place of each ...: "same numbers", "other numbers" or "fails"
# >     "a": {"python": ..., "session": ..., "litert": ...},
# >     "b": {"python": ..., "session": ..., "litert": ...},
# >     "c": {"python": ..., "session": ..., "litert": ...},
# > }
# > repaired_dir_2 = ...  # a new export of the model whose export is the worst
# <solution>
same = "same numbers"
outcomes = {
    "a": {"python": same, "session": "fails", "litert": "other numbers"},
    "b": {"python": same, "session": same, "litert": same},
    "c": {"python": same, "session": same, "litert": same},
}
repaired_dir_2 = lesson.scratch / "repaired_2"
models["a"].export(repaired_dir_2, verbose=False)
# </solution>
lesson.q2.check(outcomes, repaired_dir_2)

# %% [markdown]
# ## What if an export is right for one number of rows only?
#
# `Mean` divides the sum of its rows by `x.shape[0]`, the number of rows. `model.export` leaves this
# number open, so the export of `Mean` fails. Its author therefore declares 4 rows, with
# `tf.TensorSpec`: the shape, dtype and name of an input.


# %%
class Mean(tf.keras.Model):
    def call(self, x):
        return tf.reduce_sum(x) / x.shape[0]


mean, mean_dir = Mean(), lesson.scratch / "mean"
mean(tf.ones((4, 1)))  # Keras exports only a model that was built, for example by a call
four_rows = tf.TensorSpec((4, 1), tf.float32, name="x")
mean.export(mean_dir, input_signature=[four_rows], verbose=False)
print(artifact.read(mean_dir).signatures["serving_default"])

# %% [markdown]
# The signature declares 4 rows. Now send 2 rows, whose mean is 1:

# %%
two_rows = {"x": [[1.0], [1.0]]}
print(readers.run(mean_dir, "serving_default", two_rows)["output_0"])
with show_error():
    readers.run(mean_dir, "serving_default", two_rows, "session")

# %% [markdown]
# Python answers 0.5, without an error. The graph always divides by 4, and Python does not compare
# your rows with the signature. The session compares them and fails, but the C++ code of a server
# does not compare them (lesson 02). You cannot rely on an error. **Leave the number of rows open,
# and test each export with two different numbers of rows.** Here, `tf.reduce_mean(x)` needs no
# declared number.
#
# <details><summary>Two other ways to the same fault</summary>
#
# - After `tf.saved_model.save` of your own model class, the signature declares the shape of the
#   first call.
# - With `tf.keras.Input((1,), batch_size=4)`, the signature says `None`, but `x.shape[0]` is 4 in
#   the graph. All readers then agree on a wrong number. So compare with the model too.
#
# </details>
#
# ### Exercise 3: diagnose (4 min)
#
# `found_dir` is a colleague's export of the line y = 2x + 1. It is right for her data. How many
# rows does its signature declare? What does LiteRT do with three rows, for example with 0, 1 and 2
# as `x`? Then export this line for any number of rows. Your `model` has learned it.

# %%
found_dir = lesson.q3.given()
# > rows = ...  # a whole number
# > phone = ...  # LiteRT with 3 rows: "same numbers", "other numbers" or "fails"
# > repaired_dir = ...  # an export of the same line for any number of rows
# <solution>
rows = artifact.read(found_dir).signatures["serving_default"].inputs[0].shape[0]
print(readers.run(found_dir, "serving_default", {"x": [[0.0], [1.0], [2.0]]}, "litert"))
phone = "other numbers"  # 1, 3 and 5 are right
repaired_dir = lesson.scratch / "repaired_3"
model.export(repaired_dir, verbose=False)
# </solution>
lesson.q3.check(rows, phone, repaired_dir)

# %% [markdown]
# ## How do you publish a better model?
#
# A second export to the same folder replaces the first one without a warning. So give each version
# a folder of its own, with a whole number as its name. TensorFlow Serving watches the folder above,
# and serves the highest number.

# %%
base_dir = lesson.scratch / "line"
model.export(base_dir / "1", verbose=False)
with show_error():
    tf.saved_model.load(base_dir)

# %% [markdown]
# The numbered folder is the export. Python loads that folder. A server gets the folder above it.
#
# ### Exercise 4: publish a second version (3 min)
#
# `line(slope=3.0, intercept=-1.0)` returns new points, of y = 3x - 1. Train a new model on them,
# and export it as version 2 beside version 1.

# %%
# > newer = LinearModel()
# > base_dir_4 = ...  # train `newer`, export it as version 2, then give `base_dir`
# <solution>
newer = LinearModel()
_ = train(newer, *line(slope=3.0, intercept=-1.0))
newer.export(base_dir / "2", verbose=False)
base_dir_4 = base_dir
# </solution>
lesson.q4.check(base_dir_4)

# %% [markdown]
# ## How do other programs name the inputs?
#
# A request gives each input by its name. `model.export` uses the names of `tf.keras.Input` layers:

# %%
minutes = tf.keras.Input((1,), name="minutes")
price = tf.keras.layers.Dense(1)(minutes)
ticket_dir = lesson.scratch / "ticket"
tf.keras.Model(minutes, price).export(ticket_dir, verbose=False)
print(artifact.read(ticket_dir).signatures["serving_default"])

# %% [markdown]
# Without a name, the input is `keras_tensor_7` in one export and perhaps `keras_tensor_9` in the
# next. Then requests with the old name fail.
#
# ### Exercise 5: transfer to two inputs (5 min)
#
# Build a model with two inputs, `size` and `age`, and one output. Each input has one number per
# row. The model needs a layer with weights, but no training.
# `tf.keras.layers.Concatenate()([a, b])` joins two tensors, and `tf.keras.Model([a, b], output)`
# takes two inputs. Then export the model. The check runs the export in every reader.

# %%
# > two_inputs = ...  # a Keras model with the inputs `size` and `age`
# > export_dir_5 = ...  # its export
# <solution>
size = tf.keras.Input((1,), name="size")
age = tf.keras.Input((1,), name="age")
both = tf.keras.layers.Concatenate()([size, age])
hidden = tf.keras.layers.Dense(8, activation="relu")(both)
two_inputs = tf.keras.Model([size, age], tf.keras.layers.Dense(1)(hidden))
export_dir_5 = lesson.scratch / "two_inputs"
two_inputs.export(export_dir_5, verbose=False)
# </solution>
lesson.q5.check(two_inputs, export_dir_5)

# %% [markdown]
# ## What you can do now
#
# - **Export for other programs**: `model.export(folder)`, then test every reader that you need.
# - **Explain the popular recipe**: after `tf.saved_model.save(model, ...)`, a signature reads
#   variables that are not restored.
# - **Find a fixed number of rows**: read the shape, and test two different numbers of rows.
# - **Publish a version**: a numbered folder beside the old one.
# - **Name the inputs**: with `tf.keras.Input` layers that have names.
#
# **Your own export**: in the folder of the course, `.venv/bin/python -m helpers.readers FOLDER`
# tells you which readers can use it.

# %% [markdown]
# [Lesson 00: start here](00_start_here.ipynb) · Next: [lesson 02, one
# signature](02_one_signature.ipynb)
#
# Official documents: [Keras: export](https://keras.io/api/models/model_saving_apis/export/) ·
# [TensorFlow: SavedModel](https://www.tensorflow.org/guide/saved_model) · [LiteRT:
# convert](https://ai.google.dev/edge/litert/models/convert)
