"""The Palmer penguins: the data, the evaluation of a model, and mistakes in the preparation."""

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
