"""Ask for every page that the course links to: `make links`. It needs the internet, so CI skips it.

It prints a table: the answer, the title of the page, and where the link stands. Read the titles of
cited threads: a thread must be about the subject of the sentence that cites it.
"""

import html
import re
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from helpers.paths import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "solutions/*.py")
KNOWN = "helpers/errors/known/*.toml"
ADDRESS = re.compile(r"\]\((https?://[^)\s]+)\)")
TIMEOUT = 30  # seconds for an answer
AT_ONCE = 4  # requests, so that no website has to refuse them
ALL_REACHED, SOME_BROKEN, NO_ANSWER = 0, 1, 2


@dataclass(frozen=True)
class Answer:
    """What a website says about one address.

    Attributes
    ----------
    address : str
    reached : bool
        Whether the page exists, with the part that the address names.
    words : str
        "200", or why the page was not reached.
    title : str
        Of the page.
    """

    address: str
    reached: bool
    words: str
    title: str = ""


def links(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the files in which each address stands, with the threads of the known errors."""
    found: dict[str, list[str]] = {}
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            # In a lesson, an address can be broken over two comment lines.
            for address in ADDRESS.findall(re.sub(r"\n# ", " ", text)):
                found.setdefault(address, []).append(path.relative_to(root).as_posix())
    for path in sorted(root.glob(KNOWN)):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["error"]:
            for thread in case.get("reported", ()):
                project, _, number = thread.partition("#")
                address = f"https://github.com/{project}/issues/{number}"
                found.setdefault(address, []).append(path.relative_to(root).as_posix())
    return found


def ask(address: str) -> Answer:
    """Ask for a page, and look for the part of it that the address names."""
    page, part = urldefrag(address)
    request = urllib.request.Request(page, headers={"User-Agent": "Mozilla/5.0 (course links)"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            text = response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return Answer(address, False, str(error.code))
    except (OSError, ValueError) as error:  # no network, no such host, time over
        return Answer(address, False, f"no answer: {getattr(error, 'reason', error)}")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.S)
    words = " ".join(html.unescape(title[1]).split()) if title else ""
    if part and not re.search(rf"""(?:id|name)=["']?{re.escape(part)}["'\s>]""", text):
        return Answer(address, False, f"200, but the page has no part {part!r}", words)
    return Answer(address, True, "200", words)


def report(answers: Iterable[Answer], places: dict[str, list[str]]) -> int:
    """Print the table, the pages that were not reached first, and return the exit status."""
    answers = sorted(answers, key=lambda answer: (answer.reached, answer.address))
    for answer in answers:
        where = ", ".join(dict.fromkeys(places[answer.address]))
        print(f"{answer.words:<5} {answer.address}\n      {answer.title or '(no title)'} [{where}]")
    reached = sum(answer.reached for answer in answers)
    print(f"{reached} of {len(answers)} links reached")
    if answers and all(answer.words.startswith("no answer") for answer in answers):
        return NO_ANSWER
    return ALL_REACHED if reached == len(answers) else SOME_BROKEN


def main(arguments: Sequence[str] = ()) -> int:
    """Ask for all pages, or for those whose address contains one of the arguments."""
    places = {
        address: files
        for address, files in links().items()
        if not arguments or any(words in address for words in arguments)
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return report(pool.map(ask, places), places)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
