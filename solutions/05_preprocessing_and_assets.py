# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Preprocessing and assets: raw rows in, everywhere the same
#
# After this lesson you can
#
# - say what training/serving skew is, and measure what it costs;
# - put the preparation of raw rows, numbers and words, into the export;
# - make a door that accepts missing values and words that it has never seen;
# - say where an export keeps its vocabulary, and what can happen to it there;
# - leave at home what cannot travel.
#
# **55 minutes.** Builds on [lesson 03](03_many_signatures.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import show_error, start

lesson = start("05_preprocessing_and_assets")

import inspect
import shutil

import numpy as np
import tensorflow as tf

from helpers import artifact, readers
from helpers.display.bar_chart import Bars
from helpers.models import PenguinModel
from helpers.penguins import (
    HeldOut,
    in_capitals,
    in_kilograms,
    interval,
    interval_of_gain,
    most_frequent,
    nearest_mean,
    slips,
)
from helpers.penguins.data import (
    ISLANDS,
    MEASUREMENTS,
    RAW,
    SEXES,
    SPECIES,
    complete,
    folds,
    one_hot,
    penguins,
    take,
)
from helpers.training import train
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## What does a raw row look like?
#
# Here are 344 penguins from Antarctica, as people wrote them down (source and licence are in
# `helpers/penguins/README.md`). From two measurements, the island and the sex, a model is to tell
# the species.

# %%
rows = penguins()
print(*("species", *RAW), sep=" | ")
for number in (0, 3, 200, 300):
    print(*(rows[name][number] for name in ("species", *RAW)), sep=" | ")
print(len(rows["sex"]), "rows,", (~complete(rows)).sum(), "of them with gaps")

# %% [markdown]
# Grams in the thousands, millimetres below 60, an island that is a word, and sometimes nothing at
# all: no network takes this as it is. So you prepare it in NumPy, beside the model:
#
# - a number that is missing becomes the mean;
# - numbers are moved to mean 0 and standard deviation 1;
# - each known word becomes a column of its own, 1 for this word and 0 for the others.
#
# Mean and deviation are *learnt*: they come from the rows `known` to the model. Then you train a
# small network on four fifths of the rows, and ask it about the fifth that was held out.


# %%
def by_hand(rows, known, islands=ISLANDS, sexes=SEXES, gap=None):
    numbers, seen = (
        np.stack([table[name] for name in MEASUREMENTS], axis=1) for table in (rows, known)
    )
    mean, deviation = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)
    numbers = np.where(np.isnan(numbers), mean if gap is None else gap, numbers)
    words = one_hot(rows["island"], islands), one_hot(rows["sex"], sexes)
    return np.hstack([(numbers - mean) / deviation, *words]).astype(np.float32)


held_out = folds(rows["species"]) == 0  # a fifth, with its share of every species
known, unseen = take(rows, ~held_out), take(rows, held_out)
print(by_hand(known, known)[:2].round(2))


# %%
def new_model():
    hidden = tf.keras.layers.Dense(16, activation="relu")
    out = tf.keras.layers.Dense(3, activation="softmax")
    return tf.keras.Sequential([tf.keras.Input((7,), name="features"), hidden, out])


tf.keras.utils.set_random_seed(1)
model, labels = new_model(), one_hot(known["species"], SPECIES)
_ = train(model, by_hand(known, known), labels, steps=300, learning_rate=0.02)
named = np.array(SPECIES)[model(by_hand(unseen, known)).numpy().argmax(axis=1)]
print((named == unseen["species"]).sum(), "of", len(named), "penguins that it has not seen")

# %% [markdown]
# Each row has become seven numbers: bill, mass, three islands, two sexes. Is 68 of 69 good? 69
# are few, so let every penguin be held out once: `HeldOut` trains five such models. Beside them
# stand two rules without a network: always the most frequent species, and the species whose mean
# features are nearest, which is hard to beat here.

# %%
five = HeldOut(rows, by_hand, new_model)
right, rival = five.right(by_hand), nearest_mean(rows, by_hand)
rules = {"most frequent species": most_frequent(rows), "nearest mean": rival, "model": right}
for name, hit in rules.items():
    low, high = interval(hit)
    print(f"{name:<22} {hit.mean():.1%}  (95 % interval: {low:.1%} to {high:.1%})")
low, high = interval_of_gain(right, rival)
print(f"model minus nearest mean: {low:.1%} to {high:.1%}")

# %% [markdown]
# The model is better than its best rival: 0 lies outside the last interval, so luck alone hardly
# explains it.
#
# ## What if the row is prepared again, elsewhere?
#
# The model goes into a service, and a colleague writes the preparation once more, from your
# description. His scale shows kilograms, and he lists the islands in the order in which he met
# them. Take one penguin, a Gentoo, to both:


# %%
def elsewhere(rows, known):
    rows = rows | {"body_mass_g": rows["body_mass_g"] / 1000}
    return by_hand(rows, known, islands=("Torgersen", "Biscoe", "Dream"))


penguin = take(rows, [200])
for way in (by_hand, elsewhere):
    features = way(penguin, known)
    answer = model(features).numpy()[0]
    print(features[0].round(2), SPECIES[answer.argmax()], answer.max().round(2))

# %% [markdown]
# Seven numbers both times, so nothing fails. But the mass is far away from anything that the
# model has seen, and the island is another one; the answer is another species, and the model is
# sure of it. That is **training/serving skew**: the same row, prepared in two places, in two
# ways. What does a slip cost? `slips` has some (read them in
# `helpers/penguins/preparation_mistakes.py`). The held-out rows are prepared with each of them, and
# given to the same five models:

# %%
cost = {words: five.right(*slip).mean() for words, slip in slips(by_hand).items()}
Bars("Penguins given their species, of 344", {"as in training": right.mean(), **cost})

# %% [markdown]
# The last two belong together: a fifth of the measurements is lost, and 0 instead of the mean
# makes it worse. Not one of these raised an error. Where a slip costs less, like words in
# capitals, nobody will even notice. The cure is not more care in the second place, but to have no
# second place. **The preparation belongs in the export.**
#
# ## How does the preparation get into the graph?
#
# As layers of Keras. `Normalization` learns mean and variance with `adapt`; `StringLookup` makes
# columns of words. `num_oov_indices=0` says that it knows these words and no others.

# %%
measurements = tf.keras.layers.Normalization()
numbers = np.stack([known[name] for name in MEASUREMENTS], axis=1)
measurements.adapt(numbers[~np.isnan(numbers).any(axis=1)])  # one gap would make the mean nan
options = {"output_mode": "one_hot", "num_oov_indices": 0}
islands = tf.keras.layers.StringLookup(vocabulary=ISLANDS, **options)
sexes = tf.keras.layers.StringLookup(vocabulary=SEXES, **options)


def prepare(bill_length_mm, body_mass_g, island, sex):
    numbers = measurements(tf.stack([bill_length_mm, body_mass_g], axis=1))
    words = tf.concat([islands(island), sexes(sex)], axis=1)
    return tf.concat([numbers, tf.cast(words, tf.float32)], axis=1)


clients = take(unseen, complete(unseen))  # rows without gaps, for now
raw = {name: clients[name] for name in RAW}
np.allclose(prepare(**raw), by_hand(clients, known), atol=1e-4)

# %% [markdown]
# The same seven columns, made of operations that can be exported. The call has also built the
# layers; `track` refuses one that was never called. Now two doors: one takes the four raw columns
# as they come, the other prepared features, for a caller who has them.


# %%
def from_rows(bill_length_mm, body_mass_g, island, sex):
    return {"probabilities": model(prepare(bill_length_mm, body_mass_g, island, sex))}


raw_columns = [tf.TensorSpec((None,), tf.float32, name=name) for name in MEASUREMENTS]
raw_columns += [tf.TensorSpec((None,), tf.string, name=name) for name in ("island", "sex")]
seven = [tf.TensorSpec((None, 7), tf.float32, name="features")]
archive = tf.keras.export.ExportArchive()
for part in (model, measurements, islands, sexes):
    archive.track(part)  # all that holds weights or a table of words
archive.add_endpoint("from_rows", from_rows, raw_columns)
archive.add_endpoint("from_features", lambda features: model(features), seven)
doors_dir = lesson.scratch / "doors"
archive.write_out(doors_dir, verbose=False)
print(artifact.read(doors_dir).signatures["from_rows"])
for reader in readers.READERS:
    answer = readers.run(doors_dir, "from_rows", raw, reader)["probabilities"]
    print(f"{reader:<8}", np.allclose(answer, model(by_hand(clients, known)), atol=1e-3))

# %% [markdown]
# Strings go in and every reader gives the numbers that you got by hand, LiteRT too: it can look
# words up in such a table, compare them, and pick names from a list (`tf.gather`). Functions that
# *change* texts do not cross, nor does `tf.where` between texts: compare them early, and go on
# with numbers. A program that cannot send strings has the other door.
#
# ### Exercise 1: a species and a probability
#
# Three numbers are of little use to somebody on an island. Export a door `classify` that takes
# the four raw columns and answers with `species`, the name of the most probable one, and
# `probability`, the probability of that species, one of each per row. Rows without gaps will do
# for now. Every reader.


# %%
# > export_dir_1 = ...  # an export with the door classify: raw rows in, two outputs
# <solution>
def classify(bill_length_mm, body_mass_g, island, sex):
    probabilities = model(prepare(bill_length_mm, body_mass_g, island, sex))
    best = tf.argmax(probabilities, axis=1)
    species = tf.gather(tf.constant(SPECIES), best)
    return {"species": species, "probability": tf.reduce_max(probabilities, axis=1)}


archive_1 = tf.keras.export.ExportArchive()
for part in (model, measurements, islands, sexes):
    archive_1.track(part)
archive_1.add_endpoint("classify", classify, raw_columns)
export_dir_1 = lesson.scratch / "classify"
archive_1.write_out(export_dir_1, verbose=False)
# </solution>
lesson.q1.check(export_dir_1)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## And a row with a gap, or from a new island?
#
# By hand you had thought of it. Ask the door, first about a bird whose bill nobody measured, then
# about one from Paulet Island:

# %%
row = {"bill_length_mm": [np.nan], "body_mass_g": [3750.0], "island": ["Dream"], "sex": ["male"]}
for reader in readers.READERS:
    print(reader, readers.run(doors_dir, "from_rows", row, reader)["probabilities"])
row |= {"bill_length_mm": [39.1], "island": ["Paulet"]}
for reader in ("python", "session"):
    with show_error():
        readers.run(doors_dir, "from_rows", row, reader)
answer = readers.run(doors_dir, "from_rows", row, "litert")["probabilities"]
print("litert, as by hand:", np.allclose(answer, model(by_hand(row, known)), atol=1e-3))

# %% [markdown]
# The gap goes through the whole network as `nan`, in silence. The new word is refused, by a check
# that stands in the graph, in two readers. LiteRT leaves such checks out and answers as you did
# by hand, with 0 in all three columns of the islands. Neither `nan` nor a refusal is a way to
# treat a caller: gaps and new words are part of the data, so what becomes of them is part of the
# model.
#
# ### Exercise 2: gaps and new words
#
# Export `classify` again, still with `model`, so that it answers for every row: a missing
# measurement (`nan`) counts as the mean of the rows `known`; a word that is unknown or missing
# (`""`) is 0 in every column. Rows without gaps get the same answers as before. Every reader.


# %%
# > export_dir_2 = ...  # an export with a door classify that takes every row
# <solution>
islands_2 = tf.keras.layers.StringLookup(vocabulary=ISLANDS, output_mode="one_hot")
sexes_2 = tf.keras.layers.StringLookup(vocabulary=SEXES, output_mode="one_hot")


def classify_2(bill_length_mm, body_mass_g, island, sex):
    numbers = measurements(tf.stack([bill_length_mm, body_mass_g], axis=1))
    numbers = tf.where(tf.math.is_nan(numbers), 0.0, numbers)
    words = tf.concat([islands_2(island)[:, 1:], sexes_2(sex)[:, 1:]], axis=1)
    probabilities = model(tf.concat([numbers, tf.cast(words, tf.float32)], axis=1))
    species = tf.gather(tf.constant(SPECIES), tf.argmax(probabilities, axis=1))
    return {"species": species, "probability": tf.reduce_max(probabilities, axis=1)}


classify_2(**raw)  # builds the two new layers
archive_2 = tf.keras.export.ExportArchive()
for part in (model, measurements, islands_2, sexes_2):
    archive_2.track(part)
archive_2.add_endpoint("classify", classify_2, raw_columns)
export_dir_2 = lesson.scratch / "every_row"
archive_2.write_out(export_dir_2, verbose=False)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## How do you keep all this together?
#
# In one class, the layers that prepare beside those that are trained. `PenguinModel` is the
# course's version of what you have built; exercise 5 is about such a model. It learns mean and
# variance from the rows that it is made with, and its methods `classify` and `score` are the two
# doors.


# %%
def export(penguin_model, name):
    archive = tf.keras.export.ExportArchive()
    archive.track(penguin_model)
    archive.add_endpoint("classify", penguin_model.classify)
    archive.add_endpoint("score", penguin_model.score)
    archive.write_out(lesson.scratch / name, verbose=False)
    return lesson.scratch / name


listed = PenguinModel(known)
_ = train(listed, listed.prepare(**{name: known[name] for name in RAW}), labels, 300, 0.02)
listed_dir = export(listed, "listed")
print(inspect.getsource(PenguinModel.prepare.python_function))
signature_caller(tf.saved_model.load(listed_dir))

# %% [markdown]
# Without `num_oov_indices=0` a lookup has one column more, the first, for all words that it does
# not know. Training never saw a penguin from elsewhere, so a weight for the island's column
# would be the random number that it started with; `[:, 1:]` leaves it out. (Eight of the known
# rows have no sex; by hand they were 0 in both columns, so here, too.)
#
# Enter a penguin: a bill of 46.5, a mass of 3500, `"Dream"`, `"female"`. Then write `NaN` for the
# bill, and another island. (The example weighs one gram, and gets a sure answer all the same:
# nothing here checks a range.)
#
# ## Where does the vocabulary live?
#
# The words of `listed` came from a list. They can come from a file, with a word in each line:

# %%
words_file = lesson.scratch / "islands.txt"
words_file.write_text("\n".join(ISLANDS) + "\n", encoding="utf-8")
filed = PenguinModel(known, islands=str(words_file))
filed.build((None, 7))
filed.set_weights(listed.get_weights())
filed_dir = export(filed, "filed")
for directory in (listed_dir, filed_dir):
    print(directory.name, "assets:", [path.name for path in (directory / "assets").iterdir()])
answer = readers.run(filed_dir, "classify", raw, "session")["species"].astype(str)
print((answer == clients["species"]).sum(), "of", len(answer), "in the session reader")
with show_error():
    readers.run(filed_dir, "classify", raw, "litert")

# %% [markdown]
# A list is written into the graph, in `saved_model.pb`, and so is a vocabulary that a layer has
# learnt with `adapt`. A file is copied into `assets/`, and the graph reads it there: an *asset*.
# Good for a hundred thousand words, and for words that people want to see. But LiteRT converts
# the graph without the file, and refuses at the first question. (Its `score` still answers.)
#
# An asset is found relative to the export, so the export can be moved. Pack it, unpack it
# somewhere else, then lose the file:

# %%
shutil.make_archive(lesson.scratch / "posted", "zip", filed_dir)
arrived = lesson.scratch / "arrived"
shutil.unpack_archive(lesson.scratch / "posted.zip", arrived)
answer = readers.run(arrived, "classify", raw, "session")["species"].astype(str)
print((answer == clients["species"]).sum(), "of", len(answer), "where it arrived")
(arrived / "assets" / "islands.txt").unlink()
for reader in ("python", "session"):
    with show_error():
        readers.run(arrived, "classify", raw, reader)

# %% [markdown]
# A lost asset is loud: the export cannot be loaded any more, so `score`, which needs no words, is
# lost as well. An asset that has *changed* is another matter.
#
# ### Exercise 3: predict
#
# Two exports have their vocabulary as `listed` and `filed` have it, fresh each time. Something
# happens, and then the Python reader is asked about a penguin on Torgersen. Does the word become
# the same columns as before (`"same"`), other ones (`"other"`), or an error (`"error"`)?
# `lesson.q3.given()` makes a folder with both exports. Their signature `columns` takes `island` and
# returns the columns of the word.

# %%
# > prediction = {
# >     "filed: islands.txt, which you wrote, is deleted": ...,  # "same", "other" or "error"
# >     "filed: the lines of its asset are reversed": ...,
# >     "filed: a fourth line is added at the end of its asset": ...,
# >     "filed: its asset is emptied": ...,
# >     "listed: its folder assets is deleted": ...,
# >     "listed: the list in the notebook is reversed": ...,
# > }
# <solution>
prediction = {
    "filed: islands.txt, which you wrote, is deleted": "same",
    "filed: the lines of its asset are reversed": "other",
    "filed: a fourth line is added at the end of its asset": "same",
    "filed: its asset is emptied": "error",
    "listed: its folder assets is deleted": "same",
    "listed: the list in the notebook is reversed": "same",
}
# </solution>
lesson.q3.check(prediction)

# %% [markdown]
# ## What cannot come along?
#
# Your Python. The clinic of the next lesson has more of these; here are the three that
# preparation is prone to. First, a function of Python or NumPy, called from the graph. One dict
# turns all spellings of the sexes into numbers:

# %%
CODES = {"female": 0, "F": 0, "male": 1, "M": 1}


def code_of(words):
    return np.array([CODES.get(word.decode(), -1) for word in words], np.int32)


def columns_of(sex):
    return tf.one_hot(tf.numpy_function(code_of, [sex], tf.int32), 2)


called = tf.keras.export.ExportArchive()
called.add_endpoint("columns", columns_of, [tf.TensorSpec((None,), tf.string, name="sex")])
called.write_out(lesson.scratch / "called", verbose=False)
loaded = tf.saved_model.load(lesson.scratch / "called")
print(loaded.columns(["F", "male", "?"]).numpy().tolist())
with show_error():
    readers.run(lesson.scratch / "called", "columns", {"sex": ["F", "male", "?"]})

# %% [markdown]
# It works here and dies there: the graph holds no more than the name of a callback, `pyfunc` and
# a number, which only this process knows. `tf.py_function` does the same. Every test in your
# notebook is green.
#
# ### Exercise 4: the same without Python
#
# Export the door `columns` again, `sex` in and one output of numbers, of shape (n, 2): 1 in the
# first column for `female` and `F`, in the second for `male` and `M`, and 0 everywhere for any
# other word. Without `numpy_function`, and for every reader.


# %%
# > export_dir_4 = ...  # an export with the door columns
# <solution>
def columns_4(sex):
    female = tf.reduce_any(sex[:, tf.newaxis] == ["female", "F"], axis=1)
    male = tf.reduce_any(sex[:, tf.newaxis] == ["male", "M"], axis=1)
    return tf.cast(tf.stack([female, male], axis=1), tf.float32)


archive_4 = tf.keras.export.ExportArchive()
archive_4.add_endpoint("columns", columns_4, [tf.TensorSpec((None,), tf.string, name="sex")])
export_dir_4 = lesson.scratch / "columns"
archive_4.write_out(export_dir_4, verbose=False)
# </solution>
lesson.q4.check(export_dir_4)

# %% [markdown]
# Second, steps that belong to training, such as noise that makes a model robust. Third, a Python
# value that changes later:


# %%
noise = tf.keras.layers.GaussianNoise(0.5)
noisy = tf.keras.Sequential([tf.keras.Input((7,)), noise, model])
limit = 0.3
sure = tf.function(lambda features: tf.reduce_max(model(features), axis=1) > limit, seven)
prepared = by_hand(clients, known)
before = sure(prepared).numpy().sum()
limit = 2.0  # no probability is as large as that
print("sure of", before, "and then of", sure(prepared).numpy().sum())

home = tf.keras.export.ExportArchive()
home.track(model)
home.add_endpoint("in_training", lambda features: noisy(features, training=True), seven)
home.add_endpoint("in_use", lambda features: noisy(features), seven)
home.add_endpoint("sure", sure)
home.write_out(lesson.scratch / "home", verbose=False)
loaded = tf.saved_model.load(lesson.scratch / "home")
for door in (loaded.in_training, loaded.in_use):
    print("the same answer twice:", np.array_equal(door(prepared), door(prepared)))
from_signature = loaded.signatures["sure"](features=prepared)["output_0"]
print("sure of", from_signature.numpy().sum(), "and of", loaded.sure(prepared).numpy().sum())

# %% [markdown]
# A door that calls the model with `training=True` gives every caller other noise; leave it out,
# as `model.export` does. And the limit was written into the graph at the first call: 2.0 changed
# nothing. In the export it is worse, one artifact with two answers. Its signature has the old
# limit; the attribute was traced again while saving and has the new one. What is to change later
# is an input, or a `tf.Variable`.
#
# ### Exercise 5: diagnose
#
# A colleague did three `steps` by hand before she asked her model, and it named the species of
# 343 of the 344 penguins. `found_dir` is her export. It takes the same four columns, raises no
# error, and gets fewer right. Two of the steps are inside, one was left out: which? Then export a
# `classify` with all three inside, which takes the rows as they are in the file, however their
# words are spelt: `Dream`, `DREAM`, `dream` or `dREAM`. For every row it answers as `found_dir`
# does after the missing step. Leave `found_dir` and `rows` as they are. The Python and the session
# reader will do; one of the three steps does not cross to LiteRT.

# %%
found_dir = lesson.q5.given()


def fill(rows):
    return rows | {
        name: np.nan_to_num(rows[name], nan=np.nanmean(rows[name])) for name in MEASUREMENTS
    }


steps = {"gaps": fill, "kilograms": in_kilograms, "capitals": in_capitals}
# > left_out = ...  # one of "gaps", "kilograms", "capitals"
# > repaired_dir = ...  # an export with a door classify, all steps inside
# <solution>
for name, step in steps.items():
    stepped = {column: step(rows)[column] for column in RAW}
    answer = readers.run(found_dir, "classify", stepped)["species"].astype(str)
    print(f"{name:<10}", (answer == rows["species"]).sum())
left_out = "capitals"
found = tf.saved_model.load(found_dir)


def repaired(bill_length_mm, body_mass_g, island, sex):
    words = tf.strings.upper(island), tf.strings.upper(sex)
    return found.classify(bill_length_mm, body_mass_g, *words)


archive_5 = tf.keras.export.ExportArchive()
archive_5.track(found)
archive_5.add_endpoint("classify", repaired, raw_columns)
repaired_dir = lesson.scratch / "repaired"
archive_5.write_out(repaired_dir, verbose=False)
# </solution>
lesson.q5.check(left_out, repaired_dir)

# %% [markdown]
# ## What you can do now
#
# - **Say what skew costs**: the same row prepared in two places, in two ways. No error, and here
#   between 6 and 57 penguins in 100.
# - **Put the preparation inside**: `Normalization`, `StringLookup`, a door for raw rows, and one
#   for prepared features beside it.
# - **Accept gaps and new words**: `tf.math.is_nan` with `tf.where`; a lookup with room for
#   unknown words, and the column for them left out.
# - **Say where the vocabulary is**: a list in the graph, for every reader; a file in `assets/`,
#   which moves with the export, is read while loading, and is never there for LiteRT.
# - **Leave at home** functions of Python, steps of training, and values that change later.
#
# **Try your own.** In a terminal, in the folder of the course, `.venv/bin/python -m
# helpers.readers DIRECTORY` puts every door of *your* export to the three readers. (It makes up
# the words, so a lookup that refuses unknown ones fails here.)
#
# [Lesson 04: inside the artifact](04_inside_the_artifact.ipynb) · Next: [lesson 06, the error
# clinic](06_error_clinic.ipynb)
