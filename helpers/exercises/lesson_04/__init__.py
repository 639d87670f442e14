"""The exercises of lesson 04, and what only they use."""
