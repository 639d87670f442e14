"""The Palmer penguins: the data, the evaluation of a model, and mistakes in the preparation."""
