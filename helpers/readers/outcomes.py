"""What the answer of a reader can be: one set of words for all reports."""

SAME = "same numbers"
OTHER = "other numbers"
FAILS = "fails"
ANSWERS = "answers"  # there is nothing to compare with: the reference, or a random answer
NOT_TRIED = "not tried properly"
OUTCOMES = (SAME, OTHER, FAILS, ANSWERS, NOT_TRIED)
FAILURES = (FAILS, OTHER)

# A report of many rows spells what needs attention in capitals.
SPELLED = {OTHER: "OTHER NUMBERS", FAILS: "FAILS", NOT_TRIED: "NOT TRIED PROPERLY"}
MARKS = {SAME: "✓", ANSWERS: "✓", OTHER: "✗", FAILS: "✗", NOT_TRIED: "?"}


def spelled(outcome: str) -> str:
    """Return how a text report spells an outcome: in capitals if it needs attention."""
    return SPELLED.get(outcome, outcome)
