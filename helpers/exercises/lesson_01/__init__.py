"""Lesson 01: its exercises and what only they need."""
