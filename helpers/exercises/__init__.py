"""Exercises that check behaviour and answer at once."""

from helpers.exercises.lesson import Lesson

__all__ = ["Lesson"]
