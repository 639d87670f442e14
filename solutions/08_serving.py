# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Serving: a model server and its versions
#
# After this lesson you can
#
# - call a model server over HTTP and gRPC, every signature by its name, and read its errors;
# - bring a new version while requests run, and keep a broken one from doing harm;
# - serve two versions at once, and give them names.
#
# **45 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("08_serving")

import base64
import http.client
import json
import shutil
import textwrap

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import (
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from helpers.exercises import exercise_server
from helpers.models import MultiSignatureModel
from helpers.serving.launch.clients import Asking
from helpers.serving.launch.serve import serve, wait_for

exercise_server.warm_up()

# %% [markdown]
# ## What does a server load?
#
# The shop's model, with a door for two numbers, one for three, and one for bytes. Instead of
# training it you set its weights, so that every answer says who gave it: version N answers
# 2·(x0 + x1) + N.


# %%
def shop(number):
    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([np.float32([[2], [2]]), np.float32([number])])
    return model


def export(model, directory):
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="row_bytes")])
    def packed(row_bytes):
        score = model(tf.reshape(tf.io.decode_raw(row_bytes, tf.float32), (-1, 2)))
        return {"score": score, "verdict": tf.where(score > 0, "buys", "goes")}

    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict_two", model.predict_first_two_features)
    archive.add_endpoint("predict_three", model.predict_first_three_features)
    archive.add_endpoint("packed", packed)
    archive.write_out(directory, verbose=False)


base = lesson.scratch / "shop"
export(shop(1), base / "1")
server = serve("shop", base, max_num_load_retries=0)
with show_error(lines=4):
    serve("shop", base, model_nam="shop")

# %% [markdown]
# A server is given a *base path*; every folder in it whose name is a number is a version. `serve`
# starts a process and waits, at most two minutes, until the model is available. When that fails
# it shows the end of the server's log, as here: a flag was misspelt. `server.log` is the log of
# the one that runs. When you run all again, the new `shop` server ends the old one.
#
# **Who answers on this page?** Not TensorFlow Serving, but a server in `helpers/serving` that
# speaks its protocol, REST and gRPC, and loads versions by its rules. The cells are those for the
# real one. If you have Docker, put it in place: `print(base)` says FOLDER; run in a terminal
#
# ```
# docker run --rm -p 8500:8500 -p 8501:8501 \
#     -v FOLDER:FOLDER tensorflow/serving \
#     --model_name=shop --model_base_path=FOLDER \
#     --max_num_load_retries=0
# ```
#
# then, in a new cell here, `%env TFS_URL=http://localhost:8501`, and in another the line
# `server = ...` alone. Go on from there: "run all" would make a new FOLDER, which that server
# does not watch. `%env TFS_URL=` takes it back. (This command is not among what the course tests.
# A version that fails to load is tried again five times, a minute apart, unless
# `max_num_load_retries` is 0.)
#
# ## How do you ask over HTTP?
#
# POST a JSON object. The model, and perhaps a version, stand in the path:


# %%
def ask(path, body=None, at=None):
    address = (at or server).rest.removeprefix("http://")
    connection = http.client.HTTPConnection(address)
    connection.request("POST" if body else "GET", f"/v1/models/{path}", json.dumps(body))
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


rows = [[1.0, 1.0], [0.5, -2.0]]
print(ask("shop:predict", {"instances": rows}))
print(ask("shop:predict", {"inputs": {"x": rows}}))
three = {"signature_name": "predict_three", "instances": [{"x": [1.0, 1.0, -300.0]}]}
print(ask("shop/versions/1:predict", three))

bytes_of_row = np.array([1, 1], np.float32).tobytes()
row = {"b64": base64.b64encode(bytes_of_row).decode()}
print(ask("shop:predict", {"signature_name": "packed", "instances": [row]}))
print(ask("shop:predict", {"signature_name": "packed", "inputs": [row]}))

# %% [markdown]
# `instances` is the *row form*, an entry for each row, answered by `predictions`. `inputs` is the
# *column form*, a tensor for each input, answered by `outputs`. With one input its name may be
# left out; with one output the answer has none. Without `signature_name`, `serving_default`
# answers. JSON has no bytes: they travel as base64, in an object with the one key `b64`.
#
# ## What does the server refuse?

# %%
refused = {
    "no such model": ("store:predict", {"instances": rows}),
    "no such version": ("shop/versions/7:predict", {"instances": rows}),
    "no such signature": ("shop:predict", {"signature_name": "predict", "instances": rows}),
    "neither form": ("shop:predict", {"rows": rows}),
    "another name": ("shop:predict", {"instances": [{"rows": [1.0, 1.0]}]}),
    "a word": ("shop:predict", {"instances": [["one", 1.0]]}),
    "three columns": ("shop:predict", {"instances": [[1.0, 1.0, 1.0]]}),
}
for words, (path, body) in refused.items():
    status, answer = ask(path, body)
    text = f"{words}: {status} {answer['error'].splitlines()[0]}"
    print(textwrap.fill(text, 96, subsequent_indent="    "))
print(ask("shop:predict", {"instances": [[float("nan"), 1.0]]}))
_, answer = ask("shop/metadata")
for key, door in sorted(answer["metadata"]["signature_def"]["signature_def"].items()):
    if door["inputs"]:
        print(key, *((name, tensor["dtype"]) for name, tensor in door["inputs"].items()))

# %% [markdown]
# 404 when nobody is there, 400 for what you sent, and a text that is worth reading. The last error
# is the graph's: three columns went in and failed at the multiplication, as lesson 02 said of
# C++. Nobody stops `NaN`. `metadata` has what all signatures promise.
#
# ## And over gRPC?
#
# The same questions as messages instead of JSON: no text to parse, bytes as they are.

# %%
channel = grpc.insecure_channel(server.grpc)
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
request = predict_pb2.PredictRequest()
request.model_spec.name = "shop"
request.model_spec.signature_name = "predict_two"
request.inputs["x"].CopyFrom(tf.make_tensor_proto(rows, tf.float32))
response = stub.Predict(request, timeout=10)
print(tf.make_ndarray(response.outputs["output_0"]).tolist())
print("version", response.model_spec.version.value)

request.inputs["x"].CopyFrom(tf.make_tensor_proto(rows, tf.float64))
try:
    stub.Predict(request, timeout=10)
except grpc.RpcError as error:
    print(error.code().name, error.details())

# %% [markdown]
# These are TensorFlow Serving's own message classes, from the package `tensorflow-serving-api`.
# A tensor has a dtype, so 64 bits are refused, where JSON only had numbers. The answer names the
# version that gave it, which REST does not.
#
# ### Exercise 1: call what you have not seen
#
# `scoring.rest` and `scoring.grpc` are the addresses of a second server, whose model `scoring` you
# know from its metadata only: `ask("scoring/metadata", at=scoring)`. Get, over HTTP or gRPC, two
# numbers each, as a list or in the shape of the response:
#
# - `scores`: the output `score` of the signature `serving_default` for the rows of `x`;
# - `totals`: the output `total` of `both` for `left` and `right`;
# - `packed`: the output `score` of `packed` for the rows of `x`, each as bytes of 32-bit floats.

# %%
scoring = lesson.q1.given()
x, left, right = [[3.0, 1.0], [0.0, -2.0]], [1.0, 2.0], [10.0, 20.0]
# > scores = ...
# > totals = ...
# > packed = ...
# <solution>
_, answer = ask("scoring:predict", {"instances": x}, at=scoring)
scores = answer["predictions"]
both = {"signature_name": "both", "inputs": {"left": left, "right": right}}
_, answer = ask("scoring:predict", both, at=scoring)
totals = answer["outputs"]["total"]
as_text = [base64.b64encode(np.array(row, np.float32).tobytes()).decode() for row in x]
entries = [{"b64": text} for text in as_text]
by_bytes = {"signature_name": "packed", "instances": entries}
_, answer = ask("scoring:predict", by_bytes, at=scoring)
packed = answer["predictions"]
# </solution>
lesson.q1.check(scores, totals, packed)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Does anybody notice when a new version comes?
#
# TensorFlow Serving looks into the base path once a second; ours, five times, so that you wait
# less. Two clients ask again and again while you bring version 2. (A number is given out once.
# `bring` says so when such a cell runs a second time: to repeat it, run all from the top.)


# %%
def states():
    _, answer = ask("shop")
    return {int(entry["version"]): entry["state"] for entry in answer["model_version_status"]}


def bring(number, directory):
    if number in states():
        raise RuntimeError(f"version {number} has been there: run all from the top")
    incoming = shutil.copytree(directory, lesson.scratch / f"incoming-{number}")
    incoming.rename(base / str(number))


one = {"instances": [[1.0, 1.0]]}
with Asking(lambda: ask("shop:predict", one), clients=2) as asking:
    export(shop(2), lesson.scratch / "two")
    bring(2, lesson.scratch / "two")
    wait_for(server.rest, "shop", 2)
    wait_for(server.rest, "shop", 1, state="END")
print("failed:", len(asking.failed))
print("answers:", sorted({answer["predictions"][0][0] for _, answer in asking.answers}))
print(states())

# %% [markdown]
# Nobody noticed. The new version was loaded, then it got the requests, then the old one was
# unloaded: by default only the highest number is served. The copy was written somewhere else and
# *renamed* into its place. What if the server looks while a version is being written?

# %%
half = shutil.copytree(lesson.scratch / "two", lesson.scratch / "half", dirs_exist_ok=True)
(half / "saved_model.pb").unlink()  # the copy has not come this far
bring(3, half)
with show_error():
    wait_for(server.rest, "shop", 3)
print(states(), ask("shop:predict", one))
shutil.rmtree(base / "3")

# %% [markdown]
# A version that cannot be loaded ends with its error, and the others serve on. So a broken
# version does no harm? Here is lesson 01's recipe, which only Python can read:

# %%
keras_dir = lesson.scratch / "keras"
model = shop(4)
tf.saved_model.save(model, keras_dir, signatures=model.predict_first_two_features)
bring(4, keras_dir)
wait_for(server.rest, "shop", 4)
wait_for(server.rest, "shop", 2, state="END")
status, answer = ask("shop:predict", one)
print(states(), status, answer["error"].split("/")[0])

(base / "4").rename(lesson.scratch / "withdrawn")
wait_for(server.rest, "shop", 2)
wait_for(server.rest, "shop", 4, state="END")
print(states(), ask("shop:predict", one))

# %% [markdown]
# It was not refused: it **loaded**, the good version went, and then every request failed. The
# weights that its signatures read are missing, and nothing looks for them before the first
# question. The way back is to take the folder away: version 2 is loaded again. Until then,
# everybody gets errors.
#
# A server can put the first question itself. Requests that lie in the export, in a file of this
# name, are run while it is loaded:

# %%
(keras_dir / "assets.extra").mkdir(exist_ok=True)
request.inputs["x"].CopyFrom(tf.make_tensor_proto(rows, tf.float32))
request.model_spec.ClearField("signature_name")
question = prediction_log_pb2.PredictionLog(predict_log={"request": request})
warm_up = keras_dir / "assets.extra" / "tf_serving_warmup_requests"
with tf.io.TFRecordWriter(str(warm_up)) as file:
    file.write(question.SerializeToString())
bring(5, keras_dir)
try:
    wait_for(server.rest, "shop", 5)
except RuntimeError as error:
    print(str(error).split("/")[0])
print(states(), ask("shop:predict", one))

# %% [markdown]
# Now it ends before it serves, and version 2 stays. These *warm-up requests* are meant to make
# the first answers quick. That they are a test is worth more.
#
# ### Exercise 2: predict
#
# In a base path lie versions 1 and 2, and version 2 answers. Six things happen to six such
# folders. Which version answers `{"instances": [[1.0, 1.0]]}` afterwards: 1, 2, 3, or `"error"`?

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
# ### Exercise 3: publish
#
# Write `publish(export_dir, base)`. It copies the export, as the next version, to the base path
# of a server that looks at any moment, and loses no request. There may be other things than
# versions in `base`. Leave all that is there, the older versions too, add nothing else, and leave
# the export where it is.


# %%
# > publish = ...  # a function of two Paths
# <solution>
def publish(export_dir, base):
    taken = [int(path.name) for path in base.iterdir() if path.name.isdigit()]
    number = max(taken, default=0) + 1
    incoming = base / f"incoming-{number}"
    shutil.copytree(export_dir, incoming)
    incoming.rename(base / str(number))


# </solution>
lesson.q3.check(publish)

# %% [markdown]
# ## Can two versions serve at once?
#
# A *policy* says which versions are loaded: the latest n (1 unless you say so), all, or specific
# ones. *Labels* are names for versions, which clients can use in the path. Both stand in the
# configuration; a running server takes a new one by gRPC.

# %%
models = model_service_pb2_grpc.ModelServiceStub(channel)


def configure(**labels):
    given = "".join(f'version_labels {{ key: "{k}" value: {n} }}' for k, n in labels.items())
    text = f"""model_config_list {{ config {{
        name: "shop" base_path: "{base.as_posix()}" model_platform: "tensorflow"
        model_version_policy {{ specific {{ versions: 2 versions: 6 }} }} {given} }} }}"""
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(text, request.config)
    models.HandleReloadConfigRequest(request, timeout=30)


export(shop(6), lesson.scratch / "six")
bring(6, lesson.scratch / "six")
wait_for(server.rest, "shop", 2, state="END")
configure()
wait_for(server.rest, "shop", 2)
print({number: state for number, state in states().items() if state == "AVAILABLE"})
configure(stable=2, canary=6)
for label in ("stable", "canary", "beta"):
    print(label, ask(f"shop/labels/{label}:predict", one))
try:
    configure(stable=2, canary=7)
except grpc.RpcError as error:
    print(error.code().name, error.details())

# %% [markdown]
# A label only goes to a version that is available. So: bring the version, wait, move the label.
# (In a question about the *status*, a label is ignored.) A real server takes the same text from a
# file, with `--model_config_file`.

# %% [markdown]
# ## What you can do now
#
# - **Call a server**: `instances` for rows, `inputs` for columns, `signature_name`, `b64` for
#   bytes; gRPC for dtypes and the version that answered. 404: nobody there; 400: read the text.
# - **Bring a version**: written elsewhere, renamed to a number. What cannot be loaded does no
#   harm; what loads and cannot answer does, unless a warm-up request asks first.
# - **Serve two**: a policy says which versions are loaded, a label names one of them.
#
# `server.stop()` ends the server; the end of the kernel does, too, even when it is killed.
# Closing the tab does not: kernel and servers run on until you choose *Kernel > Shut Down
# Kernel*.
#
# **Try your own.** `serve("mine", FOLDER, max_num_load_retries=0)` serves *your* export, if
# FOLDER/1/saved_model.pb exists.
#
# [Lesson 07: silent failures](07_silent_failures.ipynb) · Next:
# [lesson 09, rollout](09_rollout.ipynb)
