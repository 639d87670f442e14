"""The exercises of lesson 12, and the modules that only these exercises need."""
