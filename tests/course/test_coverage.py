"""What docs/coverage.toml promises: the lesson says it, its exercises and tests exist."""

import ast
import re
import tomllib

import pytest

from helpers.notebooks import lesson_names
from helpers.paths import ROOT

PROMISES = tomllib.loads((ROOT / "docs" / "coverage.toml").read_text(encoding="utf-8"))["promise"]
FIELDS = {"name", "lesson", "says", "exercise", "tests"}


def source(name):
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def exercises_of(name):
    return set(re.findall(r"^lesson\.(q\d+)\.check\(", source(name), re.M))


def lesson_of(promise):
    (name,) = [name for name in lesson_names() if name.startswith(promise["lesson"] + "_")]
    return name


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise["name"])
def test_a_promise_is_kept(promise):
    assert promise.keys() == FIELDS
    name = lesson_of(promise)
    words = " ".join(re.sub(r"^# ?", "", source(name), flags=re.M).split())
    assert promise["says"] in words, f"lesson {name} does not say {promise['says']!r}"
    assert set(promise["exercise"]) <= exercises_of(name)
    assert promise["tests"], "a promise needs a test"
    for test in promise["tests"]:
        file, _, function = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert function in names, f"{file} has no test {function}"


@pytest.mark.parametrize("name", sorted({lesson_of(promise) for promise in PROMISES}))
def test_every_exercise_belongs_to_a_promise(name):
    promised = {key for one in PROMISES if lesson_of(one) == name for key in one["exercise"]}
    missing = exercises_of(name) - promised
    assert not missing, f"docs/coverage.toml has no promise for {sorted(missing)} of {name}"


def test_no_promise_is_made_twice():
    names = [promise["name"] for promise in PROMISES]
    assert len(set(names)) == len(names)
