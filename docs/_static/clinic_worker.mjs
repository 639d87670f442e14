// The finder of the error clinic in Pyodide. A worker, so that the page stays usable meanwhile.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const PYTHON = `
import json, sys

sys.path.insert(0, "/course")
from helpers.errors.find import find

def ask(text):
    found = find(text)
    return json.dumps({
        "key": found.case.key if found.case else "",
        "line": found.line,
        "words": found.words,
        "nearest": [case.key for case in found.nearest],
        "next_step": found.next_step,
    })

ask
`;

async function load() {
  const [pyodide, archive] = await Promise.all([
    loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href }),
    fetch(new URL("./clinic.zip", import.meta.url)).then((answer) => answer.arrayBuffer()),
  ]);
  pyodide.unpackArchive(archive, "zip", { extractDir: "/course" });
  const ask = pyodide.runPython(PYTHON);
  ask("ValueError: the first text reads the table of known errors");
  return ask;
}

const ready = load();
ready.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ failed: String(error) }),
);

onmessage = async ({ data: { number, text } }) => {
  const ask = await ready;
  postMessage({ number, found: JSON.parse(ask(text)) });
};
