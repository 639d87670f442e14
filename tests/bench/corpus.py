"""What the readers' tool says about the corpus of exports, counted."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.judge import FALSE_ALARM, FALSE_PASS, Judged, judge, table
from tests.corpus.record import load

FEWEST = 60  # exports that the project promises


def figures() -> Iterator[tuple[str, str, float, float, str]]:
    """Judge every export of the corpus, and print what is wrong.

    Yields
    ------
    (name, baseline or unit, value, bar, sign)
        The fields of a figure of `make bench`.
    """
    judged: list[Judged] = []
    for one in load().values():
        with tempfile.TemporaryDirectory() as folder:
            judged.append(judge(one, Path(folder)))
        print(f"  {one.name}: {judged[-1].seconds:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(f"  {line}" for line in table(judged)), flush=True)
    yield from counted(judged)


def counted(judged: list[Judged]) -> Iterator[tuple[str, str, float, float, str]]:
    """Count the exports that the tool is right or wrong about."""
    of = f"of {len(judged)} exports"
    right = sum(one.right for one in judged)
    yield "corpus: verdict right", of, right, max(FEWEST, len(judged) - 1), ">"
    yield "corpus: false pass", of, sum(one.count(FALSE_PASS) for one in judged), 0, "<"
    yield "corpus: false alarm", of, sum(one.count(FALSE_ALARM) for one in judged), 1, "<"
    cures = [one for one in judged if one.export.cure]
    proved = sum(not one.cure for one in cures)
    yield "corpus: cure proved", "of those told", proved, len(cures), ">"
