"""What grading found: a CSV file, a page for each learner, and a picture of the class."""

import csv
import html
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.display import PICTURE_WIDTH, palette
from helpers.display.html_table import table
from helpers.exercises.outcomes import MARKS, NOT_ATTEMPTED, NOT_YET, PASSED, RAISED, Result
from helpers.teaching.grade.check_run import BESIDE
from helpers.teaching.grade.grading import NOT_REACHED, Graded, Row

HEAD = ("learner", "lesson", "exercise", "outcome", "words", "checked", "file")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute a text that begins so
BESIDE_WORDS = "This answer is code, so it was checked beside the learner's own code."
COLOURS = {
    PASSED: palette.PASSED,
    NOT_YET: palette.NOT_YET,
    RAISED: palette.RAISED,
    NOT_ATTEMPTED: palette.NOT_ATTEMPTED,
    NOT_REACHED: palette.BLACK,
}
LINE, EDGE, LABEL = 30, 20, 100  # pixels of the picture
BAR = PICTURE_WIDTH - LABEL - EDGE
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}
h3{{margin-bottom:.2em}} small{{color:#595959}} svg{{max-width:100%;height:auto}}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""


def write_csv(file: Path, results: Sequence[Graded]) -> None:
    """Write one line for each exercise of each submission.

    Parameters
    ----------
    file : Path
    results : sequence of Graded
    """
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        for graded in _sorted(results):
            for row in graded.rows:
                cells = (row.learner, row.lesson, row.exercise, row.outcome, row.words)
                cells = (*cells, row.checked, graded.name)
                writer.writerow([_cell(cell) for cell in cells])


def _sorted(results):
    return sorted(results, key=lambda graded: (graded.learner, graded.lesson, graded.name))


def _cell(text):
    text = text.encode("utf-8", "replace").decode()
    return f"'{text}" if text.startswith(FORMULA) else text


def write_pages(folder: Path, results: Sequence[Graded]) -> list[Path]:
    """Write a page for each learner, the page of the class, and its picture.

    Parameters
    ----------
    folder : Path
        It is made if it is missing.
    results : sequence of Graded

    Returns
    -------
    list of Path
        The pages of the learners.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_learner: dict[str, list[Graded]] = {}
    for graded in _sorted(results):
        by_learner.setdefault(graded.learner, []).append(graded)
    pages, taken = [], {"class"}
    for learner, own in by_learner.items():
        page = folder / f"{_file_name(learner, taken)}.html"
        page.write_text(_page(f"Feedback for {learner}", _learner(own)), encoding="utf-8")
        pages.append(page)
    rows = [row for graded in results for row in graded.rows if row.exercise]
    picture = class_picture(rows)
    (folder / "class.svg").write_text(picture, encoding="utf-8")
    text = _page("The class", f"{picture}{_words_of_class(rows)}{_unread(results)}")
    (folder / "class.html").write_text(text, encoding="utf-8")
    return pages


def _file_name(learner, taken):
    """Return a name that every system accepts, and that no other learner has."""
    name = re.sub(r"[^\w-]+", "_", learner)[:60] or "learner"
    number = 1
    while (found := name if number == 1 else f"{name}-{number}").lower() in taken:
        number += 1
    taken.add(found.lower())
    return found


def _page(title, body):
    title = title.encode("utf-8", "replace").decode()
    return PAGE.format(title=html.escape(title), body=body)


def _learner(own):
    parts = []
    for graded in own:
        passed = sum(row.outcome == PASSED for row in graded.rows)
        exercises = sum(bool(row.exercise) for row in graded.rows)
        title = f"{graded.lesson or graded.name}: {passed} of {exercises} exercises passed"
        parts.append(f"<h2>{html.escape(title)}</h2><p><small>{html.escape(graded.name)}</small>")
        for row in graded.rows:
            parts.append(f"<h3>{html.escape(f'Exercise {row.exercise[1:]}')}</h3>{_verdict(row)}")
            if row.checked == BESIDE:
                parts.append(f"<p><small>{html.escape(BESIDE_WORDS)}</small></p>")
    return "".join(parts)


def _verdict(row: Row) -> str:
    if row.outcome in MARKS:
        return Result(row.outcome, row.words)._repr_html_()
    return f"<p><strong>{html.escape(row.outcome)}</strong><br>{html.escape(row.words)}</p>"


def class_picture(rows: Sequence[Row]) -> str:
    """Draw for each exercise how many learners have which outcome.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    str
        An SVG picture. Each part of a bar has its number and the first letter of its outcome.
    """
    counts: dict[str, Counter] = {}
    for row in rows:
        counts.setdefault(f"{row.lesson[:2]} {row.exercise}", Counter())[row.outcome] += 1
    most = max((sum(count.values()) for count in counts.values()), default=1)
    height, shapes, said = LINE * (len(counts) + 1) + EDGE, [], []
    for number, (label, count) in enumerate(sorted(counts.items()), 1):
        top, left = LINE * number + EDGE // 2, LABEL
        shapes.append(f'<text x="{EDGE}" y="{top + 15}" fill="{palette.BLACK}">{label}</text>')
        for outcome, colour in COLOURS.items():
            width = BAR * count[outcome] / most
            if width:
                words = f"{label}: {count[outcome]} {outcome}"
                shapes.append(
                    f'<g><title>{words}</title><rect x="{left:.1f}" y="{top}" '
                    f'width="{width:.1f}" height="{LINE - 10}" fill="{colour}"/>'
                    f'<text x="{left + 3:.1f}" y="{top + 15}">{count[outcome]}</text></g>'
                )
                said.append(words)
            left += width
    legend, left = [], EDGE
    for outcome, colour in COLOURS.items():
        legend.append(
            f'<rect x="{left}" y="12" width="14" height="14" fill="{colour}"/>'
            f'<text x="{left + 20}" y="25" fill="{palette.BLACK}">{outcome}</text>'
        )
        left += 34 + 9 * len(outcome)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PICTURE_WIDTH} {height}" '
        f'width="{PICTURE_WIDTH}" height="{height}" role="img" font-family="sans-serif" '
        f'font-size="15" fill="{palette.WHITE}"><title>Learners by exercise and outcome</title>'
        f"<desc>{html.escape('. '.join(said))}</desc>"
        f'<rect x="1" y="1" width="{PICTURE_WIDTH - 2}" height="{height - 2}" rx="12" '
        f'stroke="{palette.GREY}"/>{"".join(legend)}{"".join(shapes)}</svg>'
    )


def _words_of_class(rows):
    """Return the table of the most frequent words of the checks for each exercise."""
    found: dict[tuple[str, str], Counter] = {}
    for row in rows:
        if row.outcome in (NOT_YET, RAISED):
            key = f"{row.lesson[:2]} {row.exercise}", row.outcome
            found.setdefault(key, Counter())[row.words] += 1
    lines = [
        (exercise, outcome, count, words[:300])
        for (exercise, outcome), counter in sorted(found.items())
        for words, count in counter.most_common(3)
    ]
    if not lines:
        return "<p>No check found a mistake.</p>"
    head = ("exercise", "outcome", "learners", "what the check said")
    return f"<h2>What the checks said</h2>{table(head, lines)}"


def _unread(results):
    lines = [(one.name, row.words) for one in results for row in one.rows if not row.exercise]
    if not lines:
        return ""
    return f"<h2>Files that were not graded</h2>{table(('file', 'why'), lines)}"


def summary(results: Sequence[Graded], seconds: float) -> str:
    """Say in a few lines what was graded, and how long it took.

    Parameters
    ----------
    results : sequence of Graded
    seconds : float
        Of the clock, for all together.

    Returns
    -------
    str
    """
    rows = [row for graded in results for row in graded.rows]
    counts = Counter(row.outcome for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    lines = [f"{len(results)} notebooks in {seconds / 60:.1f} minutes. Exercises: {told}."]
    for graded in _sorted(results):
        passed = sum(row.outcome == PASSED for row in graded.rows)
        note = f"  ({graded.note})" if graded.note else ""
        lines.append(
            f"  {graded.name}: {passed} of {len(graded.rows)} passed, "
            f"{graded.seconds / 60:.1f} minutes{note}"
        )
    beside = sum(row.checked == BESIDE and row.outcome == PASSED for row in rows)
    if beside:
        lines.append(
            f"{beside} passes are marked 'beside': the answers are code, which ran in the process "
            "of their check. Read the code before you rely on such a pass."
        )
    return "\n".join(lines)
