"""The exports of the corpus, one module for each family."""
