# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Rollout: try a new version on a few users first
#
# Version 2 of your model passes all tests. In production, it fails for one request in twenty. If
# only a few users get it, the damage is small, and one line of code returns them to version 1.
#
# ![A router sends 90 % of the users to version 1 (stable), and 10 % to version 2
# (canary).](../notebooks/images/canary_router.svg)
#
# After this lesson you can
#
# - send a fixed share of the users to a new version (exercise 1)
# - find out why a new version fails, and end it automatically (exercise 2)
# - say what an experiment with two versions shows (exercise 3)
# - raise an alarm when live requests differ from the training data (exercise 4)
#
# **45 minutes**, 28 of them for the exercises. Builds on [lesson 03](03_many_signatures.ipynb).

# %% [markdown]
# ## The recipe
#
# By default, TensorFlow Serving loads only the version with the highest number. With the file
# `models.config` and the option `--model_config_file=models.config`, it loads all versions. Then
# you choose a version in the address of each request. Two colleagues try version 2 first.
#
# ```python
# from pathlib import Path
# config = """model_config_list { config {
#   name: "delivery" base_path: "/models/delivery"
#   model_platform: "tensorflow"
#   model_version_policy { all { } } } }"""
# Path("models.config").write_text(config)
# colleagues = {"ann", "bob"}
# for user in ("ann", "eve"):
#     version = 2 if user in colleagues else 1
#     print(user, f"/v1/models/delivery/versions/{version}:predict")
# ```

# %%
import sys

sys.path.insert(0, "..")  # This notebook needs the whole folder of the course around it.
from helpers import start

lesson = start("09_rollout")

import hashlib
import json

import numpy as np
import tensorflow as tf

from helpers.exercises import exercise_server
from helpers.serving.launch.serve import serve, wait_for
from helpers.serving.rollout.plan import Plan, compare
from helpers.serving.rollout.router import Router, bucket
from helpers.serving.rollout.simulation import simulate
from helpers.widgets.canary_slider import canary

exercise_server.warm_up()  # starts the server of exercise 2

# %% [markdown]
# ## Can a server answer with two versions?
#
# The model estimates the minutes of a delivery, from the distance in kilometres and the number of
# parcels. Version 2 looks the distance up in a table with one row for each 10 kilometres.

# %%
base, unfinished = lesson.scratch / "delivery", lesson.scratch / "unfinished"
table = tf.constant([20.0, 50.0, 80.0, 110.0, 140.0])  # minutes


def version_1(orders):
    return {"minutes": 3.0 * orders[:, 0] + 5.0 * orders[:, 1]}


def version_2(orders):
    row = tf.cast(orders[:, 0] / 10.0, tf.int32)
    return {"minutes": tf.gather(table, row) + 5.0 * orders[:, 1]}


def publish(function, number):
    archive = tf.keras.export.ExportArchive()
    spec = tf.TensorSpec((None, 2), tf.float32, name="orders")
    archive.add_endpoint("estimate", function, [spec])
    archive.write_out(unfinished, verbose=False)
    unfinished.rename(base / str(number))  # The server never sees an incomplete version.


base.mkdir()
publish(version_1, 1)
publish(version_2, 2)

# %% [markdown]
# A *model server* loads exports and answers requests. Each version is a folder whose name is a
# number. The policy `all` loads every version:

# %%
config = lesson.scratch / "models.config"
config.write_text(f"""model_config_list {{ config {{
    name: "delivery" base_path: "{base.as_posix()}"
    model_platform: "tensorflow"
    model_version_policy {{ all {{ }} }} }} }}""")
server = serve("delivery", base, model_config_file=config)
wait_for(server.rest, "delivery", 1)  # it loads version 2 first

# %% [markdown]
# `serve` starts the course's server, which imitates TensorFlow Serving. `server.rest` is the
# server's address.
#
# ## Who decides which user gets which version?
#
# TensorFlow Serving does not split traffic: a request without a version gets the highest version.
# So you need a *router*, a program that adds the version to each request. You trust the *stable*
# version. The *canary* is the version on trial:

# %%
router = Router(server.rest, "delivery", stable=1, canary=2, percent=10)
for user in ("ann", "bob"):
    reply = router.predict(user, {"instances": [[12.0, 2.0]]})
    print(user, reply.role, reply.target, reply.status, reply.ok, reply.answer)

# %% [markdown]
# A reply holds the role, the version (`target`), the HTTP status, `ok` for success, and the answer.
#
# ## Why does a user always get the same version?
#
# The router computes a *hash* of the user's name: a number that looks random, but is always the
# same for this name. The hash puts each user into one of 10,000 *buckets*. At 10 %, the canary gets
# the buckets 0 to 999.

# %%
print([(user, bucket(user)) for user in ("ann", "bob", "cem")])
users = [f"user-{number}" for number in range(1000)]
before = {user for user in users if router.route(user).role == "canary"}
router.percent = 25
after = {user for user in users if router.route(user).role == "canary"}
print("canary:", len(before), "then", len(after), "lost it:", len(before - after))

# %% [markdown]
# ![The canary has the buckets 0 to 999 at 10 %, and 0 to 2,499 at 25
# %.](../notebooks/images/buckets.svg)
#
# A larger share adds buckets, so every user of the canary keeps the canary.
#
# Python's `hash()` of a text differs between processes. `hashlib.sha256(user.encode()).hexdigest()`
# is the same everywhere. It returns hexadecimal digits, `int(digits, 16)` makes a number of them,
# and `number % 10_000` makes a bucket.
#
# ### Exercise 1: split the users (5 min)
#
# Write the rule without `bucket`. `in_canary(user, percent)` returns `True` for about `percent` %
# of any set of names, and for the same users in every process. When the percentage grows, the users
# of the canary keep the canary.


# %%
# > # a function of a text and a number from 0 to 100, also 0.5
# > in_canary = ...
# <solution>
def in_canary(user, percent):
    number = int(hashlib.sha256(user.encode()).hexdigest(), 16)
    return number % 10_000 < percent * 100


# </solution>
lesson.q1.check(in_canary)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ## What shows that a canary fails?
#
# `training` holds 1,000 orders, and `live` holds 200 orders of 200 customers. The widget sends the
# live orders through a second router, `watched`. Change the canary's share, and look at the errors.

# %%
chance = np.random.default_rng(0)


def draw_orders(count):
    kilometres = chance.gamma(3, 8, count).round(1)
    return np.column_stack([kilometres, chance.integers(1, 6, count)])


training, live = draw_orders(1000), draw_orders(200)
bodies = {f"customer-{n:03}": {"instances": live[[n]].tolist()} for n in range(200)}
watched = Router(server.rest, "delivery", stable=1, canary=2, percent=25)
widget = canary(watched, bodies.get)
stable, trial = watched.statistics()
widget

# %% [markdown]
# The next cell
#
# - prints `stable` and `trial`, the counts of `watched` at 25 %
# - sends an order of 62 km for Ann through `router`, which gives Ann the canary
# - ends the canary of `router` with `rollback`.

# %%
for v in stable, trial:
    print(f"{v.name}: {v.errors} of {v.requests} failed, error_rate {v.error_rate:.3f}")
reply = router.predict("ann", {"instances": [[62.0, 1.0]]})
print(reply.ok, reply.error.split(" [[")[0])
router.rollback()

# %% [markdown]
# The error text says why the canary fails: the table of version 2 has the rows 0 to 4, but 62 km
# needs row 6.
#
# ## Which difference is more than chance?
#
# A *guard* is a program that ends a bad canary.
#
# Clients also send wrong requests, which both versions refuse. Each refusal counts as an error, so
# a fixed limit for errors would also end good canaries. A guard compares both error rates.
#
# The *standard error* says how far chance moves a rate. For the error rate `r` of `n` requests, the
# standard error is about `(r * (1 - r) / n) ** 0.5`.
#
# The difference of two rates has a standard error, too: add the squares of both standard errors,
# and take the square root. How many standard errors is our difference?

# %%
squares = [v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, trial)]
print(round((trial.error_rate - stable.error_rate) / sum(squares) ** 0.5, 1))

# %% [markdown]
# Chance rarely makes a difference of more than 3 standard errors, so 3 is the limit of our guard.
# Our difference is 1.8, so this guard would not end our canary.
#
# ### Exercise 2: diagnose, and end the canary (10 min)
#
# **First, find the cause.** `other_router` sends 20 % of the users to a canary of another model.
# `requests` holds 200 pairs (customer, rows). The canary refuses some requests that the stable
# version answers. What do these requests have in common?
#
# - Send some requests again. Print `reply.role`, `reply.ok` and the rows.
# - Compare the canary's refused rows with its answered rows.
# - Send the refused rows for a customer whose `reply.role` is `stable`.
#
# **Then write `guard(router)`.** It ends a canary that fails more often than the stable version,
# and no other. `router.statistics()` returns two objects (stable, canary) with `requests` and
# `error_rate`. This rule is enough:
#
# - If the canary has fewer than 50 requests, do nothing: the standard error is too inexact.
# - Otherwise, call `router.rollback()` if the canary's error rate is more than 3 standard errors
#   above the stable version's.
#
# `guard` needs no loop: the check calls `guard` after every 100 requests, with other routers. The
# standard error can be 0, so do not divide by it. To try `guard`, send all `requests` two more
# times.

# %%
other_router, requests = lesson.q2.given()
for customer, rows in requests:
    other_router.predict(customer, {"instances": rows})
print([(v.name, v.errors, v.requests) for v in other_router.statistics()])
# > cause = ...  # "several rows", "negative numbers", "large numbers" or "words"
# > guard = ...  # a function of a router
# <solution>
for customer, rows in requests[:60]:
    reply = other_router.predict(customer, {"instances": rows})
    if reply.role == "canary":
        print(reply.ok, rows)
cause = "several rows"


def guard(router):
    stable, trial = router.statistics()
    if trial.requests >= 50:
        both = [v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, trial)]
        if trial.error_rate - stable.error_rate > 3 * sum(both) ** 0.5:
            router.rollback()


# </solution>
lesson.q2.check(cause, guard)

# %% [markdown]
# ## Is the new version better?
#
# Customers see the minutes before they order. After version 1's answer, 10 of 100 customers
# ordered, and after version 2's answer, 12 of 100. `compare` gets (customers who ordered, all
# customers) of each version. The second comparison has more customers:

# %%
for found in (compare((10, 100), (12, 100)), compare((400, 4000), (480, 4000))):
    print(f"{found.difference:+.1%}, interval {found.low:+.1%} to {found.high:+.1%}")
    print("z =", round(found.z, 1), "differs:", found.differs)

# %% [markdown]
# In 95 % of all experiments, the *interval* contains the true difference. The first interval
# contains 0, so version 2 may be better or worse. The second interval is above 0, so version 2 is
# probably better.
#
# *z* is the difference, measured in standard errors. `differs` is `True` if z is outside −1.96 to
# 1.96. For equal versions, `differs` is `True` in 5 % of the comparisons.
#
# ## May you stop an experiment early?
#
# A `Plan` computes how many customers you need to find a rise from 10 % to 12 %.
#
# A *look* compares all data so far. What if you take ten looks while customers arrive, and stop at
# the first difference? Each look can find a wrong difference. So a *corrected* plan requires a
# larger z at each look:
#
# ![Equal versions: at look 4, z is above 1.96, but below the corrected
# limit.](../notebooks/images/ten_looks.svg)
#
# `simulate` tries 2,000 such experiments with two **equal** versions, so every reported difference
# is wrong. Guess first: how many experiments report one?

# %%
for corrected in (False, True):
    plan = Plan(baseline=0.10, effect=0.02, looks=10, corrected=corrected)
    found = simulate(plan, stable_rate=0.10, canary_rate=0.10).found
    print(f"corrected: {corrected}, {plan.users.total:,} customers, wrong: {found:.0%}")

# %% [markdown]
# Without the correction, 18 % of the experiments report a wrong difference, and with the correction
# 5 %. To stop early, fix the looks before the experiment, and use a corrected plan.
#
# ## When is a comparison wrong?
#
# A comparison is wrong if the users were not split as planned. So do the *sample-ratio check*
# first.
#
# At a planned split of 50 %, this check computes `z = (a - b) / (a + b) ** 0.5` from the numbers of
# users: `a` of the stable version, `b` of the canary. For 525 and 375 users, z is 150 / 30 = 5. If
# z is outside −3 to 3, the split is almost certainly broken.
#
# ### Exercise 3: predict what five experiments show (5 min)
#
# Each version should get half of the users, and there was one look. Each experiment holds
# (customers who ordered, all customers) of the stable version, then of the canary. Give each
# verdict. You may call `compare`.

# %%
experiments = lesson.q3.given()
print(*experiments.items(), sep="\n")
# > # "canary is better", "stable is better", "no difference shown" or "broken split"
# > prediction = {"a": ..., "b": ..., "c": ..., "d": ..., "e": ...}
# <solution>
for name, (stable, trial) in experiments.items():
    ratio = (trial[1] - stable[1]) / (trial[1] + stable[1]) ** 0.5
    print(name, round(ratio, 1), compare(stable, trial))
prediction = {"a": "no difference shown", "b": "broken split", "c": "canary is better"}
prediction |= {"d": "no difference shown", "e": "stable is better"}
# </solution>
lesson.q3.check(prediction)

# %% [markdown]
# ## Do live requests look like the training data?
#
# *Skew*: from the first day, live requests are unlike the training data. *Drift*: live requests
# change with time. Both can cause wrong answers without an error. So store the statistics of the
# training data in the export, in `assets.extra`, which loading ignores. In production, write the
# statistics before you publish, unlike here:

# %%
columns = {"distance_km": training[:, 0], "parcels": training[:, 1]}
statistics = {name: {"mean": c.mean(), "std": c.std()} for name, c in columns.items()}
file = base / "1" / "assets.extra" / "training_statistics.json"
file.parent.mkdir(exist_ok=True)
_ = file.write_text(json.dumps(statistics))

# %% [markdown]
# ![Training writes its statistics into the export. A program compares them with live
# requests.](../notebooks/images/travelling_statistics.svg)
#
# A new app sends miles in place of kilometres. `shift` is the live mean minus the training mean,
# measured in training standard deviations. Our limit is 0.5, up or down:

# %%
stored = json.loads(file.read_text())["distance_km"]
for unit, distances in {"kilometres": live[:, 0], "miles": live[:, 0] * 0.62}.items():
    shift = (distances.mean() - stored["mean"]) / stored["std"]
    print(f"{unit}: {shift:+.2f} standard deviations")

# %% [markdown]
# A *range check* works for a single row, and can be an output of the export. All users get version
# 3 now:

# %%
low, high = training.min(axis=0), training.max(axis=0)


def version_3(orders):
    in_range = tf.reduce_all((orders >= low) & (orders <= high), axis=1)
    return {**version_1(orders), "in_range": in_range}


publish(version_3, 3)
wait_for(server.rest, "delivery", 3)
router.start_canary(3, percent=100)
reply = router.predict("ann", {"instances": [[12.0, 2.0], [12_000.0, 2.0]]})
print(*reply.answer["predictions"], sep="\n")

# %% [markdown]
# The second distance is in metres. The client sees `False`, and can correct the request. Most
# distances in miles are in the range, so also compare the means.
#
# `promote` makes version 3 stable. Then no canary is left, so `rollback` undoes `promote`:

# %%
router.promote()
router.rollback()
print(*router.history, sep="\n")

# %% [markdown]
# ### Exercise 4: raise an alarm (8 min)
#
# `penguin_dir` is an export. Its `assets.extra/training_statistics.json` holds `mean` and `std` of
# columns. `monday` and `tuesday` hold live rows: arrays by the name of the column.
#
# Write `alarm(export_dir, live)`. It returns a list: the names of the columns whose mean is more
# than 0.5 training standard deviations away from the training mean, in any order. `np.nanmean`
# ignores missing values (`nan`). Ignore columns without statistics.

# %%
penguin_dir, monday, tuesday = lesson.q4.given()


# > alarm = ...  # a function of a Path and a dict of arrays
# <solution>
def alarm(export_dir, live):
    file = export_dir / "assets.extra" / "training_statistics.json"
    names = []
    for name, trained in json.loads(file.read_text()).items():
        if abs(np.nanmean(live[name]) - trained["mean"]) > 0.5 * trained["std"]:
            names.append(name)
    return names


# </solution>
lesson.q4.check(alarm)

# %% [markdown]
# <details><summary>What changes on several machines?</summary>
#
# KServe runs model servers on several machines (`helpers/serving/rollout/kserve.yaml`). KServe
# splits requests, not users, so a user can get both versions.
#
# </details>
#
# ## What you can do now
#
# - **Split the users**: give the canary the low buckets of a hash.
# - **End a bad canary**: compare both error rates.
# - **Read an experiment**: check the split first.
# - **Watch the inputs**: store training statistics in the export.

# %% [markdown]
# [Lesson 08: serving](08_serving.ipynb) · Next:
# [lesson 10, other runtimes](10_other_runtimes.ipynb)
#
# Official documents:
# [TensorFlow Serving: versions](https://www.tensorflow.org/tfx/serving/serving_config) ·
# [TensorFlow: versions](https://www.tensorflow.org/guide/versions)
