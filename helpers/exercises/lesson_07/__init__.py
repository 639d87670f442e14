"""The exercises of lesson 07, and what only they use."""
