// Charts: Apache ECharts drawn from the JSON beside them, in the page's own colours. Dragging chooses a window, which
// then stands in the address. Without the library the table twin opens instead.
const locale = document.documentElement.lang || undefined;
const drawn = new Map(); // canvas element -> {chart, data}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const dataOf = (figure) => JSON.parse(figure.querySelector('script[type="application/json"]').textContent);

function timeFormat(data) {
  const long = data.bucketSeconds * data.starts.length > 86_400 * 1.5;
  const axis = new Intl.DateTimeFormat(locale, {
    ...(long && { month: "short", day: "numeric" }),
    ...(data.bucketSeconds < 86_400 && { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  });
  const exact = new Intl.DateTimeFormat(locale, {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  return { axis: (iso) => axis.format(new Date(iso)), exact: (iso) => exact.format(new Date(iso)) };
}

const whole = new Intl.NumberFormat(locale);
const shareFormat = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });

// A tooltip built of elements: text in it is never read as HTML, and no inline style is needed.
function tip(data, at, times) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  const put = (tag, text) => box.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  put("strong", times.exact(data.starts[at]));
  for (const mark of data.marks) {
    if (mark.from < at + 1 && mark.to > at) put("em", `${data.words.incident} ${mark.title}`);
  }
  if (!data.attempts[at]) {
    put("span", data.words.nothing);
    return box;
  }
  const of = (part, all) => `${whole.format(part)} / ${whole.format(all)}  ·  ${shareFormat.format(all ? part / all : 0)}`;
  put("span", `${data.words.attempts}, ${data.words.failed}`);
  put("b", of(data.failures[at], data.attempts[at]));
  for (const category of [...data.categories].reverse()) {
    if (!category.counts[at]) continue;
    put("span", category.label);
    put("b", whole.format(category.counts[at]));
  }
  put("span", `${data.words.requests}, ${data.words.failed}`);
  put("b", of(data.failedRequests[at], data.requests[at]));
  if (data.rescued[at]) {
    put("span", `${data.words.requests}, ${data.words.rescued}`);
    put("b", whole.format(data.rescued[at]));
  }
  return box;
}

// Incidents, shaded over their time: an axis of its own counts buckets, so that they may begin and end within one.
function shade(data) {
  return {
    id: "incidents",
    type: "line",
    xAxisIndex: 1,
    data: [],
    silent: true,
    markArea: {
      silent: true,
      itemStyle: { color: colour("bad"), opacity: 0.12 },
      data: data.marks.map((mark) => [{ xAxis: mark.from }, { xAxis: mark.to }]),
    },
  };
}

function seriesOf(data) {
  const share = data.unit === "rate";
  const bars = data.categories.map((category) => ({
    id: category.name,
    name: category.label,
    type: "bar",
    stack: "failures",
    barCategoryGap: data.starts.length > 80 ? "8%" : "18%",
    itemStyle: { color: colour(category.name), borderColor: colour("surface"), borderWidth: 0.5 },
    emphasis: { disabled: true },
    data: category.counts.map((count, at) => (share ? (data.attempts[at] ? count / data.attempts[at] : null) : count)),
  }));
  const line = {
    id: "requests",
    name: data.words.failedRequests,
    type: "line",
    symbol: "none",
    connectNulls: false,
    lineStyle: { color: colour("ink-2"), width: 1.5 },
    itemStyle: { color: colour("ink-2") },
    emphasis: { disabled: true },
    data: data.failedRequests.map((count, at) =>
      share ? (data.requests[at] ? Math.min(1, count / data.requests[at]) : null) : data.attempts[at] ? count : null,
    ),
  };
  return [...bars, line, shade(data)];
}

// The next round share above the highest bar, so that the axis ends on a label of its own.
function niceShare(highest) {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((share) => share >= highest) ?? 1;
}

function optionsOf(data) {
  const times = timeFormat(data);
  const share = data.unit === "rate";
  const label = { color: colour("ink-3"), fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: false,
    aria: { enabled: false }, // the canvas is named by its title, and the table twin says the rest
    grid: { left: 4, right: 8, top: 14, bottom: 4, containLabel: true },
    xAxis: [
      {
        type: "category",
        data: data.starts,
        axisLabel: { ...label, formatter: times.axis, hideOverlap: true },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: colour("line-strong") } },
      },
      { type: "value", show: false, min: 0, max: data.starts.length, axisPointer: { show: false } },
    ],
    yAxis: {
      type: "value",
      min: 0,
      max: share ? (range) => niceShare(range.max) : undefined,
      minInterval: share ? undefined : 1,
      splitNumber: 4,
      axisLabel: { ...label, formatter: share ? (v) => shareFormat.format(v) : (v) => whole.format(v) },
      splitLine: { lineStyle: { color: colour("line") } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      axisPointer: { type: "shadow", shadowStyle: { color: colour("ink"), opacity: 0.06 } },
      backgroundColor: colour("raised"),
      borderColor: colour("line-strong"),
      padding: [8, 12],
      textStyle: { color: colour("ink"), fontFamily: label.fontFamily },
      formatter: (points) => tip(data, points[0].dataIndex, times),
    },
    brush: {
      xAxisIndex: 0,
      brushType: "lineX",
      brushMode: "single",
      transformable: false,
      throttleType: "debounce",
      brushStyle: { color: colour("accent"), opacity: 0.18, borderColor: colour("accent"), borderWidth: 1 },
      outOfBrush: { colorAlpha: 0.5 },
    },
    toolbox: { show: false },
    series: seriesOf(data),
  };
}

// Opens the window that was dragged over; a plain click chooses nothing.
function choose(data, range) {
  const [from, to] = [Math.min(...range), Math.max(...range)];
  const last = data.starts.length - 1;
  if (from === to || last < 1) return;
  const start = data.starts[Math.max(0, from)];
  const end = to >= last ? data.end : data.starts[to + 1];
  const address = new URL(location.href);
  address.searchParams.delete("window");
  address.searchParams.delete("before");
  address.searchParams.set("from", start.replace("+00:00", "Z"));
  address.searchParams.set("to", end.replace("+00:00", "Z"));
  location.assign(address);
}

function draw(figure) {
  const canvas = figure.querySelector(".chart-canvas");
  if (!window.echarts) {
    figure.dataset.withoutLibrary = "";
    figure.querySelector("details").open = true;
    return;
  }
  const data = dataOf(figure);
  let entry = drawn.get(canvas);
  if (!entry) {
    entry = { chart: echarts.init(canvas, null, { renderer: "canvas" }), data };
    drawn.set(canvas, entry);
    const { chart } = entry;
    new ResizeObserver(() => chart.resize()).observe(canvas);
    canvas.addEventListener("pointerdown", () => (canvas.dataset.dragging = ""));
    addEventListener("pointerup", () => delete canvas.dataset.dragging);
    chart.on("brushEnd", (event) => {
      const range = event.areas[0]?.coordRange;
      chart.dispatchAction({ type: "brush", areas: [] });
      if (range) choose(entry.data, range);
    });
  }
  entry.data = data;
  entry.chart.setOption(optionsOf(data), { replaceMerge: ["series"] });
  entry.chart.dispatchAction({
    type: "takeGlobalCursor", key: "brush", brushOption: { brushType: "lineX", brushMode: "single" },
  });
}

function drawAll() {
  for (const [canvas, { chart }] of drawn) {
    if (canvas.isConnected) continue;
    chart.dispose();
    drawn.delete(canvas);
  }
  document.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("htmx:after:swap", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
