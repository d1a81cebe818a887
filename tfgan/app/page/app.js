// The page: loads the run's networks, proves them against the run's own pictures, and shows what can be done with them.

import { choice, make, words } from "./dom.js";
import { Engine } from "./engine.js";
import { Generation } from "./generation.js";
import { part, record } from "./parts.js";
import { Translation } from "./translation.js";

const main = document.getElementById("app"),
  loading = document.getElementById("loading");
const trouble = document.getElementById("trouble");

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

function progress(share, text) {
  loading.querySelector("progress").value = share;
  loading.querySelector("p").textContent = text;
}

/** Whether a result is as near to the run's own as the export found it, with room for other rounding. */
function holds({ largest, mean }, { largest: bound, mean: most }) {
  return largest <= bound && mean <= most;
}

/** Proves every way, and again where the engine knows another place for its networks. Returns the proofs, and which one failed. */
async function prove(engine, ways) {
  for (;;) {
    try {
      const proofs = [];
      for (const way of ways) proofs.push(await way.prove());
      const failed = proofs.findIndex((proof, place) => !holds(proof, ways[place].way.bound));
      if (failed < 0 || !(await engine.retreat(`results differed by ${proofs[failed].largest} of 255`))) return { proofs, failed };
    } catch (error) {
      if (!(await engine.retreat(words(error)))) throw error;
    }
  }
}

function about(engine, ways, proofs) {
  const unit = (way, { largest }) => (way.way.target.map ? `${(100 * largest).toFixed(2)} % of pixels` : `${Number(largest.toPrecision(2))} of 255`);
  const found = proofs.map((proof, place) => `${ways[place].way.title}: ${unit(ways[place], proof)}`).join("; ");
  return [
    `${record.method} at step ${record.step}, ${record.precision}, ${engine.where}.`,
    `Largest difference from the run's own result of the first example, here: ${found}.`,
    engine.promise,
  ].join(" ");
}

function show(ways) {
  const panels = ways.map((way, place) => make("div", { id: `way${place}`, hidden: place > 0 }, way.node));
  const open = (place) => {
    panels.forEach((panel, number) => (panel.hidden = number !== place));
    if (!ways[place].done) ways[place].open();
  };
  const tabs =
    ways.length > 1 &&
    choice(
      "Direction",
      ways.map((way, place) => [place, way.way.title]),
      0,
      open,
      { className: "choice tabs" },
    );
  loading.remove();
  main.append(...(tabs ? [tabs] : []), ...panels);
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    const shown = ways[panels.findIndex((panel) => !panel.hidden)];
    if (file) shown.take?.(file);
  });
  open(0);
}

async function start() {
  const engine = await Engine.load(progress);
  const examples = await part("examples.bin");
  const kinds = { translate: Translation, generate: Generation };
  const ways = record.ways.map((way) => new kinds[way.kind](engine, way, examples, say));
  const { proofs, failed } = await prove(engine, ways);
  show(ways);
  document.getElementById("about").textContent = about(engine, ways, proofs);
  if (failed >= 0) {
    say(`${engine.name} computes ${ways[failed].way.title} in another way than the run: what it shows is not the run's result.`);
  }
  Object.assign(window, { tfgan: { engine, ways, proofs } }); // for tests, and for the curious
}

start().catch((error) => {
  loading.remove();
  say(`The run cannot be shown here. ${words(error)}`);
});
