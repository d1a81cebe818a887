/* Curves: one uPlot a chart; all charts share one stretch of training. */

const plots = []; // {chart, plot, legend}
const LONG = 300; // rows from which a curve hides itself behind its noise
const isLong = record.groups.some(({ charts }) => charts.some(({ curves }) => curves.some(({ values }) => values.length > LONG)));
const view = { unit: "steps", log: false, smooth: isLong, range: null, full: [0, 1] };

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function curves() {
  if (!record.groups.length) return section("curves", "Curves", ...missing("curves"));
  const groups = record.groups.map(({ title, charts }) =>
    el(
      "div",
      { class: "group" },
      el("h3", {}, title),
      el("div", { class: charts.length > 1 ? "charts" : "" }, ...charts.map((chart) => chartBox(chart, charts.length > 1))),
    ),
  );
  const bad = record.groups.flatMap(({ charts }) => charts.flatMap(({ curves }) => curves.filter((curve) => curve.bad)));
  const warnings = bad.map(({ run, name, bad }) => [
    run,
    `${name}: ${bad} ${bad > 1 ? "values are" : "value is"} not finite, a gap in the curve.`,
  ]);
  return section("curves", "Curves", toolbar(), ...noteList(warnings), ...groups, ...missing("curves"));
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
    { id: "curves-unit", change: () => ((view.unit = unit.value), (view.range = null), redraw()) },
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
    el("output", { id: "curves-range", class: "where", "aria-live": "polite" }),
    el(
      "small",
      { class: "hint" },
      "Drag over a chart to zoom, double click to reset. Names in the legends switch curves off and on.",
      record.alarms.some((list) => list?.length) ? " Dashed lines are alarms." : "",
    ),
  );
}

function chartBox(chart, titled) {
  const box = el("div", {
    class: "plot",
    role: "img",
    "aria-label": `curves of ${chart.title}: ${chart.curves.map((c) => curveName(c.run, c.name)).join(", ")}`,
  });
  const legend = el("ul", { class: "legend" });
  chart.hidden = new Set();
  plots.push({ chart, box, legend, plot: null });
  const title = titled ? [el("h4", {}, chart.title)] : [];
  return el("figure", { class: "chart" }, ...title, box, legend);
}

/** Draws all charts anew. Called once the page is there, and for each change but a zoom. */
function redraw() {
  const ends = plots
    .flatMap(({ chart }) => chart.curves.flatMap((curve) => [known(curve)[0].at(0), known(curve)[0].at(-1)]))
    .filter((x) => x !== undefined);
  view.full = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
  if (view.full[0] === view.full[1]) view.full = [view.full[0] - 1, view.full[1] + 1];
  for (const entry of plots) {
    entry.plot?.destroy();
    entry.plot = draw(entry);
    entry.legend.replaceChildren(...entry.chart.curves.map((curve, place) => legendItem(entry, curve, place)));
  }
  setRange(view.range);
}

/** [x, raw, smoothed] of a curve, without the points whose place is not known. */
function known(curve) {
  const kept = curve[view.unit].map((x, place) => (x === null ? -1 : place)).filter((place) => place >= 0);
  return [curve[view.unit], curve.values, curve.smoothed].map((values) => kept.map((place) => values[place]));
}

function draw({ chart, box, legend }) {
  const data = uPlot.join(chart.curves.map((curve) => known(curve).slice(0, view.smooth ? 3 : 2)));
  const positive = data.slice(1).every((values) => values.every((value) => value === null || value === undefined || value > 0));
  const lines = chart.curves.flatMap((curve, place) =>
    view.smooth ? [line(chart, place, 0.25), line(chart, place, 1)] : [line(chart, place, 1)],
  );
  const axis = {
    stroke: () => css("--faint"),
    grid: { stroke: () => css("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const plot = new uPlot(
    {
      width: box.clientWidth || 300,
      height: 260,
      series: [{}, ...lines],
      // Curves that reach 0 and below are shown on arcsinh, which is linear around 0 and logarithmic far from it.
      scales: { x: { time: false, auto: false }, y: view.log ? { distr: positive ? 3 : 4 } : {} },
      axes: [
        { ...axis, size: 30, space: 80 },
        { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : figure(tick))) },
      ],
      padding: [null, 28, null, null], // room for the last number
      legend: { show: false },
      cursor: {
        sync: { key: "training", filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
        drag: { setScale: false },
        bind: { dblclick: () => () => (setRange(null), null) },
      },
      hooks: {
        setSelect: [selected],
        setCursor: [(plot) => showValues(plot, chart, legend)],
        draw: [(plot) => drawAlarms(plot, chart)],
      },
    },
    data,
    box,
  );
  return plot;
}

function line(chart, place, alpha) {
  const { run } = chart.curves[place];
  const colour = several ? run : place;
  return { stroke: () => css(`--line${colour % 8}`), width: 1.6, alpha, dash: colour >= 8 ? [6, 3] : [], show: !chart.hidden.has(place) };
}

function legendItem({ chart, plot }, curve, place) {
  const each = view.smooth ? 2 : 1;
  const colour = several ? curve.run : place;
  const toggle = () => {
    const shown = chart.hidden.delete(place);
    if (!shown) chart.hidden.add(place);
    button.setAttribute("aria-pressed", shown);
    for (let part = 0; part < each; part++) plot.setSeries(1 + place * each + part, { show: shown });
  };
  const button = el(
    "button",
    { type: "button", "aria-pressed": String(!chart.hidden.has(place)), click: toggle },
    el("i", { class: `swatch line${colour % 8}${colour >= 8 ? " dashed" : ""}`, "aria-hidden": "true" }),
    several ? record.runs[curve.run] : curve.name,
    " ",
    el("b", {}, figure(lastKnown(curve.values, curve.values.length - 1))),
  );
  return el("li", {}, button);
}

function lastKnown(values, from) {
  while (from >= 0 && (values[from] === null || values[from] === undefined)) from--;
  return from >= 0 ? values[from] : null;
}

/** Values under the pointer, or the last ones, in the legend. */
function showValues(plot, chart, legend) {
  const each = view.smooth ? 2 : 1;
  const { idx } = plot.cursor;
  [...legend.querySelectorAll("b")].forEach((node, place) => {
    const values = plot.data[(place + 1) * each];
    node.textContent = figure(lastKnown(values, idx ?? values.length - 1));
  });
}

function drawAlarms(plot, chart) {
  const runs = new Set(chart.curves.map((curve) => curve.run));
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = css("--alarm");
  ctx.setLineDash([4, 4]);
  for (const alarm of [...runs].flatMap((run) => record.alarms[run] ?? [])) {
    const x = plot.valToPos(view.unit === "steps" ? alarm.step : alarm.epoch, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function selected(plot) {
  const { left, width } = plot.select;
  if (width > 4) setRange([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** Shows `range` of training in all charts; null: all of it. */
function setRange(range) {
  view.range = range;
  const [min, max] = range ?? view.full;
  for (const { plot } of plots) plot.setScale("x", { min, max });
  document.getElementById("curves-range").textContent = range ? `${view.unit} ${place(min)} to ${place(max)}` : "";
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

function resize() {
  for (const { plot, box } of plots)
    if (plot && box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: plot.height });
}
