"""The exercises of lesson 08, and the modules that only these exercises need."""
