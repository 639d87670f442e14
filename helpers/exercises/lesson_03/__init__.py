"""The exercises of lesson 03, and what only they use."""
