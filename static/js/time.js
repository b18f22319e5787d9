// Times in the reader's own zone and language: relative in rows, absolute on hover; relative ones keep counting.
const locale = document.documentElement.lang || undefined;
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "long" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const clocks = {
  seconds: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  minutes: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
};
const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

function wordsFor(then, justNow) {
  const seconds = (then - Date.now()) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return justNow;
}

export function show(root = document) {
  for (const element of root.querySelectorAll("time[data-relative], time[data-clock]")) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.valueOf())) continue;
    element.title = exact.format(then);
    // The words for less than a minute come from the server, in the page's language.
    const words = element.dataset.clock
      ? clocks[element.dataset.clock].format(then)
      : wordsFor(then, document.body.dataset.justNow);
    if (element.textContent !== words) element.textContent = words;
  }
}

show();
document.addEventListener("htmx:after:swap", () => show());
setInterval(() => document.visibilityState === "visible" && show(), 20_000);
document.addEventListener("visibilitychange", () => show());
