"""The exercises of lesson 00, and what only they use."""
