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
# After this lesson you can
#
# - say what a signature promises, and write the promise down as a `TensorSpec`;
# - give inputs, outputs and the signature itself the names that a client will use;
# - call a signature, and tell which mistakes are caught, by whom, and which are not;
# - recognise a model that is cut off from its own weights, and repair it.
#
# **40 minutes.** Builds on [lesson 01](01_basic_export.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("02_one_signature")

import inspect

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.data import row_sums
from helpers.models import ComplexModel
from helpers.readers.compare import compare
from helpers.training import train
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## What does a signature promise?
#
# Names, dtypes and shapes, of what goes in and what comes out. You need a model to promise
# something about. `ComplexModel` has three layers and learns the sum of a row of ten numbers; one
# of its methods, `inference`, is made for exporting.

# %%
tf.keras.utils.set_random_seed(1)
x, y = row_sums()
model = ComplexModel()
_ = train(model, x, y, steps=300, learning_rate=0.01)
print(inspect.getsource(ComplexModel.inference.python_function))

# %% [markdown]
# The decorator turns the method into a graph at its first call, which is called *tracing*, and
# `input_signature` says for which input: one tensor, any number of rows (`None`), 10 columns,
# 32-bit floats, called `features`. That is the promise. The live function keeps to it from now
# on:

# %%
print(model.inference(np.ones((3, 10), np.float32)).shape)
with show_error():
    model.inference(tf.ones((3, 9)))

# %% [markdown]
# Three rows of ten: an answer. Three rows of nine: a `TypeError`, before anything is computed.
#
# ### Exercise 1: a promise for a client
#
# A weather station will call your model. It sends any number of rows, 4 measurements in each, as
# 32-bit floats, under the name `readings`. Write the `TensorSpec` that promises this and no more.

# %%
# > spec_1 = ...  # tf.TensorSpec(shape, dtype, name=...)
# <solution>
spec_1 = tf.TensorSpec((None, 4), tf.float32, name="readings")
# </solution>
lesson.q1.check(spec_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## How does the promise get into an export?
#
# `model.export` exports `call`. For a function of your own choice there is `ExportArchive`: it
# tracks the model, and gets an *endpoint*, a function under a name. It need not be a method: any
# `tf.function` with an `input_signature` that calls `model` will do.

# %%
export_dir = lesson.scratch / "sum"
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("serving_default", model.inference)
archive.write_out(export_dir, verbose=False)
print(artifact.read(export_dir).signatures["serving_default"])
compare(export_dir)

# %% [markdown]
# The promise stands in the artifact exactly as declared, and all three readers give the same
# numbers. The input has the name of the spec. The output has none of its own yet, so it is
# `output_0`.
#
# ## Whose name is it: the method's or the signature's?
#
# The old recipe from lesson 01 can be told which function to export, too. With a Keras model only
# Python gets the right numbers from it, but it shows the naming well:

# %%
saved_dir = lesson.scratch / "saved"
tf.saved_model.save(model, saved_dir, signatures=model.inference)
saved = tf.saved_model.load(saved_dir)
print(list(saved.signatures), "inference:", hasattr(saved, "inference"))
with show_error():
    saved.signatures["inference"]

# %% [markdown]
# There are two names. The **signature** is called `serving_default`: a function saved without a
# key gets that one, and clients that name no signature are sent there. The **method** name
# survives only as an attribute, `saved.inference`, a restored function for Python programs. A
# server never sees attributes.
#
# ## Where do input and output names come from?


# %%
class Shop(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32)])
    def total(self, x):
        return tf.reduce_sum(x, axis=1)

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="prices")])
    def bill(self, x):
        total = tf.reduce_sum(x, axis=1)
        return {"total": total, "expensive": total > 100}

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="prices")])
    def strict(self, x):
        return tf.reduce_sum(tf.ensure_shape(x, (None, 2)), axis=1)


shop, shop_dir = Shop(), lesson.scratch / "shop"
doors = {"bare": shop.total, "named": shop.bill, "strict": shop.strict}
tf.saved_model.save(shop, shop_dir, signatures=doors)
for signature in artifact.read(shop_dir).signatures.values():
    print(signature)

# %% [markdown]
# (A plain `tf.Module` is safe to save this way; lesson 01's trouble is with Keras models.)
#
# - The signatures have the keys of the dict, not the names of the methods.
# - An input is called as its spec says, `prices`; a spec without a name leaves the argument's,
#   `x`.
# - A tensor comes out as `output_0`, a dict under its own keys.
#
# Clients write these names into their code: choose them as you would choose a column's.
#
# ### Exercise 2: name the outputs
#
# Export `model` so that `serving_default` answers with two named outputs: `row_sum`, the model's
# float32 number for each row, of shape (n, 1), and `above_zero`, a bool of the same shape. Any
# number of rows, and every reader.


# %%
# > export_dir_2 = ...  # an export of `model` whose serving_default gives row_sum and above_zero
# <solution>
@tf.function(input_signature=[tf.TensorSpec((None, 10), tf.float32, name="features")])
def judged(features):
    row_sum = model(features)
    return {"row_sum": row_sum, "above_zero": row_sum > 0}


archive_2 = tf.keras.export.ExportArchive()
archive_2.track(model)
archive_2.add_endpoint("serving_default", judged)
export_dir_2 = lesson.scratch / "judged"
archive_2.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## How do you call a signature?
#
# By the names of its inputs. Everything that can become a tensor of the promised dtype will do:

# %%
loaded = tf.saved_model.load(export_dir)
signature, rows = loaded.signatures["serving_default"], np.ones((2, 10))
for answer in (
    signature(features=rows),  # NumPy, and of 64 bits
    signature(features=rows.tolist()),  # a list
    signature(tf.ones((2, 10))),  # one tf.Tensor may come without its name
):
    print({name: value.numpy().round().ravel().tolist() for name, value in answer.items()})

# %% [markdown]
# Two rows of ten ones, three times about 10, always in a dict. `np.ones` makes 64-bit floats;
# they were cast on the way in, without a word. Now for calls that fail:

# %%
with show_error():
    signature(rows)
with show_error():
    signature(x=rows)
with show_error():
    signature(features=rows[:, :9])

# %% [markdown]
# An array without a name, a wrong name, a wrong width: each time a `TypeError`, because Python
# compares what you send with the promise before the graph runs. The cause is between the
# backquotes. (A signature has no positions; the single tf.Tensor above is the one exception.) So
# is everything checked? Send tensors:

# %%
with show_error():
    signature(features=tf.constant(rows))
with show_error():
    signature(features=tf.ones((2, 9)))
with show_error():
    loaded.serving_default(tf.ones((2, 9)))
print(loaded.serving_default(rows).shape)

# %% [markdown]
# A tf.Tensor is never cast: 64 bits are refused as the graph starts, an `InvalidArgumentError`.
# And its *shape* was not compared with the promise at all. Nine columns went into the graph and
# failed only there, at the multiplication with ten rows of weights. The restored function,
# `loaded.serving_default`, is stricter and more polite: it compares tensors too, dtype and shape,
# and takes arrays by position, which it casts. What if a graph has nothing to fail at?

# %%
bills, three = tf.saved_model.load(shop_dir).signatures, [[60.0, 30.0, 20.0]]
print(bills["named"](prices=tf.constant(three))["total"].numpy())
with show_error():
    bills["named"](prices=three)
with show_error():
    readers.run(shop_dir, "named", {"prices": three}, "session")
with show_error():
    bills["strict"](prices=tf.constant(three))

# %% [markdown]
# Two prices were promised, three were sent, and as a tensor they were added up: 110, no error. As
# a list they are refused, and the session reader refuses them too. But both comparisons are
# written in Python. The C++ beneath, which servers run, compares names and dtypes, not shapes. A
# guard that travels with the model stands in the graph: `strict` calls `tf.ensure_shape`.
#
# Try requests of your own. The signature gets lists, as from a client's JSON:

# %%
signature_caller(loaded)

# %% [markdown]
# Change a number. Then leave one out, misspell the name, write a word, or `NaN`.
#
# ### Exercise 3: predict
#
# `sensors` is a loaded export and `signature` its one signature, made from a method `score`. It
# takes `readings`, float32 (None, 4), and multiplies them by a (4, 1) matrix. How does each of the
# six calls end? Decide before you try.

# %%
sensors = lesson.q3.given()
signature, two = sensors.signatures["serving_default"], np.ones((2, 4))
# > prediction = {  # "answers", "TypeError" or "InvalidArgumentError"
# >     "signature(readings=two)": ...,
# >     "signature(readings=[1, 2, 3, 4])": ...,
# >     "signature(readings=tf.constant(two))": ...,
# >     "signature(tf.ones((2, 3)))": ...,
# >     "sensors.score(two)": ...,
# >     "sensors.score(tf.constant(two))": ...,
# > }
# <solution>
prediction = {
    "signature(readings=two)": "answers",
    "signature(readings=[1, 2, 3, 4])": "TypeError",
    "signature(readings=tf.constant(two))": "InvalidArgumentError",
    "signature(tf.ones((2, 3)))": "InvalidArgumentError",
    "sensors.score(two)": "answers",
    "sensors.score(tf.constant(two))": "TypeError",
}
# </solution>
lesson.q3.check(prediction)

# %% [markdown]
# ## Can a signature cut a model off from its weights?
#
# It can, and the error that you meet then does not name the cause. `ComplexModel` has a plain
# `call` and a decorated method beside it. It seems shorter to decorate `call` itself:


# %%
class Cut(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(16, activation="relu")
        self.out = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[tf.TensorSpec((None, 10), tf.float32, name="features")])
    def call(self, features):
        return self.out(self.hidden(features))


# %%
def gradients(function, weights):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((function(x) - y) ** 2)
    return tape.gradient(loss, weights)


cut = Cut()
print(cut(x[:2]).shape, "and", len(cut.trainable_variables), "weights")
print(gradients(cut, cut.trainable_variables))
with show_error():
    optimizer = tf.keras.optimizers.Adam()
    optimizer.apply(gradients(cut, cut.trainable_variables), cut.trainable_variables)

# %% [markdown]
# It answers, and it has its four weights, two kernels and two biases. Nor was it unbuilt: it was
# called once before. Yet no gradient reaches a weight, and no optimizer can train it. Does the
# answer depend on these weights at all?

# %%
print("weights read by cut.call:", len(cut.call.get_concrete_function().variables))
print("weights read by model.inference:", len(model.inference.get_concrete_function().variables))
before = cut(x[:2])
for weight in cut.trainable_variables:
    weight.assign(tf.zeros(weight.shape))
print("all weights zero, the same answer:", np.allclose(cut(x[:2]), before))

# %% [markdown]
# The graph reads none of them, and zeroing them changes nothing. What would an export say?

# %%
tf.saved_model.save(cut, lesson.scratch / "cut", signatures=cut.call)
loaded_cut = tf.saved_model.load(lesson.scratch / "cut")
print(loaded_cut.signatures["serving_default"](features=x[:2])["output_0"].numpy().tolist())
print("the same in memory:", np.allclose(before, 0))

# %% [markdown]
# Saving traced the function again, with the weights this time: the artifact gives *other numbers
# than memory*.
#
# What happened: at the first call Keras has to make the weights. A class that does not say how
# they are made gets a trial run of `call`, with an initial value standing in for each weight. A
# plain `call` forgets that run. A tf.function with an `input_signature` is traced once, keeps the
# trial's graph for ever, and the real weights never get in.
#
# ## What does `ComplexModel` do about it?

# %%
print(inspect.getsource(ComplexModel.build))
found = gradients(model.inference, model.trainable_variables)
print("missing gradients:", sum(gradient is None for gradient in found), "of", len(found))

# %% [markdown]
# It says how. A class with a `build` of its own gets no trial run, and that is what saves it:
# Keras calls `build`, which makes each layer's weights for the shape that will come in, and
# `call` meets finished layers. No gradient is missing. A plain `call`, decorated nowhere, is the
# other way out.
#
# ### Exercise 4: repair
#
# Write `Repaired`, a class like `Cut` whose weights count. A gradient reaches each of them, and
# when they have changed, an export gives the same numbers as the model in memory, in every
# reader. The check makes the model with `Repaired()` and calls it on rows of ten.


# %%
# > Repaired = ...  # for example: class Repaired(Cut), with what is missing
# <solution>
class Repaired(Cut):
    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.out.build((None, 16))
        self.built = True


# </solution>
lesson.q4.check(Repaired)

# %% [markdown]
# ## What you can do now
#
# - **Say what a signature promises**: names, dtypes, shapes; `tf.TensorSpec((None, 10),
#   tf.float32, name="features")`.
# - **Name things**: the key you export under is the signature's name, `serving_default` is for
#   clients that name none, the spec names the input, a dict names the outputs.
# - **Call it**: by name, with arrays or lists, which are compared and cast. A tf.Tensor is not
#   cast, and its shape is left to the graph, which may say nothing.
# - **Recognise a model cut off from its weights**: gradients are `None`, and zeroed weights
#   change nothing. Give the class its own `build`, or leave `call` plain.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.readers DIRECTORY` puts every signature of *your* export to the three readers, under the
# names that it has.
#
# [Lesson 01: basic export](01_basic_export.ipynb) · Next: [lesson 03, many
# signatures](03_many_signatures.ipynb)
