"""The look of results: colours, one style for plots, bar charts and tables."""

PICTURE_WIDTH = 600  # pixels of a page, for diagrams, plots and bar charts
