"""The parent's side of the clean process: start it, ask it, replace it, end it."""

import atexit
import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time

from helpers.paths import ROOT
from helpers.processes import fork_server

START_DEADLINE = 180  # seconds for importing TensorFlow on a cold, busy machine


class ReaderError(RuntimeError):
    """A reader could not do what was asked.

    reader : str
    error : str, the reader's own error as "Type: message"
    """

    def __init__(self, reader, error):
        super().__init__(error)
        self.reader, self.error = reader, error


class CleanProcess:
    """One child process that runs the module `worker` and none of the caller's code.

    worker : str, a module with a function `main` that answers on its standard output
    python : path of the interpreter, or None for the one that runs here
    forked : bool, whether it may come from `helpers.processes.fork_server`, with TensorFlow
        imported; for the interpreter that runs here

    Attributes
    ----------
    began : float or None, time.perf_counter() when the child was started last
    seconds : float or None, what that child took until it was ready; known from its first answer on
    """

    encode, decode = staticmethod(pickle.dumps), staticmethod(pickle.load)

    def __init__(self, worker="helpers.readers.worker", python=None, forked=False):
        self._worker, self._python = worker, str(python or sys.executable)
        self._may_fork = forked
        self._child = self.began = self.seconds = None
        self._lock = threading.Lock()

    def start(self):
        """Start the child unless it runs. Does not wait for it."""
        if self._child is not None and self._child.poll() is None:
            return
        self.stop()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in stop()
        self.began, self.seconds = time.perf_counter(), None
        env = {**fork_server.SETTINGS, **os.environ}
        self._child = self._forked(env) or subprocess.Popen(
            self.command(),
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # A kernel is interrupted by a signal to its whole group.
            start_new_session=os.name == "posix",
        )
        self._answers = queue.Queue()
        threading.Thread(
            target=_listen, args=(self._child.stdout, self.decode, self._answers), daemon=True
        ).start()
        self._ready = False
        atexit.register(self.stop)

    def _forked(self, env):
        if self._may_fork:
            with contextlib.suppress(OSError):
                return fork_server.Child(self._worker, stderr=self._log, env=env)
        return None

    def command(self):
        """What starts the child, a list of str."""
        # -P: the caller's folder must not supply modules to a process that is to be clean, and
        # neither must the course's folder: of it, only `helpers`.
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); import helpers; del sys.path[0]; "
            f"import {self._worker} as worker; worker.main()"
        )
        return [self._python, "-P", "-c", code]

    def stop(self):
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            with contextlib.suppress(OSError):  # half a question may still wait to be written
                child.stdin.close()
            self._log.close()
            atexit.unregister(self.stop)

    def ask(self, question, directory, reader, *details, deadline):
        """Put one question to the child; its answer, or the exception it raised."""
        message = self.encode((question, directory, reader, *details))
        with self._lock:
            try:
                self.start()
                if not self._ready:
                    kind, value = self._answer(reader, START_DEADLINE)
                    if kind == "error":
                        raise ReaderError(reader, value)
                    self._ready, self.seconds = True, self._said - self.began
                self._child.stdin.write(message)
                self._child.stdin.flush()
                kind, value = self._answer(reader, deadline)
            except OSError:
                raise self._died(reader) from None
            except BaseException:
                # Interrupted or late: an answer still on its way would be taken for the next one's.
                self.stop()
                raise
        if kind == "error":
            raise ReaderError(reader, value)
        if kind == "not an artifact":
            from helpers.artifact.saved_model import NotAnArtifact

            raise NotAnArtifact(value)
        return value

    def _answer(self, reader, deadline):
        try:
            answer, self._said = self._answers.get(timeout=deadline)
        except queue.Empty:
            raise ReaderError(
                reader, f"TimeoutError: no answer within {deadline} seconds; the process was ended"
            ) from None
        if answer is None:
            raise self._died(reader)
        return answer

    def _died(self, reader):
        with contextlib.suppress(subprocess.TimeoutExpired):  # it lives, but talks nonsense
            self._child.wait(timeout=5)
        status = self._child.poll()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace").strip().splitlines()
        self.stop()
        last = f"; its last words: {log[-1]}" if log else ""
        return ReaderError(reader, f"the reading process died (exit status {status}){last}")


def _listen(stream, decode, answers):
    """Pass on what the child says, and when; None when it has gone."""
    with stream:
        while True:
            try:
                answer = decode(stream)
            except Exception:
                answer = None
            answers.put((answer, time.perf_counter()))
            if answer is None:
                return
