"""What changed, from plain data to one Markdown text."""

import difflib
import re

from helpers.text import shorten

LONGEST = 160


def version_changes(pinned, tried):
    """[(package, pinned version or "", tried version or "")] of those that differ."""
    names = sorted(pinned.keys() | tried.keys())
    both = [(name, pinned.get(name, ""), tried.get(name, "")) for name in names]
    return [row for row in both if row[1] != row[2]]


def case_changes(case, seen):
    """[(case, what changed, as taught, now)] for one `clinic.Case`.

    seen : dict, as tests/newest_versions/cases.py observed it; {"died": str} when it ended its
        process
    """
    if "died" in seen:
        return [(case.key, "ends the process", "", seen["died"])]
    rows = []
    taught = f"{case.exception}: {case.text}" if case.exception else f"silent: {case.text}"
    broken = seen["broken"]
    if "raised" not in broken:
        if case.exception or not broken.get("wrong"):
            rows.append(("now works", taught, broken.get("returned", "the right answer")))
    elif not case.exception:
        rows.append(("no longer silent", taught, broken["raised"]))
    elif not broken["raised"].startswith(f"{case.exception}:"):
        rows.append(("other exception", taught, broken["raised"]))
    elif case.text not in " ".join(broken["raised"].split()):
        rows.append(("other text", taught, broken["raised"]))
    cured = seen["cured"]
    if "raised" in cured:
        rows.append(("cure no longer works", "", cured["raised"]))
    for reader, said in cured.get("readers", {}).items():
        if said and (reader in case.promised or reader == "this program"):
            rows.append(("cure no longer works", f"right in {reader}", said))
        elif not said and reader not in case.promised:
            rows.append(("cure works in more", f"not in {reader}", f"right in {reader}"))
    return [(case.key, *row) for row in rows]


def cell_changes(failed, versions):
    """[(notebook, cell, stored, now)] of the cells whose outputs changed.

    failed : list of dict, as tests/newest_versions/cells.py wrote them
    versions : `version_changes`; that a cell names another version is not a change
    """
    rows = []
    for found in failed:
        notebook, _, cell = found["id"].partition("::")
        if not notebook.endswith(".ipynb"):
            continue
        if "stored" not in found:
            rows.append((notebook, cell, "", found["error"]))
            continue
        now = [_with_pinned(line, versions) for line in found["now"]]
        stored = [_with_pinned(line, versions) for line in found["stored"]]
        if stored != now:
            rows.append((notebook, cell, *_first_difference(stored, now)))
        elif "outputs differ" not in found["error"]:
            rows.append((notebook, cell, "", found["error"]))
    return sorted(rows, key=lambda row: (row[0], int(row[1].split()[-1])))


def other_failures(failed, cases):
    """[(test, what it says)] of what is neither a cell nor the test of a case among `cases`."""
    return [
        (found["id"], found["error"])
        for found in failed
        if not found["id"].split("::")[0].endswith(".ipynb")
        and not any(found["id"].endswith(f"[{key}]") for key in cases)
    ]


def _with_pinned(line, versions):
    for _, pinned, tried in versions:
        if pinned and tried:
            line = re.sub(rf"(?<![\w.]){re.escape(tried)}(?!\w|\.\d)", pinned, line)
    return line


def _first_difference(stored, now):
    """The first lines that differ, and how many more do."""
    blocks = difflib.SequenceMatcher(None, stored, now, autojunk=False).get_opcodes()
    changed = [(stored[a:b], now[c:d]) for what, a, b, c, d in blocks if what != "equal"]
    more = sum(max(len(old), len(new)) for old, new in changed) - 1
    old, new = (lines[0] if lines else "" for lines in changed[0])
    start = 0
    while old[start : start + 1] == new[start : start + 1] != "":
        start += 1
    # A long line is shown from shortly before the first character that differs.
    cut = start - 40 if max(len(old), len(new)) > LONGEST and start > 60 else 0
    old, new = (f"… {line[cut:]}" if cut and line else line for line in (old, new))
    old, new = shorten(old, LONGEST), shorten(new, LONGEST)
    return old, f"{new} (and {more} more)" if more else new


def markdown(versions, asked, ran, cases, cells, others):
    """The report.

    versions : `version_changes`
    asked : [(package, pinned, tried)], always shown
    ran : str, what was run
    cases, cells, others : `case_changes`, `cell_changes`, `other_failures`
    """
    tried = " and ".join(f"{name} {version}" for name, _, version in asked)
    shown = dict.fromkeys([*asked, *versions])
    parts = [f"# Canary: {tried}", _table(("package", "pinned", "tried"), shown)]
    if not (cases or cells or others):
        return "\n\n".join([*parts, f"**Nothing changed** in {ran}.\n"])
    counts = [
        _count(len({row[0] for row in cases}), "case"),
        _count(len(cells), "cell"),
        _count(len(others), "other test"),
    ]
    parts.append(f"**Changed: {', '.join(filter(None, counts))}**, in {ran}.")
    for title, head, rows in (
        ("The clinic", ("case", "what changed", "as taught", "now"), cases),
        ("The lessons", ("notebook", "cell", "stored", "now"), cells),
        ("Other tests", ("test", "what it says"), others),
    ):
        if rows:
            parts += [f"## {title}", _table(head, rows, code=2 if len(head) == 4 else 1)]
    return "\n\n".join(parts) + "\n"


def _count(number, what):
    return f"{number} {what}{'s' * (number > 1)}" if number else ""


def _table(head, rows, code=3):
    """A Markdown table; the columns from `code` on hold what a program said."""
    lines = [head, ["---"] * len(head)]
    for row in rows:
        lines.append([_code(c) if i >= code else c or "—" for i, c in enumerate(row)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text):
    text = shorten(re.sub(r"\x1b\[[\d;]*m", "", text), LONGEST)
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""
