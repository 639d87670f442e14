"""Answers to exercise 3 of lesson 07: functions that publish a version."""

import errno
import shutil
import subprocess
import time
from unittest import mock

from tests.exercises.lesson_07.answers_calls import same
from tests.exercises.proofs import Mistake, Proofs


def next_number(base):
    return 1 + max(int(path.name) for path in base.iterdir() if path.name.isdigit())


def renamed_copy(export_dir, base):
    copy = base / ".incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(next_number(base)))


def numbered_by_time(export_dir, base):
    copy = base.parent / "incoming"
    shutil.copytree(export_dir, copy)
    copy.rename(base / str(time.time_ns()))


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
    (base / "notes").rmdir()


def renamed_and_marked(export_dir, base):
    """Add a file that is not part of the export after the version has appeared."""
    renamed_copy(export_dir, base)
    (base / str(next_number(base) - 1) / "published.txt").write_text("today")


def old_ones_first(export_dir, base):
    for path in base.iterdir():
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


Q3 = Proofs(
    right={
        "a hidden copy in base": same(renamed_copy),
        "the time as number": same(numbered_by_time),
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
            same(one_more_than_there_are), "base contains 1, 3, 9, notes"
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
        "does nothing": Mistake(same(lambda made, base: None), "base contains 1, 9, notes"),
        "a name that is no number": Mistake(
            same(lambda made, base: shutil.copytree(made, base / "v10")),
            "A version is a folder whose name is a number",
        ),
    },
    untouched=(...,),
)
