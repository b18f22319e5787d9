// The kinds of programs as tabs: all lines are in the page, so that a key that is shown once stands in each of them.
const tabs = [...document.querySelectorAll("[data-way]")];

function choose(slug, push) {
  const tab = tabs.find((each) => each.dataset.way === slug);
  if (!tab) return;
  for (const each of tabs) {
    if (each === tab) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
  for (const panel of document.querySelectorAll("[data-way-panel]")) panel.hidden = panel.dataset.wayPanel !== slug;
  for (const field of document.querySelectorAll("[data-chosen]")) field.value = slug;
  if (push) history.replaceState(history.state, "", tab.href);
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-way]");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  choose(tab.dataset.way, true);
});

// Without scripts an answer with a new key shows all kinds below each other; with them, only the chosen one. That answer
// gets the page's own address, so that reloading doesn't ask for yet another key.
const chosen = tabs.find((tab) => tab.hasAttribute("aria-current"));
if (chosen) choose(chosen.dataset.way, Boolean(document.querySelector("[data-ways-all]")));
