"""The lint of our words: `python -m tests.support.language` names each word that we do not use.

`language.toml` beside this file lists the words, what to write instead, and the exempted files.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from helpers.paths import ROOT

LIST = Path(__file__).with_name("language.toml")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Between the words of a phrase: blanks, the end of a line with the quotes or # around it, or _.
BETWEEN = r"[\s_\-#'\"]+"


@dataclass(frozen=True)
class Word:
    """A word that we do not use.

    Attributes
    ----------
    pattern : re.Pattern
        It matches the word in a text whose names are split, see `find`.
    instead : str
    example : str
        A text that the pattern matches.
    allowed_in : tuple of str
        Patterns of paths in which the word is right.
    """

    pattern: re.Pattern
    instead: str
    example: str
    allowed_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """What `language.toml` says.

    Attributes
    ----------
    read, exempt : tuple of str
        Patterns of the paths to read, and of those to leave out.
    allow : tuple of str
        Phrases to leave out.
    words : tuple of Word
    """

    read: tuple[str, ...]
    exempt: tuple[str, ...]
    allow: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Finding:
    """One word in one line; prints as `file:line: word -> what to write instead`."""

    file: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word} -> {self.instead}"


def read_rules(file: Path = LIST) -> Rules:
    """Read the list of words.

    Parameters
    ----------
    file : Path
        A file in the form of `language.toml`.

    Returns
    -------
    Rules

    Raises
    ------
    ValueError
        If a pattern is not a regular expression.
    """
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    words = tuple(
        Word(
            _compile(word["pattern"]),
            word["instead"],
            word["example"],
            tuple(word.get("allowed_in", ())),
        )
        for word in data["word"]
    )
    return Rules(tuple(data["read"]), tuple(data["exempt"]), tuple(data["allow"]), words)


def _compile(pattern: str) -> re.Pattern:
    whole = rf"(?<![A-Za-z])(?:{pattern.replace(' ', BETWEEN)})(?![A-Za-z])"
    try:
        return re.compile(whole, re.I)
    except re.error as error:
        raise ValueError(f"{LIST.name}: {pattern!r} is not a regular expression: {error}") from None


def find(text: str, rules: Rules, file: str = "text") -> list[Finding]:
    """Find the words that we do not use in `text`, by line.

    Parameters
    ----------
    text : str
    rules : Rules
    file : str
        The path of the text below the course, with slashes.

    Returns
    -------
    list of Finding
    """
    for phrase in rules.allow:
        text = text.replace(phrase, "")
    text = HUMP.sub("_", text)
    found = [
        Finding(file, text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), w.instead)
        for w in rules.words
        if not _matches(file, w.allowed_in)
        for match in w.pattern.finditer(text)
    ]
    return sorted(found, key=lambda finding: finding.line)


def find_in_course(course: Path = ROOT, rules: Rules | None = None) -> Iterator[Finding]:
    """Find the words in the files and the file names of a course.

    Parameters
    ----------
    course : Path
    rules : Rules, optional
        Default: those of `language.toml`.

    Yields
    ------
    Finding
        In the order of files and lines. Line 0 is the name of the file.
    """
    rules = rules or read_rules()
    files = {path for pattern in rules.read for path in course.glob(pattern) if path.is_file()}
    for path in sorted(files):
        name = path.relative_to(course).as_posix()
        if not _matches(name, rules.exempt):
            for finding in find(name, rules, name):
                yield Finding(name, 0, finding.word, finding.instead)
            yield from find(path.read_text(encoding="utf-8"), rules, name)


def _matches(file: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def main() -> int:
    """Print each finding. Returns the exit status: 1 if there is any."""
    found = list(find_in_course())
    for finding in found:
        print(finding)
    if found:
        print(f"{len(found)} words to replace: see tests/support/language.toml.", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
