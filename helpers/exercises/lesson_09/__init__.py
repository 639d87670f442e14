"""Lesson 09: its exercises and what only they need."""
