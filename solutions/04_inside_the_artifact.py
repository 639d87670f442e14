# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Inside the artifact: what is in it, and what it can do
#
# After this lesson you can
#
# - say what each file of an artifact is for, and how large it will be before you make it;
# - find a signature, an operation or a weight in it without loading the model;
# - tell a retrained model from one that was only exported again;
# - recognise an artifact that was damaged on its way, also where nothing complains;
# - check an artifact from a stranger before you load it, and say what no check can see.
#
# **45 minutes.** Builds on [lesson 01](01_basic_export.ipynb); signatures are explained in
# [lesson 02](02_one_signature.ipynb), `ExportArchive` and `track` in
# [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("04_inside_the_artifact")

import shutil

import numpy as np
import tensorflow as tf

from helpers import readers
from helpers.data import row_sums
from helpers.inspection import differences, explore, gate
from helpers.models import ComplexModel
from helpers.training import train
from helpers.widgets.explorer import explorer

readers.warm_up()

# %% [markdown]
# ## Which file is for what?
#
# `ComplexModel` has three `Dense` layers and learns the sum of a row of ten numbers. Export it,
# and look at the directory:

# %%
tf.keras.utils.set_random_seed(1)
x, y = row_sums()
model = ComplexModel()
_ = train(model, x, y, steps=300, learning_rate=0.01)
export_dir = lesson.scratch / "sums"
model.export(export_dir, verbose=False)
explore(export_dir)

# %% [markdown]
# - `saved_model.pb` holds the *graph*, all operations with their connections, and the signatures.
#   Every reader begins here.
# - `variables/` holds the weights: their numbers in `variables.data-…`, and in
#   `variables.index` where each of them lies there, with a checksum. Whoever runs the model
#   reads both.
# - `assets/` holds files that the graph reads. This model has none; lesson 05 makes one.
# - `fingerprint.pb` identifies the export. No reader needs it; you will.
#
# `explore` belongs to this course. It reads these files and **never loads the model**. TensorFlow
# brings a tool of its own, for the terminal:
#
# ```bash
# saved_model_cli show --dir exports/sums --tag_set serve --signature_def serving_default
# ```
#
# It imports TensorFlow first, which takes seconds each time. `readers.saved_model_cli` runs the
# same tool in the course's clean process, which has TensorFlow at hand:

# %%
which = ["--tag_set", "serve", "--signature_def", "serving_default"]
said, status = readers.saved_model_cli("show", export_dir, *which)
print(said, end="")

# %% [markdown]
# That is the promise of lesson 02, from the file alone. `-1` means any number of rows. Without
# `--signature_def` it lists the signatures, and with `--all` instead of both you get everything
# that it knows.
#
# ## What is in the graph?

# %%
found = explore(export_dir)
print(found.operations.most_common(4))
print({op: found.operations[op] for op in ("MatMul", "Relu", "SaveV2")})
for function in found.functions:
    print(function)

# %% [markdown]
# Three matrix products, two `Relu`: your layers. They lie in a *function*, `__call__`, among the
# 16 operations that answer a request. All the others pass the request on, or set up the weights,
# save them and restore them. So an artifact brings more than your arithmetic: the operation
# `SaveV2` writes files, and every export has one.
#
# ## Where are the weights?

# %%
for variable in found.variables[:6]:
    print(variable)
places = sorted({variable.key.split("/")[0] for variable in found.variables})
print(len(found.variables), "entries in all, below", *places)
checkpoint = tf.train.load_checkpoint(export_dir / "variables" / "variables")
kernel = checkpoint.get_tensor(found.variables[4].key)
print("the last kernel equals the model's:", np.array_equal(kernel, model.out.kernel))

# %% [markdown]
# Each line gives the name in the model, then what the file says: dtype, shape, size, and last the
# beginning of the *key* under which the weight is stored; `variable.key` has all of it. Keys
# follow the Python objects that were saved; the names stand in `saved_model.pb`. Six weights,
# twelve entries: Keras 3.15 stores each weight a second time under `_all_variables`, the fault
# that lesson 03 told you of. With its key you can read the numbers of a weight, still without
# loading the model.
#
# ### Exercise 1: one weight of three alike
#
# The model in `found_dir` has three layers of one shape, `left`, `middle` and `right`, and other
# layers. Read the bias of `middle` from the files. You get an array of four numbers.

# %%
found_dir = lesson.q1.given()
# > bias = ...  # an array of shape (4,)
# <solution>
key = next(v.key for v in explore(found_dir).variables if v.name == "middle/bias")
bias = tf.train.load_checkpoint(found_dir / "variables" / "variables").get_tensor(key)
# </solution>
lesson.q1.check(bias)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## How large will it be?
#
# You can tell beforehand. A `float32` takes 4 bytes, and a layer's kernel has a number for each
# pair of input and unit. The model above has 10·64 + 64, 64·32 + 32 and 32·1 + 1 numbers:

# %%
count = model.count_params()
stored = (export_dir / "variables" / "variables.data-00000-of-00001").stat().st_size
print(f"{count:,} weights, {4 * count / 1000:.0f} kB once, {8 * count / 1000:.0f} kB twice")
print(f"{stored / 1000:.0f} kB stored")

# %% [markdown]
# The rest of the file is a list of the saved Python objects.
#
# ### Exercise 2: estimate
#
# A model takes 500 columns. Its layers are `Dense(1000)` and `Dense(10)`. It is exported twice:
# with `model.export`, and with an `ExportArchive` that does not `track` (lesson 03), which stores
# each weight once. Estimate before you look; within 5 per cent is near enough. `weights` is a whole
# number.

# %%
# > estimate = {
# >     "weights": ...,  # how many numbers
# >     "MB of data, model.export": ...,  # 1 MB is 1,000,000 bytes
# >     "MB of data, archive without track": ...,
# >     "saved_model.pb": ...,  # "kilobytes" or "megabytes"
# > }
# <solution>
weights = 500 * 1000 + 1000 + 1000 * 10 + 10
estimate = {
    "weights": weights,
    "MB of data, model.export": 2 * 4 * weights / 1e6,
    "MB of data, archive without track": 4 * weights / 1e6,
    "saved_model.pb": "kilobytes",
}
# </solution>
lesson.q2.check(estimate)

# %% [markdown]
# ## When are two exports the same model?
#
# Export the model once more, train it a little further, and export it again. Then compare.

# %%
again_dir, retrained_dir = lesson.scratch / "again", lesson.scratch / "retrained"
model.export(again_dir, verbose=False)
_ = train(model, x, y, steps=50, learning_rate=0.001)
model.export(retrained_dir, verbose=False)
for directory in (again_dir, retrained_dir):
    print(differences(export_dir, directory))

# %% [markdown]
# Two exports never have the same bytes: the fingerprint holds a random number, and within one
# program TensorFlow goes on counting the names of its functions. That says nothing about the
# model. `differences` compares what counts: what the operations behind each signature compute,
# whatever they are called, the values of the weights, the assets.
#
# TensorFlow's own answer is the fingerprint, and its four stable numbers in one text, the
# *singleprint*. Is it as good? Here are two little programs, saved as lesson 01 saved `Mean`:


# %%
def save(compute, name):
    module, x = tf.Module(), tf.TensorSpec((None,), tf.float32, name="x")
    module.compute = tf.function(compute, input_signature=[x])
    tf.saved_model.save(module, lesson.scratch / name, signatures=module.compute)
    return lesson.scratch / name


relu_dir = save(lambda x: tf.nn.relu(2.0 * x), "relu")
tanh_dir = save(lambda x: tf.nn.tanh(2.0 * x), "tanh")
read = tf.saved_model.experimental.read_fingerprint
one, other = (read(str(directory)).singleprint() for directory in (relu_dir, tanh_dir))
print("same singleprint:", one == other)
print(differences(relu_dir, tanh_dir)["graph"].words)

# %% [markdown]
# Other operations, one singleprint: its number for the graph leaves out what is inside functions,
# and that is where TensorFlow 2 keeps nearly all. It errs the other way round, too: a model that
# is built anew and given the same weights gets another singleprint, because its layers are then
# numbered on, such as `dense_5`. So a fingerprint identifies *an export*, as a label does. To
# compare models, compare what is in them.
#
# Click through the three exports. On the page *operations*, *in* offers the functions one by one;
# *beside it* puts a second artifact next to the first, for *compare* too. A path that you type
# works as well. The explorer shows, it does not judge: that is the work of `gate`, below.

# %%
explorer(export_dir, again_dir, retrained_dir)

# %% [markdown]
# ### Exercise 3: diagnose a week
#
# `week_dir` holds the exports `monday` to `friday`. What was done to get from `monday` to each of
# the others: was it copied, exported again, retrained, or does it compute something else with the
# same weights?

# %%
week_dir = lesson.q3.given()
# > week = {
# >     "tuesday": ...,  # "copy", "exported again", "retrained" or "other graph"
# >     "wednesday": ...,
# >     "thursday": ...,
# >     "friday": ...,
# > }
# <solution>
for day in ("tuesday", "wednesday", "thursday", "friday"):
    print(differences(week_dir / "monday", week_dir / day).verdict)
week = {
    "tuesday": "exported again",
    "wednesday": "other graph",
    "thursday": "retrained",
    "friday": "copy",
}
# </solution>
lesson.q3.check(week)

# %% [markdown]
# ## What can happen on the way?
#
# An artifact may be moved, zipped and unpacked, as long as the directory stays whole: nothing in
# it says where it lies.

# %%
archive = shutil.make_archive(lesson.scratch / "zipped", "zip", export_dir)
moved_dir = lesson.scratch / "somewhere" / "else"
shutil.unpack_archive(archive, moved_dir)
moved = tf.saved_model.load(moved_dir)
print(moved.serve(x[:1]).shape, differences(export_dir, moved_dir).verdict)

# %% [markdown]
# Git and some archives drop empty folders, and nobody misses an empty `assets/`. Now three
# accidents: a download that broke off, a file that was left behind, and a `variables/` folder
# that came from another version of the model.


# %%
def copy(name):
    return shutil.copytree(export_dir, lesson.scratch / name, dirs_exist_ok=True)


cut, lost, mixed = copy("cut"), copy("lost"), copy("mixed")
(cut / "saved_model.pb").write_bytes((export_dir / "saved_model.pb").read_bytes()[:20_000])
(lost / "variables" / "variables.data-00000-of-00001").unlink()
shutil.copytree(retrained_dir / "variables", mixed / "variables", dirs_exist_ok=True)
for directory in (cut, lost, mixed):
    with show_error():
        tf.saved_model.load(directory)
    print("  explore:", *explore(directory).findings)

# %% [markdown]
# The first two fail, and with these texts you will know them again. The third loads, and answers
# with other weights than the ones it was exported with: TensorFlow does not compare. This is what
# the fingerprint is good for: it holds a hash of `variables.index`, and `explore` checks that.
# (A single bit that flipped in the weights does not pass: the checksums in the index catch it,
# with a `DataLossError`. `explore` and `gate` do not read the weights and say nothing of it.)
#
# ## What can a stranger's model do to you?
#
# A model is a program. This one promises to double numbers:

# %%
note = lesson.scratch / "note.txt"
note.unlink(missing_ok=True)  # of a run before


def double(x):
    tf.io.write_file(str(note), "somebody was here")
    return 2.0 * x


gift_dir = save(double, "gift")
note.exists()

# %% [markdown]
# Saving it wrote no note. Now use it, by the tool's `run`, which loads an artifact and calls a
# signature:

# %%
said, status = readers.saved_model_cli("run", gift_dir, *which, "--input_exprs", "x=[1., 2.]")
print(said, end="")
print("The note says:", note.read_text())

# %% [markdown]
# Right numbers, and a file that you did not ask for. It could have been any file that you may
# write, with any content. Reading is possible too, and some operations send to other computers.
# And nobody has to call a signature: what initialises a lookup table runs as soon as the artifact
# is *loaded*. So look before you load. The tool's `scan` looks for `WriteFile`, `ReadFile` and
# `PrintV2`:

# %%
said, status = readers.saved_model_cli("scan", gift_dir)
print(f"{said}exit status {status}")

# %% [markdown]
# It has found `WriteFile`, and its exit status is 0 all the same, as if all were well: a script
# that goes by it lets everything through. Nor does scan look everywhere. Put the writing into one
# branch of an `if`:


# %%
def sometimes(x):
    if tf.reduce_sum(x) > 1000.0:
        tf.io.write_file(str(note), "somebody was here again")
    return 2.0 * x


sly_dir = save(sometimes, "sly")
said, status = readers.saved_model_cli("scan", sly_dir, "--op_denylist", "WriteFile")
print(said, gate(sly_dir), gate(export_dir), "", sep="\n")
print("What the gate cannot see:", *gate(sly_dir).limits, sep="\n- ")

# %% [markdown]
# `scan` follows calls of functions, but not the branches of an `if`, nor functions that no
# signature calls. The course's `gate` goes by what scan *says*, then looks at every operation in
# every function itself, for more than 80 types that reach outside. `gate(directory).ok` is `True`
# when it found nothing. The export of your own model passes, although it has a `SaveV2`: that one
# belongs to its own saving.
#
# `gate` also reports `PyFunc`, which is not on scan's list: it calls a Python function that the
# loading program has registered under a number. The artifact does not bring that function, so no
# graph tells what the call would do.
#
# Mind the last lines of the output: "nothing found" is not "harmless". What you do not trust, run
# in a process without your files, your rights and your network, such as a container.
#
# ### Exercise 4: your own gate
#
# Write `may_load(directory)`, which returns `True` or `False`. Look at the operations yourself, and
# do not call `gate`. The check puts thirteen artifacts to it: some write files, read them or call
# Python, at a call or already when they are loaded, and one is cut short. Four are harmless, and
# refusing those is a mistake as well. Remember that `explore(directory).operations` counts the
# types of operations in all functions.


# %%
# > def may_load(directory):
# >     return ...  # True or False
# <solution>
def may_load(directory):
    found = explore(directory)
    outside = {"WriteFile", "ReadFile", "PyFunc", "EagerPyFunc"}
    return not found.findings and not outside & set(found.operations)


# </solution>
lesson.q4.check(may_load)

# %% [markdown]
# ## What you can do now
#
# - **Files and sizes**: the graph in `saved_model.pb`, the weights in `variables/`, at 4 bytes
#   each, and with `model.export` twice.
# - **Find a weight, an operation, a signature**: `explore`, `saved_model_cli show`,
#   `tf.train.load_checkpoint`. None of them runs the model.
# - **Same or retrained**: compare weights and operations, not bytes and not fingerprints alone.
# - **Damage**: a directory travels whole. Exchanged weights load without an error; the
#   fingerprint gives them away.
# - **Strangers**: read what scan says, look into all functions, and still load it where it can do
#   no harm.
#
# **Try your own.** `explorer("/path/to/your/export")` opens any artifact, the broken ones too.
#
# [Lesson 03: many signatures](03_many_signatures.ipynb) · Next: [lesson 05, preprocessing and
# assets](05_preprocessing_and_assets.ipynb)
