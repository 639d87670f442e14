"""Lesson 06: its exercises and what only they need."""
