"""Every place where the course uses or replaces a private name of another library.

A private name can go with any new version. So each use stands here once, with the library, the
version it was seen with, the reason, and when it can go. `tests/processes/test_patches.py` fails
with these facts when a name is gone.
"""

import atexit
import builtins
import collections
import contextlib
import functools
import sys
import threading
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Patch:
    """One use of private names.

    Attributes
    ----------
    library : str
        name of the distribution, or "Python"
    seen_with : str
        version in which the names were found last
    names : tuple of str
        each as "module:name.of.attribute"; or, where only code shows the name, as
        "module:name.of.function uses name" or "module uses name"
    used_by : str
        function of this module
    why : str
        a sentence: what the patch is for
    until : str
        a sentence: when the patch can go
    """

    library: str
    seen_with: str
    names: tuple[str, ...]
    used_by: str
    why: str
    until: str


PATCHES = (
    Patch(
        library="Python",
        seen_with="3.11",
        names=("typing:ForwardRef.__init__ uses compile",),
        used_by="compile_each_type_once",
        why="`typing` compiles the same few names for each of TensorFlow's type variables.",
        until="It can go with Python 3.11: later versions gain nothing from it.",
    ),
    Patch(
        library="Python",
        seen_with="3.11",
        names=("atexit:_clear", "atexit:_run_exitfuncs"),
        used_by="drop_exit_handlers, run_exit_handlers",
        why="A forked child ends with `os._exit`, which calls no handler of atexit.",
        until="It can go when atexit offers both in public.",
    ),
    Patch(
        library="Python",
        seen_with="3.11",
        names=("threading:_shutdown",),
        used_by="wait_for_threads",
        why="A forked kernel ends with `os._exit`, which does not wait for threads.",
        until="It can go when threading offers it in public.",
    ),
    Patch(
        library="tensorflow",
        seen_with="2.21",
        names=(
            "tensorflow.python.eager.context:_context",
            "tensorflow.python.autograph.pyct.inspect_utils:_BUILTIN_FUNCTION_IDS",
        ),
        used_by="tensorflow_has_begun, remember_builtins",
        why="A process forks safely before TensorFlow's first operation only, and a kernel has "
        "other builtins than the process that has imported TensorFlow.",
        until="It can go when TensorFlow tells in public whether it has begun, and compares "
        "builtins by what they are now.",
    ),
    Patch(
        library="tensorflow",
        seen_with="2.21",
        names=(
            "tensorflow.lite.python.lite:_load",
            "tensorflow.lite.python.lite:TFLiteConverterBase._optimize_tflite_model",
            "tensorflow.core.framework.graph_debug_info_pb2:GraphDebugInfo",
        ),
        used_by="lighten_litert",
        why="The LiteRT converter loads an export twice and copies the file that it makes six "
        "times, which doubles the time and the memory.",
        until="It can go after TensorFlow 2.21, when the converter loads an export once and does "
        "not copy a file that it does not optimize.",
    ),
    Patch(
        library="absl-py",
        seen_with="2.5",
        names=("absl.flags:FlagValues.flags_by_module_dict", "absl.flags:Flag.unparse"),
        used_by="forget_flags",
        why="saved_model_cli keeps its flags, and the next call in this process reads them.",
        until="It can go after TensorFlow 2.21, when saved_model_cli no longer uses absl's flags.",
    ),
    Patch(
        library="tensorflow",
        seen_with="2.21",
        names=(
            "tensorflow.python.client.session:BaseSession.__init__ uses _session",
            "tensorflow.python.framework.ops:Operation._c_op",
            "tensorflow.python.framework.ops:SymbolicTensor._as_tf_output",
            "tensorflow.python.client.pywrap_tf_session:TF_SessionRun_wrapper",
            "tensorflow.python.client.pywrap_tf_session:TF_NewBufferFromString",
        ),
        used_by="c_session, c_operation, c_output",
        why="The model server calls TensorFlow's C function: `Session.run` would compare shapes "
        "with the placeholders and refuse what TensorFlow Serving answers.",
        until="It can go when TensorFlow has a public way to run a session without this check.",
    ),
    Patch(
        library="tensorflow",
        seen_with="2.21",
        names=(
            "tensorflow.python.eager.cancellation:context",
            "tensorflow.python.eager.cancellation:CancellationManager._impl",
            "tensorflow.python.eager.cancellation:CancellationManagerContext",
            "tensorflow.python.eager.context:Context.call_function uses context",
            "tensorflow.python.eager.execute:execute_with_cancellation uses _impl",
        ),
        used_by="cancellable, cancel_graphs",
        why="A graph that never ends runs in C++, where no signal of Python stops it.",
        until="It can go when TensorFlow has a public way to cancel a running function.",
    ),
    Patch(
        library="tensorflow",
        seen_with="2.21",
        names=(),  # XLA_OFF and XLA_ON are functions of C++, which `xla_switches` looks up
        used_by="xla_switches, xla_off",
        why="TensorFlow Serving calls the first of them when it starts, unless a flag says not to.",
        until="It can go when TensorFlow has a public way to forbid compilation by XLA.",
    ),
)
# tensorflow::DisableXlaCompilation() and tensorflow::EnableXlaCompilation(), as a linker names them
XLA_OFF, XLA_ON = (
    "_ZN10tensorflow21DisableXlaCompilationEv",
    "_ZN10tensorflow20EnableXlaCompilationEv",
)


@contextlib.contextmanager
def compile_each_type_once() -> Iterator[None]:
    """Let `typing` compile each text of a type once while the block runs."""
    vars(typing)["compile"] = functools.cache(compile)
    try:
        yield
    finally:
        vars(typing).pop("compile", None)  # another thread may have been quicker


def drop_exit_handlers():
    """Forget the handlers of atexit that this process has inherited by a fork."""
    atexit._clear()


def run_exit_handlers():
    """Call the handlers of atexit now, before an end by `os._exit`."""
    atexit._run_exitfuncs()


def wait_for_threads():
    """Wait for the threads of this process that are not daemons, as Python does at its end."""
    threading._shutdown()


def tensorflow_has_begun() -> bool:
    """Return whether TensorFlow has made its eager context, which starts threads."""
    from tensorflow.python.eager import context

    return context._context is not None


def remember_builtins():
    """Let TensorFlow take the builtins of now for builtins, as if it were imported now."""
    from tensorflow.python.autograph.pyct import inspect_utils

    inspect_utils._BUILTIN_FUNCTION_IDS = frozenset(map(id, vars(builtins).values()))


@contextlib.contextmanager
def lighten_litert(names: Iterable[str], keys: Iterable[str], bare: bool) -> Iterator[None]:
    """Let the LiteRT converter load nothing, and optimize nothing, while the block runs.

    The converter loads an export for its signatures, and again for what its errors tell. Then it
    converts the files of the export without what it has loaded.

    Parameters
    ----------
    names : iterable of str
        The attributes of what `tf.saved_model.load` returns for the export.
    keys : iterable of str
        The signatures of the export.
    bare : bool
        Whether the converter leaves out its last step, which finds equal weights and quantizes the
        file if that is asked for.
    """
    from unittest import mock

    from tensorflow.core.framework.graph_debug_info_pb2 import GraphDebugInfo
    from tensorflow.lite.python import lite

    def load(directory, tags):
        found = types.SimpleNamespace(**dict.fromkeys(names))
        found.signatures, found.graph_debug_info = dict.fromkeys(keys), GraphDebugInfo()
        return found

    def optimize(self, model, *arguments, **options):
        return model

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(lite, "_load", load))
        if bare:
            converter = lite.TFLiteConverterBase
            stack.enter_context(mock.patch.object(converter, "_optimize_tflite_model", optimize))
        yield


@contextlib.contextmanager
def load_once_for_tf2onnx(directory: str, tags: list[str] | None = None) -> Iterator[None]:
    """Let several conversions of the export `directory` to ONNX load it once, by its tags.

    The name that is replaced, `tf.saved_model.load`, is public. tf2onnx 1.17 loads an export for
    each signature; this can go when one call of tf2onnx converts several signatures.
    """
    from unittest import mock

    import tensorflow as tf

    once = functools.cache(functools.partial(tf.saved_model.load, directory, tags=tags))
    with mock.patch.object(tf.saved_model, "load", lambda path, tags: once()):
        yield


def forget_flags(module: str):
    """Set absl's flags that `module` defines back, and let no flag be required.

    Parameters
    ----------
    module : str
        name of a module
    """
    from absl import flags

    for flag in flags.FLAGS.flags_by_module_dict()[module]:
        flag.unparse()
        flag.validators.clear()


def c_session(session) -> object:
    """Return the TF_Session behind a tf.compat.v1.Session."""
    return session._session


def c_operation(operation) -> object:
    """Return the TF_Operation behind a tf.Operation."""
    return operation._c_op


def c_output(tensor) -> object:
    """Return the TF_Output behind a symbolic tensor."""
    return tensor._as_tf_output()


class _Managers:
    """What TensorFlow takes for its CancellationManager: a new one for each call of a graph.

    A graph that fails cancels its manager, and with it the graphs that come after it.
    """

    def __init__(self):
        self._last = collections.deque(maxlen=16)  # calls inside calls are few

    @property
    def _impl(self):
        from tensorflow.python.eager import cancellation

        manager = cancellation.CancellationManager()
        self._last.append(manager)
        return manager._impl

    def start_cancel(self):
        for manager in [*self._last]:
            manager.start_cancel()


_managers = _Managers()


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Let `cancel_graphs` stop the graphs that the block runs, if TensorFlow is imported."""
    if "tensorflow" not in sys.modules:
        yield
        return
    from tensorflow.python.eager import cancellation

    if cancellation.context() is not None:
        yield
        return
    with cancellation.CancellationManagerContext(_managers):
        yield


def cancel_graphs():
    """Stop the graphs that a block of `cancellable` runs: they raise CancelledError."""
    _managers.start_cancel()


def xla_switches() -> tuple[Callable[[], object], Callable[[], object]] | None:
    """Return the functions that forbid and allow compilation by XLA in this process.

    Returns
    -------
    tuple of two functions, or None
        None where TensorFlow's library does not offer them, as on Windows.
    """
    return _xla_switches()


@functools.cache
def _xla_switches():
    import ctypes

    import tensorflow

    for file in sorted(Path(tensorflow.__file__).parent.glob("libtensorflow_cc.*")):
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(file))
            return getattr(library, XLA_OFF), getattr(library, XLA_ON)
    return None


@contextlib.contextmanager
def xla_off() -> Iterator[bool]:
    """Forbid compilation by XLA while the block runs, as TensorFlow Serving does by default.

    The block gets False where this is not possible. What was compiled before still runs.
    """
    switches = xla_switches()
    if switches is None:
        yield False
        return
    forbid, allow = switches
    forbid()
    try:
        yield True
    finally:
        allow()
