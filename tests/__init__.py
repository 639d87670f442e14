"""What CI proves."""

import sys

# jsonschema, which nbval imports, builds a grammar of internationalised addresses that no notebook
# needs. It takes longer than all the rest of pytest's start, in every worker.
sys.modules.setdefault("rfc3987_syntax", None)
