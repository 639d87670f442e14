"""Comparing two exports: graph, signatures, weights, assets and bytes.

The comparison reads the files of both and never loads or runs them. It also compares the two
fingerprints, which TensorFlow computed when it wrote each export.
"""

import html
import os
from dataclasses import dataclass

from helpers import readers
from helpers.artifact.graph_digest import endpoints
from helpers.artifact.saved_model import NotAnArtifact, saved_model
from helpers.display.html_table import FullRow, table
from helpers.errors.messages import describe
from helpers.inspection.contents import Explored
from helpers.inspection.explore import explore
from helpers.text import printable

SAME, DIFFERENT, UNKNOWN = "same", "DIFFERENT", "unknown"
MARKS = {SAME: "=", DIFFERENT: "≠", UNKNOWN: "?"}


@dataclass(frozen=True)
class Part:
    """One part of a comparison.

    Parameters
    ----------
    name : str
        "graph", "signatures", "weights", "assets", "fingerprint" or "bytes".
    state : str
        SAME, DIFFERENT or UNKNOWN.
    words : str
        How the part differs, or why it cannot be compared. May be "".
    """

    name: str
    state: str
    words: str = ""


@dataclass(frozen=True)
class Differences:
    """The result of a comparison of two exports.

    Parameters
    ----------
    names : tuple of two str
        The names of the two directories.
    parts : tuple of Part
        Empty if the two cannot be compared.
    verdict : str
        One sentence.
    """

    names: tuple[str, str]
    parts: tuple[Part, ...]
    verdict: str

    def __getitem__(self, name: str) -> Part:
        """Return the part "graph", "signatures", "weights", "assets", "fingerprint" or "bytes"."""
        return next(part for part in self.parts if part.name == name)

    def rows(self) -> list[tuple[str, str, str]]:
        """List the parts as rows of (name, state, how it differs)."""
        return [(p.name, f"{MARKS[p.state]} {p.state}", p.words) for p in self.parts]

    def __str__(self) -> str:
        rows = [f"  {part:<11} {state:<11}  {words}".rstrip() for part, state, words in self.rows()]
        return "\n".join([f"{self.names[0]}/ and {self.names[1]}/: {self.verdict}", *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for part, state, words in self.rows():
            rows.append((part, state))
            rows += [FullRow(words)] if words else []
        headline = html.escape(f"{self.names[0]}/ and {self.names[1]}/: {self.verdict}")
        return f"<p>{headline}</p>" + (table(("part", "result"), rows) if rows else "")


def differences(
    one: str | os.PathLike | Explored, other: str | os.PathLike | Explored
) -> Differences:
    """Compare two exports without loading them. Never raises.

    Parameters
    ----------
    one, other : str, path or Explored
        Export directories, or what `explore` returned for them.

    Returns
    -------
    Differences
        If the two cannot be compared, the verdict says why.
    """
    a, b = (found if isinstance(found, Explored) else explore(found) for found in (one, other))
    if not (a.main and b.main):
        words = "; ".join(f"{x.name}: {'; '.join(x.findings)}" for x in (a, b) if not x.main)
        parts, verdict = (), f"cannot be compared. {words}"
    else:
        graph = _graph(a, b)
        parts = (
            graph,
            _signatures(a, b),
            _weights(a, b),
            _assets(a, b),
            _fingerprints(a, b, graph),
            _bytes(a, b),
        )
        verdict = _verdict({part.name: part.state for part in parts})
    return Differences((a.name, b.name), parts, verdict)


def _verdict(states):
    if states["bytes"] == SAME:
        return "a copy, every byte is the same."
    content = ("graph", "signatures", "weights", "assets")
    unknown = [name for name in content if states[name] == UNKNOWN]
    other = [name for name in content if states[name] == DIFFERENT]
    if unknown:
        return f"the {' and the '.join(unknown)} cannot be compared."
    if not other:
        return "the same model exported again, only bytes differ."
    if other == ["weights"]:
        return "the same graph with other weights, as after more training."
    return f"what differs: {', '.join(other)}."


def _graph(a, b):
    try:
        ours, theirs = (endpoints(saved_model(found.directory)) for found in (a, b))
    except (NotAnArtifact, RecursionError) as error:
        return Part("graph", UNKNOWN, describe(error, 160))
    shared = sorted(ours.keys() & theirs.keys())
    changed = [key for key in shared if ours[key].digest != theirs[key].digest]
    if not changed:
        return Part("graph", SAME, "" if shared else "no signature in common")
    before, after = ours[changed[-1]].types, theirs[changed[-1]].types
    words = [
        f"{sign}{count} {printable(op)}"
        for sign, types in (("+", after - before), ("-", before - after))
        for op, count in types.most_common(5)
    ]
    words = ", ".join(words) or "the same operations, connected otherwise or with other constants"
    return Part("graph", DIFFERENT, f"behind {_some(changed)}: {words}")


def _some(names, most=2):
    shown = ", ".join(map(printable, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _alone(a, ours, b, theirs):
    """Say what only one of the two has."""
    pairs = ((a, ours.keys() - theirs.keys()), (b, theirs.keys() - ours.keys()))
    return [f"only in {found.name}: {_some(sorted(names))}" for found, names in pairs if names]


def _signatures(a, b):
    words = _alone(a, a.signatures, b, b.signatures)
    changed = [key for key, value in a.signatures.items() if b.signatures.get(key, value) != value]
    words += [f"other inputs or outputs: {_some(changed)}"] if changed else []
    return Part("signatures", DIFFERENT if words else SAME, "; ".join(words))


def _weights(a, b):
    lost = [f"{x.name}: {text}" for x in (a, b) for text in x.findings if "variables" in text]
    if lost:
        return Part("weights", UNKNOWN, lost[0])
    stored = [{f.path for f in x.files if f.path.startswith("variables/")} for x in (a, b)]
    if stored[0] == stored[1] and all(_same_file(a, b, name) for name in stored[0]):
        return Part("weights", SAME)
    try:
        by_key = [_values(found) for found in (a, b)]
    except (readers.ReaderError, NotAnArtifact) as error:
        return Part("weights", UNKNOWN, describe(error, 160))
    unread = sorted(key for values in by_key for key, value in values.items() if value is None)
    if unread:
        return Part("weights", UNKNOWN, f"cannot be read: {_some(unread)}")
    ours, theirs = (_by_name(x, values) for x, values in zip((a, b), by_key, strict=True))
    if ours == theirs:
        return Part("weights", SAME)
    changed = sorted(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name])
    if not changed and _only_renamed(*by_key):
        return Part("weights", SAME, "the same values under other names")
    words = [f"other values: {_some(changed)}"] if changed else []
    return Part("weights", DIFFERENT, "; ".join([*words, *_alone(a, ours, b, theirs)]))


def _values(found):
    """Return {key: (dtype, shape, digest)}, with None for a variable that cannot be read."""
    digests = readers.digests(found.directory) if found.variables else {}
    return {
        v.key: digests.get(v.key) and (v.dtype, v.shape, digests[v.key]) for v in found.variables
    }


def _by_name(found, values):
    """Return {name: set of values}. A copy of a weight under the same name adds nothing.

    If different weights have the same name, such as "Variable", the key is added to the name.
    """
    groups = {}
    for variable in found.variables:
        groups.setdefault(variable.name or variable.place, []).append(variable)
    named = {}
    for name, group in groups.items():
        if len({values[variable.key] for variable in group}) == 1:
            named[name] = {values[group[0].key]}
        else:
            named |= {f"{name} ({v.place})": {values[v.key]} for v in group}
    return named


def _only_renamed(ours, theirs):
    """Say whether the same values have the same keys, or no two of them the same shape."""
    if set(ours.values()) != set(theirs.values()):
        return False
    places = [key for key in ours if key in theirs and not key.startswith("_all_variables/")]
    shapes = {value[:2] for value in ours.values()}
    return (bool(places) and all(ours[key] == theirs[key] for key in places)) or len(shapes) == len(
        set(ours.values())
    )


def _assets(a, b):
    ours, theirs = ({f.path: f for f in x.files if f.path.startswith("assets/")} for x in (a, b))
    words = _alone(a, ours, b, theirs)
    changed = sorted(name for name in ours if name in theirs and not _same_file(a, b, name))
    words += [f"other content: {_some(changed)}"] if changed else []
    return Part("assets", DIFFERENT if words else SAME, "; ".join(words))


def _fingerprints(a, b, graph):
    one, other = a.fingerprint, b.fingerprint
    if not (one and other):
        return Part("fingerprint", UNKNOWN, "at least one of the two has no fingerprint")
    fields = ("graph", "signatures", "objects", "weights")
    changed = [name for name in fields if getattr(one, name) != getattr(other, name)]
    if changed:
        return Part("fingerprint", DIFFERENT, f"other numbers for: {', '.join(changed)}")
    if graph.state == DIFFERENT:
        return Part("fingerprint", SAME, "although the graphs differ: it does not cover functions")
    if one.file == other.file and not _same_file(a, b, "saved_model.pb"):
        return Part(
            "fingerprint",
            SAME,
            "although the files differ: one of the two belongs to another export",
        )
    return Part("fingerprint", SAME, "in its four stable numbers")


def _bytes(a, b):
    ours, theirs = ({f.path: f for f in x.files} for x in (a, b))
    words = _alone(a, ours, b, theirs)
    changed = sorted(name for name in ours if name in theirs and not _same_file(a, b, name))
    words += [f"other content: {_some(changed)}"] if changed else []
    return Part("bytes", DIFFERENT if words else SAME, "; ".join(words))


def _same_file(a, b, name, step=2**20):
    one, other = a.directory / name, b.directory / name
    try:
        if one.stat().st_size != other.stat().st_size:
            return False
        with one.open("rb") as left, other.open("rb") as right:
            while (chunk := left.read(step)) == right.read(step):
                if not chunk:
                    return True
    except OSError:
        pass  # deleted, or not readable
    return False
