// Shows what a network made, beside or before what it was made of.

import { button, make, save, slider } from "./dom.js";
import { asImage } from "./pixels.js";

export class Result {
  /** `file` is the name of a PNG that is saved; with `compares` a slider shows what the result was made of. */
  constructor({ name, height, width, file, compares = true }) {
    this.file = file;
    this.before = make("canvas", { width, height, className: "pixels before", "aria-hidden": "true" });
    this.after = make("canvas", { width, height, className: "after", role: "img" });
    this.after.setAttribute("aria-label", `${name}, made by the run`);
    this.stage = make("div", { className: "stage result" }, ...(compares ? [this.before] : []), this.after);
    this.took = make("span", { className: "took", role: "status" });
    const compare =
      compares &&
      slider("Compare", { min: 0, max: 100, step: 1, value: 0, change: (share) => this.compare(share), show: (share) => `${share} %` });
    const keep = button("Save PNG", () => this.after.toBlob((blob) => save(blob, this.file), "image/png"));
    this.node = make("div", {}, this.stage, make("div", { className: "row" }, compare || null, keep, this.took));
    this.compare(0);
    if (compares) this.listen(compare);
  }

  /** Hides the left share of the result, in percent, so that what is below shows. */
  compare(share) {
    this.stage.style.setProperty("--share", `${share}%`);
    this.stage.classList.toggle("compares", share > 0);
  }

  listen(compare) {
    const move = (event) => {
      const { left, width } = this.stage.getBoundingClientRect();
      compare.value = Math.round(Math.min(Math.max((100 * (event.clientX - left)) / width, 0), 100));
      this.compare(compare.value);
    };
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.setPointerCapture(event.pointerId);
      this.held = true;
      move(event);
    });
    this.stage.addEventListener("pointermove", (event) => this.held && move(event));
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, () => (this.held = false));
  }

  /** Shows pixels, and below them those that they were made of. */
  show(after, before, ms) {
    this.pixels = after;
    this.after.getContext("2d").putImageData(asImage(after), 0, 0);
    if (before) this.before.getContext("2d").putImageData(asImage(before), 0, 0);
    this.took.textContent = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  }
}

/** A button with a small picture of pixels. */
export function thumb(image, label, action) {
  const canvas = make("canvas", { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(asImage(image), 0, 0);
  return make("button", { type: "button", className: "thumb", "aria-label": label, title: label, on: { click: action } }, canvas);
}
