// Sends requests with Node's fetch. Arguments: the URL of a model, and a file with a large body.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

const [model, file] = process.argv.slice(2);
const predict = `${model}:predict`;
const requests = [
    [model, {}],
    [predict, { method: "POST", body: JSON.stringify({ instances: [1, 2] }) }],
    [predict, { method: "POST", body: '{"instances": ["a"]}' }],
    // A stream has no known length, so that its body is sent in chunks.
    [predict, { method: "POST", body: Readable.toWeb(createReadStream(file)), duplex: "half" }],
];
for (const [url, options] of requests) {
    const response = await fetch(url, options);
    console.log(response.status, (await response.text()).replace(/\s+/g, " "));
}
