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

/** Proves every way; what does not hold on a graphics processor is done by WebAssembly. Returns the proofs. */
async function prove(engine, ways) {
  for (;;) {
    try {
      const proofs = [];
      for (const way of ways) proofs.push(await way.prove());
      const failed = proofs.findIndex((proof, place) => !holds(proof, ways[place].way.bound));
      if (failed < 0 || engine.accelerator === "wasm") return { proofs, failed };
      engine.left = `results differed by ${proofs[failed].largest} of 255`;
    } catch (error) {
      if (engine.accelerator === "wasm") throw error;
      engine.left = words(error);
    }
    await engine.start("wasm");
  }
}

function about(engine, ways, proofs) {
  const on = engine.accelerator === "webgpu" ? "WebGPU, on the graphics processor" : "WebAssembly, on the processor";
  const unit = (way, { largest }) => (way.way.target.map ? `${(100 * largest).toFixed(2)} % of pixels` : `${largest} of 255`);
  const found = proofs.map((proof, place) => `${ways[place].way.title}: ${unit(ways[place], proof)}`).join("; ");
  return [
    `${record.method} at step ${record.step}, ${record.precision}, by ${on}${engine.left ? ` (WebGPU does not run these networks here: ${engine.left})` : ""}.`,
    `Largest difference from the run's own result of the first example, here: ${found}.`,
    "Pictures stay in this page: it sends nothing, and asks no server for anything.",
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
  // Not by itself: LiteRT.js 2.5.3 runs a network on a graphics processor only if that takes all of its operations, which few networks' are.
  const accelerator = location.hash === "#webgpu" ? "webgpu" : "wasm";
  const engine = await Engine.load(progress);
  await engine.start(accelerator, progress).catch((error) => {
    if (accelerator === "wasm") throw error;
    engine.left = words(error);
    return engine.start("wasm", progress);
  });
  const examples = await part("examples.bin");
  const kinds = { translate: Translation, generate: Generation };
  const ways = record.ways.map((way) => new kinds[way.kind](engine, way, examples, say));
  const { proofs, failed } = await prove(engine, ways);
  show(ways);
  document.getElementById("about").textContent = about(engine, ways, proofs);
  if (failed >= 0) {
    say(`This browser computes ${ways[failed].way.title} in another way than the run: what it shows is not the run's result.`);
  }
  Object.assign(window, { tfgan: { engine, ways, proofs } }); // for tests, and for the curious
}

start().catch((error) => {
  loading.remove();
  say(`The run cannot be shown here. ${words(error)}`);
});
