// The box of the error clinic: it asks the worker, and shows the case or what to do next.
const box = document.getElementById("clinic-text");
const status = document.getElementById("clinic-status");
const answer = document.getElementById("clinic-answer");
const DELAY = 250; // milliseconds without a key before the text is searched
const LONGEST = 5000; // characters of a traceback in the address of an issue

let worker;
let cases;
let asked = 0;
const waiting = new Map();

function start() {
  if (worker) return;
  status.textContent = "Loading Python into this page (14 MB). You can paste your text meanwhile.";
  const data = fetch(new URL("./clinic_cases.json", import.meta.url)).then((found) => found.json());
  worker = new Worker(new URL("./clinic_worker.mjs", import.meta.url), { type: "module" });
  worker.onmessage = async ({ data: message }) => {
    if (message.failed) return fail(message.failed);
    if (message.ready) {
      cases = await data.catch(fail);
      status.textContent = "Python is ready. From now on, the page sends and loads nothing.";
      document.body.dataset.clinic = "ready";
      return look();
    }
    waiting.get(message.number)(message.found);
    waiting.delete(message.number);
  };
  worker.onerror = (event) => fail(event.message);
}

function fail(reason) {
  status.textContent =
    `Python could not be loaded: ${reason}. Reload the page, or search the list below.`;
}

/** Ask for a text; resolves to what helpers.errors.find finds. */
export function ask(text) {
  asked += 1;
  const number = asked;
  return new Promise((resolve) => {
    waiting.set(number, resolve);
    worker.postMessage({ number, text });
  });
}

async function look() {
  const text = box.value;
  if (!cases) return;
  if (!text.trim()) return answer.replaceChildren();
  const found = await ask(text);
  if (text === box.value) show(found, text);
}

function show(found, text) {
  answer.replaceChildren();
  if (!found.words) return add("p", "The text contains no error. Paste the text of an error.");
  if (found.key) {
    const line = add("p", "Found in your text: ");
    line.append(element("strong", found.line));
    return showCase(found.key);
  }
  add("p").append(element("strong", "Not in this clinic."), ` ${found.next_step}`);
  if (found.nearest.length) {
    add("p", "These known errors are similar:");
    const list = add("ul");
    for (const key of found.nearest) list.append(nearCase(key));
  }
  report(text, found);
}

function showCase(key) {
  const shown = add("div");
  shown.innerHTML = cases[key].html; // written when the site was built, never from the pasted text
  if (cases[key].page) {
    const link = element("a", "The page of this error");
    link.href = `${key}.html`;
    add("p").append(link, ", to bookmark or to send to others");
  }
}

function nearCase(key) {
  const button = element("button", cases[key].title);
  button.type = "button";
  button.className = "btn btn-outline-primary btn-sm";
  button.onclick = () => {
    answer.querySelector("#near-case")?.remove();
    const before = [...answer.children];
    showCase(key);
    const shown = element("div");
    shown.id = "near-case";
    shown.append(...[...answer.children].filter((child) => !before.includes(child)));
    answer.append(shown);
  };
  const item = element("li");
  item.append(button);
  return item;
}

// The issue is written only when the reader follows the link, and is sent by the reader.
function report(text, found) {
  const repository = document.querySelector("meta[name='course-repository']")?.content;
  if (!repository) {
    return add("p", "Tell the authors: send them the whole traceback and the shortest code that raises it.");
  }
  const address = new URL(`https://github.com/${repository}/issues/new`);
  address.searchParams.set("template", "error-not-in-the-clinic.yml");
  address.searchParams.set("title", `Error: ${lastLine(text).slice(0, 100)}`);
  address.searchParams.set("traceback", text.slice(-LONGEST));
  address.searchParams.set("clinic", `not in this clinic; nearest: ${found.nearest.join(", ") || "none"}`);
  const link = element("a", "Report it as an issue");
  link.href = address.href;
  add("p").append(link, ". The form has your text already. Remove private names from it before you send it.");
}

function lastLine(text) {
  return text.trim().split("\n").pop().trim();
}

function add(tag, text) {
  const made = element(tag, text);
  answer.append(made);
  return made;
}

function element(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

let timer;
box.addEventListener("focus", start);
box.addEventListener("input", () => {
  start();
  clearTimeout(timer);
  timer = setTimeout(look, DELAY);
});
window.clinic = { ask, start };
if (box.value) start(); // a browser keeps the text when the page is loaded again
