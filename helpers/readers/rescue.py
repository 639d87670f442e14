"""Rescue an export that only Python can read, without the code of its model.

`tf.saved_model.save(keras_model)` writes each weight as two variables: restoring fills one, and the
signatures read the other. What `tf.saved_model.load` makes of it has one, so that is saved again.
The new export is kept only if every reader gives the numbers that Python reads from the old one.

Both are run to compare them, in the clean process: rescue only what you trust.
"""

import html
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers import artifact, readers
from helpers.errors.messages import describe
from helpers.readers.compare import FAILURES, USAGE, Report, compare
from helpers.text import safe_repr, shorten


@dataclass(frozen=True)
class Rescue:
    """What came of a rescue.

    before : Report of the old export
    after : Report of the new one, compared with what Python reads from the old; None if not made
    refused : str, why nothing was written; "" when the new export is there
    notes : tuple of str
    """

    before: Report
    after: Report | None = None
    refused: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ok(self):
        """Whether there is a new export that every reader can use."""
        return not self.refused and self.after.ok

    @property
    def verdict(self):
        if self.refused:
            return f"Nothing was written: {self.refused}"
        old, new = f"{self.before.name}/", f"{self.after.name}/"
        if self.after.ok:
            return f"Rescued: every reader of {new} gives the numbers that Python reads from {old}."
        return (
            f"Rescued for Python and the session loader: both give the numbers that Python reads "
            f"from {old}. What LiteRT cannot do with {new} has another reason (above)."
        )

    def text(self, differences=False):
        """The two reports and the verdict as lines; with `differences`, the figures too."""
        parts = ["Before:", self.before.text(differences)]
        if self.after is not None:
            parts += [self._compared, self.after.text(differences)]
        return "\n".join([*parts, self.verdict, *(f"Note: {note}" for note in self.notes)])

    __str__ = text
    __repr__ = text

    def _repr_html_(self):
        parts = ["<p>Before:</p>", self.before._repr_html_()]
        if self.after is not None:
            parts += [f"<p>{html.escape(self._compared)}</p>", self.after._repr_html_()]
        parts.append(f"<p><strong>{html.escape(self.verdict)}</strong></p>")
        return "".join([*parts, *(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)])

    @property
    def _compared(self):
        return f"Saved again, and compared with what Python reads from {self.before.name}/:"


def rescue(directory, out, inputs=None):
    """Write the export `directory` once more as `out`, such that every reader gives its numbers.

    out : path of a folder that does not exist yet; made only when the new export is proved
    inputs : dict of str to array, what to compare with; made from the spec when not given, which
        some models refuse (texts that must be numbers, for instance)

    Returns a `Rescue`. Raises NotAnArtifact for `directory`, ValueError for `out`.
    """
    found = artifact.read(directory)
    place = _place(out, found.directory)
    try:
        # Beside `out`, so that moving it there is one step and cannot run out of space.
        folder = tempfile.TemporaryDirectory(dir=place.parent, prefix=".rescue-")
    except OSError as error:
        raise ValueError(f"{safe_repr(str(out))} cannot be made: {describe(error)}") from None
    with folder:
        new = Path(folder.name) / place.name
        before = compare(found.directory, inputs)
        if refused := _why_not(before):
            return Rescue(before, refused=refused)
        try:
            readers.save_again(found.directory, new)
            kept = artifact.read(new).signatures == found.signatures
        except (readers.ReaderError, artifact.NotAnArtifact) as error:
            reason = shorten(str(error).replace(str(new), place.name))
            return Rescue(before, refused=f"it cannot be saved again: {reason}")
        if not kept:
            return Rescue(before, refused="saved again, it has other signatures.")
        after = compare(new, inputs, original=found.directory)
        refused = _why_not_proved(after)
        if not refused:
            try:
                new.rename(place)
            except OSError as error:
                refused = f"it cannot be moved to {place.name}/: {type(error).__name__}"
        return Rescue(before, after, refused, () if refused else tuple(_notes(found, after)))


def _place(out, directory):
    """`out` as the path of a folder that can be made; raises ValueError."""
    try:
        path = Path(out)
        path = path.parent.resolve() / path.name
        os.lstat(path)  # of a link that leads nowhere, too
        taken = True
    except (FileNotFoundError, NotADirectoryError):
        taken = False
    except (TypeError, ValueError, OSError):
        raise ValueError(f"the path of a new folder is wanted, not {safe_repr(out)}") from None
    given = safe_repr(str(out))
    if taken:
        raise ValueError(f"{given} exists already: a rescue writes a new folder, name another")
    if path.is_relative_to(directory):
        raise ValueError(f"{given} is inside the export that is to be rescued: name another folder")
    if not path.parent.is_dir():
        raise ValueError(f"{given} cannot be made: there is no folder {path.parent.name!r}")
    return path


def _why_not(before):
    """Why the old export is not saved again; "" when it is."""
    if not before.rows:
        return "it has no signatures, so there is nothing that another reader could call."
    failing = {(row.reader, row.status) for row in before.rows if row.status in FAILURES}
    if any(reader == "python" for reader, _ in failing):
        return "Python cannot use it either, so nothing says what the right numbers are."
    if not failing:
        return "every reader can use it as it is."
    if failing == {("litert", "FAILS")}:
        return "Python and the session loader can use it; what LiteRT lacks, no rescue can add."
    return ""


def _why_not_proved(after):
    """Why the new export is not kept; "" when it is."""
    for row in after.rows:
        where = f"{row.signature}, {row.reader}"
        if row.status == "answers":
            return f"{row.signature} answers differently each time, so nothing can be proved."
        if row.status == "OTHER NUMBERS":
            return f"saved again, it gives other numbers ({where})."
        if row.status == "FAILS" and row.reader != "litert":
            return f"saved again, it still fails ({where})."
    return ""


def _notes(old, after):
    if after.notes:
        # What a frozen model would answer to another number of rows, its graph no longer says: a
        # division by the number of rows may have become one by a constant.
        yield "what is noted above holds for the old export too; only the model's code changes it."
    known = ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb", "variables/", "assets/")
    left = [file.path for file in old.files if not file.path.startswith(known)]
    if left:
        yield f"not copied, being neither graph, weights nor assets: {', '.join(left)}"


def main(arguments):
    """`python -m helpers.readers DIR --rescue OUT`: prints what came of it.

    0 when every reader can use OUT, 1 when LiteRT alone cannot, 2 when nothing was written.
    """
    given = list(arguments)
    at = given.index("--rescue")
    option, rest = given[at + 1 : at + 2], given[:at] + given[at + 2 :]
    if len(option + rest) != 2 or any(word.startswith("-") for word in option + rest):
        print(USAGE)
        return 2
    print("Starting the readers; this takes some seconds.", file=sys.stderr, flush=True)
    try:
        done = rescue(*rest, *option)
    except ValueError as error:
        print(error)
        return 2
    print(done.text(differences=True))
    return 2 if done.refused else int(not done.ok)
