"""The page of the promise matrix: Markdown made from the tables of two runs."""

import re
from collections.abc import Iterable, Mapping, Sequence

from tests.promise_matrix.table import (
    FAILS,
    NOT_TRIED,
    OTHER,
    SAME,
    Cell,
    Change,
    Run,
    Table,
    changes,
    counts,
)

MARKS = {SAME: "✓", OTHER: "✗", FAILS: "✗", NOT_TRIED: "?"}
READERS = {"python": "Python", "session": "session", "litert": "LiteRT"}
INTRODUCTION = """\
Each row is a way to export, and each column is a reader: a program that loads the export. A cell
says what the reader answers, compared with the live model:

- **same**: the numbers of the model
- **other**: an answer without an error, and not the numbers of the model
- **fails**: an error
- **not tried**: the export cannot be made, or its answers show nothing

**Python** loads the export with `tf.saved_model.load`. The **session** is the loader of TensorFlow
Serving and of the C API. **LiteRT** converts the export for phones and small devices.

`make matrix` makes this page and the file `promise_matrix.json` beside it. The exports are those of
`tests/corpus/cases/`."""


def markdown(now: Table, last: Table | None = None) -> str:
    """Write the page.

    Parameters
    ----------
    now : Table
        The tables of this run, the pinned versions first.
    last : Table or None
        The tables of the last run.

    Returns
    -------
    str
    """
    parts = ["# Which reader keeps the promise of which export", _changed(now, last), INTRODUCTION]
    for number, run in enumerate(now.runs):
        parts.append(f"## {_title(run)}")
        if run.reason:
            parts.append(f"Not tried: {run.reason}")
        elif number == 0:
            parts += [_sum(run), *_families(run)]
        else:
            parts += [_sum(run), _against(now.runs[0], run)]
    return "\n\n".join(parts) + "\n"


def _title(run):
    return f"{run.name}, pinned" if run.pinned else run.name


def _changed(now, last):
    """Write what changed since the last run, in each environment."""
    lines = ["**What changed since the last run**"]
    if last is None or not last.runs:
        return f"{lines[0]}: this is the first run."
    for run in now.runs:
        before = last.like(run)
        if before is None or not before.rows:
            lines.append(f"- {_title(run)}: tried for the first time.")
        elif not run.rows:
            lines.append(f"- {_title(run)}: not tried this time.")
        else:
            since = f" since {before.date}" if before.date else ""
            since += f" on {before.name}" if before.versions != run.versions else ""
            found = changes(before, run)
            told = _told(found) if found else ["  - nothing"]
            lines += [f"- {_title(run)}{since}:", *told]
    return "\n".join([lines[0], "", *lines[1:]])


def _told(found: Sequence[Change]):
    """Write a line for each export that changed. Readers that changed alike share a line."""
    lines: dict[tuple, list[str]] = {}
    for one in found:
        lines.setdefault((one.export, one.before, one.after), []).append(_reader(one.reader))
    told = [
        f"  - `{export}`, {', '.join(names)}: {_word(before)} → {_cell(after)}"
        for (export, before, after), names in lines.items()
        if before and after
    ]
    new = dict.fromkeys(f"`{one.export}`" for one in found if one.before is None)
    gone = dict.fromkeys(f"`{one.export}`" for one in found if one.after is None)
    told += [f"  - new in the table: {', '.join(new)}"] if new else []
    return told + ([f"  - no longer in the table: {', '.join(gone)}"] if gone else [])


def _word(cell):
    return cell.outcome if cell else "not in the table"


def _cell(cell):
    return f"**{cell.outcome}**" + (f" {_code(cell.text)}" if cell.text else "")


def _sum(run):
    words = [f"{number} {outcome}" for outcome, number in counts([run]).items() if number]
    day = f" on {run.date}" if run.date else ""
    return f"{len(run.rows)} ways to export{day}: {', '.join(words)}."


def _families(run: Run):
    """Yield a title, a table and the texts of each family of exports."""
    for family in sorted({row.family for row in run.rows.values()}):
        rows = {name: row for name, row in run.rows.items() if row.family == family}
        names = list(dict.fromkeys(reader for row in rows.values() for reader in row.cells))
        yield f"### {family[:1].upper()}{family[1:]}"
        head = ["export", *map(_reader, names)]
        yield _table(head, ([f"`{n}`", *_marked(row.cells, names)] for n, row in rows.items()))
        yield "\n".join(_explained(rows))


def _marked(cells: Mapping[str, Cell], names):
    for name in names:
        cell = cells.get(name)
        word = cell.outcome if cell else ""
        yield (
            f"{MARKS[word]} {word}" if word == SAME else f"{MARKS[word]} **{word}**" if word else ""
        )


def _explained(rows):
    """Yield why each export behaves so, and the texts of the cells below it."""
    for name, row in rows.items():
        yield f"- `{name}`: {row.why}"
        told: dict[str, list[str]] = {}
        for reader, cell in row.cells.items():
            if cell.text:
                told.setdefault(f"{cell.outcome}: {_code(cell.text)}", []).append(_reader(reader))
        yield from (f"  - {', '.join(names)} {text}" for text, names in told.items())


def _against(pinned: Run, run: Run):
    """Write the cells that differ from those of the pinned versions."""
    # Where some exports were asked alone, the others are no difference.
    found = [one for one in changes(pinned, run) if one.before and one.after]
    if not found:
        return "All cells are those of the pinned versions."
    rows = (
        [f"`{c.export}`", _reader(c.reader), _word(c.before), _word(c.after), _text(c.after)]
        for c in found
    )
    words = "Cells that differ from those of the pinned versions:"
    return f"{words}\n\n{_table(['export', 'reader', 'pinned', 'here', 'text'], rows)}"


def _text(cell):
    return _code(cell.text) if cell and cell.text else ""


def _reader(name):
    return READERS.get(name, name)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]):
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text):
    text = re.sub(r"\s+", " ", text).strip().replace("`", "'").replace("|", "\\|")
    return f"`{text}`"
