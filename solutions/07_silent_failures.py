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
# You export a model, and your test in Python passes. Later, a server or a phone gives wrong
# answers, or fails. Five questions help you find such faults before you deploy.
#
# ![Five questions before you deploy: the titles of sections 1 to
# 5.](../notebooks/images/five_questions.svg)
#
# After this lesson you can
#
# - say which answers of an export change when a setting of the model changes (exercise 1)
# - find the faults of an export with five questions (exercise 2)
# - repair an export of which you do not have the code (exercise 3)
# - write golden answers that find a wrong export (exercise 4)
#
# **45 minutes**, 31 of them for the exercises. Builds on [lesson 02](02_one_signature.ipynb).

# %% [markdown]
# ## The recipe
#
# When you export a model, store requests with their right answers. Later, a program without the
# model compares the export with them:
#
# ```python
# import numpy as np
# import tensorflow as tf
#
# model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
# x = np.float32([[1, 2], [3, -4], [0.5, 0]])
# np.savez("golden.npz", x=x, y=model(x))  # right if the model is right
# model.export("scores", verbose=False)
# golden = np.load("golden.npz")  # from here on: the other program
# loaded = tf.saved_model.load("scores")
# answers = loaded.signatures["serving_default"](tf.constant(golden["x"]))
# tf.debugging.assert_near(answers["output_0"], golden["y"])
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import start

lesson = start("07_silent_failures")

import inspect
import json

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.readers.compare import compare
from helpers.readers.rescue import rescue

readers.warm_up()  # starts the second Python process of this page

# %% [markdown]
# ## 1. Do all readers give the same numbers?
#
# *Readers* are programs that load an export. `compare` sends the same rows to three readers
# (lesson 01).
#
# A colleague sends you the folder `saved` without her code. The first three lines below only make
# this folder:

# %%
layers = [tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)]
saved_dir = lesson.scratch / "saved"
tf.saved_model.save(tf.keras.Sequential(layers), saved_dir)
for row in compare(saved_dir).rows:
    print(row.reader, row.status)

# %% [markdown]
# `python` is the reference for the other readers. Only Python finds the weights. So the session
# fails with the error `Could not find variable`, and LiteRT gives other numbers without an error.
# Without her code, you cannot export again. But with `rescue`, Python saves what it has loaded:

# %%
rescued_dir = lesson.scratch / "rescued"
print(rescue(saved_dir, rescued_dir).verdict)

# %% [markdown]
# ## 2. Are they the numbers of the model?
#
# If the export is wrong, all readers can agree on wrong numbers. This model computes with whole
# numbers, but `model.export` declares `float32` for it (lesson 02):


# %%
class Group(tf.keras.Model):
    def call(self, ids):
        return ids % 1000


group = Group()
group(tf.constant([16777217]))
group_dir = lesson.scratch / "group"
group.export(group_dir, verbose=False)
print(compare(group_dir).verdict)
compare(group_dir, model=group, signature="serving_default")

# %% [markdown]
# The printed line compares only the readers, and finds no fault. The table compares them with the
# *live model*: the Python object `group`. `compare` made its own requests, with large whole numbers
# as `int64`, so the table advises this dtype.
#
# A later test of your export has no live model. So store *golden answers*: requests with their
# right answers. The next cell exports `group` with `int64`. `write_golden` stores the request
# `inputs` with the answers of `group`:

# %%
ids = tf.TensorSpec((None,), tf.int64, name="ids")
cured_dir = lesson.scratch / "cured"
group.export(cured_dir, input_signature=[ids], verbose=False)
report = compare(cured_dir, inputs={"ids": [16777217, 7]}, model=group)
golden_file = report.write_golden(lesson.scratch / "golden.npz")
print(compare(cured_dir, golden=golden_file).verdict)

# %% [markdown]
# The request has 16777217, because `float32` does not hold this number. The verdict says "within
# the limits noted", because `compare` sent only the stored request of two rows.
#
# ![Three comparisons, and what each one misses: a fault of the export, a fault of the model,
# requests that are not stored.](../notebooks/images/three_references.svg)
#
# These golden answers come from the live model, so they miss a fault of the model. For build
# servers, see [Readers in CI](../docs/readers_in_ci.md).
#
# ## 3. Do the answers follow weights and settings?
#
# The limit of a car park changes from 60 to 90 minutes. The helper `export` writes a function as
# the signature `serving_default`, and returns the path of the new folder:


# %%
def export(name, function, *specs):
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("serving_default", function, list(specs) or None)
    archive.write_out(lesson.scratch / name, verbose=False)
    return lesson.scratch / name


class CarPark(tf.Module):
    limit = 60.0

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="minutes")])
    def judge(self, minutes):
        return {"too_long": minutes > self.limit}


park = CarPark()
park.judge([50.0])  # a test of the first limit
park.limit = 90.0
park_dir = export("park", park.judge)
print(compare(park_dir).verdict)
print(compare(park_dir, model={"serving_default": park.judge}).verdict)

# %% [markdown]
# Both comparisons find no fault. The call `park.judge([50.0])` traced `judge`, and tracing made 60
# a constant of the graph. The signature and the live function `park.judge` use this graph, so both
# are wrong. You need golden answers from a different source, here from the new rule: 75 minutes are
# allowed.

# %%
right = {"inputs": {"minutes": [75.0, 95.0]}, "outputs": {"too_long": [False, True]}}
golden_file = lesson.scratch / "golden.json"
golden_file.write_text(json.dumps({"serving_default": [right]}))
for row in compare(park_dir, golden=golden_file).rows:
    print(row.reader, row.status, row.unequal)

# %% [markdown]
# To repair `CarPark`, make the limit a `tf.Variable`, and change it with `assign`.
#
# **The folder `park` has two graphs of `judge`:**
#
# - The signature has the graph of the first call, with the limit 60, because `judge` has an
#   `input_signature` and `add_endpoint` got no spec.
# - The *restored function* has a second graph, with the limit 90, because `write_out` traced
#   `judge` again after the change.
#
# ![Two graphs: the signature has the limit 60, and the restored function has the limit
# 90.](../notebooks/images/two_graphs.svg)
#
# Only Python can call both graphs:
#
# ```python
# loaded, minutes = tf.saved_model.load(park_dir), tf.constant([75.0])
# signature = loaded.signatures["serving_default"]
# signature(minutes=minutes)  # first graph, limit 60: too_long is True
# restored_function = loaded.serving_default
# restored_function(minutes)  # second graph, limit 90: too_long is False
# ```
#
# Servers call the signature, so test the signature.

# %% [markdown]
# **A graph can also ignore the weights.** At the first call of the model `Cut` (lesson 02), Keras
# traces `call` before it creates the weights. So the graph computes with fixed numbers in place of
# weights. Later, the weights exist, but `call` is a `tf.function` and keeps its first graph:

# %%
any_rows = tf.TensorSpec((None, 1), tf.float32, name="x")


class Cut(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.out = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[any_rows])
    def call(self, x):
        return self.out(x)


cut, one = Cut(), tf.ones((1, 1))
before = cut(one)
cut.set_weights([np.float32([[2]]), np.float32([3])])
print("the answer changes:", bool(cut(one) != before))

# %% [markdown]
# With the new weights, the answer should be 5, but the live model ignores them. An export of
# `cut.call` (after `archive.track(cut)`) stores the new weights, but its signature ignores them.
#
# So change a weight or a setting of your model, export again, and look whether the answers change.
#
# ### Exercise 1: predict three labels (4 min)
#
# A label is 1 if the score is above `model.threshold`, a Python number. A colleague called the
# function once with the threshold 0.5. Then she set `model.threshold` to 0.8, and wrote the export
# with an `ExportArchive`. As in `CarPark`, the function has an `input_signature`, and
# `add_endpoint` got no spec.
#
# The score of `row` is 0.6. Predict its label in the three calls. Then run the calls in a new cell.

# %%
found_dir = lesson.q1.given()
labels, row = tf.saved_model.load(found_dir), tf.constant([[1.0, 1.0]])
# > prediction = {  # the label of `row`, 0 or 1
# >     "the signature": ...,  # labels.signatures["serving_default"](rows=row)
# >     "the restored function": ...,  # labels.serving_default(row)
# >     "the restored function, after labels.threshold = 0.5": ...,
# > }
# <solution>
prediction = {
    "the signature": 1,
    "the restored function": 0,
    "the restored function, after labels.threshold = 0.5": 0,
}
# </solution>
lesson.q1.check(prediction)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## 4. Are requests of other shapes answered rightly?
#
# The next cell calls `mean` with four rows, and exports `mean` twice: without a `TensorSpec`, and
# with `any_rows`. Then `readers.run` sends two rows to one reader:


# %%
@tf.function
def mean(x):
    return {"mean": tf.reduce_sum(x) / tf.cast(tf.shape(x)[0], tf.float32)}


mean(tf.ones((4, 1)))
for directory in export("first_trace", mean), export("with_spec", mean, any_rows):
    for reader in ("python", "litert"):
        answer = readers.run(directory, "serving_default", {"x": [[1.0], [1.0]]}, reader)
        print(directory.name, reader, answer["mean"])

# %% [markdown]
# Two rows of 1 have the mean 1, but `first_trace` answers 0.5. With no spec, `add_endpoint` takes
# the shape of the first call, (4, 1). So `tf.shape(x)[0]` is the constant 4. Give `add_endpoint` a
# spec, and test two numbers of rows.
#
# Also send rows with too many values. A *guard* is a check of the request inside the function.
# LiteRT can lose a guard that raises an error, and then answers with a number. The guard below
# answers `nan`. LiteRT keeps it, if the input `prices` has the spec `(None, None)`:
#
# ```python
# is_right = tf.shape(prices)[1] == 2  # Has each row two values?
# total = tf.where(is_right, total, np.nan)
# ```
#
# ## 5. Does the program of your users run it?
#
# `jit_compile=True` makes *XLA*, a compiler in TensorFlow, compile the function:


# %%
@tf.function(input_signature=[any_rows], jit_compile=True)
def double(x):
    return {"double": 2 * x}


compare(export("double", double))

# %% [markdown]
# Python answers, but TensorFlow Serving switches XLA off by default, so each request fails there.
# The reader `session` also switches XLA off (not on Windows).
#
# ### Exercise 2: find the faults of five exports (11 min)
#
# One export has no fault, three have one fault each, and one has two faults. Each row of the input
# `parcels` has two `int32` values: the id and weight of a parcel. The output `price` depends on
# both and on trained weights. `above` is the price minus the mean price of the request. `dear` is 1
# if the price is above a limit.
#
# | name | fault |
# |---|---|
# | `only-python` | only Python finds the weights |
# | `dtype` | the export declares `float32` |
# | `cut-off` | the prices ignore the weights |
# | `old-number` | `dear` uses an old limit |
# | `rows` | `above` is right for one number of rows only |
# | `guard` | LiteRT gives a price for rows of three values |
# | `xla` | a server refuses the function |
#
# Run the cell below, and then the loop in a new cell. Answer four questions about each export, and
# list its faults (or `[]`):
#
# 1. If only `dear` is wrong in Python, the fault is `old-number`. If `price` is wrong, the fault is
#    `dtype` or `cut-off`. The wrong price can make `dear` and `above` wrong, too.
# 2. If the session fails, does the error name a variable (`only-python`) or XLA (`xla`)?
# 3. Is `above` the price minus the mean of the two prices? If not, the fault is `rows`.
# 4. Is the price of three values `nan`? If not, the fault is `guard`.
#
# ```python
# for name, folder in exports.items():  # new exports after a restart
#     # golden[name] is a file: one request, and its right answers.
#     report = compare(folder, golden=golden[name])
#     python, session, litert = report.rows
#     signature = artifact.read(folder).signatures["serving_default"]
#     print(f"EXPORT {name} declares", signature.inputs[0].dtype)
#     print("1. wrong in Python:", python.unequal)
#     print("2. session:", session.status)
#     if session.status == "fails":
#         print(session.error[:60])
#     # On Windows, the session runs functions with XLA. To find XLA
#     # there, print(report.notes).
#     request = {"parcels": [[1, 9], [1, 2]]}
#     two = readers.run(folder, "serving_default", request, "python")
#     print("3. price:", two["price"].ravel())
#     print("   above:", two["above"].ravel())
#     request = {"parcels": [[1, 9, 5]]}
#     three = readers.run(folder, "serving_default", request, "litert")
#     print("4. price of three values:", three["price"].ravel())
# ```

# %%
exports, golden = lesson.q2.given()
# > # Replace each ... by a list of faults, such as ["rows", "guard"].
# > diagnosis = {
# >     "a": ...,
# >     "b": ...,
# >     "c": ...,
# >     "d": ...,
# >     "e": ...,
# > }
# <solution>
diagnosis, key = {}, "serving_default"
for name, directory in exports.items():
    python, session, _ = compare(directory, golden=golden[name]).rows
    dtype = artifact.read(directory).signatures[key].inputs[0].dtype
    pair = readers.run(directory, key, {"parcels": [[1, 9], [1, 2]]}, "python")
    wide = readers.run(directory, key, {"parcels": [[1, 9, 5]]}, "litert")
    signs = {
        "only-python": "variable" in session.error,
        "dtype": dtype == "float32",
        "cut-off": dtype == "int32" and "price" in python.unequal,
        "old-number": python.unequal == ("dear",),
        "rows": not np.allclose(pair["above"], pair["price"] - pair["price"].mean()),
        "guard": np.isfinite(wide["price"]).all(),
        "xla": "XLA" in session.error,
    }
    diagnosis[name] = [fault for fault, seen in signs.items() if seen]
# </solution>
lesson.q2.check(diagnosis)

# %% [markdown]
# ### Exercise 3: repair two exports without their code (8 min)
#
# A score is `rows @ kernel + bias`. Two colleagues say:
#
# - `scores_dir`: *"The stored weights are right: a kernel of 1.5 and 0.5, a bias of -1. The row
#   [-2, 0.25] should get -3.875, but gets -2.17."*
# - `lists_dir`: *"A request is one list of articles. Each article is a row of two numbers. `above`
#   is the score of each article minus the mean score of the list. Lists of four articles get right
#   answers. Lists of two articles get wrong answers."*
#
# `rescue` would keep the wrong answers. So write new exports:
#
# 1. Load the folder as `loaded`. For `scores_dir`, `loaded.variables` holds the kernel, of shape
#    (2, 1), and then the bias, of shape (1,). For `lists_dir`, use `loaded.kernel` and
#    `loaded.bias`.
# 2. Write a function that computes the answers with these variables.
# 3. Give the function to the helper `export`, which also saves the variables. Your answer is the
#    returned path.
#
# Each new export takes any number of rows, and gives a `float32` answer of shape (n, 1). For
# `scores_dir`, choose any names. For `lists_dir`, name the input `rows` and the output `above`.

# %%
scores_dir, lists_dir = lesson.q3.given()
# > # scores by the weights in `scores_dir`
# > repaired_scores = ...
# > # right answers for lists of any length
# > repaired_lists = ...
# <solution>
kernel, bias = tf.saved_model.load(scores_dir).variables
lists = tf.saved_model.load(lists_dir)


def score(rows):
    return {"score": rows @ kernel + bias}


def above(rows):
    scores = rows @ lists.kernel + lists.bias
    return {"above": scores - tf.reduce_mean(scores, axis=0)}


two_numbers = tf.TensorSpec((None, 2), tf.float32, name="rows")
repaired_scores = export("repaired_scores", score, two_numbers)
repaired_lists = export("repaired_lists", above, two_numbers)
# </solution>
lesson.q3.check(repaired_scores, repaired_lists)

# %% [markdown]
# ### Exercise 4: write golden answers (8 min)
#
# `meter` is the live model of a ticket machine, and computes right fees:

# %%
meter = lesson.q4.given()
print(inspect.getsource(type(meter).__call__))
print(meter)

# %% [markdown]
# Write a golden file in JSON for the signature `serving_default`. Two requests look like this:
#
# ```python
# {"serving_default": [
#     # All requests together have at most 30 cars.
#     # meter takes int32 plates and float32 minutes, of shape (n,).
#     # array.tolist() makes a list of an array.
#     {"inputs": {"plates": [...], "minutes": [...]}, "outputs": {"fee": [...]}},
#     {"inputs": {"plates": [...], "minutes": [...]}, "outputs": {"fee": [...]}},
# ]}
# ```
#
# A right export should pass. Each wrong export should give a wrong fee for at least one of your
# cars. The faults are:
#
# - an input has a different dtype
# - `rate` is old, or `free` is old (1 minute or more away)
# - a rule is missing, or has `<` in place of `<=`
# - every car pays half
# - the half price is computed before the highest fee `day`
# - the fees are right for one number of rows only

# %%
# > golden_4 = ...  # a path
# <solution>
plates = np.int32([meter.member, meter.member + 1, 16777220 + meter.member] * 3)
minutes = np.repeat(np.float32([meter.free, meter.free + 0.5, 10 * meter.day]), 3)
sets = []
for n in (1, 9):
    inputs = {"plates": plates[:n].tolist(), "minutes": minutes[:n].tolist()}
    fee = meter(plates[:n], minutes[:n])["fee"].numpy()
    sets.append({"inputs": inputs, "outputs": {"fee": fee.tolist()}})
golden_4 = lesson.scratch / "golden_4.json"
golden_4.write_text(json.dumps({"serving_default": sets}))
# </solution>
lesson.q4.check(golden_4)

# %% [markdown]
# ## What you can do now
#
# - **Settings**: a signature keeps the Python numbers of its trace.
# - **Five questions**: ask them before you deploy.
# - **Repair without code**: `rescue`, or a new export with the weights of the loaded one.
# - **Golden answers**: requests at the limits of each rule, large whole numbers, and two
#   numbers of rows.
#
# **Try your own export.** In a terminal, in the course's folder: `.venv/bin/python -m
# helpers.readers EXPORT`, with `--golden FILE` or `--rescue NEW_FOLDER`. (On Windows:
# `.venv\Scripts\python`.)

# %% [markdown]
# [Lesson 06: the error clinic](06_error_clinic.ipynb) · Next: [lesson 08,
# serving](08_serving.ipynb)
#
# Official documents: [tf.function and tracing](https://www.tensorflow.org/guide/function) · [Select
# TensorFlow operators in LiteRT](https://ai.google.dev/edge/litert/models/ops_select)
