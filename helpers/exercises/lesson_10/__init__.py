"""The exercises of lesson 10, and what only they use."""
