"""Inspecting exports without running them: explore one, compare two, decide whether to load one."""

from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.inspection.gate import gate

__all__ = ["differences", "explore", "gate"]
