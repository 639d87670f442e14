"""The words for an error of the learner's code name a line that the learner wrote."""

import sys
import types

from helpers.exercises import learner_code
from helpers.exercises.learner_code import is_below, own_words


def raised_by(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("no error")


def module_of(path, text):
    """Make a module as a file that Python imported by this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    module = types.ModuleType(path.stem)
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def test_a_library_behind_a_link_is_not_the_learners(tmp_path, monkeypatch):
    """.venv may be a symbolic link, and Python names a file by either name."""
    real = tmp_path / "real"
    (tmp_path / "link").symlink_to(real, target_is_directory=True)
    text = "def fail():\n    raise ValueError('no luck')\n"
    for known in "link", "real":
        monkeypatch.setattr(learner_code, "NOT_THEIRS", (str(tmp_path / known / "site"),))
        for named in "link", "real":
            library = module_of(real / "site" / "library.py", text)
            path = tmp_path / named / "site" / "library.py"
            exec(compile(text, str(path), "exec"), library.__dict__)

            def misuse(library=library):
                library.fail()

            assert "of your misuse: library.fail()" in own_words(raised_by(misuse))


def test_a_linked_file_of_a_library_is_not_the_learners(tmp_path):
    """Some installers link each file to their cache."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "cache" / "library.py").write_text("")
    (tmp_path / "site" / "library.py").symlink_to(tmp_path / "cache" / "library.py")
    assert is_below(str(tmp_path / "site" / "library.py"), [str(tmp_path / "site")])
    assert not is_below(str(tmp_path / "sites.py"), [str(tmp_path / "site")])


def test_tensorflow_is_not_the_learners():
    import tensorflow as tf

    def spec_without_brackets():
        tf.function(lambda x: x, input_signature=tf.TensorSpec((None, 2)))

    words = own_words(raised_by(spec_without_brackets))
    assert "of your spec_without_brackets: tf.function(lambda x: x" in words
    assert "Usually: input_signature must be a list" in words


def test_the_code_of_a_cell_is_called_cell():
    code = compile("1\n1 / 0", "cell-2", "exec")
    assert "in line 2 of your cell" in own_words(raised_by(lambda: exec(code)))
    assert sys.exc_info() == (None, None, None)
