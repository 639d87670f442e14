"""Private names of other libraries that the tests use or replace; see helpers.processes.patches."""

from helpers.processes.patches import Patch

TEST_PATCHES = (
    Patch(
        library="nbval",
        seen_with="0.11",
        names=(
            "nbval.kernel:RunningKernel.__init__",
            "nbval.kernel:RunningKernel.stop",
            "nbval.kernel:RunningKernel.await_reply",
            "nbval.kernel:RunningKernel.is_alive",
            "nbval.kernel:KernelManager",
            "nbval.plugin:NbCellError",
        ),
        used_by="tests.support.notebook_plugin",
        why="Each notebook gets a folder of its own, and a kernel that has died is reported.",
        until="It can go after nbval 0.11, when nbval offers hooks for the start of a kernel.",
    ),
    Patch(
        library="jsonschema",
        seen_with="4",
        names=("jsonschema._format uses rfc3987_syntax",),
        used_by="tests.__init__",
        why="jsonschema builds a grammar of addresses that no notebook needs, in each worker.",
        until="It can go when jsonschema builds this grammar at its first use.",
    ),
)
