"""An exercise: a check with four outcomes, hints in steps, and a solution.

An exercise is a function decorated with `@exercise(...)`. It takes the learner's answers, calls
`require(condition, message)` for each condition, and returns the message for passing.
"""

import atexit
import inspect
import operator
import os
import shutil
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.errors.messages import describe
from helpers.exercises.answer_types import plain
from helpers.exercises.handed_out import CannotCopy, copied
from helpers.exercises.learner_code import call, own_words
from helpers.exercises.notebook import kernel_names, needed
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
from helpers.exercises.side_effects import current_folder, digest, unchanged
from helpers.exercises.time_limit import TimeOver, time_limit
from helpers.notebooks import solution_of
from helpers.scratch import without_scratch

NOTEBOOK = "notebook"  # in `needs`: all names of the notebook, with its cells as "In"
SECONDS = 60  # of CPU time, for a whole check
OWN = 12  # of them, for the check without its calls of a learner's function
LONGEST = 30  # times OWN: the check may wait for a server or a runtime on a busy computer
CHARACTERS = 2000  # of a message
NO_SOLUTION = "This copy of the course has no solutions. Your instructor has them."
HINT_WIDTH = 60  # characters: JupyterLab breaks a longer line again in a narrow window


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
    needs : tuple of str
        Names of objects of the notebook that the check compares with. The grader gets each of them
        as a keyword argument. For NOTEBOOK it gets all names.
    maker : callable, optional
        Function of a folder, or of a folder and a seed. It makes in the folder what the exercise
        starts from; see `given`.
    fresh : callable, optional
        Function of what the maker made, which then is made only once, such as a running server. It
        returns what `given` hands out.
    lesson : Lesson, optional
        The lesson of the exercise. `Lesson` sets it.
    handed : list of Path
        The folders that `given` has made, one for each call.
    """

    key: str
    title: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    grader: Callable[..., str]
    needs: tuple[str, ...] = ()
    maker: Callable[..., Any] | None = None
    fresh: Callable[[Any], Any] | None = None
    lesson: Any = None
    _shown: int = 0
    _seed: int | None = None
    handed: list = field(default_factory=list)
    _digest: object = None
    _originals: dict = field(default_factory=dict)
    _folders: dict = field(default_factory=dict)

    def grade(self, *answers: Any, notebook: Mapping[str, Any] | None = None) -> Result:
        """Compute the Result for `answers`. It never raises an exception.

        Parameters
        ----------
        *answers
            The learner's answers, of any type, in the order of `self.answers`.
        notebook : mapping of str to object, optional
            The names of the notebook. By default those of the running kernel.

        Returns
        -------
        Result
            One of the four outcomes, with the message for the learner.
        """
        try:
            with (
                time_limit(SECONDS, LONGEST, LONGEST) as whole,
                time_limit(OWN, LONGEST, LONGEST, own=True) as own,
            ):
                outcome, message = self._outcome(answers, notebook)
        except TimeOver as over:
            if over.limit not in (whole, own):
                raise
            outcome = NOT_YET
            message = (
                f"this check should end within {over.limit.seconds:g} seconds, but {over}, so it "
                "was stopped. Does the answer have the type that the comment in the cell asks for?"
            )
        except KeyboardInterrupt:
            outcome = RAISED
            message = "KeyboardInterrupt: the check was stopped. Run the cell again."
        return Result(outcome, without_scratch(message[:CHARACTERS]))

    def _outcome(self, answers, notebook):
        try:
            self._refuse_untouched(answers)
            answers = [_readable(answer) for answer in answers]
            self._refuse_changed()
            if notebook is None:
                self._refuse_other_folder()
            names = kernel_names() if notebook is None else notebook
            found = {name: needed(names, name) for name in self.needs if name != NOTEBOOK}
            whole = {NOTEBOOK: names} if NOTEBOOK in self.needs else {}
            with unchanged("this answer", found):
                return PASSED, self.grader(*answers, **found, **whole) + self._practise_again()
        except NotAttempted as missing:
            if missing.left:
                what = " is" if len(missing.left) == 1 else " are"
                left = f"{', '.join(missing.left)}{what} still `...`"
                return NOT_ATTEMPTED, f"{left}: replace the ... first. {self.title}."
            return NOT_ATTEMPTED, f"replace the ... first. {self.title}."
        except NotYet as error:
            return NOT_YET, str(error)
        except Raised as raised:
            return RAISED, own_words(raised.error)
        except (KeyboardInterrupt, TimeOver):
            raise
        except BaseException as error:
            # The check is wrong, or the answer raises when it is read (a sys.exit() in __eq__).
            return NOT_YET, (
                f"this check could not read the answer ({describe(error, 200)}). Does the answer "
                "have the type that the comment in the cell asks for?"
            )

    def _practise_again(self):
        if not self._has_variants():
            return ""
        seed = (self._seed or 0) + 1
        return f" To practise again with another variant: lesson.{self.key}.given({seed})."

    def _refuse_other_folder(self):
        began, now = getattr(self.lesson, "folder", None), current_folder()
        if began in (None, now):
            return
        os.chdir(began)
        raise NotYet(
            "your cells should stay in the working directory, but have changed it to "
            f"{Path(now).name!r}. Later cells would not find their files. The check has changed it "
            "back: use whole paths instead of os.chdir, and run the cell again."
        )

    def _refuse_changed(self):
        """Refuse an answer after which what `given` handed out last is not as it was."""
        if self.handed and self._digest is not None and digest(self.handed[-1]) != self._digest:
            raise NotYet(
                f"lesson.{self.key}.given() made {self.handed[-1].name!r}, and its files should "
                "stay as they are, but have changed since. Export to another directory. Run the "
                "cell with given() again: it makes a new copy."
            )

    def _refuse_untouched(self, answers):
        names = ", ".join(self.answers)
        if len(answers) != len(self.answers):
            raise NotYet(
                f"{self.key}.check should get {len(self.answers)} answers, but got "
                f"{len(answers)}. Call {self.key}.check({names})."
            )
        untouched = [
            name for name, a in zip(self.answers, answers, strict=True) if _is_untouched(a)
        ]
        if untouched:
            raise NotAttempted(untouched if len(untouched) < len(answers) else ())

    def check(self, *answers: Any) -> None:
        """Grade the answers, show the result, and store a pass in the progress file.

        Parameters
        ----------
        *answers
            The learner's answers, of any type, in the order of `self.answers`.

        Raises
        ------
        AssertionError
            If the environment variable COURSE_STRICT is 1 and the exercise is not passed. Then
            graders that run notebooks, such as nbgrader and otter, see that the cell fails.
        """
        from IPython.display import display

        result = self.grade(*answers)
        if result.outcome == PASSED and self.lesson is not None:
            self.lesson.passed(self.key)
        if self.lesson is not None:
            self.lesson.report(self.key, result)
        display(result)
        if os.environ.get("COURSE_STRICT") == "1" and result.outcome != PASSED:
            raise AssertionError(f"{result.outcome}: {result.message}")

    def given(self, seed: int | None = None) -> Any:
        """Return what this exercise starts from: a new copy at each call.

        Parameters
        ----------
        seed : int, optional
            Another seed gives another variant, to practise again. The check that follows expects
            the answers of this variant.

        Returns
        -------
        object
            The docstring of the maker says what it is.

        Raises
        ------
        LookupError
            If the exercise starts from nothing, or has one variant only.
        TypeError
            If the seed is not a whole number.
        """
        if seed is not None:
            seed = operator.index(seed)
            if not self._has_variants():
                raise LookupError(f"{self.key} has one variant only: call given() without a seed.")
        self._seed = seed
        if self.fresh is not None:
            return self.fresh(self.original())
        number = f"_{len(self.handed) + 1}" if self.handed else ""
        scratch = self.lesson.scratch if self.lesson else Path(tempfile.mkdtemp())
        self.handed.append(scratch / f"{self.key}_given{number}")
        original = self.original()
        try:
            made = copied(original, self._folders[self._seed], self.handed[-1])
        except CannotCopy:
            made = self._make(self.handed[-1])
        self._digest = digest(self.handed[-1])
        return made

    def original(self) -> Any:
        """Return what the check compares with: the learner never gets it, and cannot change it.

        Returns
        -------
        object
            Of the variant that `given` handed out last.
        """
        if self._seed not in self._originals:
            folder = Path(tempfile.mkdtemp(prefix=f"original-{self.key}-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            self._folders[self._seed] = folder / "made"
            self._originals[self._seed] = self._make(folder / "made")
        return self._originals[self._seed]

    def _make(self, folder):
        if self.maker is None:
            raise LookupError(f"{self.key} has no given(): it starts from what your cells made.")
        if self._has_variants():
            return self.maker(folder, self._seed)
        return self.maker(folder)

    def _has_variants(self):
        return self.maker is not None and len(inspect.signature(self.maker).parameters) > 1

    def hint(self) -> None:
        """Print the next hint. After the last hint, print the solution; see `solution`."""
        if self._shown >= len(self.hints):
            self.solution()
            return
        self._shown += 1
        hint = f"Hint {self._shown} of {len(self.hints)}: {self.hints[self._shown - 1]}"
        print(textwrap.fill(hint, HINT_WIDTH))

    def solution(self) -> None:
        """Print the code of the solution. Without `solutions/`, print who has it."""
        try:
            print(solution_of(self.lesson.name, self.key))
        except FileNotFoundError:
            print(NO_SOLUTION)

    def __repr__(self):
        names = ", ".join(self.answers)
        return f"{self.key}: {self.title}. Call check({names}), hint() or solution()."


def _readable(answer):
    """Return a text as a plain text, and the path of a learner's own path object as a text."""
    if hasattr(type(answer), "__fspath__") and not type(answer).__module__.startswith("pathlib"):
        return call(os.fspath, answer, may_change=(0,))  # its methods may never end
    return plain(answer)


def _is_untouched(answer):
    """Return whether an answer is `...`, or a dict with nothing else in it, or in its dicts."""
    if type(answer) is dict:
        return bool(answer) and all(
            value is ... or (type(value) is dict and all(inner is ... for inner in value.values()))
            for value in answer.values()
        )
    return answer is ...


def exercise(
    key: str,
    answers: str,
    hints: Iterable[str],
    needs: str = "",
    given: Callable[..., Any] | None = None,
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
    needs : str
        Names of objects of the notebook, separated by blanks; see `Exercise.needs`.
    given, fresh : callable, optional
        See `Exercise.maker` and `Exercise.fresh`.

    Returns
    -------
    callable
        The decorator, which returns the Exercise.
    """

    def decorate(grader):
        title = " ".join(grader.__doc__.split()).rstrip(".")
        names, needed_names = tuple(answers.split()), tuple(needs.split())
        return Exercise(key, title, names, tuple(hints), grader, needed_names, given, fresh)

    return decorate
