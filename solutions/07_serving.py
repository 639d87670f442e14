# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Serving: versions, a canary, and the way back
#
# After this lesson you can
#
# - call a model server over HTTP and gRPC, every signature by its name, and read its errors;
# - bring a new version while requests run, and keep a broken one from doing harm;
# - give a part of your users a canary, and end it when it errs;
# - say how many users a comparison of two versions needs, and when you may stop;
# - say what moves to a real TensorFlow Serving, and to many machines.
#
# **65 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("07_serving")

import base64
import http.client
import json
import shutil
import textwrap
from pathlib import Path

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

from helpers.exercises.lesson_07 import exercise_server
from helpers.models import MultiSignatureModel
from helpers.serving.launch.clients import Asking
from helpers.serving.launch.serve import serve, wait_for
from helpers.serving.rollout.plan import Plan, compare, users_needed
from helpers.serving.rollout.router import Router, bucket
from helpers.serving.rollout.simulation import simulate
from helpers.widgets.canary_slider import canary

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
#
# ## Who gets the canary?
#
# Whoever names its version or label: the server does not choose. A *router* in front of it, or in
# the client, sends a small part of the users to the new version, the *canary*. Always the same
# users: a hash of the name puts each into one of 10,000 buckets, and the canary takes the lowest.

# %%
router = Router(server.rest, "shop", stable=2, canary=6, percent=10)
print([bucket(name) for name in ("ann", "bob", "cem")])
users = [f"user-{number}" for number in range(1000)]
before = {user for user in users if router.route(user).role == "canary"}
router.percent = 25
after = {user for user in users if router.route(user).role == "canary"}
print(len(before), "users, then", len(after), "and the first are among them:", before <= after)

for user in users[:200]:
    router.predict(user, one)
router.report(latency=False)

# %%
canary(router, lambda customer: one)

# %% [markdown]
# Change the share of the canary. Counts, errors and times are what you look at while a canary
# runs, before anybody asks whether it sells more. `router.rollback()` gives everyone the stable
# version, from the next request on, since nothing has to be loaded; `Router(...,
# max_error_rate=0.05)` does it by itself.
#
# ### Exercise 4: the rule
#
# Write the rule yourself, without `bucket`: `in_canary(user, percent)` is `True` for about that
# part of any set of names. Always for the same ones, in every process; and when the percentage
# grows, whoever was in stays in. The rule leaves the random generators that all code shares as
# they are.

# %%
import hashlib


# > in_canary = ...  # a function of a text and a number from 0 to 100, 0.5 too; True or False
# <solution>
def in_canary(user, percent):
    number = int(hashlib.sha256(user.encode()).hexdigest(), 16)
    return number % 10_000 < percent * 100


# </solution>
lesson.q4.check(in_canary)

# %% [markdown]
# ### Exercise 5: diagnose, and end it
#
# `orders` is the router of another model, whose canary of 20 % errs; `requests` has 200 customers
# and their rows. What have the requests in common that *only the canary* refuses? (Callers' own
# mistakes are refused by both.) `orders` is a new router each time the cell runs. In a cell below
# you can watch it, too: `canary(orders, lambda name: {"instances": dict(requests)[name]})`.
#
# Then write `guard(router)`. It is called after every 100 requests; it ends a canary that errs
# more than the stable version does, and no other. In it, `stable, canary = router.statistics()`;
# each has `.requests`, `.errors` and `.error_rate`. Small numbers mislead: after 100 requests the
# canary has had about 20, and one error more proves nothing. So the check lets your guard watch
# many good canaries, too, some with another version number or another share of the users. And it
# lets your guard watch a canary that fails in only 4 more requests of 100, until enough requests
# show it.

# %%
orders, requests = lesson.q5.given()
for customer, rows in requests:
    orders.predict(customer, {"instances": rows})
print(orders.counts())
# > cause = ...  # "several rows", "negative numbers", "large numbers" or "words"
# > guard = ...  # a function of a router
# <solution>
for customer, rows in requests[:60]:
    reply = orders.predict(customer, {"instances": rows})
    if reply.role == "canary":
        print("ok   " if reply.ok else "error", rows)
cause = "several rows"


def guard(router):
    stable, canary = router.statistics()
    if canary.requests >= 50:
        variance = sum(v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, canary))
        if canary.error_rate - stable.error_rate > 3 * variance**0.5:
            router.rollback()


# </solution>
lesson.q5.check(cause, guard)

# %% [markdown]
# ## Is the new version better?
#
# It does not err; does it *sell* more? Ten customers in a hundred buy with version 2. Two more
# would be worth having. How many customers does it take to see that, and what happens when you
# look every day and stop as soon as it looks good?

# %%
print("canary of 50 %:", users_needed(0.10, 0.02))
print("canary of 10 %:", users_needed(0.10, 0.02, share=0.1))
print(compare((10, 100), (12, 100)))
print(compare((400, 4000), (480, 4000)))
for corrected in (False, True):
    plan = Plan(0.10, 0.02, looks=10, corrected=corrected)
    print("two equal versions,", "corrected:" if corrected else "ten looks:", end=" ")
    print(simulate(plan, 0.10, 0.10))

# %% [markdown]
# Thousands, and many more when the canary's part is small: a canary guards against harm, a
# comparison wants halves. And looking often is not free. Of two versions that are *equal*, nearly
# one experiment in five "found" a difference at one of ten looks. A `Plan` fixes the looks
# beforehand, and asks for more at the early ones. Count users, not requests: those of one person
# belong together.
#
# Here is one experiment, with made-up customers: version 2 sells to 10 %, version 6 to 12.5 %.
# Another `salt` puts everyone into a new bucket, so that not the same people get every canary.

# %%
trial = Router(server.rest, "shop", stable=2, canary=6, percent=50, salt="trial")
plan, rate = Plan(0.10, 0.02, looks=5), {"stable": 0.10, "canary": 0.125}
chance, sold, number = np.random.default_rng(0), {"stable": [], "canary": []}, 0
for look, due in enumerate(plan.schedule, 1):
    while number < due.total:
        role = trial.route(f"customer-{number}").role
        sold[role].append(chance.random() < rate[role])
        number += 1
    decision = plan.look(look, *((sum(arm), len(arm)) for arm in sold.values()))
    print(decision)
    if decision.stop:
        break

trial.promote()
configure(stable=6)
print(trial.history[-1], ask("shop/labels/stable:predict", one))
trial.rollback()
configure(stable=2)
print(trial.history[-1], ask("shop/labels/stable:predict", one))

# %% [markdown]
# Promoted in the router, and the server's label follows. Version 2 is still loaded, so the way
# back takes a line and no time. What the test does not tell: whether the difference lasts.
#
# ## What if one machine is not enough?
#
# Then somebody else starts the servers and splits the traffic. On Kubernetes that is KServe, with
# TensorFlow Serving itself inside. It wants a page like this one:

# %%
print(Path("../helpers/serving/rollout/kserve.yaml").read_text(encoding="utf-8"))

# %% [markdown]
# The artifact is the one that you have served here, copied as it is, and so is the protocol. Two
# things differ. Every version has a base path of its own, because `canaryTrafficPercent` splits
# between two base paths. And it splits *requests*, not users: if you want the same users every
# time, keep the rule of exercise 4 in front.
#
# `server.stop()` ends the server; the end of the kernel does, too, even when it is killed.
# Closing the tab does not: kernel and servers run on until you choose *Kernel > Shut Down
# Kernel*.
#
# ## What you can do now
#
# - **Call a server**: `instances` for rows, `inputs` for columns, `signature_name`, `b64` for
#   bytes; gRPC for dtypes and the version that answered. 404: nobody there; 400: read the text.
# - **Bring a version**: written elsewhere, renamed to a number. What cannot be loaded does no
#   harm; what loads and cannot answer does, unless a warm-up request asks first.
# - **Run a canary**: stable users by a hash, a part that grows, a guard that compares it with the
#   stable version. Rollback before you need it.
# - **Decide**: users counted, not requests; the number fixed beforehand; looks corrected.
# - **Move on**: the same cells with `TFS_URL`, the same artifact on Kubernetes.
#
# **Try your own.** `serve("mine", FOLDER, max_num_load_retries=0)` serves *your* export, if
# FOLDER/1/saved_model.pb exists.
#
# [Lesson 06: the error clinic](06_error_clinic.ipynb) · Next:
# [lesson 08, other runtimes](08_other_runtimes.ipynb)
