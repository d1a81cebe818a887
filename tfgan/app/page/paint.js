// Paints label maps: a canvas with tools, the run's palette, and all of it by keyboard too.

import { button, choice, make, save, slider } from "./dom.js";
import { asImage, painted } from "./pixels.js";
import { flood, line, rectangle, stamp } from "./strokes.js";

const TOOLS = [
  ["brush", "Brush", "B"],
  ["fill", "Fill", "F"],
  ["line", "Line", "L"],
  ["rectangle", "Rectangle", "R"],
];
const KEPT = 100; // steps that can be undone
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Painter {
  /** `classes` are {name, color}; `change` is called with the map, Int16Array of height × width, whenever it has become another. */
  constructor({ name, height, width, classes, change, file }) {
    Object.assign(this, { name, height, width, classes, change, file, tool: "brush", size: Math.max(1, Math.round(width / 12)) });
    this.map = new Int16Array(height * width);
    this.past = [];
    this.future = [];
    this.cell = [Math.floor(height / 2), Math.floor(width / 2)];
    this.chosen = Math.min(1, classes.length - 1);
    this.canvas = make("canvas", { width, height, className: "pixels", tabIndex: 0, role: "application" });
    this.canvas.setAttribute("aria-label", `${name}, to be painted on: arrow keys move, space paints`);
    this.cursor = make("div", { className: "cursor", hidden: true });
    this.spoken = make("div", { className: "spoken", role: "status" });
    this.node = make("div", { className: "painter" }, make("div", { className: "stage" }, this.canvas, this.cursor), this.spoken);
    this.tools = this.toolbox();
    this.listen();
    this.draw();
  }

  toolbox() {
    const keys = ([, text, key]) => ({ title: `${text} (${key})`, "aria-keyshortcuts": key });
    this.toolButtons = choice(
      "Tools",
      TOOLS.map((tool) => [tool[0], tool[1], keys(tool)]),
      this.tool,
      (tool) => (this.tool = tool),
    );
    this.sizeSlider = slider("Size", {
      min: 1,
      max: Math.max(2, Math.round(this.width / 3)),
      step: 1,
      value: this.size,
      change: (size) => this.resize(size),
    });
    this.undoButton = button("Undo", () => this.step(this.past, this.future), { title: "Undo (Ctrl+Z)", disabled: true });
    this.redoButton = button("Redo", () => this.step(this.future, this.past), { title: "Redo (Ctrl+Shift+Z)", disabled: true });
    this.files = make("span", { className: "row files" });
    const clear = button("Clear", () => this.edit(() => this.map.fill(this.chosen)), { title: "Fill all with the chosen class" });
    const keep = button("Save map", () => this.keep(), { title: "Save the label map in the colors of its classes, PNG" });
    this.palette = choice(
      "Classes",
      this.classes.map((own, index) => [index, this.swatch(own), { title: own.name }]),
      this.chosen,
      (index) => this.choose(index),
      {
        className: "choice palette",
      },
    );
    this.files.append(clear, keep);
    return make("section", { className: "card tools", "aria-label": "Tools" }, [
      make("div", { className: "row" }, this.toolButtons, this.undoButton, this.redoButton, this.sizeSlider, this.files),
      this.palette,
    ]);
  }

  swatch({ name, color }) {
    const sample = make("span", { className: "swatch" });
    sample.style.background = color;
    return make("span", { className: "class" }, sample, make("span", {}, name));
  }

  /** Shows another map, which can be undone; the first one of all cannot. */
  load(map) {
    this.edit(() => this.map.set(map));
    if (!this.loaded) this.past.length = 0;
    this.loaded = true;
    this.undoButton.disabled = !this.past.length;
  }

  /** Does one step that can be undone. */
  edit(work) {
    this.begin();
    work();
    this.end();
  }

  begin() {
    this.before = this.map.slice();
  }

  end() {
    if (this.before.some((value, place) => value !== this.map[place])) {
      this.past.push(this.before);
      if (this.past.length > KEPT) this.past.shift();
      this.future.length = 0;
    }
    this.changed();
  }

  step(from, to) {
    if (!from.length) return;
    to.push(this.map.slice());
    this.map.set(from.pop());
    this.changed();
  }

  changed() {
    this.undoButton.disabled = !this.past.length;
    this.redoButton.disabled = !this.future.length;
    this.draw();
    this.change(this.map);
  }

  draw() {
    this.canvas.getContext("2d").putImageData(asImage(painted(this.map, this.classes, this.height, this.width)), 0, 0);
  }

  keep() {
    this.canvas.toBlob((blob) => save(blob, this.file), "image/png");
  }

  choose(index) {
    this.chosen = index;
    this.palette.value = index;
    this.cursor.style.setProperty("--color", this.classes[index].color);
  }

  resize(size) {
    this.size = Math.min(Math.max(size, 1), Math.max(2, Math.round(this.width / 3)));
    this.sizeSlider.value = this.size;
    this.move(this.cell);
  }

  /** Puts the cursor on a cell. */
  move([row, column]) {
    this.cell = [Math.min(Math.max(row, 0), this.height - 1), Math.min(Math.max(column, 0), this.width - 1)];
    const size = this.tool === "brush" || this.tool === "line" ? this.size : 1;
    const off = size % 2 ? 0.5 : 1;
    Object.assign(this.cursor.style, {
      left: `${(100 * (this.cell[1] + off)) / this.width}%`,
      top: `${(100 * (this.cell[0] + off)) / this.height}%`,
      width: `${(100 * size) / this.width}%`,
      height: `${(100 * size) / this.height}%`,
    });
  }

  /** Begins what the tool does at a cell. */
  press(cell) {
    this.begin();
    this.from = this.last = cell;
    this.drag(cell);
  }

  /** Goes on with it to another cell. */
  drag(cell) {
    if (this.tool === "brush") stamp(this, line(this.last, cell), this.size, this.chosen);
    else if (this.tool === "fill") flood(this, cell, this.chosen);
    else {
      this.map.set(this.before);
      if (this.tool === "line") stamp(this, line(this.from, cell), this.size, this.chosen);
      else rectangle(this, this.from, cell, this.chosen);
    }
    this.last = cell;
    this.draw();
    this.change(this.map);
  }

  release() {
    this.from = null;
    this.end();
  }

  at(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [Math.floor(((event.clientY - top) / height) * this.height), Math.floor(((event.clientX - left) / width) * this.width)];
  }

  listen() {
    const inside = ([row, column]) => row >= 0 && row < this.height && column >= 0 && column < this.width;
    this.canvas.addEventListener("pointerdown", (event) => {
      const cell = this.at(event);
      if (event.button || !inside(cell)) return;
      if (event.altKey) return this.choose(Math.max(this.map[cell[0] * this.width + cell[1]], 0));
      this.canvas.setPointerCapture(event.pointerId);
      this.move(cell);
      this.press(cell);
      this.dragging = true;
    });
    this.canvas.addEventListener("pointermove", (event) => {
      this.move(this.at(event));
      this.cursor.hidden = event.pointerType === "touch";
      if (!this.dragging) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.drag(this.tool === "fill" ? this.cell : this.at(part));
    });
    const up = () => {
      if (this.dragging) this.release();
      this.dragging = false;
    };
    this.canvas.addEventListener("pointerup", up);
    this.canvas.addEventListener("pointercancel", up);
    this.canvas.addEventListener("pointerleave", () => (this.cursor.hidden = document.activeElement !== this.canvas));
    this.canvas.addEventListener("focus", () => (this.cursor.hidden = !this.canvas.matches(":focus-visible")));
    this.canvas.addEventListener("blur", () => (this.cursor.hidden = true));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.choose(this.chosen);
    this.move(this.cell);
  }

  /** Keys: arrows move, with Shift by eight cells; space and Enter paint, and begin and end a line or a rectangle; Escape gives one up. */
  key(event) {
    const tool = TOOLS.find(([, , key]) => key === event.key.toUpperCase());
    if ((event.ctrlKey || event.metaKey) && "zy".includes(event.key.toLowerCase())) {
      if (event.key.toLowerCase() === "y" || event.shiftKey) this.step(this.future, this.past);
      else this.step(this.past, this.future);
    } else if (event.ctrlKey || event.metaKey) return;
    else if (STEPS[event.key]) {
      const far = event.shiftKey ? 8 : 1;
      this.move(this.cell.map((value, place) => value + far * STEPS[event.key][place]));
      this.cursor.hidden = false;
      if (this.from) this.drag(this.cell);
      this.say();
    } else if (event.key === " " || event.key === "Enter") this.strike();
    else if (event.key === "Escape" && this.from) {
      this.map.set(this.before);
      this.release();
    } else if (tool) this.toolButtons.value = this.tool = tool[0];
    else if (event.key === "[" || event.key === "]") this.resize(this.size + (event.key === "]" ? 1 : -1));
    else if (/^[1-9]$/.test(event.key) && event.key <= this.classes.length) this.choose(event.key - 1);
    else return;
    event.preventDefault();
  }

  strike() {
    const begins = !this.from;
    if (begins) this.press(this.cell);
    if (begins && (this.tool === "line" || this.tool === "rectangle")) return; // the second strike ends it
    this.release();
    this.say();
  }

  say() {
    const [row, column] = this.cell,
      found = this.classes[this.map[row * this.width + column]];
    this.spoken.textContent = `row ${row + 1}, column ${column + 1}: ${found?.name ?? "no class"}`;
  }
}
