"""How results are shown: colours, plots, tables."""
