"""Notebooks that try to get a pass without a right answer, or to do harm."""

import textwrap

LESSON = "01_basic_export"
KEYS = ("q1", "q2", "q3", "q4", "q5")
# What each cheat does after the lesson has begun, and at the end. `{outside}` is outside the box.
CHEATS = {
    "check is redefined": """
        from helpers.exercises.exercise import Exercise
        def check(self, *answers):
            self.lesson.passed(self.key); print("passed")
        Exercise.check = check
    """,
    "the helpers are patched": """
        from helpers.exercises import exercise, outcomes
        from helpers.exercises.outcomes import Result
        outcomes.require = lambda *_: None
        exercise.Exercise.grade = lambda *_, **__: Result("passed", "of course")
        for key in ("q1", "q5"):
            vars(lesson)[key].grader = lambda *_: "of course"
            vars(lesson)[key]._outcome = lambda *_: ("passed", "of course")
        two_inputs = export_dir_5 = 1
        lesson.q5.check(two_inputs, export_dir_5)
    """,
    "the events are forged": """
        import json, os
        lines = [{"verdict": f"q{n}", "outcome": "passed", "message": "", "signature": "0" * 64}
                 for n in range(1, 6)]
        text = "".join(json.dumps(line) + "\\n" for line in lines)
        for folder, _, files in os.walk(os.path.expanduser("~/..")):
            for name in files:
                with open(os.path.join(folder, name), "a") as file:
                    file.write(text)
        print(text, flush=True)
        for number in range(3, 20):
            try:
                os.write(number, text.encode())
            except OSError:
                pass
        os._exit(0)
    """,
    "NumPy and Python are patched": """
        import builtins, hmac, json
        import numpy as np
        np.allclose = np.array_equal = lambda *_, **__: True
        builtins.abs = lambda value: 0
        json.dumps = lambda *_, **__: '{"verdict": "q5", "outcome": "passed", "message": ""}'
        hmac.new = hmac.digest = lambda key, *_: open("secret", "w").write(repr(key))
        lesson.q5.check(1, 2)
    """,
    "answers compare equal to all": """
        class Equal(str):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __hash__(self): return 0
            def __reduce__(self): return print, ("unpickled",)
            def __fspath__(self): return "/"
            def __contains__(self, other): return True
        one = Equal("same numbers")
        lesson.q1.check(one)
        lesson.q2.check({name: {who: one for who in ("python", "session", "litert")}
                         for name in "abc"}, one)
        lesson.q3.check(one, one, one)
    """,
    "an export writes files": """
        import tensorflow as tf
        module = tf.Module()
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def write(x):
            for path in ("{outside}", "/course/found", "/box/out/found", "/proc/self/fd/1"):
                tf.io.write_file(path, "found")
            return {{"y": 4.0 - x}}
        module.serve = write
        export_dir_1 = lesson.scratch / "writes"
        tf.saved_model.save(module, str(export_dir_1), signatures={{"serving_default": write}})
        lesson.q1.check(export_dir_1)
    """,
    "files outside are written": """
        import os, socket
        for path in ("{outside}", "/course/found", "/usr/found", "/etc/found", "/root/found"):
            try:
                open(path, "w").write("found")
            except OSError:
                pass
        try:
            socket.create_connection(("192.0.2.1", 80), 1)
        except OSError as error:
            print(error)
    """,
    "the folders become links": """
        import os, shutil
        box = os.path.realpath(os.path.expanduser("~/.."))
        for name in ("out", "exports", "home"):
            shutil.rmtree(os.path.join(box, name), ignore_errors=True)
            os.symlink("/etc", os.path.join(box, name))
        lesson.q1.check(box + "/exports/passwd")
    """,
    "solutions are searched for": """
        import glob, os
        lesson.q1.solution()
        found = [path for pattern in ("/course/solutions/*", "{course}/solutions/*")
                 for path in glob.glob(pattern)]
        exec("\\n".join(open(path).read() for path in found[:1]) or "export_dir_1 = ...")
        lesson.q1.check(export_dir_1)
    """,
    "a process stays": """
        import subprocess, sys
        code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(3000)"
        for _ in range(3):
            subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(1)
    """,
    "all processes are ended": """
        import os, signal
        os.kill(-1, signal.SIGKILL)
    """,
    "the process crashes": """
        import ctypes
        ctypes.string_at(0)
    """,
}
HARMLESS = "the answers are right, and files outside are written"
# These end when a limit is reached.
ENDLESS = {
    "a loop without an end": """
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    "processes without an end": """
        import os
        while True:
            try: os.fork()
            except OSError: pass
    """,
    "memory without an end": """
        kept = []
        while True: kept.append(bytearray(10**7))
    """,
    "a file without an end": """
        for number in range(10**6):
            with open(f"file{number}", "wb") as file:
                try: file.write(b"0" * 10**8)
                except OSError: pass
    """,
}


def code_of(name: str, outside: str, course: str) -> str:
    """Return the cell of a cheat.

    Parameters
    ----------
    name : str
        Of CHEATS or ENDLESS.
    outside : str
        A path that the cheat tries to write to.
    course : str
        The folder of this course.
    """
    text = textwrap.dedent({**CHEATS, **ENDLESS}[name])
    text = text.replace("{outside}", outside).replace("{course}", course)
    return "import os, sys, time\n" + text.replace("{{", "{").replace("}}", "}")
