"""The drafts of exercise 1: what a colleague did, and the one requirement that this misses.

`tests/teaching/assess/near_misses.py` makes each draft, and `assess` finds this requirement.
"""

from helpers.teaching.assess.brief import REQUIREMENTS

NAMES = tuple(name for name, _ in REQUIREMENTS.values())
DRAFTS = {
    "the words go to the lookup as they come": "raw rows",
    "the islands are a list in the code": "asset",
    "measurements looks up empty words": "readers",
    "the mean of the request is subtracted": "batches",
    "a variable of 200,000 numbers is left over": "size",
    "version 2 has the weights of version 1": "versions",
    "classify computes row by row": "latency",
}
_REASONS = {
    "the words go to the lookup as they come": "A lookup finds no word in other letters, so "
    '"BISCOE" counts as unknown. The row has a place in the brief: words in any case.',
    "the islands are a list in the code": "All answers are right today. But the words are in the "
    "graph, so no file of the export can be changed or checked.",
    "measurements looks up empty words": "LiteRT can convert neither tf.strings.lower nor the "
    "table of the asset, so a phone cannot call this endpoint.",
    "the mean of the request is subtracted": "Then a row gets another answer if other rows are "
    "sent with it.",
    "a variable of 200,000 numbers is left over": "The export stores each tracked variable, also "
    "one that no endpoint reads: 800,000 bytes as float32.",
    "version 2 has the weights of version 1": "It loads, and no client breaks. But a trial of two "
    "equal versions shows nothing.",
    "classify computes row by row": "Its answers are right, also for many rows. tf.map_fn calls "
    "the operations once for each row.",
}


class Reasons:
    """Say why a prediction is wrong."""

    def get(self, wrong: tuple[str, str], _: str = "") -> str:
        """Return the reason for (a draft, the name of a wrong requirement)."""
        return _REASONS[wrong[0]]
