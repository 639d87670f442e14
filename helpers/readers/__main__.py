"""`python -m helpers.readers DIR`: who can use this export, and what stands in the way."""

import sys

from helpers.readers.compare import main

sys.exit(main(sys.argv[1:]))
