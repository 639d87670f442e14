"""The result of `helpers.inspection.explore`: the content of an export as data with a display."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.artifact.saved_model import File, Signature
from helpers.display.html_table import FullRow, table
from helpers.text import printable, readable_size

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"  # the end of a variable's key in the checkpoint
MOST_ROWS = 100


@dataclass(frozen=True)
class Variable:
    """One entry of the checkpoint.

    Parameters
    ----------
    key : str
        The name in the checkpoint, which tf.train.load_checkpoint(...).get_tensor accepts.
    name : str
        The name of the variable in the model, or "" if the graph does not contain it.
    dtype : str
        The name of the dtype, such as "float32".
    shape : tuple of int
    size : int
        In bytes. 0 for texts, because only the data contain their length.
    """

    key: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int

    def __str__(self) -> str:
        name = printable(self.name or "(no name)")
        return f"{name}: {self.dtype} {self.shape}, {readable_size(self.size)}, {self.place}"

    @property
    def place(self) -> str:
        """The key without the ending that all keys have."""
        return printable(self.key.removesuffix(VALUE))


@dataclass(frozen=True)
class Function:
    """One function of the graph's library.

    Parameters
    ----------
    name : str
        Without the prefix and the number that TensorFlow adds.
    types : collections.Counter
        How many operations of each type it has.
    """

    name: str
    types: Counter

    def __str__(self) -> str:
        return f"{printable(self.name)}: {self.types.total():,}"


@dataclass(frozen=True)
class Fingerprint:
    """The hashes in fingerprint.pb.

    Parameters
    ----------
    file : int
        Of the bytes of saved_model.pb when it was written. It differs in every export.
    graph : int
        Of the operations of the main graph. The operations inside functions do not change it.
    signatures : int
        Of the signatures.
    objects : int
        Of the saved Python objects.
    weights : int
        Of variables.index, which contains a checksum of every weight.
    singleprint : str
        The four hashes above as one text, or "" if TensorFlow cannot make one.
    """

    file: int
    graph: int
    signatures: int
    objects: int
    weights: int
    singleprint: str


@dataclass(frozen=True)
class Explored:
    """The content of an export.

    Parameters
    ----------
    name : str
        The name of the directory.
    directory : pathlib.Path or None
        None if there is no export.
    files : tuple of File
        Sorted by path.
    folders : tuple of str
        The paths of the folders inside the export.
    tags : tuple of str
        The tags of the graph.
    signatures : dict of str to Signature
    main : collections.Counter
        How many operations of each type there are outside the functions.
    functions : tuple of Function
    variables : tuple of Variable
    assets : tuple of str
        The files below assets/ that the graph uses.
    fingerprint : Fingerprint or None
    findings : tuple of str
        Sentences about what is broken, missing or unusual.
    """

    name: str
    directory: Path | None = None
    files: tuple[File, ...] = ()
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    signatures: dict[str, Signature] = field(default_factory=dict)
    main: Counter = field(default_factory=Counter)
    functions: tuple[Function, ...] = ()
    variables: tuple[Variable, ...] = ()
    assets: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None
    findings: tuple[str, ...] = ()

    @property
    def operations(self) -> Counter:
        """How many operations of each type there are, those inside the functions included."""
        return sum((function.types for function in self.functions), self.main.copy())

    @property
    def size(self) -> int:
        """The size of all files together, in bytes."""
        return sum(file.size for file in self.files)

    def tree(self) -> list[tuple[str, str, str]]:
        """List the directory as rows of (indented name, size, what it is for)."""
        files = {file.path: file for file in self.files}
        inside = Counter()
        for file in self.files:
            parts = file.path.split("/")
            inside.update({"/".join(parts[:n]): file.size for n in range(1, len(parts))})
        rows = [(f"{self.name}/", readable_size(self.size), "")]
        for path in sorted([*self.folders, *files], key=lambda path: path.split("/")):
            name = "  " * (path.count("/") + 1) + printable(path.rsplit("/", 1)[-1])
            if path in files:
                rows.append((name, readable_size(files[path].size), files[path].purpose))
            else:
                size = readable_size(inside[path]) if path in inside else "empty"
                rows.append((f"{name}/", size, ""))
        return rows

    def summary(self) -> list[tuple[str, str]]:
        """List the parts inside the files as rows of (name of the part, description)."""
        types, size = self.operations, sum(variable.size for variable in self.variables)
        return [
            ("signatures", ", ".join(map(printable, self.signatures)) or "none"),
            (
                "operations",
                f"{types.total():,} of {len(types)} types, {self.main.total():,} of them in the "
                f"main graph, the others in {len(self.functions):,} functions",
            ),
            ("variables", f"{len(self.variables):,}, {readable_size(size)}" if size else "none"),
            ("assets", ", ".join(map(printable, self.assets)) or "none"),
            ("fingerprint", "yes" if self.fingerprint else "none"),
        ]

    def __str__(self) -> str:
        lines = []
        if self.directory is not None:
            rows = capped(self.tree())
            width = max(len(name) for name, _, _ in rows)
            lines = [f"{name:<{width}}  {size:>8}  {what}".rstrip() for name, size, what in rows]
        if self.main:
            lines += ["", *(f"{what:<11}  {much}" for what, much in self.summary())]
        return "\n".join([*lines, *(f"! {finding}" for finding in self.findings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = []
        if self.directory is not None:
            parts.append(tree_table(self))
        if self.main:
            parts.append(table(("inside", ""), self.summary()))
        return "".join([*parts, findings_table(self)])


def capped(rows: Sequence[Any], most: int = MOST_ROWS) -> Sequence[Any]:
    """Return the first `most` rows of a table, and one row that says how many more there are."""
    if len(rows) <= most:
        return rows
    columns = next(len(row) for row in rows if not isinstance(row, FullRow))
    return [*rows[:most], (f"… {len(rows) - most:,} more", *[""] * (columns - 1))]


def tree_table(found: Explored) -> str:
    """Write the tree of an export as an HTML table."""
    # A line could break after other spaces.
    rows = [(name.replace("  ", 4 * "\u00a0"), *rest) for name, *rest in capped(found.tree())]
    return table(("file", "size", "what it is for"), rows)


def findings_table(found: Explored) -> str:
    """Write the findings about an export as an HTML table, or "" if there are none."""
    rows = [(f"! {finding}",) for finding in found.findings]
    return table(("findings",), capped(rows)) if rows else ""
