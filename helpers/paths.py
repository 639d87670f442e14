"""Where the course's files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOLUTIONS = ROOT / "solutions"
NOTEBOOKS = ROOT / "notebooks"
RUNTIMES = ROOT / ".runtimes"  # what `make runtimes` installs
