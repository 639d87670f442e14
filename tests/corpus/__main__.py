"""`python -m tests.corpus [--truth] [NAME OR FAMILY ...]`: judge the readers' tool on the corpus.

Without a name, every export is made and asked. With --truth, the verdicts themselves are tested:
TensorFlow's own loaders are compared with the live model, without the readers of the course.
"""

import sys
import tempfile
from pathlib import Path

from tests.corpus import truth
from tests.corpus.judge import judge, table
from tests.corpus.record import Export, load


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status: 1 if a verdict is wrong or a cure not proved."""
    names = [word for word in arguments if word != "--truth"]
    chosen = [one for one in load().values() if not names or {one.name, one.family} & {*names}]
    if not chosen:
        print(f"no export and no family of the corpus is called {', '.join(names)}")
        return 2
    return test_the_verdicts(chosen) if "--truth" in arguments else ask_the_tool(chosen)


def ask_the_tool(chosen: list[Export]) -> int:
    """Judge the tool on some exports, one after the other, and print a table."""
    judged = []
    for one in chosen:
        with tempfile.TemporaryDirectory() as folder:
            judged.append(judge(one, Path(folder)))
        print(judged[-1].told, flush=True)
    print("\n".join(["", *table(judged)]))
    return int(not all(one.right and not one.cure for one in judged))


def test_the_verdicts(chosen: list[Export]) -> int:
    """Compare the verdicts that are written with what TensorFlow's own loaders do."""
    different = 0
    for one in chosen:
        with tempfile.TemporaryDirectory() as folder:
            rows = truth.found(one, Path(folder) / one.name)
        if not rows:
            print(f"{one.name}: no answers of a live model", flush=True)
        for key, words in rows.items():
            for reader, word in words.items():
                rows_of = one.verdict.get(key, one.verdict)
                right = one.promise or rows_of[reader]
                agrees = word.partition(":")[0] == right
                different += not agrees
                mark = "" if agrees else f"  BUT THE VERDICT IS {right}"
                print(f"{one.name}, {key}, {reader}: {word}{mark}", flush=True)
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
