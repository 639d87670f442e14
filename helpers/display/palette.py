"""The colours of all pictures and verdicts.

No other file of this package writes a colour as a number. Every colour of a line or a shape has a
contrast of at least 3 to 1 on white, and every colour of a text at least 4.5 to 1. The colours of
SERIES also differ in simulations of three kinds of colour blindness. Five of them are from the
palette of Okabe and Ito. A picture still adds a second sign, such as a marker, a line style or a
label, so that it can be read without colour.
"""

BLUE = "#0072b2"  # the reference: data points, the stable version, the first bar
ORANGE = "#d55e00"  # what is compared with the reference: the fit, the version on trial, a limit
BROWN = "#5c3d00"
SKY_BLUE = "#2a93e8"
TEAL = "#009e73"
PINK = "#cc79a7"
PLUM = "#7f3c8d"
BLACK = "#000000"
SERIES = (ORANGE, BROWN, BLUE, SKY_BLUE, TEAL, BLACK, PINK, PLUM)  # lines of one picture, in order

GREY = "#666666"  # the line that others are compared with, and the edge of a picture
LIGHT_GREY = "#dddddd"  # grid lines, and the arrows of lists in a dark theme
WHITE = "#ffffff"  # the card under every picture, and a mark on its colour

# JupyterLab's own colours, which follow its theme, and what stands for them elsewhere.
TEXT = "var(--jp-content-font-color1,#1a1a1a)"
CODE_BACKGROUND = "var(--jp-cell-editor-background,#f5f5f5)"
BORDER = "var(--jp-border-color1,#757575)"
LINE = "rgba(128,128,128,0.4)"  # between the rows of a table: visible on white and on black

# Outcomes of a check. Each has a contrast of at least 4.5 to 1 on white. So it also has it under a
# white mark, which is then the same in every theme: no colour of text is readable on both.
PASSED = "#1b7837"
NOT_YET = "#b35806"
NOT_ATTEMPTED = GREY
RAISED = "#762a83"
FAILED = "#b2182b"  # a ✗ in a table or a list
