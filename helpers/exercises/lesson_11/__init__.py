"""Lesson 11: its exercises and the modules that only they use."""
