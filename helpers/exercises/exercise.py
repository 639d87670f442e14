"""An exercise: a check with four outcomes, hints in steps, and a solution.

An exercise is a function decorated with `@exercise(...)`. It takes the learner's answers, calls
`require(condition, message)` for each condition, and returns the message for passing.
"""

import tempfile
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors.messages import describe
from helpers.exercises.learner_code import own_words
from helpers.exercises.outcomes import (
    NOT_ATTEMPTED,
    NOT_YET,
    PASSED,
    RAISED,
    NotAttempted,
    NotYet,
    Raised,
    Result,
)
from helpers.notebooks import solution_of
from helpers.scratch import without_scratch


@dataclass
class Exercise:
    """One exercise of a lesson.

    Parameters
    ----------
    key : str
        How the notebook calls the exercise, such as "q1".
    title : str
        What the learner does, in one line.
    answers : tuple of str
        Names of the answers that `check` takes.
    hints : tuple of str
        The first hint says little and the last one says nearly all. The solution comes after it.
    grader : callable
        Function of the answers; see the docstring of the module.
    maker : callable, optional
        Function of a folder. It makes in the folder what the exercise starts from; see `given`.
    fresh : callable, optional
        Function of what the maker made. It returns a new copy at each call of `given`.
    lesson : Lesson, optional
        The lesson of the exercise. `Lesson` sets it.
    """

    key: str
    title: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    grader: Callable[..., str]
    maker: Callable[[Path], Any] | None = None
    fresh: Callable[[Any], Any] | None = None
    lesson: Any = None
    _shown: int = 0
    _given: Any = None

    def grade(self, *answers: Any) -> Result:
        """Compute the Result for `answers`. It never raises an exception.

        Parameters
        ----------
        *answers
            The learner's answers, of any type, in the order of `self.answers`.

        Returns
        -------
        Result
            One of the four outcomes, with the message for the learner.
        """
        try:
            self._refuse_untouched(answers)
            return Result(PASSED, self.grader(*answers))
        except NotAttempted:
            return Result(NOT_ATTEMPTED, f"replace the ... first. {self.title}.")
        except NotYet as error:
            return Result(NOT_YET, without_scratch(str(error)))
        except Raised as raised:
            return Result(RAISED, without_scratch(own_words(raised.error)))
        except KeyboardInterrupt:
            return Result(RAISED, "KeyboardInterrupt: the check was stopped. Run the cell again.")
        except BaseException as error:
            # The check is wrong, or the answer raises when it is read (a sys.exit() in __eq__).
            return Result(
                NOT_YET,
                "this check could not read the answer "
                f"({without_scratch(describe(error, 200))}). Does the answer have the type that "
                "the comment in the cell asks for?",
            )

    def _refuse_untouched(self, answers):
        names = ", ".join(self.answers)
        if len(answers) != len(self.answers):
            raise NotYet(
                f"{self.key}.check should get {len(self.answers)} answers, but got "
                f"{len(answers)}. Call {self.key}.check({names})."
            )
        untouched = [n for n, a in zip(self.answers, answers, strict=True) if a is ...]
        if untouched:
            raise NotAttempted

    def check(self, *answers: Any) -> None:
        """Grade the answers, show the result, and store a pass in the progress file.

        Parameters
        ----------
        *answers
            The learner's answers, of any type, in the order of `self.answers`.
        """
        from IPython.display import display

        result = self.grade(*answers)
        if result.outcome == PASSED and self.lesson is not None:
            self.lesson.passed(self.key)
        display(result)

    def given(self) -> Any:
        """Return what this exercise starts from. It is made at the first call.

        Returns
        -------
        object
            What `maker` returned, or what `fresh` makes of it; the docstring of the maker says
            what it is.

        Raises
        ------
        LookupError
            If the exercise starts from nothing.
        """
        if self.maker is None:
            raise LookupError(f"{self.key} has no given(): it starts from what your cells made.")
        if self._given is None:
            scratch = self.lesson.scratch if self.lesson else Path(tempfile.mkdtemp())
            self._given = self.maker(scratch / f"{self.key}_given")
        return self._given if self.fresh is None else self.fresh(self._given)

    def hint(self) -> None:
        """Print the next hint. After the last hint, print the solution."""
        if self._shown >= len(self.hints):
            self.solution()
            return
        self._shown += 1
        print(
            textwrap.fill(
                f"Hint {self._shown} of {len(self.hints)}: {self.hints[self._shown - 1]}", 96
            )
        )

    def solution(self) -> None:
        """Print the code of the solution from `solutions/`."""
        print(solution_of(self.lesson.name, self.key))

    def __repr__(self):
        names = ", ".join(self.answers)
        return f"{self.key}: {self.title}. Call check({names}), hint() or solution()."


def exercise(
    key: str,
    answers: str,
    hints: Iterable[str],
    given: Callable[[Path], Any] | None = None,
    fresh: Callable[[Any], Any] | None = None,
) -> Callable[[Callable[..., str]], Exercise]:
    """Make an Exercise of the decorated function. Its docstring becomes the title.

    Parameters
    ----------
    key : str
        How the notebook calls the exercise: `lesson.q1` for the key "q1".
    answers : str
        Names of the answers, separated by blanks.
    hints : iterable of str
        See `Exercise`.
    given, fresh : callable, optional
        See `Exercise.maker` and `Exercise.fresh`.

    Returns
    -------
    callable
        The decorator, which returns the Exercise.
    """

    def decorate(grader):
        title = " ".join(grader.__doc__.split()).rstrip(".")
        return Exercise(key, title, tuple(answers.split()), tuple(hints), grader, given, fresh)

    return decorate
