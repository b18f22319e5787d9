// Live parts. The server says over SSE that there is news; the page then asks for its own part again and morphs it in
// place, so that focus, scroll and selection stay. While the reader interacts with a part, it waits and says so.
const QUIET_MS = 900; // one refresh at most in this time, however often news come
const BREATH = 5; // and a rest of so many times what the last one took: a server under load is asked less often
const POLL_MS = 10_000;

const part = () => document.querySelector("[data-live]");
const sign = document.querySelector("[data-live-sign]");
let wanted = false;
let busy = false;
let last = 0;
let took = 0;
let poll = null;
let state = "";

function say(next) {
  if (!sign || next === state) return;
  state = next;
  sign.dataset.state = next;
  sign.textContent = sign.getAttribute(`data-word-${next}`) ?? "";
}

function occupied() {
  const target = part();
  if (!target) return true;
  const selection = getSelection();
  return Boolean(
    document.hidden ||
      target.querySelector("details[open]:not([data-live-keeps]), [data-dragging]") ||
      target.querySelector("input:checked, input:focus, select:focus, textarea:focus") ||
      (selection && !selection.isCollapsed && target.contains(selection.anchorNode)),
  );
}

async function refresh() {
  if (!wanted || busy || !part()) return;
  const rest = Math.min(POLL_MS, Math.max(QUIET_MS, BREATH * took)) - (Date.now() - last);
  if (rest > 0) return void setTimeout(refresh, rest);
  if (occupied()) {
    say("paused");
    return void setTimeout(refresh, 1200);
  }
  wanted = false;
  busy = true;
  last = Date.now();
  try {
    await htmx.ajax("GET", location.pathname + location.search, { target: part(), swap: "outerMorph" });
    say(poll ? "polling" : "live");
  } finally {
    took = Date.now() - last;
    busy = false;
    if (wanted) refresh();
  }
}

export function news() {
  wanted = true;
  refresh();
}

function startPolling() {
  poll ??= setInterval(news, POLL_MS);
  say("polling");
}

function stopPolling() {
  clearInterval(poll);
  poll = null;
}

function listen() {
  const source = new EventSource(sign.dataset.source);
  source.addEventListener("open", () => {
    stopPolling();
    say("live");
    if (last) news(); // something may have come while the line was down
    last ||= 1;
  });
  source.addEventListener("tick", news);
  source.addEventListener("error", () => {
    startPolling();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 15_000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
  addEventListener("pageshow", (event) => event.persisted && listen(), { once: true });
}

if (sign && part()) {
  listen();
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  // The window of a page that watches "the last hour" moves on although nothing happens.
  setInterval(news, 60_000);
}
