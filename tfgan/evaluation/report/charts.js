/* Curves: one plotly figure a chart; all charts share one stretch of training and one pointer. No text of a run goes to plotly, which
   would read tags in it. */

const plots = []; // {chart, box, legend}
const LONG = 300; // rows from which a curve hides itself behind its noise
const isLong = record.groups.some(({ charts }) => charts.some(({ curves }) => curves.some(({ values }) => values.length > LONG)));
const view = { unit: "steps", log: false, smooth: isLong, range: null, full: [0, 1] };
const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false, responsive: true };
const ROOM = 12; // pixels of a chart's width for each point of a curve, from which on points are marked
const rangeText = el("output", { id: "curves-range", class: "where", "aria-live": "polite" });

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function curves() {
  if (!record.groups.length) return section("curves", "Curves", ...missing("curves"));
  const groups = record.groups.map(({ title, charts }) => {
    const node = el("div", { class: "group" }, el("h3", {}, title), el("div", { class: "charts" }, ...charts.map(chartBox)));
    node.style.setProperty("--count", charts.length);
    return node;
  });
  const bad = record.groups.flatMap(({ charts }) => charts.flatMap(({ curves }) => curves.filter((curve) => curve.bad)));
  const warnings = bad.map(({ run, name, bad }) => [
    run,
    `${name}: ${bad} ${bad > 1 ? "values are" : "value is"} not finite, a gap in the curve.`,
  ]);
  return section("curves", "Curves", toolbar(), ...noteList(warnings), el("div", { class: "groups" }, ...groups), ...missing("curves"));
}

function curveName(run, name) {
  return several ? `${record.runs[run]}: ${name}` : name;
}

function toolbar() {
  const button = (text, label, click) => el("button", { type: "button", "aria-label": label, title: label, click }, text);
  const box = (name, label) => {
    const input = el("input", {
      type: "checkbox",
      id: `curves-${name}`,
      checked: view[name],
      change: () => ((view[name] = input.checked), redraw()),
    });
    return el("label", {}, input, label);
  };
  const unit = el(
    "select",
    { id: "curves-unit", change: () => ((view.unit = unit.value), setRange(null)) },
    el("option", { value: "steps" }, "steps"),
    el("option", { value: "epochs" }, "epochs"),
  );
  return el(
    "div",
    { class: "toolbar" },
    el("label", {}, "by ", unit),
    box("log", "logarithmic"),
    box("smooth", "smoothed"),
    el(
      "span",
      { class: "buttons" },
      button("−", "zoom out", () => zoom(2, 0)),
      button("+", "zoom in", () => zoom(0.5, 0)),
      button("←", "earlier", () => zoom(1, -0.25)),
      button("→", "later", () => zoom(1, 0.25)),
      button("reset", "show all of training", () => setRange(null)),
    ),
    rangeText,
    el(
      "small",
      { class: "hint" },
      "Drag over a chart to zoom, double click to reset. Names in the legends switch curves off and on.",
      record.alarms.some((list) => list?.length) ? " Dashed lines are alarms." : "",
    ),
  );
}

function chartBox(chart) {
  const box = el("div", {
    class: "plot",
    role: "img",
    "aria-label": `curves of ${chart.title}: ${chart.curves.map((c) => curveName(c.run, c.name)).join(", ")}`,
  });
  chart.hidden = new Set();
  const entry = { chart, box, legend: el("ul", { class: "legend" }) };
  const alone = !several && chart.curves.length === 1;
  if (alone) entry.legend = el("output", { class: "legend" }, el("b", {})); // the heading names the curve
  else entry.legend.append(...chart.curves.map((curve, place) => legendItem(entry, curve, place)));
  plots.push(entry);
  const head = el("figcaption", {}, el("h4", {}, chart.title), ...(alone ? [entry.legend] : []));
  return el("figure", { class: "chart" }, head, box, ...(alone ? [] : [entry.legend]));
}

function legendItem(entry, curve, place) {
  const color = several ? curve.run : place;
  const toggle = () => {
    const shown = entry.chart.hidden.delete(place);
    if (!shown) entry.chart.hidden.add(place);
    button.setAttribute("aria-pressed", shown);
    draw(entry);
  };
  const button = el(
    "button",
    { type: "button", "aria-pressed": "true", click: toggle },
    el("i", { class: `swatch line${color % 8}${color >= 8 ? " dashed" : ""}`, "aria-hidden": "true" }),
    several ? record.runs[curve.run] : curve.name,
    " ",
    el("b", {}),
  );
  return el("li", {}, button);
}

/** Draws all charts for the first time, once the page is there. */
function start() {
  redraw();
  for (const { box } of plots) {
    box.on("plotly_hover", ({ points }) => point(points[0].x, box));
    box.on("plotly_unhover", () => point(null, box));
    box.on("plotly_doubleclick", () => setRange(null));
    box.on("plotly_relayout", (change) => "xaxis.range[0]" in change && setRange([change["xaxis.range[0]"], change["xaxis.range[1]"]]));
  }
}

/** The lowest and the highest of numbers among which may be null. */
function extent(numbers) {
  const known = numbers.filter((number) => number !== null);
  return [Math.min, Math.max].map((end, place) => known.reduce((a, b) => end(a, b), place ? -Infinity : Infinity));
}

function redraw() {
  const [min, max] = extent(plots.flatMap(({ chart }) => chart.curves.flatMap((curve) => curve[view.unit])));
  if (min < max) view.full = [min, max];
  else view.full = min === max ? [min - 1, max + 1] : [0, 1];
  plots.forEach(draw);
  drawSlices();
  point(null);
  rangeText.textContent = view.range ? `${view.unit} ${view.range.map(place).join(" to ")}` : "";
}

/** Draws the stretch of training that is shown, so that the scale fits what is there. */
function draw({ chart, box }) {
  const scale = view.log ? scaleOf(chart) : "linear";
  const traces = chart.curves.flatMap((curve, place) => (chart.hidden.has(place) ? [] : lines(curve, place, scale, box.clientWidth)));
  const axis = { gridcolor: css("--line"), zeroline: false, separatethousands: true, exponentformat: "e", minexponent: 5 };
  const pointer = { showspikes: true, spikemode: "across", spikethickness: 1, spikedash: "dot", spikecolor: css("--faint") };
  const layout = {
    height: 190,
    margin: { l: 52, r: 16, t: 8, b: 26 },
    font: { family: "system-ui, sans-serif", size: 12, color: css("--faint") },
    paper_bgcolor: css("--paper"),
    plot_bgcolor: css("--paper"),
    showlegend: false,
    hovermode: "x",
    hoverdistance: -1,
    spikedistance: -1,
    // A finger scrolls the page, which a chart under it must not hold.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    xaxis: { ...axis, ...pointer, nticks: 5, range: view.range ?? view.full, minallowed: view.full[0], maxallowed: view.full[1] },
    yaxis: { ...axis, fixedrange: true, ticklabelstandoff: 6, ...yAxis(scale, traces) },
    shapes: alarmLines(chart),
  };
  Plotly.react(box, traces, layout, CONFIG);
}

/** The logarithmic scale of a chart. Curves that reach 0 and below need arcsinh: linear around 0 and logarithmic far from it. */
function scaleOf(chart) {
  return chart.curves.every(({ values }) => values.every((value) => value === null || value > 0)) ? "log" : "arcsinh";
}

/** The traces of a curve: its values, or these faintly behind its smoothed ones. */
function lines({ [view.unit]: all, run, values, smoothed }, place, scale, width) {
  const [min, max] = view.range ?? [-Infinity, Infinity];
  const known = [...all.keys()].filter((at) => all[at] !== null);
  // With a neighbor on either side, to which the line goes on.
  const kept = known.filter((_, at) => (all[known[at + 1]] ?? Infinity) >= min && (all[known[at - 1]] ?? -Infinity) <= max);
  const color = several ? run : place;
  const stroke = css(`--line${color % 8}`);
  const traces = (list, faint) => {
    const y = kept.map((at) => list[at]).map((value) => (scale === "arcsinh" && value !== null ? Math.asinh(value) : value));
    const x = kept.map((at) => all[at]);
    const opacity = faint ? 0.25 : 1;
    const line = { color: stroke, width: 1.6, dash: color >= 8 ? "dash" : "solid" };
    const marker = { size: 5, color: css("--paper"), line: { color: stroke, width: 1 } };
    const marked = pointsOf(y, width);
    const points = { x: marked.map((at) => x[at]), y: marked.map((at) => y[at]), mode: "markers", marker, cliponaxis: false };
    return [
      { x, y, mode: "lines", line, opacity, hoverinfo: faint ? "skip" : "none" }, // the legend says it
      { ...points, opacity, hoverinfo: "skip" },
    ];
  };
  return view.smooth ? [...traces(values, true), ...traces(smoothed, false)] : traces(values, false);
}

/** Which points of a line are marked: all if there is room, else those that gaps on both sides leave without a line. */
function pointsOf(values, width) {
  const gap = (at) => (values[at] ?? null) === null;
  return [...values.keys()].filter((at) => values.length * ROOM <= width || (gap(at - 1) && gap(at + 1)));
}

function yAxis(scale, traces) {
  if (scale === "log") return { type: "log", tickformat: ",~g" };
  if (scale === "linear") return { nticks: 5 };
  const ticks = arcsinhTicks(...extent(traces.flatMap(({ y }) => y)));
  return { tickvals: ticks.map(Math.asinh), ticktext: ticks.map(figure) };
}

/** Round numbers that stand apart on the scale from `low` to `high`: of one digit, or of two if these are fewer than three. */
function arcsinhTicks(low, high) {
  const count = (from, to) => [...Array(to - from).keys()].map((number) => from + number);
  const ticks = []; // the largest of each digit first
  for (const digits of [[0, 1, 5, 2], count(11, 100)]) {
    if (ticks.length > 2) break;
    const sizes = digits.flatMap((digit) => count(-9, 5).map((power) => Number(`${digit}e${-power}`)));
    for (const tick of sizes.flatMap((size) => [size, -size])) {
      const at = Math.asinh(tick);
      if (at >= low && at <= high && ticks.every((other) => Math.abs(at - Math.asinh(other)) > (high - low) / 10)) ticks.push(tick);
    }
  }
  return ticks;
}

function alarmLines(chart) {
  const runs = new Set(chart.curves.map((curve) => curve.run));
  return [...runs]
    .flatMap((run) => record.alarms[run] ?? [])
    .map((alarm) => (view.unit === "steps" ? alarm.step : alarm.epoch))
    .filter((x) => x !== null)
    .map((x) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: css("--alarm"), width: 1, dash: "4px,4px" } }));
}

/** All charts show where in training the pointer over one of them is, and the values there; null: the last values. */
function point(x, box) {
  for (const entry of plots) {
    showValues(entry, x ?? Infinity);
    if (entry.box === box) continue;
    if (x === null) Plotly.Fx.unhover(entry.box);
    else Plotly.Fx.hover(entry.box, { xval: x });
  }
}

/** In the legend, each curve's last value up to a place in training. */
function showValues({ chart, legend }, x) {
  [...legend.querySelectorAll("b")].forEach((node, place) => {
    const { [view.unit]: all, values, smoothed } = chart.curves[place];
    const last = (view.smooth ? smoothed : values).findLast((value, at) => value !== null && all[at] !== null && all[at] <= x);
    node.textContent = figure(last);
  });
}

/** Shows `range` of training in all charts; null: all of it. */
function setRange(range) {
  view.range = range;
  redraw();
}

/** Makes the stretch that is shown `factor` times as long about its middle, and moves it by a share of its length. */
function zoom(factor, shift) {
  const [min, max] = view.range ?? view.full;
  const half = Math.min(factor * (max - min), view.full[1] - view.full[0]) / 2;
  const middle = (min + max) / 2 + shift * 2 * half;
  const inside = Math.min(Math.max(middle, view.full[0] + half), view.full[1] - half);
  const whole = half * 2 >= view.full[1] - view.full[0];
  setRange(whole ? null : [inside - half, inside + half]);
}

/** A step, which is whole, or an epoch. */
function place(x) {
  return figure(view.unit === "steps" ? Math.round(x) : x);
}
