"""Rich forms of what also has a plain text form."""

import html

CELL = "text-align:left;padding:.2em .8em;white-space:pre-wrap"


def table(head, rows):
    """An HTML table; `head` and every row are sequences of plain texts."""
    titles = "".join(f"<th scope='col' style='{CELL}'>{html.escape(str(h))}</th>" for h in head)
    body = "".join(
        "<tr>" + "".join(f"<td style='{CELL}'>{html.escape(str(c))}</td>" for c in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{titles}</tr>{body}</table>"
