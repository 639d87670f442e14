# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Inside the artifact: look into an export before you run it
#
# You download an export, and it gives the right numbers. It also writes a file to your disk, which
# you did not ask for. An export is a program, so look inside before you load it.
#
# ![You send 1 and 2 to a downloaded export. It returns 2 and 4, and also writes the file
# note.txt.](../notebooks/images/unasked_file.svg)
#
# After this lesson you can
#
# - say which programs need which part of an export (exercise 1)
# - read one weight by its name, without loading the model (exercise 2)
# - tell a retrained model from one that was only exported again (exercise 3)
# - find a damaged export, even if it loads without an error (exercise 4)
# - refuse an untrusted export with an allow list (exercise 5)
#
# **40 minutes**, 23 of them for the exercises. Builds on [lesson 01](01_basic_export.ipynb) and
# [lesson 02](02_one_signature.ipynb).

# %% [markdown]
# ## The recipe
#
# The graph of an export consists of *operations*. Most types of operations compute, but some can
# write files. These lines list all types of operations in an export, without loading it.
#
# ```python
# from keras import Input, Sequential, layers
# from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
# model = Sequential([Input((3,)), layers.Dense(1)])
# model.export("my_export", verbose=False)
# data = open("my_export/saved_model.pb", "rb").read()
# for graph in SavedModel.FromString(data).meta_graphs:
#     nodes = list(graph.graph_def.node)
#     for function in graph.graph_def.library.function:
#         nodes += function.node_def
#     print(sorted({node.op for node in nodes}))
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("04_inside_the_artifact")

import shutil
from textwrap import fill

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from helpers import readers
from helpers.data import row_sums
from helpers.inspection import differences, explore, gate
from helpers.models import ComplexModel
from helpers.training import train
from helpers.widgets.explorer import explorer

readers.warm_up()  # starts the second Python process of this page

# %% [markdown]
# ## What can an export do besides computing?
#
# First you export your function `double`, which doubles numbers and calls `tf.io.write_file`:

# %%
note = lesson.scratch / "note.txt"
note.unlink(missing_ok=True)  # from an earlier run


def export_function(function):
    directory = lesson.scratch / function.__name__
    spec = tf.TensorSpec((None,), tf.float32, name="x")
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("serve", function, [spec])
    archive.write_out(directory, verbose=False)
    return directory


def double(x):
    tf.io.write_file(str(note), "This export was here.")
    return 2.0 * x


double_dir = export_function(double)
print("Is there a note?", note.exists())

# %% [markdown]
# There is no note yet, because saving only records the operation. Now you are a user who downloaded
# `double_dir`. Call it:

# %%
print("answer:", readers.run(double_dir, "serve", {"x": [1, 2]})["output_0"])
print("note:", note.read_text())

# %% [markdown]
# The call also wrote a file, with the operation `WriteFile`. Other operations read files, or send
# data to other computers. Some operations run as soon as you *load* the export.
#
# ## What is each file for?
#
# `ComplexModel` has three `Dense` layers. `explore`, a function of this course, reads the files of
# an export, and never loads it.

# %%
tf.keras.utils.set_random_seed(1)
x, y = row_sums()
model = ComplexModel()
train(model, x, y, steps=300, learning_rate=0.01, progress=False)
export_dir = lesson.scratch / "sums"
model.export(export_dir, verbose=False)
explore(export_dir)

# %% [markdown]
# The row “operations” counts the operations of the *main graph* and of five *functions*. A function
# is a part of the graph that other parts call. The main graph is the rest.
#
# Readers open an export as a folder, and need these files:
#
# ![Python, servers and the LiteRT converter read saved_model.pb, variables and the files in assets.
# No reader needs fingerprint.pb.](../notebooks/images/export_files.svg)
#
# ## Which programs may read the export?
#
# `saved_model.pb` also holds the *tags* of the graph, and the version of TensorFlow that wrote the
# file:

# %%
data = (export_dir / "saved_model.pb").read_bytes()
(graph,) = SavedModel.FromString(data).meta_graphs
print("tags:", list(graph.meta_info_def.tags))
print("written by TensorFlow", graph.meta_info_def.tensorflow_version)

# %% [markdown]
# - **Tags.** An export can hold several graphs. The tags of a graph say what it is for, such as
#   training. TensorFlow 2 writes one graph, with the tag `serve`. Servers and the LiteRT converter
#   ask for this tag, and fail without it. Without `tags=`, `tf.saved_model.load` ignores the tags
#   if there is only one graph.
# - **Version.** Python and servers do not compare this text with their own version. But an
#   earlier TensorFlow may not know an operation of the export. So do not export with a newer
#   TensorFlow than your server has.
#
# ### Exercise 1: predict who can still use it (3 min)
#
# An export gets one of these changes. Who then still gives the right answers? Predict `"both"`
# (Python and a server), `"only Python"` or `"none"`. Python calls `tf.saved_model.load` without
# `tags=`.

# %%
# > prediction = {  # "both", "only Python" or "none"
# >     "fingerprint.pb is deleted": ...,
# >     "the empty folder assets is deleted": ...,
# >     "variables.index is deleted": ...,
# >     "the tag is train": ...,
# >     "the version is 9.9.9": ...,
# >     "the folder is packed into a ZIP file": ...,
# > }
# <solution>
prediction = {
    "fingerprint.pb is deleted": "both",
    "the empty folder assets is deleted": "both",
    "variables.index is deleted": "none",
    "the tag is train": "only Python",
    "the version is 9.9.9": "both",
    "the folder is packed into a ZIP file": "none",
}
# </solution>
lesson.q1.check(prediction)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Where is one weight?
#
# A colleague sends you “the same model”, but the files are different. Was the model retrained? To
# find out, compare the weights. `load_checkpoint` opens the stored weights without the model, and
# `get_tensor(key)` reads one weight:

# %%
found = explore(export_dir)
for variable in found.variables[:6]:
    print(variable.name, variable.shape, variable.key[:11])
weights = tf.train.load_checkpoint(export_dir / "variables" / "variables")
key = found.variables[4].key
print(key, np.array_equal(weights.get_tensor(key), model.out.kernel))

# %% [markdown]
# Only the last line shows a whole key. `True` says that the stored numbers are those of the model.
# The path `variables/variables` is the beginning of two file names.
#
# Keras stores each weight twice, so `found.variables` has 12 entries. The last six are the *second
# copies*. They have the same names and numbers, but their keys begin with `_all_variables`.
#
# ### Exercise 2: read one weight of many alike (4 min)
#
# In the export `found_dir`, the layers `left`, `middle` and `right` have weights of the same shape.
# Read the bias of `middle` from the files.

# %%
found_dir = lesson.q2.given()
# > bias = ...  # an array of shape (4,)
# <solution>
for variable in explore(found_dir).variables:
    if variable.name == "middle/bias":
        key = variable.key
bias = tf.train.load_checkpoint(found_dir / "variables" / "variables").get_tensor(key)
# </solution>
lesson.q2.check(bias)

# %% [markdown]
# ## The same model again, or a retrained one?
#
# Export the model once more. `differences` compares two exports:

# %%
again_dir = lesson.scratch / "again"
model.export(again_dir, verbose=False)
differences(export_dir, again_dir)

# %% [markdown]
# The bytes differ, although the model is the same. TensorFlow writes a random number into
# `fingerprint.pb`, and new numbers into the names of functions in `saved_model.pb`. So the checksum
# of an export changes even if the model was not retrained. (Four checksums in `fingerprint.pb`, the
# “four stable numbers”, stay the same.) Now train further:

# %%
retrained_dir = lesson.scratch / "retrained"
train(model, x, y, steps=50, learning_rate=0.001, progress=False)
model.export(retrained_dir, verbose=False)
differences(export_dir, retrained_dir)

# %% [markdown]
# ### Exercise 3: compare two exports yourself (6 min)
#
# Write `what_changed(old_dir, new_dir)` for the folders of two exports. It returns
#
# - `"graph"` if `explore(...).operations` (a `Counter` of the types of operations) is different
# - otherwise `"weights"` if any number of a weight is different, even by very little
# - otherwise `"nothing"`
#
# Compare weights by their keys. Their names can change when you build a model again. In this
# exercise, two exports with equal operations have equal keys. Leave out the second copies,
# because their order can change. Do not call `differences`.


# %%
# > def what_changed(old_dir, new_dir):
# >     return ...  # "graph", "weights" or "nothing"
# <solution>
def what_changed(old_dir, new_dir):
    old, new = explore(old_dir), explore(new_dir)
    if old.operations != new.operations:
        return "graph"
    before = tf.train.load_checkpoint(old_dir / "variables" / "variables")
    after = tf.train.load_checkpoint(new_dir / "variables" / "variables")
    keys = [v.key for v in old.variables if not v.key.startswith("_all_variables")]
    for key in keys:
        if not np.array_equal(before.get_tensor(key), after.get_tensor(key)):
            return "weights"
    return "nothing"


# </solution>
lesson.q3.check(what_changed)

# %% [markdown]
# ## What can break on the way?
#
# Three copies of the export were damaged:
#
# - `cut`: the download of `saved_model.pb` stopped early.
# - `lost`: the data file with the weights is missing.
# - `mixed`: the folder `variables` comes from another version of the model.


# %%
def copy(name):
    return shutil.copytree(export_dir, lesson.scratch / name, dirs_exist_ok=True)


cut, lost, mixed = copy("cut"), copy("lost"), copy("mixed")
(cut / "saved_model.pb").write_bytes(data[:20_000])
(lost / "variables" / "variables.data-00000-of-00001").unlink()
shutil.copytree(retrained_dir / "variables", mixed / "variables", dirs_exist_ok=True)
for folder in (cut, lost, mixed):
    print(f"{folder.name}: ", end="")
    with show_error():
        tf.saved_model.load(folder)
    print(fill("explore: " + explore(folder).findings[0], 60, subsequent_indent="    "))

# %% [markdown]
# `cut` and `lost` cannot be loaded. `mixed` loads without an error, and answers with the weights of
# the other version. `explore` finds this fault, because two files hold checksums:
#
# - `variables.index` holds a checksum of each weight. Other weights have other checksums.
# - `fingerprint.pb` holds a checksum of `variables.index`. In `mixed`, this checksum is wrong.
#
# But `explore` finds nothing in two cases:
#
# - The weights and `fingerprint.pb` were exchanged, or it is missing. Then call it with rows whose
#   right answers you know.
# - A byte in the data file changed. `explore` does not read this file. Loading compares each weight
#   with its checksum, and fails with a `DataLossError`.
#
# ### Exercise 4: diagnose six deliveries (5 min)
#
# The dict `deliveries` has the folders of six copies of one export, `"a"` to `"f"`. Two copies are
# whole. What happened to the others? For each folder:
#
# 1. Print `explore(folder).findings`.
# 2. Load the copy: `loaded = tf.saved_model.load(folder)`. Some copies fail, so use `show_error()`.
# 3. Compare `loaded.serve(rows)` and `right` with `np.allclose`.
#
# A copy is `"whole"` if it loads and gives the right answers, even without `fingerprint.pb`. The
# line `tf.saved_model.load(folder).serve(rows)` fails, because TensorFlow deletes the weights
# without the variable `loaded`.

# %%
deliveries, rows, right = lesson.q4.given()
# > diagnosis = {  # "whole", "graph cut", "file lost", "byte changed" or "other weights"
# >     "a": ..., "b": ..., "c": ..., "d": ..., "e": ..., "f": ...
# > }
# <solution>
for name, directory in deliveries.items():
    print(name, end=": ")
    with show_error():
        loaded = tf.saved_model.load(directory)
        print(np.allclose(loaded.serve(rows), right))
diagnosis = {"a": "whole", "b": "file lost", "c": "other weights"}
diagnosis |= {"d": "graph cut", "e": "byte changed", "f": "whole"}
# </solution>
lesson.q4.check(diagnosis)

# %% [markdown]
# ## How do you check an untrusted export?
#
# Three checks follow, because each misses something.
#
# The first check is TensorFlow's own, `saved_model_cli scan`. It has a *deny list* of forbidden
# types of operations. Let `scan` look for `WriteFile` in `double`, and in a function that writes in
# one branch of an `if`:


# %%
@tf.function
def sometimes(x):
    if tf.reduce_sum(x) > 1000.0:
        tf.io.write_file(str(note), "This export was here again.")
    return 2.0 * x


sometimes_dir = export_function(sometimes)
for directory in (double_dir, sometimes_dir):
    said, status = readers.saved_model_cli("scan", directory, "--op_denylist", "WriteFile")
    print(fill(f"{directory.name}: {said}", 60), f"exit status {status}", sep="\n")

# %% [markdown]
# `scan` finds `WriteFile` in `double`, but not in `sometimes`. TensorFlow puts each branch of an
# `if` into a function of its own, such as `cond_true`. `scan` does not read the functions of
# branches. The exit status is 0 in both cases, so a script must read the message. (“default” means
# your list.)
#
# The second check is an *allow list*: it has the types that you know, and refuses all others.
# `explore` counts the types in all functions. Take the types of your own export as the list. Which
# types of three other exports are not in the list?

# %%
known = set(explore(export_dir).operations)
for directory in (retrained_dir, double_dir, sometimes_dir):
    print(directory.name, sorted(set(explore(directory).operations) - known))

# %% [markdown]
# The list also refuses harmless operations, such as `Mul`.
#
# ### Exercise 5: write an allow list (5 min)
#
# `own_dirs` lists the folders of your team's exports. Write `may_load(directory)`. It returns
#
# - `False` if `explore(directory).findings` is not empty
# - `False` if the export has a type of operation that no export in `own_dirs` has
# - otherwise `True`
#
# `explore` never raises an error. Do not load the export. Do not call `gate` (next section).

# %%
own_dirs = lesson.q5.given()


# > def may_load(directory):
# >     return ...  # True or False
# <solution>
allowed = set()
for own_dir in own_dirs:
    allowed |= set(explore(own_dir).operations)


def may_load(directory):
    found = explore(directory)
    return not found.findings and set(found.operations) <= allowed


# </solution>
lesson.q5.check(may_load)

# %% [markdown]
# ## What does an allow list not see?
#
# Your list accepts `SaveV2`, because your own export has it. But an untrusted export can misuse
# `SaveV2` to overwrite your files. In the explorer below, press **operations**, and choose
# “nothing” in the menu “beside it”. Then choose each function in the menu “in”. Which function has
# `SaveV2`?

# %%
explorer(export_dir, sometimes_dir, again_dir, retrained_dir)

# %% [markdown]
# <details><summary>Which function?</summary>
#
# Only `traced_save`.
#
# </details>
#
# TensorFlow writes a function with `SaveV2` into every export, to save the weights. So your list
# must have `SaveV2`, and accepts `SaveV2` in every function.
#
# The third check is `gate(directory)`, a function of this course. `gate` accepts `SaveV2` only
# where an export saves its own weights. But `gate` has a deny list, which can miss a dangerous
# type. So use your list, too.
#
# ![scan finds WriteFile in a function, but not in the function of a branch. The allow list finds
# both, but not a misused SaveV2. gate finds all
# three.](../notebooks/images/allow_list_and_gate.svg)
#
# `gate` says what each dangerous operation does, and where it is:

# %%
print(gate(export_dir), gate(sometimes_dir), sep="\n")

# %% [markdown]
# `gate` misses other dangers, such as a loop without an end. So after the checks, run an untrusted
# export in a *sandbox*: a process without your files, rights and network, such as a container.
#
# ## Is a Keras file safer?
#
# Only partly. A `.keras` file can contain Python code, for example in a `Lambda` layer:

# %%
inputs = tf.keras.Input((1,))
outputs = tf.keras.layers.Lambda(lambda numbers: 2 * numbers)(inputs)
tf.keras.Model(inputs, outputs).save(lesson.scratch / "lambda.keras")
with show_error():
    tf.keras.models.load_model(lesson.scratch / "lambda.keras")

# %% [markdown]
# Keras refuses this file. But in 2025, ways around this check became known, such as CVE-2025-1550.
# So open untrusted `.keras` and `.h5` files with the newest Keras, in a sandbox.

# %% [markdown]
# ## What you can do now
#
# - **Who needs which part**: Python and servers need `saved_model.pb`, `variables` and the files in
#   `assets`.
# - **Read one weight**: find its key by its name, then call `get_tensor(key)`.
# - **Retrained or exported again**: compare operations and weights, not bytes.
# - **Find damage**: use `explore`, then load the export, and compare known answers.
# - **Refuse an untrusted export**: use an allow list, then `gate`, then a sandbox.

# %% [markdown]
# [Lesson 03: many signatures](03_many_signatures.ipynb) · Next: [lesson 05, preprocessing and
# assets](05_preprocessing_and_assets.ipynb)
#
# Official documents: [Using TensorFlow
# securely](https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md) · [TensorFlow version
# compatibility](https://www.tensorflow.org/guide/versions) · [SavedModel
# guide](https://www.tensorflow.org/guide/saved_model)
