"""HTML tables, for results that also have a plain text form.

Beside the file browser, an output has 350 pixels in a window of 800 pixels, and 250 at a zoom of
200 %. Tables fit these: words stay whole, and lines break between them. A table that needs more
than 250 pixels scrolls sideways there.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpers.display.palette import FAILED, GREY, LINE, NOT_YET, PASSED, WHITE

COLOURS = {"✓": PASSED, "✗": FAILED, "≠": NOT_YET, "!": NOT_YET, "=": GREY, "?": GREY}
# These styles are among those that JupyterLab also keeps in a notebook that it does not trust.
CELL = "text-align:left;vertical-align:top;line-height:1.4;padding:.25em .5em;white-space:"
# For a <pre>: JupyterLab would break its words into letters.
WRAP = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
TABLE = "border-collapse:collapse"
ROW = f"border-top:1px solid {LINE};background:none"
CHIP = f"color:{WHITE};border-radius:3px;padding:0 .35em;font-weight:bold;background-color:"
SENTENCE_EM = 11  # a narrower column has a word on each line
SENTENCE = f"min-width:{SENTENCE_EM}em;overflow-wrap:anywhere"
ROOM, EM = 250, 13  # pixels: of the narrowest output, and of the font
SHORT, WHOLE = 9, 15  # characters: at most so many stay on one line always, and if there is room
LONG = 40  # characters: a sentence has more
LONG_WORD = 30  # characters: a longer part of a path may break after a punctuation mark
# A shape such as (None, 10), a space, a word; a word may contain a bracket.
TOKENS = re.compile(r"(?<![^ \n])\([^()\n]{1,13}\)(?![^ \n])|[ \n]+|[^ \n]+")
NARROW, WIDE = " !'()*,-./:;I[]fijlrt|", "%@MWmw"  # letters that are far from the mean
TIGHT = ";padding:.25em"  # of the cells of a table for which room is missing
DETAIL = ";padding-left:1.5em"  # of a row that belongs to the row above


@dataclass(frozen=True)
class Link:
    """A cell that is a link; prints as its text.

    Parameters
    ----------
    text : str
    target : str
        A file beside the page.
    """

    text: str
    target: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class FullRow:
    """A row with one cell, which is as wide as the table.

    Parameters
    ----------
    text : str
        What the cell shows.
    heading : bool
        Whether it is the heading of the rows that follow. Otherwise it belongs to the row above.
    """

    text: str
    heading: bool = False


def table(head: Sequence[object], rows: Iterable[Sequence[object] | FullRow]) -> str:
    """Write an HTML table. Every text is escaped.

    Parameters
    ----------
    head : sequence of object
        The titles of the columns, shown as `str` writes them.
    rows : iterable of (sequence of object) or FullRow
        A sequence has as many cells as `head`. A cell that begins with a mark and a space, such
        as "✓ same numbers", gets the mark in its colour. If a table of three or more columns may
        need more than ROOM, sentences of its last column get rows of their own.

    Returns
    -------
    str
        One `<table>` element, inside a `<div>` that scrolls if the table may need more than ROOM.
    """
    rows = list(rows)
    if len(head) > 2 and not _fits(head, rows) and _has_sentences(rows):
        head, rows = head[:-1], list(_unfolded(rows))
    tight = not _fits(head, rows)
    groups = [[]]
    for row in rows:
        if isinstance(row, FullRow) and row.heading:
            groups.append([])
        groups[-1].append(_row(row, len(head), tight))
    body = "".join(f"<tbody>{''.join(group)}</tbody>" for group in groups if group)
    titles = [_cell(title, "th", "col", tight) if str(title) else "<td></td>" for title in head]
    titles = f"<thead><tr style='background:none'>{''.join(titles)}</tr></thead>"
    shown = f"<table style='{TABLE}'>{titles}{body}</table>"
    if not tight or _fits(head, rows, tight):
        return shown
    name = html.escape(", ".join(filter(None, map(str, head))), quote=True)
    # Without a width of its own, the table would widen a widget instead of scrolling. What scrolls
    # must be reachable with the keyboard.
    return (
        f"<div tabindex='0' role='group' aria-label='Table: {name}' "
        f"style='width:0;min-width:100%;overflow-x:auto'>{shown}</div>"
    )


def marked(text: str) -> str:
    """Escape a text for HTML, and show its first ✓ or ✗ in white on the mark's colour."""
    found = re.search("[✓✗]", text)
    if found is None:
        return html.escape(text)
    return html.escape(text[: found.start()]) + _chip(found[0]) + html.escape(text[found.end() :])


def _row(row, columns, tight):
    style = ROW
    if isinstance(row, FullRow):
        span = f" colspan='{columns}'"
        if row.heading:
            cells = [_cell(row.text, "th", "rowgroup", tight, span)]
        else:
            style, cells = "background:none", [_cell(row.text, "td", "", tight, span, DETAIL)]
    else:
        # The first cell names its row. A table of one column has no names.
        named = columns > 1 and str(row[0])
        tags = [("th", "row") if named else ("td", ""), *[("td", "")] * (len(row) - 1)]
        cells = [_cell(text, *tag, tight) for text, tag in zip(row, tags, strict=True)]
    return f"<tr style='{style}'>{''.join(cells)}</tr>"


def _cell(content, tag, scope, tight, span="", style=""):
    text = str(content)
    whole = len(text) <= (SHORT if tight else WHOLE) and scope != "col"
    style = f"{CELL}{'nowrap' if whole else 'pre-wrap'}{TIGHT if tight else ''}{style}"
    style += f";{SENTENCE}" if _is_sentence(text) else ""
    style += ";font-weight:normal" if scope == "row" else ""
    scope = f" scope='{scope}'" if scope else ""
    shown = linked(content) if isinstance(content, Link) else _shown(text)
    return f"<{tag}{scope}{span} style='{style}'>{shown}</{tag}>"


def linked(link: Link) -> str:
    """Write a link in HTML. Its text is escaped."""
    return f'<a href="{html.escape(link.target)}">{_shown(link.text)}</a>'


def _shown(text):
    if text[:1] in COLOURS and text[1:2] in (" ", ""):
        return _chip(text[0]) + _breakable(text[1:])
    return _breakable(text)


def _chip(mark):
    return f"<span style='{CHIP}{COLOURS[mark]}'>{mark}</span>"


def _breakable(text):
    """Escape a text for HTML, and let long words break after slashes and some other marks."""
    return "".join(map(_word, TOKENS.findall(text)))


def _word(token):
    if token[0] == "(" and " " in token:
        return f"<span style='white-space:nowrap'>{html.escape(token)}</span>"
    return "<wbr>".join(map(html.escape, _pieces(token)))


def _pieces(word):
    if len(word) <= WHOLE:
        return [word]
    parts = re.findall(r"[^/]*/|[^/]+$", word)
    pieces = [re.findall(r".+?(?:[_.:=,]+|$)", p) if len(p) > LONG_WORD else [p] for p in parts]
    return [piece for part in pieces for piece in part]


def _is_sentence(text):
    return len(text) > LONG and " " in text


def _has_sentences(rows):
    return any(_is_sentence(str(row[-1])) for row in rows if not isinstance(row, FullRow))


def _unfolded(rows):
    """Yield the rows without their last cell, which gets a row of its own."""
    for row in rows:
        if isinstance(row, FullRow):
            yield row
            continue
        yield row[:-1]
        if str(row[-1]):
            yield FullRow(str(row[-1]))


def _fits(head, rows, tight=False):
    """Say whether ROOM is enough so that no word breaks, nor a text that is to stay on one line."""
    cells = [head, *(row for row in rows if not isinstance(row, FullRow))]
    return sum(_least_width(*column, tight=tight) for column in zip(*cells, strict=True)) <= ROOM


def _least_width(head, *texts, tight):
    inside = max([_longest_word(str(head)), *(_least(str(text), tight) for text in texts)])
    return inside + (EM / 2 if tight else EM)


def _least(text, tight):
    if _is_sentence(text):
        return SENTENCE_EM * EM
    return _width(text) if len(text) <= (SHORT if tight else WHOLE) else _longest_word(text)


def _longest_word(text):
    words = (token for token in TOKENS.findall(text) if token.strip(" \n"))
    return max((_width(piece) for word in words for piece in _pieces(word)), default=0)


def _width(text):
    """Estimate the pixels of a text in a wide font without serifs, such as DejaVu Sans."""
    return EM * sum(0.3 if c in NARROW else 0.9 if c in WIDE or c > "~" else 0.6 for c in text)
