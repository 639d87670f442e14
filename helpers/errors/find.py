"""Find the case of the clinic that a pasted traceback belongs to, or say that there is none."""

import html
import math
import re
import textwrap
from dataclasses import dataclass
from functools import cache

from helpers.clinic.case import Case
from helpers.display.html_table import CELL
from helpers.errors.messages import WIDTH
from helpers.text import safe_repr

# How many characters are read of a longer text, at either end, and of one message: a pattern may
# try every place of a message against every other.
ENDS, MESSAGE = 50_000, 4_000

MET_IN = {
    "saving": "while saving",
    "keras": "in Keras",
    "python": "in Python",
    "session": "in the session loader",
    "litert": "in LiteRT",
}

# In a widget's HTML, JupyterLab shows a link like any other word.
LOOKS = "target='_blank' style='text-decoration:underline'"

# Colours, and characters that no message contains, such as the zeros of UTF-16.
NOISE = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
# What stands before each line in a quoted e-mail, in a log, and in what pytest prints.
MARGIN = re.compile(
    r"^(?:(?: ?>)+ ?"
    r"|[\w.-]{0,60} {0,20}\| ?"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,20}(?: [+-]\d{4}\])? "
    r"|E(?=   ))",
    re.M,
)
# The line that begins what an exception says: "ValueError: ..." with or without its module.
SAYS = re.compile(
    r"^[^\S\n]*(?:[A-Za-z_]\w{0,60}\.){0,9}[A-Z]?\w{0,60}"
    r"(?:Error|Exception|Exception encountered|Interrupt|Exit|Failed|Found|Iteration)"
    r"(?: \(see above for traceback\))?(?::|$)",
    re.M,
)
CHAINED = re.compile(r"^[^\S\n]*(?:During handling of the above|The above exception was)", re.M)
# Python says these when it ends, about objects that it throws away.
AFTERWARDS = re.compile(r"^Exception ignored in", re.M)


@dataclass(frozen=True)
class Found:
    """What the clinic makes of a text.

    case : Case, or None where no case is certain
    nearest : tuple of Case, the three most alike where none is certain, the most alike first;
        empty where a case is certain and where there is no text
    """

    case: Case | None
    nearest: tuple[Case, ...] = ()

    def __str__(self):
        if self.case:
            return as_text(self.case)
        if not self.nearest:
            return "There is nothing to look for: paste the text of an error."
        names = (f"  {case.key}: {case.title}" for case in self.nearest)
        return "\n".join(("not in this clinic; nearest:", *names))

    def _repr_html_(self):
        if self.case:
            return as_html(self.case)
        return f"<pre>{html.escape(str(self))}</pre>"


def find(text):
    """The case that an error belongs to.

    text : str, a traceback, its last line, a log or the body of a server's answer, as pasted

    Returns a `Found`. Its case is certain only if one case, and no other, has a mark that matches
    the last exception of the text, or, where that one matches none, the one that it came from.
    Raises TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text is wanted, the error as you would paste it, not {safe_repr(text)}")
    messages = _messages(_clean(text))
    matching = next(filter(None, map(_matching, messages)), ())
    if len(matching) == 1:
        return Found(matching[0])
    return Found(None, _nearest(" ".join(messages), matching))


def _cases():
    from helpers.clinic import CASES  # which imports this module

    return CASES.values()


def _clean(text):
    if len(text) > 2 * ENDS:
        text = f"{text[:ENDS]}\n{text[-ENDS:]}"
    text = MARGIN.sub("", NOISE.sub("", text))
    return AFTERWARDS.split(text)[0].strip() or text


def _messages(text):
    """What the exceptions of a text say: the last one first, then those that it came from."""
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
    """The cases that have a mark which matches a message."""
    # Lines that a terminal or an e-mail broke between words, and within a word.
    forms = {" ".join(message.split()), message.replace("\n", "")}
    return [
        case
        for case in _cases()
        if any(re.search(mark, form) for mark in case.marks for form in forms)
    ]


def _nearest(text, matching, count=3):
    """The cases that match a text or share most words with it, rare words counting more."""
    words = _words(text)
    if not words:
        return ()
    vocabulary, weight = _vocabulary(tuple(_cases()))

    def likeness(case):
        shared = math.fsum(weight[word] ** 2 for word in words & vocabulary[case.key])
        alike = shared / _length(vocabulary[case.key], weight)
        return case in matching, _holds(text, case.text), alike

    # sorted keeps the teaching order of cases that are equally like
    return tuple(sorted(_cases(), key=likeness, reverse=True)[:count])


@cache
def _vocabulary(cases):
    """{key: the words of a case}, {word: its weight}."""
    words = {case.key: _words(_all_words(case)) for case in cases}
    every = set().union(*words.values())
    count = {word: sum(word in some for some in words.values()) for word in every}
    return words, {word: math.log(1 + len(cases) / count[word]) for word in every}


def _all_words(case):
    marks = re.sub(r"\\.", " ", " ".join(case.marks))  # "\b" before a word is not its first letter
    return " ".join((case.key, case.title, case.exception, case.text, case.cause, marks))


def _words(text):
    # A word of a name that is written in one: AttributeError, input_signature.
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]{2,20}|[A-Z]{2,20}", text)}


def _length(words, weight):
    return math.sqrt(math.fsum(weight[word] ** 2 for word in words))


def _holds(text, part):
    return " ".join(part.split()) in " ".join(text.split())


def as_text(case):
    """A case of the clinic as lines of text, of at most 96 characters."""
    lines = [f"{case.title} ({case.key})"]
    for name, content in _rows(case).items():
        indents = {"initial_indent": f"  {name:<11} ", "subsequent_indent": " " * 14}
        lines += textwrap.wrap(content, WIDTH, break_on_hyphens=False, **indents)
    return "\n".join(lines)


def as_html(case):
    """A case of the clinic as a table; the threads it was reported in are links."""
    rows = {name: html.escape(content) for name, content in _rows(case).items()}
    if case.reported:
        rows["reported"] = ", ".join(map(_link, case.reported))
    body = "".join(
        f"<tr><th scope='row' style='{CELL}nowrap'>{name}</th>"
        f"<td style='{CELL}pre-wrap;overflow-wrap:anywhere'>{content}</td></tr>"
        for name, content in rows.items()
    )
    title = f"<b>{html.escape(case.title)}</b> ({html.escape(case.key)})"
    return f"<table><caption style='{CELL}normal'>{title}</caption>{body}</table>"


def _rows(case):
    symptom = f"{case.exception or 'no error'}, {MET_IN[case.met_in]}: {case.text}"
    rows = {
        "symptom": symptom,
        "cause": case.cause,
        "experiment": case.experiment,
        "cure": case.cure,
        "reported": ", ".join(case.reported),
    }
    return {name: content for name, content in rows.items() if content}


def _link(thread):
    project, _, number = thread.partition("#")
    address = f"https://github.com/{project}/issues/{number}"
    return f"<a href='{html.escape(address)}' {LOOKS}>{html.escape(thread)}</a>"
