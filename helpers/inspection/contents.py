"""What `helpers.inspection.explore` finds in an artifact, as plain data that prints itself."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from helpers.artifact.saved_model import File, Signature
from helpers.display.html_table import table
from helpers.text import printable, readable_size

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"  # the end of a variable's key in the checkpoint
MOST_ROWS = 100


@dataclass(frozen=True)
class Variable:
    """One entry of the checkpoint.

    key : str, its name there, what tf.train.load_checkpoint(...).get_tensor takes
    name : str, the variable's name in the model; "" where the graph does not say
    shape : tuple of int
    size : int, bytes; 0 for texts, whose length only the data tell
    """

    key: str
    name: str
    dtype: str
    shape: tuple
    size: int

    def __str__(self):
        name = printable(self.name or "(no name)")
        return f"{name}: {self.dtype} {self.shape}, {readable_size(self.size)}, {self.place}"

    @property
    def place(self):
        return printable(self.key.removesuffix(VALUE))


@dataclass(frozen=True)
class Function:
    """One function of the graph's library: its name without TensorFlow's additions, and how many
    operations it has of which type."""

    name: str
    types: Counter

    def __str__(self):
        return f"{printable(self.name)}: {self.types.total():,}"


@dataclass(frozen=True)
class Fingerprint:
    """The numbers in fingerprint.pb, each an int; `singleprint` is a str, "" if it has none.

    file : of the bytes of saved_model.pb as it was written, other ones with every export
    graph : of the operations of the main graph; what is inside functions does not change it
    signatures, objects : of the signatures, of the saved Python objects
    weights : of variables.index, which holds a checksum of every weight
    """

    file: int
    graph: int
    signatures: int
    objects: int
    weights: int
    singleprint: str


@dataclass(frozen=True)
class Explored:
    """What is in a directory. `findings` says in sentences what is broken, missing or odd.

    directory : Path, or None where there is none
    folders : tuple of str
    tags : tuple of str, of the graph shown
    main : Counter, operations outside the functions, by type
    assets : tuple of str, the files below assets/ that the graph names
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
    def operations(self):
        """A Counter of all operations by type, those inside the functions too."""
        return sum((function.types for function in self.functions), self.main.copy())

    @property
    def size(self):
        """All files together, in bytes."""
        return sum(file.size for file in self.files)

    def tree(self):
        """The directory as rows of (indented name, size, what it is for)."""
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

    def summary(self):
        """(what, how much) for the parts that are no files."""
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

    def __str__(self):
        lines = []
        if self.directory is not None:
            rows = capped(self.tree())
            width = max(len(name) for name, _, _ in rows)
            lines = [f"{name:<{width}}  {size:>8}  {what}".rstrip() for name, size, what in rows]
        if self.main:
            lines += ["", *(f"{what:<11}  {much}" for what, much in self.summary())]
        return "\n".join([*lines, *(f"! {finding}" for finding in self.findings)])

    __repr__ = __str__

    def _repr_html_(self):
        parts = []
        if self.directory is not None:
            parts.append(tree_table(self))
        if self.main:
            parts.append(table(("inside", ""), self.summary()))
        return "".join([*parts, findings_table(self)])


def capped(rows, most=MOST_ROWS):
    """The first `most` of the rows, and one that says how many more there are."""
    if len(rows) <= most:
        return rows
    return [*rows[:most], (f"… {len(rows) - most:,} more", *[""] * (len(rows[0]) - 1))]


def tree_table(found):
    """The tree of an Explored as an HTML table."""
    rows = [(name.replace("  ", "\u2003"), *rest) for name, *rest in capped(found.tree())]
    return table(("file", "size", "what it is for"), rows)


def findings_table(found):
    """The findings of an Explored as an HTML table; "" when there are none."""
    rows = [(f"! {finding}",) for finding in found.findings]
    return table(("findings",), capped(rows)) if rows else ""
