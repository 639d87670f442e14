"""A clean process that traces a function which TensorFlow converts, and so writes a file."""

import os
import signal
import sys

from helpers.processes.child import answer_questions


def main():
    answer_questions({"number": os.getpid, "trace": trace, "exit": leave, "crash": crash})


def trace():
    """The function's answer, and the files that the conversion has written."""
    import tensorflow as tf

    @tf.function
    def double(x):
        if tf.reduce_sum(x) > 0:
            x = 2 * x
        return x

    answer = float(double(tf.constant(2.0)))
    return answer, [
        module.__file__ for name, module in sys.modules.items() if "__autograph_generated" in name
    ]


def leave():
    sys.exit(0)


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)
