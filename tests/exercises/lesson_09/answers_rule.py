"""Answers to exercise 1 of lesson 09: rules that decide who gets the canary."""

import hashlib
import random
import zlib

from tests.exercises.lesson_08.answers_calls import same
from tests.exercises.proofs import Mistake, Proofs


def number_of(user):
    return int(hashlib.md5(user.encode()).hexdigest(), 16)


# The cells of a notebook. The check runs them again in another process.
FIRST_CELL = """\
import datetime, functools, hashlib, os, random, time, zlib
from time import strftime

import numpy as np


from helpers.serving.rollout.router import Router, bucket


def number_of(user):
    return int(hashlib.md5(user.encode()).hexdigest(), 16)


router = Router("http://127.0.0.1:9", "shop", stable=2, canary=6, percent=10)
"""
KERNEL: dict = {}  # the names of the notebook


def rule(cell):
    """A rule that a cell of the notebook defines: a definition, or an expression."""
    if "in_canary" not in cell:
        cell = f"in_canary = {cell}"

    def answer(_):
        KERNEL.clear()
        KERNEL["In"] = ["", FIRST_CELL, cell]
        for source in KERNEL["In"]:
            exec(source, KERNEL)
        return (KERNEL["in_canary"],)

    return answer


def salted(salt):
    """A rule whose buckets depend on `salt`, an expression."""
    return rule(f"lambda user, percent: number_of(str({salt}) + user) % 10_000 < percent * 100")


COUNTING = """\
asked = []
def in_canary(user, percent):
    asked.append(user)
    return len(asked) * percent % 100 < percent
"""
# These always choose the same users, but in this process only.
REMEMBERING = """\
seen = {}
def in_canary(user, percent):
    return seen.setdefault(user, random.random() * 100) < percent
"""
FIRST_TO_COME = """\
class Remembering:
    def __init__(self):
        self.seen = {}
    def __call__(self, user, percent):
        return self.seen.setdefault(user, len(self.seen) * 7919 % 10_000) < percent * 100
in_canary = Remembering()
"""
CACHED = """\
@functools.cache
def chance(user):
    return random.random()
in_canary = lambda user, percent: chance(user) * 100 < percent
"""
IN_A_GLOBAL = """\
kept = {}
def in_canary(user, percent):
    if user not in kept:
        kept[user] = number_of(user) % 10_000
    return kept[user] < percent * 100
"""
SALT_DRAWN_ONCE = """\
SALT = str(random.random())
def in_canary(user, percent):
    return number_of(SALT + user) % 10_000 < percent * 100
"""
AN_OBJECT = """\
class Rule:
    def __init__(self, salt):
        self.salt = salt
    def __call__(self, user, percent):
        key = hashlib.blake2b(user.encode("utf-16"), salt=self.salt).digest()
        return int.from_bytes(key[:6], "little") % 100_000 < percent * 1000
in_canary = Rule(b"spring")
"""
SALT_OF_AN_OBJECT = """\
class Rule:
    def __init__(self):
        self.salt = os.urandom(8).hex()
    def __call__(self, user, percent):
        return number_of(self.salt + user) % 10_000 < percent * 100
in_canary = Rule()
"""
SALT_AS_DEFAULT = """\
def in_canary(user, percent, salt=str(random.random())):
    return number_of(salt + user) % 10_000 < percent * 100
"""
BY_CHANCE_ABOVE = """\
SALT = str(random.random())
def in_canary(user, percent):
    number = number_of(user) % 10_000
    if percent <= 10 or number < 1_000:
        return number < percent * 100
    return number_of(SALT + user) % 9_000 < (percent - 10) * 100
"""
BY_ROUTER = """\
def in_canary(user, percent):
    router.percent = percent
    return router.route(user).role == "canary"
"""
SEEDS_FOR_ALL = """\
def in_canary(user, percent):
    random.seed(user)
    return random.random() * 100 < percent
"""
SEEDS_NUMPY_FOR_ALL = """\
def in_canary(user, percent):
    np.random.seed(number_of(user) % 2**32)
    return bool(np.random.random() * 100 < percent)
"""
SEEDS_ONCE = """\
@functools.cache
def chance(user):
    random.seed(user)
    return random.random()
in_canary = lambda user, percent: chance(user) * 100 < percent
"""
SEEDS_AND_RESTORES = """\
def in_canary(user, percent):
    before = random.getstate()
    try:
        random.seed(user)
        return random.random() * 100 < percent
    finally:
        random.setstate(before)
"""
MEMORY, LATER = "has another memory and another hash()", "at another time on another day"

Q1 = Proofs(
    right={
        "MD5, 10,000 buckets": rule(
            "lambda user, percent: number_of(user) % 10_000 < percent * 100"
        ),
        "remembers what it can compute": rule(IN_A_GLOBAL),
        "a seeded generator": rule(
            "lambda user, percent: random.Random(user).random() < percent / 100"
        ),
        "a seeded generator that it restores": rule(SEEDS_AND_RESTORES),
        "a checksum": rule(
            "lambda user, percent: zlib.crc32(user.encode()) % 10_000 < percent * 100"
        ),
        "an object": rule(AN_OBJECT),
        "a fraction of 256 bits": rule(
            "functools.partial(lambda user, percent, bits: "
            "int(hashlib.sha3_256(user.encode()).hexdigest(), 16) / 2**bits * 100 < percent, "
            "bits=256)"
        ),
        "a bool of NumPy": rule(
            "lambda user, percent: np.less(number_of(user) % 10_000 / 100, percent)"
        ),
    },
    wrong={
        "hash()": Mistake(
            rule("lambda user, percent: hash(user) % 10_000 < percent * 100"),
            "hash() of a text has another salt in each process",
        ),
        "chance": Mistake(
            same(lambda user, percent: random.random() < percent / 100), "but a second time"
        ),
        "every tenth request": Mistake(rule(COUNTING), "but a second time"),
        "chance, remembered": Mistake(rule(REMEMBERING), MEMORY),
        "the first to come, remembered": Mistake(rule(FIRST_TO_COME), MEMORY),
        "chance, cached": Mistake(rule(CACHED), MEMORY),
        "the place in memory": Mistake(
            rule("lambda user, percent: number_of(str(id(user))) % 10_000 < percent * 100"),
            "id() is a place in memory",
        ),
        "the process": Mistake(salted("os.getpid()"), "Each process has another number"),
        "the hour": Mistake(salted("datetime.datetime.now().hour"), LATER),
        "the day": Mistake(salted("datetime.date.today()"), LATER),
        "the week": Mistake(salted("int(time.time() / 604800)"), LATER),
        "the month, by an imported name": Mistake(salted("strftime('%B')"), LATER),
        "a salt that is drawn once": Mistake(
            rule(SALT_DRAWN_ONCE), "It uses SALT: does SALT get the same value each time"
        ),
        "the course's own rule": Mistake(
            rule("lambda user, percent: bucket(user) < percent * 100"),
            "should be a rule of your own, but it calls bucket of helpers/serving/rollout",
        ),
        "the router": Mistake(rule(BY_ROUTER), "it calls"),
        "the first letters": Mistake(
            same(lambda user, percent: number_of(user[:8]) % 10_000 < percent * 100),
            "names with the same beginning",
        ),
        "the last letters": Mistake(
            same(lambda user, percent: number_of(user[-12:]) % 10_000 < percent * 100),
            "should be in the canary at",
        ),
        "letters of English only": Mistake(
            same(
                lambda user, percent: (
                    number_of(user.encode("ascii", "ignore").decode()) % 10_000 < percent * 100
                )
            ),
            "Chinese names",
        ),
        "the set of the letters": Mistake(
            same(lambda user, percent: number_of("".join(sorted(user))) % 10_000 < percent * 100),
            "should be in the canary at",
        ),
        "the first word": Mistake(
            same(lambda user, percent: number_of(user.split()[0]) % 10_000 < percent * 100),
            "should be in the canary at",
        ),
        "whole percents only": Mistake(
            same(lambda user, percent: number_of(user) % 10_000 < int(percent) * 100),
            "about 80 should be in the canary at 0.5 %, but 0 are",
        ),
        "100 buckets": Mistake(
            same(lambda user, percent: number_of(user) % 100 < percent),
            "about 80 should be in the canary at 0.5 %, but ",
        ),
        "English names only": Mistake(
            same(lambda user, percent: zlib.crc32(user.encode("ascii")) % 10_000 < percent * 100),
            "UnicodeEncodeError",
            "raised",
        ),
        "None": Mistake(same(None), "in_canary should be a function, but is None"),
        "no cell defines it": Mistake(
            same(lambda user, percent: number_of(user) % 10_000 < percent * 100),
            "should have a name",
        ),
        "a bucket too many": Mistake(
            same(lambda user, percent: number_of(user) % 100 <= percent),
            "about 0 should be in the canary at 0 %",
        ),
        "10 % whatever is asked": Mistake(
            same(lambda user, percent: number_of(user) % 10 == 0), "about 0 should be in the canary"
        ),
        "new buckets for every percentage": Mistake(
            same(lambda user, percent: number_of(f"{user}{percent}") % 100 < percent),
            "all users in the canary must stay in it",
        ),
        "the sum of the letters": Mistake(
            same(lambda user, percent: sum(map(ord, user)) % 100 < percent),
            "should be in the canary at",
        ),
        "the last digits": Mistake(
            same(
                lambda user, percent: (
                    (int(user[-2:]) if user[-1].isdigit() else number_of(user)) % 100 < percent
                )
            ),
            "numbers that end in 7",
        ),
        "seeds the generator of all code": Mistake(
            rule(SEEDS_FOR_ALL), "it changes the generator of random. Then other code draws"
        ),
        "1 and 0": Mistake(
            same(lambda user, percent: int(number_of(user) % 100 < percent)),
            "should return True or False",
        ),
    },
    near={
        "at most instead of below, 10,000 buckets": rule(
            "lambda user, percent: int(hashlib.sha256(user.encode()).hexdigest(), 16) % 10_000 "
            "<= percent * 100"
        ),
        "seeds NumPy's generator of all code": rule(SEEDS_NUMPY_FOR_ALL),
        "seeds once for each name": rule(SEEDS_ONCE),
        "hash of a pair": rule(
            'lambda user, percent: hash((user, "spring")) % 10_000 < percent * 100'
        ),
        "a salt of an object": rule(SALT_OF_AN_OBJECT),
        "a random salt as a default": rule(SALT_AS_DEFAULT),
        "above 25 % by chance": rule(BY_CHANCE_ABOVE),
        "no name that begins with 0": rule(
            "lambda user, percent: user[0] != '0' and number_of(user) % 10_000 < percent * 100"
        ),
        "1 % too many": rule("lambda user, percent: number_of(user) % 10_000 < percent * 101"),
        "9,900 buckets": rule("lambda user, percent: number_of(user) % 9_900 < percent * 100"),
        "fails for a short name": rule(
            "lambda user, percent: user[3] and number_of(user) % 10_000 < percent * 100"
        ),
        "the name of the user of the computer": salted("__import__('getpass').getuser()"),
        "the working directory": salted("os.getcwd()"),
        "the day of the week": salted("time.localtime().tm_yday"),
        "a little too many": rule("lambda user, percent: number_of(user) % 10_000 < percent * 115"),
        "a little too few": rule("lambda user, percent: number_of(user) % 10_000 < percent * 85"),
        "at most instead of below": rule(
            "lambda user, percent: number_of(user) % 1000 <= percent * 10"
        ),
    },
    untouched=(...,),
)
