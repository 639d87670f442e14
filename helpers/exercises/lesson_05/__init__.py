"""The exercises of lesson 05, and what only they use."""
