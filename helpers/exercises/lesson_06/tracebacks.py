"""Tracebacks of a program that catches an error and then fails, for exercise 1 of lesson 06.

The program runs in this process, so that its traceback is that of the installed TensorFlow.
"""

import linecache
import random
import re
import traceback
from dataclasses import dataclass
from pathlib import Path

FILE = "shop.py"
EXPORT = "/srv/models/price"  # how the texts name the export
# What fails in the function `ask`: the names and values of the program, the call, and its case.
KINDS = {
    "tensor-dtype": (
        "rows = tf.constant([[60.0], [80.0]], tf.float64)",
        "loaded.serve(rows)",
    ),
    "not-a-keras-model": ("rows = tf.constant([[60.0], [80.0]])", "loaded.predict(rows)"),
    "shape-refused": ("rows = tf.constant([60.0, 80.0])", "loaded.serve(rows)"),
    "load-model-of-export": (
        "rows = tf.constant([[60.0], [80.0]])",
        "tf.keras.models.load_model(FOLDER).predict(rows)",
    ),
    "no-saved-model-there": (
        "rows = tf.constant([[60.0], [80.0]])",
        'tf.saved_model.load(FOLDER + "/1").serve(rows)',
    ),
    "endpoint-not-found": (
        "rows = tf.constant([[60.0], [80.0]])",
        'tf.keras.layers.TFSMLayer(FOLDER, call_endpoint="price")(rows)',
    ),
}
# What the program does with the error, and the type of the last error.
HANDLERS = {
    'raise RuntimeError("no price for this order") from error': "RuntimeError",
    'print("no price: " + error)': "TypeError",
    'return error["message"]': "TypeError",
    "return PRICES[rows.shape[0]]": "KeyError",
}
PROGRAM = """\
import tensorflow as tf

FOLDER = "{export}"
PRICES = {{}}
{blank}loaded = tf.saved_model.load(FOLDER)


def ask(rows):
{comment}    return {call}


def price(rows):
    try:
        return ask(rows)
    except Exception as error:
        {handler}


{rows}
print(price(rows))
"""


@dataclass(frozen=True)
class Chain:
    """A traceback of two errors, and what is right about it.

    Attributes
    ----------
    text : str
        The traceback.
    first, last : str
        The types of the two errors.
    case : str
        The name of the first error's case.
    line : int
        The line of the program that made the call that failed.
    others : dict of int to str
        Each other line of the program in the traceback, and what it did.
    """

    text: str
    first: str
    last: str
    case: str
    line: int
    others: dict[int, str]


_made: dict[str, Chain] = {}


def drawn(seed: int | None = None) -> tuple[str, str, int]:
    """Draw the case, what the program does with the error, and how its lines are moved."""
    if seed is None:
        return "tensor-dtype", "return PRICES[rows.shape[0]]", 1
    chance = random.Random(f"1 {seed}")
    case, handler = chance.choice(
        [
            (case, handler)
            for case in KINDS
            for handler, last in HANDLERS.items()
            # Of two errors of one type, the answer would not tell which one was meant.
            if not (case in ("tensor-dtype", "shape-refused") and last == "TypeError")
        ]
    )
    return case, handler, chance.randrange(6)


def chain_of(text: str) -> Chain:
    """Return what is right about a traceback that `chained` has made."""
    return _made[text]


def chained(folder: Path, seed: int | None = None) -> str:
    """Return the traceback of a program that caught an error and then failed, too."""
    case, handler, comments = drawn(seed)
    rows, call = KINDS[case]
    folder = _export(folder)
    program = PROGRAM.format(
        export=folder,
        blank="\n" * (comments % 3),
        comment="    # the model of this month\n" * (comments % 2),
        call=call,
        handler=handler,
        rows=rows,
    )
    text, first, last = _run(program)
    text = re.sub(r"(?m)^ +[~^]+ *\n", "", text)  # marks below a line
    text = re.sub(r'File "[^"\n]*[\\/]site-packages[\\/]', 'File "site-packages/', text)
    text = re.sub(r"(?<=__inference_)(\w+?)_\d+\b", r"\1", text).replace(str(folder), EXPORT)
    lines = program.splitlines()

    def number(code):
        return next(n for n, line in enumerate(lines, 1) if line.strip() == code)

    _made[text] = Chain(
        text,
        type(first).__name__,
        type(last).__name__,
        case,
        number(f"return {call}"),
        {
            number("return ask(rows)"): "called the function ask, and a line of ask failed",
            number(handler): "is below except, so it raised the last error",
            number("print(price(rows))"): "began all calls, and the error arose further down",
        },
    )
    return text


def _export(folder):
    import tensorflow as tf

    weight = tf.Variable([[2.0]])
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("serve", lambda x: x @ weight, [rows])
    archive.write_out(folder, verbose=False)
    return folder


def _run(program):
    """Run a program that fails. Return its traceback, its first and its last error."""
    lines = program.splitlines(keepends=True)
    linecache.cache[FILE] = (len(program), None, lines, FILE)
    try:
        exec(compile(program, FILE, "exec"), {"__name__": "__main__"})
    except Exception as last:
        last.__traceback__ = last.__traceback__.tb_next  # without this function
        text = "".join(traceback.format_exception(last))
        first = last.__cause__ or last.__context__
        return text, first, last
    finally:
        linecache.cache.pop(FILE, None)
    raise AssertionError("the program of exercise 1 should fail")
