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
# **45 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("10_other_runtimes")

import re
import subprocess
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers import readers, runtimes
from helpers.data import row_sums
from helpers.display.bar_chart import Bars
from helpers.models import ComplexModel, LinearModel, MultiSignatureModel
from helpers.processes.quiet import quiet
from helpers.runtimes import litert_file as lite
from helpers.runtimes.parity import parity
from helpers.text import readable_size
from helpers.training import train
from helpers.widgets.parity_picture import parity_picture

readers.warm_up()

# %% [markdown]
# ## Who else is to run it?
#
# Here are four programs without TensorFlow, or at least without its Python:

# %%
for name, words in runtimes.RUNTIMES.items():
    print(f"{name:<8} {words}: {runtimes.missing(name) or 'ready'}")

# %% [markdown]
# Is something missing? Its line says what installs it, in a terminal, in the folder of the
# course: **`make runtimes`** writes to `.runtimes`. Then restart the kernel. Until then the cells
# below say so, and all exercises work.
#
# Here are three models of this course in one export: the shop's of lesson 03, with a door for two
# numbers and one for three, and two untrained ones, a line and a network for rows of ten:

# %%
tf.keras.utils.set_random_seed(1)
shop, line, sums = MultiSignatureModel(), LinearModel(), ComplexModel()
for part, columns in ((shop, 2), (line, 1), (sums, 10)):
    part.build((None, columns))
shop.set_weights([np.array([[2.0], [2.0]]), np.array([1.0])])  # 2·(x0 + x1) + 1
archive = tf.keras.export.ExportArchive()
archive.add_endpoint("predict_two", shop.predict_first_two_features)
archive.add_endpoint("predict_three", shop.predict_first_three_features)
archive.add_endpoint("line", line.call, [tf.TensorSpec((None, 1), tf.float32, name="x")])
archive.add_endpoint("sum", sums.inference)
models_dir = lesson.scratch / "models"
archive.write_out(models_dir, verbose=False)

# %% [markdown]
# ## How does it get into a phone?
#
# As one file in another format. The converter takes an export and the signatures that you name,
# writes the weights into the graph, and returns the file's bytes:

# %%
doors = ["predict_two", "predict_three"]
# str(...), for the converter takes no Path.
converter = tf.lite.TFLiteConverter.from_saved_model(str(models_dir), signature_keys=doors)
litert_file = lesson.scratch / "shop.tflite"
litert_file.write_bytes(converter.convert())
print(readable_size(litert_file.stat().st_size))

# %% [markdown]
# The phone has only the interpreter, for Kotlin, Swift or C++. This program, in a process of its
# own, has nothing but the file, that interpreter and NumPy:

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
print(subprocess.run(command, capture_output=True, text=True).stdout, end="")

# %% [markdown]
# Both doors are in it, and each takes any number of rows: the *signature runner* makes room for
# them. It makes room for other columns, too, and no error tells: two rows of *three* for
# `predict_two` give three answers. The interpreter casts nothing, so the rows must be `float32`;
# and it knows no `serving_default`, because you did not name that.
#
# ### Exercise 1: two signatures in one file
#
# A bakery's export has three doors: `predict_two`, `predict_three`, and `advice`, which answers
# with a text. Convert the first two into one file, for any number of rows.

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
# ONNX is a format that many programs read. The converter `tf2onnx` is a command, which takes one
# signature at a time:
#
# ```bash
# .runtimes/venv/bin/python -m tf2onnx.convert --saved-model DIRECTORY \
#     --signature_def predict_two --opset 18 --output predict_two.onnx
# ```
#
# `runtimes.convert` does so for every signature, and `runtimes.run` before its first question:


# %%
def ask(runtime, directory, signature, **inputs):
    if runtimes.missing(runtime):
        print(runtimes.missing(runtime))
    else:
        answer = runtimes.run(directory, signature, inputs, runtime)
        print(f"{runtime:<8}", answer["output_0"].ravel().round(1))


two_rows, three_rows = np.full((2, 2), 0.5), np.full((2, 3), 0.5)
ask("onnx", models_dir, "predict_two", x=two_rows)
ask("onnx", models_dir, "predict_three", x=three_rows)
if not runtimes.missing("onnx"):
    print(sorted(path.name for path in runtimes.convert(models_dir, "onnx").iterdir()))

# %% [markdown]
# ONNX has no signatures: a file *is* one. `serving_default`, which the archive made of the first
# door, has one, too. A program with ONNX Runtime needs two lines:
#
# ```python
# session = onnxruntime.InferenceSession("predict_two.onnx")
# answer = session.run(None, {"x": rows})
# ```
#
# ## And a program in C?
#
# Nothing is converted here: C reads the export itself, with the library in the package that you
# have installed. The course's program is `helpers/runtimes/c_program.c`; these lines matter:

# %%
program = Path("../helpers/runtimes/c_program.c").read_text(encoding="utf-8")
for call in ("TF_LoadSessionFromSavedModel", "TF_GraphOperationByName", "TF_SessionRun"):
    print(re.search(rf"[^\n;]*{call}\([^;]*;", program)[0])

# %%
which = ["--tag_set", "serve", "--signature_def", "predict_two"]
print(readers.saved_model_cli("show", models_dir, *which)[0])
ask("c", models_dir, "predict_two", x=two_rows)

# %% [markdown]
# Load a directory, find operations by their names, run. The names are the catch: C knows no
# signatures, only tensors of the graph. Which one is `x` of `predict_two` stands behind `name:`,
# and can be another in the next export. So read it from the artifact, and never copy it into a
# program. And as in LiteRT, nobody holds you to the declared shapes (lesson 01).
#
# ## And a page in a browser?
#
# The `.onnx` files again, with `onnxruntime-web`, which is ONNX Runtime as WebAssembly. The page
# is `helpers/runtimes/browser_page.html`, opened in chromium:

# %%
page = Path("../helpers/runtimes/browser_page.html").read_text(encoding="utf-8")
for part in ("import ", "ort.InferenceSession.create", "new ort.Tensor(type, new", "].run("):
    print(next(line.strip() for line in page.splitlines() if part in line))
ask("browser", models_dir, "predict_two", x=two_rows)

# %% [markdown]
# The rows stay on the computer of who opened the page: the model came to them.
#
# ## Are they the same numbers?
#
# In lesson 01, LiteRT converted without a word and answered other numbers. So compare. `parity`
# puts every door to every runtime, with three rows and with one, and compares with Python:

# %%
compared = parity(models_dir)
print(compared)

# %% [markdown]
# *Same numbers* means: the same up to rounding. Programs add in different orders, so the last
# bits may differ. How far apart are they, and at what cost? Measured on your computer:

# %%
parity_picture(compared)

# %% [markdown]
# - **Difference**: no more than the dashed line, 1e-5. For numbers around 1, a millionth is
#   rounding in `float32`, and a hundredth would be a mistake. None at all stands at 1e-8.
# - **Start**: what its process took to be ready, and then to load the model and answer for the
#   first time.
# - **One row**: measured inside each process. In small models nearly all of it is the cost of one
#   call.
#
# ### Exercise 2: predict
#
# An archive of a model like `shop` is converted with `signature_keys=["predict_two"]`, and the
# interpreter is asked for that door with three rows of `float32` (`runtimes.run` would cast them).
# Does it give the `"same"` numbers as the model when it was exported, `"other"` ones, or an
# `"error"`, if you change *one* thing?

# %%
# > prediction = {
# >     "ask for 7 rows instead of 3": ...,  # "same", "other" or "error"
# >     "delete the export's variables/ afterwards": ...,
# >     "train the model in the notebook afterwards": ...,
# >     "ask with rows of float64": ...,
# >     "ask for serving_default, which was not named": ...,
# >     "save with tf.saved_model.save, the same signature": ...,
# > }
# <solution>
prediction = {
    "ask for 7 rows instead of 3": "same",
    "delete the export's variables/ afterwards": "same",
    "train the model in the notebook afterwards": "same",
    "ask with rows of float64": "error",
    "ask for serving_default, which was not named": "error",
    "save with tf.saved_model.save, the same signature": "other",
}
# </solution>
lesson.q2.check(prediction)

# %% [markdown]
# ## Can the file be smaller?
#
# *Quantisation* stores the weights in fewer bytes than the four of `float32`. Take a network that
# is large enough to matter, 3-256-256-1, and convert it in four ways:

# %%
x, y = row_sums(rows=300, columns=3)
wide = tf.keras.Sequential([tf.keras.Input((3,), name="features")])
for units, activation in ((256, "relu"), (256, "relu"), (1, None)):
    wide.add(tf.keras.layers.Dense(units, activation=activation))
_ = train(wide, x, y, steps=50, learning_rate=0.003)
wide_dir = lesson.scratch / "wide"
wide.export(wide_dir, verbose=False)


def quantised(directory, kind, rows, key="serving_default"):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), signature_keys=[key])
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
#   The ranges of what flows must be known beforehand: a *representative data set*, rows as they
#   come in use, runs through the network while it is converted.
#
# What does it cost? The error is the largest difference from `float32`:


# %%
def answers(content, rows):
    (tensor,) = lite.signatures(content)["serving_default"].inputs
    return lite.run(content, "serving_default", {tensor.name: rows})["output_0"]


def error(content, rows, plain):
    return np.abs(answers(content, rows) - answers(plain, rows)).max()


plain = files["float32"]
print("float32 ", readable_size(len(plain)))
for kind in KINDS[1:]:
    power = np.ceil(np.log10(error(files[kind], x, plain)))
    print(f"{kind:<8} error below {10**power:g}")
Bars("Size of the file", {kind: len(content) / len(plain) for kind, content in files.items()})

# %% [markdown]
# `dynamic` beats `int8` here; take `int8` where whole numbers are all there is. Is 0.1 much? The
# answers go from -5 to 4, and who uses them knows what they can bear. That is an **error
# budget**. Fix it first, then take the smallest file within it, measured on rows as they come in
# use.
#
# ## When does it go wrong, and when does it buy nothing?
#
# Two experiments: a data set that does not represent, rows a tenth as large as those in use; and
# a small model, the line.

# %%
careless, careful = quantised(wide_dir, "int8", x / 10), files["int8"]
print("10 times as wrong:", error(careless, x, plain) > 10 * error(careful, x, plain))
for kind in ("float32", "int8"):
    small = quantised(models_dir, kind, x[:, :1], "line")
    print(f"{kind:<8}", readable_size(len(small)))

# %% [markdown]
# `careless` is wrong: what is larger than anything the converter saw is cut off. No error is
# raised, as with every skew (lesson 05). And with two weights to store, a file is all structure;
# `int8` even adds to it.
#
# ### Exercise 3: two budgets
#
# A meter's network is in `meter_dir`; `readings` are rows as it meets them. Two customers want a
# LiteRT file for any number of `float32` rows, one with an error of at most 0.01, the other of
# 0.2, and both as small as that allows. Kinds with the same number of bytes for each weight count
# as equally small. Which kind does each get?

# %%
meter_dir, readings = lesson.q3.given()
# > precise_file = ...  # what convert() returns, or the path of a file with it: error up to 0.01
# > small_file = ...  # error up to 0.2
# <solution>
kinds = {kind: quantised(meter_dir, kind, readings) for kind in KINDS}
for kind in KINDS[1:]:
    error_3 = error(kinds[kind], readings, kinds["float32"])
    print(f"{kind:<8}", readable_size(len(kinds[kind])), error_3 <= 0.01, error_3 <= 0.2)
precise_file, small_file = kinds["float16"], kinds["dynamic"]
# </solution>
lesson.q3.check(precise_file, small_file)

# %% [markdown]
# ## What cannot cross?
#
# Whatever the other side has no operation for. Here are five doors that take words. Does each
# runtime give what the live function gives?


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
# The runtimes agree about two of the five, `look_up` and `in_python`:
#
# - Your Python goes nowhere (lesson 05).
# - LiteRT compares words, and looks them up if they are in the graph. It cannot put texts
#   together (unless the app brings TensorFlow's own operations along, as *TF Select*), and what
#   lay in a vocabulary file stayed behind: converting raised no error, the first question does.
# - ONNX Runtime looks words up, out of the file too, because the converter has read it; but in
#   the opset that was chosen, 18, it cannot compare them with one another.
# - C has all of TensorFlow, and so all but Python.
#
# The next release may change this. What stays: **make numbers of texts before the border, and let
# numbers cross.** The door with the texts stays on the server, or is written again in the app,
# with skew to fear.
#
# ### Exercise 4: find the one that cannot cross, and split it
#
# One of the three exports in `exports_dir` cannot cross to LiteRT. Which? When you load it, two
# methods are still there: `count_words`, from texts to numbers, and `weigh`, from these to an
# opinion. Export a door for each, under these names. Each must answer what its method answers, for
# any number of rows, and `weigh` must be right in every runtime that is here.

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
# - **Get it into a phone**: `TFLiteConverter.from_saved_model(directory, signature_keys=[...])`;
#   `Interpreter` and `get_signature_runner(key)`, without TensorFlow, without casting.
# - **Get it elsewhere**: `tf2onnx`, a file for each signature, for ONNX Runtime and browsers; C
#   reads the export itself, by the names of tensors.
# - **Show that the numbers are the same**: ask both sides, one row and several, and compare.
# - **Make it smaller**: an error budget first, then the smallest kind within it, on rows from
#   use. A small model gains nothing.
# - **Split what cannot cross**: texts become numbers on this side, numbers go over.
#
# **Try your own.** `parity("/path/to/your/export")` puts *your* export to every runtime, and
# `parity_picture` of that shows what it costs.
#
# [Lesson 09: rollout](09_rollout.ipynb) · Next: [lesson 11, performance](11_performance.ipynb)
