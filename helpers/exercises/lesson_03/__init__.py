"""Lesson 03: its exercises and what only they need."""
