# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Rollout: a canary, a decision, and the way back
#
# After this lesson you can
#
# - give a part of your users a canary, and end it when it errs;
# - say how many users a comparison of two versions needs, and when you may stop;
# - say what moves to a real TensorFlow Serving, and to many machines.
#
# **45 minutes.** Builds on [lesson 08](08_serving.ipynb).

# %%
import sys

sys.path.insert(0, "..")  # the course's helpers lie beside this folder
from helpers import start

lesson = start("09_rollout")

from pathlib import Path

import grpc
import numpy as np
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

from helpers.exercises import exercise_server
from helpers.models import MultiSignatureModel
from helpers.serving.launch.serve import serve, wait_for
from helpers.serving.rollout.plan import Plan, compare, users_needed
from helpers.serving.rollout.router import Router, bucket
from helpers.serving.rollout.simulation import simulate
from helpers.widgets.canary_slider import canary

exercise_server.warm_up()

# %% [markdown]
# ## Which versions are served?
#
# Versions 2 and 6 of the shop's model of lesson 08. Version N answers 2·(x0 + x1) + N.


# %%
def shop(number):
    model = MultiSignatureModel()
    model(np.zeros((1, 2), np.float32))
    model.set_weights([np.float32([[2], [2]]), np.float32([number])])
    return model


base = lesson.scratch / "shop"
for number in (2, 6):
    shop(number).export(base / str(number), verbose=False)
server = serve("shop", base, max_num_load_retries=0)
request = model_management_pb2.ReloadConfigRequest()
text_format.Parse(
    f"""model_config_list {{ config {{
        name: "shop" base_path: "{base.as_posix()}" model_platform: "tensorflow"
        model_version_policy {{ specific {{ versions: 2 versions: 6 }} }} }} }}""",
    request.config,
)
models = model_service_pb2_grpc.ModelServiceStub(grpc.insecure_channel(server.grpc))
models.HandleReloadConfigRequest(request, timeout=30)
for number in (2, 6):
    wait_for(server.rest, "shop", number)
one = {"instances": [[1.0, 1.0]]}

# %% [markdown]
# ## Who gets the canary?
#
# Whoever names its version or label: the server does not choose. A *router* in front of it, or in
# the client, sends a small part of the users to the new version, the *canary*. Always the same
# users: a hash of the name puts each into one of 10,000 buckets, and the canary takes the lowest.

# %%
router = Router(server.rest, "shop", stable=2, canary=6, percent=10)
print([bucket(name) for name in ("ann", "bob", "cem")])
users = [f"user-{number}" for number in range(1000)]
before = {user for user in users if router.route(user).role == "canary"}
router.percent = 25
after = {user for user in users if router.route(user).role == "canary"}
print(len(before), "users, then", len(after), "and the first are among them:", before <= after)

for user in users[:200]:
    router.predict(user, one)
router.report(latency=False)

# %%
canary(router, lambda customer: one)

# %% [markdown]
# Change the share of the canary. Counts, errors and times are what you look at while a canary
# runs, before anybody asks whether it sells more. `router.rollback()` gives everyone the stable
# version, from the next request on, since nothing has to be loaded; `Router(...,
# max_error_rate=0.05)` does it by itself.
#
# ### Exercise 1: the rule
#
# Write the rule yourself, without `bucket`: `in_canary(user, percent)` is `True` for about that
# part of any set of names. Always for the same ones, in every process; and when the percentage
# grows, whoever was in stays in. The rule leaves the random generators that all code shares as
# they are.

# %%
import hashlib


# > in_canary = ...  # a function of a text and a number from 0 to 100, 0.5 too; True or False
# <solution>
def in_canary(user, percent):
    number = int(hashlib.sha256(user.encode()).hexdigest(), 16)
    return number % 10_000 < percent * 100


# </solution>
lesson.q1.check(in_canary)  # also: lesson.q1.hint(), lesson.q1.solution()

# %% [markdown]
# ### Exercise 2: diagnose, and end it
#
# `orders` is the router of another model, whose canary of 20 % errs; `requests` has 200 customers
# and their rows. What have the requests in common that *only the canary* refuses? (Callers' own
# mistakes are refused by both.) `orders` is a new router each time the cell runs. In a cell below
# you can watch it, too: `canary(orders, lambda name: {"instances": dict(requests)[name]})`.
#
# Then write `guard(router)`. It is called after every 100 requests; it ends a canary that errs
# more than the stable version does, and no other. In it, `stable, canary = router.statistics()`;
# each has `.requests`, `.errors` and `.error_rate`. Small numbers mislead: after 100 requests the
# canary has had about 20, and one error more proves nothing. So the check lets your guard watch
# many good canaries, too, some with another version number or another share of the users. And it
# lets your guard watch a canary that fails in only 4 more requests of 100, until enough requests
# show it.

# %%
orders, requests = lesson.q2.given()
for customer, rows in requests:
    orders.predict(customer, {"instances": rows})
print(orders.counts())
# > cause = ...  # "several rows", "negative numbers", "large numbers" or "words"
# > guard = ...  # a function of a router
# <solution>
for customer, rows in requests[:60]:
    reply = orders.predict(customer, {"instances": rows})
    if reply.role == "canary":
        print("ok   " if reply.ok else "error", rows)
cause = "several rows"


def guard(router):
    stable, canary = router.statistics()
    if canary.requests >= 50:
        variance = sum(v.error_rate * (1 - v.error_rate) / v.requests for v in (stable, canary))
        if canary.error_rate - stable.error_rate > 3 * variance**0.5:
            router.rollback()


# </solution>
lesson.q2.check(cause, guard)

# %% [markdown]
# ## Is the new version better?
#
# It does not err; does it *sell* more? Ten customers in a hundred buy with version 2. Two more
# would be worth having. How many customers does it take to see that, and what happens when you
# look every day and stop as soon as it looks good?

# %%
print("canary of 50 %:", users_needed(0.10, 0.02))
print("canary of 10 %:", users_needed(0.10, 0.02, share=0.1))
print(compare((10, 100), (12, 100)))
print(compare((400, 4000), (480, 4000)))
for corrected in (False, True):
    plan = Plan(0.10, 0.02, looks=10, corrected=corrected)
    print("two equal versions,", "corrected:" if corrected else "ten looks:", end=" ")
    print(simulate(plan, 0.10, 0.10))

# %% [markdown]
# Thousands, and many more when the canary's part is small: a canary guards against harm, a
# comparison wants halves. And looking often is not free. Of two versions that are *equal*, nearly
# one experiment in five "found" a difference at one of ten looks. A `Plan` fixes the looks
# beforehand, and asks for more at the early ones. Count users, not requests: those of one person
# belong together.
#
# Here is one experiment, with made-up customers: version 2 sells to 10 %, version 6 to 12.5 %.
# Another `salt` puts everyone into a new bucket, so that not the same people get every canary.

# %%
trial = Router(server.rest, "shop", stable=2, canary=6, percent=50, salt="trial")
plan, rate = Plan(0.10, 0.02, looks=5), {"stable": 0.10, "canary": 0.125}
chance, sold, number = np.random.default_rng(0), {"stable": [], "canary": []}, 0
for look, due in enumerate(plan.schedule, 1):
    while number < due.total:
        role = trial.route(f"customer-{number}").role
        sold[role].append(chance.random() < rate[role])
        number += 1
    decision = plan.look(look, *((sum(arm), len(arm)) for arm in sold.values()))
    print(decision)
    if decision.stop:
        break

trial.promote()
print(trial.history[-1])
trial.rollback()
print(trial.history[-1])

# %% [markdown]
# Promoted in the router. Version 2 is still loaded, so the way
# back takes a line and no time. What the test does not tell: whether the difference lasts.
#
# ## What if one machine is not enough?
#
# Then somebody else starts the servers and splits the traffic. On Kubernetes that is KServe, with
# TensorFlow Serving itself inside. It wants a page like this one:

# %%
print(Path("../helpers/serving/rollout/kserve.yaml").read_text(encoding="utf-8"))

# %% [markdown]
# The artifact is the one that you have served here, copied as it is, and so is the protocol. Two
# things differ. Every version has a base path of its own, because `canaryTrafficPercent` splits
# between two base paths. And it splits *requests*, not users: if you want the same users every
# time, keep the rule of exercise 1 in front.
#
# `server.stop()` ends the server; the end of the kernel does, too, even when it is killed.
# Closing the tab does not: kernel and servers run on until you choose *Kernel > Shut Down
# Kernel*.

# %% [markdown]
# ## What you can do now
#
# - **Run a canary**: stable users by a hash, a part that grows, a guard that compares it with the
#   stable version. Rollback before you need it.
# - **Decide**: users counted, not requests; the number fixed beforehand; looks corrected.
# - **Move on**: the same cells with `TFS_URL`, the same artifact on Kubernetes.
#
# [Lesson 08: serving](08_serving.ipynb) · Next:
# [lesson 10, other runtimes](10_other_runtimes.ipynb)
