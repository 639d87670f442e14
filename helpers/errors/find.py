"""Find the known error of a pasted traceback, or report that there is none."""

import html
import math
import re
from dataclasses import dataclass
from functools import cache

from helpers.display.html_table import WRAP
from helpers.errors.known_error import GENERAL, KnownError, known_errors
from helpers.errors.show import as_html, as_text
from helpers.text import safe_repr

# How many characters of a longer text are read at each end, and how many of one message: the time
# of a pattern can grow with the square of a message's length.
ENDS, MESSAGE = 50_000, 4_000

# Colour codes, and characters that no message contains, such as the zeros of UTF-16.
NOISE = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
# The prefix of each line in a quoted e-mail, in a log, and in pytest's output.
MARGIN = re.compile(
    r"^(?:(?: ?>)+ ?"
    r"|[\w.-]{0,60} {0,20}\| ?"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,20}(?: [+-]\d{4}\])? "
    r"|E(?=   ))",
    re.M,
)
# The first line of an exception's message: "ValueError: ..." with or without its module.
SAYS = re.compile(
    r"^[^\S\n]*(?:[A-Za-z_]\w{0,60}\.){0,9}[A-Z]?\w{0,60}"
    r"(?:Error|Exception|Exception encountered|Interrupt|Exit|Failed|Found|Iteration)"
    r"(?: \(see above for traceback\))?(?::|$)",
    re.M,
)
CHAINED = re.compile(r"^[^\S\n]*(?:During handling of the above|The above exception was)", re.M)
# Python prints these about objects that it deletes when it ends.
AFTERWARDS = re.compile(r"^Exception ignored in", re.M)


@dataclass(frozen=True)
class Found:
    """The result of `find`.

    Attributes
    ----------
    case : KnownError or None
        The known error; None where none is certain.
    nearest : tuple of KnownError
        The three most similar entries where none is certain, the most similar first. Empty where
        an entry is certain, and for a text without words.
    """

    case: KnownError | None
    nearest: tuple[KnownError, ...] = ()

    def __str__(self):
        if self.case:
            return as_text(self.case)
        if not self.nearest:
            return "The text contains no error: paste the text of an error."
        names = (f"  {case.key}: {case.title}" for case in self.nearest)
        return "\n".join(("not in this clinic; nearest:", *names))

    def _repr_html_(self):
        if self.case:
            return as_html(self.case)
        return f"<pre style='{WRAP}'>{html.escape(str(self))}</pre>"


def find(text: str) -> Found:
    """Find the known error of a text.

    An entry is certain only if its marks, and those of no other entry, match the last exception of
    the text. Where the last exception matches no entry, the exception that caused it counts.

    Parameters
    ----------
    text : str
        A traceback, its last line, a log or the body of a server's response, as pasted.

    Returns
    -------
    Found
        The entry, or the three nearest.

    Raises
    ------
    TypeError
        If `text` is not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a str, the error as pasted, but found {safe_repr(text)}")
    messages = _messages(_clean(text))
    matching = next(filter(None, map(_matching, messages)), ())
    if len(matching) == 1:
        return Found(matching[0])
    return Found(None, _nearest(" ".join(messages), matching))


def _cases():
    """The entries that have a case in the clinic."""
    return [error for error in known_errors().values() if error.group != GENERAL]


def _clean(text):
    if len(text) > 2 * ENDS:
        text = f"{text[:ENDS]}\n{text[-ENDS:]}"
    text = MARGIN.sub("", NOISE.sub("", text))
    return AFTERWARDS.split(text)[0].strip() or text


def _messages(text):
    """The messages of a text's exceptions: the last one first, then those that caused it."""
    starts = [match.start() for match in SAYS.finditer(text)] or [0]
    parts = [text[i:j] for i, j in zip(starts, [*starts[1:], len(text)], strict=True)]
    messages = [parts.pop()]
    while parts and CHAINED.search(parts[-1]):
        messages.append(CHAINED.split(parts.pop())[0])
    return [_cut(message) for message in messages]


def _cut(message):
    message = message.strip()
    if len(message) <= MESSAGE:
        return message
    return f"{message[: MESSAGE // 2]}\n{message[-MESSAGE // 2 :]}"


def _matching(message):
    """The entries with a mark that matches `message`."""
    # A terminal or an e-mail breaks lines between words or within a word.
    forms = {" ".join(message.split()), message.replace("\n", "")}
    return [case for case in _cases() if any(map(case.matches, forms))]


def _nearest(text, matching, count=3):
    """The entries that match a text or share most words with it. Rare words count more."""
    words = _words(text)
    if not words:
        return ()
    vocabulary, weight = _vocabulary(tuple(_cases()))

    def likeness(case):
        shared = math.fsum(weight[word] ** 2 for word in words & vocabulary[case.key])
        alike = shared / _length(vocabulary[case.key], weight)
        return case in matching, _holds(text, case.text), alike

    # sorted keeps the teaching order of entries that are equally similar.
    return tuple(sorted(_cases(), key=likeness, reverse=True)[:count])


@cache
def _vocabulary(cases):
    """({key: the words of an entry}, {word: its weight})."""
    words = {case.key: _words(_all_words(case)) for case in cases}
    every = set().union(*words.values())
    count = {word: sum(word in some for some in words.values()) for word in every}
    return words, {word: math.log(1 + len(cases) / count[word]) for word in every}


def _all_words(case):
    marks = re.sub(r"\\.", " ", " ".join(case.marks))  # "\bword" contains the word "word"
    return " ".join((case.key, case.title, case.exception, case.text, case.cause, marks))


def _words(text):
    # Names of several words count as these words: AttributeError, input_signature.
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]{2,20}|[A-Z]{2,20}", text)}


def _length(words, weight):
    return math.sqrt(math.fsum(weight[word] ** 2 for word in words))


def _holds(text, part):
    return " ".join(part.split()) in " ".join(text.split())
