"""Lesson 02: its exercises and what only they need."""
