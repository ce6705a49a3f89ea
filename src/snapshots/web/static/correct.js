// Checks records while they are corrected, keeps drafts in this browser, and replaces in a column.

const grid = document.getElementById("grid");
const replace = document.getElementById("replace");

const key = (field) => `draft:${grid.dataset.import}:${field.name}`;
const fields = (row) => [...row.querySelectorAll("input:not([type=hidden]), textarea")];

/** Shows what the kernel says of a record. */
function judge(row, wrong) {
  row.querySelector(".why").textContent = wrong ? wrong.reason : "Would be loaded.";
  for (const [place, field] of fields(row).entries()) {
    const culprit = wrong && (field.name.startsWith("r") || place === wrong.place);
    if (culprit) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

async function check(rows) {
  const body = new URLSearchParams();
  for (const row of rows) for (const field of fields(row)) body.append(field.name, field.value);
  const answer = await fetch(grid.dataset.check, { method: "POST", body }).catch(() => null);
  if (!answer?.ok) return;
  const wrong = await answer.json();
  for (const row of rows) judge(row, wrong[row.dataset.line]);
}

const waiting = new Set();
let timer = null;

function changed(field) {
  if (field.value === field.defaultValue) localStorage.removeItem(key(field));
  else localStorage.setItem(key(field), field.value);
  waiting.add(field.closest("tr"));
  clearTimeout(timer);
  timer = setTimeout(() => {
    check([...waiting]);
    waiting.clear();
  }, 300);
}

if (grid) {
  grid.addEventListener("input", (event) => changed(event.target));
  grid.addEventListener("submit", () => {
    for (const row of grid.querySelectorAll("tr")) for (const field of fields(row)) localStorage.removeItem(key(field));
  });
  for (const row of grid.querySelectorAll("tbody tr")) {
    for (const field of fields(row)) {
      const draft = localStorage.getItem(key(field));
      if (draft === null || draft === field.value) continue;
      field.value = draft;
      changed(field);
    }
  }
  const here = document.getElementById("on-page");
  here.hidden = false;
  here.addEventListener("click", () => {
    const { column, old, new: by } = replace.elements;
    if (!old.value) return;
    for (const field of grid.querySelectorAll(`[name^="f"][name$="_${column.value}"]`)) {
      if (!field.value.includes(old.value)) continue;
      field.value = field.value.replaceAll(old.value, by.value);
      changed(field);
    }
  });
}
