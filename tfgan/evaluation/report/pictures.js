/* Sample pictures over training, best and worst cases, and two pictures under one slider. */

const MANY = 6; // columns, from which on each is a line of its own on a phone

function image({ uri, width, height }, alt) {
  return el("img", { src: uri, width, height, alt });
}

/** A box that shows a part of a picture, as wide as there is room; `left`, `top`, `width` and `height` are pixels of the picture. */
function crop(picture, { left, top, width, height }, alt) {
  const img = el("img", { src: picture.uri, alt });
  const percent = (share) => `${100 * share}%`;
  Object.assign(img.style, {
    width: percent(picture.width / width),
    left: percent(-left / width),
    top: percent(-top / height),
  });
  const box = el("span", { class: "crop" }, img);
  box.style.aspectRatio = `${width} / ${height}`;
  return box;
}

/** The places of a column's images; of a picture whose places are not known, the whole of it. */
function cells({ places, width, height }, column) {
  if (!column) return [{ left: 0, top: 0, width, height }];
  return [...Array(column.rows).keys()].map((row) => ({
    left: column.left,
    top: column.top + row * places.pitch,
    width: places.width,
    height: places.height,
  }));
}

function samples() {
  const viewers = record.samples.map((list, run) => list.length && sampleViewer(list, run)).filter(Boolean);
  if (!viewers.length) return section("samples", "Sample pictures", ...missing("samples"));
  const together = el("input", { type: "checkbox", id: "together", checked: true });
  for (const viewer of viewers) {
    viewer.range.addEventListener("input", () => {
      const { epoch } = viewer.list[viewer.range.value];
      for (const other of together.checked ? viewers : []) if (other !== viewer) other.moveTo(epoch);
    });
  }
  const label = viewers.length > 1 ? [el("label", { class: "toolbar" }, together, "move the sliders together, by epoch")] : [];
  return section(
    "samples",
    "Sample pictures",
    ...label,
    el("div", { class: "viewers" }, ...viewers.map((viewer) => viewer.node)),
    ...missing("samples"),
  );
}

function sampleViewer(list, run) {
  const name = record.runs[run];
  const range = el("input", {
    type: "range",
    min: 0,
    max: list.length - 1,
    value: list.length - 1,
    "aria-label": `${name}: which sample picture`,
    input: show,
  });
  const label = el("output", {});
  const shown = el("div", {});
  let timer = 0;
  const play = el("button", { type: "button", click: toggle, disabled: list.length < 2 }, "play");

  function show() {
    const picture = list[range.value];
    const text = picture.label;
    shown.replaceChildren(...sampleColumns(picture, `Sample picture of ${name}, ${text}`));
    shown.className = picture.places ? `columns${picture.places.columns.length > MANY ? " many" : ""}` : "";
    shown.style.setProperty("--widest", `${picture.places?.width}px`);
    shown.style.setProperty("--count", picture.places?.columns.length);
    label.textContent = `${text} (${Number(range.value) + 1} of ${list.length})`;
    range.setAttribute("aria-valuetext", text);
  }
  function choose(place) {
    range.value = place;
    range.dispatchEvent(new Event("input"));
  }
  function toggle() {
    play.textContent = timer ? "play" : "stop";
    if (timer) timer = clearInterval(timer) ?? 0;
    else timer = setInterval(() => choose((Number(range.value) + 1) % list.length), 500);
  }
  function moveTo(epoch) {
    const distances = list.map((picture) => (epoch === null || picture.epoch === null ? Infinity : Math.abs(picture.epoch - epoch)));
    const nearest = distances.indexOf(Math.min(...distances));
    if (distances[nearest] < Infinity) {
      range.value = nearest;
      show();
    }
  }
  show();
  const caption = el(
    "figcaption",
    {},
    ...(several ? [el("h3", {}, runMark(run), name)] : []),
    el("div", { class: "slide" }, play, range, label),
  );
  return { list, range, moveTo, node: el("figure", { class: "viewer" }, caption, shown) };
}

/** The columns of a sample picture under their titles, which find their places side by side or below each other; or the picture whole. */
function sampleColumns(picture, alt) {
  if (!picture.places) return [image(picture, alt)];
  return picture.places.columns.map((column) =>
    el(
      "figure",
      { class: column.made ? "made" : "given" },
      el("figcaption", {}, column.title || "\u00a0"),
      el("div", { class: "cells" }, ...cells(picture, column).map((cell) => crop(picture, cell, `${alt}: ${column.title}`))),
    ),
  );
}

/** Best and worst cases of a run by a metric; each opens in the slider. */
function extremes(cases, run) {
  const metrics = [...new Set(cases.flatMap((one) => Object.keys(one.scores)))];
  const choice = el("select", { change: show, "aria-label": "metric" }, ...metrics.map((name) => el("option", { value: name }, name)));
  const list = el("div", {});
  function show() {
    const metric = choice.value;
    const higher = record.evaluation.higher[metric];
    const order = cases.filter((one) => metric in one.scores).sort((a, b) => a.scores[metric] - b.scores[metric]);
    const most = Math.min(4, Math.ceil(order.length / 2));
    const ends = [order.slice(0, most), order.slice(most).slice(-most).reverse()];
    const titles = higher === null ? ["lowest", "highest"] : higher ? ["worst", "best"] : ["best", "worst"];
    const rows = ends.map((end, place) => [titles[place], end]);
    if (higher !== false) rows.reverse();
    list.replaceChildren(
      ...rows.flatMap(([title, end]) => [
        el("h4", {}, title),
        el("div", { class: "cases" }, ...end.map((one) => caseCard(one, metric, run))),
      ]),
    );
  }
  show();
  const title = el("h3", {}, ...(several ? [runMark(run), `${record.runs[run]}: `] : []), "Best and worst by ", choice);
  return el("div", { class: "extremes" }, title, list);
}

function caseCard(one, metric, run) {
  const shown = ["input", "result", "truth"].filter((what) => what in one.images);
  const thumbs = shown.map((what) => el("span", {}, image(one.images[what], `${what} of ${one.name}`), el("small", {}, what)));
  const text = [el("b", {}, one.name), ` ${metric} ${figure(one.scores[metric])}`];
  if (!shown.length) return el("p", { class: "case" }, ...text);
  const open = () => {
    compare.choose(caseKey(one));
    document.getElementById("compare").scrollIntoView();
  };
  return el(
    "button",
    { type: "button", class: "case", click: open, title: "compare in the slider" },
    el("span", { class: "thumbs" }, ...thumbs),
    el("span", {}, ...text),
  );
}

function caseKey(one) {
  return `case ${one.name}`;
}

const SAMPLES = "sample pictures";
const LEAST_WIDTH = 448; // pixels of a single picture in the slider; smaller ones are enlarged

/** What the slider can compare: title -> [{label, run, picture, cells}], first of the samples what networks made, each column apart. */
function comparisons() {
  const sets = new Map();
  const add = (title, entry) => sets.set(title, [...(sets.get(title) ?? []), entry]);
  record.samples.forEach((list, run) => {
    for (const picture of list) {
      const label = several ? `${record.runs[run]}, ${picture.label}` : picture.label;
      for (const [title, columns] of madeColumns(picture)) {
        add(title, { label, run, picture, cells: columns.flatMap((column) => cells(picture, column)) });
      }
    }
  });
  record.evaluation.cases.forEach((cases, run) => {
    for (const one of cases) {
      for (const what of ["input", "result", "truth"].filter((what) => what in one.images)) {
        const picture = one.images[what];
        add(caseKey(one), { label: several ? `${what}, ${record.runs[run]}` : what, what, run, picture, cells: cells(picture) });
      }
    }
  });
  return new Map([...sets].filter(([, pictures]) => pictures.length > 1));
}

/** Title -> the columns that a network made; those without a title belong to the one before them. */
function madeColumns({ places }) {
  const found = new Map();
  let title = SAMPLES;
  for (const column of places?.columns ?? []) {
    title = column.title || title;
    if (column.made) found.set(title, [...(found.get(title) ?? []), column]);
  }
  return found.size ? found : new Map([[SAMPLES, [null]]]);
}

const compare = {
  sets: comparisons(),

  section() {
    if (!this.sets.size) return section("compare", "Before and after", el("p", {}, "There are no two pictures to compare."));
    const pick = (label) => el("select", { "aria-label": label, change: () => this.show() });
    this.set = el(
      "select",
      { id: "compare-set", "aria-label": "what to compare", change: () => this.choose(this.set.value) },
      ...[...this.sets.keys()].map((title) => el("option", { value: title }, title)),
    );
    [this.left, this.right] = [pick("left picture"), pick("right picture")];
    this.range = el("input", {
      type: "range",
      id: "compare-range",
      min: 0,
      max: 100,
      value: 50,
      "aria-label": "how much of the left picture is shown",
      input: () => this.clip(),
    });
    this.panes = el("div", { class: "panes" });
    const node = section(
      "compare",
      "Before and after",
      el("div", { class: "toolbar" }, this.set, el("span", { class: "sides" }, this.left, "|", this.right)),
      el("figure", { class: "compare" }, this.range, this.panes),
    );
    this.choose(this.set.value);
    return node;
  },

  choose(title) {
    this.set.value = title;
    const entries = this.sets.get(title);
    for (const side of [this.left, this.right]) {
      side.replaceChildren(...entries.map(({ label }, place) => el("option", { value: place }, label)));
    }
    const find = (wanted, otherwise) => {
      const place = entries.findIndex(({ what }) => what === wanted);
      return place < 0 ? otherwise : place;
    };
    const last = entries.length - 1;
    const lastOfFirst = entries.findLastIndex(({ run }) => run === entries[0].run);
    const overTraining = lastOfFirst === last ? 0 : lastOfFirst; // of several runs, the last pictures of two
    this.left.value = find("result", overTraining);
    this.right.value = find("truth", last);
    this.show();
  },

  show() {
    const entries = this.sets.get(this.set.value);
    const [left, right] = [entries[this.left.value], entries[this.right.value]];
    const count = Math.min(left.cells.length, right.cells.length);
    const part = (entry, place, kind) => {
      const box = crop(entry.picture, entry.cells[place], `${this.set.value}: ${entry.label}`);
      box.classList.add(kind);
      return box;
    };
    this.panes.replaceChildren(
      ...[...Array(count).keys()].map((place) =>
        el(
          "div",
          { class: "stage", pointerdown: (event) => this.drag(event), pointermove: (event) => event.buttons && this.drag(event) },
          part(right, place, "below"),
          part(left, place, "above"),
          el("span", { class: "edge", "aria-hidden": "true" }),
        ),
      ),
    );
    this.panes.classList.toggle("single", count === 1);
    this.panes.style.setProperty("--count", count);
    this.panes.style.setProperty("--width", `${count === 1 ? Math.max(right.cells[0].width, LEAST_WIDTH) : right.cells[0].width}px`);
    this.clip();
  },

  clip() {
    this.panes.style.setProperty("--left", `${this.range.value}%`);
  },

  drag(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.range.value = (100 * (event.clientX - box.left)) / box.width;
    this.clip();
    event.preventDefault();
  },
};
