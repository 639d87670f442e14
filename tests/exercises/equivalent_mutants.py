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
        r"line 4: 'unfinished-' -> .*": "any name will do that is no number",
    },
    "08 q4": {
        r"line 11: (zip\(.* -> zip\(new_shape, shape\)|True -> False)": "the lengths are equal",
    },
    "09 q1": {
        r"line 2: 16 -> 17": "the hash is still a number of the name alone",
        r"line 3: 10000 -> 9999": "the share differs by a hundredth of a per cent",
    },
    "09 q2": {
        r"line 2: reply = .* -> removed": "only the learner's own look at requests",
        r"line 1: (for .* -> removed|60 -> (59|61))": "only the learner's own look at requests",
        r"line 2: 'instances' -> 'instancesx'": "only the learner's own look at requests",
        r"line 10: (.* -> .*\.requests > 50|50 -> (49|51))": "one request decides nothing",
        r"line 12: .* -> .* >= 3 .*": "the difference is never exactly 3 standard errors",
        r"line 12: (3 -> 4|0\.5 -> 0\.505)": "a more careful guard",
        r"line 11: (1 - v\.error_rate -> 1 \+ v\.error_rate|1 -> 2)": "a more careful guard",
    },
    "09 q3": {r"line [12]: .*": "the loop only prints what the learner looks at"},
    "11 q1": {
        r"line [12]: .*": "the loop only prints what the learner looks at",
        r"line 5: 1\.2 -> 1\.212": "within 2 per cent",
    },
    "11 q2": {
        r"line 8: 1 -> 2": "the doubling may begin with two calls",
        r"line 10: 2 -> 3": "one more call that does not count",
        r"line 11: (.* -> .* <= 0\.05|0\.05 -> 0\.0505)": "a timing that is hardly longer",
        r"line 12: 2 -> 3": "the calls of a timing grow faster",
        r"line 13: 9 -> (8|10)": "a median of eight turns is still within 5 per cent",
    },
    "11 q4": {
        r"line 1: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 10\)\)": "float32 is the default",
        r"line 2: tf\.function\(.* -> (tf\.function\()?lambda .*": "still 100 times as fast",
        r"line 6: 0 -> -1": "the answers have one column",
    },
    "04 q4": {r"line [1-5]: .*": "the loop only prints what the learner looks at"},
    "06 q2": {
        r"line 2: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None,\), name='weight'\)": DEFAULTS,
    },
    "06 q3": {
        r"line 10: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 1\), .*\)": DEFAULTS,
        r"line 12: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "06 q4": {
        r"line 7: 'serving_default' -> .*": "Keras gives the first endpoint that name as well",
    },
    "07 q2": {
        r"line 4: 0 -> -1": "the signature has one input",
        r"line 5: \d -> \d+": "any two different parcels will do",
        r"line 5: readers\.run.* -> readers\.run.*": "Python is the reader without an argument",
        r"line 6: \d -> \d+": "any row of three numbers will do",
        r"line 6: readers\.run.* -> readers\.run.*": "if no drawn export has such a fault",
        r"line (8|9|1[0-4]): '[\w-]+' -> '[\w-]+x'": "if no drawn export has such a fault",
        r"line 10: dtype == .* and .* -> 'price' in .*": "if no drawn export has such a fault",
    },
    "07 q3": {
        r"line 6: 'score' -> 'scorex'": "the only output may have any name",
        r"line 10: .* -> rows @ lists\.kernel - lists\.bias": "the bias cancels out",
        r"line 11: tf\.reduce_mean.* -> tf\.reduce_mean\(scores\)": "there is one column",
        r"line 14: tf\.TensorSpec.* -> tf\.TensorSpec\(\(None, 2\), .*\)": DEFAULTS,
        r"line 1[56]: 'repaired_\w+' -> .*": "the folder may have any name",
    },
    "07 q4": {
        r"line [12]: 3 -> 4": "the first nine cars still show each fault",
        r"line 1: (meter\.member \+ 1 -> meter\.member - 1|1 -> 2)": "any full price will do",
        r"line 2: np\.float32\(.* -> \[.*": "the file has numbers without a dtype",
        r"line 2: (0\.5 -> 0\.505|10 -> (9|11))": "any time just above, and any long one, will do",
        r"line 4: (1 -> 2|9 -> (8|10))": "any two numbers of rows will do",
    },
    "10 q3": {
        r"line 6: gap > 0\.001 -> gap >= 0\.001": "no difference is exactly 0.001",
        r"line 6: 0\.001 -> (0\.00101|1\.001)": "the difference is far above both limits",
    },
    "10 q4": {
        r"line 3: for kind, content .* -> removed": "the loop only prints the errors",
        r"line 4: error = .* -> removed": "the loop only prints the errors",
    },
    "10 q5": {r"line 5: 'split' -> 'splitx'": "any name of a folder will do"},
}


def is_equivalent(exercise: str, words: str) -> bool:
    """Return whether a mutant of an exercise, such as "01 q3", leaves its answer right."""
    return any(re.fullmatch(pattern, words) for pattern in EQUIVALENT.get(exercise, {}))
