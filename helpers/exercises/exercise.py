"""One exercise: four outcomes, hints in steps, a solution.

An exercise is a function decorated with `@exercise(...)`. It takes the learner's answers, calls
`require(condition, words)` for each thing that must hold and returns the words for passing.
"""

import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

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

    key : "q1"
    title : one line
    answers : names of the answers that `check` takes
    hints : texts, from a nudge to nearly all; the solution comes after the last
    grader : function of the answers, see the module's docstring
    maker : function of a folder, makes there what the exercise starts from; see `given`
    fresh : function of what the maker made, makes what `given` returns, anew each time; or None
    """

    key: str
    title: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    grader: object
    maker: object = None
    fresh: object = None
    lesson: object = None
    _shown: int = 0
    _given: object = None

    def grade(self, *answers):
        """The Result for `answers`. Never raises, whatever the answers are."""
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
            # A mistake of the check, or an answer that does odd things (a sys.exit() in its
            # __eq__) when it is looked at: say so, in one line.
            return Result(
                NOT_YET,
                "this check could not make sense of that answer "
                f"({without_scratch(describe(error, 200))}). Is it of the kind that the comment "
                "in the cell asks for?",
            )

    def _refuse_untouched(self, answers):
        wanted = ", ".join(self.answers)
        if len(answers) != len(self.answers):
            raise NotYet(f"call it as {self.key}.check({wanted}); it got {len(answers)} answers")
        untouched = [n for n, a in zip(self.answers, answers, strict=True) if a is ...]
        if untouched:
            raise NotAttempted

    def check(self, *answers):
        """Grade the answers and show the result; a pass is kept in the progress file."""
        from IPython.display import display

        result = self.grade(*answers)
        if result.outcome == PASSED and self.lesson is not None:
            self.lesson.passed(self.key)
        display(result)

    def given(self):
        """What this exercise starts from, made on first use."""
        if self._given is None:
            scratch = self.lesson.scratch if self.lesson else Path(tempfile.mkdtemp())
            self._given = self.maker(scratch / f"{self.key}_given")
        return self._given if self.fresh is None else self.fresh(self._given)

    def hint(self):
        """Show the next hint; after the last one, the solution."""
        if self._shown >= len(self.hints):
            self.solution()
            return
        self._shown += 1
        print(
            textwrap.fill(
                f"Hint {self._shown} of {len(self.hints)}: {self.hints[self._shown - 1]}", 96
            )
        )

    def solution(self):
        """Show the code of the solution, as `solutions/` has it."""
        print(solution_of(self.lesson.name, self.key))

    def __repr__(self):
        wanted = ", ".join(self.answers)
        return f"{self.key}: {self.title}. Call check({wanted}), hint() or solution()."


def exercise(answers, hints, given=None, fresh=None):
    """Make an Exercise of the function below: its name is the key, its docstring the title.

    answers : names of the answers, separated by blanks
    given, fresh : functions, see Exercise.maker and Exercise.fresh
    """

    def made(grader):
        title = " ".join(grader.__doc__.split()).rstrip(".")
        names = tuple(answers.split())
        return Exercise(grader.__name__, title, names, tuple(hints), grader, given, fresh)

    return made
