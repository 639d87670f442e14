"""axe-core, which finds violations of the Web Content Accessibility Guidelines in a page.

    python -m tests.support.axe

prints a table of all pages of the built website, in both themes, and their violations.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

from helpers.paths import SITE

AXE = SITE / "npm/node_modules/axe-core/axe.min.js"
# The levels A and AA of all versions of the guidelines.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = ["color-contrast"]  # the rule that depends on the theme
RUN = """async ([within, tags]) => {
    const found = await axe.run(within, {runOnly: tags, resultTypes: ['violations']});
    return found.violations.flatMap(rule => rule.nodes.map(node => [
        rule.id, node.target.flat().join(' '), node.html, node.failureSummary || '']));
}"""


@dataclass(frozen=True)
class Violation:
    """One element of a page that breaks a rule.

    Attributes
    ----------
    rule, where, element, reason : str
        The name of axe's rule, the selector and the HTML of the element, what is wrong.
    """

    rule: str
    where: str
    element: str
    reason: str

    def __str__(self) -> str:
        reason = " ".join(self.reason.split())
        return f"{self.rule}: {self.where}: {self.element[:200]}: {reason[:300]}"


def violations(page: Page, within: str = "html", rules: Sequence[str] = TAGS) -> list[Violation]:
    """Find the violations in the parts of a page that a selector names.

    Parameters
    ----------
    page : playwright.sync_api.Page
    within : str
        A selector.
    rules : sequence of str
        The names of axe's rules, or of groups of them. By default, those of levels A and AA.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    return [Violation(*each) for each in page.evaluate(RUN, [within, list(rules)])]


def main() -> int:
    """Print the pages and their violations; return 1 if there are any."""
    from helpers.website.finish import built_pages
    from tests.support.website import built_site, open_page, served

    site, total, pages = built_site(), 0, 0
    names = [path.relative_to(site).as_posix() for path in built_pages(site)]
    with served(site) as address:
        for theme in ("light", "dark"):
            with open_page(color_scheme=theme, reduced_motion="reduce") as page:
                for name in names:
                    page.goto(f"{address}/{name}")
                    found = violations(page)
                    pages, total = pages + 1, total + len(found)
                    print(f"{theme:5} {name}: {len(found)}")
                    for each in found:
                        print(f"    {each}", flush=True)
    print(f"{pages} pages, {total} violations")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
