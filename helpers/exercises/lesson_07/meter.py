"""The ticket machine of exercise 4."""

import random

import tensorflow as tf


class Meter(tf.Module):
    """Computes what the cars of a car park pay.

    Attributes
    ----------
    rate : float
        The price of a minute.
    free : float
        So many minutes are free.
    day : float
        The highest fee.
    member : int
        Who has this last digit on the plate pays half.
    """

    def __init__(self, rate: float = 0.25, free: float = 20.0, day: float = 12.0, member: int = 7):
        super().__init__()
        self.rate, self.free, self.day, self.member = rate, free, day, member

    def __repr__(self) -> str:
        return f"rate {self.rate}, free {self.free}, day {self.day}, member {self.member}"

    def __call__(self, plates, minutes):
        fee = minutes * self.rate
        fee = tf.where(minutes <= self.free, 0.0, fee)
        fee = tf.minimum(fee, self.day)
        is_member = plates % 10 == self.member
        return {"fee": tf.where(is_member, fee / 2, fee)}


def meter(seed: int | None = None) -> Meter:
    """Draw a ticket machine. Without a seed, it is that of the lesson's page."""
    if seed is None:
        return Meter()
    chance = random.Random(f"meter {seed}")
    free = chance.choice([5.0, 10.0, 15.0, 30.0])
    rate = chance.choice([0.125, 0.25, 0.5])
    return Meter(rate, free, rate * chance.choice([60, 80, 120]), chance.choice([1, 3, 5, 9]))
