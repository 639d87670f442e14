"""The exercises of lesson 02, and what only they use."""
