// Streams a model's answer into the page. The box's text goes out as it stands; this server masks it.
const form = () => document.querySelector("#paste-form");

const reveal = () => document.querySelectorAll("[data-ask]").forEach((panel) => (panel.hidden = false));

function fail(panel, { title, detail = "", href = "" }) {
  const box = panel.querySelector("[data-ask-failed]");
  box.querySelector("[data-ask-title]").textContent = title;
  box.querySelector("[data-ask-detail]").textContent = detail;
  const link = box.querySelector("a");
  link.hidden = !href;
  if (href) link.href = href;
  box.hidden = false;
}

function take(panel, name, data) {
  if (name === "text") panel.querySelector("[data-ask-words]").append(data.text);
  if (name === "done") panel.querySelector("[data-ask-note]").textContent = data.note;
  if (name === "failed") fail(panel, data);
  return name !== "text";
}

async function read(panel, body) {
  const decoder = new TextDecoder();
  let waiting = "";
  let over = false;
  for await (const bytes of chunks(body)) {
    waiting += decoder.decode(bytes, { stream: true });
    const frames = waiting.split("\n\n");
    waiting = frames.pop();
    for (const frame of frames) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(frame);
      over = take(panel, name, JSON.parse(data)) || over;
    }
  }
  return over;
}

// Not every browser iterates over a stream by itself.
async function* chunks(body) {
  const reader = body.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-ask-now]");
  if (!button) return;
  const panel = button.closest("[data-ask]");
  const lost = { title: panel.querySelector("[data-ask-failed]").dataset.lost };
  const sent = new URLSearchParams();
  for (const name of ["csrfmiddlewaretoken", "text"]) sent.set(name, form().elements[name].value);
  button.disabled = true;
  panel.querySelector("[data-ask-failed]").hidden = true;
  panel.querySelector("[data-ask-words]").replaceChildren();
  panel.querySelector("[data-ask-note]").textContent = "";
  panel.querySelector("[data-ask-answer]").hidden = false;
  try {
    const response = await fetch(panel.dataset.ask, { method: "POST", body: sent });
    if (!response.ok || !(await read(panel, response.body))) fail(panel, lost);
  } catch {
    fail(panel, lost);
  }
  if (!panel.querySelector("[data-ask-words]").textContent) panel.querySelector("[data-ask-answer]").hidden = true;
  button.disabled = false;
});

document.addEventListener("htmx:after:swap", reveal);
reveal();
