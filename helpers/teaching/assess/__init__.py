"""Assess a capstone: ten requirements, each met, not met or not tried.

The same command is for learners and instructors. It looks at the exports and the plan alone: how
they were made does not count. A model is code, so it runs in other processes only, and only after
the gate of lesson 04 has found nothing.
"""

import os
from collections.abc import Callable, Iterable

from helpers.errors.messages import describe
from helpers.teaching.assess import asset_check, latency, model_checks, served
from helpers.teaching.assess.brief import REQUIREMENTS
from helpers.teaching.assess.folder import Delivery, Version, opened
from helpers.teaching.assess.report import (
    MET,
    NOT_MET,
    NOT_TRIED,
    Assessment,
    NotMet,
    NotTried,
    Requirement,
)

__all__ = ["Assessment", "Requirement", "assess"]

OF_A_VERSION: dict[int, Callable[[Version], model_checks.Found]] = {
    1: model_checks.loads,
    2: model_checks.endpoints,
    3: model_checks.raw_rows,
    4: asset_check.asset,
    5: model_checks.same_in_readers,
    6: model_checks.batches,
    7: model_checks.size,
    10: latency.fast_enough,
}
OF_BOTH = {8: served.versions, 9: served.rolled_out}
_met: dict[tuple[int, str], model_checks.Found] = {}  # by requirement and digest of the versions


def assess(
    folder: str | os.PathLike,
    only: Iterable[int] = tuple(REQUIREMENTS),
    first: bool = False,
    progress: Callable[[str], object] = lambda step: None,
) -> Assessment:
    """Find out which of the ten requirements of the capstone a folder meets. Never raises.

    Parameters
    ----------
    folder : str or path
        It holds the exports `1` and `2`, and the plan `rollout.json`.
    only : iterable of int
        The requirements that are reported. Those that they build on are tried as well.
    first : bool
        Whether to stop after the first requirement that is not met or could not be tried.
    progress : function of str
        Is told which requirement is tried next.

    Returns
    -------
    Assessment
        Of the requirements `only`, in order.
    """
    numbers = sorted(set(only))
    results = []
    with opened(folder) as delivery:
        if delivery.problem:
            results = [Requirement(number, NOT_TRIED, "") for number in numbers]
            return Assessment(delivery.name, tuple(results), delivery.problem)
        with served.serving(delivery) as both:
            for number in sorted({1, 2, *numbers, *({8} if 9 in numbers else ())}):
                progress(f"{number} {REQUIREMENTS[number][0]}")
                found = _tried(number, delivery, both)
                results += [found] if number in numbers else []
                if first and results and results[-1].outcome != MET:
                    break
    return Assessment(delivery.name, tuple(results))


def _tried(number: int, delivery: Delivery, both: served.Serving) -> Requirement:
    try:
        if number in OF_A_VERSION:
            found, figures = _of_versions(number, delivery)
        else:
            found, figures = _of_both(number, delivery, both)
    except NotMet as error:
        return Requirement(number, NOT_MET, _sentence(str(error)))
    except NotTried as error:
        return Requirement(number, NOT_TRIED, _sentence(str(error)))
    except Exception as error:  # an export may contain anything: no requirement is met by accident
        return Requirement(number, NOT_TRIED, f"it could not be tried: {describe(error, 200)}.")
    return Requirement(number, MET, _sentence(found), figures)


def _of_versions(number, delivery):
    """Try a requirement with each version. All are tried, because others build on the result."""
    words, figures = "", {}
    problems: list[Exception] = []
    for version in delivery.versions.values():
        try:
            words, measured = _of_version(number, version)
        except NotMet as error:
            version.failed[number] = str(error)
            problems.append(NotMet(f"version {version.number}: {error}"))
        except NotTried as error:
            version.failed.setdefault(number, str(error))
            problems.append(error)
        else:
            figures |= {f"version {version.number}: {k}": v for k, v in measured.items()}
    not_met = [one for one in problems if isinstance(one, NotMet)]
    if problems:
        raise (not_met or problems)[0]
    numbers = " and ".join(map(str, delivery.versions))
    return f"version{'s' * (len(delivery.versions) > 1)} {numbers}: {words}", figures


def _of_version(number, version):
    """Try a requirement, unless a version with these bytes has met it before in this process.

    The requirements 1 and 2 are tried each time, because they tell what the others build on.
    """
    key = number, version.digest
    if key in _met and number > 2:
        version.require(1, 2)
        return _met[key]
    found = OF_A_VERSION[number](version)
    if version.digest:
        _met[key] = found
    return found


def _of_both(number, delivery, both):
    """Try a requirement with both versions. The plan of 9 is tried each time."""
    key = number, " ".join(version.digest for version in delivery.versions.values())
    if key in _met and number == 8:
        both.require_versions()
        return _met[key]
    found = _met[key] = OF_BOTH[number](both, delivery)
    return found


def _sentence(words):
    return words if words.endswith((".", "?")) else f"{words}."
