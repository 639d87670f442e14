"""The exercises of lesson 09, and the modules that only these exercises need."""
