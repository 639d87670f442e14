"""Lesson 12: right answers, named mistakes, near misses and untouched cells."""

import os
import shutil
from pathlib import Path

from helpers.exercises.lesson_12.drafts import DRAFTS, NAMES
from helpers.teaching.assess.brief import PLAN, REQUIREMENTS
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove
from tests.teaching.assess.near_misses import NEAR_MISSES, OneSignatureMore, good, made
from tests.teaching.assess.penguin_models import LOWER, Linear, plan, write_plan


class RaisesForGaps(Linear):
    def fill(self, values, name):
        return values


class OtherMean(Linear):
    def fill(self, values, name):
        return super().fill(values, name) if name == "body_mass_g" else values * 0 + 44.0


class MeansExchanged(Linear):
    def scaled(self, *columns):
        return super().scaled(*columns)[:, ::-1]


class IslandAsItComes(Linear):
    """The vocabulary has capital letters, and the island is not changed."""

    vocabulary = tuple(island.title() for island in LOWER)

    def whole(self, bill_length_mm, body_mass_g, island, sex):
        import tensorflow as tf

        self.word = lambda texts: texts if texts is island else tf.strings.lower(texts)
        return super().whole(bill_length_mm, body_mass_g, island, sex)


class FixedBatch(Linear):
    def specs(self, key):
        import tensorflow as tf

        return [tf.TensorSpec((64,), spec.dtype, spec.name) for spec in super().specs(key)]


class NoProbability(Linear):
    def classify(self, *columns):
        return {"species": super().classify(*columns)["species"]}


class LogitsForMeasurements(Linear):
    def measurements(self, *columns):
        return {"probabilities": 2 * super().measurements(*columns)["probabilities"]}


def only_1(model):
    """Answer with a folder that holds version 1 alone."""

    def answer(folder):
        model().export(folder / "1")
        return (folder,)

    return answer


def copied(*names, to=lambda folder: folder):
    """Answer with a copy of these parts of a good folder."""

    def answer(folder):
        for name in names:
            part = shutil.copytree if (good() / name).is_dir() else shutil.copyfile
            part(good() / name, folder / name)
        return (to(folder),)

    return answer


def near(name):
    """Answer with a near miss of the assessment."""
    return lambda folder: (made(NEAR_MISSES[name], folder),)


def planned(**changed):
    """Answer with two good versions, and a plan with some fields changed."""

    def answer(folder):
        copied("1", "2")(folder)
        write_plan(folder, plan(**changed))
        return (folder,)

    return answer


def relative(folder):
    return os.path.relpath(folder)


def with_other_files(folder):
    (folder / "notes.txt").write_text("mine")
    (folder / "old").mkdir()
    return folder


FORMS = {
    "a path": lambda folder: folder,
    "a text": str,
    "a relative path": relative,
    "a path with a dot": lambda folder: Path(f"{folder}/../{folder.name}"),
    "with other files": with_other_files,
}


def rights(*names):
    """Write a right answer in each form."""
    return {form: copied(*names, to=to) for form, to in FORMS.items()}


def no_folders(which):
    """Return wrong answers that are no folder of versions, with their words."""
    return {
        "a number": Mistake(lambda _: (1,), f"{which} should be the folder that holds your export"),
        "nothing there": Mistake(lambda folder: (folder / "none",), "there is nothing at 'none'"),
        "an empty folder": Mistake(lambda folder: (folder,), "has no version: export version 1"),
        "the export itself": Mistake(lambda _: (good() / "1",), "is an export itself: give the"),
    }


ALL_OF_1 = [name for name, one in NEAR_MISSES.items() if one.number not in (8, 9)]

Q1 = Proofs(
    right=other_mappings(DRAFTS),
    wrong={
        "readers for the mean": Mistake(
            lambda _: (DRAFTS | {"the mean of the request is subtracted": "readers"},),
            "you say 'readers', but it is 'batches'. Then a row gets another answer",
        ),
        "loads for the list": Mistake(
            lambda _: (DRAFTS | {"the islands are a list in the code": "loads"},),
            "you say 'loads', but it is 'asset'. All answers are right today.",
        ),
        "a number": Mistake(
            lambda _: (DRAFTS | {"classify computes row by row": 10},), "10 is not one of 'loads'"
        ),
        "one is left": Mistake(
            lambda _: ({name: DRAFTS[name] for name in list(DRAFTS)[1:]},), "prediction"
        ),
    },
    untouched=(dict.fromkeys(DRAFTS, ...),),
    near=one_wrong(DRAFTS, NAMES),
)
Q2 = Proofs(
    right=rights("1") | {"another signature": only_1(OneSignatureMore)},
    wrong=no_folders("with_version_1")
    | {
        "gaps stay gaps": Mistake(only_1(RaisesForGaps), "requirement 3, raw rows: not met"),
        "a fixed batch": Mistake(
            only_1(FixedBatch),
            "should be bill_length_mm: float32 (None,), but is bill_length_mm: float32 (64,)",
        ),
        "one output less": Mistake(only_1(NoProbability), "classify has no output probability"),
        "another mean": Mistake(
            only_1(OtherMean), "a missing bill_length_mm should get the same answer as 43.9"
        ),
    },
    untouched=(...,),
    near={name: near(name) for name in ALL_OF_1}
    | {
        "columns exchanged": only_1(MeansExchanged),
        "sums of 2": only_1(LogitsForMeasurements),
        "islands as they come": only_1(IslandAsItComes),
    },
)  # fmt: skip
Q3 = Proofs(
    right=rights("1", "2"),
    wrong=no_folders("with_version_2")
    | {
        "version 1 alone": Mistake(
            copied("1"), "versions: not tried. Expected: one server answers"
        ),
        "a copy of version 1": Mistake(
            near("version 2 has the weights of version 1"), "gives the answers of version 1"
        ),
    },
    untouched=(...,),
    near={name: near(name) for name in ALL_OF_1[:5]} | {"version 2 alone": copied("2")},
)
Q4 = Proofs(
    right={
        "5 % of the users": planned(percent=5),
        "20 %, one look": planned(percent=20, looks=[30_000]),
        "a short window": planned(max_error_rate=0.3, window=10),
        "a long window": planned(max_error_rate=0.04, window=100),
        "many users": planned(looks=[50_000, 100_000]),
    },
    wrong=no_folders("with_plan")
    | {
        "no plan": Mistake(copied("1", "2"), f"rollout: not tried. Expected: {PLAN} gives a few"),
        "never ends": Mistake(planned(max_error_rate=0.5), "should be ended within 100 requests"),
        "ends by chance": Mistake(planned(max_error_rate=0.01), "1 of 100 requests should stay"),
        "half of them": Mistake(planned(percent=50), "percent should be from 1 to 20, but is 50"),
        "too few users": Mistake(
            planned(looks=[2000, 4000]), "at the last look, but the plan has 4,000"
        ),
    },
    untouched=(...,),
    near={
        "as if half got version 2": planned(looks=[1900, 3800, 5700, 7600]),
        "one user is missing": planned(looks=[n - 1 for n in plan()["looks"]]),
        "exchanged": planned(stable=2, canary=1),
        "a text": planned(max_error_rate="0.2"),
        "without version 1": copied("2", PLAN),
    },
)

globals().update(prove("12_capstone", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))


def test_each_draft_has_another_requirement():
    assert len(set(DRAFTS.values())) == len(DRAFTS)
    assert set(DRAFTS.values()) <= {name for name, _ in REQUIREMENTS.values()}
