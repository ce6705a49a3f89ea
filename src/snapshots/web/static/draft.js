// Shows at once what the buttons of the import's forms show with a new page.

const part = document.getElementById("renewed");

/** Replaces the part of the page that an answer has, too. */
function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const wanted = fresh.getElementById("renewed");
  if (!wanted) return null;
  // Only the children: the part itself stays, so that screen readers tell of the change.
  part.replaceChildren(...wanted.childNodes);
  for (const select of fresh.querySelectorAll("select[name], input[placeholder]")) {
    const own = document.querySelector(`[name="${select.name}"]`);
    if (own?.options && select.options?.[0]) own.options[0].textContent = select.options[0].textContent;
    else if (own) own.placeholder = select.placeholder;
  }
  return wanted;
}

/** The first records, read anew whenever a choice changes. */
function reading(form) {
  let latest = null;
  let timer = null;
  const renew = async () => {
    latest?.abort();
    const own = (latest = new AbortController());
    form.ariaBusy = "true";
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.renew, { method: "POST", body, signal: own.signal });
      const html = await answer.text();
      if (own === latest) take(html);
    } catch {
      // A later choice, or no answer: the button is still there.
    }
    if (own === latest) form.ariaBusy = null;
  };
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(renew, event.target.matches("select") ? 0 : 300);
  });
}

/** What speaks against a type stands beside it. */
function map(form) {
  form.addEventListener("change", (event) => {
    const line = event.target.getAttribute("aria-describedby");
    const text = line && document.getElementById(line);
    if (text) text.textContent = event.target.selectedOptions[0]?.dataset.against ?? "";
  });
}

/** How far a check is. */
function watch() {
  const look = async () => {
    try {
      const answer = await fetch(part.dataset.again);
      const wanted = take(await answer.text());
      if (!wanted) location.reload();
      else if (!wanted.dataset.again) return;
    } catch {
      // The service may be away for a moment.
    }
    setTimeout(look, 700);
  };
  setTimeout(look, 300);
}

const first = document.getElementById("reading");
const second = document.getElementById("map");
if (first) reading(first);
if (second) map(second);
if (part?.dataset.again) watch();
