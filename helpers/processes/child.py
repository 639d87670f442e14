"""Answer the questions of a parent, in a clean process."""

import os
import pickle
import queue
import threading
from collections.abc import Callable, Mapping
from typing import IO, NoReturn

from helpers.artifact.saved_model import NotAnArtifact
from helpers.errors.messages import describe
from helpers.processes import temporary_files


def answer_questions(
    functions: Mapping[str, Callable], prepare: Callable[[], object] = lambda: None
) -> NoReturn:
    """Call `prepare`, report that this process is ready, and answer until the parent ends.

    Standard input carries the questions, pickled pairs (name of a function, its arguments).
    Standard output carries the answers, pickled pairs (kind, value). The kinds are "value",
    "error" and "not an artifact"; with the last two, the value is a text.

    Parameters
    ----------
    functions : mapping of str to function
        what can be asked
    prepare : function without arguments
        what must be done before the first answer, such as an import that takes long
    """
    # What TensorFlow or a model prints must not mix with the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = queue.Queue()
    stream = os.fdopen(os.dup(0), "rb")
    threading.Thread(target=_listen, args=(stream, questions), daemon=True).start()

    try:
        prepare()
        _answer(out, ("value", "ready"))
    except Exception as error:
        _answer(out, ("error", describe(error, limit=2000)))
    while True:
        function, arguments = questions.get()
        try:
            _answer(out, ("value", functions[function](*arguments)))
        except NotAnArtifact as error:
            _answer(out, ("not an artifact", str(error)))
        except Exception as error:
            _answer(out, ("error", describe(error, limit=2000)))


def _listen(stream: IO[bytes], questions: queue.Queue):
    """Pass on the questions; end this process with its parent, even while it computes."""
    while True:
        try:
            questions.put(pickle.load(stream))
        except Exception:  # the parent closed its end, or was killed while it wrote a question
            temporary_files.remove_own()
            os._exit(0)


def _answer(out: IO[bytes], message: tuple[str, object]):
    pickle.dump(message, out)
    out.flush()
