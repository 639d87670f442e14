# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Many signatures: several doors into one model
#
# After this lesson you can
#
# - export one model with several endpoints, and call each of them;
# - choose the endpoint that answers when a caller names none;
# - show that endpoints share one set of weights, and find one that does not;
# - decide what an endpoint takes, what it gives, and for how many rows;
# - use an endpoint of an export as a layer of a new Keras model.
#
# **45 minutes.** Builds on [lesson 02](02_one_signature.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("03_many_signatures")

import inspect

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
# ## What if your callers do not send the same thing?
#
# Your model gives each row of two numbers a third, its score; it is to learn y = 2·(x0 + x1) + 1.
# The shop sends these two. The warehouse sends three, and its third number means nothing to you.

# %%
tf.keras.utils.set_random_seed(1)
x, y = two_features()
model = MultiSignatureModel()
_ = train(model, x, y)

ones = tf.constant([[1.0, 1.0]])
ones_and_more = tf.constant([[1.0, 1.0, -300.0]])
print(model.predict_first_two_features(ones).numpy().round())
print(model.predict_first_three_features(ones_and_more).numpy().round())
print(inspect.getsource(MultiSignatureModel.predict_first_three_features.python_function))

# %% [markdown]
# Two models would do, and would need everything twice. `MultiSignatureModel` has one `Dense(1)`
# and two methods instead, each a `tf.function` with an `input_signature` as in lesson 02: one
# takes `(None, 2)`, the other `(None, 3)` and drops the last column. Both score this row 5.
#
# ## How do you export two methods?
#
# `model.export` makes one endpoint, `serve`. For more, fill an `ExportArchive` yourself.

# %%
export = tf.keras.export.ExportArchive()
export.track(model)
export.add_endpoint("predict_two", model.predict_first_two_features)
export.add_endpoint("predict_three", model.predict_first_three_features)
two_dir = lesson.scratch / "two"
export.write_out(two_dir, verbose=False)
artifact.read(two_dir)

# %% [markdown]
# Each endpoint has become a signature under the name that you chose. Which of them is behind
# `serving_default`, you will see below. The shapes are those that the two methods declare. The
# endpoints are attributes of the loaded object, too:

# %%
loaded = tf.saved_model.load(two_dir)
tensor = loaded.predict_two(ones)
answer = loaded.signatures["predict_two"](x=ones)
print(type(tensor).__name__, type(answer).__name__, np.allclose(tensor, answer["output_0"]))
signature_caller(loaded)

# %% [markdown]
# One door, two handles. The attribute is called like the function it was, and gives a tensor; the
# signature goes by names, and gives a dict. Other programs have only the signature, since
# attributes are a thing of Python. In the widget, knock at each signature with your own numbers.
#
# ## Does `tf.saved_model.save` not do the same?
#
# It takes a dict of signatures, and many examples on the web use it. Give it one of the names:

# %%
saved_dir = lesson.scratch / "saved"
methods = {"predict_two": model.predict_first_two_features}
tf.saved_model.save(model, saved_dir, signatures=methods)
saved = tf.saved_model.load(saved_dir)
print(list(saved.signatures), saved.predict_first_two_features(ones).numpy().round())
with show_error():
    saved.predict_two(ones)

# %% [markdown]
# The signature is there, and `saved.predict_two` is not. A key of `signatures` names a signature
# and nothing else. The attributes are those of the object that was saved: every `tf.function` of
# this model comes back under its *method's* name. An `ExportArchive` saves an object of its own,
# and `add_endpoint` makes your function an attribute of it.
#
# A missing attribute is easily mended. This is not:

# %%
for row in compare(saved_dir).rows:
    print(f"{row.signature:<12} {row.reader:<8} {row.status}")

# %% [markdown]
# It is the trap of lesson 01: right in Python, unusable through the session loader, other numbers
# in LiteRT. Naming signatures does not help, and because you gave a name there is no
# `serving_default` either. From here on you use `ExportArchive`.
#
# ## Which door opens when nobody names one?
#
# A request to a server may leave the signature's name out. It then gets `serving_default`. See
# what that is, through the session loader:

# %%
print(readers.run(two_dir, "serving_default", {"x": ones}, "session")["output_0"].round())
with show_error():
    readers.run(two_dir, "serving_default", {"x": ones_and_more}, "session")

# %% [markdown]
# Two numbers are scored, three are turned down. `serving_default` is the endpoint that was added
# **first**, unless one of your endpoints bears that very name. So the order of two lines is a
# promise to everybody who names no signature.
#
# ### Exercise 1: another default
#
# The warehouse names no signature and sends three numbers. Export `model` with the endpoints
# `predict_two` and `predict_three` again, so that whoever names none gets `predict_three`.

# %%
# > export_dir_1 = ...  # an export below lesson.scratch
# <solution>
warehouse = tf.keras.export.ExportArchive()
warehouse.track(model)
warehouse.add_endpoint("predict_three", model.predict_first_three_features)
warehouse.add_endpoint("predict_two", model.predict_first_two_features)
export_dir_1 = lesson.scratch / "warehouse"
warehouse.write_out(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Is the model in there twice?
#
# Move the bias of the loaded model, and knock at both doors. Then ask the graph in the file which
# variables each of them reads:

# %%
kernel, bias = loaded.trainable_variables
bias.assign_add([100.0])
print(loaded.predict_two(ones).numpy().round())
print(loaded.predict_three(ones_and_more).numpy().round())
for key in ("predict_two", "predict_three"):
    _, read = artifact.restored_and_read(two_dir, key)
    print(f"{key:<13} reads", read)

# %% [markdown]
# Both answers move from 5 to 105: both doors read one and the same bias. (Call again in the
# widget above, which holds this model too.) The graph says so for both weights. The whole
# picture:
#
# ```text
#   the shop       (n, 2) ──> predict_two ───────────────────┐
#   no name given  (n, 2) ──> serving_default, the same ─────┼──> kernel (2, 1) ──> (n, 1)
#   the warehouse  (n, 3) ──> predict_three, drops the last ─┘    bias (1,)
# ```
#
# Two doors lead to one kernel and one bias, and `serving_default` is another name of the first
# door. And what lies in the file of weights?

# %%
weights_file = two_dir / "variables" / "variables"
for name, shape in tf.train.list_variables(weights_file)[1:]:  # after an entry of bookkeeping
    print(name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE"), shape)

# %% [markdown]
# Not one kernel for each door. And still each weight lies in the file twice: once in `variables`,
# from `export.track(model)`, and once in `_all_variables`, from the endpoints. The doors read one
# copy, the other is dead weight. That Keras 3.15 does so, in `model.export` too, is a known
# fault, [issue 23553](https://github.com/keras-team/keras/issues/23553). The next export leaves
# `track` out.
#
# ## What should a door take, and what should it give?
#
# First: **raw numbers or prepared ones?** This model was trained on numbers between -1 and 1;
# suppose that the shop has percentages. Second: **a batch or a single row?** A door for exactly
# one row looks friendly. Make one of each kind:


# %%
def predict_percent(percent):
    return model(percent / 50.0 - 1.0)


def predict_single(x):
    return model(x[tf.newaxis])[0]


# %%
doors = tf.keras.export.ExportArchive()
percent = tf.TensorSpec((None, 2), tf.float32, name="percent")
doors.add_endpoint("predict_percent", predict_percent, [percent])
one_row = tf.TensorSpec((2,), tf.float32, name="x")
doors.add_endpoint("predict_single", predict_single, [one_row])
doors_dir = lesson.scratch / "doors"
doors.write_out(doors_dir, verbose=False)

# %%
percents = {"percent": [[100, 100], [0, 0]]}
print(readers.run(doors_dir, "predict_percent", percents)["output_0"].round().tolist())
print(readers.run(doors_dir, "predict_single", {"x": [1, 1]})["output_0"].round().tolist())
with show_error():
    readers.run(doors_dir, "predict_single", {"x": [[1, 1], [-1, -1]]}, "session")
stored = tf.train.list_variables(doors_dir / "variables" / "variables")[1:]
print(len(stored), "weights stored,", len(tf.saved_model.load(doors_dir).variables), "listed")

# %% [markdown]
# Any function of tensors can be an endpoint, also one of a loaded export, such as
# `loaded.predict_two`. A plain one needs the specs of its inputs as a third argument.
#
# - **Raw or prepared?** Preparation inside the export is the same for every caller: 100 per cent
#   arrives at the model as 1. A door for prepared numbers beside it helps those who have them.
# - **Batch or single?** The single door is made for one row only; a batch door takes one as well,
#   as a batch of one. Prefer the batch.
# - **Track or not?** Here each weight is stored once: `ExportArchive` finds the weights that its
#   endpoints use. What is missing is the list, `.variables` is empty; and a model with lookup
#   tables cannot be written without `track`.
#
# Last: **scores or classes?** A label is simple to use, and somebody must have drawn the line.

# %%
scores = model(tf.constant([[1.0, 1.0], [0.2, 0.2], [-1.0, -1.0]]))
for limit in (0, 3):
    print("above", limit, tf.cast(scores > limit, tf.int32).numpy().ravel())

# %% [markdown]
# The same scores, and other labels for the second row. A caller who gets only a label cannot draw
# another line; one who gets only a score must draw one. A function that returns a dict gives
# both, by name. In a graph there is no `if` on a tensor: compare and cast, as here.
#
# ### Exercise 2: a third door
#
# Export `model` with three endpoints: `predict_two`, `predict_three`, and `classify`, which takes
# rows of two and gives two outputs. `score` is what `predict_two` answers. `label` is a number,
# not a boolean: 1 where the score is above 0, and 0 elsewhere. All three read the same weights.


# %%
# > export_dir_2 = ...  # an export below lesson.scratch
# <solution>
def classify(x):
    score = model(x)
    return {"score": score, "label": tf.cast(score > 0, tf.int32)}


third = tf.keras.export.ExportArchive()
third.add_endpoint("predict_two", model.predict_first_two_features)
third.add_endpoint("predict_three", model.predict_first_three_features)
third.add_endpoint("classify", classify, [tf.TensorSpec((None, 2), tf.float32, name="x")])
export_dir_2 = lesson.scratch / "three"
third.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## Do two doors really give the same answer?
#
# `predict_two(a)` equals `predict_three([a, anything])`: you have seen it for one row. Your
# callers rely on it for all of them.
#
# ### Exercise 3: put it to the test
#
# Write `proof(two, three)`. It gets two functions: `two` takes `(n, 2)` arrays and `three` takes
# `(n, 3)` arrays, for any n from 1, and both return `(n, 1)`. It calls them with rows of your
# choice, and returns `True` if they agree, up to rounding, whatever the third column holds,
# otherwise `False`. *Whatever* means 0, -3, a million, even `np.nan`. If `three`
# raises an error, return `False` or let the error through. The check tries your proof on pairs that
# agree and on 14 counterfeits.


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
# No test proves a thing for all numbers. A good one has looked wherever a mistake could hide, and
# one that has never said `False` tells you nothing. Keep yours for loaded exports:
# `proof(loaded.predict_two, loaded.predict_three)`.
#
# ## Can a door become a layer?
#
# You want a chance between 0 and 1 from the scores of an export, and do not have its class.
# `TFSMLayer` makes a Keras layer of one endpoint:

# %%
with show_error():
    tf.keras.layers.TFSMLayer(two_dir)
layers = {
    key: tf.keras.layers.TFSMLayer(two_dir, call_endpoint=key)
    for key in ("predict_two", "serving_default")
}
for key, layer in layers.items():
    print(key, "gives a", "dict" if isinstance(layer(ones), dict) else "tensor")

# %% [markdown]
# Without a name, the layer looks for `serve`, which is what `model.export` writes; the error
# lists the doors of your archive. Then the two handles again: an attribute gives its tensor, and
# where there is only a signature, as for `serving_default`, you get its dict. Build on a tensor:

# %%
sigmoid = tf.keras.layers.Activation("sigmoid")
chance = tf.keras.Sequential([tf.keras.Input((2,)), layers["predict_two"], sigmoid])
print(chance(ones).numpy().round(2))
kernel, bias = chance.trainable_weights
bias.assign_sub([100.0])
print(chance(ones).numpy().round(2))
print(layers["serving_default"](ones)["output_0"].numpy().round())

# %% [markdown]
# The old weights are weights of the new model: move the bias by -100, and the chance falls from
# 0.99 to 0. The other layer still answers 5, because each of the two loaded the directory for
# itself. Doors share weights inside one loaded export, not across two.
#
# ## When does a door stop following the weights?
#
# When it does not read them. Take a copy of the numbers, and use the copy in a function:

# %%
copied_kernel, copied_bias = (weight.numpy() for weight in model.weights)
from_copy = tf.function(lambda x: x @ copied_kernel + copied_bias)

model.dense.bias.assign_add([100.0])
print(model.predict_first_two_features(ones).numpy().round(), from_copy(ones).numpy().round())
model.dense.bias.assign(copied_bias)
print(model.predict_first_two_features(ones).numpy().round(), from_copy(ones).numpy().round())

# %% [markdown]
# `numpy()` gives numbers, not the variable. Tracing writes them into the graph as constants: no
# training will ever reach them, and nothing warns you. While copy and weights agree, the answers
# show nothing. Change a weight to find out.
#
# ### Exercise 4: diagnose
#
# A colleague's model has three endpoints: `predict_two`, `predict_three` and `classify`, built as
# in exercise 2. It was retrained and exported to `found_dir`. One endpoint kept older numbers, and
# the two others read the current weights. Which one kept them? Then make an export in which all
# three answer from the current weights. All that you have is the directory.

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
# ## What you can do now
#
# - **Export several endpoints**: `add_endpoint(name, function)` for each; call `loaded.name(x)`
#   for a tensor, `loaded.signatures["name"](x=...)` for a dict.
# - **Choose the default**: add that endpoint first, or name it `serving_default`.
# - **Show that weights are shared**: change one, and every door follows. One that stays behind
#   reads a copy.
# - **Design an endpoint**: raw numbers or prepared ones, a batch, a score beside the label.
# - **Build on an export**: `TFSMLayer(directory, call_endpoint=name)`, with weights of its own.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.readers DIRECTORY` puts every endpoint of *your* export to the three readers.
#
# [Lesson 02: one signature](02_one_signature.ipynb) · Next: [lesson 04, inside the
# artifact](04_inside_the_artifact.ipynb)
