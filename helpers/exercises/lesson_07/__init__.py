"""The exercises of lesson 07, and the modules that only these exercises need."""
