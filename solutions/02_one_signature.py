# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One signature: say what goes in and what comes out
#
# A client sends the customer number 16777217. Your export computes with 16777216, and no program
# reports an error. The cause is one wrong dtype in the signature of the export.
#
# ![A client sends 16777217. The signature declares float32, so the number becomes 16777216. The
# answer, its last three digits, is 216, not 217.](../notebooks/images/changed_number.svg)
#
# After this lesson you can
#
# - declare the input of a signature with a `TensorSpec` (exercise 1)
# - choose the names of a signature, its inputs and its outputs (exercise 2)
# - find an export that changes whole numbers, and repair it (exercise 3)
# - write a check of the shape that works in every reader (exercise 4)
# - repair a model whose answers ignore its weights (exercise 5)
#
# **40 minutes**, 25 of them for the exercises. Builds on [lesson 01](01_basic_export.ipynb).

# %% [markdown]
# ## The recipe
#
# This code exports a model with your own signature, `score`.
#
# ```python
# import tensorflow as tf
# from keras import Input, Sequential, layers
# model = Sequential([Input((10,)), layers.Dense(1)])
# def score(features):
#     return {"row_sum": model(features)}
# spec = tf.TensorSpec((None, 10), tf.float32, "features")
# archive = tf.keras.export.ExportArchive()
# archive.track(model)
# archive.add_endpoint("score", score, [spec])
# archive.write_out("score_export")
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("02_one_signature")

import inspect

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.data import row_sums
from helpers.models import ComplexModel
from helpers.readers.bare_calls import call_everywhere, side_by_side
from helpers.training import train
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## What does a signature declare?
#
# A *signature* is a function in an export that other programs, the *readers*, can call. It declares
# a name, a dtype and a shape for each input and output.
#
# `ComplexModel` learns the sum of ten numbers. Its method `inference` declares its input:

# %%
tf.keras.utils.set_random_seed(1)
x, y = row_sums()
model = ComplexModel()
train(model, x, y, steps=300, learning_rate=0.01, progress=False)
print(inspect.getsource(ComplexModel.inference.python_function))

# %% [markdown]
# `tf.function` makes a *graph* of the method: its TensorFlow operations without your Python code.
# TensorFlow runs the Python code once and records each operation. This is called *tracing*.
#
# `input_signature` is a list with one `tf.TensorSpec` for each argument of the method. This spec
# declares the name `features`, the dtype `float32`, any number of rows (`None`) and 10 columns. In
# the recipe, `add_endpoint` gets the spec, so `score` needs no `tf.function`.
#
# ### Exercise 1: write a TensorSpec (3 min)
#
# A weather station will call your model. It sends any number of rows with 4 measurements each, as
# 32-bit floats, under the name `readings`. Write the `TensorSpec` that declares exactly this.

# %%
# > spec_1 = ...  # tf.TensorSpec(shape, dtype, name=...)
# <solution>
spec_1 = tf.TensorSpec((None, 4), tf.float32, name="readings")
# </solution>
lesson.q1.check(spec_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Where do the names come from?
#
# `model.export` names the signature and its outputs for you. With `ExportArchive` you choose all
# names. You give the archive an *endpoint*: a Python function under a name. The export gets a
# signature with this name.


# %%
def score(features):
    return {"row_sum": model(features)}


export_dir = lesson.scratch / "score"
ten_numbers = tf.TensorSpec((None, 10), tf.float32, name="features")
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("score", score, [ten_numbers])
archive.write_out(export_dir, verbose=False)
for signature in artifact.read(export_dir).signatures.values():
    print(signature)

# %% [markdown]
# ![The signature score declares an input, features, float32, (None, 10), and an output, row_sum,
# float32, (None, 1).](../notebooks/images/one_signature.svg)
#
# | name of | it comes from | without it |
# |---|---|---|
# | the signature | the first argument of `add_endpoint` | an error |
# | an input | the name in the spec | the name of the argument |
# | an output | the key in the returned dict | `output_0` |
#
# Clients write these names into their code. Keras stores the first endpoint again as
# `serving_default`, for clients that name no signature.
#
# `archive.track(model)` makes the archive store everything that belongs to the model. Always write
# this line. Without it, a model with `StringLookup` cannot be exported: the error says *untracked*.
#
# ### Exercise 2: name the signature and its outputs (5 min)
#
# Export `model` with a signature `judge`. Its input is `features`, with any number of rows. Its
# output `row_sum` is what the model computes, of shape (n, 1). Its output `above_zero` has the same
# shape, and is `True` where the row sum is above 0.
#
# A comparison such as `total > 5` gives `True` or `False` for each row. Do not use Python's `if`:
# during tracing, there are no values, so the export fails.


# %%
# > export_dir_2 = ...  # an export of `model` with the signature judge
# <solution>
def judge(features):
    row_sum = model(features)
    return {"row_sum": row_sum, "above_zero": row_sum > 0}


export_dir_2 = lesson.scratch / "judge"
archive_2 = tf.keras.export.ExportArchive()
archive_2.track(model)
archive_2.add_endpoint("judge", judge, [ten_numbers])
archive_2.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## Who checks a request?
#
# A request can have a wrong name, dtype or shape. The function `total` adds the two prices of a
# bill. Does a reader refuse three prices? `export_function` exports a function without `track`,
# because it uses no model:


# %%
def export_function(function, spec):
    directory = lesson.scratch / function.__name__
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint(function.__name__, function, [spec])
    archive.write_out(directory, verbose=False)
    return directory


def total(prices):
    return {"total": tf.reduce_sum(prices, axis=1)}


two_prices = tf.TensorSpec((None, 2), tf.float32, name="prices")
bill_dir = export_function(total, two_prices)

# %% [markdown]
# `call_everywhere` calls the signature `total` in six ways:
#
# | name | what it is |
# |---|---|
# | signature, array | `loaded.signatures["total"](prices=array)` |
# | signature, tf.Tensor | the same with `tf.constant(array)` |
# | restored function | `loaded.total(prices=array)`, for Python only |
# | session (Python) | Python's `Session.run` |
# | server (C++) | the C++ code of TensorFlow Serving |
# | LiteRT | the reader on phones |
#
# `loaded` is the result of `tf.saved_model.load`. The prices are 60 and 30, so 90 is right. The
# request `three` has a third price, 20. Look at its column: who refuses it?

# %%
two, three = np.float32([[60, 30]]), np.float32([[60, 30, 20]])
side_by_side(
    right=call_everywhere(bill_dir, "total", prices=two),
    wrong_name=call_everywhere(bill_dir, "total", price=two),
    float64=call_everywhere(bill_dir, "total", prices=two.astype("float64")),
    three=call_everywhere(bill_dir, "total", prices=three),
)

# %% [markdown]
# - **Name**: all six refuse a wrong name.
# - **Dtype**: three ways convert `float64` to `float32`, and three refuse it.
# - **Shape**: a server and a phone add three prices without an error. So your function must check
#   the shape itself, as in exercise 4.
#
# In the next cell, change a number, and press **Call**. Then send three prices, and read the error.
#
# <details><summary>Does Python always compare the shape?</summary>
#
# No. An array of another shape gives an error. A `tf.Tensor` of another shape, as `readers.run`
# sends it, goes to the graph all the same.
#
# </details>

# %%
signature_caller(tf.saved_model.load(bill_dir))

# %% [markdown]
# ## Which dtype does `model.export` declare?
#
# `Group` is a *subclassed* model: a class with a `call` of your own. It returns the last three
# digits of each customer number:


# %%
class Group(tf.keras.Model):
    def call(self, ids):
        return ids % 1000


group, ids = Group(), [16777217, 7]
print("model: ", group(tf.constant(ids)).numpy())
group_dir = lesson.scratch / "group"
group.export(group_dir, verbose=False)
print(artifact.read(group_dir).signatures["serving_default"])
answer = readers.run(group_dir, "serving_default", {"args_0": ids}, "python")
print("export:", answer["output_0"])

# %% [markdown]
# The export answers 216 in place of 217. A subclassed model does not store the dtype of its inputs.
# So `model.export` declares the model's `compute_dtype`, usually `float32`. Numbers in JSON or in a
# Python list have no dtype. A server and `readers.run` give them the declared dtype, so nothing
# fails. `float32` holds every whole number up to 16,777,216. Above this limit, it holds only even
# numbers. Above 33,554,432, it holds only multiples of 4. `int(np.float32(16777217))` is 16777216.
#
# The readers python, session and litert give the same wrong number, so `python -m helpers.readers`
# does not notice this fault. Compare the export with the model. To repair it, declare whole
# numbers:

# %%
spec = tf.TensorSpec((None,), tf.int32, name="ids")
cured_dir = lesson.scratch / "cured"
group.export(cured_dir, input_signature=[spec], verbose=False)
for reader in readers.READERS:
    answer = readers.run(cured_dir, "serving_default", {"ids": ids}, reader)
    print(reader, answer["output_0"])

# %% [markdown]
# <details><summary>Which other models does this affect?</summary>
#
# A subclassed model of texts also gets a `float32` input. With `StringLookup`, every call of the
# export then fails. A model from `tf.keras.Model(inputs, outputs)` keeps the dtype of its
# `tf.keras.Input`: without a dtype, that is `float32`, too.
#
# </details>
#
# ### Exercise 3: find the numbers that change (5 min)
#
# The subclassed model `sorter` gets parcel numbers, and answers with the belt of each parcel: the
# remainder `ids % sorter.belts`. A colleague called `sorter.export(sorter_dir)`. For which of the
# five numbers in the dict does this export give the model's answer? Predict `True` or `False`. Then
# export `sorter` again, with the input `ids` of whole numbers. Every reader must give the model's
# answer for every `int32` number.

# %%
sorter, sorter_dir = lesson.q3.given()
# > prediction = {  # True: the export gives the model's answer
# >     "1000001": ...,
# >     "16777216": ...,
# >     "16777218": ...,
# >     "16777219": ...,
# >     "33554434": ...,
# > }
# > export_dir_3 = ...  # an export of `sorter`
# <solution>
prediction = {"1000001": True, "16777216": True, "16777218": True}
prediction |= {"16777219": False, "33554434": False}
export_dir_3 = lesson.scratch / "sorter"
sorter.export(export_dir_3, input_signature=[spec], verbose=False)
# </solution>
lesson.q3.check(prediction, export_dir_3)

# %% [markdown]
# ## Which check of the shape works in every reader?
#
# A *guard* is a check inside the function. The guard `ensured` raises an error when the graph runs.
# The guard `marked` answers with `nan`, "not a number".


# %%
def ensured(prices):
    return total(tf.ensure_shape(prices, (None, 2)))


def marked(prices):
    # tf.shape is computed at each call.
    is_right = tf.shape(prices)[1] == 2
    return {"total": tf.where(is_right, total(prices)["total"], np.nan)}


any_width = tf.TensorSpec((None, None), tf.float32, name="prices")
ensured_dir = export_function(ensured, two_prices)
marked_dir = export_function(marked, any_width)
side_by_side(
    ensured=call_everywhere(ensured_dir, "ensured", prices=three),
    marked=call_everywhere(marked_dir, "marked", prices=three),
)

# %% [markdown]
# `ensured` works in a server. The conversion for LiteRT removes `ensure_shape`, so a phone still
# answers 110. Only `nan` works in every reader, because it is part of the answer. The client must
# look for `nan`.
#
# `marked` needs the spec `(None, None)`. With `(None, 2)`, the converter knows that the comparison
# is true, and removes it. LiteRT then answers 110.
#
# ### Exercise 4: a check that works in LiteRT, too (5 min)
#
# A request has 2, 3 or 4 columns of readings. Export a signature `mean` with the input `readings`,
# of `float32`, and the output `mean`, the mean of each row, of shape (n,). For rows of a different
# width, no reader may answer with a number: an error or `nan` is right. Join two comparisons with
# `&`, as in `(a > 0) & (a < 9)`.


# %%
# > export_dir_4 = ...  # an export with the signature mean
# <solution>
def mean(readings):
    width = tf.shape(readings)[1]
    is_right = (width >= 2) & (width <= 4)
    return {"mean": tf.where(is_right, tf.reduce_mean(readings, 1), np.nan)}


spec_4 = tf.TensorSpec((None, None), tf.float32, name="readings")
export_dir_4 = export_function(mean, spec_4)
# </solution>
lesson.q4.check(export_dir_4)

# %% [markdown]
# ## Why can a model ignore its own weights?
#
# In `ComplexModel`, `tf.function` decorates the method `inference`. People also decorate `call`
# itself, to declare the input there. Such a model cannot learn, and its export reads weights that
# restore does not fill (lesson 01):


# %%
class Cut(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.out = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[ten_numbers])
    def call(self, features):
        return self.out(features)


cut = Cut()
before = cut(x[:2])
cut.compile("adam", "mse")
with show_error():
    cut.fit(x, y, verbose=0)

# %% [markdown]
# `fit` finds no gradients, so `Cut` cannot learn. `get_concrete_function` returns the graph of
# `call`. Count the weights that this graph reads. Then set all weights to zero:

# %%
print("weights:", len(cut.trainable_variables))
print("call reads:", len(cut.call.get_concrete_function().variables))
for weight in cut.trainable_variables:
    weight.assign(tf.zeros_like(weight))
print("same answers with zeros:", np.allclose(cut(x[:2]), before))

# %% [markdown]
# The graph of `call` reads no weight, so the weights never change its answers. This is the cause:
#
# ![1: Keras tries call with fixed values for the weights. 2: tf.function keeps this graph. 3: The
# graph never reads the real weights.](../notebooks/images/weights_cut_off.svg)
#
# 1. The class does not say which shapes its weights have. To find out, Keras runs `call` once
#    before the first answer. This is the *trial run*. The layers have no weights yet, so fixed
#    numbers take their place.
# 2. `tf.function` traces `call` in the trial run. With an `input_signature`, each later call of the
#    model uses this graph.
# 3. Keras makes the real weights. The graph never reads them.
#
# To repair the class, write a method `build`:


# %%
class CutWithBuild(Cut):
    def build(self, input_shape):
        self.out.build(input_shape)


whole = CutWithBuild()
whole(x[:2])
print("call reads:", len(whole.call.get_concrete_function().variables))

# %% [markdown]
# For a class with its own `build`, Keras does no trial run. So `tf.function` traces `call` with the
# real weights, and `fit` works. Keras calls `build` with the shape of the model's input. Build each
# layer there: `layer.build(shape)` takes the shape of the layer's input, such as `(None, 8)` for 8
# numbers per row.
#
# You can also decorate a different method, such as `inference`: the trial run does not call it.
#
# ### Exercise 5: repair the forecast (7 min)
#
# The model `Forecast` has this fault. Write a class `Repaired` with the same formula, whose answers
# depend on all weights.

# %%
Forecast = lesson.q5.given()
print(inspect.getsource(Forecast))


# %%
# > Repaired = ...  # replace this line by a class Repaired(Forecast)
# <solution>
class Repaired(Forecast):
    def build(self, input_shape):
        self.wide.build(input_shape)
        self.hidden.build(input_shape)
        self.deep.build((None, 8))


# </solution>
lesson.q5.check(Repaired)

# %% [markdown]
# ## What you can do now
#
# - **Declare an input**: a `TensorSpec` has a shape, a dtype and a name.
# - **Choose the names**: `add_endpoint` names the signature, the spec names the input, and a dict
#   names the outputs.
# - **Repair an export that changes whole numbers**: declare the input with `input_signature`.
# - **Check the shape in every reader**: let your function answer with `nan` from `tf.where`.
# - **Repair a model that ignores its weights**: write `build`.

# %% [markdown]
# [Lesson 01: basic export](01_basic_export.ipynb) · Next: [lesson 03, many
# signatures](03_many_signatures.ipynb)
#
# Official documents:
# [ExportArchive](https://www.tensorflow.org/api_docs/python/tf/keras/export/ExportArchive) ·
# [tf.function and tracing](https://www.tensorflow.org/guide/function) ·
# [signatures in LiteRT](https://developers.google.com/edge/litert/conversion/tensorflow/signatures)
