"""Call a learner's function on many drawn examples, and show the smallest one that fails."""

import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helpers.exercises.outcomes import NotYet, Raised
from helpers.exercises.time_limit import TimeOver

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EXAMPLES = 100
SECONDS = 3  # of CPU time, for the search for a smaller example
REFUSED = NotYet, Raised


class _Enough(BaseException):
    """The end of the search. It is not an Exception, so hypothesis does not catch it."""


def require_for_all(
    require_one: Callable[[Any], None], strategy: "SearchStrategy[Any]", examples: int = EXAMPLES
) -> None:
    """Require something for every drawn example.

    The same examples are drawn each time, and nothing is stored.

    Parameters
    ----------
    require_one : callable
        Function of one example. It raises NotYet or Raised if the learner's function is wrong for
        it, with the example in the message.
    strategy : SearchStrategy
        What the examples are drawn from.
    examples : int
        How many.

    Raises
    ------
    NotYet, Raised
        For the smallest example that was found.
    """
    import hypothesis.configuration
    import hypothesis.errors

    refused: list[tuple[int, BaseException]] = []
    over = [0.0]

    def one(example):
        if refused and time.process_time() > over[0]:
            raise _Enough
        try:
            require_one(example)
        except REFUSED as error:
            if not refused:
                over[0] = time.process_time() + SECONDS
            refused.append((len(repr(example)), error))
            raise
        except TimeOver as error:
            if not refused:
                raise
            raise _Enough from error

    with tempfile.TemporaryDirectory() as folder:
        hypothesis.configuration.set_hypothesis_home_dir(folder)
        settings = hypothesis.settings(
            database=None,
            deadline=None,
            derandomize=True,
            max_examples=examples,
            print_blob=False,
            phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        try:
            settings(hypothesis.given(strategy)(one))()
        except (_Enough, *REFUSED):
            pass
        except hypothesis.errors.Flaky:  # it was refused for an example, and not the second time
            pass
    if refused:
        _, error = min(reversed(refused), key=lambda found: found[0])
        raise error
