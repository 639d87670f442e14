"""Answers that no right check passes, for any exercise of any lesson."""

from pathlib import Path

import numpy as np

# By name. Each function makes the answer anew, because a check may change it.
NONSENSE = {
    "None": lambda: None,
    "True": lambda: True,
    "zero": lambda: 0,
    "minus one and a half": lambda: -1.5,
    "not a number": lambda: float("nan"),
    "an empty text": lambda: "",
    "the text 'nonsense'": lambda: "nonsense",
    "empty bytes": lambda: b"",
    "an empty list": list,
    "an empty tuple": tuple,
    "an empty dict": dict,
    "an empty set": set,
    "a list of None": lambda: [None],
    "an array without rows": lambda: np.zeros((0, 3)),
    "an object()": object,
    "a path without a file": lambda: Path("no such folder"),
    "a class": lambda: object,
    "a function that returns None": lambda: lambda *_, **__: None,
    "a function that returns -17": lambda: lambda *_, **__: -17,
    "a function that returns 'nonsense'": lambda: lambda *_, **__: "nonsense",
    "a function that returns an empty dict": lambda: lambda *_, **__: {},
    "a function without parameters": lambda: lambda: None,
}
