"""Look at an export without running it: explore it, compare two, decide whether to load it."""

from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate

__all__ = ["differences", "explore", "gate"]
