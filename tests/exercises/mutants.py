"""Turn each piece of a solution, and count how many of the wrong answers its check refuses.

    python -m tests.exercises.mutants 01        # of one lesson; all without a number

The cells of the solved lesson run in one kernel, in order. At the cell of an exercise its solution
is changed in one place at a time: a comparison, a constant, an operator, a call, an argument or a
statement. Each changed cell runs, and its check should refuse it, or the cell itself should fail.
What only prints, and the name of a folder, is not changed. A change that leaves the answer right
passes as well: `equivalent_mutants.py` lists these with the reason.
"""

import ast
import contextlib
import copy
import io
import os
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator

from helpers.exercises.exercise import Exercise
from helpers.exercises.outcomes import PASSED
from helpers.exercises.time_limit import TimeOver, time_limit
from helpers.notebooks import derive, lesson_names, solution_parts
from helpers.paths import ROOT
from tests.exercises.equivalent_mutants import is_equivalent

SECONDS = 60  # of CPU time, for one changed cell with its check
PROGRESS = ("verbose", "progress")  # arguments that only show something
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Add,
}


def mutants(code: str) -> Iterator[tuple[str, str]]:
    """Yield (what was changed, the changed code) for each single change of `code`."""
    tree = ast.parse(code)
    aside = _aside(tree)
    seen = {ast.unparse(tree)}
    for place, node in enumerate(ast.walk(tree)):
        if node in aside:
            continue
        for number in range(len(list(_changes(_node(tree, place))))):
            changed = copy.deepcopy(tree)
            node = _node(changed, place)
            before = _shown(node)
            words = list(_changes(node))[number]
            _apply(changed, node, words)
            ast.fix_missing_locations(changed)
            text = ast.unparse(changed)
            if text not in seen:
                seen.add(text)
                line = getattr(node, "lineno", "")
                yield f"line {line}: {before} -> {_shown(words)}", text


def _is_aside(node):
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "print"
    if isinstance(node, ast.keyword):
        return node.arg in PROGRESS
    return isinstance(node, ast.BinOp) and ast.unparse(node.left) == "lesson.scratch"


def _aside(tree):
    """Return the nodes that do not matter: what prints, shows progress, or names a folder."""
    aside = {part for node in ast.walk(tree) if _is_aside(node) for part in ast.walk(node)}
    # A statement that only holds such nodes: a loop that prints.
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and node.value in aside:
            aside.add(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.If) and all(part in aside for part in node.body):
            aside |= set(ast.walk(node))
    return aside


def _node(tree, place):
    return list(ast.walk(tree))[place]


def _shown(node):
    if isinstance(node, ast.AST):
        return " ".join(ast.unparse(node).split())[:60]
    return "removed"


def _changes(node):
    """Yield what may stand in place of a node; None removes a statement."""
    if isinstance(node, ast.Compare):
        for kind in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [kind(), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _constants(node.value))
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for left_out in range(len(node.values)):
            yield ast.BoolOp(node.op, node.values[:left_out] + node.values[left_out + 1 :])
    elif isinstance(node, ast.Call):
        if node.args:
            yield node.args[0]
        for left_out in range(len(node.args)):
            arguments = node.args[:left_out] + node.args[left_out + 1 :]
            yield ast.Call(node.func, arguments, node.keywords)
        for left_out in range(len(node.keywords)):
            if node.keywords[left_out].arg in PROGRESS:
                continue
            keywords = node.keywords[:left_out] + node.keywords[left_out + 1 :]
            yield ast.Call(node.func, node.args, keywords)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.If | ast.For):
        yield None


def _constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 1.01 or 0.01, value + 1]
    if isinstance(value, str) and value:
        return [value + "x"]
    return []


def _apply(tree, node, instead):
    """Put `instead` in the place of `node`, or `pass` for None."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, instead)
            elif isinstance(value, list) and any(item is node for item in value):
                value[:] = [(instead or ast.Pass()) if item is node else item for item in value]


class Kernel:
    """The kernel of a lesson: it runs cells, and keeps the results of checks."""

    def __init__(self):
        from IPython.core.interactiveshell import InteractiveShell

        self._shell = InteractiveShell.instance()
        self._shell.display_pub.publish = lambda *_, **__: None
        self.results: list = []
        kernel = self

        def check(exercise, *answers):
            kernel.results.append(exercise.grade(*answers))

        Exercise.check = check

    def run(self, source: str) -> BaseException | None:
        """Run a cell without its output; return what it raised."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                with time_limit(SECONDS):
                    done = self._shell.run_cell(source, store_history=True)
            except TimeOver as over:
                return over
        return done.error_before_exec or done.error_in_exec

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Forget in the end which names the block has bound, and what it has exported."""
        names, lesson = dict(self._shell.user_ns), self._shell.user_ns.get("lesson")
        files = set(lesson.scratch.rglob("*")) if lesson else set()
        yield
        self._shell.user_ns.clear()
        self._shell.user_ns.update(names)
        for file in set(lesson.scratch.rglob("*")) - files if lesson else ():
            shutil.rmtree(file, ignore_errors=True)
            file.unlink(missing_ok=True)


def survivors(name: str) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (key, number of mutants, the mutants that pass) for each exercise of a lesson.

    Mutants that leave the answer right are not among them.
    """
    kernel = Kernel()
    for cell in derive(name, "solutions").cells:
        if cell.cell_type != "code":
            continue
        if checked := re.search(r"lesson\.(\w+)\.check\(", cell.source):
            key, made, passing = checked[1], 0, []
            for solution in map(textwrap.dedent, solution_parts(name, key)):
                for words, code in mutants(solution):
                    if is_equivalent(f"{name[:2]} {key}", words):
                        continue
                    made += 1
                    kernel.results.clear()
                    with kernel.restored():
                        error = kernel.run(cell.source.replace(solution, code))
                    if error is None and kernel.results and kernel.results[-1].outcome == PASSED:
                        passing.append(words)
            yield key, made, passing
        kernel.run(cell.source)


@contextlib.contextmanager
def learner() -> Iterator[None]:
    """Work in the folder of the solutions, with exports and progress in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(ROOT / "solutions"):
        os.environ |= {"COURSE_EXPORTS": folder, "COURSE_PROGRESS": f"{folder}/progress.json"}
        yield


def main(arguments: list[str]) -> int:
    """Print how many mutants each check refuses, and which ones pass; return 1 if one passes."""
    any_passes = False
    with learner():
        for name in [n for n in lesson_names() if not arguments or n[:2] in arguments]:
            for key, made, passing in survivors(name):
                print(f"{name[:2]} {key}: {made - len(passing)} of {made} refused", flush=True)
                for words in passing:
                    any_passes = True
                    print(f"    passes: {words}", flush=True)
    return int(any_passes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
