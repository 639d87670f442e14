"""A test before and after the course: twelve exports, each with one hidden fault or with none.

`make` writes the exports of a seed, and `grade` counts the right answers. The folder does not hold
the answers: `grade` draws them again from the seed.
"""

import json
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers.teaching.faults.exports import KEY, write
from helpers.teaching.faults.subjects import Ids, Rows, Words
from helpers.text import safe_repr

FAULTS = {  # each word with what it means; the words are the answers
    "dtype": "an input or output has another dtype than clients need",
    "xla": "it needs XLA, which a server switches off",
    "frozen": "the number of rows of one request is a constant of the graph",
    "guard": "a check of the input is missing in one of the programs",
    "stale": "a setting of the model has an old value in the graph",
    "skew": "the preparation differs from the preparation in training",
    "asset": "a file in `assets` differs from the file in training",
    "tags": "a server does not find the graph by its tag",
    "disconnected": "the answers do not follow the weights",
    "custom operation": "the graph needs an operation that programs do not have",
    "damage": "a file is cut or changed, so that loading fails",
    "healthy": "the export keeps its promise",
}
ANSWERS, SEED, NOTEBOOK, PROMISE = (
    "answers.toml",
    "seed.json",
    "twelve_exports.ipynb",
    "promise.json",
)


@dataclass(frozen=True)
class Grade:
    """How many faults somebody has found.

    Attributes
    ----------
    found : dict of str to (str, str)
        By export: the answer, and the right answer.
    """

    found: Mapping[str, tuple[str, str]]

    @property
    def right(self) -> int:
        """The number of right answers."""
        return sum(said == truth for said, truth in self.found.values())

    def __str__(self) -> str:
        lines = [f"{self.right} of {len(self.found)} right"]
        for name, (said, truth) in self.found.items():
            if said != truth:
                lines.append(f"{name}: {said or 'no answer'}. Right: {truth}, {FAULTS[truth]}.")
        return "\n".join(lines)


def names() -> list[str]:
    """Return the names of the exports: export_01 to export_12."""
    return [f"export_{number:02}" for number in range(1, len(FAULTS) + 1)]


def truth(seed: int) -> dict[str, str]:
    """Return which export of a seed has which fault.

    Each word of FAULTS occurs once. The notebook does not say so, because the last answers would
    follow from the others.
    """
    faults = [*FAULTS]
    random.Random(f"order {seed}").shuffle(faults)
    return dict(zip(names(), faults, strict=True))


def make(folder: Path, seed: int) -> None:
    """Write twelve exports, what each promises, a notebook and a file for the answers.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist, or is empty.
    seed : int
        Another seed draws other names, numbers, requests and another order.

    Raises
    ------
    FileExistsError
        The folder holds something. Nothing is written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            f"{safe_repr(str(folder))} exists, and is not an empty folder. Give a new folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, fault in truth(seed).items():
        chance = random.Random(f"{fault} {seed}")
        subject = write(folder / name, fault, chance)
        promise = _promise(subject, chance)
        text = json.dumps(promise, indent=1, ensure_ascii=False)
        (folder / name / "assets.extra").mkdir(exist_ok=True)
        (folder / name / "assets.extra" / PROMISE).write_text(text, encoding="utf-8")
    (folder / SEED).write_text(json.dumps({"seed": seed}), encoding="utf-8")
    lines = [f"# one of: {', '.join(FAULTS)}", *(f'{name} = ""' for name in names())]
    (folder / ANSWERS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    nbformat.write(_notebook(), folder / NOTEBOOK)


def grade(folder: Path) -> Grade:
    """Compare the answers in a folder of `make` with the right ones.

    Raises
    ------
    FileNotFoundError
        The folder was not written by `make`.
    ValueError
        answers.toml is no TOML, or an answer is none of FAULTS. The message names it.
    """
    folder = Path(folder)
    for file in (SEED, ANSWERS):
        if not (folder / file).is_file():
            raise FileNotFoundError(
                f"{safe_repr(str(folder))} has no {file}. Give a folder that this command has made."
            )
    right = truth(json.loads((folder / SEED).read_text(encoding="utf-8"))["seed"])
    try:
        answers = tomllib.loads((folder / ANSWERS).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f'{ANSWERS} cannot be read: {error}. Write: export_01 = "dtype"') from None
    if unknown := answers.keys() - right.keys():
        raise ValueError(
            f"{ANSWERS} has {safe_repr(min(unknown))}, but the exports are {', '.join(right)}."
        )
    for name, said in answers.items():
        if said != "" and said not in FAULTS:
            raise ValueError(
                f"{name} in {ANSWERS} should be one of {', '.join(FAULTS)}, "
                f"but is {safe_repr(said)}."
            )
    return Grade({name: (answers.get(name, ""), fault) for name, fault in right.items()})


def _promise(subject, chance):
    """Return what clients rely on, as JSON: words, and requests with the right answers."""
    sent = {Rows: "rows", Ids: "ids", Words: "kinds"}[type(subject)]
    requests = [
        {
            "inputs": {sent: request.tolist()},
            "outputs": {key: value.tolist() for key, value in subject.answers(request).items()},
        }
        for request in subject.requests(chance)
    ]
    if isinstance(subject, Rows):
        words = {
            "input": f"rows, float32: {subject.columns[0]}, {subject.columns[1]}",
            "outputs": f"score, float32, and label, int32: 1 above {subject.threshold:g}, else 0",
            "training": f"a column is prepared as (value - mean) / deviation, with the means "
            f"{[*subject.mean]} and the deviations {[*subject.deviation]}",
            "requests": "1 to 100 rows of two columns. For a different number of columns, every "
            "program raises an error, or answers nan and -1",
            "programs": "Python, a model server, a phone",
        }
    elif isinstance(subject, Ids):
        words = {
            "input": "ids, int32: article numbers of up to eight digits",
            "outputs": "shelf, int32",
            "requests": "1 to 100 numbers",
            "programs": "Python, a model server, a phone",
        }
    else:
        words = {
            "input": f"kinds, string, one column: the kinds of {subject.name}",
            "outputs": f"price, float32. In training: {dict(subject.prices)}; 0 for other words",
            "requests": "1 to 100 rows",
            "programs": "Python, a model server",
        }
    return {"signature": KEY, **words, "right answers": requests}


def _notebook():
    """Return the notebook of the test: the words, a cell for each export, and the grade."""
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    table = "\n".join(f"- `{word}`: {meaning}" for word, meaning in FAULTS.items())
    opening = (
        "# Twelve exports\n\nEach of these exports has one fault, or none. The answers "
        f"are:\n\n{table}\n\n`promise(name)` prints what the clients of an export "
        "rely on, with right answers to some requests. Use any tool that you know. Write down the "
        "time when you begin and when you end. Do not repair anything."
    )
    setup = (
        "import json\nfrom pathlib import Path\n\nimport numpy as np\nimport tensorflow as tf\n\n"
        "answers = {}\n\n\ndef promise(name):\n"
        f'    text = (Path(name) / "assets.extra" / "{PROMISE}").read_text()\n'
        "    for key, value in json.loads(text).items():\n"
        "        for line in value if isinstance(value, list) else [value]:\n"
        '            print(f"{key}: {line}")'
    )
    cells = [text(opening), code(setup)]
    cells += [
        code(f'promise("{name}")\n\nanswers["{name}"] = ""  # your answer') for name in names()
    ]
    lines = (
        f"lines = [f'{{name}} = \"{{word}}\"' for name, word in answers.items()]\n"
        f'_ = Path("{ANSWERS}").write_text("\\n".join(lines))'
    )
    ending = (
        "When you have ended, run the next cell. Then run in a terminal, in the folder of the "
        "course:\n\n```\npython -m helpers.teaching.faults --grade FOLDER\n```"
    )
    cells += [text(ending), code(lines)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)
