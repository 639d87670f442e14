"""Start a clean process, ask it, replace it and end it: the parent's side."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from helpers.paths import ROOT
from helpers.processes import forked_process, temporary_files

TICK = 0.5  # seconds between two looks at the CPU time
IDLE = 300  # seconds without a question after which the child ends, to give back its memory
START_DEADLINE = 180  # seconds for importing TensorFlow on a cold, busy machine


class ReaderError(RuntimeError):
    """A reader or a runtime could not do what it was asked.

    Attributes
    ----------
    reader : str
        name of the reader or runtime
    error : str
        its own error as "Type: message"
    """

    def __init__(self, reader: str, error: str):
        super().__init__(error)
        self.reader, self.error = reader, error


@dataclass(frozen=True)
class Question:
    """One call of a function in a clean process.

    Attributes
    ----------
    function : str
        its name among the functions that the process offers
    arguments : tuple
        its arguments; what pickle can hold without modules that the process does not have
    who : str
        the reader or runtime that is asked, for the `ReaderError`; the process does not see it
    holds : tuple or None
        names what takes much memory in the process after this question. The next question that
        names something else is put to a new process.
    """

    function: str
    arguments: tuple
    who: str
    holds: tuple | None = None


class CleanProcess:
    """A child process that answers questions and runs none of the caller's code.

    It starts with the first question, stays for the next ones, is replaced when it dies or hangs,
    and ends with this process. It also ends when it is asked nothing for a while, and starts again
    with the next question.

    Parameters
    ----------
    worker : str or None
        a module with a function `main` that calls `helpers.processes.child.answer_questions`; None
        in a subclass that has a `command` of its own
    python : path, optional
        the interpreter; without it the one that runs here
    forked : bool
        whether `helpers.processes.forked_process` may start the process, with TensorFlow imported;
        only for the interpreter that runs here

    Attributes
    ----------
    began : float or None
        time.perf_counter() at the last start of the child
    seconds : float or None
        what this child took until it was ready; known from its first answer on
    """

    def __init__(
        self,
        worker: str | None = "helpers.readers.worker",
        python: str | Path | None = None,
        forked: bool = False,
    ):
        self._worker, self._python = worker, str(python or sys.executable)
        self._may_fork = forked
        self._child: Any = None  # a subprocess.Popen or a ForkedProcess
        self.began = self.seconds = None
        self._holds: tuple | None = None
        self._lock = threading.Lock()
        self._used = 0.0  # time.monotonic() when it was asked last
        self._ended = threading.Event()

    @staticmethod
    def encode(question: Question) -> bytes:
        """Return what is written to the child's standard input."""
        return pickle.dumps((question.function, question.arguments))

    @staticmethod
    def decode(stream: IO[bytes]) -> tuple[str, object]:
        """Read one answer, (kind, value), from the child's standard output."""
        return pickle.load(stream)

    def start(self):
        """Start the child unless it runs. Does not wait for it."""
        if self._child is not None and self._child.poll() is None:
            return
        self.stop()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in stop()
        self.began, self.seconds = time.perf_counter(), None
        env = {**forked_process.SETTINGS, **os.environ}
        self._folder = None
        self._child = self._forked(env) or self._started(env)
        self._answers = queue.Queue()
        threading.Thread(
            target=_listen, args=(self._child.stdout, self.decode, self._answers), daemon=True
        ).start()
        self._ready = False
        self._used, self._ended = time.monotonic(), threading.Event()
        threading.Thread(target=self._end_when_idle, args=(self._ended,), daemon=True).start()
        atexit.register(self.stop)

    def _end_when_idle(self, ended):
        """End the child when it was asked nothing for IDLE seconds; return when it has ended."""
        while not ended.wait(self._used + IDLE - time.monotonic()):
            with self._lock:  # a question that is being answered has it
                if not ended.is_set() and time.monotonic() >= self._used + IDLE:
                    self.stop()

    def _forked(self, env):
        if self._may_fork:
            with contextlib.suppress(OSError):
                return forked_process.ForkedProcess(self._worker, stderr=self._log, env=env)
        return None

    def _started(self, env):
        self._folder = temporary_files.new_folder() if self._worker else None
        return subprocess.Popen(
            self.command(),
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # An interrupt of a kernel is a signal to its whole process group.
            start_new_session=os.name == "posix",
        )

    def command(self) -> list[str]:
        """Return the command that starts the child without the fork server."""
        # -P: the caller's folder must not supply modules to a clean process. Of the course's
        # folder, only `helpers` may.
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); import helpers; del sys.path[0]; "
            "from helpers.processes import temporary_files; "
            f"temporary_files.use({self._folder!r}); "
            f"import {self._worker} as worker; worker.main()"
        )
        return [self._python, "-P", "-c", code]

    def stop(self):
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            self._ended.set()
            child.kill()
            child.wait()
            with contextlib.suppress(OSError):  # a part of a question may still wait to be written
                child.stdin.close()
            self._log.close()
            temporary_files.remove(self._folder)
            atexit.unregister(self.stop)

    def ask(self, question: Question, *, deadline: float, computing: float | None = None) -> Any:
        """Put one question to the child and return the answer.

        Parameters
        ----------
        question : Question
        deadline : float
            seconds for the answer; after it the child is ended. The child's start is not counted.
        computing : float, optional
            CPU time of the child for the answer, in seconds; after it the child is ended as well.
            Only Linux counts it.

        Raises
        ------
        ReaderError
            the function raised an error, the child died, or did not answer in time
        NotAnArtifact
            the function found no SavedModel
        """
        message, who = self.encode(question), question.who
        with self._lock:
            try:
                if self._holds is not None and self._holds != question.holds:
                    self.stop()
                self._holds = question.holds
                self.start()
                if not self._ready:
                    kind, value = self._answer(who, START_DEADLINE)
                    if kind == "error":
                        raise ReaderError(who, value)
                    self._ready, self.seconds = True, self._said - self.began
                self._child.stdin.write(message)
                self._child.stdin.flush()
                kind, value = self._answer(who, deadline, computing)
            except OSError:
                raise self._died(who) from None
            except BaseException:
                # Interrupted or late: the next question would receive this question's answer.
                self.stop()
                raise
            finally:
                self._used = time.monotonic()
        if kind == "error":
            raise ReaderError(who, value)
        if kind == "not an artifact":
            from helpers.artifact.saved_model import NotAnArtifact

            raise NotAnArtifact(value)
        return value

    def _answer(self, who, deadline, computing=None):
        before = cpu_seconds(self._child.pid) if computing else 0.0
        began = time.monotonic()
        while True:
            left = deadline - (time.monotonic() - began)
            try:
                answer, self._said = self._answers.get(
                    timeout=min(left, TICK) if computing else left
                )
                break
            except queue.Empty:
                if computing and cpu_seconds(self._child.pid) - before > computing:
                    over = f"after {computing:g} seconds of computing"
                elif left <= TICK or not computing:
                    over = f"within {deadline} seconds"
                else:
                    continue
            raise ReaderError(who, f"TimeoutError: no answer {over}; the process was ended")
        if answer is None:
            raise self._died(who)
        return answer

    def _died(self, who):
        with contextlib.suppress(
            subprocess.TimeoutExpired
        ):  # it lives, but what it sent is no answer
            self._child.wait(timeout=5)
        status = self._child.poll()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace").strip().splitlines()
        self.stop()
        last = f"; its last words: {log[-1]}" if log else ""
        return ReaderError(who, f"the reading process died (exit status {status}){last}")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process in seconds; 0 where the system does not tell it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _listen(stream, decode, answers):
    """Pass on each answer of the child and its time; None when the child has gone."""
    with stream:
        while True:
            try:
                answer = decode(stream)
            except Exception:
                answer = None
            answers.put((answer, time.perf_counter()))
            if answer is None:
                return
