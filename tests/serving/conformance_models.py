"""Write the models of the conformance vectors, and the configuration that serves them.

For an external server, run `python -m tests.serving.conformance_models FOLDER [SEEN_AS]`. This
command writes the models and `models.config` to FOLDER and prints the flags of the server. SEEN_AS
is the path of FOLDER for the server, if that path is different, for example in a container.
"""

import shutil
import sys
from pathlib import Path

from tests.serving.exports import EXPORTS

# The vectors need labels at the start, one attempt to load a version instead of five minutes of
# attempts, a scan for new versions each second, and a page of metrics.
FLAGS = (
    "--allow_version_labels_for_unavailable_models=true",
    "--max_num_load_retries=0",
    "--file_system_poll_wait_seconds=1",
)
LABELS = {"stable": 1, "can/ary": 2}

ALL, LATEST_TWO, ONLY_TWO = "all {}", "latest { num_versions: 2 }", "specific { versions: 2 }"
LATEST_FIVE, LATEST_NONE = "latest { num_versions: 5 }", "latest { num_versions: 0 }"
ONE_AND_THREE = "specific { versions: 1 versions: 3 }"
TWO_AND_NINE = "specific { versions: 2 versions: 9 }"
# {model name: (folder, version policy; None for the default)}
SERVED = {
    "half_plus_two": ("half_plus_two", None),
    "two_inputs": ("two_inputs", None),
    "types": ("types", None),
    "texts": ("texts", None),
    "shapes": ("shapes", None),
    "classify": ("classify", None),
    "regress": ("regress", None),
    "defaults": ("defaults", None),
    "no_inputs": ("no_inputs", None),
    "vocabulary": ("vocabulary", None),
    "keras_saved": ("keras_saved", None),
    "latest": ("versions", None),
    "latest_two": ("versions", LATEST_TWO),
    "only_two": ("versions", ONLY_TWO),
    "latest_five": ("versions", LATEST_FIVE),
    "latest_none": ("versions", LATEST_NONE),
    "one_and_three": ("versions", ONE_AND_THREE),
    "two_and_nine": ("versions", TWO_AND_NINE),
    "labelled": ("versions", ALL),
    "late": ("late", ALL),
    # A URL must escape these names.
    "half plus/two": ("half_plus_two", None),
    "halb:und+zwei": ("half_plus_two", None),
    "größe": ("half_plus_two", None),
    "100%": ("half_plus_two", None),
    "metadata": ("half_plus_two", None),
}


def config(folder, labels=LABELS):
    """Return the text of a ModelServerConfig for the models in `folder`."""
    entries = []
    for name, (directory, policy) in SERVED.items():
        lines = [f'name: "{name}"', f'base_path: "{folder}/{directory}"']
        lines.append('model_platform: "tensorflow"')
        if policy:
            lines.append(f"model_version_policy {{ {policy} }}")
        if name == "labelled":
            lines += [
                f'version_labels {{ key: "{label}" value: {version} }}'
                for label, version in labels.items()
            ]
        entries.append("  config {\n    " + "\n    ".join(lines) + "\n  }\n")
    return "model_config_list {\n" + "".join(entries) + "}\n"


def write(folder, seen_as=None):
    """Write all models and configuration files to a new `folder` and return the server's flags."""
    folder = Path(folder).absolute()
    folder.mkdir(parents=True)
    seen_as = seen_as or folder
    for directory, save in EXPORTS.items():
        save(folder / directory)
    # These two are not versions, because their names are not numbers.
    (folder / "versions" / "notes").mkdir()
    (folder / "versions" / "v4").mkdir()
    (folder / "late").mkdir()
    shutil.copytree(folder / "versions" / "1", folder / "late" / "1")
    (folder / "models.config").write_text(config(seen_as), encoding="utf-8")
    (folder / "monitoring.config").write_text(
        'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
    )
    return (
        *FLAGS,
        f"--model_config_file={seen_as}/models.config",
        f"--monitoring_config_file={seen_as}/monitoring.config",
    )


def write_late(folder):
    """Add to `late` a valid version 2, and versions 3 and 4 that no server can load.

    TensorFlow Serving may refuse to start with a broken version, so the tests add these later.
    """
    late = Path(folder) / "late"
    if (late / "4").exists():
        return
    shutil.copytree(Path(folder) / "versions" / "2", late / "incoming")
    (late / "incoming").rename(late / "2")
    (late / "3").mkdir()  # an empty folder
    (late / "damaged").mkdir()
    (late / "damaged" / "saved_model.pb").write_bytes(b"this is not a model")
    (late / "damaged").rename(late / "4")


if __name__ == "__main__":
    print("\n".join(write(*sys.argv[1:])))
