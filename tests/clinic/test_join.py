"""The table of known errors and the functions of the clinic have the same keys."""

import pytest

from helpers.clinic import (
    CASES,
    calling,
    keras_files,
    litert,
    litert_converter,
    loading,
    saving,
    silent,
)
from helpers.clinic.case import join
from helpers.errors.known_error import FIELDS, FILES, GENERAL, SERVING, known_errors

ROOMS = {
    "saving": saving,
    "loading": loading,
    "keras_files": keras_files,
    "calling": calling,
    "litert_converter": litert_converter,
    "litert": litert,
    "silent": silent,
}
FORMS = {key: forms for room in ROOMS.values() for key, forms in room.FORMS.items()}


def test_keys_agree_both_ways_and_in_order():
    keys = [key for key, error in known_errors().items() if error.in_clinic]
    assert list(CASES) == keys == list(FORMS)
    assert len(FORMS) == sum(len(room.FORMS) for room in ROOMS.values())
    assert [*ROOMS, SERVING, "tracing", "notebook_cells", GENERAL] == list(FILES)


@pytest.mark.parametrize("key", CASES)
def test_case_is_its_entry_with_its_functions(key):
    case, error = CASES[key], known_errors()[key]
    assert {name: getattr(case, name) for name in FIELDS} == vars(error)
    assert (case.broken, case.cured) == FORMS[key]


def test_an_entry_without_functions_is_named():
    forms = {key: each for key, each in FORMS.items() if key not in ("columns", "wrong-tags")}
    with pytest.raises(ValueError, match=r"no functions for: columns, wrong-tags\."):
        join(known_errors(), forms)


@pytest.mark.parametrize("key", ["no-luck", "name-not-defined", "server-json", "keras-2-file"])
def test_functions_without_a_case_are_named(key):
    with pytest.raises(ValueError, match=rf"has no case for: {key}\."):
        join(known_errors(), {**FORMS, key: FORMS["columns"]})
