"""Lesson 09: its exercises and the modules that only they use."""
