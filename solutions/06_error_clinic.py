# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The error clinic: from an error to its cure
#
# Your program ends with `RuntimeError: no price`. The traceback above this line has thirty lines,
# but few of them tell you what to change.
#
# ![Arrows lead from two lines of a long traceback, your lowest line and the first error, to the
# clinic: cause, experiment and cure.](../notebooks/images/error_to_cure.svg)
#
# After this lesson you can
#
# - find the lines of a traceback that lead to the cause (exercise 1)
# - repair code whose export fails (exercise 2)
# - repair an export that raises errors, without the code of its model (exercises 3 and 4)
# - correct a request that a model server refuses (exercise 5)
#
# **45 minutes**, 30 of them for the exercises. Builds on [lesson
# 05](05_preprocessing_and_assets.ipynb).

# %% [markdown]
# ## The recipe
#
# These lines print all errors of a failure, the last one first. Come back to them after the section
# on chains. The two lines with `# example` stand for your program:
#
# ```python
# import re, traceback
#
# try:
#     try: price = float("cheap")  # example: the first error
#     except ValueError: raise RuntimeError("no price")  # example: the second error
# except Exception as error:
#     while error is not None:  # The last error comes first.
#         yours = [f for f in traceback.extract_tb(error.__traceback__)
#                  if not re.search("/lib/python|__autograph_generated", f.filename)]
#         print(f"{type(error).__name__}: {error}", *yours[-1:])
#         error = error.__cause__ or error.__context__  # the error before this one
# ```
#
# As the file `recipe.py`, it prints one line for each error:
#
# - `RuntimeError: no price <FrameSummary file recipe.py, line 5 in <module>>`
# - `ValueError: could not convert string to float: 'cheap' <FrameSummary file recipe.py, line 4 in
#   <module>>`
#
# `FrameSummary` shows *your lowest line*: the lowest line of the error's traceback that is in a
# file of yours. Packages (`/lib/python`, on Windows `\\\\Lib\\\\`) and TensorFlow's temporary files
# are not yours.

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("06_error_clinic")

import inspect
import traceback

import tensorflow as tf

from helpers import artifact, readers
from helpers.clinic import CASES
from helpers.clinic.overview import overview
from helpers.errors.find import find
from helpers.serving.server.in_process import in_process
from helpers.widgets.error_clinic import clinic

readers.warm_up()

# %% [markdown]
# ## Which lines of a traceback matter?
#
# A *traceback* lists the calls that led to an error. This cell exports a model and loads the
# function `serve`. The call of this function fails:

# %%
model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
export_dir = lesson.scratch / "line"
model.export(export_dir, verbose=False)
serve = tf.saved_model.load(export_dir).serve
rows = tf.constant([[0.0], [1.0]])
try:
    serve(rows)
except Exception as caught:
    error = caught

for frame in traceback.extract_tb(error.__traceback__):
    print(f"{frame.name}: {frame.line}")
print(f"{type(error).__name__}: {error}")

# %% [markdown]
# Each line above the last shows the name of a function and a line of its code. `<module>` stands
# for code outside of a function. The first line is yours, the other functions are TensorFlow's. Two
# places help you:
#
# - **The end** is the error itself: its type and its message.
# - **Your lowest line** is the call that failed. Here it is `serve(rows)`.
#
# The message says that variables were deleted, but you deleted none. What should you change?
#
# ## What does the clinic know about an error?
#
# The *clinic* is a widget that knows the errors of this course. It takes the text of a traceback:

# %%
clinic("".join(traceback.format_exception(error)))

# %% [markdown]
# The cause is the line `serve = ...`: no name refers to the object that `tf.saved_model.load`
# returned. So Python deleted this object and its variables. Keep the object under a name:

# %%
loaded = tf.saved_model.load(export_dir)
print("answers for", len(loaded.serve(rows)), "rows")

# %% [markdown]
# ## Which error of a chain is the cause?
#
# Many programs catch an error and raise another. Here `serve` still lacks its variables, so it
# fails again:


# %%
def score(rows):
    try:
        return serve(rows)
    except AssertionError as error:
        raise RuntimeError("no score for these rows") from error


try:
    score(rows)
except RuntimeError as caught:
    last = caught

for error in (last, last.__cause__):
    frames = traceback.extract_tb(error.__traceback__)
    yours = [frame.line for frame in frames if "/lib/python" not in frame.filename]
    print(type(error).__name__, "| your lowest line:", yours[-1])

# %% [markdown]
# Such errors form a *chain*. The last error, `RuntimeError`, only reports a failure. The first
# error, `AssertionError`, tells what failed. The traceback has a part for each error:
#
# ![A traceback in two parts. Lower part: 1, the end, RuntimeError. Upper part: 2, the first error,
# AssertionError, and 3, your lowest line, return
# serve(rows).](../notebooks/images/read_a_traceback.svg)
#
# Look for your lowest line in the part of the first error. This part has no line of yours if
# TensorFlow raised and caught the first error, as in this shortened traceback:
#
# ```text
#   File "site-packages/tensorflow/python/eager/execute.py", line 53, in quick_execute
# NotFoundError: words/assets/words.txt; No such file or directory
#
# During handling of the above exception, another exception occurred:
#
#   File "program.py", line 7, in <module>
#     loaded = tf.saved_model.load("words")
# FileNotFoundError: words/assets/words.txt; No such file or directory
# ```
#
# Then look in the next part. Here, your lowest line calls `tf.saved_model.load`. Instead of *During
# handling*, Python can write *The above exception* between two parts, as in the picture.
#
# ### Exercise 1: read a chain (4 min)
#
# The program `shop.py` ended with the traceback below. Only `shop.py` is yours.
#
# 1. What is the type of the first error?
# 2. Which line of `shop.py` made the call that failed?
# 3. Paste the part of the first error into the widget above. Which case does the widget name in
#    brackets?

# %%
print(lesson.q1.given())
# > reading = {
# >     "first error": ...,  # its type, such as "KeyError"
# >     "line": ...,  # the number of a line of shop.py
# >     "case": ...,  # such as "variables-deleted"
# > }
# <solution>
reading = {"first error": "TypeError", "line": 11, "case": "tensor-dtype"}
# </solution>
lesson.q1.check(reading)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## Where can an error arise?
#
# ![Arrows. Saving: from your code to the export. Loading: from the export to a Python program and
# a model server. Calling: from rows to the program. Request: from a client to the
# server.](../notebooks/images/where_errors_arise.svg)
#
# An error can arise at each arrow. This overview has errors of saving, loading and calling. Request
# errors follow later. Which two cases have the message *No such file or directory*?

# %%
overview(
    *("save-writes-no-export", "never-built", "signature-output", "untracked-resource"),
    *("load-model-of-export", "no-saved-model-there", "missing-asset", "path-in-graph"),
    *("not-a-keras-model", "signature-by-name", "shape-refused", "tensor-dtype"),
)

# %% [markdown]
# ## What must be saved together with a function?
#
# The function `cost` looks up a price in a table. Why can it not be exported?

# %%
sizes, costs = tf.constant(["small", "large"]), tf.constant([2.0, 5.0])
table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(sizes, costs), 0.0)
size_spec = tf.TensorSpec((None,), tf.string, name="size")
archive = tf.keras.export.ExportArchive()
archive.add_endpoint("cost", lambda size: {"cost": table.lookup(size)}, [size_spec])
with show_error():
    archive.write_out(lesson.scratch / "cost", verbose=False)

# %% [markdown]
# The graph of `cost` reads the table, but the archive does not know the table. The message calls it
# *untracked*. The cure is `track`:

# %%
archive.track(table)
archive.write_out(lesson.scratch / "cost", verbose=False)
print(artifact.read(lesson.scratch / "cost").signatures["cost"])

# %% [markdown]
# An `ExportArchive` finds variables by itself, but not tables. `tf.saved_model.save` finds only the
# attributes of the saved object. The case `untracked-resource` shows broken and cured code:

# %%
CASES["untracked-resource"]

# %% [markdown]
# ### Exercise 2: repair an export that fails (7 min)
#
# The function `price` reads the table `zones` and `per_kilo`, a `float`. Export `price` as the
# signature `price`. The inputs are `zone` (texts) and `weight` (`float32`), both of shape
# `(None,)`. The outputs are `base` and `total`, with the numbers that `price` computes. Two errors
# can occur. The check does not use LiteRT, which cannot run such a table.

# %%
price, zones = lesson.q2.given()
print(inspect.getsource(price))
# > export_dir_2 = ...  # an export with the signature price
# <solution>
zone_spec = tf.TensorSpec((None,), tf.string, name="zone")
weight_spec = tf.TensorSpec((None,), tf.float32, name="weight")
archive_2 = tf.keras.export.ExportArchive()
archive_2.track(zones)
archive_2.add_endpoint("price", lambda z, w: price(z, w)["price"], [zone_spec, weight_spec])
export_dir_2 = lesson.scratch / "parcels"
archive_2.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## Which file is missing?
#
# This model reads its vocabulary from a file. The cell exports the model, and deletes the file in
# `assets`:

# %%
words_file, words_dir = lesson.scratch / "words.txt", lesson.scratch / "words"
words_file.write_text("red\ngreen\n")
lookup = tf.keras.layers.StringLookup(vocabulary=str(words_file))
words_model = tf.keras.Sequential([tf.keras.Input((1,), dtype="string"), lookup])
words_model.export(words_dir, verbose=False)
(words_dir / "assets" / "words.txt").unlink()
with show_error():
    tf.saved_model.load(words_dir)

# %% [markdown]
# Two cases have the words *No such file or directory*: `missing-asset` and `path-in-graph`. The
# path in your message tells which case you have:
#
# - The path leads **into the export**, as here: `StringLookup` put its file into `assets`, but an
#   incomplete copy lacks this file. Copy the whole folder again.
# - The path leads **to another place**: the exported function reads a file during each call, for
#   example with `tf.io.read_file(path)`. If `path` is a `str`, the graph contains only this text,
#   and the export lacks the file. So on another machine, loading succeeds, but each call fails.
#   Export again: put the file's content into a table, as for `cost`, or let `StringLookup` read the
#   file. The overview names another cure.
#
# ## How do you repair an export without its code?
#
# A function of a loaded export can be part of a new export, as in lesson 03. Suppose that the
# export `line` has two faults:
#
# - Its signature takes the input `x`, but clients send `metres`.
# - It returns only half of the right answer.
#
# The new signature calls the old one, and repairs both:

# %%
old = loaded.signatures["serving_default"]


def twice(metres):
    return {"twice": 2 * old(x=metres)["output_0"]}


metres_spec = tf.TensorSpec((None, 1), tf.float32, name="metres")
repair = tf.keras.export.ExportArchive()
repair.add_endpoint("serving_default", twice, [metres_spec])
repair.write_out(lesson.scratch / "twice", verbose=False)
print(*artifact.read(lesson.scratch / "twice").signatures.values())

# %% [markdown]
# A user of the new export complains: *I send the length and width of two rooms, and get an
# error.* The next cell makes this call, and looks up the error with `find`, the clinic without a
# widget:

# %%
new = tf.saved_model.load(lesson.scratch / "twice")
try:
    new.signatures["serving_default"](metres=tf.constant([[2.0, 3.0], [4.0, 5.0]]))
except Exception as caught:
    error = caught
find(str(error))

# %% [markdown]
# The user sends two columns, but the model takes one. So the call is wrong, not the export.
#
# In exercises 3 and 4, you get another export and a complaint. Answer with the case that explains
# the complaint, and the path of your repaired export.
#
# ### Exercise 3: diagnose and repair (6 min)
#
# The shop says: *Every request gets an error. We send `area` and `rooms`, each a column of
# `float32`, and read `price`.* The author of the export says: *A house costs 50, and 2 for each
# square metre, and 10 for each room.*
#
# 1. Make the shop's call of `serving_default` in Python, and look up the error.
# 2. Print the signature with `artifact.read`, as above. If the names do not tell which input is
#    which, call the signature twice, and change one input by 1. A room costs more than a square
#    metre.
# 3. Export a `serving_default` that the shop can call. Each input and output should have the shape
#    `(None, 1)`. Test your export with the author's prices.

# %%
found_dir_3 = lesson.q3.given()
# > diagnosis_3 = ...  # the name of a case, such as "shape-refused"
# > repaired_dir_3 = ...  # an export that every reader can use
# <solution>
found_3 = tf.saved_model.load(found_dir_3)  # artifact.read(found_dir_3) shows the names
prices = found_3.signatures["serving_default"]
print([prices(a=[[a]], b=[[b]])["output_0"].numpy() for a, b in ((0.0, 1.0), (1.0, 0.0))])


def house_price(area, rooms):
    return {"price": prices(a=rooms, b=area)["output_0"]}


columns = [tf.TensorSpec((None, 1), tf.float32, name=name) for name in ("area", "rooms")]
shop = tf.keras.export.ExportArchive()
shop.add_endpoint("serving_default", house_price, columns)
diagnosis_3 = "signature-by-name"
repaired_dir_3 = lesson.scratch / "repaired_3"
shop.write_out(repaired_dir_3, verbose=False)
# </solution>
lesson.q3.check(diagnosis_3, repaired_dir_3)

# %% [markdown]
# ### Exercise 4: diagnose and repair (8 min)
#
# A colleague says: *On my computer, the export gives each colour its price, and 0 to an unknown
# colour. On the server, every request fails. I compared the checksums: the copy is complete.*
#
# You work on her computer, so your calls succeed. Find the case from what she says. Her folder,
# `found_dir_4.parent`, also has `colours.txt`, with one colour on each line. The loaded export has
# an attribute `prices`: `prices[0]` is the price of an unknown colour, and `prices[1:]` has the
# prices of the colours in the file, in the same order. Put colours and prices into a table, as for
# `cost`. Keep the signature's names and shapes.

# %%
found_dir_4 = lesson.q4.given()
# > diagnosis_4 = ...  # the name of a case
# > repaired_dir_4 = ...  # an export that gives the same prices on any machine
# <solution>
colours = (found_dir_4.parent / "colours.txt").read_text().split()
pairs = tf.lookup.KeyValueTensorInitializer(colours, tf.saved_model.load(found_dir_4).prices[1:])
price_list = tf.lookup.StaticHashTable(pairs, 0.0)
server = tf.keras.export.ExportArchive()
server.track(price_list)
one_colour = [tf.TensorSpec((None, 1), tf.string, name="colour")]
server.add_endpoint("serving_default", lambda c: {"price": price_list.lookup(c)}, one_colour)
diagnosis_4 = "path-in-graph"
repaired_dir_4 = lesson.scratch / "repaired_4"
server.write_out(repaired_dir_4, verbose=False)
# </solution>
lesson.q4.check(diagnosis_4, repaired_dir_4)

# %% [markdown]
# ## What does a model server say?
#
# A *model server* loads exports, and answers the requests of other programs, its *clients*. A
# client sends a path and a body in JSON. The path names the model, here `line`, and the action,
# `predict`. No server runs here. The function `send` calls the code of the course's server, and
# returns the response's status and text:

# %%
send = in_process(line=export_dir)
status, text = send("/v1/models/line:predict", {"rows": [[0.0], [1.0]]})
print(status, text)
find(text)

# %% [markdown]
# The status 400 means that the request is wrong, here its key `rows`. With the key `instances`, the
# status is 200 (success):

# %%
print(send("/v1/models/line:predict", {"instances": [[0.0], [1.0]]})[0])

# %% [markdown]
# `instances` is a list of rows. If a signature has several inputs, each row is a dict, such as
# `{"width": 2.0, "height": 3.0}` for two inputs of shape `(None,)`. The key `signature_name`
# chooses a signature. Without this key, `serving_default` answers.
#
# ### Exercise 5: correct a request (5 min)
#
# A server has the model `houses`. Its signature `serving_default` takes `area` and `rooms`, both
# `float32` of shape `(None,)`. The client below asks for the prices of two houses. Its request has
# several faults, and the server names one at a time. Write a corrected `path_5` and `body_5`. Try
# them with `send_5` until the status is 200.

# %%
send_5, path, body = lesson.q5.given()
print(path, body, *send_5(path, body), sep="\n")
# > path_5 = ...
# > body_5 = ...  # a dict
# <solution>
path_5 = "/v1/models/houses:predict"
body_5 = {"instances": [{"area": 60.0, "rooms": 2.0}, {"area": 80.0, "rooms": 3.0}]}
# </solution>
lesson.q5.check(path_5, body_5)

# %% [markdown]
# ## What you can do now
#
# - **Read a traceback**: find the first error, and your lowest line in its part.
# - **Export a function**: track what it uses, and return one flat dict of tensors.
# - **Repair an export**: put its functions or numbers into a new export.
# - **Correct a request**: read the response, and change one thing at a time.
#
# %% [markdown]
# [Lesson 05: preprocessing and assets](05_preprocessing_and_assets.ipynb) · Next: [lesson 07,
# silent failures](07_silent_failures.ipynb)
#
# Official documents: [Errors and exceptions in
# Python](https://docs.python.org/3/tutorial/errors.html) · [SavedModel
# guide](https://www.tensorflow.org/guide/saved_model) · [TensorFlow Serving's REST
# API](https://www.tensorflow.org/tfx/serving/api_rest)
