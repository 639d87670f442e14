"""Widgets: each a thin view over a function that lives elsewhere."""
