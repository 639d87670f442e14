"""How long something takes, and how sure that is."""

from helpers.benchmark.timing import Ratio, Timing, TooNoisy, measure, ratio, ratios

__all__ = ["Ratio", "Timing", "TooNoisy", "measure", "ratio", "ratios"]
