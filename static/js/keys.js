// The keyboard: / search, j and k rows, Enter open, x select, e resolve, m mute, a assign, ? help.
const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.querySelector('[data-row][aria-selected="true"]');

function choose(row) {
  if (!row) return;
  current()?.removeAttribute("aria-selected");
  row.setAttribute("aria-selected", "true");
  row.querySelector("a[href]")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  choose(at < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, at + by))]);
}

// A row's or page's own action: the first visible element marked with it.
function act(name) {
  const inRow = current()?.querySelector("input[type=checkbox]");
  if (inRow && !document.querySelector("[data-row] input[type=checkbox]:checked")) {
    inRow.checked = true;
    inRow.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const control = document.querySelector(`[data-act="${name}"]`);
  if (!control) return;
  if (control.tagName === "DETAILS") {
    control.open = true;
    control.querySelector("input, select, button, a")?.focus();
  } else if (control.matches("select, input")) {
    control.focus();
  } else {
    control.click();
  }
}

const actions = {
  "/": () => document.querySelector("[data-global-search]")?.select(),
  j: () => step(1),
  k: () => step(-1),
  x: () => current()?.querySelector("input[type=checkbox]")?.click(),
  e: () => act("resolve"),
  m: () => act("mute"),
  a: () => act("assign"),
  "?": () => document.getElementById("keys-help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) {
    if (event.key === "Escape") event.target.blur();
    if (event.target.type !== "checkbox") return;
  }
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
