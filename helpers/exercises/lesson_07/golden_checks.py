"""Check golden answers: a right export gives them, and an export with a fault does not."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.exercises.outcomes import NotYet, require
from helpers.readers.compare import compare
from helpers.readers.golden_files import ANY, GoldenSet, read_golden
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import FAILS, SAME
from helpers.readers.sameness import same
from helpers.text import safe_repr, shorten

if TYPE_CHECKING:
    from helpers.exercises.lesson_07.meter import Meter

KEY = "serving_default"
INPUTS = ("minutes", "plates")
ROWS = 30
TOLERANCE = 1e-4  # of a fee


def golden_sets(answer: Any) -> list[GoldenSet]:
    """Read the learner's file of golden answers for the meter.

    Raises
    ------
    NotYet
        If there is no such file, if it is for something else, or if it has too many rows.
    """
    require(
        isinstance(answer, str | Path),
        f"golden_4 should be the path of a file, but is {safe_repr(answer)}.",
    )
    try:
        found = read_golden(answer)
    except WrongOption as error:
        raise NotYet(f"golden_4 should be a file of golden answers, but {error}") from None
    keys = [key for key in found if key not in (KEY, ANY)]
    require(
        not keys,
        f"golden_4 should hold answers of the signature {KEY!r} only, but has answers of "
        f"{', '.join(map(safe_repr, keys))}.",
    )
    sets = [one for key in found for one in found[key]]
    for one in sets:
        _require_fitting(one)
    rows = sum(one.inputs["plates"].size for one in sets)
    require(
        rows <= ROWS, f"golden_4 should hold at most {ROWS} rows in all sets, but holds {rows}."
    )
    return sets


def _require_fitting(one):
    names = ", ".join(sorted(map(str, one.inputs)))
    require(
        set(one.inputs) == set(INPUTS),
        f"each request of golden_4 should have the inputs {', '.join(INPUTS)}, but one has: "
        f"{names}.",
    )
    outputs = ", ".join(sorted(map(str, one.outputs)))
    require(
        set(one.outputs) == {"fee"},
        f"each request of golden_4 should have the output fee, but one has: {outputs}.",
    )
    shapes = {name: np.shape(one.inputs[name]) for name in INPUTS}
    require(
        len(set(shapes.values())) == 1 and len(shapes["plates"]) == 1 and shapes["plates"][0],
        "plates and minutes should be lists of one length, with at least one car, but have the "
        f"shapes {shapes['plates']} and {shapes['minutes']}.",
    )
    plates, minutes = one.inputs["plates"], one.inputs["minutes"]
    require(
        plates.dtype.kind in "iu" and abs(plates.astype(np.int64)).max() < 2**31,
        f"plates should be whole numbers that int32 holds, but are of type {plates.dtype}.",
    )
    require(
        minutes.dtype.kind in "iuf" and np.isfinite(minutes).all(),
        f"minutes should be finite numbers, but are of type {minutes.dtype}.",
    )


def require_right(sets: Sequence[GoldenSet], meter: "Meter") -> None:
    """Require that the golden answers are those of the meter."""
    for one in sets:
        right = fees(meter, **_arrays(one))
        found = one.outputs["fee"]
        require(
            found.shape == right.shape and found.dtype.kind in "iuf",
            f"the fee of each request should be one number for each car, of shape {right.shape}, "
            f"but has the shape {found.shape} and the type {found.dtype}.",
        )
        wrong = ~np.isclose(found, right, rtol=TOLERANCE, atol=TOLERANCE)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise NotYet(
                f"the fee should be {right[first]:g}, as meter computes, for the plate "
                f"{one.inputs['plates'][first]} and {one.inputs['minutes'][first]:g} minutes, but "
                f"golden_4 says {found[first]:g}."
            )


def _arrays(one):
    return {
        "plates": one.inputs["plates"].astype(np.int32),
        "minutes": one.inputs["minutes"].astype(np.float32),
    }


def fees(
    meter: "Meter",
    plates: np.ndarray,
    minutes: np.ndarray,
    *,
    rate: float | None = None,
    free: float | None = None,
    day: float | None = None,
    member: int | None = None,
    at_the_limit: bool = True,
    half_first: bool = False,
    everyone: bool = False,
) -> np.ndarray:
    """Compute the fees of a meter, or of one with other settings or rules, (n,) float32."""
    rate = meter.rate if rate is None else rate
    free = meter.free if free is None else free
    day = meter.day if day is None else day
    member = meter.member if member is None else member
    is_free = minutes <= free if at_the_limit else minutes < free
    fee = np.where(is_free, 0, minutes * rate)
    half = np.where((plates % 10 == member) | everyone, 0.5, 1)
    fee = np.minimum(fee * half, day) if half_first else np.minimum(fee, day) * half
    return fee.astype(np.float32)


def faulty(meter: "Meter") -> dict[str, tuple[Callable[..., np.ndarray], str]]:
    """Return exports with one fault each, as functions, by the words for the fault.

    Returns
    -------
    dict of str to (function of plates and minutes, str)
        The text says which row would show the fault.
    """

    def other(**settings):
        return lambda plates, minutes: fees(meter, plates, minutes, **settings)

    def rounded(plates, minutes):
        return fees(meter, plates.astype(np.float32).astype(np.int64), minutes)

    def whole(plates, minutes):
        return fees(meter, plates, np.trunc(minutes))

    half = "Store a car that pays half"
    return {
        "an old price of a minute": (other(rate=2 * meter.rate), "Store a car that pays"),
        "no free minutes": (
            other(free=-1.0),
            f"Store a car that stays less than {meter.free:g} minutes",
        ),
        "fewer free minutes": (
            other(free=meter.free - 2),
            f"Store a car that stays exactly {meter.free:g} minutes",
        ),
        "`<` in place of `<=`": (
            other(at_the_limit=False),
            f"Store a car that stays exactly {meter.free:g} minutes",
        ),
        "one free minute more": (
            other(free=meter.free + 1),
            f"Store a car that stays a little longer than {meter.free:g} minutes",
        ),
        "no highest fee": (other(day=np.inf), "Store a car that pays the highest fee"),
        "no half price": (other(member=10), half),
        "half price for every car": (
            other(everyone=True),
            "Store a car that pays the full price",
        ),
        "the half price first, then the highest fee": (
            other(half_first=True),
            f"{half}, and stays so long that the highest fee counts",
        ),
        "float32 for the plates": (
            rounded,
            "Store a car with a large plate that float32 does not hold, where the last digit "
            "decides",
        ),
        "int32 for the minutes": (whole, "Store a car that stays a fraction of a minute longer"),
    }


def passing(sets: Sequence[GoldenSet], meter: "Meter") -> Iterator[tuple[str, str]]:
    """Yield the faults of exports that give all golden answers, and what would show the fault."""
    requests = [_arrays(one) for one in sets]
    right = [fees(meter, **request) for request in requests]
    for words, (function, advice) in faulty(meter).items():
        answers = [function(**request) for request in requests]
        pairs = zip(right, answers, strict=True)
        if all(same({"fee": one}, {"fee": other}) for one, other in pairs):
            yield words, advice
    sizes = {len(request["plates"]) for request in requests}
    if len(sizes) == 1:
        (size,) = sizes
        rows = f"{size} row" + "s" * (size != 1)
        yield f"right for {rows} only", "Store a second request with a different number of rows"


def require_right_export_passes(sets: Sequence[GoldenSet], meter: "Meter") -> None:
    """Require that each reader of a right export gives the golden answers."""
    asked = [GoldenSet(_arrays(one), one.outputs) for one in sets]
    directory = _right_export(meter.rate, meter.free, meter.day, meter.member)
    for row in compare(directory, golden={KEY: asked}).rows:
        if row.status != SAME:
            what = "fails" if row.status == FAILS else "gives other numbers"
            raise NotYet(
                f"a right export should pass your golden answers, but {row.reader} {what}: "
                f"{shorten(row.error)}"
            )


@functools.cache
def _right_export(*settings):
    """Write a right export of the meter with these settings, once in a process."""
    import tensorflow as tf

    from helpers.exercises.lesson_07.meter import Meter

    meter = Meter(*settings)
    folder = Path(tempfile.mkdtemp(prefix="meter-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    specs = [
        tf.TensorSpec((None,), tf.int32, name="plates"),
        tf.TensorSpec((None,), tf.float32, name="minutes"),
    ]
    export = tf.keras.export.ExportArchive()
    export.add_endpoint(KEY, lambda plates, minutes: meter(plates, minutes), specs)
    export.write_out(folder / "right", verbose=False)
    return folder / "right"


def told(sets: Sequence[GoldenSet], meter: "Meter") -> str:
    """Write the message of a pass: what was tried, and which fault is the nearest one."""
    requests = [_arrays(one) for one in sets]
    right = np.concatenate([fees(meter, **request) for request in requests])
    wrong = {
        words: np.concatenate([function(**request) for request in requests])
        for words, (function, _) in faulty(meter).items()
    }
    shown = {words: int(np.sum(abs(fee - right) > TOLERANCE)) for words, fee in wrong.items()}
    words = min(shown, key=shown.__getitem__)
    rows = "1 row" if shown[words] == 1 else f"{shown[words]} rows"
    return (
        f"a right export gives your golden answers in all three readers, and each of "
        f"{len(wrong)} wrong exports gives other ones. You would also notice an export that is "
        f"right for one number of rows only. The nearest wrong export ({words}) differs in {rows} "
        f"of {len(right)}. The check refuses a similar wrong answer, too: a file without these "
        "rows."
    )
