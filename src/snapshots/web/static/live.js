// Keeps the parts of a page that are marked with data-live as the server has them.
//
// The server sends each part as HTML, rendered by the template that made it in the first place.
// Only what differs is changed, so that focus, selection and open details stay as they are.

import { addLocalTimes } from "./local_time.js";

const said = document.getElementById("said");
const lost = document.getElementById("lost");

/** Makes `old` like `fresh`, node by node. */
function become(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (old.nodeType === Node.ELEMENT_NODE) {
    attributes(old, fresh);
    children(old, fresh);
  }
}

function attributes(old, fresh) {
  for (const name of old.getAttributeNames()) {
    // Whether details are open is the reader's choice.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const name of fresh.getAttributeNames()) {
    const value = fresh.getAttribute(name);
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/** What has an id is known by it, wherever it stands now; all else by its place. */
function children(old, fresh) {
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id ? old.querySelector(`:scope > #${wanted.id}`) : null;
    if (known) {
      if (known !== place) old.insertBefore(known, place);
      place = known.nextSibling;
      become(known, wanted);
    } else if (place && !wanted.id && !place.id) {
      const here = place;
      place = place.nextSibling;
      become(here, wanted);
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

/** What a screen reader is to say: states that have changed, never the figures in between. */
function sentences(part) {
  return new Map([...part.querySelectorAll("[data-said]")].map((one) => [one.id, one.dataset.said]));
}

function update(part, html) {
  const before = sentences(part);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const home = focused?.closest("[data-said]");
  const fresh = part.cloneNode(false);
  fresh.innerHTML = html;
  addLocalTimes(fresh);
  children(part, fresh);
  // Whoever was at a button that is gone is still at its import.
  if (focused && !focused.isConnected) home?.focus();
  const news = [...sentences(part)].filter(([id, text]) => text !== before.get(id));
  if (news.length) said.textContent = news.map(([, text]) => text).join(" ");
}

/** While the page is looked at; a browser has but few connections for one host. */
function live(part) {
  let events = null;
  const look = () => {
    if (document.hidden) {
      events?.close();
      events = null;
    } else if (!events) {
      events = new EventSource(part.dataset.live);
      events.onmessage = (event) => {
        lost.hidden = true;
        update(part, JSON.parse(event.data));
      };
      events.onerror = () => {
        lost.hidden = false;
      };
      events.addEventListener("away", events.onerror);
    }
  };
  document.addEventListener("visibilitychange", look);
  look();
}

/** A button within a live part needs no new page: what it does is seen where it is. */
async function act(event) {
  const form = event.target;
  if (!form.closest("[data-live]")) return;
  event.preventDefault();
  if (form.ariaBusy) return;
  form.ariaBusy = "true";
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  form.ariaBusy = null;
  // Anything but the redirect is an error; the page that says which comes the ordinary way.
  if (!answer) lost.hidden = false;
  else if (answer.type !== "opaqueredirect") form.submit();
}

document.getElementById("still").hidden = true;
addLocalTimes(document);
document.querySelectorAll("[data-live]").forEach(live);
document.addEventListener("submit", act);
