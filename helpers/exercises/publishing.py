"""Exercise 3 of lesson 07: a learner's way to publish a version, watched by clients."""

import itertools
import tempfile
import time
from pathlib import Path

from helpers.errors import safe_repr
from helpers.exercises import exercise_server
from helpers.exercises.engine import NotYet, call, require
from helpers.exercises.served import ROW, save
from helpers.serving.asking import Asking

NUMBERS = itertools.count(1)  # of checks: a name that is used again would find old versions
CLIENTS = 3
FILES = 200  # beside the model: so many take a moment to copy, as a large model does


def _export(folder, number):
    made = save(folder / f"export-{number}", number)
    (made / "assets.extra").mkdir()
    for part in range(FILES):
        (made / "assets.extra" / f"part-{part:03d}.txt").write_text("words\n" * 100)
    return made


def require_published(publish):
    """`publish(export_dir, base)` must bring two new versions, one by one, without a lost request.

    Returns how many requests were answered meanwhile.
    """
    require(callable(publish), f"a function is wanted here, not {safe_repr(publish)}")
    model = f"published-{next(NUMBERS)}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = folder / "served"
        (base / "notes").mkdir(parents=True)
        for number in (1, 9):
            save(folder / "old", number).rename(base / str(number))
        try:
            exercise_server.serve_model(model, base)
            return sum(
                _require_one(publish, model, _export(folder, number), base, number)
                for number in (101, 102)
            )
        finally:
            exercise_server.forget_model(model)


def _require_one(publish, model, made, base, answer_wanted):
    def request():
        return exercise_server.ask(f"{model}:predict", ROW)

    before = exercise_server.settled(model)
    with Asking(request, CLIENTS) as clients, Asking(_look, 1):
        call(publish, made, base)
        states = exercise_server.settled(model)
        time.sleep(0.05)  # the clients go on for a moment
    status, answer = request()
    for number, (state, error) in states.items():
        if number > max(before) and error:
            raise NotYet(
                f"version {number} came to {state}: {error.splitlines()[0]}. "
                + _why(base / str(number))
            )
    if clients.failed:
        raise NotYet(
            f"{len(clients.failed)} of {len(clients.answers)} requests failed while you published, "
            f"the first with {clients.failed[0]}. Leave the old versions alone: the server lets "
            "them go when the new one answers."
        )
    got = int(answer["predictions"][0][0]) if status == 200 else answer
    if got != answer_wanted:
        there = ", ".join(sorted(path.name for path in base.iterdir())) or "nothing"
        raise NotYet(
            f"the new export does not answer. In base there is {there}. A version is a folder "
            "whose name is a number, and the highest number is served; a version that is loaded "
            "is not read again."
        )
    require(
        (made / "saved_model.pb").is_file(),
        "export_dir has gone: others read it as well, so it is to stay where it is.",
    )
    return len(clients.answers)


def _look():
    """Let the server look into the folder now; else it looks once in a second."""
    exercise_server.look()
    return 200, None


def _why(version):
    if version.is_symlink():
        return "This server follows no link out of its folder: copy the export."
    if (version / "saved_model.pb").is_file():
        return (
            "The export is complete now; it was not when the server looked into the folder. It "
            "looks at any time, so a version must appear there in one step."
        )
    return "saved_model.pb must lie in the folder of the version itself."
