"""Answers to exercise 3 of lesson 08: functions that publish a version."""

import errno
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from unittest import mock

from tests.exercises.lesson_08.answers_calls import same
from tests.exercises.proofs import Mistake, Proofs


def next_number(base):
    return 1 + max(int(path.name) for path in base.iterdir() if path.name.isdigit())


def renamed_copy(export_dir, base):
    copy = base / ".incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(next_number(base)))


def under(name):
    """Return a function that copies to `name` first."""

    def publish(export_dir, base):
        shutil.copytree(export_dir, base / name).rename(base / str(next_number(base)))

    return publish


def numbered_by_time(export_dir, base):
    copy = base.parent / "incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(time.time_ns()))


def with_a_gap(export_dir, base):
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(next_number(base) + 1))


def also_below_other_folders(export_dir, base):
    last = max(int(path.name) for path in base.rglob("*") if path.name.isdigit())
    shutil.copytree(export_dir, base / "incoming").rename(base / str(last + 1))


def the_highest_beside(export_dir, base):
    """Move the highest version away while the new one is copied."""
    number = next_number(base)
    kept = (base / str(number - 1)).rename(base / "kept")
    copy = shutil.copytree(export_dir, base / "incoming")
    kept.rename(base / str(number - 1))
    copy.rename(base / str(number))


def with_zeros(export_dir, base):
    copy = shutil.copytree(export_dir, base / f"tmp{next_number(base)}")
    shutil.move(copy, base / f"{next_number(base):08d}")


def in_place(export_dir, base):
    shutil.copytree(export_dir, base / str(next_number(base)))


def by_command(export_dir, base):
    subprocess.run(["cp", "-r", export_dir, base / str(next_number(base))], check=True)


def graph_first(export_dir, base):
    target = base / str(next_number(base))
    target.mkdir()
    shutil.copy(export_dir / "saved_model.pb", target)
    shutil.copytree(export_dir, target, dirs_exist_ok=True)


def graph_last(export_dir, base):
    target = base / str(next_number(base))
    shutil.copytree(export_dir, target, ignore=shutil.ignore_patterns("saved_model.pb"))
    shutil.copy(export_dir / "saved_model.pb", target)


def across_disks(export_dir, base):
    """Simulate two disks, between which shutil.move copies instead of renaming."""
    copy = shutil.copytree(export_dir, base.parent / "incoming")
    other_disk = OSError(errno.EXDEV, "Invalid cross-device link")
    with mock.patch("os.rename", side_effect=other_disk):
        shutil.move(copy, base / str(next_number(base)))


def the_highest_only(export_dir, base):
    renamed_copy(export_dir, base)
    for path in base.iterdir():
        if path.name.isdigit() and int(path.name) < next_number(base) - 2:
            shutil.rmtree(path)


def tidied_up(export_dir, base):
    renamed_copy(export_dir, base)
    shutil.rmtree(base / "notes")


def renamed_and_marked(export_dir, base):
    """Add a file that is not part of the export after the version has appeared."""
    renamed_copy(export_dir, base)
    (base / str(next_number(base) - 1) / "published.txt").write_text("today")


def old_ones_first(export_dir, base):
    for path in base.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    time.sleep(1)  # on a busy machine too, the server notices that no version is left
    shutil.copytree(export_dir, base / "incoming")
    (base / "incoming").rename(base / "10")


def one_more_than_there_are(export_dir, base):
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(1 + sum(path.name.isdigit() for path in base.iterdir())))


def sorted_as_texts(export_dir, base):
    last = max(path.name for path in base.iterdir() if path.name.isdigit())
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(int(last) + 1))


def every_folder_is_a_number(export_dir, base):
    number = max(int(path.name) for path in base.iterdir()) + 1
    shutil.copytree(export_dir, base / str(number))


def nested(export_dir, base):
    outer = base / "incoming"
    outer.mkdir()
    shutil.copytree(export_dir, outer / "export")
    outer.rename(base / str(next_number(base)))


def moved(export_dir, base):
    export_dir.rename(base / str(next_number(base)))


def linked(export_dir, base):
    (base / str(next_number(base))).symlink_to(export_dir, target_is_directory=True)


def after(change):
    """Return a function that publishes correctly and then calls `change(export_dir, base)`."""

    def publish(export_dir, base):
        renamed_copy(export_dir, base)
        change(export_dir, base)

    return same(publish)


def instead_of_copy(change):
    """Return a function that changes the copy before its name is a number."""

    def publish(export_dir, base):
        copy = shutil.copytree(export_dir, base / ".incoming")
        change(copy)
        copy.rename(base / str(next_number(base)))

    return same(publish)


def overwrite(export_dir, base):
    """Write the graph of the export over that of every other version."""
    for path in base.iterdir():
        if path.name.isdigit() and int(path.name) < next_number(base) - 1:
            shutil.copy(export_dir / "saved_model.pb", path)


def lose_and_overwrite(export_dir, base):
    """Publish without the assets, and write the new graph over every old version."""
    copy = base / "incoming"
    shutil.copytree(export_dir, copy, ignore=shutil.ignore_patterns("assets*"))
    copy.rename(base / str(next_number(base)))
    overwrite(export_dir, base)


def without(pattern):
    def publish(export_dir, base):
        copy, ignore = base / "incoming", shutil.ignore_patterns(pattern)
        shutil.copytree(export_dir, copy, ignore=ignore)
        copy.rename(base / str(next_number(base)))

    return same(publish)


def cut(copy):
    file = copy / "assets" / "words.txt"
    file.write_text("x" * len(file.read_text()))


def changes_the_folder(export_dir, base):
    os.chdir(base)
    renamed_copy(export_dir, Path("."))


def sets_a_variable(export_dir, base):
    renamed_copy(export_dir, base)
    os.environ["LAST_VERSION"] = "10"


def twice(export_dir, base):
    renamed_copy(export_dir, base)
    renamed_copy(export_dir, base)


def to_the_first_gap(export_dir, base):
    taken = {int(path.name) for path in base.iterdir() if path.name.isdigit()}
    number = next(n for n in range(max(min(taken), 2), 10**6) if n not in taken)
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(number))


def after_the_number_of_the_lesson(export_dir, base):
    copy = shutil.copytree(export_dir, base / "incoming")
    copy.rename(base / str(11 if (base / "10").exists() else 10))


def file_by_file(export_dir, base):
    """Copy only files, so that folders without files are not copied."""
    copy = base / "incoming"
    for file in filter(Path.is_file, export_dir.rglob("*")):
        target = copy / file.relative_to(export_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    os.rename(copy, base / str(next_number(base)))


def by_commands(export_dir, base):
    copy = base / "incoming"
    subprocess.run(["cp", "-r", export_dir, copy], check=True)
    subprocess.run(["mv", copy, base / str(next_number(base))], check=True)


class Publisher:
    def __init__(self):
        self.published = 0

    def __call__(self, export_dir, base):
        with tempfile.TemporaryDirectory(dir=base.parent) as folder:
            copy = shutil.copytree(export_dir, Path(folder) / "copy")
            os.replace(copy, base / str(next_number(base)))
        self.published += 1


def links_of_files(export_dir, base):
    copy = base / "incoming"
    shutil.copytree(export_dir, copy, copy_function=os.symlink)
    copy.rename(base / str(next_number(base)))


def by_number(number_of):
    """Return a function whose next number follows the highest `number_of(name)` that is true."""

    def publish(export_dir, base):
        last = max(filter(None, (number_of(path.name) for path in base.iterdir())))
        copy = shutil.copytree(export_dir, base / "incoming")
        copy.rename(base / str(last + 1))

    return same(publish)


def without_zeros(name):
    return int(name) if name.isdigit() and name == str(int(name)) else None


def first_number_in(pattern):
    def number_of(name):
        found = re.search(pattern, name)
        return int(found[0]) if found else None

    return number_of


def copied_to_a_number(export_dir, base):
    number = next_number(base)
    shutil.copytree(export_dir, base / f"{number}000").rename(base / str(number))


def leaves_a_folder(export_dir, base):
    folder = Path(tempfile.mkdtemp(dir=base, prefix="incoming-"))
    shutil.copytree(export_dir, folder / "export").rename(base / str(next_number(base)))


Q3 = Proofs(
    right={
        "file by file": same(file_by_file),
        "cp and mv": same(by_commands),
        "an object": lambda _: (Publisher(),),
        "a hidden copy in base": same(renamed_copy),
        "the name unfinished": same(under("unfinished")),
        "leading zeros, shutil.move": same(with_zeros),
        "with a mark afterwards": same(renamed_and_marked),
    },
    wrong={
        "copied in place": Mistake(same(in_place), "should be complete when it appears"),
        "copied by cp": Mistake(same(by_command), "should be complete when it appears"),
        "the graph first": Mistake(same(graph_first), "should be complete when it appears"),
        "the graph last": Mistake(same(graph_last), "a version must appear there in one step"),
        "moved from another disk": Mistake(
            same(across_disks), "shutil.move from one disk to another"
        ),
        "old versions deleted first": Mistake(
            same(old_ones_first), "requests failed, the first with"
        ),
        "old versions deleted afterwards": Mistake(
            same(the_highest_only), "1 was in base and has gone"
        ),
        "other things deleted": Mistake(same(tidied_up), "notes was in base and has gone"),
        "everything deleted": Mistake(
            same(lambda made, base: shutil.rmtree(base)), "base itself has gone"
        ),
        "None": Mistake(same(None), "publish should be a function, but is None"),
        "counts the versions": Mistake(
            same(one_more_than_there_are), "base contains 1, 3, 9, README.md, notes"
        ),
        "9 sorts after 10": Mistake(same(sorted_as_texts), "of your sorted_as_texts", "raised"),
        "takes every folder for a version": Mistake(
            same(every_folder_is_a_number), "invalid literal for int()", "raised"
        ),
        "one folder too many": Mistake(
            same(nested), "saved_model.pb must be in the folder of the version itself"
        ),
        "moves the export": Mistake(same(moved), "export_dir has gone"),
        "a link": Mistake(same(linked), "does not follow a link out of its folder"),
        "overwrites what is loaded": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "9", dirs_exist_ok=True)),
            "does not read a loaded version again",
        ),
        "does nothing": Mistake(
            same(lambda made, base: None), "base contains 1, 9, README.md, notes"
        ),
        "a name that is no number": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "v10")),
            "A version is a folder whose name is a number",
        ),
        "loses the assets and overwrites the old graphs": Mistake(
            same(lose_and_overwrite), "but has no assets.extra/parts/part-000.txt"
        ),
        "overwrites the old graphs": Mistake(
            after(overwrite), "but it has changed 1/saved_model.pb"
        ),
        "without the assets": Mistake(without("assets"), "but has no assets/words.txt"),
        "os.chdir": Mistake(same(changes_the_folder), "should leave the working directory as it"),
        "links of files": Mistake(same(links_of_files), "does not follow a link out of its folder"),
        "without the variables": Mistake(without("variables"), "but has no variables/variables."),
        "one more byte in the graph": Mistake(
            instead_of_copy(lambda copy: (copy / "saved_model.pb").open("ab").write(b"\0")),
            "saved_model.pb is not as in the export",
        ),
        "deletes a file beside the versions": Mistake(
            after(lambda made, base: (base / "README.md").unlink()),
            "README.md was in base and has gone",
        ),
        "an old version without its variables": Mistake(
            after(lambda made, base: shutil.rmtree(base / "9" / "variables")),
            "9/variables/variables.data-00000-of-00001 was in base and has gone",
        ),
        "two new versions": Mistake(same(twice), "but the new versions are: 10, 11"),
        "the first number that is free": Mistake(
            same(to_the_first_gap), "the server serves the highest number"
        ),
        "the time as number": Mistake(
            same(numbered_by_time), "should have the number 10, but has 1"
        ),
        "a number for the unfinished copy": Mistake(
            same(copied_to_a_number), "Give the unfinished copy a name that is not a number"
        ),
        "does not read 003": Mistake(by_number(without_zeros), "The name 0012 is version 12."),
        "takes 5000-notes for a version": Mistake(
            by_number(first_number_in("^[0-9]+")), "but has 5001. The versions before it are"
        ),
        "leaves its empty folder": Mistake(
            same(leaves_a_folder), "should add only the new version to base, but incoming-"
        ),
        "numbers of this base only": Mistake(
            same(after_the_number_of_the_lesson), "Compare the names as numbers"
        ),
    },
    near={
        "a variable of the environment": same(sets_a_variable),
        "leaves a gap": same(with_a_gap),
        "looks for numbers in other folders, too": same(also_below_other_folders),
        "moves the highest version away for a moment": same(the_highest_beside),
        "takes 5000.txt for a version": by_number(
            lambda name: int(Path(name).stem) if Path(name).stem.isdigit() else None
        ),
        "takes v12 for a version": by_number(first_number_in("^v?[0-9]+")),
        "takes the last digits of a name": by_number(first_number_in("[0-9]+$")),
        "leaves a note": after(lambda made, base: (base / "last.txt").write_text("published")),
        "without the last part": without("part-199.txt"),
        "without the fingerprint": without("fingerprint.pb"),
        "another content of the same length": instead_of_copy(cut),
        "changes the export": after(
            lambda made, base: (made / "assets" / "words.txt").write_text("published")
        ),
        "deletes the export": after(lambda made, base: shutil.rmtree(made)),
        "writes into the notes": after(
            lambda made, base: (base / "notes" / "monday.txt").write_text("version 10")
        ),
    },
    untouched=(...,),
)
