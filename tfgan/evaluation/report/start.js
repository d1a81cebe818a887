/* Puts the sections together. */

const first = [samples(), overview()];
// Facts stand beside pictures that leave room for them.
const wide = record.samples.some((list) => list.some(({ places }) => places?.columns.length > 5));
const trial = record.search ? [trials()] : [];
const parts = [...trial, ...first, compare.section(), alarms(), curves(), evaluation(), settingsTables()];
const links = parts.map((part) => el("a", { href: `#${part.id}` }, part.querySelector("h2").textContent));

document
  .getElementById("page")
  .append(
    el(
      "header",
      {},
      el("h1", {}, record.title),
      el("p", { class: "where" }, `tfgan ${record.version}, report of ${record.made}`),
      el("nav", { "aria-label": "sections" }, ...links),
    ),
    el("main", {}, ...trial, el("div", { class: several || wide ? "" : "first" }, ...first), ...parts.slice(trial.length + first.length)),
  );
start();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
