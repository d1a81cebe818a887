"use strict";

/* Text and tables. All that comes from a run goes through el(), as text: nothing of it is ever read as HTML. */

const record = JSON.parse(document.getElementById("record").textContent);
const several = record.runs.length > 1;

/** An element; attributes that are functions listen to the event of their name, those that are false are left out. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function section(id, title, ...children) {
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
}

/** Four digits of a number; large ones whole. */
function figure(value) {
  if (value === null || value === undefined) return "–";
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) return value.toExponential(2);
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}

/** A sentence with commands between backticks. */
function sentence(text) {
  return text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));
}

/** For each run that lacks a part, what makes it. */
function missing(part) {
  return record.missing.flatMap((texts, run) =>
    texts[part] ? [el("p", {}, several ? `${record.runs[run]}: ` : "", ...sentence(texts[part]))] : [],
  );
}

function noteList(lines) {
  return lines.length
    ? [el("ul", { class: "notes" }, ...lines.map(([run, text]) => el("li", {}, several ? `${record.runs[run]}: ` : "", ...sentence(text))))]
    : [];
}

function runMark(run) {
  return el("i", { class: `swatch line${run % 8}`, "aria-hidden": "true" });
}

function runHeads(always) {
  return several || always ? record.runs.map((name, run) => el("th", { scope: "col" }, several ? runMark(run) : "", name)) : [];
}

/** A table in a box that scrolls sideways; rows are [head, cells]. */
function table(corner, heads, rows, kind = "") {
  const head = heads.length ? [el("thead", {}, el("tr", {}, el("th", { scope: "col" }, corner), ...heads))] : [];
  const body = rows.map(([name, cells]) => el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((cell) => el("td", {}, cell))));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": corner },
    el("table", { class: kind }, ...head, el("tbody", {}, ...body)),
  );
}

function overview() {
  const notes = record.notes.flatMap((own, run) => own.map((text) => [run, text]));
  return section(
    "overview",
    "Overview",
    table(several ? "run" : "overview", runHeads(false), record.facts),
    ...(several ? [el("h3", {}, "Settings that differ"), differing()] : []),
    ...noteList(notes),
  );
}

function differing() {
  if (!record.differing.length) return el("p", {}, "The runs have the same settings.");
  return table("setting", runHeads(true), record.differing, "differing");
}

function settingsTables() {
  const heads = [...runHeads(true), el("th", { scope: "col" }, "default")];
  if (!several) heads[0] = el("th", { scope: "col" }, "value");
  const known = record.changed.length || record.repeat.some(({ command }) => command.length);
  const changed = record.changed.length
    ? [table("setting", heads, record.changed, "changed")]
    : [el("p", {}, known ? "All settings are at their defaults." : "Which settings differ from the defaults is not known.")];
  const parts = record.settings.map(([title, rows]) =>
    el("details", {}, el("summary", {}, title), table(title, runHeads(false), rows, "settings")),
  );
  return section(
    "settings",
    "Settings",
    el("h3", {}, "What differs from the defaults"),
    ...changed,
    el("h3", {}, "The command that repeats the run"),
    ...record.repeat.flatMap(commandBox),
    el("h3", {}, "All settings"),
    ...parts,
  );
}

/** A run's command, to be copied whole; lines are broken between its words. */
function commandBox({ command, remark }, run) {
  const name = several ? [el("h4", {}, runMark(run), record.runs[run])] : [];
  const words = command.flatMap((word) => [" ", el("span", {}, word)]).slice(1);
  const box = command.length ? [el("pre", { class: "command", tabindex: "0" }, ...words)] : [];
  return [...name, ...box, el("p", { class: "where" }, ...sentence(remark))];
}

function alarms() {
  const parts = record.alarms.flatMap((list, run) => {
    if (list === null) return [];
    const name = several ? [el("h3", {}, runMark(run), record.runs[run])] : [];
    return [...name, list.length ? el("ul", { class: "alarms" }, ...list.map(alarm)) : el("p", {}, "No alarm was raised.")];
  });
  return section("alarms", "Alarms", ...parts, ...missing("alarms"));
}

function alarm({ step, epoch, alarm, message, flag }) {
  const where = `step ${figure(step)}${epoch === null ? "" : `, epoch ${figure(epoch)}`}`;
  const cure = flag ? [el("p", {}, "Try ", el("code", {}, flag))] : [];
  return el("li", {}, el("strong", {}, alarm.replaceAll("_", " ")), el("span", { class: "where" }, where), el("p", {}, message), ...cure);
}

function evaluation() {
  const { metrics, about, stamps, unlike, differences, earlier, cases } = record.evaluation;
  const done = about.map((result, run) => ({ result, run })).filter(({ result }) => result);
  if (!done.length) return section("evaluation", "Evaluation", ...missing("evaluation"));
  const made = ({ result, run }) =>
    `${several ? `${record.runs[run]}: ` : ""}${result.step === null ? "" : `step ${figure(result.step)}, `}measured ${result.made.slice(0, 16).replace("T", " ")}`;
  const warnings = done.flatMap(({ result, run }) => result.warnings.map((text) => [run, text]));
  return section(
    "evaluation",
    "Evaluation",
    el("p", { class: "where" }, done.map(made).join(" · ")),
    metricTable(metrics),
    ...differences.flatMap(chanceTable),
    ...noteList(warnings),
    ...missing("evaluation"),
    ...(unlike.length ? [el("h3", {}, "Measured differently"), unlikeNote(), table("measured", runHeads(true), unlike, "differing")] : []),
    el("details", {}, el("summary", {}, "How it was measured"), table("measured", runHeads(false), stamps, "settings")),
    ...earlier.flatMap(earlierResults),
    ...cases.flatMap((list, run) => (list.some((one) => Object.keys(one.scores).length) ? [extremes(list, run)] : [])),
  );
}

function unlikeNote() {
  return el("p", {}, "Figures that depend on these must not be compared: evaluate the runs in one command.");
}

/** Value, interval and real images' value; the best of several runs is bold if all measured it alike. */
function metricTable(metrics) {
  const rows = metrics.map(({ name, higher, unlike, cells }) => {
    const values = cells.filter(Boolean).map((cell) => cell.value);
    const best = values.length > 1 && higher !== null && !unlike ? Math[higher ? "max" : "min"](...values) : null;
    const real = cells.find((cell) => cell && cell.real !== undefined);
    const shown = cells.map((cell) => (cell ? measured(cell, cell.value === best) : "–"));
    return [`${name}${higher === null ? "" : higher ? " ↑" : " ↓"}`, [...shown, real ? figure(real.real) : "–"]];
  });
  const heads = several ? runHeads(true) : [el("th", { scope: "col" }, "value")];
  return table("metric", [...heads, el("th", { scope: "col" }, "real images")], rows, "metrics");
}

/** Whether a run differs from the first one by more than chance, image by image. */
function chanceTable({ run, less, rows }) {
  const signed = (value) => `${value < 0 ? "−" : "+"}${figure(Math.abs(value))}`;
  const heads = ["difference", "95 % interval", "images", "more than chance?"].map((name) => el("th", { scope: "col" }, name));
  const cells = rows.map(({ metric, mean, low, high, images, verdict }) => [
    metric,
    [signed(mean), `${signed(low)} to ${signed(high)}`, images, verdict === "no more than chance" ? "no" : `yes, ${verdict}`],
  ]);
  return [
    el("h3", {}, runMark(run), record.runs[run], " less ", runMark(less), record.runs[less]),
    el("p", { class: "where" }, "Image by image, by the paired bootstrap. It speaks of these checkpoints: what another seed changes, only several runs tell."),
    table("metric", heads, cells, "metrics"),
  ];
}

function measured({ value, low, high }, best) {
  const interval = low === undefined || high === undefined ? [] : [el("small", {}, ` ${figure(low)} to ${figure(high)}`)];
  return el("span", {}, el(best ? "strong" : "span", {}, figure(value)), ...interval);
}

function earlierResults(results, run) {
  if (!results.length) return [];
  const names = [...new Set(results.flatMap((result) => Object.keys(result.metrics)))];
  const heads = ["measured", ...names].map((name) => el("th", { scope: "col" }, name));
  const rows = results.map(({ step, made, metrics }) => [
    figure(step),
    [made.slice(0, 16).replace("T", " "), ...names.map((name) => figure(metrics[name]))],
  ]);
  const title = `Earlier evaluations${several ? ` of ${record.runs[run]}` : ""}`;
  return [el("details", {}, el("summary", {}, title), table("step", heads, rows.reverse(), "metrics"))];
}
