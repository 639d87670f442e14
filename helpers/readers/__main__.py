"""`python -m helpers.readers DIR`: who can use this export, and what stands in the way.

With `--rescue OUT`, an export that only Python can read is made readable for all.
"""

import sys

from helpers.readers import compare, rescue

sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
try:
    main = rescue.main if "--rescue" in sys.argv[1:] else compare.main
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
