# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Many signatures: several endpoints on one model
#
# A shop sends your model two numbers per row, and a warehouse sends three. You write two exports.
# Later you train again, and replace only one. Now the shop and the warehouse get different scores
# for the same product.
#
# ![The shop calls the signature predict_two, and the warehouse predict_three. Both signatures use
# the same weights.](../notebooks/images/shared_weights.svg)
#
# After this lesson you can
#
# - design an endpoint, and export it beside others (exercise 1)
# - choose the endpoint that answers when a caller names none (exercise 2)
# - test whether two endpoints give the same answers (exercise 3)
# - find and repair an endpoint that keeps old weights (exercise 4)
# - build a new model on an endpoint of an export (exercise 5)
#
# **42 minutes**, 28 of them for the exercises. Builds on [lesson 02](02_one_signature.ipynb).

# %% [markdown]
# ## The recipe
#
# An *endpoint* is a function that you add to an `ExportArchive` under a name. In the export, each
# endpoint becomes a *signature* of this name, which other programs can call:
#
# ```python
# import tensorflow as tf
#
# layers = [tf.keras.Input((2,)), tf.keras.layers.Dense(1)]
# model = tf.keras.Sequential(layers)
# two = [tf.TensorSpec((None, 2), tf.float32, name="x")]
# three = [tf.TensorSpec((None, 3), tf.float32, name="x")]
# archive = tf.keras.export.ExportArchive()
# archive.track(model)  # store all parts of the model
# archive.add_endpoint("two", model, two)
# archive.add_endpoint("three", lambda x: model(x[:, :2]), three)
# archive.write_out("two_endpoints", verbose=False)
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("03_many_signatures")

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.data import two_features
from helpers.models import MultiSignatureModel
from helpers.training import train
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## Why does one model need two endpoints?
#
# `MultiSignatureModel` takes two numbers per row and learns the score y = 2·(x0 + x1) + 1. The shop
# sends these two numbers. The warehouse sends a third number, which the model must ignore.

# %%
tf.keras.utils.set_random_seed(1)
x, y = two_features()
model = MultiSignatureModel()
train(model, x, y)

shop_row = tf.constant([[1.0, 1.0]])
warehouse_row = tf.constant([[1.0, 1.0, -300.0]])
print("shop:", np.round(model.predict_first_two_features(shop_row)))
print("warehouse:", np.round(model.predict_first_three_features(warehouse_row)))

# %% [markdown]
# Both scores are 5. A signature declares one shape for each input. Therefore the model has one
# method for each shape. (The shape `(None, None)` accepts both, but does not tell callers how many
# numbers to send.) One of the methods is:
#
# ```python
# @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
# def predict_first_three_features(self, x):
#     return self(x[:, :2])
# ```
#
# ## How do you export both methods?
#
# Add each method as an endpoint. The method declares its input, so `add_endpoint` needs no spec:

# %%
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("predict_two", model.predict_first_two_features)
archive.add_endpoint("predict_three", model.predict_first_three_features)
two_dir = lesson.scratch / "two"
archive.write_out(two_dir, verbose=False)
artifact.read(two_dir)

# %% [markdown]
# Load it, and call one endpoint in two ways:

# %%
loaded = tf.saved_model.load(two_dir)
print("attribute:", np.round(loaded.predict_two(shop_row)))
answer = loaded.signatures["predict_two"](x=shop_row)
print("signature:", np.round(answer["output_0"]))
signature_caller(loaded)

# %% [markdown]
# The signature takes its inputs by name and returns a dict. The attribute `loaded.predict_two`
# exists only in Python: a server or a phone has only the signatures. In the widget, call
# `predict_two` with two numbers, then with three.
#
# ## What should an endpoint take and return?
#
# Any function of tensors can be an endpoint. Give `add_endpoint` a list with a `TensorSpec` for
# each of its inputs.
#
# The model was trained on numbers from -1 to 1, but suppose that the shop has percentages from 0 to
# 100. The new endpoint turns 0 into -1 and 100 into 1, and calls the model. It also returns the
# prepared numbers, so that you can test them. The keys of the dict become the names of the
# outputs:


# %%
def predict_percent(percent):
    prepared = percent / 50.0 - 1.0
    return {"prepared": prepared, "score": model(prepared)}


design = tf.keras.export.ExportArchive()
design.track(model)
spec = tf.TensorSpec((None, 2), tf.float32, name="percent")
design.add_endpoint("predict_percent", predict_percent, [spec])
design.write_out(lesson.scratch / "design", verbose=False)
answer = readers.run(lesson.scratch / "design", "predict_percent", {"percent": [[100, 0]]})
print("prepared:", answer["prepared"], "score:", answer["score"].round())

# %% [markdown]
# Decide three things:
#
# - **Raw or prepared numbers?** Take raw numbers. Then all callers get the same preparation.
# - **A batch or a single row?** Take a batch.
# - **A score or a label?** Return both. A label depends on a limit. With the score, callers can
#   choose their own limit.
#
# `score > 3` gives each row a boolean, and `tf.cast(score > 3, tf.int32)` makes each boolean a
# number. Do not use Python's `if`: the export then fails.
#
# ### Exercise 1: design a third endpoint (5 min)
#
# Export `model` with three endpoints on the same weights: `predict_two`, `predict_three` and
# `classify`. `classify` takes `x`, rows of two numbers, and returns two outputs. `score` is the
# answer of the model. `label` is a number, not a boolean: 1 where the score is above 0, and 0
# elsewhere.


# %%
# > export_dir_1 = ...  # an export below lesson.scratch
# <solution>
def classify(x):
    score = model(x)
    return {"score": score, "label": tf.cast(score > 0, tf.int32)}


third = tf.keras.export.ExportArchive()
third.track(model)
third.add_endpoint("predict_two", model.predict_first_two_features)
third.add_endpoint("predict_three", model.predict_first_three_features)
spec = tf.TensorSpec((None, 2), tf.float32, name="x")
third.add_endpoint("classify", classify, [spec])
export_dir_1 = lesson.scratch / "three"
third.write_out(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Which endpoint answers when a caller names none?
#
# A request to a server may leave out the name of the signature. The server then uses
# `serving_default`. Call it in the reader `session`, which stands for a server:

# %%
answer = readers.run(two_dir, "serving_default", {"x": shop_row}, "session")
print("two numbers:", answer["output_0"].round())
with show_error():
    readers.run(two_dir, "serving_default", {"x": warehouse_row}, "session")

# %% [markdown]
# So `serving_default` is `predict_two`. (A server fails, too: two weights cannot multiply three
# numbers.) The default is the endpoint that you name `serving_default`. Without this name, it is
# the endpoint that you add **first**.
#
# `tf.saved_model.save` has a different rule:

# %%
methods = {"predict_two": model.predict_first_two_features}
tf.saved_model.save(model, lesson.scratch / "saved", signatures=methods)
print(list(artifact.read(lesson.scratch / "saved").signatures))

# %% [markdown]
# It writes only the signatures that you name, and adds no `serving_default`. Do not use it for a
# Keras model (lesson 01).
#
# ### Exercise 2: predict and choose the default (4 min)
#
# Predict how many columns `serving_default` takes in each export. The method `two` takes two
# columns, and `three` takes three.
#
# - A: `add_endpoint("predict_three", three)`, then `add_endpoint("predict_two", two)`
# - B: `add_endpoint("predict_three", three)`, then `add_endpoint("serving_default", two)`
# - C: `tf.saved_model.save(..., signatures={"predict_two": two, "predict_three": three})`
#
# Then export `model` with the endpoints `predict_two` and `predict_three`. The default should be
# `predict_three`.

# %%
# > prediction = {"A": ..., "B": ..., "C": ...}  # "two", "three" or "no default"
# > export_dir_2 = ...  # an export below lesson.scratch
# <solution>
prediction = {"A": "three", "B": "two", "C": "no default"}
warehouse = tf.keras.export.ExportArchive()
warehouse.track(model)
warehouse.add_endpoint("predict_three", model.predict_first_three_features)
warehouse.add_endpoint("predict_two", model.predict_first_two_features)
export_dir_2 = lesson.scratch / "warehouse"
warehouse.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(prediction, export_dir_2)

# %% [markdown]
# ## Do both endpoints use the same weights?
#
# `loaded.variables` holds the weights that the endpoints read in Python: the kernel and the bias.
# Change the bias, and ask both endpoints:

# %%
bias = loaded.variables[1]
bias.assign_add([100.0])
print("predict_two", np.round(loaded.predict_two(shop_row)))
print("predict_three", np.round(loaded.predict_three(warehouse_row)))
_ = bias.assign_sub([100.0])

# %% [markdown]
# The change reaches both endpoints, so they share their weights.
#
# <details><summary>Does the export store each weight once?</summary>
#
# No, twice. `track` stores the Keras object of each weight (lesson 01) in the list `variables`,
# which Python reads. `write_out` stores their TensorFlow variables in the list `_all_variables`,
# which servers and phones read. `tf.train.list_variables(two_dir / "variables" / "variables")`
# lists both.
#
# ![track stores the list variables, which Python reads. write_out stores the list
# _all_variables, which servers and phones read.](../notebooks/images/stored_twice.svg)
#
# Storing each weight twice is a fault of Keras 3.15, and `model.export` has it, too: [Keras issue
# 23553](https://github.com/keras-team/keras/issues/23553). You need not change anything. Keep
# `track` (lesson 02).
#
# </details>
#
# ## Do both endpoints give the same answers?
#
# Shared weights are not enough: the code of an endpoint can be wrong. Here is a *counterfeit* of
# `predict_three`, wrong for some rows. `np.allclose` ignores tiny differences:


# %%
def counterfeit(rows):  # wrong for a third column above 1000, and for a single row
    is_wrong = (rows[:, 2:] > 1000) | (len(rows) == 1)
    return loaded.predict_three(rows) + np.float32(is_wrong)


batches = np.float32([[[1, 1, -300], [0, 2, 7]], [[1, 1, 2000], [0, 2, 7]]])
for name, three in {"predict_three": loaded.predict_three, "counterfeit": counterfeit}.items():
    print(name, [np.allclose(loaded.predict_two(rows[:, :2]), three(rows)) for rows in batches])

# %% [markdown]
# Only the second batch finds the counterfeit. Test one row and many rows, and different third
# numbers.
#
# ### Exercise 3: test two endpoints (6 min)
#
# Write `proof(two, three)`. It gets two functions: `two` takes `(n, 2)` arrays and `three` takes
# `(n, 3)` arrays, for any n ≥ 1. Both return `(n, 1)`. Call them with your own rows.
#
# Return `True` if `np.allclose` finds all their answers equal, else `False`.
#
# The third column must not matter: try 0, -3, a million, `np.nan`, and all of them in one batch.
# Try negative numbers in columns 0 and 1, too. If `three` raises an error, `proof` need not catch
# it. The check tries 15 counterfeits, and pairs that agree.


# %%
# > def proof(two, three):
# >     return ...  # True or False
# <solution>
def proof(two, three):
    for n in (1, 7):
        a = np.random.default_rng(n).normal(size=(n, 2))
        for third in (-1e6, 0.0, 1e6, np.nan, np.arange(n) - 3.0):
            b = np.column_stack([a, np.full(n, third)])
            if not np.allclose(two(a), three(b)):
                return False
    return True


# </solution>
lesson.q3.check(proof)

# %% [markdown]
# ## What does tracing freeze?
#
# *Tracing* runs your Python function once and records its TensorFlow operations as a graph. The
# graph reads a variable again at each call. Every other number in your code becomes a *constant* of
# the graph, which never changes. Compare `model` with a function that uses a copy of its weights:

# %%
copied_kernel, copied_bias = model.get_weights()
from_copy = tf.function(lambda x: x @ copied_kernel + copied_bias)
print("model, copy:", np.round(model(shop_row)), np.round(from_copy(shop_row)))
model.dense.bias.assign_add([100.0])
print("after + 100:", np.round(model(shop_row)), np.round(from_copy(shop_row)))
model.set_weights([copied_kernel, copied_bias])

# %% [markdown]
# ![The model reads the variable, so its answer changes with the bias. The graph of from_copy holds
# a constant, so its answer stays.](../notebooks/images/variable_or_constant.svg)
#
# `get_weights` returns arrays, not variables, so the graph of `from_copy` holds constants. Training
# does not change them, and no error tells you. An endpoint with such constants becomes *stale*: it
# gives the answers of old weights. After the weights change, its answers differ from those of the
# other endpoints.
#
# <details><summary>Tracing freezes shapes too</summary>
#
# As an endpoint, a `tf.function` without `input_signature` keeps the shape of its first call. If
# this call has one row, the endpoint takes one row only. So give `add_endpoint` a `TensorSpec`.
#
# </details>
#
# ### Exercise 4: diagnose and repair (7 min)
#
# A colleague trained a model a second time and wrote `found_dir`, with the three endpoints of
# exercise 1. But one endpoint is stale. Which one? Then write an export in which all three read the
# current weights. Do not change the weights.
#
# You have only the export, not its model. But an endpoint of a loaded export can also be an
# endpoint of a new archive, as in `add_endpoint("predict_two", found.predict_two)`. You need no
# `track` here, because `found.predict_two` brings its variables and its shape. For a function that
# you write, give `add_endpoint` a `TensorSpec`.

# %%
found_dir = lesson.q4.given()
found = tf.saved_model.load(found_dir)
# > stale = ...  # the name of an endpoint
# > repaired_dir = ...  # an export of the three endpoints, all with the current weights
# <solution>
stale = "classify"


def classify_again(x):
    score = found.predict_two(x)
    return {"score": score, "label": tf.cast(score > 0, tf.int32)}


repair = tf.keras.export.ExportArchive()
repair.add_endpoint("predict_two", found.predict_two)
repair.add_endpoint("predict_three", found.predict_three)
spec = tf.TensorSpec((None, 2), tf.float32, name="x")
repair.add_endpoint("classify", classify_again, [spec])
repaired_dir = lesson.scratch / "repaired"
repair.write_out(repaired_dir, verbose=False)
# </solution>
lesson.q4.check(stale, repaired_dir)

# %% [markdown]
# ## Can an endpoint be a layer of a new model?
#
# Your model can use an export of another team. `TFSMLayer` makes a Keras layer of one endpoint:

# %%
layer = tf.keras.layers.TFSMLayer(two_dir, "predict_two", trainable=False)
print("layer:", np.round(layer(shop_row)))

# %% [markdown]
# The second argument, `call_endpoint`, names the endpoint. Without it, the layer looks for `serve`,
# which `model.export` writes.
#
# Put a new layer behind the endpoint. Train it to give the chance that y is above 1, and export
# both:

# %%
head = tf.keras.layers.Dense(1, activation="sigmoid")
high = tf.keras.Sequential([tf.keras.Input((2,)), layer, head])
high.compile(tf.keras.optimizers.Adam(0.05), "binary_crossentropy")
high.fit(x, y > 1.0, epochs=20, verbose=0)
high.export(lesson.scratch / "high", verbose=False)
print("chances for y = 5 and y = -3:", np.round(high(shop_row)), np.round(high(-shop_row)))

# %% [markdown]
# `trainable=False` keeps the weights of the endpoint, so training changes only the new layer. The
# new export does not need `two_dir`.
#
# <details><summary>Can you train the weights of an export further?</summary>
#
# Yes, with a trainable `TFSMLayer` and the optimizer `SGD`. With Adam, the first `fit` raises a
# `ValueError` (*not a valid scope name*). Call `optimizer.build(model.trainable_variables)` before
# it. A `tf.GradientTape` over `loaded` works, too. But both ways leave dropout off, and keep the
# old statistics of batch normalization. Train a `.keras` file, if you have one.
#
# </details>
#
# ### Exercise 5: build on another team's endpoint (6 min)
#
# Another team's export, `parcels_dir`, has an endpoint `features`, which returns a tensor of six
# numbers for the four numbers of a parcel. You also get 400 rows, `parcels`, and `late`: 1 for a
# parcel that came late, otherwise 0. Export a model that returns the chance that a parcel comes
# late. Use the endpoint, and leave its weights as they are. One more `Dense` layer is enough. A
# chance above 0.5 means late. Your model should be right for at least 285 of 300 new parcels.

# %%
parcels_dir, parcels, late = lesson.q5.given()
# > export_dir_5 = ...  # an export below lesson.scratch
# <solution>
features = tf.keras.layers.TFSMLayer(parcels_dir, "features", trainable=False)
chance = tf.keras.layers.Dense(1, activation="sigmoid")
delay = tf.keras.Sequential([tf.keras.Input((4,)), features, chance])
delay.compile(tf.keras.optimizers.Adam(0.05), "binary_crossentropy")
delay.fit(parcels, late, epochs=50, verbose=0)
export_dir_5 = lesson.scratch / "delay"
delay.export(export_dir_5, verbose=False)
# </solution>
lesson.q5.check(export_dir_5)

# %% [markdown]
# ## What you can do now
#
# - **Design and export endpoints**: call `add_endpoint(name, function, specs)` for each.
# - **Choose the default**: add it first, or name it `serving_default`.
# - **Test that endpoints agree**: use one row, many rows and all kinds of numbers.
# - **Find a stale endpoint**: compare the answers.
# - **Build on an export**: put layers behind a `TFSMLayer`, train them and export again.

# %% [markdown]
# [Lesson 02: one signature](02_one_signature.ipynb) · Next: [lesson 04, inside the
# artifact](04_inside_the_artifact.ipynb)
#
# Official documents:
# [ExportArchive](https://www.tensorflow.org/api_docs/python/tf/keras/export/ExportArchive) ·
# [TFSMLayer](https://www.tensorflow.org/api_docs/python/tf/keras/layers/TFSMLayer) ·
# [SavedModel guide](https://www.tensorflow.org/guide/saved_model)
