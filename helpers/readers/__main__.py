"""`python -m helpers.readers DIR`: who can use this export, and what stands in the way."""

import sys

from helpers.readers.compare import main

sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
