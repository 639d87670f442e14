# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Basic export: a model that others can use
#
# After this lesson you can
#
# - export a trained Keras model so that a program without your code gets the same numbers from
#   it;
# - look into an export and say what it promises;
# - explain why a recipe that is still copied everywhere, `tf.saved_model.save(model, ...)`, makes
#   an artifact that one reader understands and two do not;
# - spot an export that was frozen to one batch size;
# - publish a new version of a model beside the old one.
#
# **35 minutes.** Builds on [lesson 00](00_start_here.ipynb).

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
from helpers.training import train
from helpers.widgets.live_training import live_training

readers.warm_up()  # starts a second process in the background; you will meet it

# %% [markdown]
# ## What is there to export?
#
# A model that has learnt something. `LinearModel` is a Keras model of one `Dense(1)` layer; the
# data are 100 noisy points of the line y = 2x + 1.

# %%
tf.keras.utils.set_random_seed(1)
x, y = line()
model = LinearModel()
_ = train(model, x, y)  # prints a bar; what it returns, the losses, is not needed here

# %%
for weight in model.trainable_variables:
    print(weight.path, weight.numpy().round(1))

# %% [markdown]
# The layer's kernel is the slope, close to 2, and its bias is the intercept, close to 1. Two
# numbers are all that this model knows. You will be able to tell at a glance whether somebody
# else's copy of it still knows them.
#
# Watch other lines being fitted. A very small learning rate does not arrive in 200 steps; with a
# large one and only 20 steps, the loss goes up and down first.

# %%
live_training()

# %% [markdown]
# ## What does an export look like?
#
# `model.export` writes a directory. Its format is called SavedModel. `lesson.scratch` is a folder
# of this run, below `exports` next to this notebook; `verbose=False` leaves out a report that
# this page does not need.

# %%
export_dir = lesson.scratch / "linear"
model.export(export_dir, verbose=False)
artifact.read(export_dir)

# %% [markdown]
# The first table lists the files: the graph, which is the computation without your Python, and
# the weights beside it. The second lists the *signatures*, the doors through which other programs
# come in. Each promises a name, a dtype and a shape for what goes in and what comes out. `None`
# means any number of rows. Here are two doors with one room behind them: `serve` is Keras' own
# name, `serving_default` the one that a program gets when it names none. You did not name the
# input, so Keras called it `args_0`; lesson 02 gives it a name. Directory and content together
# are what this course calls an *artifact*.
#
# ## Does it give the same numbers back?

# %%
loaded = tf.saved_model.load(export_dir)
questions = tf.constant([[0.0], [1.0], [10.0]])
np.allclose(loaded.serve(questions), model(questions))

# %% [markdown]
# `serve` is the function that `export` wrote, restored. You asked it about three rows, though the
# model was trained on a hundred.
#
# That was too easy: this notebook still has the class and the model in its memory. The promise is
# made to programs that have neither.
#
# ## And in a process that has never seen your class?
#
# `readers.run` puts the question to a second Python process. It imports TensorFlow and none of
# your code, not even Keras. All it gets is the directory.

# %%
answer = readers.run(export_dir, "serving_default", {"args_0": questions})
print({name: value.round(0).ravel().tolist() for name, value in answer.items()})

# %% [markdown]
# The slope of 2 and the intercept of 1 arrived: about 1, 3 and 21. **This is the point of
# exporting**: the same numbers, from the artifact alone.
#
# Python is not the only program that loads models. The course uses three readers, and `compare`
# gives the same random rows to each of them, through every signature:
#
# - **python**: `tf.saved_model.load`, in a clean process;
# - **session**: the session loader, which runs the graph as TensorFlow 1 did. TensorFlow Serving,
#   which answers requests in production, restores a model in this way, and so does TensorFlow's C
#   library;
# - **litert**: converted to LiteRT, formerly TensorFlow Lite, as for a phone.

# %%
from helpers.readers.compare import compare

compare(export_dir)

# %% [markdown]
# `python` answers, and `same numbers` means the same as its numbers. Now do it yourself. The
# answer is checked in all three readers.
#
# ### Exercise 1: export your own
#
# Train a fresh model, export it, and give the check the directory.

# %%
# > mine = LinearModel()
# > export_dir_1 = ...  # train `mine` on x and y, then export it below lesson.scratch
# <solution>
mine = LinearModel()
_ = train(mine, x, y)
export_dir_1 = lesson.scratch / "mine"
mine.export(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Why not the recipe that everybody copies?
#
# Many answers on the web were written for Keras 2. They save with `tf.saved_model.save`, load,
# and call the result. Saving works:

# %%
saved_dir = lesson.scratch / "saved"
tf.saved_model.save(model, saved_dir)
reloaded = tf.saved_model.load(saved_dir)
with show_error():
    reloaded(questions)

# %%
print(type(reloaded).__name__, list(reloaded.signatures), hasattr(reloaded, "serve"))
signature = reloaded.signatures["serving_default"]
np.allclose(signature(questions)["output_0"], model(questions))

# %% [markdown]
# What comes back is not a Keras model but a `_UserObject`: a bag of restored parts. It cannot be
# called, and it has no `serve`. It does have a signature, and the signature gives the right
# numbers. It is tempting to stop here. Put the directory to the other readers first.

# %%
compare(saved_dir)

# %% [markdown]
# Read this table twice.
#
# - **python** answers, and you have seen above that its numbers are right. Every test that you
#   would write in Python is green.
# - **session** fails: a server that restores the model this way cannot answer a single request.
# - **litert** is worse. The conversion raises no error, and the model then answers *other
#   numbers*. They change from run to run, so this page does not print them; see for yourself with
#   `readers.run(saved_dir, "serving_default", {"inputs": questions}, "litert")`.
#
# ## Where do the weights go missing?
#
# The graph itself says. Inside it, weights live in *variables*. A session reader runs the
# export's restore operation, which fills some variables, and then the signature, which reads
# some.

# %%
for directory in (export_dir, saved_dir):
    restored, read = artifact.restored_and_read(directory)
    print(directory.name, "fills", restored)
    print("   and reads", read)

# %% [markdown]
# The names do not matter; whether they match does. In `linear` the two variables that the
# signature reads are among those filled. In `saved` none is: two are filled, and two others are
# read. `tf.saved_model.load` repairs this as it connects Python objects again, which is why
# Python never notices.
#
# So: **export a Keras 3 model with `model.export`**, or with `ExportArchive`, which you meet in
# lesson 02.
#
# ### Exercise 2: predict
#
# `loaded` is still the export that `model.export` made. What does each of these calls return?
# Decide before you try.

# %%
# > prediction = {
# >     "loaded(questions)": ...,  # "tensor", "dict" or "error"
# >     "loaded.serve(questions)": ...,
# >     'loaded.signatures["serving_default"](questions)': ...,
# > }
# <solution>
prediction = {
    "loaded(questions)": "error",
    "loaded.serve(questions)": "tensor",
    'loaded.signatures["serving_default"](questions)': "dict",
}
# </solution>
lesson.q2.check(prediction)

# %% [markdown]
# ## What if a model works for you and not for others?
#
# An export can be frozen to a batch size by accident. `model.export` leaves the number of rows
# open, but `tf.saved_model.save` takes the first shape that the model has seen:

# %%
frozen = LinearModel()
frozen(x)
tf.saved_model.save(frozen, lesson.scratch / "frozen")
print(artifact.read(lesson.scratch / "frozen").signatures["serving_default"])

# %% [markdown]
# Python does not hold you to it: a loaded signature takes a tensor of any number of rows,
# whatever it promised. That can go wrong silently. The module below takes the mean of its rows
# and was declared for 4 of them; look at the 4, lesson 02 explains the rest. (It is not a Keras
# model, so `tf.saved_model.save` is right for it.) Give it 2 rows:


# %%
class Mean(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((4, 1), tf.float32, name="x")])
    def mean(self, x):
        return tf.reduce_sum(x) / tf.cast(tf.shape(x)[0], tf.float32)


module = Mean()
tf.saved_model.save(module, lesson.scratch / "mean", signatures=module.mean)
two_rows = {"x": [[1.0], [1.0]]}
print(readers.run(lesson.scratch / "mean", "serving_default", two_rows)["output_0"])
with show_error():
    readers.run(lesson.scratch / "mean", "serving_default", two_rows, "session")

# %% [markdown]
# The mean of 1 and 1 is 1. Python says 0.5, without an error: TensorFlow knew the number of rows
# when it made the graph, and wrote the 4 into it. The session reader refuses, because
# `Session.run` compares shapes first. That comparison is written in Python, too: the C++ beneath
# it, which servers run, makes none. Count on nobody to notice.
#
# ### Exercise 3: diagnose
#
# A colleague left you the directory `found_dir`. It works on her machine. How many rows does it
# promise? Which of the three readers turns 3 rows down? `artifact.read` and
# `readers.run(found_dir, "serving_default", {...}, reader)` will tell you. Then export the same
# line, y = 2x + 1, for any number of rows.

# %%
found_dir = lesson.q3.given()
# > rows = ...  # a whole number
# > refuses = ...  # "python", "session" or "litert"
# > repaired_dir = ...  # an export of the same line for any number of rows
# <solution>
rows = artifact.read(found_dir).signatures["serving_default"].inputs[0].shape[0]
refuses = "session"
repaired_dir = lesson.scratch / "repaired"
model.export(repaired_dir, verbose=False)
# </solution>
lesson.q3.check(rows, refuses, repaired_dir)

# %% [markdown]
# ## How do you publish a better model?
#
# Beside the old one, never over it. Servers look for folders whose names are whole numbers and
# serve the highest; the old one stays for the day on which the new one disappoints. Saving twice
# into one directory would replace the old model without a word.

# %%
base_dir = lesson.scratch / "line"
model.export(base_dir / "1", verbose=False)
print(sorted(path.name for path in base_dir.iterdir()))
with show_error():
    tf.saved_model.load(base_dir)

# %% [markdown]
# The version folder is the artifact; the folder above it is only its home. Loading the home is a
# common mistake, and now you know what it looks like.
#
# ### Exercise 4: a second version
#
# The world has changed: the line is now y = 3x - 1, and `line(slope=3.0, intercept=-1.0)` gives
# you new points. Train a new model on them, and export it as version 2 beside version 1.

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
# ## What you can do now
#
# - **Export for others**: `model.export(directory)`, and the numbers come back in a process
#   without your code.
# - **Look into an export**: `artifact.read(directory)` lists files and signatures; a shape with
#   `None` is open.
# - **Explain the old recipe**: `tf.saved_model.save(keras_model)` restores one set of variables
#   and reads another. Python mends it, a session cannot, LiteRT answers wrong numbers.
# - **Spot a frozen batch size**: a number where `None` should be. Nobody may warn you.
# - **Publish a version**: a numbered folder beside the old one.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.readers DIRECTORY` tells you which readers can use *your* export, and what to do about
# the others.
#
# [Lesson 00: start here](00_start_here.ipynb) · Next: [lesson 02, one
# signature](02_one_signature.ipynb)
