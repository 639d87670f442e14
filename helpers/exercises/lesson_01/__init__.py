"""The exercises of lesson 01, and what only they use."""
