// Sliders for a vector of noise, eight of its numbers at a time, and the seed that it is drawn from.

import { button, make, slider } from "./dom.js";
import { latents } from "./noise.js";

const AT_ONCE = 8,
  LARGEST_SEED = 2 ** 31 - 1;

/** A field for a seed, and a button for another one; `node.value = x` changes it without calling `change`. */
export function seedField(text, value, change) {
  const input = make("input", { type: "number", min: 0, max: LARGEST_SEED, step: 1, value, on: { input: () => tell() } });
  const tell = () => input.value !== "" && input.checkValidity() && change(Number(input.value));
  const draw = button("New", () => {
    input.value = crypto.getRandomValues(new Uint32Array(1))[0] % 100000;
    tell();
  });
  const node = make("div", { className: "seed" }, make("label", {}, make("span", {}, text), input), draw);
  Object.defineProperty(node, "value", { get: () => Number(input.value), set: (next) => (input.value = next) });
  return node;
}

export class Latents {
  /** `change` is called with no argument when `vector` has become another. */
  constructor({ length, prior, change }) {
    Object.assign(this, { length, prior, change, first: 0 });
    this.vector = new Float32Array(length);
    this.sliders = make("div", { className: "sliders" });
    this.where = make("span", { className: "hint" });
    const pager =
      length > AT_ONCE &&
      make("div", { className: "row" }, [
        button("‹", () => this.page(-AT_ONCE), { "aria-label": "earlier numbers" }),
        this.where,
        button("›", () => this.page(AT_ONCE), { "aria-label": "later numbers" }),
      ]);
    this.node = make("div", { className: "latents" }, this.sliders, pager || null);
    this.page(0);
  }

  draw(seed) {
    this.set(latents(seed, this.length, this.prior));
  }

  set(vector) {
    this.vector = Float32Array.from(vector);
    this.page(0);
  }

  page(step) {
    const last = Math.floor((this.length - 1) / AT_ONCE) * AT_ONCE;
    this.first = Math.min(Math.max(this.first + step, 0), last);
    const numbers = Array.from({ length: Math.min(AT_ONCE, this.length - this.first) }, (_, place) => this.first + place);
    const reach = this.prior === "normal" ? 3 : 1;
    this.sliders.replaceChildren(
      ...numbers.map((place) =>
        slider(`z ${place + 1}`, {
          min: -reach,
          max: reach,
          step: 0.01,
          value: this.vector[place],
          show: (value) => (Math.round(100 * value) / 100 || 0).toFixed(2), // no -0.00
          change: (value) => {
            this.vector[place] = value;
            this.change();
          },
        }),
      ),
    );
    this.where.textContent = `${this.first + 1}–${this.first + numbers.length} of ${this.length}`;
  }
}
