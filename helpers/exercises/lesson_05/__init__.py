"""Lesson 05: its exercises and what only they need."""
