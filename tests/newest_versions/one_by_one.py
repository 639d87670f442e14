"""Run things one after the other in another process, which one of them may end."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path


def observed(
    run: Callable[[list], str], command: Sequence[object], file: Path, keys: Sequence[str]
) -> dict[str, dict]:
    """Run a command for some keys, and start it again behind a key that ended its process.

    Parameters
    ----------
    run : function of (list)
        Runs a command. Returns "" if it succeeded, else how it ended.
    command : sequence
        The words in front of the file and the keys. The command appends one line of JSON with the
        entry "key" to the file, as soon as a key is done.
    file : Path
    keys : sequence of str

    Returns
    -------
    dict of str to dict
        By key: the line, or {"key": key, "died": how its process ended}.
    """
    seen: dict[str, dict] = {}
    file.touch()
    while left := [key for key in keys if key not in seen]:
        ended = run([*command, file, *left])
        for line in file.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            seen[found["key"]] = found
        # They run in order, so the first one without a line ended the process.
        if key := next((key for key in left if key not in seen), None):
            seen[key] = {"key": key, "died": ended}
    return seen
