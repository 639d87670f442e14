"""Exports of the kinds that people meet, made here, each with the verdict that is right and why."""
