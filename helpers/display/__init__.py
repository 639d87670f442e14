"""The look of results: colours, one style for plots, bar charts and tables."""
