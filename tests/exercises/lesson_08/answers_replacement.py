"""Answers to exercise 4 of lesson 08: may a new version of a signature replace an old one?"""

import itertools
import os
from collections.abc import Mapping

import numpy as np

from tests.exercises.proofs import Mistake, Proofs

CAUSE = "shapes"  # of the variant of the page


def same_inputs(old, new):
    return old["inputs"].keys() == new["inputs"].keys()


def same_dtypes(old, new):
    return all(new["inputs"][name][0] == dtype for name, (dtype, _) in old["inputs"].items())


def takes_all_sizes(old, new):
    return all(takes(shape, new["inputs"][name][1]) for name, (_, shape) in old["inputs"].items())


def takes(shape, new_shape):
    return len(shape) == len(new_shape) and all(
        size is None or size == before for before, size in zip(shape, new_shape, strict=True)
    )


def same_form(old, new):
    return len(old["outputs"]) > 1 or len(new["outputs"]) == 1


def same_outputs(old, new):
    return old["outputs"].items() <= new["outputs"].items()


def same_answers(old, new):
    return all(
        np.shape(answers) == np.shape(new["answers"][name])
        and np.allclose(answers, new["answers"][name])
        for name, answers in old["answers"].items()
    )


RULES = (same_inputs, same_dtypes, takes_all_sizes, same_form, same_outputs, same_answers)


def by_rules(old, new):
    return all(rule(old, new) for rule in RULES)


def instead(rule, other=lambda old, new: True):
    """Return a function with another rule in place of one."""
    rules = [other if one is rule else one for one in RULES]

    def may_replace(old, new):
        return all(one(old, new) for one in rules)

    return may_replace


def and_also(rule):
    def may_replace(old, new):
        return by_rules(old, new) and rule(old, new)

    return may_replace


def by_errors(old, new):
    """Let a missing name raise a KeyError."""
    try:
        for name, (dtype, shape) in old["inputs"].items():
            new_dtype, new_shape = new["inputs"][name]
            assert new_dtype == dtype and takes(shape, new_shape)
        assert not set(new["inputs"]) - set(old["inputs"])
        for name, answers in old["answers"].items():
            assert new["outputs"][name] == old["outputs"][name]
            np.testing.assert_allclose(new["answers"][name], answers, rtol=1e-5)
            assert np.shape(new["answers"][name]) == np.shape(answers)
        assert len(new["outputs"]) == 1 or len(old["outputs"]) != 1
    except (KeyError, AssertionError):
        return False
    return True


def problems(old, new):
    for name in old["inputs"].keys() ^ new["inputs"].keys():
        yield f"input {name}"
    for name in old["inputs"].keys() & new["inputs"].keys():
        (dtype, shape), (new_dtype, new_shape) = old["inputs"][name], new["inputs"][name]
        if dtype != new_dtype:
            yield f"dtype of {name}"
        for before, size in itertools.zip_longest(shape, new_shape, fillvalue="no size"):
            if (size is not None and size != before) or "no size" in (before, size):
                yield f"size of {name}"
    if len(old["outputs"]) == 1 and len(new["outputs"]) > 1:
        yield "names in REST"
    for name in old["outputs"]:
        if old["outputs"][name] != new["outputs"].get(name):
            yield f"output {name}"
        elif not close(old["answers"][name], new["answers"][name]):
            yield f"answers of {name}"


def close(left, right):
    left, right = np.asarray(left), np.asarray(right)
    return left.shape == right.shape and np.allclose(left, right)


def by_problems(old, new):
    return not list(problems(old, new))


class Judge:
    def __init__(self):
        self.asked = 0

    def __call__(self, old: Mapping, new: Mapping) -> bool:
        self.asked += 1
        return by_rules(old, new)


def as_numpy(old, new):
    return np.bool_(by_rules(old, new))


def by_pairs(old, new):
    """Compare the parts with min, max and set operations."""
    inputs = {(name, *spec) for name, spec in old["inputs"].items()}
    if {name for name, *_ in inputs} != set(new["inputs"]) or not same_form(old, new):
        return False
    wrong = [name for name, dtype, _ in inputs if dtype != new["inputs"][name][0]]
    wrong += [name for name, _, shape in inputs if not takes(shape, new["inputs"][name][1])]
    wrong += [name for name in old["outputs"] if name not in new["outputs"]]
    if wrong:
        return False
    return all(
        old["outputs"][name] == new["outputs"][name]
        and close(old["answers"][name], new["answers"][name])
        for name in old["outputs"]
    )


def shapes_by_zip(old, new):
    return all(
        size in (None, before)
        for name, (_, shape) in old["inputs"].items()
        for before, size in zip(shape, new["inputs"][name][1], strict=False)
    )


def same_shapes(old, new):
    return all(shape == new["inputs"][name][1] for name, (_, shape) in old["inputs"].items())


def any_narrower(old, new):
    return all(
        len(shape) == len(new["inputs"][name][1])
        and all(
            None in (before, size) or size == before
            for before, size in zip(shape, new["inputs"][name][1], strict=True)
        )
        for name, (_, shape) in old["inputs"].items()
    )


def no_larger_size(old, new):
    """Refuse a larger size, but not a smaller one."""
    return all(
        len(shape) == len(new["inputs"][name][1])
        and not any(
            size is not None and (before is None or size > before)
            for before, size in zip(shape, new["inputs"][name][1], strict=True)
        )
        for name, (_, shape) in old["inputs"].items()
    )


def only_rows_open(old, new):
    return all(
        len(shape) == len(new["inputs"][name][1]) and takes(shape[1:], new["inputs"][name][1][1:])
        for name, (_, shape) in old["inputs"].items()
    )


def all_old_inputs(old, new):
    return old["inputs"].keys() <= new["inputs"].keys()


def all_new_inputs(old, new):
    return old["inputs"].keys() >= new["inputs"].keys()


def names_of_outputs(old, new):
    return old["outputs"].keys() <= new["outputs"].keys()


def equal_outputs(old, new):
    return old["outputs"] == new["outputs"]


def answers_within(**tolerance):
    def compare(old, new):
        return all(
            np.shape(answers) == np.shape(new["answers"][name])
            and np.allclose(answers, new["answers"][name], **tolerance)
            for name, answers in old["answers"].items()
        )

    return compare


def answers_without_shapes(old, new):
    return all(np.allclose(a, new["answers"][name]) for name, a in old["answers"].items())


def answers_of_any_order(old, new):
    return all(
        np.shape(a) == np.shape(new["answers"][name])
        and np.allclose(np.sort(a, axis=0), np.sort(new["answers"][name], axis=0))
        for name, a in old["answers"].items()
    )


def third_output(old, new):
    return len(old["outputs"]) > 1 or len(new["outputs"]) != 2


def first_answers(old, new):
    return all(
        np.shape(a) == np.shape(new["answers"][name]) and np.allclose(a[0], new["answers"][name][0])
        for name, a in old["answers"].items()
    )


def means_of_answers(old, new):
    return all(
        np.shape(a) == np.shape(new["answers"][name])
        and np.isclose(np.mean(a), np.mean(new["answers"][name]), rtol=1e-3)
        for name, a in old["answers"].items()
    )


def first_output(old, new):
    name = next(iter(old["answers"]))
    return close(old["answers"][name], new["answers"][name])


def equal_answers(old, new):
    return all(a == new["answers"][name] for name, a in old["answers"].items())


def never_worse(old, new):
    """Take nan for equal to every number."""
    return all(
        np.shape(a) == np.shape(new["answers"][name])
        and not np.any(np.abs(np.subtract(a, new["answers"][name])) > 1e-4)
        for name, a in old["answers"].items()
    )


def pops(old, new):
    answer = by_rules(old, new)
    new["answers"].popitem()
    return answer


def changes_the_folder(old, new):
    os.chdir("..")
    return by_rules(old, new)


def with_cause(function, cause=CAUSE):
    return lambda _: (cause, function)


def refused(rule, other, words):
    return Mistake(with_cause(instead(rule, other)), words)


def always(value):
    return lambda old, new: value


BREAKING_ACCEPTED = "should return False, but"

Q4 = Proofs(
    right={
        "six rules": with_cause(by_rules),
        "errors": with_cause(by_errors),
        "a list of problems": with_cause(by_problems),
        "an object": lambda _: (CAUSE, Judge()),
        "a bool of NumPy": with_cause(as_numpy),
        "pairs": with_cause(by_pairs),
    },
    wrong={
        "names": Mistake(with_cause(by_rules, "names"), "and no client reads it"),
        "dtypes": Mistake(with_cause(by_rules, "dtypes"), "have the same dtype in new"),
        "answers": Mistake(with_cause(by_rules, "answers"), "They differ by rounding only"),
        "another word": Mistake(with_cause(by_rules, "rows"), "'rows' is not one of 'names'"),
        "no function": Mistake(with_cause(True), "may_replace should be a function, but is True"),
        "always": Mistake(with_cause(always(True)), BREAKING_ACCEPTED),
        "never": Mistake(with_cause(always(False)), "nothing is different"),
        "a text": Mistake(with_cause(always("True")), "should be True or False, but is 'True'"),
        "only an equal version": Mistake(
            with_cause(lambda old, new: old == new), "It still takes every size"
        ),
        "new inputs": refused(same_inputs, all_old_inputs, "the input weekday is new"),
        "inputs that are gone": Mistake(
            with_cause(instead(same_inputs, all_new_inputs)), "KeyError: 'weekday'", "raised"
        ),
        "zip": refused(takes_all_sizes, shapes_by_zip, BREAKING_ACCEPTED),
        "equal shapes": refused(takes_all_sizes, same_shapes, "takes every size that the old"),
        "fewer sizes": refused(takes_all_sizes, any_narrower, "may send every size that it takes"),
        "a second output": refused(same_form, always(True), "holds objects in place of values"),
        "dtypes of inputs": refused(same_dtypes, always(True), "A message over gRPC holds the"),
        "dtypes of outputs": refused(same_outputs, names_of_outputs, "A message over gRPC holds"),
        "the same outputs": refused(same_outputs, equal_outputs, "holds names already"),
        "no answers": refused(same_answers, always(True), "are larger by 1"),
        "answers without shapes": refused(
            same_answers, answers_without_shapes, "REST shows the shape"
        ),
        "equal answers": refused(same_answers, equal_answers, "np.allclose allows it"),
        "changes new": Mistake(with_cause(pops), "should leave new as it is"),
    },
    near={
        "a thousandth": with_cause(instead(same_answers, answers_within(rtol=2e-3))),
        "no tolerance": with_cause(instead(same_answers, answers_within(rtol=1e-9, atol=0))),
        "nan is equal": with_cause(instead(same_answers, never_worse)),
        "any order of rows": with_cause(instead(same_answers, answers_of_any_order)),
        "a third output": with_cause(instead(same_form, third_output)),
        "the first row": with_cause(instead(same_answers, first_answers)),
        "the mean": with_cause(instead(same_answers, means_of_answers)),
        "the first output": with_cause(instead(same_answers, first_output)),
        "a smaller size": with_cause(instead(takes_all_sizes, no_larger_size)),
        "rows may be fixed": with_cause(instead(takes_all_sizes, only_rows_open)),
        "sizes do not matter": with_cause(instead(takes_all_sizes)),
        "outputs do not matter": with_cause(instead(same_outputs)),
        "the order of outputs matters": with_cause(
            and_also(lambda old, new: list(new["outputs"])[-1] == list(old["outputs"])[-1])
        ),
        "no third output": with_cause(
            and_also(lambda old, new: len(new["outputs"]) <= len(old["outputs"]))
        ),
        "exchanged": with_cause(lambda old, new: by_rules(new, old)),
        "the opposite": with_cause(lambda old, new: not by_rules(old, new)),
        "1 for True": with_cause(lambda old, new: int(by_rules(old, new))),
        "None for False": with_cause(lambda old, new: by_rules(old, new) or None),
        "another working directory": with_cause(changes_the_folder),
    },
    untouched=(..., ...),
)
