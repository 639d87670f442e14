"""Build the website: `make site`, or `python -m helpers.website` where Sphinx is installed."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence

from helpers.paths import ROOT, SITE
from helpers.website import source
from helpers.website.finish import finish


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the website and return the exit status of Sphinx."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.website", description="Build the website in .site/html."
    )
    parser.parse_args(arguments)
    pages, html = SITE / "source", SITE / "html"
    (SITE / "built").unlink(missing_ok=True)
    source.write(pages)
    shutil.rmtree(html, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "sphinx", "-b", "html", "--quiet"),
        *("--fail-on-warning", "--keep-going"),
        *("-c", ROOT / "docs", "-d", SITE / "doctrees", "-D", f"html_static_path={pages}/_static"),
        *(pages, html),
    ]
    status = subprocess.run([str(word) for word in command], cwd=ROOT).returncode
    if status == 0:
        finish(html)
        (SITE / "built").write_text(source.digest(pages))
        print(f"wrote {html.relative_to(ROOT)}: serve it with python -m http.server -d .site/html")
    return status


if __name__ == "__main__":
    sys.exit(main())
