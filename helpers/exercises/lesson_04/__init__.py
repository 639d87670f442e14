"""Lesson 04: its exercises and what only they need."""
