# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: ship the penguin model
#
# A zoo needs your penguin model in its app. The app sends raw rows, many people use it, and a wrong
# answer raises no error. In this lesson you ship the model, and one command tests whether it is
# ready.
#
# ![You deliver a folder with two exports and rollout.json. The readers, a server and a router try
# it.](../notebooks/images/capstone.svg)
#
# After this lesson you can
#
# - say which requirement a draft misses (exercise 1)
# - export a model that meets a brief (exercise 2)
# - export a second version that may replace the first one (exercise 3)
# - plan how a few users get the second version first (exercise 4)
#
# **60 minutes**, 45 of them for the exercises. Builds on lessons
# [05](05_preprocessing_and_assets.ipynb), [07](07_silent_failures.ipynb),
# [08](08_serving.ipynb) and [09](09_rollout.ipynb).

# %% [markdown]
# ## The recipe
#
# Before you ship an export, load it without your code. Try no row, one row and many rows, and
# measure its size:
#
# ```python
# from pathlib import Path
# import keras
# import tensorflow as tf
# model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
# model.export("models/1", verbose=False)
# loaded = tf.saved_model.load("models/1")
# for count in (0, 1, 1000):
#     assert loaded.serve(tf.zeros((count, 2))).shape == (count, 1)
# files = [path for path in Path("models/1").rglob("*") if path.is_file()]
# print(sum(path.stat().st_size for path in files), "bytes")
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import start

lesson = start("12_capstone")

import json

import numpy as np
import tensorflow as tf

from helpers import readers
from helpers.penguins.data import ISLANDS, SEXES, SPECIES, one_hot
from helpers.serving.rollout.plan import Plan
from helpers.teaching.assess import assess
from helpers.teaching.assess.brief import training_penguins
from helpers.training import train

readers.warm_up()

# %% [markdown]
# ## What does the brief ask for?
#
# The zoo's app and its phones call three endpoints. Each input and output has one value for each
# row, so its shape is `(None,)`. Only the output `probabilities` has the shape `(None, 3)`, with
# the columns Adelie, Chinstrap and Gentoo.
#
# | endpoint | inputs | outputs |
# |---|---|---|
# | `classify` | `bill_length_mm`, `body_mass_g`, `island`, `sex` | `species`, `probability` |
# | `probabilities` | `bill_length_mm`, `body_mass_g`, `island`, `sex` | `probabilities` |
# | `measurements` | `bill_length_mm`, `body_mass_g` | `probabilities` |
#
# Measurements and probabilities are `float32`, and words are texts. `probability` is the largest of
# the three probabilities, and `species` is its name.
#
# - A missing measurement is `nan`. It counts as 43.9 mm or 4200 g.
# - A word can come in any case: `"Biscoe"`, `"biscoe"`, `"BISCOE"`. A missing word is `""`, and an
#   unknown word counts as a missing one.
# - `measurements` is for phones, which have no words. It answers what `probabilities` answers when
#   both words are missing.
#
# ## What decides whether the model is ready?
#
# Ten requirements decide. Each of them looks at the folder that you deliver, and not at your code:
#
# | | requirement | what it means | lesson |
# |---|---|---|---|
# | 1 | loads | the gate finds nothing, and another process loads the export | 04 |
# | 2 | endpoints | the names, dtypes and shapes are those of the brief | 02, 03 |
# | 3 | raw rows | gaps and words as in the brief, 95 % of unseen penguins right | 05 |
# | 4 | asset | a file in `assets` holds the islands, and the answers depend on it | 05 |
# | 5 | readers | Python and the session agree, and LiteRT agrees for `measurements` | 07, 10 |
# | 6 | batches | no row, one row or many rows, and no row changes another row's answer | 01 |
# | 7 | size | at most 500 kB in each version | 04 |
# | 8 | versions | one server answers with both, and 2 may replace 1 | 08 |
# | 9 | rollout | few users get version 2, and a version that fails is ended | 09 |
# | 10 | latency | at most 5 times the time of a small model, measured in the same run | 11 |
#
# `assess` tries them. `base` is the folder that you deliver, and it does not exist yet:

# %%
base = lesson.scratch / "penguins"
assess(base)

# %% [markdown]
# A requirement that could not be tried is not met. In a terminal,
# `python -m helpers.teaching.assess FOLDER` prints the same report, with the measured figures. Your
# instructor uses this command, too.
#
# ### Exercise 1: predict which requirement fails (5 min)
#
# A colleague wrote seven drafts. Each of them meets the brief, except for one thing. Which
# requirement finds it? Write its name from the table, such as `"loads"`.

# %%
# > prediction = {  # the name of a requirement
# >     "the words go to the lookup as they come": ...,
# >     "the islands are a list in the code": ...,
# >     "measurements looks up empty words": ...,
# >     "the mean of the request is subtracted": ...,
# >     "a variable of 200,000 numbers is left over": ...,
# >     "version 2 has the weights of version 1": ...,
# >     "classify computes row by row": ...,
# > }
# <solution>
prediction = {
    "the words go to the lookup as they come": "raw rows",
    "the islands are a list in the code": "asset",
    "measurements looks up empty words": "readers",
    "the mean of the request is subtracted": "batches",
    "a variable of 200,000 numbers is left over": "size",
    "version 2 has the weights of version 1": "versions",
    "classify computes row by row": "latency",
}
# </solution>
lesson.q1.check(prediction)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## What do you start from?
#
# `known` holds 275 penguins for the training. The other 69 penguins are held out, and `assess` uses
# them. The file `islands.txt` holds the islands in small letters:

# %%
known = training_penguins()
words_file = lesson.scratch / "islands.txt"
words_file.write_text("\n".join(ISLANDS).lower())
print(len(known["species"]), "penguins,", words_file.name, words_file.read_text().split())

# %% [markdown]
# `train_network` trains a small network on seven features: two scaled measurements, three columns
# for the island, and two for the sex. Another seed gives other weights:


# %%
def train_network(features, seed):
    tf.keras.utils.set_random_seed(seed)
    hidden = tf.keras.layers.Dense(16, activation="relu")
    out = tf.keras.layers.Dense(3, activation="softmax")
    network = tf.keras.Sequential([tf.keras.Input((7,)), hidden, out])
    train(network, features, one_hot(known["species"], SPECIES), 150, 0.02, progress=False)
    return network


# %% [markdown]
# The next function scales the measurements. It does not fill gaps yet:


# %%
def scale(bill_length_mm, body_mass_g):
    return tf.stack([(bill_length_mm - 43.9) / 5.5, (body_mass_g - 4200.0) / 800.0], axis=1)


print(scale(tf.constant([43.9, np.nan]), tf.constant([5000.0, 4200.0])).numpy())

# %% [markdown]
# ## Which model do you ship?
#
# You may use these functions, or make another model: the ten requirements do not see your code.
#
# ### Exercise 2: export version 1 (22 min)
#
# Export version 1 to `base / "1"`, so that it meets the requirements 1 to 7 and 10. Four steps lead
# there:
#
# 1. Write a function that prepares the four columns: gaps, case, and columns for the words.
# 2. Train a network on `known`, prepared by this function.
# 3. Write the three endpoints. `measurements` uses 0 in all columns for words.
# 4. Export them with `ExportArchive`, and track the network and the lookups.
#
# Run `assess(base)` as often as you like. The check names the first requirement that is not met.

# %%
# > with_version_1 = ...  # base, when it holds your export as the folder 1
# <solution>
options = {"output_mode": "one_hot"}
islands = tf.keras.layers.StringLookup(vocabulary=str(words_file), **options)
sexes = tf.keras.layers.StringLookup(vocabulary=SEXES, **options)


def fill_and_scale(bill_length_mm, body_mass_g):
    numbers = scale(bill_length_mm, body_mass_g)
    return tf.where(tf.math.is_nan(numbers), 0.0, numbers)  # 0 is 43.9 mm, and 4200 g


def prepare(bill_length_mm, body_mass_g, island, sex):
    numbers = fill_and_scale(bill_length_mm, body_mass_g)
    words = islands(tf.strings.lower(island))[:, 1:], sexes(tf.strings.lower(sex))[:, 1:]
    return tf.concat([numbers, *(tf.cast(word, tf.float32) for word in words)], axis=1)


def export(network, folder):
    def classify(bill_length_mm, body_mass_g, island, sex):
        found = network(prepare(bill_length_mm, body_mass_g, island, sex))
        species = tf.gather(SPECIES, tf.argmax(found, axis=1))
        return {"species": species, "probability": tf.reduce_max(found, axis=1)}

    def probabilities(bill_length_mm, body_mass_g, island, sex):
        return {"probabilities": network(prepare(bill_length_mm, body_mass_g, island, sex))}

    def measurements(bill_length_mm, body_mass_g):
        numbers = fill_and_scale(bill_length_mm, body_mass_g)
        words = tf.zeros((tf.shape(numbers)[0], 5))
        return {"probabilities": network(tf.concat([numbers, words], axis=1))}

    number, text = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((None,), tf.string)
    archive = tf.keras.export.ExportArchive()
    for part in (network, islands, sexes):
        archive.track(part)
    archive.add_endpoint("classify", classify, [number, number, text, text])
    archive.add_endpoint("probabilities", probabilities, [number, number, text, text])
    archive.add_endpoint("measurements", measurements, [number, number])
    archive.write_out(folder, verbose=False)


names = ("bill_length_mm", "body_mass_g", "island", "sex")
features = prepare(*(known[name] for name in names)).numpy()
export(train_network(features, seed=1), base / "1")
with_version_1 = base
# </solution>
lesson.q2.check(with_version_1)

# %% [markdown]
# ## When may version 2 replace version 1?
#
# Clients of version 1 use its names, dtypes and shapes, so version 2 keeps all of them. Its answers
# are others, because you trained it again. Requirement 8 compares both versions.
#
# ### Exercise 3: export version 2 (8 min)
#
# Train a second network, and export it to `base / "2"` in the same way: another way can leave out a
# signature, for example `serving_default`. Version 2 meets the requirements 1 to 8 and 10 together
# with version 1.

# %%
# > with_version_2 = ...  # base, when it holds both exports
# <solution>
export(train_network(features, seed=2), base / "2")
with_version_2 = base
# </solution>
lesson.q3.check(with_version_2)

# %% [markdown]
# ## How do users get version 2?
#
# The file `rollout.json` has six fields, for the router and for the experiment:
#
# | field | meaning |
# |---|---|
# | `stable`, `canary` | the version that you trust, and the version on trial |
# | `percent` | the share of the users that get the canary: from 1 to 20 |
# | `max_error_rate`, `window` | when the router ends the canary, see below |
# | `looks` | a list: for each look at the result, how many users both versions have had so far |
#
# The router ends the canary when more than `max_error_rate * window` of its last `window` requests
# have failed.
#
# ### Exercise 4: plan the rollout (10 min)
#
# Write `base / "rollout.json"`. The plan
#
# - ends a canary that fails in every second request, within 100 of its requests
# - keeps a canary that fails in 1 of 100 requests
# - has enough users at the last look. Today, 90 % of the users are content. The experiment must be
#   able to find a difference of 0.02.
#
# `plan = Plan(baseline=..., effect=..., looks=..., share=...)` computes the users of an experiment.
# Here, `looks` is how often you look, which you choose. `share` is the canary's part of the users,
# `percent / 100`. `plan.schedule` has one element for each look, and its `total` is the number for
# the list.

# %%
# > with_plan = ...  # base, when it holds the exports and the plan
# <solution>
plan = Plan(baseline=0.90, effect=0.02, looks=4, share=0.10)
fields = {"stable": 1, "canary": 2, "percent": 10, "max_error_rate": 0.2, "window": 50}
fields["looks"] = [users.total for users in plan.schedule]
(base / "rollout.json").write_text(json.dumps(fields))
with_plan = base
# </solution>
lesson.q4.check(with_plan)

# %% [markdown]
# ## Is it ready?
#
# This is the report of the folder that you deliver:

# %%
report = assess(base)
report

# %% [markdown]
# The last line of the report names what no requirement tries. Before you ship a model of your own,
# try it on your own server and with your own clients, too.
#
# ## What you can do now
#
# - **Read a draft**: ask which request would get another answer.
# - **Meet a brief**: names, raw rows, an asset, readers, batches, size and time.
# - **Replace a version**: the same form, and other answers.
# - **Plan a rollout**: a small share, a guard, and enough users.

# %% [markdown]
# [Lesson 11: performance](11_performance.ipynb) · Back to
# [lesson 00, start here](00_start_here.ipynb)
#
# Official documents: [TensorFlow: SavedModel](https://www.tensorflow.org/guide/saved_model) ·
# [Keras: ExportArchive](https://keras.io/api/models/model_saving_apis/export/) ·
# [TensorFlow Serving: versions](https://www.tensorflow.org/tfx/serving/serving_config)
