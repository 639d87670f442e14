"""Observe the broken and the cured form of cases of the clinic, in the tried environment.

`python -m tests.newest_versions.cases FILE KEY ...` appends one line of JSON per case to FILE as
soon as the case has run, so that a case that ends the process does not lose the earlier ones.
"""

import json
import os
import sys
import tempfile
from pathlib import Path


def observe(case):
    """Run both forms of a case.

    Parameters
    ----------
    case : helpers.clinic.Case

    Returns
    -------
    dict
        "key": the key of the case

        "broken": {"raised": "Type: message"}, {"wrong": bool} for a silent failure, or
        {"returned": str}

        "cured": {"raised": "Type: message"}, or {"readers": {name: text}}, where the text is ""
        for right numbers and else says what the reader answered
    """
    with tempfile.TemporaryDirectory() as broken, tempfile.TemporaryDirectory() as cured:
        return {
            "key": case.key,
            "broken": _without_raising(_broken, case, Path(broken)),
            "cured": _without_raising(_cured, case, Path(cured)),
        }


def _without_raising(function, case, folder):
    from helpers.readers import ReaderError

    os.chdir(folder)  # a form may write into the working directory
    try:
        return function(case, folder)
    except Exception as error:
        text = str(error) if isinstance(error, ReaderError) else f"{type(error).__name__}: {error}"
        return {"raised": text.replace(f"{folder}{os.sep}", "")}
    finally:
        os.chdir("/")


def _broken(case, folder):
    from helpers.clinic import Wrong

    answer = case.broken(folder)
    if isinstance(answer, Wrong):
        return {"wrong": not _equal(answer.expected, answer.got, 0.01)}
    return {"returned": str(answer)}


def _cured(case, folder):
    from helpers import readers

    cured = case.cured(folder)
    said = {}
    if cured.got is not None and not _equal(cured.expected, cured.got, 1e-5):
        said["this program"] = f"{cured.got} instead of {cured.expected}"
    for reader in readers.READERS:
        try:
            answers = readers.run(cured.directory, cured.signature, cured.inputs, reader)
            got = answers[cured.output or next(iter(answers))]
            right = _equal(cured.expected, got, 1e-5)
            said[reader] = "" if right else f"{got} instead of {cured.expected}"
        except readers.ReaderError as error:
            said[reader] = error.error
    return {"readers": said}


def _equal(expected, got, tolerance):
    import numpy as np

    expected, got = np.asarray(expected), np.asarray(got)
    return expected.shape == got.shape and np.allclose(expected, got, tolerance, tolerance)


def main(file, *keys):
    from helpers.clinic import CASES

    with open(file, "a", encoding="utf-8") as seen:
        for key in keys:
            print(json.dumps(observe(CASES[key])), file=seen, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
