"""Lesson 07: its exercises and what only they need."""
