# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Performance: measure first
#
# After this lesson you can
#
# - time a call so that the answer means something, and hear when it does not;
# - say where the time of `model.predict` goes, and choose a way for one row and for many;
# - find out why a function is traced again and again, and stop it;
# - pick a batch size for a latency budget, and let a server make the batches;
# - say what an export costs before its first answer, and what an eager training loop costs.
#
# **45 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import start
from helpers.benchmark import sweep

sweep.warm_up()  # starts a second process in the background; you will meet it
lesson = start("11_performance")

import http.client
import inspect
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from helpers.benchmark import Ratio, measure, predictors, ratio, ratios
from helpers.data import line, row_sums
from helpers.models import ComplexModel, LinearModel
from helpers.serving.launch.serve import serve
from helpers.training import train_eagerly
from helpers.widgets.live_figures import figures
from helpers.widgets.speed_plot import speed_plot

# %% [markdown]
# ## How long does one row take?
#
# `ComplexModel` makes one number of ten, with three layers (not trained here: that changes no
# time). Below it stands the same arithmetic without Keras and TensorFlow.

# %%
tf.keras.utils.set_random_seed(1)
x, _ = row_sums()
model = ComplexModel()
model.build(x.shape)
w1, b1, w2, b2, w3, b3 = (weight.numpy() for weight in model.weights)


def arithmetic(rows):
    hidden = np.maximum(rows @ w1 + b1, 0)
    hidden = np.maximum(hidden @ w2 + b2, 0)
    return hidden @ w3 + b3


row, some = x[:1], x[:32]
print("equal numbers:", np.allclose(arithmetic(some), model.predict(some, verbose=0), atol=1e-4))

# %%
once = measure(lambda: arithmetic(row))
predicted = ratio(
    lambda: model.predict(row, verbose=0),
    lambda: arithmetic(row),
    pairs=10,
    warm_up=1,
    doublings=3,
)
print("more than 500 times as long:", predicted.median > 500)
figures({"arithmetic(row)": once, "model.predict(row) against it": predicted})

# %% [markdown]
# Thousands of times, for the same numbers! (The figures differ from machine to machine, so they
# are shown live and not kept with the page.) Can such a figure be trusted?
#
# ## When does a timing mean something?
#
# One call between two looks at the clock says little. The first calls are slower, and the machine
# does other things meanwhile. So `measure` calls the function a few times first, puts as many
# calls into one timing as half a millisecond needs, and takes the *median* of 31 timings, which a
# hiccup does not move. `ratio` times two functions *in turn*, so that what slows the machine down
# slows both; each *pair* of timings gives a ratio, and the *interval* tells how far the pairs pin
# down their median. How much does a first call matter?

# %%
graph = tf.function(lambda rows: model(rows))
graph(row)
first = ratio(
    lambda: tf.function(lambda rows: model(rows))(row),
    lambda: graph(row),
    pairs=10,
    warm_up=0,
    doublings=3,
)
print("a first call takes more than twice as long as later ones:", first.median > 2)
figures({"a first call against later ones": first})

# %% [markdown]
# A tf.function turns Python into a graph when it is called first. And what if two functions are
# as fast as each other? Here are the pairs of two busy afternoons, made up:

# %%
print(Ratio(pairs=(0.7, 1.4, 0.9, 1.2, 1.1, 0.8, 1.3, 1.0)))
print(Ratio(pairs=(1.7, 2.4, 1.9, 2.2, 2.1, 1.8, 2.3, 2.0)))
figures({"arithmetic against itself": ratio(lambda: arithmetic(row), lambda: arithmetic(row))})

# %% [markdown]
# The first is inconclusive, because the interval of its median contains 1. So its `median` raises
# an error, for a tool that gives a number all the same (here 1.05) makes people "optimise" noise.
# With `doublings=3`, `ratio` takes more pairs while the ratio is not clear: it doubles their number
# at most three times. This page prints only what leaves much room, so that it holds on a busy
# machine too: "more than 500 times" where thousands were measured.
#
# ## Where does the time go?
#
# `model.predict` is made for large amounts of rows: it builds a data set, an iterator, callbacks
# and a loop over batches before it looks at your row. Export the model, and go down the ladder to
# shorter ways:

# %%
export_dir = lesson.scratch / "sum"
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("serving_default", model.inference)
archive.write_out(export_dir, verbose=False)
loaded = tf.saved_model.load(export_dir)
signature = loaded.signatures["serving_default"]

shorter = {
    "model(row)": lambda: model(row),
    "tf.function": lambda: graph(row),
    "restored function": lambda: loaded.serving_default(row),
    "signature": lambda: signature(features=row),
}
ladder = ratios(shorter, lambda: arithmetic(row), doublings=3)
called = ladder["model(row)"].median
print("predict, more than twice model(row):", predicted.median > 2 * called)
print("each, more than 3 times the arithmetic:", all(one.median > 3 for one in ladder.values()))
figures(ladder)

# %% [markdown]
# `model(row)` runs the Python of every layer, for every call. A `tf.function` runs one graph; so
# do the *restored function* of an export and its *signature*. What is left is the price of a
# call: arguments are compared with a promise, tensors are made, a graph is started.
#
# ### Exercise 1: predict
#
# How does the time grow? `rows` has 10,000 rows. How much longer than for one row do these take?
# Decide before you measure.

# %%
rows = np.tile(x, (10, 1))
# > prediction = {  # "less than 50 times" or "more than 50 times"
# >     "arithmetic(rows)": ...,
# >     "model.predict(rows, batch_size=len(rows), verbose=0)": ...,
# >     "model(rows)": ...,
# >     "[graph(row[np.newaxis]) for row in rows]": ...,
# > }
# <solution>
prediction = {
    "arithmetic(rows)": "more than 50 times",
    "model.predict(rows, batch_size=len(rows), verbose=0)": "less than 50 times",
    "model(rows)": "less than 50 times",
    "[graph(row[np.newaxis]) for row in rows]": "more than 50 times",
}
# </solution>
lesson.q1.check(prediction)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Which way for how many rows?
#
# Measure all these ways, from 1 row to 65,536, and two more. *XLA* compiles a graph to machine code
# for one shape of its input. *LiteRT* is the interpreter for phones (lesson 10); it wants the
# export in a file of its own:

# %%
converter = tf.lite.TFLiteConverter.from_saved_model(
    str(export_dir), signature_keys=["serving_default"]
)
litert_file = lesson.scratch / "sum.tflite"
litert_file.write_bytes(converter.convert())
print(inspect.getsource(predictors.routes))

# %% [markdown]
# `sweep` does it in the second process, where nothing of this notebook is in the way. It compares
# the ways' numbers first, for a wrong answer can be had quickly. ONNX Runtime joins in if you
# have it (`make runtimes`). It takes some seconds:

# %%
measured = sweep.sweep(export_dir, litert_file)
speed_plot(measured)

# %%
middle = measured.middle  # a median; what is asked of it here leaves it much room
through = ("model.predict", "model(x)", "tf.function", "restored function", "signature", "XLA")
print("one row, each slower than NumPy:", all(middle(way, 1) > 1 for way in through))
print("one row, LiteRT quicker than NumPy:", middle("LiteRT", 1) < 1)
print("65,536 rows, LiteRT quicker than NumPy:", middle("LiteRT", 65536) < 1)
gains = [middle(way, 1) / middle(way, 65536) for way in through]
print("through TensorFlow, more than 5 times better for many rows:", min(gains) > 5)
print(inspect.getsource(predictors.litert))

# %% [markdown]
# Two costs, and each has its place. The price of a call is what you see on the left: only a
# runtime with hardly any price helps there. On the right, arithmetic and memory count, but for
# `predict`: its price is seen even there. (By default it takes 32 rows at a time, which is much
# slower still; `batch_size=len(rows)` spares it that.) NumPy takes all rows through one step, and
# fills memory anew for the next. LiteRT is asked in *parts*: each core takes its own through all
# layers, 4,096 rows at a time. The order in the middle is your machine's.
#
# ## How fast can one row be?
#
# Whoever answers one row at a time should not go through TensorFlow. Here the interpreter stays
# open, and its tensors are used directly. (It leaves out the *delegate* that LiteRT takes by
# default: that prints a line about itself, and may be a little quicker.)

# %%
interpreter = Interpreter(
    model_path=str(litert_file),
    experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
)
interpreter.allocate_tensors()  # for one row
put = interpreter.get_input_details()[0]["index"]
got = interpreter.get_output_details()[0]["index"]


def answer(row):
    interpreter.set_tensor(put, row)
    interpreter.invoke()
    return interpreter.get_tensor(got)


print("equal numbers:", np.allclose(answer(row), arithmetic(row), atol=1e-4))
to_numpy = ratio(lambda: answer(row), lambda: arithmetic(row), doublings=3)
print("no longer than NumPy:", to_numpy.below(1))
print("predict, more than 2,000 times as long:", predicted.median > 2000 * to_numpy.median)
figures({"answer against NumPy": to_numpy})

# %% [markdown]
# ### Exercise 2: a slow scorer
#
# `slow(rows)` scores customers, and it is right. Write `fast(rows)`: the same scores, to a
# hundredth of a point, in an array of the same shape, in less than a hundredth of the time. The
# check runs both in turn, on 12 rows that are new each time.

# %%
slow = lesson.q2.given()
print(inspect.getsource(type(slow).__call__))

# %%
# > fast = ...  # a function of (n, 10) rows; slow.model, slow.means and slow.deviations are there
# <solution>
score_graph = tf.function(
    lambda scaled: slow.model(scaled), input_signature=[tf.TensorSpec((None, 10), tf.float32)]
)


def fast(rows):
    answers = score_graph((rows - slow.means) / slow.deviations).numpy()[:, 0]
    scores = np.clip(50 + 25 * answers, 0, 100)
    return np.where(np.isnan(rows).any(axis=1), -1.0, scores)


# </solution>
lesson.q2.check(fast)

# %% [markdown]
# ## Why is a graph sometimes slow again and again?
#
# Because it is not the same graph. What Python prints inside a tf.function is printed only while
# it is *traced*:


# %%
@tf.function
def scaled_sum(rows, factor):
    print("tracing for", rows.shape, "and", factor)
    return factor * tf.reduce_sum(rows)


for numbers, factor in (
    (tf.ones(3), 2.0),
    (tf.ones(3), 2.0),
    (tf.ones(3), 2.5),
    (tf.ones(4), 2.5),
    (tf.ones(3), tf.constant(2.0)),
    (tf.ones(3), tf.constant(2.5)),
):
    scaled_sum(numbers, factor)
print(scaled_sum.experimental_get_tracing_count(), "graphs for 6 calls")

# %% [markdown]
# A Python number is a part of the graph, so every new value makes another graph. A tensor is an
# input of it; only its dtype and shape count, and each new shape makes a graph, too. Three cures:
#
# - give tensors, not Python numbers, for what changes;
# - for sizes that change, `None` in an `input_signature`, or
#   `tf.function(reduce_retracing=True)`;
# - make the tf.function once, not inside the function or loop that calls it.
#
# ### Exercise 3: diagnose
#
# `shop.bill(amounts, discount, member)` is made into a graph, and it is slow. Which argument is
# the `cause`? Then write `steady`, a function of the same three that computes the same bills in a
# `tf.function`, with at most four graphs.

# %%
shop = lesson.q3.given()
print(inspect.getsource(shop.bill))
bill = tf.function(shop.bill)
for amounts, discount, member in shop.requests:
    bill(amounts, discount, member)
print(bill.experimental_get_tracing_count(), "graphs for", len(shop.requests), "requests")
# > cause = ...  # "amounts", "discount" or "member"
# > steady = ...  # a function of amounts, discount and member
# <solution>
cause = "discount"


def steady(amounts, discount, member):
    return bill(amounts, tf.constant(discount), member)


# </solution>
lesson.q3.check(cause, steady)

# %% [markdown]
# ## Who makes the batches?
#
# Many rows in one call are cheap, and users come one by one. A server can join what comes
# together: *batching*, in TensorFlow Serving and in the course's server (lesson 08). This model
# goes 100 steps one after the other, as recurrent ones do, so a call costs nearly as much for one
# row as for 8. It also tells how many rows were together:


# %%
class Steps(tf.Module):
    def __init__(self):
        self.kernel = tf.random.stateless_normal((16, 16), seed=(1, 2)) / 4

    @tf.function(input_signature=[tf.TensorSpec((None, 16), tf.float32, name="x")])
    def score(self, x):
        state, count = x, tf.shape(x)[0]
        for _ in tf.range(100):
            state = tf.tanh(state @ self.kernel + x)
        return {"score": tf.reduce_sum(state, axis=1), "together": tf.fill([count], count)}


steps, base = Steps(), lesson.scratch / "steps"
tf.saved_model.save(steps, base / "1", signatures=steps.score)
settings = lesson.scratch / "batching.txt"
settings.write_text(
    "max_batch_size { value: 8 } batch_timeout_micros { value: 2000 } "
    "num_batch_threads { value: 1 }"
)
options = {"enable_batching": True, "batching_parameters_file": settings}
server = serve("steps", base, **options)


# %%
def ask(_):
    connection = http.client.HTTPConnection(server.rest.removeprefix("http://"))
    connection.request("POST", "/v1/models/steps:predict", '{"instances": [[1' + ", 1" * 15 + "]]}")
    return json.loads(connection.getresponse().read())["predictions"][0]["together"]


clients = ThreadPoolExecutor(8)
one_by_one = [ask(number) for number in range(8)]
at_once = [count for _ in range(3) for count in clients.map(ask, range(8))]
print("one by one:", set(one_by_one), "- at once, more than one row in a call:", max(at_once) > 1)
calls = round(sum(1 / together for together in at_once))  # 3 requests that share a call: 3 thirds
print("24 requests at once, fewer than 24 calls of the model:", calls < 24)
gain = ratio(
    lambda: [ask(number) for number in range(8)],
    lambda: list(clients.map(ask, range(8))),
    pairs=10,
    warm_up=1,
)
alone = measure(lambda: ask(0), timings=9)
print("one alone takes longer than the 2 ms that it waits for others:", alone.median > 0.002)
figures({"calls": calls, "one by one against at once": gain, "one alone": alone})

# %% [markdown]
# At once, they share a call and the wait for it. One by one, each pays for a call, and waits
# `batch_timeout_micros` for company that does not come. And a large batch makes its first row
# wait for the last one. **Throughput and latency pull in opposite directions**, so somebody has
# to say how long an answer may take.
#
# ### Exercise 4: a latency budget
#
# Rows come evenly, `rate` of them in a second. A batch is computed when its last row has come, so
# its first one has waited (size - 1) / rate seconds by then. There are computers enough: no batch
# waits for another one. `times[size]` are seconds that batches of that size took. The sizes and the
# number of batches differ from table to table. Write `pick(times, rate, budget)`: of the sizes of
# which at most 5 % of the batches answer their first row later than `budget` seconds after it came,
# the one with the least computing for a row, which is the mean time by the size. `None` if there is
# no such size.

# %%
example = lesson.q4.given()
print(f"{example.rate} rows per second, budget {1000 * example.budget:g} ms")
for size, seconds in example.times.items():
    low, middle, high = 1000 * np.quantile(seconds, [0, 0.5, 1])
    print(f"{size:>4} rows: {low:.1f} to {high:.1f} ms, median {middle:.1f} ms")
# > pick = ...  # a function of times, rate and budget
# <solution>


def pick(times, rate, budget):
    def late(size):
        return np.mean((size - 1) / rate + times[size] > budget)

    in_time = [size for size in times if late(size) <= 0.05]
    return min(in_time, key=lambda size: np.mean(times[size]) / size, default=None)


# </solution>
lesson.q4.check(pick)

# %% [markdown]
# ## What does it cost before the first answer?
#
# A program that is started for every question, or a phone, pays for other things: importing the
# library (seconds, for TensorFlow), loading, and memory. Load the export and the LiteRT file, and
# start a process that has the file only:

# %%
in_tensorflow = measure(lambda: tf.saved_model.load(export_dir), timings=3, warm_up=0)
in_litert = measure(
    lambda: Interpreter(
        model_path=str(litert_file),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    ).allocate_tensors()
)
small = """
import sys
import psutil
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
interpreter.invoke()
print(psutil.Process().memory_info().rss)
"""
command = [sys.executable, "-c", small, litert_file]
memory = int(subprocess.run(command, capture_output=True, text=True).stdout)
here = psutil.Process().memory_info().rss
longer = in_tensorflow.median / in_litert.median
print("loading takes more than 10 times as long in TensorFlow:", longer > 10)
print("this process is more than 3 times as large:", here > 3 * memory)
figures(
    {
        "loading in TensorFlow": in_tensorflow,
        "loading in LiteRT": in_litert,
        "this process": f"{here / 1e6:.0f} MB",
        "a process with LiteRT": f"{memory / 1e6:.0f} MB",
    }
)

# %% [markdown]
# TensorFlow restores variables and functions, with a Python object for each; LiteRT opens a file.
# And the memory is TensorFlow's own: this model has fewer than 3,000 numbers.
#
# ## Does the same hold for training?
#
# Yes: a training step in plain Python is many calls, one for each operation and its gradient.
# `train_eagerly` is such a loop; `train`, which this course uses, runs its steps in one graph. In
# short, here for three steps (the loop makes its model and optimizer as well, a smaller part of
# its time):

# %%
points, targets = line()
print(inspect.getsource(train_eagerly))
fitted = LinearModel()
fitted.build(points.shape)
optimizer = tf.keras.optimizers.Adam(0.05)
optimizer.build(fitted.trainable_variables)


@tf.function
def train_in_one_graph(steps):
    for _ in tf.range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(fitted(points, training=True) - targets))
        gradients = tape.gradient(loss, fitted.trainable_variables)
        optimizer.apply_gradients(zip(gradients, fitted.trainable_variables, strict=True))


eager = ratio(
    lambda: train_eagerly(LinearModel(), points, targets, steps=3),
    lambda: train_in_one_graph(tf.constant(3)),
    pairs=10,
    warm_up=0,
    doublings=3,
)
print("the loop takes more than 3 times as long:", eager.median > 3)
figures({"eager loop against one graph": eager})

# %% [markdown]
# The graph has its price, too: it was traced once, before anything counted. For three steps that
# would not pay; for a thousand it does, many times. While you *look for* a mistake the loop is
# better: it stops where the mistake is.
#
# ## What you can do now
#
# - **Time a call**: warm up, many calls in a timing, pairs in turn, the median; and no number
#   where the noise is larger than the difference.
# - **Choose a way**: for one row the price of the call is all, so LiteRT or plain arithmetic; for
#   many, LiteRT in parts or any graph; `predict` for more than memory holds.
# - **Stop retracing**: tensors for what changes, `None` for sizes that change, one tf.function
#   made once. Count the graphs.
# - **Pick a batch size**: waiting and computing within the budget, then the least computing for a
#   row. A server with `enable_batching` makes the batches.
# - **Know the rest**: loading, memory, and a Python loop around tiny steps.
#
# **Try your own.** `ratio(lambda: mine(x), lambda: other(x))` compares *your* two ways, if they
# give equal numbers.
#
# [Lesson 10: other runtimes](10_other_runtimes.ipynb) · This is the last lesson for now: back to
# [lesson 00, start here](00_start_here.ipynb)
