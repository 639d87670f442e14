"""The folders of the course, as absolute paths."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOLUTIONS = ROOT / "solutions"
NOTEBOOKS = ROOT / "notebooks"
RUNTIMES = ROOT / ".runtimes"  # where `make runtimes` installs
SITE = ROOT / ".site"  # where `make site` installs and builds
HUB = ROOT / ".hub"  # where `make hub` installs
