"""Rescuing an export that only Python or only a server can read, without the code of its model.

`tf.saved_model.save(keras_model)` writes each weight as two variables: the restore operation fills
one, and the signatures read the other. `tf.saved_model.load` makes one variable of the two, so this
module loads the export and saves it again. It keeps the new export only if every reader gets the
numbers that Python reads from the old one.

An export of a compiled Keras 2 model holds its optimizer, which Python cannot load any more.
Servers load the graph alone. Here the graph stays as it is, and this module leaves out what Python
cannot load: see `helpers.readers.old_exports`. The right numbers are those of the session loader.

The comparison runs both exports in the clean process, so rescue only an export that you trust.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from helpers import artifact, readers
from helpers.errors.messages import describe
from helpers.readers import command, old_exports
from helpers.readers.compare import compare
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import ANSWERS, FAILS, FAILURES, NOT_TRIED, OTHER
from helpers.readers.report import Report
from helpers.readers.rescue_report import Rescue
from helpers.text import safe_repr, shorten


def rescue(
    directory: str | os.PathLike,
    out: str | os.PathLike,
    inputs: Mapping | None = None,
    *,
    signature: str | None = None,
    seconds: float = readers.DEADLINE,
    progress: Callable[[str], object] = lambda step: None,
) -> Rescue:
    """Save an export again so that every reader can use it.

    Parameters
    ----------
    directory : str or path
        The export.
    out : str or path
        A folder that does not exist yet. It is made only if the new export passes the comparison.
    inputs : dict of str to array, dict of str to such a dict, or None
        The inputs of the comparison, as for `compare`. None: inputs made from the spec and the
        graph, which some models refuse.
    signature : str or None
        Must be None: a new export has all signatures, so all are compared.
    seconds : float
        The time for each answer of a reader.
    progress : function of str
        Is told what is done next.

    Returns
    -------
    Rescue

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    ValueError
        If `out` exists already or cannot be made.
    WrongOption
        If a signature is chosen, or the given inputs fit none.
    """
    if signature is not None:
        raise WrongOption("--rescue compares all signatures: leave --signature out")
    options = {"seconds": seconds, "progress": progress}
    found = artifact.read(directory)
    place = _place(out, found.directory)
    try:
        # Beside `out`, so that the move is one step on one disk and cannot run out of space.
        folder = tempfile.TemporaryDirectory(dir=place.parent, prefix=".rescue-")
    except OSError as error:
        raise ValueError(f"{safe_repr(str(out))} cannot be made: {describe(error)}") from None
    with folder:
        new = Path(folder.name) / place.name
        before = compare(found.directory, inputs, **options)
        progress("saving the export again")
        if _only_servers_can(before):
            done = _for_python(found, before, new, inputs, options)
        elif refused := _why_not(before):
            return Rescue(before, refused=refused)
        else:
            done = _for_servers(found, before, new, inputs, options)
        if not done.refused:
            try:
                new.rename(place)
            except OSError as error:
                refused = f"it cannot be moved to {place.name}/: {type(error).__name__}"
                return replace(done, refused=refused, notes=())
        return done


def _for_servers(found, before, new, inputs, options):
    """Load the old export in Python and save it as `new`; Python is the reference."""
    try:
        readers.save_again(found.directory, new)
        kept = artifact.read(new).signatures == found.signatures
    except (readers.ReaderError, artifact.NotAnArtifact) as error:
        reason = shorten(str(error).replace(str(new), new.name))
        return Rescue(before, refused=f"it cannot be saved again: {reason}")
    if not kept:
        return Rescue(before, refused="saved again, it has other signatures.")
    after = compare(new, inputs, original=found.directory, **options)
    refused = _why_not_proved(after)
    return Rescue(before, after, refused, () if refused else tuple(_notes(found, after)))


def _for_python(found, before, new, inputs, options):
    """Copy the old export to `new` without what Python cannot load; compare with the session."""
    words = readers.READERS["session"]
    done = Rescue(before, refused="there is nothing in it that Python could do without.")
    for way in old_exports.ways(found.directory):
        shutil.rmtree(new, ignore_errors=True)
        try:
            old_exports.write(found.directory, way, new)
            after = compare(
                new, inputs, original=found.directory, original_reader="session", **options
            )
        except (OSError, readers.ReaderError, artifact.NotAnArtifact) as error:
            reason = shorten(describe(error).replace(str(new), new.name))
            return Rescue(before, refused=f"it cannot be saved again: {reason}")
        done = Rescue(before, after, _why_not_proved(after), (way.note,), words)
        if not done.refused:
            return done
    return replace(done, notes=())


def _place(out, directory):
    """Return `out` as the path of a folder that can be made, or raise ValueError."""
    try:
        path = Path(out)
        path = path.parent.resolve() / path.name
        os.lstat(path)  # also finds a link that leads nowhere
        taken = True
    except (FileNotFoundError, NotADirectoryError):
        taken = False
    except (TypeError, ValueError, OSError):
        raise ValueError(f"expected the path of a new folder, not {safe_repr(out)}") from None
    given = safe_repr(str(out))
    if taken:
        raise ValueError(f"{given} exists already: a rescue writes a new folder, name another")
    if path.is_relative_to(directory):
        raise ValueError(f"{given} is inside the export that is to be rescued: name another folder")
    if not path.parent.is_dir():
        raise ValueError(f"{given} cannot be made: there is no folder {path.parent.name!r}")
    return path


def _only_servers_can(before):
    """Whether the session (Python) answers for every signature, and Python fails for all."""
    python, session = (
        {row.status for row in before.rows if row.reader == reader}
        for reader in ("python", "session")
    )
    return python == {FAILS} and not session & {*FAILURES, NOT_TRIED}


def _why_not(before):
    """Say why the old export is not saved again, or return "" if it is."""
    if not before.rows:
        return "it has no signatures, so there is nothing that another reader could call."
    for row in before.rows:
        if row.reader == "python" and row.status == NOT_TRIED:
            return f"Python was not tried properly ({row.signature}: {row.error})."
    failing = {(row.reader, row.status) for row in before.rows if row.status in FAILURES}
    for row in before.rows:
        if (row.reader, row.status) == ("session", NOT_TRIED) and ("python", FAILS) in failing:
            why = f"({row.signature}: {row.error})"
            return f"Python fails, and {readers.READERS['session']} was not tried properly {why}."
    if any(reader == "python" for reader, _ in failing):
        return "Python cannot use it either, so the right numbers are unknown."
    if not failing:
        if any(row.status == NOT_TRIED for row in before.rows):
            return "no reader fails, but the export was not tried properly (see above)."
        return "every reader can use it as it is."
    if failing == {("litert", FAILS)}:
        return "Python and the session (Python) can use it; a rescue cannot add what LiteRT lacks."
    return ""


def _why_not_proved(after):
    """Say why the new export is not kept, or return "" if it is."""
    for row in after.rows:
        where = f"{row.signature}, {row.reader}"
        if row.status == ANSWERS:
            return f"{row.signature} answers differently each time, so there is nothing to compare."
        if row.status == NOT_TRIED and row.reader != "litert":
            return f"saved again, it was not tried properly ({where}: {row.error})."
        if row.status == OTHER:
            return f"saved again, it gives other numbers ({where})."
        if row.status == FAILS and row.reader != "litert":
            return f"saved again, it still fails ({where})."
    return ""


def _notes(old: artifact.Artifact, after: Report) -> Iterator[str]:
    if any(" takes exactly " in note for note in after.notes):
        # The graph of a frozen model does not contain what the model would answer for a different
        # number of rows: a division by that number may have become a division by a constant.
        yield (
            "the notes above are true for the old export too; only its code can change the number "
            "of rows."
        )
    known = ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb", "variables/", "assets/")
    left = [file.path for file in old.files if not file.path.startswith(known)]
    if left:
        yield f"not copied, because they are neither graph, weights nor assets: {', '.join(left)}"


def main(arguments: Sequence[str]) -> int:
    """Run `python -m helpers.readers DIRECTORY --rescue NEW_DIRECTORY`: print the result.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command, with "--rescue" among them.

    Returns
    -------
    int
        The exit status: 0 if every reader can use the new export, 1 if only LiteRT cannot, 2 if
        nothing was written.
    """
    try:
        made = command.run(arguments, _answer)
    except ValueError as error:
        print(error)
        return 2
    if made is None:
        return 2
    given, done = made
    print(json.dumps(done.as_dict(), indent=2) if given.json else done.text(differences=True))
    return 2 if done.refused else int(not done.ok)


def _answer(given, keywords):
    if keywords.pop("also"):
        asked = ", ".join(readers.READERS)
        raise WrongOption(f"--rescue is proved by {asked} alone: leave --also out")
    return given, rescue(given.directory, given.rescue, **keywords)
