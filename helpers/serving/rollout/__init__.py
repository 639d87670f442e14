"""Bring a new version to some users first: split, watch, decide, go back."""
