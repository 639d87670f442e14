"""Check exercise 4 of lesson 08: may a version of a signature replace an old version?

A version is a dict: {"inputs": {name: (dtype, shape)}, "outputs": {name: dtype}, "answers": {name:
nested list}}. A case is an old version, a new one, and what `may_replace` should return for them.
"""

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require

CAUSES = ("names", "dtypes", "shapes", "answers")
INPUTS = ("weight", "distance", "zone", "age", "size")
OUTPUTS = ("minutes", "price", "risk", "rank", "score")
OTHER_DTYPE = {"float32": "float64", "float64": "float32", "int32": "int64", "int64": "int32"}
ROWS = 3  # of the answers
DRAWN = 6  # cases for each change

NOT_SENT = "The clients of the old version do not send it."
SENT = "The clients of the old version send the old input."
READ = "The clients of the old version read this output."
TYPED = "A message over gRPC holds the dtype."
SIZES = "The clients of the old version may send every size that it takes."
MORE_SIZES = "It still takes every size that the old version takes."
OBJECTS = "In REST, `predictions` then holds objects in place of values."


class Version(dict):
    """One version of a signature. It prints a short line for each input, output and answer."""

    def __repr__(self) -> str:
        lines = ["{"]
        for part, named in self.items():
            lines += [f"  {part!r}: {{", *(f"    {k!r}: {v!r}," for k, v in named.items()), "  },"]
        return "\n".join([*lines, "}"])

    __str__ = __repr__


@dataclass(frozen=True)
class Case:
    """Two versions, and whether the new one may replace the old one.

    Parameters
    ----------
    old, new : Version
    right : bool
    words : str
        What is different, for the message.
    changes : tuple of str
        Keys of CHANGES.
    """

    old: Version
    new: Version
    right: bool
    words: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A change from an old version to a new one.

    Parameters
    ----------
    make : callable
        Function of the old version, of the new one, which is an equal copy, and of a random
        generator. It changes the new version, and perhaps the old one before. It returns the words
        for the change.
    why : str
        What it means for the clients of the old version.
    cause : str
        One of CAUSES if it breaks clients, else "".
    outputs : tuple of int
        How many outputs the old version can have.
    """

    make: Callable[[Version, Version, random.Random], str]
    why: str
    cause: str = ""
    outputs: tuple[int, ...] = (1, 2, 3)


def _drawn(chance, outputs, inputs):
    """Draw a version whose inputs take any number of rows."""
    given = {}
    for name in chance.sample(INPUTS, chance.choice(inputs)):
        shape = (None, *chance.choice([(4,), (2,), (3,), (8, 8)]))
        given[name] = (chance.choice(list(OTHER_DTYPE)), shape)
    names = chance.sample(OUTPUTS, chance.choice(outputs))
    return Version(
        inputs=given,
        outputs={name: chance.choice(("float32", "float64")) for name in names},
        answers={name: [chance.randrange(1, 999) / 8 for _ in range(ROWS)] for name in names},
    )


def _one(part, old, new, chance):
    """Choose an input or an output that no earlier change has changed."""
    same = [name for name, spec in new[part].items() if old[part].get(name) == spec]
    if part == "outputs":
        same = [name for name in same if old["answers"][name] == new["answers"][name]]
    return chance.choice(same or [name for name in new[part] if name in old[part]])


def _renamed(part, name, new_name):
    return {(new_name if key == name else key): value for key, value in part.items()}


def _input_renamed(old, new, chance):
    name = _one("inputs", old, new, chance)
    new["inputs"] = _renamed(new["inputs"], name, f"{name}_new")
    return f"the input {name} is called {name}_new"


def _input_new(old, new, chance):
    new["inputs"]["weekday"] = ("int32", (None, 1))
    return "the input weekday is new"


def _input_gone(old, new, chance):
    old["inputs"]["weekday"] = ("int32", (None, 1))
    return "the input weekday is gone"


def _input_dtype(old, new, chance):
    name = _one("inputs", old, new, chance)
    dtype, shape = new["inputs"][name]
    new["inputs"][name] = (OTHER_DTYPE[dtype], shape)
    return f"the input {name} is {OTHER_DTYPE[dtype]}, not {dtype}"


def _shape(change, before=lambda shape: shape):
    """Return a change of the shape of one input, after a change of its shape in both versions."""

    def make(old, new, chance):
        name = _one("inputs", old, new, chance)
        dtype, shape = new["inputs"][name]
        shape = before(shape)
        old["inputs"][name] = (dtype, shape)
        new["inputs"][name] = (dtype, change(shape))
        return f"the input {name} takes the shape {change(shape)}, not {shape}"

    return make


def _output_renamed(old, new, chance):
    name = _one("outputs", old, new, chance)
    for part in ("outputs", "answers"):
        new[part] = _renamed(new[part], name, f"{name}_new")
    return f"the output {name} is called {name}_new"


def _output_gone(old, new, chance):
    name = _one("outputs", old, new, chance)
    del new["outputs"][name], new["answers"][name]
    return f"the output {name} is gone"


def _output_new(old, new, chance):
    new["outputs"] = {"late": "int64", **new["outputs"]}
    new["answers"] = {"late": [chance.choice((0, 1)) for _ in range(ROWS)], **new["answers"]}
    return f"the output late is new, beside {len(old['outputs'])}"


def _outputs_new(old, new, chance):
    new["outputs"] = {"early": "float32", **new["outputs"]}
    new["answers"] = {"early": [0.5] * ROWS, **new["answers"]}
    _output_new(old, new, chance)
    return f"the outputs early and late are new, beside {len(old['outputs'])}"


def _output_dtype(old, new, chance):
    name = _one("outputs", old, new, chance)
    dtype = new["outputs"][name]
    new["outputs"][name] = OTHER_DTYPE[dtype]
    return f"the output {name} is {OTHER_DTYPE[dtype]}, not {dtype}"


def _answers(change, words):
    """Return a change of the answers of one output: `change(array, random generator)`."""

    def make(old, new, chance):
        name = _one("outputs", old, new, chance)
        new["answers"][name] = change(np.array(new["answers"][name]), chance).tolist()
        return f"the answers of the output {name} {words}"

    return make


def _one_other(factor):
    def change(array, chance):
        array[chance.randrange(ROWS)] *= factor
        return array

    return change


def _constant(old, new, chance):
    """Make all answers of an output equal, so that arrays of different shapes look the same."""
    name = _one("outputs", old, new, chance)
    old["answers"][name] = [2.5] * ROWS
    new["answers"][name] = [[2.5] for _ in range(ROWS)]
    return f"the answers of the output {name} have the shape ({ROWS}, 1), not ({ROWS},)"


def _nothing(old, new, chance):
    return "nothing is different"


def _order(old, new, chance):
    for part in new:
        new[part] = dict(reversed(new[part].items()))
    return "only the order is different"


def _sixteen(shape):
    return (16, *shape[1:])


CHANGES: dict[str, Change] = {
    "nothing": Change(_nothing, "It is the same."),
    "the order": Change(_order, "Clients use names."),
    "any number of rows": Change(_shape(lambda s: (None, *s[1:]), _sixteen), MORE_SIZES),
    "any number of columns": Change(_shape(lambda s: (*s[:-1], None)), MORE_SIZES),
    "any size": Change(_shape(lambda s: (None,) * len(s), _sixteen), MORE_SIZES),
    "one more output": Change(_output_new, "`predictions` holds names already.", "", (2, 3)),
    "rounding": Change(
        _answers(_one_other(1 + 1e-7), "differ by a ten-millionth"), "np.allclose allows it."
    ),
    "an input renamed": Change(_input_renamed, SENT, "names"),
    "a new input": Change(_input_new, NOT_SENT, "names"),
    "an input gone": Change(_input_gone, SENT, "names"),
    "an output renamed": Change(_output_renamed, READ, "names"),
    "an output gone": Change(_output_gone, READ, "names", (2, 3)),
    "a second output": Change(_output_new, OBJECTS, "names", (1,)),
    "a second and a third output": Change(_outputs_new, OBJECTS, "names", (1,)),
    "the dtype of an input": Change(_input_dtype, TYPED, "dtypes"),
    "the dtype of an output": Change(_output_dtype, TYPED, "dtypes"),
    "16 rows only": Change(_shape(_sixteen), SIZES, "shapes"),
    "4 columns only": Change(
        _shape(lambda s: (*s[:-1], 4), lambda s: (*s[:-1], None)), SIZES, "shapes"
    ),
    "one more column": Change(_shape(lambda s: (*s[:-1], (s[-1] or 4) + 1)), SIZES, "shapes"),
    "one column less": Change(_shape(lambda s: (*s[:-1], (s[-1] or 4) - 1)), SIZES, "shapes"),
    "one more dimension": Change(_shape(lambda s: (*s, None)), SIZES, "shapes"),
    "one dimension less": Change(_shape(lambda s: s[:-1]), SIZES, "shapes"),
    "other answers": Change(
        _answers(lambda a, _: a + 1, "are larger by 1"), "They are other answers.", "answers"
    ),
    "one other answer": Change(
        _answers(_one_other(1.001), "differ in one row by a thousandth"),
        "It is another answer.",
        "answers",
    ),
    "answers in another order": Change(
        _answers(lambda a, _: np.roll(a, 1), "are those of other rows"),
        "They are other answers.",
        "answers",
    ),
    "one answer is nan": Change(
        _answers(_one_other(np.nan), "have nan in one row"), "It is another answer.", "answers"
    ),
    "answers of another shape": Change(_constant, "REST shows the shape.", "answers"),
}
SHAPE_OF_ANSWERS = "answers of another shape"
UNCLEAR = (SHAPE_OF_ANSWERS,)  # a change of shapes as well as of answers
BREAKING = [key for key, change in CHANGES.items() if change.cause]


def case(keys: tuple[str, ...], seed: int | str, inputs: tuple[int, ...] = (1, 2)) -> Case:
    """Draw an old version, and make the changes `keys` for the new one.

    Parameters
    ----------
    keys : tuple of str
        Of CHANGES. A later change is made after an earlier one.
    seed : int or str
    inputs : tuple of int
        How many inputs the old version can have.

    Returns
    -------
    Case
    """
    chance = random.Random(f"{keys} {seed}")
    outputs = set.intersection(*(set(CHANGES[key].outputs) for key in keys))
    old = _drawn(chance, sorted(outputs), inputs)
    new = copy.deepcopy(old)
    words = [CHANGES[key].make(old, new, chance) for key in keys]
    breaking = [key for key in keys if CHANGES[key].cause]
    why = CHANGES[(breaking or list(keys))[0]].why
    return Case(old, new, not breaking, f"{', and '.join(words)}. {why}", keys)


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases: each change alone, then each breaking change beside a harmless one."""
    alone = [case((key,), seed) for key in CHANGES for seed in range(DRAWN)]
    beside = [
        case((harmless, key), 0)
        for key in BREAKING
        for harmless in ("the order", "any number of columns", "rounding")
    ]
    return (*alone, *beside)


def draw_case(folder: Path, seed: int | None = None) -> Case:
    """Draw an old and a new version, which differ in harmless changes and in a breaking one.

    Parameters
    ----------
    folder : pathlib.Path
        Nothing is written there.
    seed : int, optional
        Another seed draws another case. None is the case of the page.

    Returns
    -------
    Case
        The last of its changes breaks clients.
    """
    clear = [key for key in BREAKING if key not in UNCLEAR]
    breaking = "16 rows only" if seed is None else random.Random(seed).choice(clear)
    more = "nothing" if CHANGES[breaking].outputs == (1,) else "one more output"
    changes = (more, "rounding", "any number of columns", breaking)
    return case(changes, f"given {seed}", inputs=(2,))


def versions_of(drawn: Case) -> tuple[Version, Version]:
    """Copy the old and the new version of a case."""
    return copy.deepcopy(drawn.old), copy.deepcopy(drawn.new)


def require_cause(cause: object, drawn: Case) -> None:
    """Require that the learner names the kind of the change that breaks clients."""
    said = answer_types.text(cause, "cause", CAUSES)
    *harmless, breaking = drawn.changes
    if said == CHANGES[breaking].cause:
        return
    reasons = {
        "names": "If a name is new, it is that of one more output beside several, and no client "
        "reads it."
        if "one more output" in harmless
        else "All names of old are in new.",
        "dtypes": "All inputs and outputs of old have the same dtype in new.",
        "shapes": "An input of new has None where old has a number, so it takes more sizes. No "
        "input takes fewer.",
        "answers": "They differ by rounding only: np.allclose returns True for each output.",
    }
    raise NotYet(
        f"cause should be what breaks clients of old, but {said!r} breaks none. {reasons[said]}"
    )


def require_may_replace(may_replace: Callable[[Mapping, Mapping], object]) -> tuple[int, int]:
    """Require that `may_replace` decides right in each of `cases`.

    Parameters
    ----------
    may_replace : callable
        `may_replace(old, new)`

    Returns
    -------
    int
        How many cases it has decided.
    int
        In how many of them only the shape of an answer tells that the new version is different.

    Raises
    ------
    NotYet, Raised
        For the first case that it decides wrongly.
    """
    answer_types.function(may_replace, "may_replace")
    for number, one in enumerate(cases()):
        old, new = versions_of(one)
        progress = f"It has decided {number} of {len(cases())} pairs."
        said = call(may_replace, old, new, progress=progress)
        said = answer_types.boolean(said, "what may_replace returns")
        require(
            said == one.right,
            f"may_replace should return {one.right}, but returned {said}, for a new version in "
            f"which {one.words}",
        )
    return len(cases()), sum(SHAPE_OF_ANSWERS in one.changes for one in cases())
