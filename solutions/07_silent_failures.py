# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Silent failures: wrong answers without an error
#
# After this lesson you can
#
# - ask five questions about an export that raises no error and is wrong;
# - rescue an export that only Python can read, without the code of its model;
# - diagnose and repair an export that answers wrongly.
#
# **45 minutes.** Builds on [lesson 06](06_error_clinic.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("07_silent_failures")

import shutil

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.clinic import CASES
from helpers.data import line
from helpers.readers.compare import compare
from helpers.readers.rescue import rescue
from helpers.training import train

readers.warm_up()

# %% [markdown]
# ## Which model is this page about?
#
# A model that has learnt y = 2x + 1, and two rows for it. The clinic of lesson 06 knows these
# failures, too:

# %%
tf.keras.utils.set_random_seed(1)
model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
_ = train(model, *line())  # learns y = 2x + 1
rows = np.array([[0.0], [1.0]], np.float32)
x_spec = tf.TensorSpec((None, 1), tf.float32, name="x")
module = tf.Module()
print(*(key for key, case in CASES.items() if case.group == "silent"))

# %% [markdown]
# ## What if nothing complains?
#
# Six cases raise no error, or none in your notebook. There is no text to look up: you have to ask
# the export. Five questions find all six.
#
# **Question 1: do all readers agree?** Here is the old recipe of lesson 01. What will each of the
# three say?

# %%
saved_dir = lesson.scratch / "saved"
tf.saved_model.save(model, saved_dir)
for row in compare(saved_dir).rows:
    print(f"{row.reader:<8} {row.status}")
with show_error():
    readers.run(saved_dir, "serving_default", {"inputs": rows}, "session")

# %% [markdown]
# Two cases with one cause, which lesson 01 shows in the graph:
#
# - `only-python-can-read`: restoring fills one set of variables, the signatures read another, and
#   Python alone connects them. *Cure:* `model.export`. *Reported:*
#   [keras 19274](https://github.com/keras-team/keras/issues/19274),
#   [tensorflow 72963](https://github.com/tensorflow/tensorflow/issues/72963).
# - `litert-garbage`: the converter reads the places that nobody filled, and says nothing. *Cure:*
#   the same, and compare numbers after each conversion. No thread known.
#
# And if the directory is all that is left, without the code? Python has the right numbers, so
# what it has loaded can be saved again:

# %%
rescued_dir = lesson.scratch / "rescued"
shutil.rmtree(rescued_dir, ignore_errors=True)  # of an earlier run: a rescue never overwrites
rescue(saved_dir, rescued_dir)

# %% [markdown]
# At its heart are two calls, `tf.saved_model.load` and `tf.saved_model.save(loaded, out,
# signatures=dict(loaded.signatures))`. The rest is proof: the new export must give the numbers
# that Python reads from the old one, else it is not kept. In a terminal, OUT being a new folder:
#
# ```bash
# .venv/bin/python -m helpers.readers DIRECTORY --rescue OUT
# ```
#
# **Question 2: do the answers follow the weights?** Give this model those of `model`. What will
# it answer?


# %%
class Cut(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[x_spec])
    def call(self, x):
        return self.dense(x)


cut = Cut()
first_answer = cut(rows)
cut.set_weights(model.get_weights())
print("other weights, the same answer:", np.array_equal(first_answer, cut(rows)))
cut.compile("adam", "mse")
with show_error():
    cut.fit(rows, rows, verbose=0)

# %% [markdown]
# - `cut-from-weights`: the layer was built inside the trace, so the graph holds the initial
#   values and reads no variable (lesson 02). Training complains; whoever only loads weights hears
#   nothing. Exporting does not help: `cut.export` traces again, with the weights, and what it
#   writes only Python can read; an `ExportArchive` can keep the first trace, initial values and
#   all. *Cure:* a `build` of its own, or a plain `call`. No thread known.
#
# **Question 3: and with another number of rows?** Two are sent. How many will be counted?


# %%
@tf.function(input_signature=[tf.TensorSpec((4, 1), tf.float32, name="x")])
def count(x):
    return {"rows": tf.shape(x)[0]}


count_dir = lesson.scratch / "count"
tf.saved_model.save(module, count_dir, signatures=count)
for reader in ("python", "litert"):
    print(reader, "counts", readers.run(count_dir, "serving_default", {"x": rows}, reader)["rows"])

# %% [markdown]
# - `frozen-batch`: four were declared, so `tf.shape(x)[0]` became the number 4 when the graph was
#   made. Here you see it; inside a mean you do not (lesson 01). *Cure:* `None` in the
#   `TensorSpec`. No thread known.
#
# **Question 4: does it work in another process?** One step is NumPy's. Where will it run?


# %%
@tf.function(input_signature=[x_spec])
def rounded(x):
    return {"y": tf.numpy_function(np.round, [x], tf.float32)}


rounded_dir = lesson.scratch / "rounded"
tf.saved_model.save(module, rounded_dir, signatures=rounded)
here = tf.saved_model.load(rounded_dir)
print(here.signatures["serving_default"](x=rows + 0.2)["y"].numpy().ravel())
with show_error():
    readers.run(rounded_dir, "serving_default", {"x": rows + 0.2})

# %% [markdown]
# - `py-function`: the graph holds a name, `pyfunc_0`; the function that it stands for lives in
#   this process alone. *Cure:* TensorFlow operations, here `tf.round` (lesson 05). *Reported:*
#   [tensorflow 51623](https://github.com/tensorflow/tensorflow/issues/51623),
#   [serving 1167](https://github.com/tensorflow/serving/issues/1167).
#
# **Question 5: does a changed setting arrive?** A number and a variable, both changed from 2 to 3
# after the first call. Who answers with 2, who with 3: the live function, the export?


# %%
class Scale(tf.Module):
    def __init__(self):
        self.number, self.variable = 2.0, tf.Variable(2.0)

    @tf.function(input_signature=[x_spec])
    def scale(self, x):
        return {"by number": self.number * x, "by variable": self.variable * x}


scale = Scale()
scale.scale(rows)
scale.number = 3.0
scale.variable.assign(3.0)
tf.saved_model.save(scale, lesson.scratch / "scale", signatures=scale.scale)
live = scale.scale(rows)  # the second row of `rows` is 1
exported = readers.run(lesson.scratch / "scale", "serving_default", {"x": rows})
for name in live:
    print(f"{name}: live {live[name][1, 0]:.0f}, exported {exported[name][1, 0]:.0f}")

# %% [markdown]
# - `python-state`: tracing reads a Python number once and writes it into the graph. The live
#   function keeps the 2. Saving traced again and met the 3, so this export is not the model that
#   you tested; an `ExportArchive` can keep the old trace in its signature. *Cure:* a
#   `tf.Variable`, or an input. *Reported:*
#   [tensorflow 44980](https://github.com/tensorflow/tensorflow/issues/44980).
#
# Your turn, four times. You get an export and what people say of it, and none raises an error in
# Python. Give a diagnosis, which is the name of a case (`list(CASES)` has them all), and an export
# that does what they want. A seed gives a variant to practise again, as in `lesson.q1.given(1)`.
#
# ### Exercise 1: diagnose and repair
#
# *"The notebook's scores are right. The phone's are nonsense, and nothing ever complained."*

# %%
found_dir_1 = lesson.q1.given()
# > diagnosis_1 = ...  # the name of a case
# > repaired_dir_1 = ...  # the scores that Python gives, in every reader
# <solution>
print(compare(found_dir_1).rows[-1].status)
diagnosis_1 = "litert-garbage"
repaired_dir_1 = lesson.scratch / "repaired_1"
shutil.rmtree(repaired_dir_1, ignore_errors=True)
_ = rescue(found_dir_1, repaired_dir_1)
# </solution>
lesson.q1.check(diagnosis_1, repaired_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ### Exercise 2: diagnose and repair
#
# *"I put last month's weights back into the model and exported it. They are in the export, I
# looked: a kernel of 1.5 and 0.5, a bias of -1. By hand, the row [-2, 0.25] gets a score of
# -3.875. The export says -2.17."*

# %%
found_dir_2 = lesson.q2.given()
# > diagnosis_2 = ...  # the name of a case
# > repaired_dir_2 = ...  # scores by the weights that lie in the export
# <solution>
print("reads", artifact.restored_and_read(found_dir_2)[1])
weights = [variable.numpy() for variable in tf.saved_model.load(found_dir_2).variables]
again = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
again.set_weights(weights)
diagnosis_2 = "cut-from-weights"
repaired_dir_2 = lesson.scratch / "repaired_2"
again.export(repaired_dir_2, verbose=False)
# </solution>
lesson.q2.check(diagnosis_2, repaired_dir_2)

# %% [markdown]
# ### Exercise 3: diagnose and repair
#
# *"We send lists of articles, two numbers each, as `rows`, and read `above`: each article's score
# minus the average score of its list. Lists of four come back right, lists of two wrong."* A
# score is `rows @ kernel + bias`; the loaded export has both as attributes.

# %%
found_dir_3 = lesson.q3.given()
# > diagnosis_3 = ...  # the name of a case
# > repaired_dir_3 = ...  # right for lists of any length, in every reader
# <solution>
print(artifact.read(found_dir_3).signatures["serving_default"])
found_3 = tf.saved_model.load(found_dir_3)


def above(rows):
    scores = rows @ found_3.kernel + found_3.bias
    return {"above": scores - tf.reduce_mean(scores, axis=0)}


lists = tf.keras.export.ExportArchive()
two_numbers = [tf.TensorSpec((None, 2), tf.float32, name="rows")]
lists.add_endpoint("serving_default", above, two_numbers)
diagnosis_3 = "frozen-batch"
repaired_dir_3 = lesson.scratch / "repaired_3"
lists.write_out(repaired_dir_3, verbose=False)
# </solution>
lesson.q3.check(diagnosis_3, repaired_dir_3)

# %% [markdown]
# ### Exercise 4: diagnose, predict and repair
#
# *"A label is 1 above a threshold. I changed `model.threshold` from 0.5 to 0.8 and exported. In
# my test, `labels.serving_default` goes by the new one. The server goes by the old one."* The row
# below has a score of 0.6. Which labels does it get? Decide before you try. Then make an export
# with `score`, and with `label` by the new threshold. In every variant, a threshold has one
# decimal.

# %%
found_dir_4 = lesson.q4.given()
labels, row = tf.saved_model.load(found_dir_4), tf.constant([[1.0, 1.0]])
# > diagnosis_4 = ...  # the name of a case
# > prediction_4 = {  # the label of `row`, 0 or 1
# >     "the signature": ...,  # labels.signatures["serving_default"](rows=row)
# >     "the restored function": ...,  # labels.serving_default(row)
# >     "the restored function, after labels.threshold = 0.5": ...,
# > }
# > repaired_dir_4 = ...  # labels by the threshold 0.8, in every reader
# <solution>
diagnosis_4 = "python-state"
prediction_4 = {
    "the signature": 1,
    "the restored function": 0,
    "the restored function, after labels.threshold = 0.5": 0,
}


def label(rows):
    score = labels.signatures["serving_default"](rows=rows)["score"]
    return {"score": score, "label": tf.cast(score > 0.8, tf.int32)}


labeller = tf.keras.export.ExportArchive()
two_numbers = [tf.TensorSpec((None, 2), tf.float32, name="rows")]
labeller.add_endpoint("serving_default", label, two_numbers)
repaired_dir_4 = lesson.scratch / "repaired_4"
labeller.write_out(repaired_dir_4, verbose=False)
# </solution>
lesson.q4.check(diagnosis_4, prediction_4, repaired_dir_4)

# %% [markdown]
# ## What you can do now
#
# - **Five questions** for what raises no error: all readers, other weights, a different number of
#   rows, a clean process, a changed setting.
# - **Rescue**: `rescue(directory, out)` saves again what Python reads, and proves it.
# - **Repair**: the weights and functions of a loaded export can go into a new one.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.readers DIRECTORY` puts *your* export to the three readers. What only Python can read,
# `--rescue OUT` saves again for the others.
#
# [Lesson 06: the error clinic](06_error_clinic.ipynb) · Next: [lesson 08,
# serving](08_serving.ipynb)
