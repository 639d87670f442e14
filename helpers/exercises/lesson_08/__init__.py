"""Lesson 08: its exercises and what only they need."""
