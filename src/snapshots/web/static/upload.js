// Uploads a file in parts, by the protocol tus 1.0. What has arrived stays: after a lost
// connection, a reload of the page or a restart of the service, the rest is sent.

const PART = 16 << 20;
const PATIENCE = 30_000; // ms between two tries, at most
const VERSION = { "Tus-Resumable": "1.0.0" };

const form = document.getElementById("upload");
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const sending = document.getElementById("sending");
const bar = document.getElementById("sending-bar");
const figures = document.getElementById("sending-figures");
const said = document.getElementById("sending-said");
const pause = document.getElementById("pause");

let current = null;

/** A refusal of the service: trying again does not help. */
class Refusal extends Error {}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toFixed(unit && bytes < 100 ? 1 : 0)} ${units[unit]}`;
}

/** The same file, as far as a browser can tell, has the same key. */
const key = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Sends one request. Resolves with its answer; `progress` hears of the bytes that are sent. */
function ask(method, url, headers, body, progress, job) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...VERSION, ...headers })) {
      request.setRequestHeader(name, value);
    }
    // A connection that is lost without a word, as when a train enters a tunnel.
    let still = null;
    const alive = () => {
      clearTimeout(still);
      still = setTimeout(() => request.abort(), PATIENCE);
    };
    alive();
    request.upload.onprogress = (event) => {
      alive();
      progress?.(event.loaded);
    };
    request.onload = () => resolve(request);
    request.onerror = request.onabort = request.ontimeout = () => reject(new Error("connection"));
    request.onloadend = () => clearTimeout(still);
    if (job) job.request = request;
    request.send(body);
  });
}

function refused(answer) {
  let problem = {};
  try {
    problem = JSON.parse(answer.responseText);
  } catch {
    // A proxy between us and the service answers in another form.
  }
  return new Refusal([problem.detail || `The service answered ${answer.status}.`, problem.hint].filter(Boolean).join(" "));
}

/** The error of an answer: whether it makes sense to try again. */
function failure(answer) {
  const { status } = answer;
  // What is in the way is an import that needs the file, and not an offset.
  const conflict = status === 409 && answer.responseText.includes('"code":"conflict"');
  const passes = [408, 409, 423, 429].includes(status) || (status >= 500 && status !== 507);
  return passes && !conflict ? new Error(String(status)) : refused(answer);
}

async function begin(file) {
  const answer = await ask("POST", "/v1/uploads", {
    "Upload-Length": String(file.size),
    "Upload-Metadata": `filename ${base64(file.name)}`,
  });
  if (answer.status === 429 || answer.status === 503) throw new Error("busy");
  if (answer.status !== 201) throw refused(answer);
  const place = answer.getResponseHeader("Location");
  localStorage.setItem(key(file), place);
  return place;
}

/** How much of the file has arrived; null if the service does not know the upload any more. */
async function arrived(place) {
  const answer = await ask("GET", place, {});
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw failure(answer);
  return JSON.parse(answer.responseText);
}

function wait(job, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    // Whoever is back in the net does not wait.
    addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
    job.wake = resolve;
  });
}

function show(file, bytes) {
  bar.value = (100 * bytes) / file.size;
  figures.textContent = `${size(bytes)} of ${size(file.size)}`;
}

async function sent(job, file, state) {
  let { offset, done } = state;
  // An empty part gives its name to a file that has arrived and has none.
  while (!done) {
    const part = file.slice(offset, offset + PART);
    const from = offset;
    const answer = await ask(
      "PATCH", job.place,
      { "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
      part, (bytes) => show(file, from + bytes), job,
    );
    if (answer.status !== 204) throw failure(answer);
    offset = Number(answer.getResponseHeader("Upload-Offset"));
    done = offset === file.size;
    job.failures = 0;
    show(file, offset);
  }
}

async function upload(file) {
  const job = { file, place: localStorage.getItem(key(file)), failures: 0, paused: false };
  current = job;
  sending.hidden = false;
  form.hidden = true;
  document.getElementById("sending-name").textContent = file.name;
  said.textContent = "The file is being sent.";
  show(file, 0);
  pause.focus();
  while (current === job) {
    if (job.paused) {
      await new Promise((resolve) => { job.wake = resolve; });
      continue;
    }
    try {
      let state = job.place ? await arrived(job.place) : null;
      if (state === null || state.bytes !== file.size) {
        job.place = await begin(file);
        state = await arrived(job.place);
      }
      if (state.offset > 0 && state.offset < file.size) {
        said.textContent = `Continuing at ${size(state.offset)}.`;
      }
      show(file, state.offset);
      await sent(job, file, state);
      localStorage.removeItem(key(file));
      finish(state.name);
      return;
    } catch (error) {
      if (job.paused) continue;
      if (error instanceof Refusal) {
        stop(error.message);
        return;
      }
      job.failures += 1;
      said.textContent = "The connection is lost. What has arrived stays; trying again.";
      await wait(job, Math.min(PATIENCE, 500 * 2 ** Math.min(job.failures, 6)) * (0.5 + Math.random() / 2));
    }
  }
}

function finish(name) {
  said.textContent = "The file has arrived.";
  const next = document.getElementById("uploaded");
  next.elements.file.value = name;
  next.submit();
}

function stop(message) {
  said.textContent = message;
  sending.hidden = true;
  form.hidden = false;
  input.focus();
}

pause.addEventListener("click", () => {
  if (!current) return;
  current.paused = !current.paused;
  pause.textContent = current.paused ? "Continue" : "Pause";
  said.textContent = current.paused ? "Paused. What has arrived stays for a day." : "Continuing.";
  if (current.paused) current.request?.abort();
  else current.wake?.();
});

form.addEventListener("submit", (event) => {
  const file = input.files[0];
  if (!file || !file.size) return;
  event.preventDefault();
  upload(file);
});

document.getElementById("drop-hint").hidden = false;
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (form.hidden || !event.dataTransfer.files.length) return;
  upload(event.dataTransfer.files[0]);
});
