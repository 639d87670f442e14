"""Measure how long a call takes, and how certain the measurement is."""

from helpers.benchmark.timing import Ratio, Timing, TooNoisy, measure, ratio, ratios

__all__ = ["Ratio", "Timing", "TooNoisy", "measure", "ratio", "ratios"]
