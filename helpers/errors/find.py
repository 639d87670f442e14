"""Find the known error of a pasted traceback, or report that there is none."""

import html
import math
import re
from dataclasses import dataclass
from functools import cache

from helpers.display.html_table import WRAP
from helpers.errors.known_error import GENERAL, KnownError, known_errors, most_special
from helpers.errors.next_step import next_step
from helpers.errors.pasted import TRACEBACK, cleaned
from helpers.errors.show import as_html, as_text
from helpers.text import printable, safe_repr

# How many characters of one message are read: the time of a pattern can grow with the square of a
# message's length.
MESSAGE = 4_000

# The first line of an exception's message: "ValueError: ..." with or without its module. A runner
# of jobs says "Error: ..." about the program that has ended.
SAYS = re.compile(
    r"^[^\S\n]*(?!Error:)(?:[A-Za-z_]\w{0,60}\.){0,9}[A-Z]?\w{0,60}"
    r"(?:Error|Exception|Exception encountered|Interrupt|Exit|Failed|Found|Iteration)"
    r"(?: \(see above for traceback\))?(?::|$)",
    re.M,
)
# The same within a line, behind whatever a log writes before it.
SAYS_WITHIN = re.compile(r"\b[A-Z]\w{0,60}(?:Error|Exception): ")
CHAINED = re.compile(r"^[^\S\n]*(?:During handling of the above|The above exception was)", re.M)
CHAIN = 20  # exceptions of a chain that are looked at, the last first
# How similar an entry must be to be worth a look, from 0 to 1. About one in fifteen of the texts in
# tests/errors/pasted that are not in the clinic reach it. People describe an error that prints
# nothing in words of their own. Fewer words than FEW in common say nothing.
NEAR, NEAR_SILENT, FEW = 0.36, 0.2, 5
SHORT_QUOTE, QUOTE = 20, 160  # characters of the part of a text that is shown


@dataclass(frozen=True)
class Found:
    """The result of `find`.

    Attributes
    ----------
    case : KnownError or None
        The known error; None where none is certain.
    nearest : tuple of KnownError
        At most three similar entries where none is certain, the most similar first. Empty where
        an entry is certain, and where none is similar.
    words : bool
        Whether the text contains words.
    next_step : str
        What to do where no entry is certain; "" otherwise.
    line : str
        The part of the text by which the entry is known, on one line; "" where none is certain.
    """

    case: KnownError | None
    nearest: tuple[KnownError, ...] = ()
    words: bool = False
    next_step: str = ""
    line: str = ""

    def __str__(self):
        if self.case:
            return as_text(self.case)
        if not self.words:
            return "The text contains no error: paste the text of an error."
        if not self.nearest:
            return "not in this clinic"
        names = (f"  {case.key}: {case.title}" for case in self.nearest)
        return "\n".join(("not in this clinic; nearest:", *names))

    def _repr_pretty_(self, printer, cycle):
        printer.text(str(self))  # where a notebook is shown as text

    def _repr_html_(self):
        if self.case:
            return as_html(self.case)
        lines = f"{self}\n\n{self.next_step}".strip()
        return f"<pre style='{WRAP}'>{html.escape(lines)}</pre>"


def find(text: str) -> Found:
    """Find the known error of a text.

    An entry is certain only if its marks, and those of no other entry, match the last exception of
    the text. Where the last exception matches no entry, the exception that caused it counts. An
    entry can also ask for functions and files of the traceback.

    Parameters
    ----------
    text : str
        A traceback, its last line, a log or the body of a server's response, as pasted.

    Returns
    -------
    Found
        The entry, or at most three near ones.

    Raises
    ------
    TypeError
        If `text` is not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a str, the error as pasted, but found {safe_repr(text)}")
    exceptions = _exceptions(cleaned(text))
    known = ((_matching(*each), each) for each in exceptions)
    matching, exception = next(filter(lambda pair: pair[0], known), ((), ("", "")))
    if len(matching) == 1:
        return Found(matching[0], words=True, line=_line(matching[0], *exception))
    said = " ".join(message for message, _ in exceptions)
    if not _words(said):
        return Found(None)
    return Found(None, _nearest(said, matching), words=True, next_step=next_step(*exceptions[0]))


def _cases():
    """The entries that a pasted text can belong to."""
    return [
        error
        for error in known_errors().values()
        if error.group != GENERAL or error.marks or error.framed_marks
    ]


def _exceptions(text):
    """(message, traceback) of a text's exceptions: the last one, then those that caused it."""
    starts = [match.start() for match in SAYS.finditer(text)]
    if not starts:
        # Nothing tells the message from what stands around it.
        within = [match.start() for match in SAYS_WITHIN.finditer(text)] or [0]
        return [
            (_cut(text[start:]), _cut(text)) for start in dict.fromkeys((within[-1], within[0], 0))
        ]
    spans = list(zip(starts, [*starts[1:], len(text)], strict=True))
    start, end = spans.pop()
    found = [(_cut(text[start:end]), _traceback(text[:start]))]
    while spans and len(found) < CHAIN and CHAINED.search(text[spans[-1][0] : spans[-1][1]]):
        start, end = spans.pop()
        found.append((_cut(CHAINED.split(text[start:end])[0]), _traceback(text[:start])))
    return found


def _traceback(above):
    """The last traceback of what stands above a message."""
    begins = max(above.rfind(TRACEBACK), 0)
    return CHAINED.split(above[begins:])[-1]


def _cut(message):
    message = message.strip()
    if len(message) <= MESSAGE:
        return message
    return f"{message[: MESSAGE // 2]}\n{message[-MESSAGE // 2 :]}"


def _matching(message, traceback):
    """The entries with a mark that matches `message`, without those that a match refines."""
    return most_special(
        [
            case
            for case in _cases()
            if any(case.matches(form, traceback) for form in _forms(message))
        ]
    )


def _forms(message):
    """A message on one line: a terminal or an e-mail breaks it between words or within a word."""
    return dict.fromkeys((" ".join(message.split()), message.replace("\n", "")))


def _line(case, message, traceback):
    """The words that a mark of `case` matches in `message`, and the rest of their sentence."""
    form, match = next(
        (form, match)
        for form in _forms(message)
        if (match := case.search(form, traceback)) is not None
    )
    begin = form.rfind(" ", 0, match.start() + 1) + 1  # a whole word
    end = min(max(match.end(), begin + SHORT_QUOTE), begin + QUOTE)
    rest = re.match(r"[^.;]*", form[end:])[0]  # to the end of the sentence
    return printable(form[begin : end + len(rest)].strip(' "{}'), QUOTE)


def _nearest(text, matching, count=3):
    """The entries that match a text or share most words with it. Rare words count more."""
    words = _words(text)
    if not words:
        return ()
    vocabulary, weight = _vocabulary(tuple(_cases()))
    # A word that no entry has counts as much as one of a single entry.
    length = _length(words, weight)

    def likeness(case):
        common = words & vocabulary[case.key]
        shared = math.fsum(weight[word] ** 2 for word in common) if len(common) >= FEW else 0
        alike = shared / (_length(vocabulary[case.key], weight) * length)
        return case in matching, _holds(text, case.text), alike

    scores = {case.key: likeness(case) for case in _cases()}
    near = [
        case
        for case in _cases()
        # What a single cell raises shares its words with all of Python.
        if (case.group != GENERAL or case in matching)
        and scores[case.key] > (False, False, NEAR if case.exception else NEAR_SILENT)
    ]
    # sorted keeps the teaching order of entries that are equally similar.
    return tuple(sorted(near, key=lambda case: scores[case.key], reverse=True)[:count])


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
    rare = max(weight.values())
    return math.sqrt(math.fsum(weight.get(word, rare) ** 2 for word in words))


def _holds(text, part):
    return " ".join(part.split()) in " ".join(text.split())
