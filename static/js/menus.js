// Menus made of <details>: a click elsewhere or Escape closes them; messages that were read go away.
const openMenus = () => document.querySelectorAll("details.menu[open], details.nav-menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

function leave(toast) {
  toast.dataset.leaving = "";
  setTimeout(() => toast.remove(), 8000);
}

for (const toast of document.querySelectorAll(".toast")) leave(toast);

// Selects and dates of a filter act at once; the button beside them is for readers without JavaScript.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form) form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
}, true);

// "All" chooses every row of its form.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  for (const box of event.target.form.querySelectorAll('input[type="checkbox"][name]')) box.checked = event.target.checked;
});

// Filters that say nothing are left out of the address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name, value);
});

document.addEventListener("htmx:after:swap", () => {
  for (const toast of document.querySelectorAll(".toast:not([data-leaving])")) leave(toast);
});

// A form whose text was taken is empty again; a morph alone keeps what was typed.
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (sourceElement.matches?.("form[data-reset]") && response.status < 400) sourceElement.reset();
});
