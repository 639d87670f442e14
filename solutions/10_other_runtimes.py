# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Other runtimes: does the file load, and are the numbers the same?
#
# A client sends the order number 3000000000, and your export adds 1. Python and a phone answer
# 3000000001. Intel's OpenVINO answers -1294967295, without an error. Programs such as OpenVINO read
# these files:
#
# ![LiteRT reads one .tflite file, ONNX Runtime an .onnx file for each signature. A C program and
# OpenVINO read the export.](../notebooks/images/export_and_runtimes.svg)
#
# After this lesson you can
#
# - convert an export to one LiteRT file, and run it without TensorFlow (exercise 1)
# - predict what a converted file keeps of its export (exercise 2)
# - find the runtime, the signature and the layer of a silent difference (exercise 3)
# - make a file smaller within an error budget (exercise 4)
# - split a model if a part of it cannot be converted (exercise 5)
#
# **45 minutes**, 28 of them for the exercises. Builds on [lesson 03](03_many_signatures.ipynb).

# %% [markdown]
# ## The recipe
#
# This code writes a LiteRT file, runs it, and prints the largest difference from the model:
#
# ```python
# import numpy as np
# import tensorflow as tf
# from ai_edge_litert.interpreter import Interpreter
#
# layers = [tf.keras.Input((3,), name="x"), tf.keras.layers.Dense(1)]
# model = tf.keras.Sequential(layers)
# model.export("model.tflite", format="litert", verbose=False)
# x = np.ones((2, 3), np.float32)
# runner = Interpreter("model.tflite").get_signature_runner()
# print(np.abs(runner(x=x)["output_0"] - model(x)).max())
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("10_other_runtimes")

import subprocess

import numpy as np
import tensorflow as tf

from helpers import readers, runtimes
from helpers.models import MultiSignatureModel
from helpers.runtimes import litert_file, quantisation
from helpers.runtimes.crossing import crossing
from helpers.runtimes.parity import parity
from helpers.widgets.parity_picture import parity_picture

readers.warm_up()

# %% [markdown]
# ## Which programs can run an export?
#
# A *runtime* is a program or library that executes models:

# %%
ALL = (*runtimes.RUNTIMES, *runtimes.MORE)
for name in ALL:
    print(f"{name:<13} {runtimes.missing(name) or 'ready'}")

# %% [markdown]
# - `litert`: LiteRT, formerly TensorFlow Lite
# - `onnx` and `browser`: ONNX Runtime for Python and for web pages
# - `c`: a C program with TensorFlow's C library
# - `openvino` and `openvino-f32`: OpenVINO, and OpenVINO set to compute in `float32`
#
# If one is missing, run `make runtimes OPENVINO=1` in the course's folder and restart the kernel.
# This notebook cannot import ONNX Runtime or OpenVINO, because `make` installs them in `.runtimes`.
#
# ## How does a phone run an export?
#
# `export` takes each endpoint as a tuple: `(function, specs)`, or `(function,)` if the function
# declares its inputs. `shop` is the model of lesson 03, which ignores `x2`:


# %%
def export(name, **endpoints):
    archive = tf.keras.export.ExportArchive()
    for key, endpoint in endpoints.items():
        archive.add_endpoint(key, *endpoint)
    archive.write_out(lesson.scratch / name, verbose=False)
    return lesson.scratch / name


shop = MultiSignatureModel()
shop.build((None, 2))
shop.set_weights([np.array([[2.0], [2.0]]), np.array([1.0])])  # 2·(x0 + x1) + 1
two, three = shop.predict_first_two_features, shop.predict_first_three_features
shop_dir = export("shop", predict_two=(two,), predict_three=(three,))

# %% [markdown]
# A phone reads a LiteRT file. The recipe's `format="litert"` writes one signature only. For several
# signatures, give the converter the export's path (a string) and the signatures' names:

# %%
keys = ["predict_two", "predict_three"]
converter = tf.lite.TFLiteConverter.from_saved_model(str(shop_dir), signature_keys=keys)
shop_file = lesson.scratch / "shop.tflite"
_ = shop_file.write_bytes(converter.convert())

# %% [markdown]
# A second process without TensorFlow stands for the phone:

# %%
phone = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
predict_three = interpreter.get_signature_runner("predict_three")
print(list(interpreter.get_signature_list()))
print(predict_three(x=np.full((2, 3), 0.5, np.float32)))
print("TensorFlow was imported:", "tensorflow" in sys.modules)
"""
command = [sys.executable, "-c", phone, shop_file]
print(subprocess.run(command, capture_output=True, text=True).stdout, end="")

# %% [markdown]
# The file has only the signatures that you named, and a copy of the export's weights. Each
# signature takes any number of rows. The interpreter converts no dtypes, so send `float32`.
#
# <details><summary>How do you call CompiledModel, which supports GPUs?</summary>
#
# ```python
# from ai_edge_litert.compiled_model import CompiledModel
#
# compiled = CompiledModel.from_file("shop.tflite")
# compiled.resize_input_tensor_by_name("predict_three", "x", [2, 3])
# x = compiled.create_input_buffer_by_name("predict_three", "x")
# y = compiled.create_output_buffer_by_name("predict_three", "output_0")
# x.write(np.full((2, 3), 0.5, np.float32))
# compiled.run_by_name("predict_three", {"x": x}, {"output_0": y})
# print(y.read(2, np.float32))  # The log also warns of plugins that this code does not need.
# ```
#
# </details>
#
# ### Exercise 1: two signatures in one file (4 min)
#
# A bakery's export has three signatures: `predict_two`, `predict_three`, and `advice`, which
# returns a text. Convert the first two into one LiteRT file that accepts any number of rows.

# %%
bakery_dir = lesson.q1.given()
# > litert_file_1 = ...  # what convert() returns, or the path of a file with it
# <solution>
converter_1 = tf.lite.TFLiteConverter.from_saved_model(str(bakery_dir), signature_keys=keys)
litert_file_1 = converter_1.convert()
# </solution>
lesson.q1.check(litert_file_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Does the file load?
#
# This command converts one signature to the file format ONNX:
#
# ```bash
# .runtimes/venv/bin/python -m tf2onnx.convert --saved-model shop --signature_def predict_two \
#     --output predict_two.onnx --opset 18  # the version of ONNX's list of operations
# ```
#
# ONNX Runtime calls it:
#
# ```python
# import numpy as np
# import onnxruntime  # Run this with .runtimes/venv/bin/python, not in this notebook.
#
# session = onnxruntime.InferenceSession("predict_two.onnx")
# print(session.run(None, {"x": np.array([[0.5, 0.5]], np.float32)}))
# ```
#
# `runtimes.run` converts and calls a signature. `ask` calls `serving_default`, which is here a
# second name of `predict_two`:


# %%
def ask(runtime, directory, **inputs):
    if runtimes.missing(runtime):
        return print(runtimes.missing(runtime))
    answer = runtimes.run(directory, "serving_default", inputs, runtime)
    return print(f"{runtime:<13}", *answer["output_0"].ravel())


for runtime in ("onnx", "browser"):
    ask(runtime, shop_dir, x=[[0.5, 0.5]])

# %% [markdown]
# Now the activation `gelu`:

# %%
floats = [tf.TensorSpec((None,), tf.float32, name="x")]
gelu_dir = export("gelu", activate=(lambda x: tf.nn.gelu(x), floats))
with show_error():
    ask("onnx", gelu_dir, x=[1.0])

# %% [markdown]
# tf2onnx copied the operation `Erfc`, which ONNX does not have, and still wrote a file. ONNX
# Runtime cannot load this file. So never trust a conversion: load the file and call it.
#
# ## Which signatures does the file have?
#
# `crossing` calls each signature in `python`, a second Python process, and in four runtimes:
# `litert`, `onnx`, `c` and `openvino-f32`. It makes the inputs, or takes yours:
# `crossing(shop_dir, {"x": rows})`. In a loop, write `print(crossing(...))`.

# %%
crossing(shop_dir)

# %% [markdown]
# OpenVINO (`openvino-f32`) reads only `serving_default`, so another signature needs a second
# export.
#
# ### Exercise 2: predict what a file keeps (4 min)
#
# You export a model like `shop` and convert the export with `signature_keys=["predict_two"]`. Then
# you call `predict_two` in LiteRT's interpreter with three rows of `float32`. Each line in the next
# cell makes one change. Does the call return the `"same"` answers that the model gave when you
# exported it, `"other"` answers, or an `"error"`?
#
# *Afterwards* means between the conversion and the call. In the last line, you write the export
# with `tf.saved_model.save` and `signatures={"predict_two": model.predict_first_two_features}`.
# [Lesson 01](01_basic_export.ipynb) shows what LiteRT answers for such an export.

# %%
# > prediction = {
# >     "delete the export's variables/ afterwards": ...,  # "same", "other" or "error"
# >     "train the model in the notebook afterwards": ...,
# >     "ask with rows of float64": ...,
# >     "save with tf.saved_model.save, the same signature": ...,
# > }
# <solution>
prediction = {
    "delete the export's variables/ afterwards": "same",
    "train the model in the notebook afterwards": "same",
    "ask with rows of float64": "error",
    "save with tf.saved_model.save, the same signature": "other",
}
# </solution>
lesson.q2.check(prediction)

# %% [markdown]
# ## In which arithmetic does the runtime compute?
#
# This export takes an order number, an `int64`, and adds 1:

# %%
whole = [tf.TensorSpec((None,), tf.int64, name="number")]
orders_dir = export("orders", following=(lambda number: number + 1, whole))
for runtime in ("litert", "onnx", "openvino-f32"):
    ask(runtime, orders_dir, number=[3_000_000_000])

# %% [markdown]
# OpenVINO computes `int64` as `int32`, whose largest number is 2147483647.
#
# `parity` compares a larger network of `float32` in each runtime with Python:

# %%
tf.keras.utils.set_random_seed(1)
hidden = [tf.keras.layers.Dense(256, "relu") for _ in range(2)]
wide = tf.keras.Sequential([tf.keras.Input((3,), name="x"), *hidden, tf.keras.layers.Dense(1)])
wide.export(lesson.scratch / "wide", verbose=False)
inputs = {"x": np.random.default_rng(1).uniform(-20, 20, (300, 3)).astype(np.float32)}
parity_picture(parity(lesson.scratch / "wide", inputs, ALL))

# %% [markdown]
# In the first plot, differences left of the dashed line are rounding. A dot at 1e-8 can mean 0. The
# difference of `openvino` can be larger, because OpenVINO computes in `bfloat16`, a dtype with 2 or
# 3 decimal digits, if the processor has it. The other plots show seconds on your computer.
# `openvino-f32` avoids `bfloat16` with a setting:
#
# ```python
# import openvino  # Run this with .runtimes/openvino/bin/python, not in this notebook.
#
# core = openvino.Core()
# compiled = core.compile_model("wide", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
# print(compiled(inputs)["output_0"])
# ```
#
# ![OpenVINO changes float32, float64 and int64. LiteRT refuses
# float64.](../notebooks/images/arithmetic.svg)
#
# ## Which layer is the first to differ?
#
# Export an endpoint that returns the numbers after each layer, and compare layer by layer. The
# outputs are sorted by name:


# %%
def growth(x):
    rate = x / 1000000
    grown = tf.math.log1p(rate)  # log(1 + rate)
    return {"a_rate": rate, "b_grown": grown, "c_score": grown * 1e8}


growth_dir = export("growth", growth=(growth, floats))
right = readers.run(growth_dir, "growth", {"x": [0.02, 0.05]})
found = runtimes.run(growth_dir, "growth", {"x": [0.02, 0.05]}, "litert")
for layer, numbers in right.items():
    print(f"{layer:<8} python {numbers}  litert {found[layer]}")

# %% [markdown]
# `b_grown` is the first layer that differs. LiteRT has no `log1p`, so the converter writes log(1 +
# rate). In `float32`, 1 + 0.00000005 is 1, whose logarithm is 0. Only small rates show this, so
# compare with rows from use.
#
# For a `Sequential` model, write:
#
# ```python
# layers = {layer.name: layer.output for layer in model.layers}
# tf.keras.Model(model.inputs, layers).export("layers", verbose=False)
# ```
#
# ### Exercise 3: find the silent difference (7 min)
#
# The export `lab_dir` has three signatures. (`serving_default` is a second name of the first.) Each
# takes `x` and returns the numbers after each of four layers, `layer_1` to `layer_4`. For one
# signature, one of the four runtimes of `crossing` silently gives other answers than Python.
# In each step, `x` is `measured` (40 rows).
#
# 1. Find the runtime and the signature. `crossing` shows ≠ for a difference above rounding.
# 2. Find the first layer that differs. Differences below 0.001 are rounding.
# 3. Compute the largest absolute difference from Python in this layer, to four significant digits.

# %%
lab_dir, measured = lesson.q3.given()
# > runtime, signature, layer = ..., ..., ...  # such as "onnx", "heat", "layer_1"
# > largest = ...  # a number
# <solution>
print(crossing(lab_dir, {"x": measured}))
runtime, signature = "litert", "pressure"
right = readers.run(lab_dir, signature, {"x": measured})
found = runtimes.run(lab_dir, signature, {"x": measured}, runtime)
gaps = {layer: np.abs(right[layer] - found[layer]).max() for layer in right}
layer, largest = next((layer, gap) for layer, gap in gaps.items() if gap > 0.001)
# </solution>
lesson.q3.check(runtime, signature, layer, largest)

# %% [markdown]
# ## Can the file be smaller?
#
# *Quantisation* stores each weight in fewer bytes than the four of `float32`. `litert-quantizer`
# quantises a LiteRT file:
#
# ```python
# from litert_quantizer.quantizer import Quantizer
#
# tool = Quantizer("wide.tflite")
# tool.load_quantization_recipe("dynamic_wi8_afp32")
# tool.quantize().export_model("small.tflite")
# ```
#
# `quantised` does the same. The next cell compares four kinds with `plain`, a file of `float32`.
# The *error* of a file is the largest absolute difference from the answers of `plain`.
# `power_above` rounds the error up to a power of ten:

# %%
wide.export(lesson.scratch / "wide.tflite", format="litert", verbose=False)
plain = (lesson.scratch / "wide.tflite").read_bytes()
for kind in quantisation.KINDS:
    content = quantisation.quantised(plain, kind)
    error = quantisation.power_above(quantisation.largest_error(content, plain, inputs))
    print(f"{kind:<22} size {len(content) / len(plain):.0%}, error below {error:g}")

# %% [markdown]
# `wi8` stands for weights of 8 bits, `afp32` for layers that take and return `float32`. The first
# word of a kind says how a layer computes:
#
# - `weight_only`: in `float32`
# - `dynamic`: in whole numbers. The layer first rounds its inputs to 8 bits.
#
# The answers of `plain` lie between -4.4 and 3.6. Decide which error your users accept, the *error
# budget*. Take the smallest file within it.
#
# ### Exercise 4: two budgets (6 min)
#
# The export `meter_dir` has the signature `serving_default` with the input `readings`. The array
# `readings` has 500 rows from use. Two customers want a LiteRT file that takes any number of
# `float32` rows. The first accepts an error of 0.01, the second of 0.2.
#
# 1. Convert the export to a plain file of `float32`.
# 2. Measure the error of the four kinds on `readings` with `quantisation.largest_error(content,
#    plain_file, {"readings": readings})`.
# 3. For each customer, choose the smallest of these five files within the budget.

# %%
meter_dir, readings = lesson.q4.given()
# > precise_file = ...  # the content of a LiteRT file, or its path: error up to 0.01
# > small_file = ...  # error up to 0.2
# <solution>
meter = tf.lite.TFLiteConverter.from_saved_model(str(meter_dir)).convert()
files = {kind: quantisation.quantised(meter, kind) for kind in quantisation.KINDS}
for kind, content in files.items():
    error = quantisation.largest_error(content, meter, {"readings": readings})
    print(f"{kind:<22}", error <= 0.01, error <= 0.2)
precise_file, small_file = files["float16"], files["dynamic_wi8_afp32"]
# </solution>
lesson.q4.check(precise_file, small_file)

# %% [markdown]
# ## How do you make a file with whole numbers only?
#
# No exercise needs this section. Some chips cannot compute with floats. The kind `static_wi8_ai8`
# stores the weights and the numbers between the layers in 8 bits. First, the *calibration* measures
# the range of the numbers after each layer, on your samples. For the first file below, all rows are
# one sample. For the second file, each row is a sample:

# %%
samples = {"at once": [inputs], "one by one": [{"x": row[None]} for row in inputs["x"]]}
for name, calibration in samples.items():
    static = quantisation.quantised(plain, "static_wi8_ai8", calibration)
    error = quantisation.power_above(quantisation.largest_error(static, plain, inputs))
    print(f"{name:<10} error below {error:g}")
print(litert_file.signatures(static)["serving_default"])

# %% [markdown]
# The second file is silently wrong, because the quantizer *averages* the ranges of the samples. The
# last layer returns one number for each row, so the range of one row is a single point. The average
# range is a single point, near -0.3. The quantizer extends this range to 0, so the file returns
# only answers from -0.3 to 0. So give many rows as one sample.
#
# ![All rows as one sample have a wide range. Single rows give only the range -0.3 to
# 0.](../notebooks/images/calibrated_range.svg)
#
# <details><summary>How does an app convert floats to int8?</summary>
#
# ```python
# predict = Interpreter("static.tflite").get_signature_runner()
# details = predict.get_input_details()["x"]["quantization"]
# scale = details[0]  # the difference between the floats of two neighbouring whole numbers
# zero_point = details[1]  # the whole number that stands for 0
# whole = np.clip(np.round(inputs["x"] / scale) + zero_point, -128, 127).astype(np.int8)
# answers = predict(x=whole)["output_0"].astype(np.float32)
# scale, zero_point = predict.get_output_details()["output_0"]["quantization"]
# print((answers - zero_point) * scale)
# ```
#
# </details>
#
# ## What cannot be converted?
#
# A runtime can execute only the operations that it knows. Here are three endpoints for words:

# %%
texts = [tf.TensorSpec((None,), tf.string, name="words")]
texts_dir = export(
    "texts",
    compare=(lambda words: words == "red", texts),
    join=(lambda words: tf.strings.join([words, "!"]), texts),
    in_python=(lambda words: tf.numpy_function(len, [words], tf.int64), texts),
)
crossing(texts_dir, {"words": ["red", "Red", "blue"]})

# %% [markdown]
# An export stores no Python functions such as `len`, so `in_python` fails in every other process.
# The column `python` is another process, too. LiteRT, ONNX Runtime and OpenVINO also lack most
# operations on texts. So **compute numbers from texts in one endpoint, and convert an endpoint that
# computes with these numbers:**
#
# ```python
# def count_letters(words):  # stays on the server
#     return tf.cast(tf.strings.length(words), tf.float32)
#
#
# def price(x):  # is converted
#     return 2.0 * x + 1.0
#
#
# export("labels", count_letters=(count_letters, texts), price=(price, floats))
# ```
#
# <details><summary>JAX, TensorFlow.js, TF-TRT, QAT</summary>
#
# - **JAX**: OpenVINO and tf2onnx cannot read what Keras exports with its JAX backend.
# - **TensorFlow.js**: its converter does not support Keras 3.
# - **TF-TRT**: TensorFlow 2.21 is built without TensorRT.
# - **QAT**: `tensorflow-model-optimization` needs Keras 2.
#
# </details>
#
# ### Exercise 5: split an export (7 min)
#
# The folder `exports_dir` has three exports: `houses`, `colours` and `reviews`.
#
# 1. Find the export that fails in LiteRT.
# 2. Load it with `tf.saved_model.load`. Its method `count_words` computes numbers from texts, and
#    its method `weigh` computes a score from these numbers.
# 3. Export both methods as endpoints under the same names, for any number of rows. Loaded
#    methods declare their inputs, and need no `track`.
#
# Your `weigh` must give the answers of the loaded `weigh` in every ready runtime except OpenVINO.

# %%
exports_dir = lesson.q5.given()
# > cannot_cross = ...  # "houses", "colours" or "reviews"
# > split_dir = ...  # an export with the endpoints count_words and weigh
# <solution>
for name in ("houses", "colours", "reviews"):
    print(crossing(exports_dir / name, which=["litert"]))
cannot_cross = "reviews"
loaded = tf.saved_model.load(exports_dir / cannot_cross)
split_dir = export("split", count_words=(loaded.count_words,), weigh=(loaded.weigh,))
# </solution>
lesson.q5.check(cannot_cross, split_dir)

# %% [markdown]
# ## What you can do now
#
# - **Convert and run**: `TFLiteConverter.from_saved_model(directory, signature_keys=[...])`, then a
#   signature runner.
# - **Predict what a file keeps**: the weights and the signatures that you name.
# - **Find a silent difference**: compare each signature, then each layer.
# - **Make a file smaller**: measure each kind on rows from use.
# - **Split a model**: convert the endpoint that computes with numbers.

# %% [markdown]
# [Lesson 09: rollout](09_rollout.ipynb) · Next: [lesson 11, performance](11_performance.ipynb)
#
# Official documents: [LiteRT](https://ai.google.dev/edge/litert) · [LiteRT
# Quantizer](https://developers.google.com/edge/litert/quantization/tflq_to_litertq_migration) ·
# [ONNX Runtime](https://onnxruntime.ai/docs/) ·
# [OpenVINO](https://docs.openvino.ai/2025/openvino-workflow/running-inference/optimize-inference/precision-control.html)
