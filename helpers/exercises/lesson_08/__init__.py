"""The exercises of lesson 08, and what only they use."""
