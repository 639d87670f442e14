"""Grade a folder of notebooks: `python -m helpers.teaching.grade FOLDER --csv out.csv`."""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from helpers.paths import ROOT
from helpers.teaching.files_of_course import course_files
from helpers.teaching.grade.box import why_no_box
from helpers.teaching.grade.grading import Graded, Grader, grade_all
from helpers.teaching.grade.limits import Limits
from helpers.teaching.grade.report import summary, write_csv, write_pages
from helpers.teaching.grade.submissions import find_submissions

DONE, BAD_USE, INTERRUPTED = 0, 2, 130
RESULTS = "results.jsonl"  # in the folder of the pages: what is graded already


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the notebooks, write the reports, and return the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        submissions = find_submissions(chosen.folder)
    except OSError as error:
        return _fail(str(error))
    if not chosen.unboxed and (why := why_no_box()):
        return _fail(
            f"notebooks run in a box, and {why}. With --unboxed they run without a box, and can "
            "read, change and send everything that you can."
        )
    pages = chosen.pages or chosen.csv.with_suffix("")
    pages.mkdir(parents=True, exist_ok=True)
    known = {} if chosen.again else _known(pages / RESULTS)
    course = _digest_of_course()
    keys = {one.name: f"{course} {one.digest}" for one in submissions}
    results = [
        known[one.name, keys[one.name]] for one in submissions if _is_known(one, keys, known)
    ]
    left = [one for one in submissions if not _is_known(one, keys, known)]
    if results:
        print(f"{len(results)} of {len(submissions)} notebooks are graded already.")
    began = time.monotonic()
    try:
        _grade(left, keys, pages / RESULTS, chosen, results)
    except KeyboardInterrupt:
        print(
            f"Interrupted after {len(results)} of {len(submissions)} notebooks. "
            "Type the same command to go on."
        )
        return INTERRUPTED
    write_csv(chosen.csv, results)
    learners = write_pages(pages, results)
    print(summary(results, time.monotonic() - began))
    print(f"Wrote {chosen.csv}, {len(learners)} pages for learners, and {pages / 'class.html'}.")
    return DONE


def _grade(left, keys, file, chosen, results):
    """Grade what is left, and add each result to the list and to the file at once."""
    limits = Limits(seconds=60 * chosen.minutes, memory=int(chosen.memory * 1e9))
    with (
        file.open("a", encoding="utf-8") as stream,
        Grader(not chosen.unboxed, limits) as grader,
        _progress() as progress,
    ):
        task = progress.add_task("Grading", total=len(left))
        for graded in grade_all(left, grader, chosen.jobs):
            results.append(graded)
            line = {"key": keys[graded.name], "graded": graded.as_json()}
            stream.write(json.dumps(line) + "\n")
            stream.flush()
            progress.advance(task)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m helpers.teaching.grade",
        description="Run submitted notebooks in boxes, and check their answers.",
        epilog="Exit status: 0 done, 2 the folder cannot be used, or there are no boxes here, 130 "
        "interrupted.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="with notebooks of any name")
    parser.add_argument("--csv", metavar="FILE", type=Path, required=True, help="for the verdicts")
    parser.add_argument(
        "--pages", metavar="DIRECTORY", type=Path, help="for the pages; by default beside the CSV"
    )
    parser.add_argument("--jobs", type=_positive, default=1, help="notebooks at the same time")
    parser.add_argument(
        "--minutes", type=float, default=15, help="for each of the two boxes of a notebook"
    )
    parser.add_argument("--memory", type=float, default=4, help="GB for each box")
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument(
        "--unboxed", action="store_true", help="run notebooks with all your rights, without a box"
    )
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} should be 1 or more")
    return number


def _fail(words):
    print(f"error: {words}", file=sys.stderr)
    return BAD_USE


def _known(file: Path) -> dict[tuple[str, str], Graded]:
    found = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                told = json.loads(line)
                graded = Graded.from_json(told["graded"])
            except (ValueError, TypeError, KeyError):  # the last line, after an interruption
                continue
            found[graded.name, told["key"]] = graded
    return found


def _is_known(submission, keys, known):
    return (submission.name, keys[submission.name]) in known


def _digest_of_course() -> str:
    """Return what identifies the course: a changed check grades everything again."""
    total = hashlib.sha256()
    for path in course_files():
        if path.startswith(("helpers/", "solutions/")) and path.endswith(".py"):
            total.update(os.fsencode(path) + (ROOT / path).read_bytes())
    return total.hexdigest()[:16]


def _progress():
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


if __name__ == "__main__":
    sys.exit(main())
