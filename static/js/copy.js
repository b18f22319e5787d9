// Copy buttons: data-copy holds a selector, or nothing for the code block that the button stands in.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.dataset.copy
    ? document.querySelector(button.dataset.copy)
    : button.closest(".code")?.querySelector("pre");
  if (!source) return;
  const text = "value" in source ? source.value : source.textContent;
  if (!(await put(text.trimEnd(), source))) return;
  const before = button.textContent;
  button.dataset.copied = "";
  if (button.dataset.done) button.textContent = button.dataset.done;
  setTimeout(() => {
    delete button.dataset.copied;
    button.textContent = before;
  }, 1600);
});

// The clipboard needs a secure context; over plain HTTP on another host the text is at least selected.
async function put(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return false;
  }
}
