"""The side of a clean process that answers: questions come in, answers go out."""

import os
import pickle
import queue
import threading

from helpers.artifact.saved_model import NotAnArtifact
from helpers.errors.messages import describe


def answer_questions(known, prepare):
    """Call `prepare`, say that this process is ready, and answer questions until the parent goes.

    known : dict of str to function (directory, reader, *details)
    """
    # What TensorFlow or a model prints must not mix with the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = queue.Queue()
    threading.Thread(
        target=_listen, args=(os.fdopen(os.dup(0), "rb"), questions), daemon=True
    ).start()

    try:
        prepare()
        _answer(out, ("value", "ready"))
    except Exception as error:
        _answer(out, ("error", describe(error, limit=2000)))
    while True:
        question, *details = questions.get()
        try:
            _answer(out, ("value", known[question](*details)))
        except NotAnArtifact as error:
            _answer(out, ("not an artifact", str(error)))
        except Exception as error:
            _answer(out, ("error", describe(error, limit=2000)))


def _listen(stream, questions):
    """Pass on the questions; end with the parent, even while one is being answered."""
    while True:
        try:
            questions.put(pickle.load(stream))
        except Exception:  # the parent closed its end, or was killed in the middle of a question
            os._exit(0)


def _answer(out, message):
    pickle.dump(message, out)
    out.flush()
