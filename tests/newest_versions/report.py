"""The report: what changed, as one Markdown text made from plain data."""

import difflib
import re

from helpers.text import shorten

LONGEST = 160


def version_changes(pinned, tried):
    """List the packages whose versions differ.

    Parameters
    ----------
    pinned, tried : dict of str to str
        version by package

    Returns
    -------
    list of (str, str, str)
        package, pinned version, tried version; "" for a package that is not installed
    """
    names = sorted(pinned.keys() | tried.keys())
    both = [(name, pinned.get(name, ""), tried.get(name, "")) for name in names]
    return [row for row in both if row[1] != row[2]]


def case_changes(case, seen):
    """List what changed in one case of the clinic.

    Parameters
    ----------
    case : helpers.clinic.Case
    seen : dict
        what tests/newest_versions/cases.py observed; {"died": str} if the case ended its process

    Returns
    -------
    list of (str, str, str, str)
        key of the case, what changed, as taught, now
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
        rows.append(("different exception", taught, broken["raised"]))
    elif case.text not in " ".join(broken["raised"].split()):
        rows.append(("different text", taught, broken["raised"]))
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
    """List the cells whose outputs changed. A cell that only names another version did not change.

    Parameters
    ----------
    failed : list of dict
        as tests/newest_versions/cells.py writes them
    versions : list of (str, str, str)
        as `version_changes` returns them

    Returns
    -------
    list of (str, str, str, str)
        notebook, cell, stored line, line now
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
    """List the failed tests that belong neither to a cell nor to a case among `cases`.

    Parameters
    ----------
    failed : list of dict
        as tests/newest_versions/cells.py writes them
    cases : set of str
        keys of cases that the report names already

    Returns
    -------
    list of (str, str)
        test, message
    """
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
    """Return the first two lines that differ; the second says how many more differ."""
    blocks = difflib.SequenceMatcher(None, stored, now, autojunk=False).get_opcodes()
    changed = [(stored[a:b], now[c:d]) for what, a, b, c, d in blocks if what != "equal"]
    more = sum(max(len(old), len(new)) for old, new in changed) - 1
    old, new = (lines[0] if lines else "" for lines in changed[0])
    start = 0
    while old[start : start + 1] == new[start : start + 1] != "":
        start += 1
    # Of a long line, show the part that starts shortly before the first difference.
    cut = start - 40 if max(len(old), len(new)) > LONGEST and start > 60 else 0
    old, new = (f"… {line[cut:]}" if cut and line else line for line in (old, new))
    old, new = shorten(old, LONGEST), shorten(new, LONGEST)
    return old, f"{new} (and {more} more)" if more else new


def markdown(versions, asked, ran, cases, cells, others):
    """Write the report.

    Parameters
    ----------
    versions : list of (str, str, str)
        as `version_changes` returns them
    asked : list of (str, str, str)
        package, pinned version, tried version of the packages that the report always shows
    ran : str
        what ran, as words
    cases, cells, others : list of tuple
        as `case_changes`, `cell_changes` and `other_failures` return them

    Returns
    -------
    str
        Markdown
    """
    tried = " and ".join(f"{name} {version}" for name, _, version in asked)
    shown = dict.fromkeys([*asked, *versions])
    parts = [f"# The course on {tried}", _table(("package", "pinned", "tried"), shown)]
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
        ("Other tests", ("test", "message"), others),
    ):
        if rows:
            parts += [f"## {title}", _table(head, rows, code=2 if len(head) == 4 else 1)]
    return "\n\n".join(parts) + "\n"


def _count(number, what):
    return f"{number} {what}{'s' * (number > 1)}" if number else ""


def _table(head, rows, code=3):
    """Make a Markdown table. The columns from number `code` on hold output of a program."""
    lines = [head, ["---"] * len(head)]
    for row in rows:
        lines.append([_code(c) if i >= code else c or "—" for i, c in enumerate(row)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text):
    text = shorten(re.sub(r"\x1b\[[\d;]*m", "", text), LONGEST)
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""
