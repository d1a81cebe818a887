/* Of a sweep: its trials, the best first, and how each setting that was searched bears on the metric. As in charts.js, no text goes to
   plotly: choices that are no numbers are numbered, and a line below says which is which. */

const slices = []; // {name, box}
const DECADES = 20; // from this ratio of the largest to the smallest number on, an axis is logarithmic

function trials() {
  const { metric, higher, best, command, names, trials, beside } = record.search;
  const heads = [`${metric} ${higher ? "↑" : "↓"}`, "epochs", "state", ...names].map((name) => el("th", { scope: "col" }, name));
  const rows = trials.map(({ number, value, epoch, state, why, values }) => [
    el(number === best ? "strong" : "span", {}, `trial_${number}`),
    [figure(value), epoch ?? "–", why ? `${state}: ${why}` : state, ...names.map((name) => values[name] || "–")],
  ]);
  const text = `${metric} is that of the best validation. ${higher ? "More" : "Less"} is better; trials that ended early come after those that are done.`;
  const shown = beside < trials.length ? ` Below, ${beside} of the ${trials.length} trials stand side by side, the best first.` : "";
  const box = command.length ? [el("h3", {}, "The command that trains the best one again"), el("pre", { class: "command" }, command.join(" "))] : [];
  return section(
    "trials",
    "Trials",
    el("p", { class: "where" }, text, shown),
    table("trial", heads, rows, "trials"),
    ...box,
    el("h3", {}, `${metric} by setting`),
    el("div", { class: "charts" }, ...names.map(slice)),
  );
}

/** The places of a setting's values on an axis: themselves if all are numbers, else their numbers in order. */
function places(name) {
  const texts = record.search.trials.map(({ values }) => values[name]);
  const known = texts.filter((text) => text !== undefined);
  if (known.every((text) => text.trim() !== "" && Number.isFinite(Number(text)))) return { x: texts.map((text) => (text === undefined ? null : Number(text))), choices: [] };
  const choices = [...new Set(known)].sort();
  return { x: texts.map((text) => (text === undefined ? null : choices.indexOf(text) + 1)), choices };
}

function slice(name) {
  const { choices } = places(name);
  const box = el("div", { class: "plot", role: "img", "aria-label": `${record.search.metric} of the trials by ${name}` });
  slices.push({ name, box });
  const which = choices.length ? [el("p", { class: "where" }, choices.map((text, at) => `${at + 1}: ${text || "–"}`).join(", "))] : [];
  return el("figure", { class: "chart" }, el("figcaption", {}, el("h4", {}, name)), box, ...which);
}

function drawSlices() {
  for (const { name, box } of slices) {
    const { x, choices } = places(name);
    const [low, high] = extent(x);
    const axis = { gridcolor: css("--line"), zeroline: false, exponentformat: "e", minexponent: 5, fixedrange: true };
    const along = choices.length ? { tickvals: choices.map((_, at) => at + 1), range: [0.5, choices.length + 0.5] } : {};
    const trace = (kept, color) => ({
      x: x.filter((_, at) => kept(record.search.trials[at])),
      y: record.search.trials.filter(kept).map(({ value }) => value),
      mode: "markers",
      marker: { size: 8, color: css("--paper"), line: { color: css(color), width: 2 } },
      hoverinfo: "x+y",
    });
    const traces = [
      trace(({ state }) => state !== "done", "--line"),
      trace(({ state, number }) => state === "done" && number !== record.search.best, "--line0"),
      trace(({ number }) => number === record.search.best, "--line1"),
    ];
    const layout = {
      height: 190,
      margin: { l: 52, r: 16, t: 8, b: 26 },
      font: { family: "system-ui, sans-serif", size: 12, color: css("--faint") },
      paper_bgcolor: css("--paper"),
      plot_bgcolor: css("--paper"),
      showlegend: false,
      dragmode: false,
      xaxis: { ...axis, ...along, ...(low > 0 && high >= DECADES * low && !choices.length ? { type: "log", dtick: 1, tickformat: "~g" } : { nticks: 5 }) },
      yaxis: { ...axis, nticks: 5 },
    };
    Plotly.react(box, traces, layout, CONFIG);
  }
}
