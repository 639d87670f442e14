"""Real rows to train on, and what mistakes in preparing them cost."""

from helpers.penguins.evaluation import (
    HeldOut,
    interval,
    interval_of_gain,
    most_frequent,
    nearest_mean,
)
from helpers.penguins.preparation_mistakes import in_capitals, in_kilograms, slips

__all__ = [
    "HeldOut",
    "in_capitals",
    "in_kilograms",
    "interval",
    "interval_of_gain",
    "most_frequent",
    "nearest_mean",
    "slips",
]
