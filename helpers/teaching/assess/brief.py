"""The brief of the capstone: the rows, the three endpoints, the ten requirements, the budgets."""

import numpy as np

from helpers.artifact.saved_model import TensorInfo
from helpers.penguins.data import MEASUREMENTS, RAW, SPECIES, penguins, take

MODEL = "penguins"  # the name of the model on the server
VERSIONS = (1, 2)
PLAN = "rollout.json"
EVERY = 5  # each fifth penguin is held out: learners do not train with it
MEANS = {"bill_length_mm": 43.9, "body_mass_g": 4200.0}  # what a missing measurement counts as
RIGHT = 0.95  # the share of held-out penguins whose species is right, at least
SIZE = 500_000  # bytes of all files of a version, at most
RATIO = 5  # times the baseline's time, at most
SHARE = (1, 20)  # percent of the users that get version 2, at least and at most
# The experiment of the plan: 0.90 of the users are content with version 1, and the experiment is
# to find a difference of 0.02.
BASELINE, EFFECT, MOST_LOOKS = 0.90, 0.02, 10
BAD, HARMLESS, PATIENCE = 2, 100, 100  # see `rollout.py`: one failure in so many; requests

_FLOAT, _TEXT = "float32", "string"
_COLUMNS = {name: (_FLOAT if name in MEASUREMENTS else _TEXT, (None,)) for name in RAW}
_PROBABILITIES = {"probabilities": (_FLOAT, (None, len(SPECIES)))}
# By key: the inputs and the outputs, each a dtype and a shape by its name.
ENDPOINTS = {
    "classify": (_COLUMNS, {"species": (_TEXT, (None,)), "probability": (_FLOAT, (None,))}),
    "probabilities": (_COLUMNS, _PROBABILITIES),
    "measurements": ({name: _COLUMNS[name] for name in MEASUREMENTS}, _PROBABILITIES),
}
# By number: the name of a requirement, and what it expects.
REQUIREMENTS = {
    1: ("loads", "the gate finds nothing, and another process loads each version"),
    2: ("endpoints", "classify, probabilities and measurements have the names, dtypes and shapes "
        "of the brief, and agree with each other"),
    3: ("raw rows", "gaps, unknown words and words in any case are accepted, and at least "
        f"{RIGHT * 100:g} % of the held-out penguins get the right species"),
    4: ("asset", "a file in assets holds the islands, and the answers depend on it"),
    5: ("readers", "Python and the session agree, and LiteRT agrees where it can read"),
    6: ("batches", "no row, one row and many rows, and no row changes another row's answer"),
    7: ("size", f"at most {SIZE // 1000} kB in each version"),
    8: ("versions", "one server answers with both versions, and version 2 may replace version 1"),
    9: ("rollout", f"{PLAN} gives a few users version 2, ends a version that fails, and plans "
        "enough users"),
    10: ("latency", f"at most {RATIO} times the time of the baseline"),
}  # fmt: skip
LIMITS = (
    "whether the held-out penguins were used in the training",
    "TensorFlow Serving itself: the server of the course imitates it",
    "how fast the model is on another computer, and with many clients at once",
)


def training_penguins() -> dict[str, np.ndarray]:
    """Return the penguins for the training: all but each fifth one.

    Returns
    -------
    dict of str to (275,) array
        As `helpers.penguins.data.penguins` returns them.
    """
    rows = penguins()
    return take(rows, np.arange(len(rows["species"])) % EVERY != 0)


def held_out() -> dict[str, np.ndarray]:
    """Return the penguins that are held out of the training: each fifth one.

    Returns
    -------
    dict of str to (69,) array
        As `helpers.penguins.data.penguins` returns them.
    """
    return take(penguins(), slice(None, None, EVERY))


def columns(rows: dict[str, np.ndarray], key: str = "classify") -> dict[str, np.ndarray]:
    """Return the columns of penguins that an endpoint of the brief takes."""
    return {name: rows[name] for name in ENDPOINTS[key][0]}


def expected_tensors(key: str, side: int) -> dict[str, TensorInfo]:
    """Return the inputs (side 0) or outputs (side 1) of an endpoint of the brief, by name."""
    return {name: TensorInfo(name, *spec) for name, spec in ENDPOINTS[key][side].items()}
