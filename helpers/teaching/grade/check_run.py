"""The second box: read the answers as data, and call the checks of the course.

Standard input holds 32 secret bytes and an order as JSON: name, beside, events, exports. Each line
of standard output is a signed verdict.
"""

import contextlib
import hmac
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.exercises.outcomes import (
    NOT_ATTEMPTED,
    NOT_YET,
    PASSED,
    RAISED,
    NotYet,
    Result,
)
from helpers.teaching.grade.answers import NotData, decode, paths_in
from helpers.teaching.grade.notebook_run import SECRET, signature

EVENTS = 400_000_000  # bytes that the first box may write
APART, BESIDE = "apart", "beside"
# The grader does not run a graph that does one of these.
REFUSED = (
    "writes files",
    "sends to other computers or lets them in",
    "ends the process",
    "holds a program that no list of operations shows",
)
FLEX = re.compile(rb"Flex(\w{3,60})")  # an operation of TensorFlow in a LiteRT file


def read_events(file: Path) -> Iterator[dict]:
    """Read what the first box wrote, without the lines that are no event.

    Parameters
    ----------
    file : Path

    Yields
    ------
    dict
    """
    try:
        # Not waiting: the notebook may have put something else in the place of the file.
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as stream:
            content = stream.read(EVENTS + 1) or b""
    except OSError:
        return
    if len(content) > EVENTS:
        return
    for line in content.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def verdict_of(
    exercise: Any, event: Mapping[str, Any], beside: set[str], secret: bytes, names: "Names"
) -> tuple[Result, str]:
    """Return the verdict on one exercise, and where it was checked.

    Parameters
    ----------
    exercise : Exercise
    event : mapping
        The last event of this exercise.
    beside : set of str
        The exercises whose answers are no data.
    secret : bytes
        What the first box signed with.
    names : Names
        The objects of the notebook.

    Returns
    -------
    Result
    str
        APART or BESIDE. Empty if the cell raised an error before its check.
    """
    if "raised" in event:
        return Result(RAISED, _text(event.get("words"))), ""
    if "verdict" in event:
        return _beside(exercise.key, event, beside, secret), BESIDE
    try:
        refused = _text(event.get("refused", ""))
        answers = [decode(item) for item in event["data"]]
        needs = {str(name): item for name, item in dict(event["needs"]).items()}
        exercise._seed = None if event["seed"] is None else int(event["seed"])
        exercise.handed = [Path(str(folder)) for folder in event["handed"]]
    except (NotData, KeyError, TypeError, ValueError) as error:
        return Result(NOT_YET, f"the answer could not be read: {error}."), APART
    untouched = all(answer is ... for answer in answers)
    if refused and not untouched:
        return Result(NOT_YET, refused), APART
    for name, answer in zip(exercise.answers, answers, strict=False):
        operation = dangerous_operation(answer)
        if operation:
            words = f"{name} contains {operation}. Therefore the grader does not run it."
            return Result(NOT_YET, words), APART
    try:
        notebook = {} if untouched else {name: names.made(name, needs[name]) for name in needs}
    except NotYet as error:
        return Result(NOT_YET, str(error)), APART
    return exercise.grade(*answers, notebook=notebook), APART


def _beside(key, event, beside, secret):
    outcome, message = _text(event.get("outcome")), _text(event.get("message"))
    right = signature(secret, key, outcome, message)
    if not hmac.compare_digest(right, _text(event.get("signature"))):
        return Result(NOT_YET, "the notebook wrote a verdict itself. It does not count.")
    if outcome not in (PASSED, NOT_YET, NOT_ATTEMPTED, RAISED):
        return Result(NOT_YET, message)
    if outcome == PASSED and key not in beside:
        return Result(NOT_YET, "the answer should be data, but is an object that only runs.")
    return Result(outcome, message)


def _text(value):
    return value[:2000] if isinstance(value, str) else ""


def dangerous_operation(answer: Any) -> str:
    """Find an operation with an effect of REFUSED in the exports that an answer names.

    Parameters
    ----------
    answer : object
        Decoded.

    Returns
    -------
    str
        Such as "WriteFile, which writes files". Empty if there is none.
    """
    from helpers.artifact.saved_model import NotAnArtifact
    from helpers.inspection.dangerous_operations import EFFECT
    from helpers.inspection.gate import effects_of

    found: dict[str, str] = {}
    contents = [answer] if isinstance(answer, bytes) else []
    for path in paths_in(answer):
        if path.is_file() and path.stat().st_size < EVENTS:
            contents.append(path.read_bytes())
        for file in path.rglob("saved_model.pb") if path.is_dir() else ():
            with contextlib.suppress(NotAnArtifact, OSError):
                found |= effects_of(file.parent)
    for content in contents:
        operations = {name.decode() for name in FLEX.findall(content)}
        found |= {name: EFFECT[name] for name in operations & EFFECT.keys()}
    refused = sorted(name for name, effect in found.items() if effect in REFUSED)
    return f"{refused[0]}, which {found[refused[0]]}" if refused else ""


class Names:
    """Objects of the notebook: made by the course's own cells, with the learner's weights.

    Parameters
    ----------
    name : str
        Of the lesson.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def made(self, name: str, data: Any) -> Any:
        """Return an object like the learner's.

        Parameters
        ----------
        name : str
            In the notebook.
        data : dict
            {"weights": ...} of a model, or {"data": ...}.

        Raises
        ------
        NotYet
            If it has not the weights of the page's model.
        """
        import numpy as np

        from helpers.exercises.notebook import changed
        from helpers.exercises.side_effects import weights_of

        try:
            if "data" in data:
                return decode(data["data"])
            weights = [np.asarray(decode(item)) for item in data["weights"]]
            model = self._model(name)
            variables = weights_of(model) or []
            for variable, weight in zip(variables, weights, strict=True):
                if tuple(variable.shape) != weight.shape:
                    raise ValueError
                variable.assign(weight)
        except (NotData, KeyError, TypeError, ValueError):
            raise changed(name, "should be the model of the page, but is another one") from None
        return model

    def _model(self, name):
        from helpers.exercises.notebook import source_of
        from helpers.paths import NOTEBOOKS

        stored = json.loads((NOTEBOOKS / f"{self._name}.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(c["source"]) for c in stored["cells"] if c["cell_type"] == "code"]
        names: dict = {"__name__": "__main__"}
        exec(compile(source_of(name, cells), "the cell", "exec"), names)
        return names[name]


def main() -> None:
    """Write a verdict for each exercise of the lesson."""
    secret = sys.stdin.buffer.read(SECRET)
    told = json.loads(sys.stdin.buffer.read())
    out = os.fdopen(os.dup(1), "w", encoding="ascii", buffering=1)
    os.dup2(2, 1)
    os.environ["COURSE_EXPORTS"] = told["exports"]
    from helpers import start

    lesson = start(told["name"])
    last: dict[str, dict] = {}
    begun, ended = 0, False
    for event in read_events(Path(told["events"])):
        key = next((event[name] for name in ("answer", "verdict", "raised") if name in event), None)
        if isinstance(key, str):
            last[key] = event
        if isinstance(event.get("begun"), int):
            begun = event["begun"]
        ended = ended or event.get("ended") is True
    out.write(json.dumps({"begun": begun, "ended": ended}) + "\n")
    names = Names(told["name"])
    for key, exercise in lesson.exercises.items():
        if key not in last:
            continue
        result, where = verdict_of(exercise, last[key], set(told["beside"]), secret, names)
        signed = signature(secret, key, result.outcome, result.message)
        line = {"key": key, "outcome": result.outcome, "message": result.message, "where": where}
        out.write(json.dumps(line | {"signature": signed}) + "\n")
    out.flush()
    os._exit(0)  # the processes of the readers end with their box


if __name__ == "__main__":
    main()
