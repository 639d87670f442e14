"""Processes that run none of the learner's code: started, forked, asked and ended."""
