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
# You want to run a trained penguin model on a server and on a phone, without your Python code. In
# lesson 00, the popular recipe was right in Python only. This lesson looks into an export, and
# shows why a server and a phone did not get the weights.
#
# ![An export is a folder with the graph, the signatures and the weights. Python and a server load
# the folder. A phone loads a file that a converter makes from
# it.](../notebooks/images/one_export.svg)
#
# After this lesson you can
#
# - export a trained Keras model so that other programs get its numbers (exercise 1)
# - say what each program does after `tf.saved_model.save`, and why (exercise 2)
# - find an export that works only for a fixed number of rows (exercise 3)
# - publish a new version of a model beside the old one (exercise 4)
# - export a model with two inputs that other programs call by name (exercise 5)
#
# **37 minutes**, 22 of them for the exercises. Builds on [lesson 00](00_start_here.ipynb).

# %% [markdown]
# ## The recipe
#
# These lines export a model, and test the export in Python only.
#
# ```python
# import tensorflow as tf
#
# x = tf.random.uniform((100, 1))
# layers = [tf.keras.Input((1,)), tf.keras.layers.Dense(1)]
# model = tf.keras.Sequential(layers)
# model.compile("sgd", "mse")
# model.fit(x, 2 * x + 1, epochs=20, verbose=0)
# model.export("my_model", verbose=False)  # not tf.saved_model.save
# loaded = tf.saved_model.load("my_model")
# answers = loaded.serve(x)
# tf.debugging.assert_near(answers, model(x))
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
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

readers.warm_up()  # starts the second Python process of this page

# %% [markdown]
# ## Which programs name the right species?
#
# Lesson 00 tested a model with two weights. `penguin_model` is a real one. It takes seven numbers
# about a penguin, and returns a probability for each of three species. `three_penguins` are an
# Adelie, a Gentoo and a Chinstrap. The model is right about all three:

# %%
penguin_model, three_penguins = trained_penguin_model()
probabilities = penguin_model(three_penguins).numpy()
print(np.array(SPECIES)[probabilities.argmax(axis=1)])

# %% [markdown]
# Write an *export* with each of the two recipes, and ask the three *readers* of lesson 00:

# %%
popular_dir = lesson.scratch / "popular"
tf.saved_model.save(penguin_model, popular_dir)
reader_answers(popular_dir, three_penguins, probabilities, SPECIES)

# %%
exported_dir = lesson.scratch / "exported"
penguin_model.export(exported_dir, verbose=False)
reader_answers(exported_dir, three_penguins, probabilities, SPECIES)

# %% [markdown]
# After `tf.saved_model.save`, the session fails, and so does TensorFlow Serving. LiteRT gives wrong
# numbers, perhaps `nan` ("not a number"), without an error. A test with `tf.saved_model.load`
# cannot find this fault. So **export a Keras model with `model.export`, and test the export in
# every reader that you need**.
#
# ## You know `model.save`. Why is it not enough?
#
# `model.save` writes a file for Keras. A server has neither Keras nor your code, so it cannot open
# that file. It opens an export, a folder in the SavedModel format, and calls its *signatures*. A
# signature is a function with a name, named inputs and named outputs.
#
# | written by | opened by | needs your code? | signatures |
# |---|---|---|---|
# | `model.save` | Keras | only your own classes | none |
# | `model.export` | Python, servers | no | one or more |
# | a LiteRT converter | LiteRT | no | one or more |
#
# ## What is in an export?
#
# `LinearModel` has one `Dense(1)` layer, and learns the line y = 2x + 1 from 100 noisy points.

# %%
tf.keras.utils.set_random_seed(1)
x, y = line()
model = LinearModel()
_ = train(model, x, y)
for weight in model.trainable_variables:
    print(weight.path, weight.numpy().round(1))

# %% [markdown]
# The kernel is the slope, about 2. The bias is the intercept, about 1. Export the model, and look
# into the folder.

# %%
export_dir = lesson.scratch / "linear"
model.export(export_dir, verbose=False)
artifact.read(export_dir)

# %% [markdown]
# The first table lists the files. `saved_model.pb` holds the *graph*: the operations that compute
# the answers, without Python. The weights are stored beside it.
#
# The second table lists the signatures, with the name, dtype and shape of each input and output.
# `None` means any number of rows. Keras gives the same function two names: `serve` and
# `serving_default`. A program that names no signature gets `serving_default`. `LinearModel` does
# not name its input, so Keras names it `args_0`.
#
# ## Does a program without your code get the same numbers?
#
# This notebook knows the class `LinearModel`, so a test here proves little. `readers.run` calls a
# signature in the second process, which gets only the folder and the named inputs. The last
# argument names the reader.

# %%
x_rows = {"args_0": [[0.0], [1.0], [10.0]]}
for reader in readers.READERS:
    answer = readers.run(export_dir, "serving_default", x_rows, reader)
    print(reader, answer["output_0"].round().ravel().tolist())

# %% [markdown]
# `compare` sends random rows to every signature in all three readers. It compares the numbers of
# session and litert with those of python.

# %%
compare(export_dir)

# %% [markdown]
# ### Exercise 1: export your own model (3 min)
#
# `my_x` and `my_y` are noisy points of y = -x + 4. Train `mine` on them with `train`, as above, and
# export it to a folder below `lesson.scratch`.

# %%
my_x, my_y = line(slope=-1.0, intercept=4.0)
# > mine = LinearModel()
# > export_dir_1 = ...  # train `mine`, export it, and give its folder here
# <solution>
mine = LinearModel()
_ = train(mine, my_x, my_y)
export_dir_1 = lesson.scratch / "mine"
mine.export(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Why does the popular recipe fail?
#
# In a graph, a *variable* is a place in memory that holds the numbers of a weight. When a server
# loads an export, all variables are empty. An operation of the graph, *restore*, fills variables
# with the stored weights. So in a server, a signature gets the weights only if restore fills the
# variables that this signature reads.
#
# `artifact.restored_and_read` shows which variables restore fills, and which a signature reads.
# First the export of `model.export`:

# %%
artifact.restored_and_read(export_dir)

# %% [markdown]
# Restore fills all four variables. The signature reads two of them. Now the popular recipe:

# %%
popular_line_dir = lesson.scratch / "popular_line"
tf.saved_model.save(model, popular_line_dir)
artifact.restored_and_read(popular_line_dir)

# %% [markdown]
# Now the signature reads `kernel` and `bias`, which stay empty. Restore fills `Variable` and
# `Variable_1`, which nothing reads. Why does each weight appear twice? Keras wraps a TensorFlow
# variable in an object of its own. In the table, `Variable` is the Keras object, and `kernel` is
# the TensorFlow variable inside it.
#
# ![The signature reads kernel. After model.export, restore fills Variable and kernel. After
# tf.saved_model.save, restore fills only Variable.](../notebooks/images/restored_and_read.svg)
#
# `model.export` puts both on the list of restore, so restore fills both. (The first table calls
# `kernel` `kernel_1`.) `tf.saved_model.save` puts only the Keras objects on this list. Then the
# readers differ:
#
# - The **session** fails when the signature reads an empty variable.
# - The **LiteRT** converter runs restore, too, but does not check. It takes whatever numbers are in
#   the memory.
# - **Python** does not run restore. `tf.saved_model.load` fills all variables itself, also `kernel`
#   and `bias`.
#
# A signature without weights reads no variable, so nothing has to be restored.
#
# ### Exercise 2: predict nine results, and repair an export (7 min)
#
# Here are three models and their exports. One export was written with `model.export`, and two with
# `tf.saved_model.save`. One of the three models has only constants, no weights.
#
# 1. Run the cell once. Then look at each export with `artifact.restored_and_read`, in a new cell.
# 2. Predict for each reader: does it give the model's numbers, give other numbers, or fail?
# 3. In LiteRT, one export gives other numbers without an error. Export its model again.

# %%
exports, models = lesson.q2.given()  # both have the keys "a", "b" and "c"
# > # Replace each ... by "same numbers", "other numbers" or "fails".
# > outcomes = {
# >     "a": {"python": ..., "session": ..., "litert": ...},
# >     "b": {"python": ..., "session": ..., "litert": ...},
# >     "c": {"python": ..., "session": ..., "litert": ...},
# > }
# > repaired_dir_2 = ...  # a new export of the model of step 3
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
# ## What if an export works only for a fixed number of rows?
#
# `Mean` divides the sum of its rows by `x.shape[0]`, the number of rows. `model.export` leaves this
# number open: while it makes the graph, `x.shape[0]` is `None`. A sum cannot be divided by `None`,
# so the export of `Mean` fails. So its author declares 4 rows in a `tf.TensorSpec`, which holds the
# shape, dtype and name of an input.


# %%
class Mean(tf.keras.Model):
    def call(self, x):
        return tf.reduce_sum(x) / x.shape[0]


mean, mean_dir = Mean(), lesson.scratch / "mean"
mean(tf.ones((1, 1)))  # call a class of your own once before its export
four_rows = tf.TensorSpec((4, 1), tf.float32, name="x")
mean.export(mean_dir, input_signature=[four_rows], verbose=False)
print(artifact.read(mean_dir).signatures["serving_default"])

# %% [markdown]
# The signature declares 4 rows. Now send 2 rows, whose mean is 1, to each reader. `show_error`
# prints an error in short, and the notebook goes on.

# %%
two_rows = {"x": [[1.0], [1.0]]}
for reader in ("python", "litert"):
    print(reader, readers.run(mean_dir, "serving_default", two_rows, reader)["output_0"])
with show_error():
    readers.run(mean_dir, "serving_default", two_rows, "session")

# %% [markdown]
# Python and LiteRT answer 0.5, without an error. The graph divides by 4, whatever the number of
# rows. Only the session compares the number of rows with the signature, and fails. A real server
# does not: it answers 0.5 (lesson 02).
#
# **Leave the number of rows open, and test each export with two different numbers of rows.** To
# repair `Mean`, write `tf.reduce_mean(x)`. It counts the rows at each call. `compare(mean_dir)`
# does not find the fault of `Mean`: it sends only 4 rows, and a note warns you.
#
# <details><summary>Can all three readers agree on a wrong number?</summary>
#
# Yes. Write `x = tf.keras.Input((1,), batch_size=4)`, and build
# `tf.keras.Model(x, tf.keras.ops.sum(x) / x.shape[0])`. Its signature accepts any number of rows,
# although `batch_size` is 4. But the graph still divides by 4. So test with rows whose answer you
# know.
#
# </details>
#
# ### Exercise 3: diagnose (4 min)
#
# `found_dir` is a colleague's export of the line y = 2x + 1. Its answers are right for her data.
# How many rows does its signature declare (`artifact.read`)? Send the three rows 0, 1 and 2 to
# LiteRT, with `readers.run`. What does LiteRT do? Then export your `model`, which has learned this
# line, for any number of rows.

# %%
found_dir = lesson.q3.given()
# > rows = ...  # a whole number
# > # LiteRT, for 3 rows: "same numbers" as y = 2x + 1 (rounded), "other numbers" or "fails"
# > phone = ...
# > repaired_dir = ...  # an export of the same line for any number of rows
# <solution>
rows = artifact.read(found_dir).signatures["serving_default"].inputs[0].shape[0]
three_rows = {"x": [[0.0], [1.0], [2.0]]}
print(readers.run(found_dir, "serving_default", three_rows, "litert"))
phone = "other numbers"  # 1, 3 and 5 are right
repaired_dir = lesson.scratch / "repaired_3"
model.export(repaired_dir, verbose=False)
# </solution>
lesson.q3.check(rows, phone, repaired_dir)

# %% [markdown]
# ## How do you publish a better model?
#
# A second export to the same folder replaces the first one without a warning. So give each version
# a folder of its own, with a whole number as its name. TensorFlow Serving gets the parent
# folder, and serves the version with the highest number.

# %%
base_dir = lesson.scratch / "line"
model.export(base_dir / "1", verbose=False)
with show_error():
    tf.saved_model.load(base_dir)

# %% [markdown]
# Python does not look into the folder `1`. Load `line/1`.
#
# ### Exercise 4: publish a second version (3 min)
#
# `new_x` and `new_y` are new points, of y = 3x - 1. Train `newer` on them, and export it as version
# 2 beside version 1.

# %%
new_x, new_y = line(slope=3.0, intercept=-1.0)
# > newer = LinearModel()
# > base_dir_4 = ...  # train and export `newer`, then give `base_dir`
# <solution>
newer = LinearModel()
_ = train(newer, new_x, new_y)
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
# An `Input` without a name is `keras_tensor_7` in one export and perhaps `keras_tensor_9` in the
# next. Then requests with the old name fail.
#
# ### Exercise 5: export a model with two inputs (5 min)
#
# Build a model with two inputs, `size` and `age`, and one output. Each input has the shape `(1,)`.
# The model needs a layer with weights, but no training. `tf.keras.layers.Concatenate()([a, b])`
# joins two tensors, and `tf.keras.Model([a, b], output)` takes two inputs. Then export the model.

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
# - **Explain the popular recipe**: its signature reads variables that restore does not fill.
# - **Find a fixed number of rows**: test two different numbers of rows.
# - **Publish a version**: a numbered folder beside the old one.
# - **Name the inputs**: with `tf.keras.Input` layers.
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
