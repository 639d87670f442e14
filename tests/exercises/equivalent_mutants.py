"""Mutants that leave the answer right, so that a check must not refuse them, with the reason.

`python -m tests.exercises.mutants` leaves them out of its figures.
"""

import re

FOLDER = "the kernel still has the name of the folder"
DEFAULTS = "float32 is the default, and the input may have any name"
# {exercise: {pattern of the words of `mutants`: why the answer is still right}}
EQUIVALENT: dict[str, dict[str, str]] = {
    "02 q1": {
        r"line 1: .* -> tf\.TensorSpec\(\(None, 4\), name='readings'\)": "float32 is the default"
    },
    "02 q2": {
        r"line 8: archive_2\.track\(model\) -> .*": "the endpoint holds the model's variables",
    },
    "02 q4": {
        r"line 7: .* -> tf\.TensorSpec\(\(None, None\), name=.*\)": "float32 is the default",
        r"line 7: .* -> tf\.TensorSpec\(\(None, None\), tf\.float32\)": "the argument has the name",
    },
    "02 q5": {
        r"line [345]: self\.\w+\.build\(.*\) -> (removed|input_shape|\(None, 8\))": "Keras builds "
        "it later",
    },
    "01 q3": {
        r"line 1: 0 -> -1": "the signature has one input, so the last is the first",
        r"line 2: \d\.0 -> .*": "the answer for these rows is only looked at",
    },
    "01 q5": {
        r"line 4: .* -> (both|tf\.keras\.layers\.Dense\(8\))": "any model of both inputs is right",
        r"line 4: 8 -> [79]": "any model of both inputs is right",
        r"line 5: (tf\.keras\.layers\.Dense\(1\)\(hidden\) -> hidden|1 -> 2)": "as above",
    },
    "03 q1": {
        r"line 7: .*track.* -> (removed|model)": "the archive finds the weights of this model",
        r"line 10: spec = .* -> removed": "the page's own spec has the same shape",
        r"line 12: export_dir_1 = .* -> removed": FOLDER,
        r"line 10: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 2\), .*\)": DEFAULTS,
        r"line 10: 'x' -> 'xx'": "the input may have any name",
    },
    "03 q2": {
        r"line 3: .*track.* -> (removed|model)": "the archive finds the weights of this model",
        r"line 6: export_dir_2 = .* -> removed": FOLDER,
    },
    "03 q3": {
        r"line 2: 7 -> [68]": "any number of rows above one will do",
        r"line 3: .* -> np\.random\.default_rng\(\)": "any numbers will do",
        r"line 4: -?1000000\.0 -> \d+\.0": "any large number will do",
        r"line 4: (0\.0|3\.0|np\.arange\(n\) - 3\.0) -> .*": "any numbers will do",
    },
    "03 q4": {
        r"line 12: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 2\), .*\)": DEFAULTS,
        r"line 12: spec = .* -> removed": "the page's own spec has the same shape",
        r"line 14: repaired_dir = .* -> removed": FOLDER,
        r"line 12: 'x' -> 'xx'": "the input may have any name",
    },
    "03 q5": {
        r"line 4: 0\.05 -> (0\.0505|1\.05)": "the training still reaches 285 of 300 parcels",
        r"line 6: export_dir_5 = .* -> removed": FOLDER,
        r"line 5: 50 -> (49|51)": "the training still reaches 285 of 300 parcels",
    },
    "05 q1": {
        r"line 5: 0\.4 -> 0\.404": "an estimate may differ by 0.1",
        r"line 2: .* -> rows\['bill_length_mm'\] \* 10": "any mistake of one's own is right",
        r"line 2: 10 -> (9|11)": "any mistake of one's own is right",
    },
    "05 q2": {r"line 13: 'all_rows' -> .*": "any name of the folder will do"},
    "05 q4": {
        r"line [12]: .*": "the loop only prints what the learner looks at",
        r"line 12: 'repaired' -> .*": "any name of the folder will do",
    },
    "05 q5": {
        r"line 11: 'labels' -> .*": "any name of the folder will do",
        r"line 11: .* -> export\('labels', 'classify', .*, \[texts\]\)": "the archive finds the "
        "weights of this model",
    },
    "08 q3": {
        r"line 3: max\(taken, default=0\) -> max\(taken\)": "base always holds a version",
        r"line 3: 0 -> -?1": "base always holds a version",
        r"line 3: 1 -> 2": "the server serves the highest number, and gaps do not matter",
        r"line 4: 'incoming-' -> .*": "any name will do that is no number",
    },
    "09 q1": {
        r"line 2: 16 -> 17": "the hash is still a number of the name alone",
        r"line 3: 10000 -> 9999": "the share differs by a hundredth of a per cent",
    },
    "09 q2": {
        r"line 1: (for .* -> removed|60 -> (59|61))": "only the learner's own look at requests",
        r"line 2: 'instances' -> 'instancesx'": "only the learner's own look at requests",
        r"line 10: (.* -> .*\.requests > 50|50 -> (49|51))": "one request decides nothing",
        r"line 12: .* -> .* >= 3 .*": "the difference is never exactly 3 standard errors",
        r"line 12: (3 -> 4|0\.5 -> 0\.505)": "a more careful guard",
        r"line 11: (1 - v\.error_rate -> 1 \+ v\.error_rate|1 -> 2)": "a more careful guard",
    },
    "11 q2": {
        r"line 1: tf\.function\(.* -> (tf\.function\()?lambda .*": "still 100 times as fast",
        r"line 2: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 10\)\)": "float32 is the default",
        r"line 7: 0 -> -1": "the answers have one column",
    },
    "04 q2": {  # the page asks for 5 per cent
        r"line 1: (10 -> (11|9)|1000 -> (1001|999)|500 -> (501|499))": "within 5 per cent",
        r"line 1: .* -> 500 \* 1000 \+ 1000 \+ 1000 \* 10 - 10": "within 5 per cent",
        r"line 1: .* \* 10 -> 500 \* 1000 \+ 1000 - 1000 \* 10": "within 5 per cent",
        r"line 1: 500 \* 1000 \+ 1000 -> 500 \* 1000 - 1000": "within 5 per cent",
        r"line 1: 1000 \* 10 -> 1000 \+ 10": "within 5 per cent",
        r"line [45]: 1000000\.0 -> (1010000|1000001)\.0": "within 5 per cent",
    },
    "06 q1": {
        r"line 12: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 1\), .*\)": DEFAULTS,
        r"line 14: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "06 q2": {
        r"line 2: tf\.constant\(.* -> .*\.split\(\)": "TensorFlow makes a tensor of the list",
        r"line 12: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 1\), tf\.string\)": DEFAULTS,
        r"line 13: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "07 q1": {r"line 4: shutil\.rmtree.* -> (removed|repaired_dir_3)": "the folder is not there"},
    "07 q3": {
        r"line 6: .* -> rows @ found_3\.kernel - found_3\.bias": "the bias cancels out",
        r"line 7: tf\.reduce_mean.* -> tf\.reduce_mean\(scores\)": "there is one column",
        r"line 11: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 2\), .*\)": DEFAULTS,
        r"line 12: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "07 q4": {
        r"line 15: two_numbers = .* -> removed": "exercise 3 has made the same list",
        r"line 15: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 2\), .*\)": DEFAULTS,
        r"line 15: 'rows' -> 'rowsx'": DEFAULTS,
        r"line 16: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "10 q3": {r"line 2: (for .* -> removed|1 -> [02])": "the loop only prints sizes and errors"},
    "10 q4": {
        r"line 1: ('x'|'text'|'red'|'a'|1\.0) -> .*": "any row does, and the last export that "
        "fails is still reviews"
    },
}


def is_equivalent(exercise: str, words: str) -> bool:
    """Return whether a mutant of an exercise, such as "01 q3", leaves its answer right."""
    return any(re.fullmatch(pattern, words) for pattern in EQUIVALENT.get(exercise, {}))
