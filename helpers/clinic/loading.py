"""The clinic's cases of loading an export: the directory is there, and it does not open."""

import contextlib
import shutil

from helpers.clinic.case import ALL, Case, Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model


def load_the_parent(folder):
    import tensorflow as tf

    line_model().export(folder / "line" / "1", verbose=False)
    tf.saved_model.load(folder / "line")


def load_the_version(folder):
    import tensorflow as tf

    line_model().export(folder / "line" / "1", verbose=False)
    newest = max((folder / "line").iterdir(), key=lambda version: int(version.name))
    loaded = tf.saved_model.load(newest)
    return Works(newest, inputs={"x": ROWS}, wanted=ANSWERS, got=loaded.serve(ROWS).numpy())


def load_for_training(folder):
    import tensorflow as tf

    tf.saved_model.load(exported_line(folder), tags=["train"])


def load_for_serving(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory, tags=["serve"])
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=loaded.serve(ROWS).numpy())


def layer_of_no_endpoint(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    tf.keras.layers.TFSMLayer(folder / "double")  # looks for an endpoint "serve"


def layer_of_an_endpoint(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    layer = tf.keras.layers.TFSMLayer(folder / "double", call_endpoint="serving_default")
    got = layer(ROWS)["y"].numpy()
    return Works(folder / "double", inputs={"x": ROWS}, wanted=2 * ROWS, got=got)


def read_a_file_by_its_path(folder):
    import tensorflow as tf

    path = folder / "factor.txt"
    path.write_text("2.0")
    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(
        lambda x: x * tf.strings.to_number(tf.io.read_file(str(path))), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    path.unlink()  # on the next machine it is not there either
    tf.saved_model.load(folder / "scale").scale(ROWS)


def read_a_file_of_the_export(folder):
    import tensorflow as tf

    path = folder / "factor.txt"
    path.write_text("2.0")
    module = tf.Module()
    module.file = tf.saved_model.Asset(str(path))
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(
        lambda x: x * tf.strings.to_number(tf.io.read_file(module.file)), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    path.unlink()
    return Works(folder / "scale", inputs={"x": ROWS}, wanted=2 * ROWS)


def export_with_a_vocabulary(folder):
    """An export that turns "cat" and "dog" into 1 and 2, from the file assets/words.txt."""
    import tensorflow as tf

    (folder / "words.txt").write_text("cat\ndog\n")
    lookup = tf.keras.layers.StringLookup(vocabulary=str(folder / "words.txt"))
    model = tf.keras.Sequential([tf.keras.Input((1,), name="word", dtype="string"), lookup])
    model.export(folder / "words", verbose=False)
    return folder / "words"


def move_without_assets(folder):
    import tensorflow as tf

    directory = export_with_a_vocabulary(folder)
    shutil.rmtree(directory / "assets")
    tf.saved_model.load(directory)


def move_all_of_it(folder):
    directory = export_with_a_vocabulary(folder)
    moved = shutil.move(directory, folder / "elsewhere")
    return Works(moved, inputs={"word": [["dog"], ["cow"]]}, wanted=[[2], [0]])


def load_half_a_file(folder):
    import tensorflow as tf

    graph = exported_line(folder) / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:2000])
    tf.saved_model.load(graph.parent)


def send_one_archive(folder):
    archive = shutil.make_archive(folder / "line", "zip", exported_line(folder))
    shutil.unpack_archive(archive, folder / "copy")
    return Works(folder / "copy", inputs={"x": ROWS}, wanted=ANSWERS)


def train_what_cannot_be_trained():
    """A model whose layers are built inside the trace, after one try to train it with Adam."""
    import tensorflow as tf

    class Line(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def call(self, x):
            return self.dense(x)

    model = Line()
    model.compile("adam", "mse")
    with contextlib.suppress(ValueError):  # No gradients provided for any variable
        model.fit(ROWS, ANSWERS, verbose=0)
    return model


def save_after_a_failed_fit(folder):
    import tensorflow as tf

    tf.saved_model.save(train_what_cannot_be_trained(), folder / "line")
    tf.saved_model.load(folder / "line")


def export_after_a_fit(folder):
    model = line_model()  # its layers are built before any trace
    model.compile("adam", "mse")
    model.fit(ROWS, ANSWERS, verbose=0)
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, wanted=model(ROWS).numpy())


NO_FILE = r"; No such file or directory"
OF_AN_EXPORT = r"\S{0,400}\b(assets|variables)([/\\][^/\\\s;]+)?([;\s]|$)"
# An operation that runs by itself, such as tf.io.read_file in a cell, is no matter of exports.
IN_A_GRAPH = r"(?![\s\S]*\[Op:(?!_*inference))"

CASES = (
    Case(
        key="no-saved-model-there",
        title="SavedModel file does not exist at",
        group="loading",
        exception="OSError",
        met_in="python",
        text="SavedModel file does not exist at",
        marks=(
            r"SavedModel file does not exist at",
            r"Could not find SavedModel \.pb or \.pbtxt at",
        ),
        cause="The directory has no saved_model.pb. Most often it is the one above the numbered "
        "versions, a path that is spelt differently, or the path of a .keras or .h5 file.",
        experiment="List the directory. If you see 1, 2, 3, go one level down.",
        cure="Give the directory that holds saved_model.pb, such as linear/1.",
        reported=("tensorflow/tensorflow#47837", "tensorflow/tensorflow#35909"),
        broken=load_the_parent,
        cured=load_the_version,
        promised=ALL,
    ),
    Case(
        key="wrong-tags",
        title="No graph with these tags",
        group="loading",
        exception="ValueError",
        met_in="python",
        text="Got an incompatible argument to `tags`",
        marks=(
            r"MetaGraphDef associated with tags .*could not be found in(?!.*tags:? '?\[\])",
            r"Could not find meta graph def matching supplied tags",
            r"[Gg]ot an incompatible argument (to )?`?tags",
            r"The SavedModel does not have tags",
            r"requires a .tags=. argument if there is more than one MetaGraph.* there are [1-9]",
        ),
        cause="Each graph in saved_model.pb has tags, and a loader asks for them. Exports of "
        "TensorFlow 2 hold one graph, tagged serve.",
        experiment="Run saved_model_cli show --dir DIRECTORY: it prints the tags there are.",
        cure='Ask for ["serve"], or leave tags out.',
        reported=(
            "tensorflow/tensorflow#25288",
            "tensorflow/tensorflow#38080",
            "tensorflow/tensorflow#37068",
        ),
        broken=load_for_training,
        cured=load_for_serving,
        promised=ALL,
    ),
    Case(
        key="endpoint-not-found",
        title="TFSMLayer does not find its endpoint",
        group="loading",
        exception="ValueError",
        met_in="keras",
        text="is neither an attribute of the reloaded SavedModel, nor an entry in the `signatures`",
        marks=(
            r"The endpoint '.*' is neither an attribute of the reloaded SavedModel",
            r"Select another endpoint via the `?call_endpoint`? argument",
        ),
        cause="TFSMLayer looks for an endpoint called serve, which model.export writes. Other ways "
        "of saving write other names.",
        experiment="Read the end of the message: it lists the endpoints there are.",
        cure='Name one of them: TFSMLayer(directory, call_endpoint="serving_default").',
        reported=("tensorflow/tensorflow#69307", "keras-team/keras#20813"),
        broken=layer_of_no_endpoint,
        cured=layer_of_an_endpoint,
        promised=ALL,
    ),
    Case(
        key="path-in-graph",
        title="The graph looks for a file of the old machine",
        group="loading",
        exception="NotFoundError",
        met_in="python",
        text="factor.txt; No such file or directory",
        marks=(
            rf"(?<![^\s:])(?!{OF_AN_EXPORT})\S{{1,400}}(?<!specified\.) ?{NO_FILE}{IN_A_GRAPH}",
            rf"failed to Create/Open: (?!{OF_AN_EXPORT}){IN_A_GRAPH}",
        ),
        cause="The path of a file was an ordinary text when the function was traced, so the text "
        "is in the graph and the file is not in the export.",
        experiment="Look into assets/: the file is not there. The path in the message is one of "
        "the machine that saved.",
        cure="Give the path to tf.saved_model.Asset and keep that as an attribute, or let a layer "
        "read the vocabulary. The file then travels in assets/.",
        reported=("tensorflow/tensorflow#32770", "tensorflow/tensorflow#46456"),
        broken=read_a_file_by_its_path,
        cured=read_a_file_of_the_export,
        promised=("python", "session"),
    ),
    Case(
        key="missing-asset",
        title="A file of assets/ is missing",
        group="loading",
        exception="FileNotFoundError",
        met_in="python",
        text="assets/words.txt; No such file or directory",
        marks=(
            rf"\bassets[/\\][^/\\\s;]+ ?{NO_FILE}",
            r"failed to Create/Open: \S*\bassets[/\\][^/\\\s]+ ",
        ),
        cause="The graph reads a file of the export's assets/ when it is loaded, and only a part "
        "of the directory arrived.",
        experiment="Compare the files of the two directories, the one you have and the one that "
        "was exported.",
        cure="Move an export as a whole directory, best as one archive.",
        reported=("aws/sagemaker-tensorflow-training-toolkit#99", "tensorflow/hub#822"),
        broken=move_without_assets,
        cured=move_all_of_it,
        promised=("python", "session"),
    ),
    Case(
        key="damaged-export",
        title="A file of the export is damaged or missing",
        group="loading",
        exception="OSError",
        met_in="python",
        text="Cannot parse file",
        marks=(
            r"Cannot parse file .*saved_model\.pb",
            rf"\bvariables([/\\][^/\\\s;]+)? ?{NO_FILE}",
            r"failed to Create/Open: \S*\bvariables[/\\][^/\\\s]+ ",
            r"Failed to find any matching files for \S*variables",
            r"Read less bytes than requested",
            r"Unable to open table file \S*variables",
            r"there are 0 MetaGraphs|available.tags:? '?\[\]",
            r"save_path is not a valid checkpoint: .*\bvariables[/\\]variables",
        ),
        cause="saved_model.pb or a file of variables/ did not arrive whole: an interrupted copy, a "
        "full disk, or a text of Git LFS that stands for the file.",
        experiment="Compare the sizes of the files with those of the machine that exported. A file "
        "of about 130 bytes is a text of Git LFS.",
        cure="Copy the directory again as one archive, and compare its checksum.",
        reported=("soCzech/TransNetV2#6", "lzx551402/geodesc#12"),
        broken=load_half_a_file,
        cured=send_one_archive,
        promised=ALL,
    ),
    Case(
        key="optimizer-left-in",
        title="A variable of the optimizer is not found",
        group="loading",
        exception="FileNotFoundError",
        met_in="python",
        text="Key optimizer/_variables/2/.ATTRIBUTES/VARIABLE_VALUE not found in checkpoint",
        marks=(r"Key optimizer/_variables/\S+ not found in checkpoint",),
        cause="tf.saved_model.save of a compiled Keras model writes the optimizer as well. Its "
        "training failed in the first step, when the optimizer's variables had been made and had "
        "no values yet; only their names were written.",
        experiment="Run tf.train.list_variables on variables/variables: of the optimizer there are "
        "two entries, and nothing for the weights.",
        cure="Find out why the training failed. Then use model.export(directory), which leaves "
        "the optimizer out.",
        reported=(),
        broken=save_after_a_failed_fit,
        cured=export_after_a_fit,
        promised=ALL,
    ),
)
