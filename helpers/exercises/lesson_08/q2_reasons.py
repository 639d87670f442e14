"""Say why a prediction in exercise 2 of lesson 08 is wrong, with what the server says."""

from collections.abc import Callable, Iterator, Mapping

# By event, in the order of `served_models.EVENTS`: the reason for each wrong outcome.
REASONS: dict[str, dict[int | str, str]] = {
    "a whole export arrives as v3": {
        1: "Version 2 is still there, and the server serves the highest number.",
        3: "v3 is not a number, so the server does not take the folder for a version.",
        "error": "The server ignores a folder whose name is not a number, and version 2 stays.",
    },
    "a whole export arrives as 003": {
        1: "The server serves the highest number, and 1 is the lowest.",
        2: "The server reads 003 as the number 3, which is higher than 2.",
        "error": "The server reads 003 as the number 3. The zeros do no harm, and it loads the "
        "export.",
    },
    "3 arrives without its saved_model.pb": {
        1: "The server keeps the version that it serves, and this is version 2.",
        3: "saved_model.pb contains the graph, so the server cannot load version 3 without it.",
        "error": "The server unloads version 2 only when version 3 is loaded, and loading fails.",
    },
    "3 arrives, made with tf.saved_model.save(keras_model)": {
        1: "The server loads version 3 and unloads the others. It does not return to version 1.",
        2: "The server loads version 3 and unloads version 2. It does not test whether version 3 "
        "can answer.",
        3: "The server loads version 3, but version 3 cannot answer the request.",
    },
    "3 arrives, its input is called rows and not x": {
        1: "The server can load version 3, and it serves the highest number.",
        2: "The name of an input does not keep the server from loading version 3.",
        "error": "The request names no input. The row form needs no name for a single input, so "
        "the new name does no harm.",
    },
    "2 is deleted": {
        2: "The server unloads a version whose folder is gone.",
        3: "No folder has the number 3.",
        "error": "The folder of version 1 is still there, so the server loads version 1 again.",
    },
}


class Reasons(Mapping[tuple[str, int | str], str]):
    """{(event, wrong outcome): reason}.

    Parameters
    ----------
    measured : callable
        `served_models.measured`. It is called only when a reason is read.
    """

    def __init__(self, measured: Callable[[], Mapping[str, tuple[int | str, str]]]) -> None:
        self._measured = measured

    def __getitem__(self, key: tuple[str, int | str]) -> str:
        event, said = key
        return f"{REASONS[event][said]} {self._measured()[event][1]}"

    def __iter__(self) -> Iterator[tuple[str, int | str]]:
        return ((event, said) for event, reasons in REASONS.items() for said in reasons)

    def __len__(self) -> int:
        return sum(map(len, REASONS.values()))
