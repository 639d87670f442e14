# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Other runtimes: the same numbers without TensorFlow
#
# After this lesson you can
#
# - convert an export for a phone, several signatures in one file, and run it without TensorFlow;
# - take the same export to ONNX Runtime, to a C program and to a page in a browser;
# - show that all of them give the numbers that Python gives;
# - make the file smaller within an error budget, and tell when that buys nothing;
# - say what cannot cross, and split a model so that its numbers can.
#
# **35 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("08_other_runtimes")

import re
import subprocess
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers import artifact, lite, readers, runtimes
from helpers.bars import Bars
from helpers.data import line, row_sums, two_features
from helpers.lite import quiet
from helpers.models import ComplexModel, LinearModel, MultiSignatureModel
from helpers.runtimes.parity import parity
from helpers.training import train
from helpers.widgets.parity import parity_picture

readers.warm_up()

# %% [markdown]
# ## Who else is to run it?
#
# Until now TensorFlow was there, in Python, whoever asked. These four programs are without it, or
# at least without its Python:

# %%
for name, words in runtimes.RUNTIMES.items():
    print(f"{name:<8} {words}: {runtimes.missing(name) or 'ready'}")

# %% [markdown]
# What you have not got is no reason to stop. In a terminal, in the folder of the course, **`make
# runtimes`** installs it beside the course, in a folder `.runtimes`; after that, restart the
# kernel. Until then the cells below leave it out and say so, and all exercises work without it.
#
# The export is that of lesson 03, the shop's model with a door for two numbers and one for three:

# %%
tf.keras.utils.set_random_seed(1)
model = MultiSignatureModel()
_ = train(model, *two_features())  # learns y = 2·(x0 + x1) + 1
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("predict_two", model.predict_first_two_features)
archive.add_endpoint("predict_three", model.predict_first_three_features)
two_dir = lesson.scratch / "two"
archive.write_out(two_dir, verbose=False)

# %% [markdown]
# ## How does it get into a phone?
#
# As one file in another format. The converter takes the export's directory and the signatures
# that you name, writes the weights into the graph, and returns the bytes of the file:

# %%
doors = ["predict_two", "predict_three"]
converter = tf.lite.TFLiteConverter.from_saved_model(str(two_dir), signature_keys=doors)
litert_file = lesson.scratch / "two.tflite"
litert_file.write_bytes(converter.convert())
print(artifact.readable_size(litert_file.stat().st_size))

# %% [markdown]
# On the phone there is no TensorFlow, and no Python either; the same interpreter is there for
# Kotlin, Swift and C++. Here is a program that has nothing but the file, the interpreter and
# NumPy. You start it in a process of its own:

# %%
phone = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1])
print(interpreter.get_signature_list())
predict_three = interpreter.get_signature_runner("predict_three")
for rows in (1, 3):
    answer = predict_three(x=np.full((rows, 3), 0.5, np.float32))
    print(answer["output_0"].round(1).ravel())
print("TensorFlow was imported:", "tensorflow" in sys.modules)
"""
command = [sys.executable, "-c", phone, litert_file]
print(subprocess.run(command, capture_output=True, text=True).stdout)

# %% [markdown]
# Both doors are in it, by their names, and each takes any number of rows: the *signature runner*
# makes room for as many as you give. 2·(0.5 + 0.5) + 1 is 3. The interpreter casts nothing, so
# the rows must be `float32`; and it knows no `serving_default`, because you did not name that.
#
# ### Exercise 1: two signatures in one file
#
# A bakery's export has three doors: `predict_two`, `predict_three`, and `advice`, which answers
# with a text. Convert it, so that `predict_two` and `predict_three` are in one file, for any
# number of rows.

# %%
bakery_dir = lesson.q1.given()
# > litert_file_1 = ...  # what convert() returns, or the path of a file with it
# <solution>
both = ["predict_two", "predict_three"]
converter_1 = tf.lite.TFLiteConverter.from_saved_model(str(bakery_dir), signature_keys=both)
litert_file_1 = converter_1.convert()
# </solution>
lesson.q1.check(litert_file_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## And ONNX Runtime?
#
# ONNX is a format that many programs read, on servers and on devices of all kinds. The converter
# `tf2onnx` is a command, which takes one signature at a time:
#
# ```bash
# python -m tf2onnx.convert --saved-model exports/two --signature_def predict_two \
#     --opset 18 --output predict_two.onnx
# ```
#
# `runtimes.convert` does so for every signature, in an environment of its own. From here on you
# ask all runtimes with one function:


# %%
def ask(runtime, directory, signature, **inputs):
    if runtimes.missing(runtime):
        print(runtimes.missing(runtime))
    else:
        answer = runtimes.run(directory, signature, inputs, runtime)
        print(f"{runtime:<8}", answer["output_0"].ravel().round(1))


two_rows, three_rows = np.full((2, 2), 0.5), np.full((2, 3), 0.5)
ask("onnx", two_dir, "predict_two", x=two_rows)
ask("onnx", two_dir, "predict_three", x=three_rows)
if not runtimes.missing("onnx"):
    print(sorted(path.name for path in runtimes.convert(two_dir, "onnx").iterdir()))

# %% [markdown]
# Two files of the export's own signatures, and a third, since `serving_default` is one, too. ONNX
# has no signatures: a file *is* one. A program with ONNX Runtime needs two lines:
#
# ```python
# session = onnxruntime.InferenceSession("predict_two.onnx")
# answer = session.run(None, {"x": rows})
# ```
#
# ## And a program in C?
#
# Nothing is converted here. An export is TensorFlow's own format, and the package that you have
# installed brings TensorFlow's library, with a header for C. The course's program is
# `helpers/runtimes/reader.c`; these are the lines of it that matter:

# %%
program = Path("../helpers/runtimes/reader.c").read_text(encoding="utf-8")
for call in ("TF_LoadSessionFromSavedModel", "TF_GraphOperationByName", "TF_SessionRun"):
    print(re.search(rf"[^\n;]*{call}\([^;]*;", program)[0])

# %%
which = ["--tag_set", "serve", "--signature_def", "predict_two"]
print(readers.saved_model_cli("show", two_dir, *which)[0])
ask("c", two_dir, "predict_two", x=two_rows)

# %% [markdown]
# Load a directory, find operations by their names, run. The names are the catch: C knows no
# signatures, only tensors of the graph. Which tensor is `x` of `predict_two` stands in the
# signature, behind `name:`, and it can be another one in the next export. So read it from the
# artifact, as `saved_model_cli show` does, and never copy it into a program. Nor does anybody
# compare shapes here (lesson 01).
#
# ## And a page in a browser?
#
# The `.onnx` files again, with `onnxruntime-web`, which is ONNX Runtime as WebAssembly. The page
# is `helpers/runtimes/page.html`; it is opened in chromium, and may reach nothing but this
# computer:

# %%
page = Path("../helpers/runtimes/page.html").read_text(encoding="utf-8")
for part in ("import ", "ort.InferenceSession.create", "new ort.Tensor(type, new", "].run("):
    print(next(line.strip() for line in page.splitlines() if part in line))
ask("browser", two_dir, "predict_two", x=two_rows)

# %% [markdown]
# The rows never leave the computer of the person who opened the page: the model came to them.
#
# ## Are they the same numbers?
#
# "It answers" is not "it answers right": in lesson 01, LiteRT converted without a word and gave
# garbage. So compare. Here are three models of this course as doors of one export, and `parity`,
# which puts every door to every runtime and compares with Python:

# %%
linear, sums = LinearModel(), ComplexModel()
_ = train(linear, *line())
_ = train(sums, *row_sums(), steps=300, learning_rate=0.01)
together = tf.keras.export.ExportArchive()
for name, part, columns in (("line", linear, 1), ("sum", sums, 10)):
    spec = [tf.TensorSpec((None, columns), tf.float32, name="x")]
    together.add_endpoint(name, tf.function(part), spec)
together.add_endpoint("predict_two", model.predict_first_two_features)
three_models = lesson.scratch / "three_models"
together.write_out(three_models, verbose=False)
compared = parity(three_models)
print(compared)

# %% [markdown]
# *Same numbers* means: the same up to rounding, in every door, for one row and for three.
# Programs add in different orders, so the last bits may differ. How far apart are they, and what
# does each cost? That is another answer on every computer, so here is a picture of yours:

# %%
parity_picture(compared)

# %% [markdown]
# - **Difference**: a millionth of the number is rounding in `float32`; a hundredth would be a
#   mistake. Compare like this after every conversion, with several rows, not with one.
# - **Start**: from nothing to the first answer, in a new process. C and the browser bring large
#   libraries along.
# - **One row**: measured inside each process. In small models nearly all of it is the cost of one
#   call, and LiteRT does little else than the arithmetic. Lesson 09 measures that properly.
#
# ### Exercise 2: predict
#
# An export has the door `predict_two`. It is converted with
# `signature_keys=["predict_two"]`, and the file is asked for `predict_two` with three rows of
# `float32`. Does it give the `"same"` numbers as the model that was exported, `"other"` ones, or
# an `"error"`, if you change *one* thing?

# %%
# > prediction = {
# >     "ask for 7 rows instead of 3": ...,  # "same", "other" or "error"
# >     "then delete the export's variables/": ...,
# >     "then train the model in the notebook": ...,
# >     "ask with rows of float64": ...,
# >     "ask for serving_default, which was not named": ...,
# >     "save with tf.saved_model.save(model) instead": ...,
# > }
# <solution>
prediction = {
    "ask for 7 rows instead of 3": "same",
    "then delete the export's variables/": "same",
    "then train the model in the notebook": "same",
    "ask with rows of float64": "error",
    "ask for serving_default, which was not named": "error",
    "save with tf.saved_model.save(model) instead": "other",
}
# </solution>
lesson.q2.check(prediction)

# %% [markdown]
# ## Can the file be smaller?
#
# On a phone every kilobyte is downloaded. *Quantisation* stores the weights in fewer bytes than
# the four of `float32`. Take a network that is large enough to matter, 3-256-256-1, and convert
# it in four ways:

# %%
x, y = row_sums(columns=3)
wide = tf.keras.Sequential([tf.keras.Input((3,), name="features")])
for units, activation in ((256, "relu"), (256, "relu"), (1, None)):
    wide.add(tf.keras.layers.Dense(units, activation=activation))
_ = train(wide, x, y, steps=100, learning_rate=0.003)
wide_dir = lesson.scratch / "wide"
wide.export(wide_dir, verbose=False)


def quantised(directory, kind, rows):
    key = ["serving_default"]
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), signature_keys=key)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":
        converter.representative_dataset = lambda: ([row[np.newaxis]] for row in rows)
    with quiet():  # the converter thinks aloud
        return converter.convert()


KINDS = ("float32", "float16", "dynamic", "int8")
files = {kind: quantised(wide_dir, kind, x) for kind in KINDS}

# %% [markdown]
# - `float16`: two bytes for each weight, which become `float32` again before they are used.
# - `dynamic` range: one byte for each weight, and a number that says what one step is worth. What
#   flows between the layers is rounded too, by its own range in every call.
# - `int8`: one byte, and whole numbers inside from end to end, which chips without `float` want.
#   For that, the ranges of what flows must be known beforehand: a *representative data set*, rows
#   as they come in use, runs through the network while it is converted.
#
# What does it buy, and what does it cost? The error is the largest difference from `float32`:


# %%
def answers(content, rows):
    (tensor,) = lite.signatures(content)["serving_default"].inputs
    return lite.run(content, "serving_default", {tensor.name: rows})["output_0"]


def error(content, rows, plain):
    return np.abs(answers(content, rows) - answers(plain, rows)).max()


plain = files["float32"]
print("float32 ", artifact.readable_size(len(plain)))
for kind in KINDS[1:]:
    power = np.ceil(np.log10(error(files[kind], x, plain)))
    print(f"{kind:<8} error below {10**power:g}")
Bars("Size of the file", {kind: len(content) / len(plain) for kind, content in files.items()})

# %% [markdown]
# A half or less than a third of the size, and errors far apart. `dynamic` beats `int8` here; take
# `int8` where whole numbers are all there is. Whether 0.1 is much is not TensorFlow's to say: the
# answers go from -5 to 4, and who uses them knows what they can bear. That is an **error
# budget**. Fix it first, then take the smallest file within it, measured on rows as they come in
# use.
#
# ## When does it go wrong, and when does it buy nothing?
#
# Two experiments. First, a data set that does not represent: rows a tenth as large as those in
# use. Second, a small model, the line of above.

# %%
careless, careful = quantised(wide_dir, "int8", x / 10), files["int8"]
print("10 times as wrong:", error(careless, x, plain) > 10 * error(careful, x, plain))
line_dir = lesson.scratch / "line"
linear.export(line_dir, verbose=False)
for kind in KINDS:
    print(f"{kind:<8}", artifact.readable_size(len(quantised(line_dir, kind, x[:, :1]))))

# %% [markdown]
# The file is as small as before, and wrong: what is larger than anything the converter saw is cut
# off. No error is raised, as with every skew (lesson 05). A few hundred rows that miss the
# extremes do harm as well, only less.
#
# And the line? What there is to save are the weights. Where they are two, the file is all
# structure; `float16` and `int8` even add to it.
#
# ### Exercise 3: two budgets
#
# A meter's network is in `meter_dir`, with the door `serving_default`; `readings` are rows as it
# meets them. Two customers want a LiteRT file that takes any number of `float32` rows. One can
# bear an error of at most 0.01, the other of 0.2, and both want it as small as that allows. Which
# kind does each of them get?

# %%
meter_dir, readings = lesson.q3.given()
# > precise_file = ...  # what convert() returns, or the path of a file with it: error up to 0.01
# > small_file = ...  # error up to 0.2
# <solution>
kinds = {kind: quantised(meter_dir, kind, readings) for kind in KINDS}
for kind, content in kinds.items():
    error_3 = error(content, readings, kinds["float32"])
    print(f"{kind:<8}", error_3 <= 0.01, error_3 <= 0.2)
precise_file, small_file = kinds["float16"], kinds["dynamic"]
# </solution>
lesson.q3.check(precise_file, small_file)

# %% [markdown]
# ## What cannot cross?
#
# Whatever the other side has no operation for. Arithmetic crosses everywhere; texts are the test.
# Here are five doors that take words. Does each runtime give what the live function gives?


# %%
def in_python(words):
    return tf.numpy_function(lambda words: np.char.str_len(words.astype(str)), [words], tf.int64)


colours = lesson.scratch / "colours.txt"
colours.write_text("red\ngreen\n", encoding="utf-8")
in_graph = tf.keras.layers.StringLookup(vocabulary=["red", "green"])
in_file = tf.keras.layers.StringLookup(vocabulary=str(colours))
steps = {
    "compare": lambda words: words == "red",
    "look_up": lambda words: in_graph(words),
    "from_file": lambda words: in_file(words),
    "join": lambda words: tf.strings.join([words, "!"]),
    "in_python": in_python,
}
words = ["red", "Red", "blue"]
texts = tf.keras.export.ExportArchive()
for lookup in (in_graph, in_file):
    lookup(words)
    texts.track(lookup)
for door, step in steps.items():
    texts.add_endpoint(door, step, [tf.TensorSpec((None,), tf.string, name="words")])
texts_dir = lesson.scratch / "texts"
texts.write_out(texts_dir, verbose=False)


# %%
def crosses(runtime, door):
    try:
        answer = runtimes.run(texts_dir, door, {"words": words}, runtime)
    except readers.ReaderError:
        return "-"
    right = np.array_equal(answer["output_0"], steps[door](tf.constant(words)))
    return "yes" if right else "OTHER"


print(" " * 8, *(f"{door:<9}" for door in steps))
for runtime in runtimes.RUNTIMES:
    row = [] if runtimes.missing(runtime) else [crosses(runtime, door) for door in steps]
    print(f"{runtime:<8}", *(f"{cell:<9}" for cell in row), runtimes.missing(runtime))
with show_error():
    runtimes.run(texts_dir, "from_file", {"words": words}, "litert")

# %% [markdown]
# Five doors, and the runtimes agree about one of them:
#
# - Your Python goes nowhere (lesson 05).
# - LiteRT compares words, and looks them up if they are in the graph. It cannot put texts
#   together, and what lay in a vocabulary file stayed behind: converting raised no error, the
#   first question does.
# - ONNX Runtime looks words up, out of the file too, because the converter has read it; but it
#   cannot compare them with one another.
# - C has all of TensorFlow, and so all but Python.
#
# Do not learn this by heart; the next release changes it. Learn what follows: **make numbers of
# texts before the border, and let numbers cross.** One door with the texts stays on the server,
# or is written again in the app, with skew to fear (lesson 05). The other one, from numbers to
# numbers, crosses to everybody.
#
# ### Exercise 4: find the one that cannot cross, and split it
#
# `exports_dir` holds three exports, `houses`, `colours` and `reviews`, each with a
# `serving_default`. One of them cannot cross to LiteRT. Which? Its class had methods that are
# still there when you load it, among them `count_words`, from texts to numbers, and `weigh`, from
# these numbers to an opinion. Export it with a door for each, under these names, so that
# `weigh` after `count_words` is what it was, for any number of rows, with `weigh` right in every
# reader and every runtime that is here.

# %%
exports_dir = lesson.q4.given()
# > cannot_cross = ...  # "houses", "colours" or "reviews"
# > split_dir = ...  # an export with the doors count_words and weigh
# <solution>
samples = {"houses": {"x": [[1.0, 1.0]]}, "colours": {"text": ["red"]}, "reviews": {"text": ["a"]}}
for name, inputs in samples.items():
    try:
        print(name, runtimes.run(exports_dir / name, "serving_default", inputs, "litert"))
    except readers.ReaderError:
        cannot_cross = name
print(cannot_cross, "cannot cross")
found = tf.saved_model.load(exports_dir / cannot_cross)
halves = tf.keras.export.ExportArchive()
halves.add_endpoint("count_words", found.count_words)
halves.add_endpoint("weigh", found.weigh)
split_dir = lesson.scratch / "split"
halves.write_out(split_dir, verbose=False)
# </solution>
lesson.q4.check(cannot_cross, split_dir)

# %% [markdown]
# ## What you can do now
#
# - **Get it into a phone**: `TFLiteConverter.from_saved_model(directory, signature_keys=[...])`,
#   one file; `Interpreter` and `get_signature_runner(key)`, without TensorFlow, without casting.
# - **Get it elsewhere**: `tf2onnx`, a file for each signature, for ONNX Runtime and for pages in
#   a browser; C reads the export itself, by the names of tensors.
# - **Show that the numbers are the same**: ask both sides, one row and several, and compare.
# - **Make it smaller**: an error budget first, then the smallest kind within it, on rows from
#   use. A small model gains nothing.
# - **Split what cannot cross**: texts become numbers on this side, numbers go over.
#
# **Try your own.** `parity("/path/to/your/export")` puts *your* export to every runtime, and
# `parity_picture` of that shows what it costs.
#
# [Lesson 07: serving](07_serving.ipynb) · This is the last lesson for now: back to
# [lesson 00, start here](00_start_here.ipynb)
