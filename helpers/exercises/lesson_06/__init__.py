"""The exercises of lesson 06, and what only they use."""
