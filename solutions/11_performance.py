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
# Your service calls `model.predict` for each row that arrives, and one answer takes 42 ms. NumPy
# computes the same answer in 0.007 ms. What happens in the rest of the time, and how do you avoid
# it?
#
# ![For one row, model.predict takes 42 ms, model(row) 1.6 ms, a tf.function 0.4 ms and LiteRT
# 0.002 ms.](../notebooks/images/time_of_a_call.svg)
#
# After this lesson you can
#
# - say which timing you may publish (exercise 1)
# - compare two functions on a computer that other programs use, too (exercise 2)
# - predict how the time of a call grows with the number of rows (exercise 3)
# - make a slow scorer 100 times as fast (exercise 4)
# - find what makes TensorFlow trace a function again and again, and stop it (exercise 5)
#
# **45 minutes**, 28 of them for the exercises. Builds on [lesson 03](03_many_signatures.ipynb).

# %% [markdown]
# ## The recipe
#
# These lines compare `predict` with a graph of the same model:
#
# ```python
# import statistics, timeit
# import tensorflow as tf
#
# layer = tf.keras.layers.Dense(1)
# model = tf.keras.Sequential([layer])
# graph = tf.function(lambda rows: model(rows))
# row = tf.zeros((1, 10))
# ways = [lambda: model.predict(row, verbose=0), lambda: graph(row)]
# first_calls = [way() for way in 3 * ways]  # they do not count
# turns = [[timeit.timeit(w, number=9) for w in ways] for _ in range(9)]
# print(statistics.median(a / b for a, b in turns), "times as long")
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import start
from helpers.benchmark import sweep

sweep.warm_up()  # starts a second Python process, in which the notebook disturbs no timing
lesson = start("11_performance")

import inspect

import numpy as np
import tensorflow as tf

from helpers.benchmark import Ratio, measure
from helpers.data import row_sums
from helpers.models import ComplexModel
from helpers.readers.litert_interpreter import open_litert
from helpers.widgets.live_figures import figures
from helpers.widgets.speed_plot import speed_plot

# %% [markdown]
# ## How long does one row take?
#
# `ComplexModel` computes one number from ten, with 2,817 weights. `arithmetic` computes the same in
# NumPy:

# %%
tf.keras.utils.set_random_seed(1)
model = ComplexModel()
model.build((None, 10))
w1, b1, w2, b2, w3, b3 = (weight.numpy() for weight in model.weights)


def arithmetic(rows):
    hidden = np.maximum(rows @ w1 + b1, 0)
    hidden = np.maximum(hidden @ w2 + b2, 0)
    return hidden @ w3 + b3


x, _ = row_sums()
row = x[:1]
print(arithmetic(row).round(2), model.predict(row, verbose=0).round(2))

# %% [markdown]
# How long does each answer take?

# %%
figures(
    {
        "arithmetic": measure(lambda: arithmetic(row)),
        "model.predict": measure(lambda: model.predict(row, verbose=0), timings=9),
    },
    example=("6.6 µs", "42 ms"),
)

# %% [markdown]
# `predict` takes 6,400 times as long. All figures in the text are from one computer.
#
# ## When does a timing mean something?
#
# Here are nine timings of a new `tf.function`, each of one call, in milliseconds:

# %%
recorded = [45.16, 0.8, 0.4, 0.37, 4.96, 0.54, 0.38, 0.36, 0.44]
print(f"mean {np.mean(recorded):.2f} ms, median {np.median(recorded):.2f} ms")

# %% [markdown]
# The first call traced the function. During the fifth call, another program used the processor.
# These two timings make the mean 13 times as large as the *median*, the middle one of the sorted
# timings. So follow four rules:
#
# | rule | reason |
# |---|---|
# | Call the function a few times before. | The first call traces. |
# | Put many calls into one timing. | A timing can be wrong by one step of the clock. |
# | Time two functions *in turn*: A, B, A, B. | If the computer slows down, both become slower. |
# | Take the median. | An interruption changes the mean, but hardly the median. |
#
# **How many calls are enough?** If a timing lasts 50 steps of the clock, an error of one step is 2
# %. With the clock of `timeit`, 1 ms is long enough. Call the function `way` a few times. Find how
# many calls one timing needs:
#
# ```python
# calls = 1
# while timeit.timeit(way, number=calls) < 0.001:  # seconds, for all calls together
#     calls *= 2
# ```
#
# **How do you compare two functions?** The two timings of a *turn* are a *pair*. Divide each timing
# by its number of calls. Then divide one result by the other to get the *ratio* of the pair. The
# function that you divide by is the *baseline*. If 100 calls of a function take 300 ms, and 50
# calls of the baseline take 100 ms, the ratio is 3 / 2 = 1.5.
#
# The argument `pairs` of `Ratio` takes one ratio for each pair. `Ratio` computes the median of
# these ratios. Here are two made-up examples:

# %%
print(Ratio(pairs=(1.7, 2.4, 1.9, 2.2, 2.1, 1.8, 2.3, 2.0)))
print(Ratio(pairs=(0.7, 1.4, 0.9, 1.2, 1.1, 0.8, 1.3, 1.0)))

# %% [markdown]
# `Ratio` also computes an *interval*. For 8 pairs, the interval goes from the smallest ratio to the
# largest. For more pairs, it leaves out extreme ratios. With a certainty of 99 %, the interval
# contains the *true median*, of endlessly many ratios.
#
# - The first interval, 1.7 to 2.4, lies above 1, so the function is slower than the baseline.
# - The second interval, 0.7 to 1.4, contains 1, so the function may be slower or faster. Then
#   publish no number.
#
# ### Exercise 1: which timing may be published? (5 min)
#
# `days` has a colleague's timings of `old` and `new` on three days, in their order, in
# milliseconds. All timings have the same number of calls.
#
# 1. Choose for each day: `publish`, `not in turn`, `clock too coarse` (each timing is 0 or one step
#    of the clock) or `too noisy` (the interval contains 1). To get the interval, divide `old` by
#    `new` in each turn, and give these ratios to `Ratio`.
# 2. For the one day to publish, let `times` be the `np.median` of the ratios (± 2 %).

# %%
days = lesson.q1.given()
for day, timings in days.items():
    print(day, len(timings), *timings[:3], "...")
# > verdicts = {"monday": ..., "tuesday": ..., "wednesday": ...}
# > times = ...  # a number with three digits
# <solution>
for timings in days.values():
    old, new = (np.array([ms for who, ms in timings if who == name]) for name in ("old", "new"))
    print(np.median(old / new).round(2), Ratio(pairs=tuple(old / new)))
verdicts = {"monday": "too noisy", "tuesday": "publish", "wednesday": "not in turn"}
times = 1.20
# </solution>
lesson.q1.check(verdicts, times)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ### Exercise 2: compare two functions (8 min)
#
# Write `times_as_long(function, baseline, clock)`. It returns how many times as long a call of
# `function` takes as a call of `baseline`. `clock()` returns the time in seconds. Use no other
# clock.
#
# 1. Find the number of calls for a timing of at least 0.05 s, separately for each function. Begin
#    with one call, and double the number.
# 2. Then take at least nine turns.
#
# The check calls `times_as_long` on simulated computers:
#
# - Their clock moves in steps of 1 ms. A call takes from 50 µs to 0.5 s.
# - On one computer, the first two calls of each function take a second longer.
# - One computer becomes slower.
# - On four computers, other programs interrupt up to four timings of step 2.
#
# Your answer may be wrong by 5 %. All your calls together may take 60 s on `clock`.


# %%
# > def times_as_long(function, baseline, clock):
# >     return ...  # a number
# <solution>
def times_as_long(function, baseline, clock):
    def seconds(way, calls):
        begin = clock()
        for _ in range(calls):
            way()
        return clock() - begin

    calls = {function: 1, baseline: 1}
    for way in calls:
        seconds(way, 2)
        while seconds(way, calls[way]) < 0.05:
            calls[way] *= 2
    turns = [[seconds(way, calls[way]) / calls[way] for way in calls] for _ in range(9)]
    return np.median([first / second for first, second in turns])


# </solution>
lesson.q2.check(times_as_long)

# %% [markdown]
# ## What happens in the time of one row?
#
# Compare `predict` with three shorter ways. One way is *LiteRT*, the runtime for phones (lesson
# 10). A converter makes its file from an export:

# %%
export_dir, litert_file = lesson.scratch / "sum", lesson.scratch / "sum.tflite"
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("serving_default", model.inference)
archive.write_out(export_dir, verbose=False)
keys = ["serving_default"]
converter = tf.lite.TFLiteConverter.from_saved_model(str(export_dir), signature_keys=keys)
_ = litert_file.write_bytes(converter.convert())

# %% [markdown]
# Open the file once, with `delegates=False`, so that LiteRT prints no message:

# %%
interpreter = open_litert(litert_file, delegates=False)
interpreter.allocate_tensors()
put = interpreter.get_input_details()[0]["index"]
got = interpreter.get_output_details()[0]["index"]


def answer(row):
    interpreter.set_tensor(put, row)
    interpreter.invoke()
    return interpreter.get_tensor(got)


graph = tf.function(lambda rows: model(rows), input_signature=[tf.TensorSpec((None, 10))])
ways = {
    "model(row)": lambda: model(row),
    "tf.function": lambda: graph(row),
    "LiteRT": lambda: answer(row),
}
example = "1.6 ms", "0.4 ms", "1.7 µs"
figures({name: measure(way) for name, way in ways.items()}, example)

# %% [markdown]
# The arithmetic is the same each time. Nearly all the rest is the *fixed cost*: you pay it once for
# each call, for any number of rows.
#
# - **`model.predict`** is [made for many
#   rows](https://github.com/tensorflow/tensorflow/issues/40261). It makes a `tf.data.Dataset` and
#   callbacks, and runs a loop over batches.
# - **`model(row)`** is *eager*: it runs the Python code of each layer.
# - **A `tf.function`** checks the arguments, makes a tensor, and starts one graph.
# - **LiteRT** copies the row in, runs all operations, and copies the answer out.
#
# ## Which way for how many rows?
#
# ### Exercise 3: predict the growth (4 min)
#
# `rows` has 10,000 rows. Each key of `prediction` is a line of code. Does this line take less or
# more than 50 times as long as the same line with one row? The arithmetic of a row takes about
# 0.3 µs, without fixed costs. In the last line, `row[np.newaxis]` has the shape (1, 10).

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
lesson.q3.check(prediction)

# %% [markdown]
# `sweep` times all ways for 1 to 65,536 rows. Three ways call a graph: `tf.function`, `signature`,
# and *XLA*, which compiles the graph to machine code (`jit_compile=True`). `predict` gets all rows
# as one batch. This takes some seconds:

# %%
speed_plot(sweep.sweep(export_dir, litert_file))

# %% [markdown]
# With one row, on the left, the fixed costs decide: `predict` takes over 6,000 times as long as
# NumPy, the dashed line. With 65,536 rows, on the right, all rows share one fixed cost, and the
# three graphs are faster than NumPy. `predict` still takes about 6 times as long, because its
# `tf.data.Dataset` also costs time for each row. So:
#
# - **Send many rows in one call.**
# - **For single rows in Python**, use LiteRT or a `tf.function`.
# - **For rows in batches**, such as a `tf.data.Dataset`, use `predict`: it joins the answers. If
#   you give an array to `predict`, set `batch_size`: the default is 32 rows, and each batch costs
#   time.
# - **In a server** ([lesson 08](08_serving.ipynb)), *batching* joins the rows of several clients.
#
# ### Exercise 4: a slow scorer (6 min)
#
# `slow(rows)` scores customers. `rows` is a float32 array of shape (n, 10), with NaN for a missing
# number. `slow.model` is another `ComplexModel`. Write `fast(rows)`:
#
# - `fast` must return the same scores (± 0.01) for any number of rows.
# - After its first call, `fast` must take less than 1 % of the time of `slow`, for 12 new rows.
#
# If you use a `tf.function`, make it once, outside of `fast`, with the `input_signature` of `graph`
# above. Then a new number of rows needs no new graph.

# %%
slow = lesson.q4.given()
print(inspect.getsource(type(slow).__call__))
# > def fast(rows):  # use slow.model, slow.means and slow.deviations
# >     return ...  # an array of shape (n,)
# <solution>
spec = tf.TensorSpec((None, 10), tf.float32)
score_graph = tf.function(lambda scaled: slow.model(scaled), input_signature=[spec])


def fast(rows):
    answers = score_graph((rows - slow.means) / slow.deviations).numpy()[:, 0]
    scores = np.clip(50 + 25 * answers, 0, 100)
    return np.where(np.isnan(rows).any(axis=1), -1.0, scores)


# </solution>
lesson.q4.check(fast)

# %% [markdown]
# ## Why is a tf.function slow again and again?
#
# Because TensorFlow makes new graphs. The Python code runs only while TensorFlow traces it, so each
# printed line stands for a new graph:


# %%
@tf.function
def scaled_sum(rows, factor):
    print("tracing for", rows.shape, "and", factor)
    return factor * tf.reduce_sum(rows)


three_rows, four_rows = tf.ones(3), tf.ones(4)
for factor in (2.0, 2.0, 2.5, tf.constant(2.0), tf.constant(2.5)):
    scaled_sum(three_rows, factor)
scaled_sum(four_rows, 2.5)
print(scaled_sum.experimental_get_tracing_count(), "graphs for 6 calls")

# %% [markdown]
# A Python number becomes a constant of the graph (lesson 03), so each new number needs a new graph.
# A tensor is an input of the graph: a new value needs no new graph, but a new shape or dtype needs
# one.
#
# ![Three Python numbers make three graphs, each with a constant. Three tensors go into one
# graph.](../notebooks/images/number_or_tensor.svg)
#
# Making a new graph for a new input is called *retracing*. To avoid retracing:
#
# - Pass a tensor, not a Python number, for what changes.
# - For sizes that change, write `None` in an `input_signature`.
# - Make the `tf.function` once, outside of the function or loop that calls it.
#
# ### Exercise 5: diagnose (5 min)
#
# As a `tf.function`, `shop.bill(amounts, discount, member)` is slow. Which argument is the `cause`?
# Print the types and shapes of some requests. Then write `steady`, which computes the same bills
# (to five digits). `steady` is a `tf.function`, or a Python function that computes the bill with a
# `tf.function`. For 50 new requests together, `steady` may make at most four graphs.

# %%
shop = lesson.q5.given()
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
lesson.q5.check(cause, steady)

# %% [markdown]
# ## What does the first answer cost?
#
# A program that starts anew for each answer also loads the model each time. The first load of the
# export takes two to three times as long as these later loads:

# %%
figures(
    {
        "load the export": measure(lambda: tf.saved_model.load(export_dir), timings=3),
        "load the LiteRT file": measure(lambda: open_litert(litert_file, delegates=False)),
    },
    example=("34 ms", "0.05 ms"),
)

# %% [markdown]
# The program also imports the library:
#
# | | TensorFlow | LiteRT |
# |---|---|---|
# | import | 2.9 s | 0.1 s |
# | memory, with the model | 560 MB | 41 MB |
#
# ## What you can do now
#
# - **Publish a timing** that follows the four rules, if the interval does not contain 1.
# - **Compare two functions** by the median of the ratios.
# - **Predict the growth**: a call has a fixed cost, and each row costs time.
# - **Make a scorer fast**: call one graph for all rows.
# - **Stop retracing**: count the graphs, and pass tensors.

# %% [markdown]
# [Lesson 10: other runtimes](10_other_runtimes.ipynb) · Next: [lesson 12,
# capstone](12_capstone.ipynb)
#
# Official documents: [better performance with
# tf.function](https://www.tensorflow.org/guide/function) ·
# [predict](https://keras.io/api/models/model_training_apis/#predict-method) ·
# [timeit](https://docs.python.org/3/library/timeit.html)
