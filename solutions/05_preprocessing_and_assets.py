# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Preprocessing and assets: send raw rows to a model
#
# In your test, a model names the right species for 99 % of the penguins. Then an app sends the body
# mass in kilograms, not in grams. Now the model is right for 42 %, and no program reports an error.
#
# ![The model is right for 99 % with masses in g, and for 42 % with masses in
# kg.](../notebooks/images/skew.svg)
#
# After this lesson you can
#
# - estimate and measure what a mistake in the preprocessing costs (exercise 1)
# - export a signature for raw rows with missing values and unknown words (exercise 2)
# - predict which changes of files change a vocabulary (exercise 3)
# - find a preprocessing step that an export lacks, and add it (exercise 4)
# - export a model of photos without the steps that only training needs (exercise 5)
#
# **45 minutes**, 29 of them for the exercises. Builds on [lesson 03](03_many_signatures.ipynb).

# %% [markdown]
# ## The recipe
#
# Make the preprocessing a part of the model. Then every caller sends raw values.
#
# ```python
# from keras import Input, Model, layers
#
# mass = Input((1,), name="body_mass_g")
# island = Input((1,), dtype="string", name="island")
# scaled = layers.Normalization(mean=4200.0, variance=640000.0)(mass)
# words = ["Biscoe", "Dream", "Torgersen"]
# lookup = layers.StringLookup(vocabulary=words, output_mode="one_hot")
# features = layers.Concatenate()([scaled, lookup(island)])
# species = layers.Dense(3, activation="softmax")(features)
# model = Model([mass, island], species)  # train it here
# model.export("raw_rows", verbose=False)
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import show_error, start

lesson = start("05_preprocessing_and_assets")

import numpy as np
import tensorflow as tf

from helpers import readers
from helpers.penguins.data import ISLANDS, RAW, SEXES, SPECIES, penguins
from helpers.penguins.skew import SkewTest, trained_network
from helpers.widgets.signature_caller import signature_caller

readers.warm_up()

# %% [markdown]
# ## What does a raw row look like?
#
# A raw row describes a penguin: its bill in mm, its mass in g, island and sex.
# *Preprocessing* turns a raw row into the numbers that a model takes, here seven:
#
# ![44.9 mm becomes 0.16, 5100 g becomes 1.09, Biscoe becomes 1, 0, 0, and female becomes 1,
# 0.](../notebooks/images/seven_numbers.svg)
#
# A measurement becomes (value - mean) / standard deviation, and a missing measurement counts as the
# mean. Each known word has a column, which is 1 for this word and 0 for others.
#
# ## What does a mistake in the preprocessing cost?
#
# `SkewTest` trains five models, which takes some seconds. Each of 344 penguins is tested with a
# model that has not seen it. In each bar except the first, the caller makes one mistake:

# %%
skew = SkewTest()
skew.chart()

# %% [markdown]
# No mistake raises an error, because the model still gets seven numbers. In the third bar, the
# caller computes the mean and the standard deviation from the penguins of one island. In the last
# two bars, the caller loses a fifth of the measurements, and writes the mean instead, or 0 mm and
# 0 g.
#
# When the training and a caller prepare the same row in different ways, this is **training/serving
# skew**. To prevent skew, callers send raw rows, and the export prepares them.
# To avoid wrong units, write the unit into the input's name: `body_mass_g`.
#
# These are three penguins, with the species first ([source and
# licence](https://allisonhorst.github.io/palmerpenguins/)):

# %%
rows = penguins()
for number in (0, 3, 200):
    print(*(rows[name][number] for name in ("species", *RAW)), sep=" | ")

# %% [markdown]
# In the second line, values are missing (`nan`, and `""` for a word).
#
# ### Exercise 1: estimate what a mistake costs (4 min)
#
# Think of a mistake in raw rows that is not in the chart. With this mistake, the share of right
# species should be 0.05 or more below the first bar (0.99).
#
# 1. Write the mistake as a function: it gets `rows`, and returns raw rows with wrong values.
#    `SkewTest` then prepares these rows as in training. `rows` is a dict of NumPy arrays, which
#    hold floats (`bill_length_mm`, `body_mass_g`) or texts (`island`, `sex`).
#    `rows | {"sex": new_column}` is a copy of `rows` with a new column `sex`.
# 2. Compare your mistake with the chart, and write your `estimate`: the share of right species,
#    from 0 to 1. It may differ from the measured share by 0.1.
# 3. Run the cell. The check measures the share with `skew.share_right(mistake)`.


# %%
# > def mistake(rows):
# >     return ...  # the rows as the caller sends them
# >
# >
# > estimate = ...  # a number from 0 to 1
# <solution>
def mistake(rows):
    return rows | {"bill_length_mm": rows["bill_length_mm"] / 10}  # in centimetres


estimate = 0.4
# </solution>
lesson.q1.check(mistake, estimate)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## How does the preprocessing get into an export?
#
# The recipe's model contains the preprocessing. Here, `model` is trained on seven numbers,
# which the course's NumPy code made. So the next cell does the same preprocessing in TensorFlow.
#
# `known` holds the rows of the training. `Normalization` learns the mean and the standard deviation
# with `adapt`. `StringLookup` makes a column for each word of its *vocabulary*, the words that it
# knows. With `num_oov_indices=0`, `StringLookup` makes no column for unknown words (OOV: *out of
# vocabulary*):

# %%
model, known = trained_network()
measured = np.stack([known["bill_length_mm"], known["body_mass_g"]], axis=1)
scaling = tf.keras.layers.Normalization()
scaling.adapt(measured[~np.isnan(measured).any(axis=1)])  # without missing values
options = {"output_mode": "one_hot", "num_oov_indices": 0}
islands = tf.keras.layers.StringLookup(vocabulary=ISLANDS, **options)
sexes = tf.keras.layers.StringLookup(vocabulary=SEXES, **options)


def prepare(bill_length_mm, body_mass_g, island, sex):
    numbers = scaling(tf.stack([bill_length_mm, body_mass_g], axis=1))
    words = tf.concat([islands(island), sexes(sex)], axis=1)
    return tf.concat([numbers, tf.cast(words, tf.float32)], axis=1)


gentoo = {name: rows[name][[200]] for name in RAW}
print(prepare(**gentoo).numpy().round(2))

# %% [markdown]
# These are the seven numbers of the picture. `prepare` uses TensorFlow operations only, so an
# endpoint can call `prepare`. Below, `classify` is the endpoint, `named` finds the most
# probable species, and `export` writes an export with one endpoint.
#
# The specs in `columns` have no name, so each input gets the name of an argument of `classify`:


# %%
def named(probabilities, names):
    species = tf.gather(names, tf.argmax(probabilities, axis=1))
    return {"species": species, "probability": tf.reduce_max(probabilities, axis=1)}


def classify(bill_length_mm, body_mass_g, island, sex):
    return named(model(prepare(bill_length_mm, body_mass_g, island, sex)), SPECIES)


def export(folder, key, function, specs, *parts):
    archive = tf.keras.export.ExportArchive()
    for part in parts:
        archive.track(part)  # all models and layers that the function uses
    archive.add_endpoint(key, function, specs)
    archive.write_out(lesson.scratch / folder, verbose=False)
    return lesson.scratch / folder


numbers, texts = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((None,), tf.string)
columns = [numbers, numbers, texts, texts]
rows_dir = export("rows", "classify", classify, columns, model, scaling, islands, sexes)
for reader in readers.READERS:
    print(reader, readers.run(rows_dir, "classify", gentoo, reader)["species"])

# %% [markdown]
# ## What happens to a missing value or an unknown word?
#
# In the widget, write `NaN` in place of 44.9. Then write 44.9 again, and `"Paulet"` in place of
# `"Biscoe"`:

# %%
signature_caller(tf.saved_model.load(rows_dir), gentoo)

# %% [markdown]
# With `NaN`, the probability is `nan`, and the species is Adelie, the first one. The session and
# LiteRT answer the same. With the unknown island, Python raises an error. What do the session and
# LiteRT do?

# %%
paulet = gentoo | {"island": ["Paulet"]}
print("litert:", readers.run(rows_dir, "classify", paulet, "litert")["species"])
with show_error():
    readers.run(rows_dir, "classify", paulet, "session")

# %% [markdown]
# The session fails, because `num_oov_indices=0` puts a check into the graph. LiteRT answers,
# because the conversion to LiteRT removes this check. Without `num_oov_indices=0`, a lookup has no
# such check, and makes one more column:

# %%
lookup = tf.keras.layers.StringLookup(vocabulary=ISLANDS, output_mode="one_hot")
print(lookup(tf.constant(["Dream", "Paulet"])).numpy())

# %% [markdown]
# The first column is 1 for all unknown words. `model` has no input for this column, so `[:, 1:]`
# removes the column. Then an unknown word is 0 in all other columns.
# `tf.where(tf.math.is_nan(x), value, x)` replaces each `nan` in `x`.
#
# ### Exercise 2: accept every row (7 min)
#
# Export `classify` again, with the same `model` and outputs. A missing measurement (`nan`) counts
# as the mean of `known`. A word that is unknown or missing (`""`) is 0 in all columns. Other rows
# get the same answers as before, in all three readers. Call your function once before the export,
# so that its new layers are built.


# %%
# > export_dir_2 = ...  # an export with the signature classify
# <solution>
lookup_sex = tf.keras.layers.StringLookup(vocabulary=SEXES, output_mode="one_hot")


def classify_all(bill_length_mm, body_mass_g, island, sex):
    scaled = scaling(tf.stack([bill_length_mm, body_mass_g], axis=1))
    scaled = tf.where(tf.math.is_nan(scaled), 0.0, scaled)  # 0 is the mean
    words = tf.concat([lookup(island)[:, 1:], lookup_sex(sex)[:, 1:]], axis=1)
    return named(model(tf.concat([scaled, tf.cast(words, tf.float32)], axis=1)), SPECIES)


classify_all(**gentoo)
parts = model, scaling, lookup, lookup_sex
export_dir_2 = export("all_rows", "classify", classify_all, columns, *parts)
# </solution>
lesson.q2.check(export_dir_2)

# %% [markdown]
# ## Where does an export store a vocabulary?
#
# A vocabulary can come from a list, or a file with one word per line:


# %%
def export_lookup(name, vocabulary):
    layer = tf.keras.layers.StringLookup(vocabulary=vocabulary, output_mode="one_hot")
    layer(tf.constant(["Dream"]))
    return export(name, "columns", lambda island: layer(island)[:, 1:], [texts], layer)


words_file = lesson.scratch / "islands.txt"
words_file.write_text("\n".join(ISLANDS))
for name, vocabulary in {"listed": ISLANDS, "filed": str(words_file)}.items():
    assets = export_lookup(name, vocabulary) / "assets"
    print(name, [path.name for path in assets.iterdir()])

# %% [markdown]
# ![A list's words are in saved_model.pb, for all readers. A file's words are in
# assets/islands.txt, for Python and the session.](../notebooks/images/vocabulary.svg)
#
# The words of a list are in the graph. A file is copied into the folder `assets` of the export.
# Such a copy is an *asset*. The export finds the asset in its own folder, so you can move or zip
# the export:

# %%
moved = (lesson.scratch / "filed").rename(lesson.scratch / "moved")
print(readers.run(moved, "columns", {"island": ["Dream"]}, "session")["output_0"])
with show_error():
    readers.run(moved, "columns", {"island": ["Dream"]}, "litert")

# %% [markdown]
# The LiteRT file does not hold the asset, so LiteRT has no words. Python and the session make a
# table from the asset's lines, so the asset needs at least one line. The graph stores the number of
# columns, so a word that you add at the end of the asset is 0 in all columns. Without the asset,
# the export cannot be loaded:

# %%
(moved / "assets" / "islands.txt").unlink()
with show_error():
    readers.run(moved, "columns", {"island": ["Dream"]}, "session")

# %% [markdown]
# ### Exercise 3: predict six changes (4 min)
#
# Think of two exports, made as above: `listed` from a list, and `filed` from `islands.txt`. In
# Python, you send the island Torgersen to an export, and get three numbers. Predict what you get
# after each change: the same numbers (`"same"`), different numbers (`"other"`), or an error
# (`"error"`). Each change starts from new exports, and nothing is exported again. *Emptied* means:
# without lines.

# %%
# > prediction = {  # "same", "other" or "error"
# >     "filed: islands.txt, which you wrote, is deleted": ...,
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
# ## Does an export lack a step?
#
# Test each step alone: do this step by hand, and call the export. Only the missing step makes the
# answers better.
#
# ### Exercise 4: find the missing step, and add it (7 min)
#
# A colleague's training did three steps: *gaps* replaces a missing measurement by the mean,
# *kilograms* divides the mass by 1000, and *capitals* writes words in capital letters. The
# signature `classify` of her export does two of these steps.
#
# 1. `steps` has a function for each step, which takes `rows` and returns the four columns after
#    this step. To do *gaps* by hand, call `answers = found.classify(**steps["gaps"](rows))`.
# 2. Count how often `answers["species"].numpy().astype(str)` equals `rows["species"]`. With the
#    missing step, 343 of 344 are right. Which step is `left_out`?
# 3. Export a `classify` that does the missing step with `tf.where`, `/` or `tf.strings.upper`, and
#    calls `found.classify`. For *gaps*, use the means of `rows` (`np.nanmean`). Track `found`,
#    because it has lookup tables. The check does not call LiteRT.

# %%
found_dir, steps = lesson.q4.given()
found = tf.saved_model.load(found_dir)
# > left_out = ...  # "gaps", "kilograms" or "capitals"
# > repaired_dir = ...  # an export with the signature classify that does all three steps
# <solution>
for name, step in steps.items():
    species = readers.run(found_dir, "classify", step(rows))["species"].astype(str)
    print(name, (species == rows["species"]).sum())
left_out = "capitals"


def classify_in_capitals(bill_length_mm, body_mass_g, island, sex):
    words = tf.strings.upper(island), tf.strings.upper(sex)
    return found.classify(bill_length_mm, body_mass_g, *words)


repaired_dir = export("repaired", "classify", classify_in_capitals, columns, found)
# </solution>
lesson.q4.check(left_out, repaired_dir)

# %% [markdown]
# ## Which steps must stay out of an export?
#
# **Python functions.** `tf.numpy_function` and `tf.py_function` call a Python function. The graph
# holds only a key. Only the process that wrote the export can find the function with this key:


# %%
def in_kilograms(grams):
    return tf.numpy_function(lambda mass: mass / 1000, [grams], tf.float32)


called_dir = export("called", "in_kilograms", in_kilograms, [numbers])
print("here:", tf.saved_model.load(called_dir).in_kilograms([5000.0]).numpy())
with show_error():
    readers.run(called_dir, "in_kilograms", {"grams": [5000.0]}, "python")

# %% [markdown]
# `readers.run` called the export in a second process. Use TensorFlow operations instead, here
# `grams / 1000`.
#
# **Custom operations** of another library are stored only by their names, so a reader without this
# library gives an error.
#
# ## May an export change photos at random?
#
# Random changes belong to training only. The endpoint `light` has three steps:
#
# 1. decode the photos: `tf.map_fn` calls `read` for each photo
# 2. change the brightness at random with `brighter`
# 3. return the mean of each photo's pixels


# %%
def read(photo):
    image = tf.io.decode_image(photo, channels=3, expand_animations=False)
    return tf.image.resize(image, (8, 8))


def light(photos):
    images = tf.map_fn(read, photos, fn_output_signature=tf.float32)
    return tf.reduce_mean(brighter(images), axis=(1, 2, 3))


layers = [tf.keras.Input((8, 8, 3)), tf.keras.layers.RandomBrightness(0.5)]
brighter = tf.keras.Sequential(layers)
photo = tf.io.encode_png(np.full((20, 30, 3), 120, np.uint8)).numpy()
loaded = tf.saved_model.load(export("photos", "light", light, [texts], brighter))
print("same answer twice:", bool(loaded.light([photo]) == loaded.light([photo])))

# %% [markdown]
# The same photo gets two answers. In Keras 3.15, layers such as `RandomBrightness` and `RandomFlip`
# are random unless the call says `training=False`. `model.predict` says `training=False`, but
# `model.export` does not. So export an endpoint that calls `model(images, training=False)`.
#
# Functions such as `tf.image.random_brightness` are always random.
#
# ### Exercise 5: export a model of photos (7 min)
#
# `photo_model` takes prepared photos, and returns a probability for each of `names`. It has a layer
# `RandomFlip`. `code` shows how its training prepared a photo. Export `classify` with the input
# `photos`, any number of encoded photos (PNG or JPEG), and the outputs `species` and `probability`.
# The check does not call LiteRT.

# %%
photo_model, names, code = lesson.q5.given()
print(code)


# %%
# > export_dir_5 = ...  # an export with the signature classify
# <solution>
def prepare_photo(photo):
    image = tf.io.decode_image(photo, channels=3, expand_animations=False)
    return tf.image.resize(image, (32, 32)) / 127.5 - 1.0


def classify_photos(photos):
    images = tf.map_fn(prepare_photo, photos, fn_output_signature=tf.float32)
    return named(photo_model(images, training=False), names)


export_dir_5 = export("labels", "classify", classify_photos, [texts], photo_model)
# </solution>
lesson.q5.check(export_dir_5)

# %% [markdown]
# ## What you can do now
#
# - **Measure a mistake**: count the right answers.
# - **Export for raw rows**: `Normalization`, `StringLookup` and `tf.where`.
# - **Predict a vocabulary**: a list is in the graph, and a file becomes an asset.
# - **Find a missing step**: do each step alone.
# - **Keep out** Python functions, custom operations and random changes.

# %% [markdown]
# [Lesson 04: inside the artifact](04_inside_the_artifact.ipynb) · Next: [lesson 06, the error
# clinic](06_error_clinic.ipynb)
#
# Official documents: [Keras: preprocessing
# layers](https://keras.io/guides/preprocessing_layers/) · [Rules of machine learning:
# training-serving
# skew](https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew)
