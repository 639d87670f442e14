"""The table of known errors: one entry of `known/*.toml` for each error."""

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "known"
# Teaching order. `cure` prefers an earlier entry where two match equally well.
FILES = (
    "saving",
    "loading",
    "keras_files",
    "calling",
    "litert_converter",
    "litert",
    "silent",
    "serving",
    "tracing",
    "notebook_cells",
    "general",
)
GROUPS = ("saving", "loading", "calling", "silent")
SERVING = "serving"  # the group of the errors of model servers, which have no code in the clinic
GENERAL = "general"  # the group of the entries that have no case in the clinic

READER_PLACES = {
    "python": "in Python",
    "session": "in the session (Python)",
    "litert": "in LiteRT",
}
PLACES = {
    "saving": "while saving",
    "keras": "in Keras",
    **READER_PLACES,
    "server": "in a model server",
}

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")
OPTIONAL = {
    "marks": (),
    "framed_marks": (),
    "frames": (),
    "unless": (),
    "broad_marks": (),
    "refines": "",
    "not_reproduced": "",
    "reported": (),
    "promised": (),
}
PATTERNS = ("marks", "framed_marks", "frames", "unless", "broad_marks")


class TableError(ValueError):
    """A mistake in the table. The message names the file, the key and the field."""


@dataclass(frozen=True)
class KnownError:
    """One error that this course knows.

    Attributes
    ----------
    key : str
        Unique, in lower case with hyphens.
    title : str
        The symptom in a few words.
    group : str
        One of GROUPS, SERVING, or GENERAL for an entry that has no case in the clinic.
    exception : str
        The name of the exception's type, or the status of a server's answer. Empty if nothing is
        raised.
    met_in : str
        Where the error occurs, one of PLACES.
    text : str
        Part of the message of the installed versions. For a silent error, the symptom.
    marks : tuple of str
        Regular expressions that match only messages of this error, also in older versions of
        TensorFlow and Keras. `find` and `cure` search them.
    framed_marks : tuple of str
        Regular expressions that other errors match as well. They count only below a traceback
        that one of `frames` matches.
    frames : tuple of str
        Regular expressions for the traceback: functions and files that only this error passes.
    unless : tuple of str
        Regular expressions for the traceback or the message of other errors with the same words.
        Where one of them matches, no mark counts.
    broad_marks : tuple of str
        Regular expressions that are certain enough under a failing check of this course, but not
        in a pasted text. Only `cure` searches them, after all `marks`.
    refines : str
        The key of a more general entry. Where both match, `find` and `cure` take this one.
    not_reproduced : str
        What the error needs that the course does not have, such as another version. The clinic
        has no code for such an entry. Empty if the clinic reproduces the error.
    cause, experiment, cure : str
        One to three sentences each.
    reported : tuple of str
        Public threads, such as "tensorflow/tensorflow#37339".
    promised : tuple of str
        The readers in which the cured export gives the expected numbers.
    """

    key: str
    title: str
    group: str
    exception: str
    met_in: str
    text: str
    marks: tuple[str, ...]
    framed_marks: tuple[str, ...]
    frames: tuple[str, ...]
    unless: tuple[str, ...]
    broad_marks: tuple[str, ...]
    refines: str
    not_reproduced: str
    cause: str
    experiment: str
    cure: str
    reported: tuple[str, ...]
    promised: tuple[str, ...]

    @property
    def in_clinic(self) -> bool:
        """Whether the clinic has the broken and the cured code of this error."""
        return self.group in GROUPS and not self.not_reproduced

    def matches(self, message: str, traceback: str = "") -> bool:
        """Return whether one of the marks matches `message`, the text below `traceback`."""
        return self.search(message, traceback) is not None

    def search(self, message: str, traceback: str = "") -> re.Match | None:
        """Return the match of the first mark that matches `message`; see `matches`."""
        if any(_search(mark, part) for mark in self.unless for part in (message, traceback)):
            return None
        framed = any(_search(frame, traceback) for frame in self.frames)
        marks = (*self.marks, *self.framed_marks) if framed else self.marks
        return next(filter(None, (_search(mark, message) for mark in marks)), None)

    def matches_broadly(self, message: str) -> bool:
        """Return whether one of the broad marks matches `message`."""
        return any(_search(mark, message) for mark in self.broad_marks)


def _search(mark, text):
    """Whether `mark` matches. A page that reads a text as Markdown takes its backticks away."""
    return _pattern(mark).search(text)


@cache
def _pattern(mark):
    return re.compile(mark.replace("`?", "`").replace("`", "`?"))


FIELDS = {field.name: field.type for field in fields(KnownError)}


@cache
def known_errors(folder: Path = FOLDER) -> dict[str, KnownError]:
    """Read the table.

    Parameters
    ----------
    folder : Path
        The directory of the TOML files; there must be one for each of FILES.

    Returns
    -------
    dict of str to KnownError
        Every entry by its key, in teaching order. Do not change it: all callers share it.

    Raises
    ------
    TableError
        If a file or an entry is wrong.
    """
    unknown = sorted({path.stem for path in folder.glob("*.toml")} - set(FILES))
    if unknown:
        raise TableError(f"{unknown[0]}.toml: FILES in known_error.py does not list this file.")
    table: dict[str, KnownError] = {}
    files: dict[str, str] = {}
    for name in FILES:
        for values in _entries(folder / f"{name}.toml"):
            error = _checked(f"{name}.toml", values)
            if error.key in table:
                raise TableError(f"{name}.toml: {error.key}: another entry has the same key.")
            table[error.key] = error
            files[error.key] = name
    for key, error in table.items():
        if error.refines and error.refines not in table:
            raise TableError(
                f"{files[key]}.toml: {key}: refines: there is no entry {error.refines!r}."
            )
    return table


def most_special(errors: list[KnownError]) -> list[KnownError]:
    """Return `errors` without the entries that another one of them refines."""
    refined = {error.refines for error in errors}
    return [error for error in errors if error.key not in refined]


def _entries(path):
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: no TOML, or no UTF-8
        raise TableError(f"{path.name}: {error}") from None
    entries = content.get("error")
    if set(content) != {"error"} or not isinstance(entries, list):
        raise TableError(f"{path.name}: the file must consist of [[error]] entries.")
    return entries


def _checked(file, values):
    """The KnownError of one entry, a dict as TOML gives it."""
    if not isinstance(values, dict):
        raise TableError(f"{file}: an entry without a key: expected a table, found {values!r}.")
    key = values.get("key")
    where = f"{file}: {key if isinstance(key, str) else 'an entry without a key'}"
    for name in values:
        if name not in FIELDS:
            raise TableError(f"{where}: {name}: there is no such field.")
    for name, kind in FIELDS.items():
        if name not in values and name not in OPTIONAL:
            raise TableError(f"{where}: {name}: the field is missing.")
        value = values.get(name, OPTIONAL.get(name))
        if kind is str and not isinstance(value, str):
            raise TableError(f"{where}: {name}: expected a string, found {value!r}.")
        if kind is not str and not _strings(value):
            raise TableError(f"{where}: {name}: expected an array of strings, found {value!r}.")
    values = {
        name: value if kind is str else tuple(value)
        for name, kind in FIELDS.items()
        for value in (values.get(name, OPTIONAL.get(name)),)
    }
    for name, complaint in _complaints(KnownError(**values)):
        raise TableError(f"{where}: {name}: {complaint}")
    return KnownError(**values)


def _strings(value):
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _complaints(error):
    """Yield (field, what is wrong with it)."""
    if not KEY.fullmatch(error.key):
        yield "key", "use lower case letters, digits and single hyphens."
    groups = (*GROUPS, SERVING, GENERAL)
    if error.group not in groups:
        yield "group", f"{error.group!r} is not one of {', '.join(groups)}."
    if error.group == SERVING and not error.not_reproduced:
        yield "not_reproduced", "say which server prints this error."
    if bool(error.framed_marks) is not bool(error.frames):
        yield "frames", "framed_marks and frames need each other."
    if error.met_in not in PLACES:
        yield "met_in", f"{error.met_in!r} is not one of {', '.join(PLACES)}."
    for name in ("title", "text"):
        if not getattr(error, name).strip():
            yield name, "the field is empty."
    for name in ("cause", "experiment", "cure"):
        if not getattr(error, name).endswith("."):
            yield name, "the text must be sentences, and end with a full stop."
    for name in PATTERNS:
        for mark in getattr(error, name):
            try:
                re.compile(mark)
            except re.error as reason:
                yield name, f"{mark!r} is not a regular expression: {reason}."
    if error.refines == error.key:
        yield "refines", "an entry cannot refine itself."
    for thread in error.reported:
        if not THREAD.fullmatch(thread):
            yield "reported", f"{thread!r} is not of the form owner/project#number."
    for reader in error.promised:
        if reader not in READER_PLACES:
            yield "promised", f"{reader!r} is not one of {', '.join(READER_PLACES)}."
