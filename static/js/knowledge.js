// Snippets of one step in several languages become a choice; the reader's language is remembered on all pages.
const STORED = "triage-language";
const ALTERNATIVES = new Set(["python", "typescript", "curl"]); // commands and texts are steps of their own
const preferred = () => {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage may be forbidden; the first language is shown then
  }
};

const alternatives = (group) =>
  [...group.querySelectorAll(":scope > [data-snippet]")].filter((block) => ALTERNATIVES.has(block.dataset.snippet));

function choose(group, language) {
  for (const block of alternatives(group)) block.hidden = block.dataset.snippet !== language;
  for (const button of group.querySelectorAll(".snippet-choice")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

function prepare(group) {
  const blocks = alternatives(group);
  const languages = blocks.map((block) => block.dataset.snippet);
  if (group.dataset.ready || new Set(languages).size < 2 || new Set(languages).size < languages.length) return;
  group.dataset.ready = "";
  const bar = document.createElement("div");
  bar.className = "snippet-choices";
  for (const block of blocks) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "snippet-choice";
    button.dataset.language = block.dataset.snippet;
    button.textContent = block.querySelector(".code-head > span").textContent || block.dataset.snippet;
    bar.append(button);
  }
  blocks[0].before(bar);
  choose(group, languages.includes(preferred()) ? preferred() : languages[0]);
}

function prepareAll() {
  document.querySelectorAll("[data-snippets]").forEach(prepare);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".snippet-choice");
  if (!button) return;
  try {
    localStorage.setItem(STORED, button.dataset.language);
  } catch {
    // the choice then holds for this page only
  }
  const top = button.getBoundingClientRect().top;
  for (const group of document.querySelectorAll("[data-snippets][data-ready]")) {
    if (group.querySelector(`:scope > [data-snippet="${button.dataset.language}"]`)) choose(group, button.dataset.language);
  }
  // Blocks above may have changed their height; what was clicked stays where it was.
  scrollBy(0, button.getBoundingClientRect().top - top);
});

// The box of the diagnosis: Ctrl or Cmd with Enter sends it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (event.target.matches?.("[data-submit-on]")) event.target.form.requestSubmit();
});

// A button that answers with a file sends the form as it would be sent without scripts: submit() asks no listener.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-plain-submit]");
  if (!button?.form) return;
  event.preventDefault();
  const form = button.form;
  const { action } = form;
  form.action = button.formAction;
  form.submit();
  form.action = action;
});

// After a step of the walk the next question takes the focus, so that the keyboard and a screen reader go on there.
document.addEventListener("htmx:after:swap", () => {
  prepareAll();
  if (document.activeElement === document.body) document.querySelector(".walk-title")?.focus({ preventScroll: true });
});

prepareAll();
