# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Serving: replace a model while clients call it
#
# You deploy a new version of your model. The server loads it without an error, and unloads the old
# version. From then on, every request of every client fails.
#
# ![A folder holds versions 1 and 2. The server loads version 2. A client sends rows and gets
# answers.](../notebooks/images/model_server.svg)
#
# After this lesson you can
#
# - call the signatures of a model server, and read its errors (exercise 1)
# - predict which version answers, also when a version is broken (exercise 2)
# - publish a new version while clients send requests (exercise 3)
# - decide whether a new version may replace the old one (exercise 4)
#
# **45 minutes**, 25 of them for the exercises. Builds on [lesson 03](03_many_signatures.ipynb).

# %% [markdown]
# ## The recipe
#
# A server watches the folder `shop`. This code publishes a version there in one step, so the server
# never reads half an export.
#
# ```python
# import pathlib
# import tensorflow as tf
#
# layers = [tf.keras.Input((2,)), tf.keras.layers.Dense(1)]
# model = tf.keras.Sequential(layers)
# base = pathlib.Path("shop")
# unfinished = base / "unfinished"  # not a number, so not a version
# model.export(unfinished, verbose=False)  # writes several files
# unfinished.rename(base / "1")  # one step, because both are on one disk
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("08_serving")

import base64
import shutil

import numpy as np
import tensorflow as tf

from helpers.serving.launch.clients import Asking
from helpers.serving.launch.serve import serve
from helpers.serving.launch.warm_up import write_warm_up

# %% [markdown]
# ## What does a model server need?
#
# A *model server* loads exports, not your Python code, and answers requests. *TensorFlow Serving*
# is the server of the TensorFlow project.
#
# The model of this page takes two numbers per row. Version N answers 2·(x0 + x1) + N.


# %%
def make_model(number):
    layers = [tf.keras.Input((2,), name="x"), tf.keras.layers.Dense(1)]
    model = tf.keras.Sequential(layers)
    model.set_weights([np.array([[2.0], [2.0]]), np.array([float(number)])])
    return model


def export(model, directory):
    def from_bytes(row_bytes):
        rows = tf.reshape(tf.io.decode_raw(row_bytes, tf.float32), (-1, 2))
        return {"rows": rows, "score": model(rows)}

    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("score", model, [tf.TensorSpec((None, 2), tf.float32, "x")])
    archive.add_endpoint("from_bytes", from_bytes, [tf.TensorSpec((None,), tf.string)])
    archive.write_out(directory, verbose=False)
    return directory


base = lesson.scratch / "shop"
export(make_model(1), base / "1")
# If loading fails, do not try again. Accept the new labels that `configure` sends below.
server = serve("shop", base, max_num_load_retries=0, allow_config_reload=True)

# %% [markdown]
# `base` is the *base path*. Each folder in it whose name is a number, such as `1` or `001`, is a
# *version*, and holds one export. `serve` starts the course's own server, which imitates the
# requests, errors and rules of TensorFlow Serving.
#
# <details><summary>How do you use TensorFlow Serving?</summary>
#
# With Docker:
#
# ```
# docker run --rm -v FOLDER:FOLDER \
#     -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 \
#     tensorflow/serving:2.20.0 --model_name=shop \
#     --model_base_path=FOLDER --max_num_load_retries=0  # untested here, FOLDER: see print(base)
# ```
#
# In the notebook:
#
# ```
# %env TFS_URL=http://localhost:8501
# server = serve("shop", base)  # in another cell. configure needs no option here.
# ```
#
# </details>
#
# ## How does a client call a signature?
#
# A *client* is a program that calls a server. *REST* is the interface with JSON over HTTP.
# `server.ask` sends a request like the command below, and returns the HTTP status and the answer.
#
# ```
# curl -d '{"instances": [[1, 1]]}' ADDRESS/v1/models/shop:predict  # server.rest
# ```

# %%
rows = [[1.0, 1.0], [0.5, -2.0]]
print(server.ask("shop:predict", {"instances": rows}))
print(server.ask("shop/versions/1:predict", {"inputs": {"x": rows}}))

# %% [markdown]
# A request has one of two forms:
#
# | form | the request holds | the answer holds |
# |---|---|---|
# | rows | `instances`: a list of rows | `predictions`: an item for each row |
# | columns | `inputs`: an array for each input | `outputs`: an array for each output |
#
# A single input or output needs no name. Several inputs need all their names, as in
# `{"inputs": {"a": [1], "b": [2]}}`. The key `signature_name` chooses the signature. Without it,
# `serving_default` answers. `server.signatures` returns the signatures:

# %%
for signature in server.signatures("shop").values():
    print(signature)

# %% [markdown]
# The input of `from_bytes` has the dtype `string`: texts or bytes. JSON has no bytes. A client
# writes them as base64 text, in an object with the key `b64`:

# %%
text = base64.b64encode(np.array([1, 1], np.float32).tobytes()).decode()
body = {"signature_name": "from_bytes", "instances": [{"b64": text}]}
print(server.ask("shop:predict", body))

# %% [markdown]
# ## What does the server refuse?

# %%
refused = {
    "no such version": ("shop/versions/7:predict", {"instances": rows}),
    "no such signature": ("shop:predict", {"signature_name": "sum", "instances": rows}),
    "wrong name": ("shop:predict", {"instances": [{"rows": [1.0, 1.0]}]}),
    "three columns": ("shop:predict", {"instances": [[1.0, 1.0, 1.0]]}),
    "not a number": ("shop:predict", {"instances": [[np.nan, 1.0]]}),
}
server.ask_each(refused)

# %% [markdown]
# 404: the model or version does not exist. 400: the request is wrong or (see below) the version is
# broken. The server checks no values, and does not compare shapes with the signature. So three
# columns fail only in the graph.
#
# ## How does a client call a signature over gRPC?
#
# *gRPC* sends binary messages in place of JSON:

# %%
print(server.predict("shop", "score", x=np.array(rows, np.float32)))
with show_error():
    server.predict("shop", "score", x=np.array(rows, np.float64))

# %% [markdown]
# The 1 is the version that answered. A message holds the dtype of each tensor, so the server
# refuses `float64`. JSON has no dtypes, so the server uses the dtypes of the signature.
#
# <details><summary>What does a Python client send?</summary>
#
# ```python
# channel = grpc.insecure_channel("127.0.0.1:8500")
# stub = PredictionServiceStub(channel)
# request = PredictRequest()  # of the package tensorflow-serving-api
# request.model_spec.name = "shop"
# request.model_spec.signature_name = "score"
# request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
# request.output_filter.append("output_0")  # only this, but the server computes the whole signature
# response = stub.Predict(request, timeout=10)
# tf.make_ndarray(response.outputs["output_0"])
# ```
#
# </details>
#
# ### Exercise 1: call a model that you have not seen (6 min)
#
# Another server, `scoring`, has the model `scoring`: call `scoring.ask("scoring:predict", ...)`.
# Look at its signatures, and call three. Store two numbers in each variable, as `[a, b]` or as
# `[[a], [b]]`:
#
# - `scores`: the output `score` of `serving_default` for the rows `x`
# - `totals`: the output `total` of `both` for `left` and `right`
# - `packed`: the output `score` of `packed`, for each row of `x` as `float32` bytes

# %%
scoring = lesson.q1.given()
x, left, right = [[3.0, 1.0], [0.0, -2.0]], [1.0, 2.0], [10.0, 20.0]
# > scores = ...
# > totals = ...
# > packed = ...
# <solution>
scores = scoring.ask("scoring:predict", {"instances": x})[1]["predictions"]
both = {"signature_name": "both", "inputs": {"left": left, "right": right}}
totals = scoring.ask("scoring:predict", both)[1]["outputs"]["total"]
texts = [base64.b64encode(np.array(row, np.float32).tobytes()).decode() for row in x]
by_bytes = {"signature_name": "packed", "instances": [{"b64": text} for text in texts]}
_, answer = scoring.ask("scoring:predict", by_bytes)
packed = answer["predictions"]
# </solution>
lesson.q1.check(scores, totals, packed)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## What happens when a new version arrives?
#
# `deploy` renames an export to its number, and waits until the server has loaded it. Meanwhile, two
# clients send requests:


# %%
# To repeat a cell with deploy, run all cells from the top.
def deploy(number, export_dir):
    export_dir.rename(base / str(number))  # from any folder on the same disk
    server.wait_for("shop", number)


one = {"instances": [[1.0, 1.0]]}
with Asking(lambda: server.ask("shop:predict", one), clients=2) as asking:
    deploy(2, export(make_model(2), lesson.scratch / "two"))
    server.wait_for("shop", 1, state="END")
print("failed requests:", len(asking.failed))
print("answers:", sorted({answer["predictions"][0][0] for _, answer in asking.answers}))
print(server.states("shop"))

# %% [markdown]
# No request failed. Version 1 answered 5, and later version 2 answered 6. By default, the server
# serves only the highest number, so it unloaded version 1:
#
# ![States: START, LOADING, AVAILABLE, UNLOADING, END. If loading fails, END follows LOADING.
# Version 2 is AVAILABLE before version 1 unloads.](../notebooks/images/version_states.svg)
#
# ## What if the new version is broken?
#
# If loading fails, the old version keeps answering. But loading does not show every fault. Deploy
# an export of `tf.saved_model.save(keras_model)`, the popular recipe of lesson 00:

# %%
popular_dir = lesson.scratch / "popular"
tf.saved_model.save(make_model(3), popular_dir)
deploy(3, popular_dir)
server.wait_for("shop", 2, state="END")
status, answer = server.ask("shop:predict", one)
print(status, answer["error"][:23])
print(server.states("shop"))

# %% [markdown]
# Loading worked, but every request fails, as in the first lines of this page. The signature cannot
# find the weights that it reads, and loading does not check this.
#
# To go back, move the folder away. The server loads version 2 again:

# %%
withdrawn_dir = (base / "3").rename(lesson.scratch / "withdrawn")
server.wait_for("shop", 3, state="END")
print(server.ask("shop:predict", one))

# %% [markdown]
# ## How do you find a broken version before your clients do?
#
# A request that names no version or label gets the highest available version, tested or not. So
# give the tested version a *label*, a name such as `stable`. Let all clients call `stable`. Before
# you move `stable` to a new version, test that version:
#
# 1. with a *warm-up request*, which the server runs while it loads the version
# 2. with *golden answers*, the right answers to some rows
#
# `configure` sends the server the labels, and a list of versions. The server now loads each version
# of this list, not only the highest number. Version 4 arrives in test 1, version 5 in test 2.

# %%
server.configure("shop", base, [2, 4, 5], stable=2)
print(server.ask("shop/labels/stable:predict", one))

# %% [markdown]
# Test 1: `write_warm_up` stores a warm-up request in the broken export. If the request fails,
# loading fails. The request must name the input. In this export, the name is `inputs`. The changed
# export gets a new number, 4.
#
# Predict: which version answers afterwards?

# %%
write_warm_up(withdrawn_dir, inputs=np.array(rows, np.float32))
withdrawn_dir.rename(base / "4")  # 4 and not 3: one number, one export
server.wait_for("shop", 4, state="END")
print(server.states("shop"))

# %% [markdown]
# Loading version 4 failed, so version 2 stays. But a version that runs can answer wrongly.
#
# Test 2: the new Keras model computes the golden answers in Python. Then you deploy version 5, give
# it a second label, `next`, and send the same rows to `next`.
#
# ![Requests with the label stable get version 2. With next or no label, requests get version
# 5.](../notebooks/images/version_labels.svg)
#
# <details><summary>Can a label come before its version?</summary>
#
# A new label can, with the server's option `--allow_version_labels_for_unavailable_models=true`. A
# label in use can move only to an available version.
#
# </details>

# %%
golden = make_model(5)(np.array(rows)).numpy().tolist()
deploy(5, export(make_model(0), lesson.scratch / "five"))  # by mistake, another model
# The server refuses a label for a version that is not available, so next comes after deploy.
server.configure("shop", base, [2, 5], stable=2, next=5)
print(server.ask("shop/labels/next:predict", {"instances": rows}))
print("golden answers:", golden)

# %% [markdown]
# Version 5 does not give the golden answers, so `stable` stays on version 2. (If the answers were
# right, you would set `stable=5`.) Clients without a label get version 5 now. To give these clients
# version 2 again, take version 5 out of the list:

# %%
server.configure("shop", base, [2], stable=2)
server.wait_for("shop", 5, state="END")
print(server.ask("shop:predict", one))

# %% [markdown]
# Predict: another server has loaded versions 1 and 2 of its list `[1, 2, 3]`, and `stable` names 1.
# Loading version 3 fails. Which version answers with the label, and which without?
#
# <details><summary>Which versions?</summary>
#
# With the label, version 1. Without a label, the highest available version: 2.
#
# </details>
#
# ### Exercise 2: predict which version answers (4 min)
#
# Six base paths have versions 1 and 2, without warm-up requests, labels or `configure`. A
# different thing happens to each. Which version answers `{"instances": [[1.0, 1.0]]}` afterwards?

# %%
# > prediction = {  # 1, 2, 3 or "error"
# >     "a whole export arrives as v3": ...,
# >     "a whole export arrives as 003": ...,
# >     "3 arrives without its saved_model.pb": ...,
# >     "3 arrives, made with tf.saved_model.save(keras_model)": ...,
# >     "3 arrives, its input is called rows and not x": ...,
# >     "2 is deleted": ...,
# > }
# <solution>
prediction = {
    "a whole export arrives as v3": 2,
    "a whole export arrives as 003": 3,
    "3 arrives without its saved_model.pb": 2,
    "3 arrives, made with tf.saved_model.save(keras_model)": "error",
    "3 arrives, its input is called rows and not x": 3,
    "2 is deleted": 1,
}
# </solution>
lesson.q2.check(prediction)

# %% [markdown]
# ### Exercise 3: publish the next version (6 min)
#
# Write `publish(export_dir, base)`, a function of two `Path` objects. It copies the export into
# `base`, under the highest version number there plus 1. `shutil.copytree(source, target)` copies a
# folder.
#
# - The server may read `base` at any moment, and no request may fail.
# - `base` has at least one version, and files and folders whose names are not numbers.
# - No name in `base` starts with `unfinished`, so `publish` may use such a name while it runs.
# - `publish` changes nothing else.


# %%
# > publish = ...  # replace this line by a function publish(export_dir, base)
# <solution>
def publish(export_dir, base):
    taken = [int(path.name) for path in base.iterdir() if path.name.isdigit()]
    number = max(taken, default=0) + 1
    unfinished = base / f"unfinished-{number}"
    shutil.copytree(export_dir, unfinished)
    unfinished.rename(base / str(number))


# </solution>
lesson.q3.check(publish)

# %% [markdown]
# ## May the new version replace the old one?
#
# A new version can be right, and still break the clients of the old one:
#
# | the new version has | clients of the old one |
# |---|---|
# | a signature, input or output renamed or removed | fail if they name it |
# | a new input | fail: they do not send it |
# | several outputs in place of one | fail in REST: each prediction is a dict, as for `from_bytes` |
# | a new output next to several old outputs | work |
# | an input or output with another dtype | can fail in gRPC |
# | an input that takes more sizes (2 → `None`) | work |
# | an input with other or fewer sizes (2 → 3, `None` → 2) | can fail |
# | an input with more or fewer dimensions | can fail |
# | other answers to the same rows | get other numbers |
#
# This command checks these rules:
#
# ```
# .venv/bin/python -m helpers.readers NEW --against OLD  # --retrained: expect other answers
# ```
#
# ### Exercise 4: decide whether it may replace the old one (9 min)
#
# The dicts `old` and `new` describe one signature in two versions of a model. `answers` holds the
# answers to the same rows. One change breaks clients. Is this a change of names, dtypes, shapes or
# answers?
#
# Then write `may_replace(old, new)` for any two versions. It returns `True` if all REST and gRPC
# clients of `old` work with `new` and get the same answers, else `False`.
#
# - "Can fail" above means `False`.
# - Clients send every size that `old` takes, and read every output. gRPC clients use all names.
# - Answers are the same if their shapes are equal and `np.allclose` returns `True`.

# %%
old, new = lesson.q4.given()
print(old, new, sep="\n")
# > cause = ...  # "names", "dtypes", "shapes" or "answers"
# > may_replace = ...  # replace this line by a function may_replace(old, new)
# <solution>
cause = "shapes"


def may_replace(old, new):
    if old["inputs"].keys() != new["inputs"].keys():
        return False
    for name, (dtype, shape) in old["inputs"].items():
        new_dtype, new_shape = new["inputs"][name]
        if new_dtype != dtype or len(new_shape) != len(shape):
            return False
        if any(size not in (None, was) for size, was in zip(new_shape, shape, strict=True)):
            return False
    if len(old["outputs"]) == 1 < len(new["outputs"]):
        return False
    for name, dtype in old["outputs"].items():
        if new["outputs"].get(name) != dtype:
            return False
        was, now = old["answers"][name], new["answers"][name]
        if np.shape(was) != np.shape(now) or not np.allclose(was, now):
            return False
    return True


# </solution>
lesson.q4.check(cause, may_replace)

# %% [markdown]
# ## Who may call a model server?
#
# TensorFlow Serving asks for no password. So every program that can connect can call the model, or
# make the server load another export with `configure`. An export is a program (lesson 04): it can
# read and write files with the server's rights.
#
# - Let a server listen on `127.0.0.1` or in a private network.
# - Run the server in a container, as a user with few rights.
# - Load only exports that you trust.
#
# ## What you can do now
#
# - **Call a server**: `instances` for rows, `inputs` for columns, `b64` for bytes, or gRPC.
# - **Predict which version answers**: by default, the highest available version.
# - **Publish a version**: write it under another name, then rename it.
# - **Replace an old version**: compare names, dtypes, shapes and answers.

# %% [markdown]
# [Lesson 07: silent failures](07_silent_failures.ipynb) · Next: [lesson 09,
# rollout](09_rollout.ipynb)
#
# Official documents: [REST](https://www.tensorflow.org/tfx/serving/api_rest) ·
# [configuration](https://www.tensorflow.org/tfx/serving/serving_config) ·
# [warm-up](https://www.tensorflow.org/tfx/serving/saved_model_warmup)
