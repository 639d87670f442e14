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
# A shop sends your model two numbers per row, and a warehouse sends three. With two exports you
# deploy everything twice, and one day they disagree.
#
# ![A shop, a warehouse and a caller that names no signature call three signatures of one export,
# which all use the same kernel and bias.](../notebooks/images/shared_weights.svg)
#
# After this lesson you can
#
# - design an endpoint, and export it beside others (exercise 1)
# - choose the endpoint that answers when a caller names none (exercise 2)
# - test whether two endpoints give the same answers (exercise 3)
# - find and repair an endpoint that does not follow the weights (exercise 4)
# - build a new model on an endpoint of an export (exercise 5)
#
# **40 minutes**, 26 of them for the exercises. Builds on [lesson 02](02_one_signature.ipynb).

# %% [markdown]
# ## The recipe
#
# An *endpoint* is a function that you add to an `ExportArchive` under a name. In the export, each
# endpoint becomes a *signature* of this name, which other programs can call:
#
# ```python
# import tensorflow as tf
#
# model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
# model.build((None, 2))
# two = tf.TensorSpec((None, 2), tf.float32, name="x")
# three = tf.TensorSpec((None, 3), tf.float32, name="x")
# archive = tf.keras.export.ExportArchive()
# archive.add_endpoint("predict_two", model, [two])  # also the default
# archive.add_endpoint("predict_three", lambda x: model(x[:, :2]), [three])
# archive.write_out("two_endpoints")
# ```

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("03_many_signatures")

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.data import two_features
from helpers.models import MultiSignatureModel
from helpers.readers.compare import compare
from helpers.training import train
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## Why does one model need two endpoints?
#
# `MultiSignatureModel` takes two numbers per row and returns a score. It learns
# y = 2·(x0 + x1) + 1. The shop sends these two numbers. The warehouse sends a third number, which
# the model must ignore.

# %%
tf.keras.utils.set_random_seed(1)
x, y = two_features()
model = MultiSignatureModel()
train(model, x, y)

shop_row = tf.constant([[1.0, 1.0]])
warehouse_row = tf.constant([[1.0, 1.0, -300.0]])
print(model.predict_first_two_features(shop_row).numpy().round())
print(model.predict_first_three_features(warehouse_row).numpy().round())

# %% [markdown]
# Both scores are 5. A program without your code can only call a signature, and a signature declares
# one shape for each input. Therefore the model has one method for each shape. The second one is:
#
# ```python
# @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
# def predict_first_three_features(self, x):
#     return self(x[:, :2])
# ```
#
# ## How do you export both methods?
#
# Add each of them as an endpoint:

# %%
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("predict_two", model.predict_first_two_features)
archive.add_endpoint("predict_three", model.predict_first_three_features)
two_dir = lesson.scratch / "two"
archive.write_out(two_dir, verbose=False)
artifact.read(two_dir)

# %% [markdown]
# Now load the export, and call one endpoint in two ways:

# %%
loaded = tf.saved_model.load(two_dir)
print(loaded.predict_two(shop_row).numpy().round())
print(loaded.signatures["predict_two"](x=shop_row)["output_0"].numpy().round())
signature_caller(loaded)

# %% [markdown]
# The attribute `loaded.predict_two` exists only in Python. It takes a tensor and returns a tensor.
# The signature takes its inputs by name and returns a dict. A server or a phone has only the
# signatures. In the widget, choose a signature, and send it two numbers and three numbers.
#
# `tf.saved_model.save(model, directory, signatures={"predict_two": method})` also writes several
# signatures, but no `serving_default`, and the attribute has the name of the method. With a Keras
# model, only Python reads the right weights (lesson 01).
#
# ## What should an endpoint take and return?
#
# Any function of tensors can be an endpoint, also one of a loaded export, such as
# `loaded.predict_two`. If it is no `tf.function`, give `add_endpoint` a list with the spec of each
# input, too. The model was trained on numbers from -1 to 1. Suppose that the shop has percentages.
# `readers.run` then calls the new endpoint in a separate process:


# %%
def predict_percent(percent):
    prepared = percent / 50.0 - 1.0
    return {"prepared": prepared, "score": model(prepared)}


design = tf.keras.export.ExportArchive()
spec = tf.TensorSpec((None, 2), tf.float32, name="percent")
design.add_endpoint("predict_percent", predict_percent, [spec])
design_dir = lesson.scratch / "design"
design.write_out(design_dir, verbose=False)
percents = {"percent": [[100, 100], [0, 0]]}
answer = readers.run(design_dir, "predict_percent", percents)
print(answer["prepared"].tolist(), answer["score"].round().tolist())

# %% [markdown]
# The keys of the dict are the names of the outputs. When you design an endpoint, decide three
# things:
#
# - **Raw or prepared numbers?** Take raw numbers. Then the export prepares the numbers of all
#   callers in the same way. Add a second endpoint for callers with prepared numbers.
# - **A batch or a single row?** Take a batch, which may have one row. An endpoint with the spec
#   `(2,)` takes one row only.
# - **A score or a label?** Return both. A label depends on a limit: the score 1.8 has label 1 for
#   the limit 0, and label 0 for the limit 3.
#
# A label is a choice for each row. Compare, and make numbers of the booleans:
# `tf.cast(score > 3, tf.int32)`. Python's `if` makes only one choice, for the whole batch. An
# endpoint with an `if` on a tensor must be a `@tf.function`: `ExportArchive` does not translate the
# `if` of a plain function, and `write_out` raises an error.
#
# ### Exercise 1: design a third endpoint (5 min)
#
# Export `model` with three endpoints on the same weights: `predict_two`, `predict_three` and
# `classify`. `classify` takes rows of two numbers and returns two outputs. `score` is the answer of
# the model. `label` is a number, not a boolean: 1 where the score is above 0, and 0 elsewhere.


# %%
# > export_dir_1 = ...  # an export below lesson.scratch
# <solution>
def classify(x):
    score = model(x)
    return {"score": score, "label": tf.cast(score > 0, tf.int32)}


third = tf.keras.export.ExportArchive()
third.add_endpoint("predict_two", model.predict_first_two_features)
third.add_endpoint("predict_three", model.predict_first_three_features)
third.add_endpoint("classify", classify, [tf.TensorSpec((None, 2), tf.float32, name="x")])
export_dir_1 = lesson.scratch / "three"
third.write_out(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Which endpoint answers when a caller names none?
#
# A request to a server may leave out the name of the signature. The server then uses
# `serving_default`. Call it in the `session` *reader*, which loads an export as a server does:

# %%
answer = readers.run(two_dir, "serving_default", {"x": shop_row}, "session")
print(answer["output_0"].round())
with show_error():
    readers.run(two_dir, "serving_default", {"x": warehouse_row}, "session")

# %% [markdown]
# `serving_default` takes two numbers and refuses three, as `predict_two` does. `ExportArchive` uses
# the endpoint that you add **first**, unless you give an endpoint the name `serving_default`. So
# the order of two lines in your code decides which endpoint answers.
#
# ### Exercise 2: predict and choose the default (4 min)
#
# Predict how many columns `serving_default` takes in each export. `two` is a function of two
# columns, and `three` of three.
#
# - A: `add_endpoint("predict_three", three)`, then `add_endpoint("predict_two", two)`
# - B: `add_endpoint("predict_three", three)`, then `add_endpoint("serving_default", two)`
# - C: `tf.saved_model.save(..., signatures={"predict_two": two, "predict_three": three})`
#
# Then export `model` for the warehouse, with the endpoints `predict_two` and `predict_three`. A
# caller that names no signature should get the answers of `predict_three`.

# %%
# > prediction = {"A": ..., "B": ..., "C": ...}  # "two", "three" or "no default"
# > export_dir_2 = ...  # an export below lesson.scratch
# <solution>
prediction = {"A": "three", "B": "two", "C": "no default"}
warehouse = tf.keras.export.ExportArchive()
warehouse.add_endpoint("predict_three", model.predict_first_three_features)
warehouse.add_endpoint("predict_two", model.predict_first_two_features)
export_dir_2 = lesson.scratch / "warehouse"
warehouse.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(prediction, export_dir_2)

# %% [markdown]
# ## Do both endpoints use the same weights?
#
# Change the bias of the loaded export, and call both endpoints:

# %%
kernel, bias = loaded.trainable_variables
bias.assign_add([100.0])
print(loaded.predict_two(shop_row).numpy().round())
print(loaded.predict_three(warehouse_row).numpy().round())
bias.assign_sub([100.0])
print(loaded.predict_two(shop_row).numpy().round())

# %% [markdown]
# Both scores rise from 5 to 105, so both endpoints read the same variable. Now list the variables
# that each export stores:

# %%
for directory in (two_dir, design_dir):
    stored = tf.train.list_variables(directory / "variables" / "variables")
    print(directory.name, [name.split("/.")[0] for name, _ in stored[1:]])

# %% [markdown]
# The first export, `two`, stores four variables for two weights. Keras 3.15 writes each weight
# twice: once because of `track`, and once because an endpoint uses it. A program that loads the
# export holds both copies in memory, and its endpoints read only one. `model.export` has the same
# fault, [Keras issue 23553](https://github.com/keras-team/keras/issues/23553).
#
# The export `design` is written without `track` and stores each weight once. But its list
# `trainable_variables` is empty, and a model with lookup tables needs `track`.
#
# ## Do both endpoints give the same answers?
#
# They agreed for one row. Your callers rely on every row.
#
# ### Exercise 3: test two endpoints (6 min)
#
# Write `proof(two, three)`. It gets two functions: `two` takes `(n, 2)` arrays and `three` takes
# `(n, 3)` arrays, for any n from 1, and both return `(n, 1)`. Call them with rows of your choice.
# Return `True` if they agree, up to rounding, whatever the third column holds, otherwise `False`.
# *Whatever* means 0, -3, a million, even `np.nan`. If `three` raises an error, return `False` or
# let the error through. The check tries pairs that agree and 14 counterfeits, which agree only for
# some rows.


# %%
# > def proof(two, three):
# >     return ...  # True or False
# <solution>
def proof(two, three):
    rng = np.random.default_rng(0)
    for n in (1, 7):
        a = rng.normal(size=(n, 2))
        for third in (-1e6, 0.0, 1e6, np.nan, rng.normal(size=n)):
            b = np.column_stack([a, np.full(n, third)])
            if not np.allclose(two(a), three(b)):
                return False
    return True


print("the loaded export:", proof(loaded.predict_two, loaded.predict_three))
# </solution>
lesson.q3.check(proof)

# %% [markdown]
# No test tries all numbers. Yours tries every place where a mistake is likely.
#
# ## What does tracing freeze?
#
# *Tracing* runs your Python function once and records its TensorFlow operations as a graph. Numbers
# that are no variables become constants of the graph. A copy of the weights is an example:

# %%
copied_kernel, copied_bias = model.get_weights()
from_copy = tf.function(lambda x: x @ copied_kernel + copied_bias)

print(model(shop_row).numpy().round(), from_copy(shop_row).numpy().round())
model.dense.bias.assign_add([100.0])
print(model(shop_row).numpy().round(), from_copy(shop_row).numpy().round())
model.set_weights([copied_kernel, copied_bias])

# %% [markdown]
# `get_weights` returns arrays, not variables. Training never reaches these constants, and no error
# tells you. Before a weight changes, both answers are equal. To find such an endpoint, change one.
#
# Tracing freezes shapes too. A `tf.function` without an `input_signature` is traced at its first
# call:


# %%
@tf.function
def scored(x):
    return model(x)


_ = scored(tf.ones((1, 2)))
frozen = tf.keras.export.ExportArchive()
frozen.add_endpoint("predict_two", scored)
frozen.write_out(lesson.scratch / "frozen", verbose=False)
print(artifact.read(lesson.scratch / "frozen").signatures["predict_two"].inputs[0])

# %% [markdown]
# The endpoint declares one row, because the **first** call had one row. Later calls do not change
# this. Give `add_endpoint` a spec, or write an `input_signature`.
#
# ### Exercise 4: diagnose and repair (5 min)
#
# A colleague's export, `found_dir`, has the three endpoints of exercise 1. It was written after a
# second training, but one endpoint kept the older weights. Which one? Then write an export in which
# all three answer from the current weights. You have only the directory, not the class.

# %%
found_dir = lesson.q4.given()
# > stale = ...  # the name of an endpoint
# > repaired_dir = ...  # an export of the three endpoints, all with the current weights
# <solution>
stale = "classify"
found = tf.saved_model.load(found_dir)


def classify_again(x):
    score = found.predict_two(x)
    return {"score": score, "label": tf.cast(score > 0, tf.int32)}


repair = tf.keras.export.ExportArchive()
repair.add_endpoint("predict_two", found.predict_two)
repair.add_endpoint("predict_three", found.predict_three)
repair.add_endpoint("classify", classify_again, [tf.TensorSpec((None, 2), tf.float32, name="x")])
repaired_dir = lesson.scratch / "repaired"
repair.write_out(repaired_dir, verbose=False)
# </solution>
lesson.q4.check(stale, repaired_dir)

# %% [markdown]
# ## Can an endpoint be a layer of a new model?
#
# `TFSMLayer` loads an export and makes a Keras layer of one endpoint:

# %%
with show_error():
    tf.keras.layers.TFSMLayer(two_dir)
layer = tf.keras.layers.TFSMLayer(two_dir, call_endpoint="predict_two", trainable=False)
print(layer(shop_row).numpy().round())

# %% [markdown]
# Without `call_endpoint`, the layer looks for `serve`, the name that `model.export` writes. For
# `serving_default`, which is only a signature, the layer returns a dict. Now put a new layer behind
# the endpoint, and train it to give the chance that y is above 1:

# %%
head = tf.keras.layers.Dense(1, activation="sigmoid")
high = tf.keras.Sequential([tf.keras.Input((2,)), layer, head])
high.compile(tf.keras.optimizers.Adam(0.05), "binary_crossentropy")
high.fit(x, y > 1.0, epochs=20, verbose=0)
high.export(lesson.scratch / "high", verbose=False)
compare(lesson.scratch / "high")

# %% [markdown]
# `trainable=False` keeps the weights of the endpoint, and training changes only the new layer. The
# new export contains both and does not need `two_dir`. The layer has its own copy of the weights,
# which does not follow those of `loaded`.
#
# ## Can you train the weights of an export further?
#
# - **New layers behind a frozen `TFSMLayer`**: `fit` works, also with Adam, as above.
# - **The weights of a `TFSMLayer`**: `fit` works with plain SGD. With Adam it raises a
#   `ValueError`, *not a valid scope name*. To avoid it, call
#   `model.optimizer.build(model.trainable_variables)` before `fit`.
# - **`loaded.trainable_variables` with a `tf.GradientTape`**: the loss falls. But batch
#   normalization keeps its old mean and variance, and dropout is off, because the endpoint was
#   traced for inference.
#
# If you plan to train further, also keep a `.keras` file (lesson 01).
#
# ### Exercise 5: build on another team's endpoint (6 min)
#
# Another team's export, `parcels_dir`, has an endpoint `features`, which computes six numbers from
# the four numbers of a parcel. You also get 400 rows, `parcels`, and `late`: 1 for a parcel that
# came late, otherwise 0. Export a model that takes the four numbers and returns the chance that the
# parcel comes late. Use the endpoint, and leave its weights as they are. For at least 285 of 300
# new parcels, the chance should be above 0.5 exactly if the parcel comes late.

# %%
parcels_dir, parcels, late = lesson.q5.given()
# > export_dir_5 = ...  # an export below lesson.scratch
# <solution>
features = tf.keras.layers.TFSMLayer(parcels_dir, call_endpoint="features", trainable=False)
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
# - **Test that endpoints agree**: with one row, many rows and all kinds of numbers.
# - **Find an endpoint that does not follow**: change a weight, and compare the answers.
# - **Build on an export**: put layers behind a `TFSMLayer`, train them and export again.

# %% [markdown]
# [Lesson 02: one signature](02_one_signature.ipynb) · Next: [lesson 04, inside the
# artifact](04_inside_the_artifact.ipynb)
#
# Official documents:
# [ExportArchive](https://www.tensorflow.org/api_docs/python/tf/keras/export/ExportArchive) ·
# [TFSMLayer](https://www.tensorflow.org/api_docs/python/tf/keras/layers/TFSMLayer) ·
# [SavedModel guide](https://www.tensorflow.org/guide/saved_model)
