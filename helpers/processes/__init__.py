"""Processes that run none of the learner's code."""
