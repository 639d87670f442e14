# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The error clinic: from a symptom to its cure
#
# After this lesson you can
#
# - read a traceback of TensorFlow from its end, and look its text up;
# - tell what goes wrong in saving, in loading and in calling an export, and mend it;
# - diagnose and repair an export that somebody else broke.
#
# **35 minutes.** Builds on [lesson 05](05_preprocessing_and_assets.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("06_error_clinic")

import shutil
import traceback

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.clinic import CASES
from helpers.data import line
from helpers.errors.find import find
from helpers.models import LinearModel
from helpers.training import train
from helpers.widgets.error_clinic import clinic

readers.warm_up()

# %% [markdown]
# ## Where do you look first?
#
# At the end. An export that works, and a call that does not:

# %%
tf.keras.utils.set_random_seed(1)
model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
_ = train(model, *line())  # learns y = 2x + 1
export_dir = lesson.scratch / "line"
model.export(export_dir, verbose=False)
loaded = tf.saved_model.load(export_dir)
rows = np.array([[0.0], [1.0]], np.float32)
try:
    loaded.signatures["serving_default"](rows)
except TypeError as error:
    message = traceback.format_exception(error)[-1]
    frames = traceback.extract_tb(error.__traceback__)
print(message)
print("yours:", [frame.line for frame in frames if "site-packages" not in frame.filename])

# %% [markdown]
# These are the two places of a traceback that matter, however long it is.
#
# 1. **Its end**: the exception's type and message. The cause stands early in a message, here
#    between backquotes; what follows repeats what you sent and what was promised.
# 2. **The lowest line that is yours.** Below it, TensorFlow calls TensorFlow.
#
# Where you read *During handling of the above exception* or *direct cause*, there are several
# tracebacks. The last one is what you met, the first is where it began. Take the `try` away and
# run the cell again to see the whole of it.
#
# ## What is known about a text?
#
# Paste an error into the widget, with its traceback or without, or pick a case. You can do so
# with every text on this page.

# %%
clinic()

# %%
print(len(CASES), "cases, by name:", *list(CASES)[:3], "...")
print(find("ValueError: the moon is in the wrong house"))
CASES[find(message).case.key]  # with the broken and the cured code

# %% [markdown]
# `find` is the same without a widget. What it does not know gets no diagnosis. `find` then names
# only the cases that are near, if there are any. Then it is up to you:
#
# - Take your own names, paths and numbers out of the message. Search the rest, in quotation
#   marks, in the issues of [Keras](https://github.com/keras-team/keras/issues) and
#   [TensorFlow](https://github.com/tensorflow/tensorflow/issues).
# - Make the program smaller until a single line decides whether it fails. With `tf.__version__`
#   and `tf.keras.__version__`, that is your report.
#
# From here on: a symptom, **your guess**, an experiment, the cause. What stands in front, such as
# `never-built`, is the name of the case in the clinic.
#
# ## Saving: why is nothing written?
#
# Why does `save` refuse a folder, and what does `fresh` lack?

# %%
with show_error():
    model.save(lesson.scratch / "training")
fresh = LinearModel()
with show_error():
    fresh.export(lesson.scratch / "fresh", verbose=False)
before = len(fresh.weights)
fresh(rows)
print(before, "weights before the first call,", len(fresh.weights), "after it")

# %% [markdown]
# - `save-writes-no-export`: in Keras 3, `model.save` writes a file for going on with training.
#   Recipes for Keras 2 got a directory from it. *Cure:* `model.export`. *Reported:*
#   [cppflow 265](https://github.com/serizba/cppflow/issues/265).
# - `never-built`: a class of your own learns the width of its input from the first rows. Before,
#   it has no weights. *Cure:* call it once, or train it. *Reported:*
#   [keras 19720](https://github.com/keras-team/keras/issues/19720).
#
# Three functions, and none can be saved as a signature. What is wrong with each?

# %%
x_spec = tf.TensorSpec((None, 1), tf.float32, name="x")
weight = tf.Variable(2.0)


@tf.function
def anything(x):
    return {"half": x / 2}


@tf.function(input_signature=[x_spec])
def nested(x):
    return {"half": {"metres": x / 2}}


@tf.function(input_signature=[x_spec])
def weighted(x):
    return {"double": weight * x}


module = tf.Module()
for function in (anything, nested, weighted):
    with show_error():
        tf.saved_model.save(module, lesson.scratch / "module", signatures=function)

# %%
print("anything is traced for", anything.input_signature)
print("nested gives a", type(nested(rows)["half"]).__name__)
module.weight = weight
tf.saved_model.save(module, lesson.scratch / "module", signatures=weighted)
print(artifact.read(lesson.scratch / "module").signatures["serving_default"])

# %% [markdown]
# A signature is *one graph* with *named tensors*, and it can only use what is saved with it.
#
# - `no-input-signature`: nothing says for which input to make the graph. *Cure:* an
#   `input_signature`. *Reported:*
#   [tensorflow 38474](https://github.com/tensorflow/tensorflow/issues/38474).
# - `signature-output`: a dict inside a dict, `None` or a Python object is no tensor. *Cure:* one
#   flat dict. *Reported:*
#   [transformers 9003](https://github.com/huggingface/transformers/issues/9003).
# - `untracked-resource`: saving follows the attributes of what you save, and none led to the
#   variable. *Cure:* make it one, as above. *Reported:*
#   [tensorflow 57573](https://github.com/tensorflow/tensorflow/issues/57573).
#
# ## Loading: it is there, and does not open
#
# Two formats, each opened with the other's function:

# %%
with show_error():
    tf.keras.models.load_model(export_dir)
model.save(lesson.scratch / "training.keras")
with show_error():
    tf.saved_model.load(lesson.scratch / "training.keras")

# %% [markdown]
# - `load-model-of-export`: `load_model` opens what `model.save` wrote. *Cure:*
#   `tf.saved_model.load` or, inside a Keras model, `TFSMLayer` (lesson 03). *Reported:*
#   [keras 18709](https://github.com/keras-team/keras/issues/18709).
# - `no-saved-model-there`: you met it in lesson 01 as the folder above the versions. The path of
#   a file does it, too. *Reported:*
#   [tensorflow 47837](https://github.com/tensorflow/tensorflow/issues/47837).
#
# Three exports on their way to another machine. What did each of them lose?

# %%
(lesson.scratch / "words.txt").write_text("red\ngreen\n")
lookup = tf.keras.layers.StringLookup(vocabulary=str(lesson.scratch / "words.txt"))
words_model = tf.keras.Sequential([tf.keras.Input((1,), dtype="string"), lookup])
words_dir, no_assets = lesson.scratch / "words", lesson.scratch / "no_assets"
words_model.export(words_dir, verbose=False)
shutil.copytree(words_dir, no_assets, dirs_exist_ok=True)
shutil.rmtree(no_assets / "assets")
no_variables, half_graph = lesson.scratch / "no_variables", lesson.scratch / "half_graph"
shutil.copytree(export_dir, no_variables, dirs_exist_ok=True)
shutil.rmtree(no_variables / "variables")
shutil.copytree(export_dir, half_graph, dirs_exist_ok=True)
(half_graph / "saved_model.pb").write_bytes((export_dir / "saved_model.pb").read_bytes()[:2000])
for directory in (no_assets, no_variables, half_graph):
    with show_error():
        tf.saved_model.load(directory)

# %% [markdown]
# - `missing-asset` and `damaged-export`: a part of the directory stayed behind, or half of a file
#   arrived. *Experiment:* compare the sizes of the files on both sides. *Cure:* move an export as
#   one archive. *Reported:* [hub 822](https://github.com/tensorflow/hub/issues/822),
#   [TransNetV2 6](https://github.com/soCzech/TransNetV2/issues/6).
#
# Nothing is missing from the next export. Why does it fail on another machine?

# %%
factor_file = lesson.scratch / "factor.txt"
factor_file.write_text("2")


@tf.function(input_signature=[x_spec])
def from_file(x):
    return {"y": x * tf.strings.to_number(tf.io.read_file(str(factor_file)))}


tf.saved_model.save(module, lesson.scratch / "from_file", signatures=from_file)
print("assets:", list((lesson.scratch / "from_file" / "assets").iterdir()))
factor_file.unlink()  # on the other machine it never was
with show_error():
    readers.run(lesson.scratch / "from_file", "serving_default", {"x": rows})

# %% [markdown]
# - `path-in-graph`: for the graph, the path is a text like any other. The file never became a
#   part of the export, `assets` is empty; so it loads everywhere, and answers only where the file
#   is. *Cure:* `tf.saved_model.Asset(path)` as an attribute of what is saved, and its
#   `asset_path` in place of the path (lesson 05). *Reported:*
#   [tensorflow 32770](https://github.com/tensorflow/tensorflow/issues/32770).
#
# ## Calling: it opens, and does not answer
#
# You know three of these mistakes from lessons 01 and 02. Why does the first call fail, when
# `loaded.serve(rows)` would answer?

# %%
serve = tf.saved_model.load(export_dir).serve
with show_error():
    serve(rows)
with show_error():
    loaded.predict(rows)
with show_error():
    loaded.serve(tf.constant([0.0, 1.0]))
with show_error():
    loaded.signatures["serving_default"](features=rows)
print(loaded.signatures["serving_default"].structured_input_signature[1])

# %% [markdown]
# - `variables-deleted`: a function does not own the weights, the loaded object does. No name
#   holds that object, so Python threw it away. *Cure:* keep it, `loaded = ...`. *Reported:*
#   [tensorflow 37615](https://github.com/tensorflow/tensorflow/issues/37615).
# - `not-a-keras-model` (lesson 01): what comes back has functions, not `predict`. *Reported:*
#   [tensorflow 55438](https://github.com/tensorflow/tensorflow/issues/55438).
# - `shape-refused` (lesson 02): a list of numbers is not a list of rows. *Reported:*
#   [tensorflow 37339](https://github.com/tensorflow/tensorflow/issues/37339).
# - `signature-by-name` (lesson 02): the last line shows the only name that it takes.
#   *Reported:* [tfx 4505](https://github.com/tensorflow/tfx/issues/4505).
#
# Your turn, twice. You get a broken export and what people say of it. Give a diagnosis, which is
# the name of a case (`list(CASES)` has them all), and an export that does what they want. How you
# make it is up to you. To test a diagnosis alone, give `found_dir_1` as the repair: if only the
# repair is refused, the diagnosis is right. A seed gives a variant to practise again, as in
# `lesson.q1.given(1)`. Its numbers and names are not those of the quotes.
#
# ### Exercise 1: diagnose and repair
#
# The shop: *"Every request is answered with an error. We send `area` and `rooms`, a float32
# column each, and read `price`."* Who made the export: *"A house costs 50, and 2 for each square
# metre, and 10 for each room."* In every variant, a room costs more than a square metre.

# %%
found_dir_1 = lesson.q1.given()
# > diagnosis_1 = ...  # the name of a case, such as "shape-refused"
# > repaired_dir_1 = ...  # an export below lesson.scratch that every reader can use
# <solution>
print(artifact.read(found_dir_1).signatures["serving_default"])
found_1 = tf.saved_model.load(found_dir_1)
prices = found_1.signatures["serving_default"]
for a, b in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
    print(a, b, prices(a=[[a]], b=[[b]])["output_0"].numpy())


def price(area, rooms):
    return {"price": prices(a=rooms, b=area)["output_0"]}


one_column = [tf.TensorSpec((None, 1), tf.float32, name=name) for name in ("area", "rooms")]
shop = tf.keras.export.ExportArchive()
shop.add_endpoint("serving_default", price, one_column)
diagnosis_1 = "signature-by-name"
repaired_dir_1 = lesson.scratch / "repaired_1"
shop.write_out(repaired_dir_1, verbose=False)
# </solution>
lesson.q1.check(diagnosis_1, repaired_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ### Exercise 2: diagnose and repair
#
# A colleague: *"Here it gives each colour its price, and 0 to one that it does not know, in a
# clean process too. On the server every request fails. The copy is complete, I compared the
# checksums."* Her folder is `found_dir_2.parent`. Python and the session (Python) must give them;
# LiteRT is not asked.

# %%
found_dir_2 = lesson.q2.given()
# > diagnosis_2 = ...  # the name of a case
# > repaired_dir_2 = ...  # the same prices, on any machine
# <solution>
print(sorted(path.name for path in found_dir_2.parent.iterdir()))
colours = tf.constant((found_dir_2.parent / "colours.txt").read_text().split())
worth = tf.saved_model.load(found_dir_2).prices  # of an unknown colour, then of each


def price_of(colour):
    known = tf.cast(colour == colours, tf.float32)  # (n, 3), with a 1 where the colour stands
    return {"price": known @ worth[1:, tf.newaxis]}


server = tf.keras.export.ExportArchive()
one_colour = [tf.TensorSpec((None, 1), tf.string, name="colour")]
server.add_endpoint("serving_default", price_of, one_colour)
diagnosis_2 = "path-in-graph"
repaired_dir_2 = lesson.scratch / "repaired_2"
server.write_out(repaired_dir_2, verbose=False)
# </solution>
lesson.q2.check(diagnosis_2, repaired_dir_2)

# %% [markdown]
# ## What you can do now
#
# - **Read a traceback**: its end, then the lowest line that is yours. Then ask the clinic.
# - **Saving, loading, calling**: saving wants one graph of named tensors with all that it uses;
#   loading, the whole directory; calling, the promised names and shapes.
# - **Repair**: the functions of a loaded export can go into a new one.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.clinic` reads *your* error text.
#
# [Lesson 05: preprocessing and assets](05_preprocessing_and_assets.ipynb) · Next: [lesson 07,
# silent failures](07_silent_failures.ipynb)
