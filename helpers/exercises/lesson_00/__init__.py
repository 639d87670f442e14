"""Lesson 00: its exercises and what only they need."""
