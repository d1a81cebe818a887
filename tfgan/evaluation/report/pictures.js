/* Sample pictures over training, best and worst cases, and two pictures under one slider. */

function image({ uri, width, height }, alt) {
  return el("img", { src: uri, width, height, alt });
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
  const shown = image(list.at(-1), "");
  let timer = 0;
  const play = el("button", { type: "button", click: toggle, disabled: list.length < 2 }, "play");

  function show() {
    const { uri, width, height, label: text } = list[range.value];
    Object.assign(shown, { src: uri, width, height, alt: `Sample picture of ${name}, ${text}` });
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
    { type: "button", class: "case", click: open, title: "compare in the slider below" },
    el("span", { class: "thumbs" }, ...thumbs),
    el("span", {}, ...text),
  );
}

function caseKey(one) {
  return `case ${one.name}`;
}

const SAMPLES = "sample pictures";
const LEAST_WIDTH = 448; // pixels of the slider's pictures; smaller ones are enlarged

/** What the slider can compare: title -> [{label, picture}]. */
function comparisons() {
  const sets = new Map();
  const add = (title, label, picture) => sets.set(title, [...(sets.get(title) ?? []), { label, picture }]);
  record.evaluation.cases.forEach((cases, run) => {
    for (const one of cases) {
      for (const what of ["input", "result", "truth"].filter((what) => what in one.images)) {
        add(caseKey(one), several ? `${what}, ${record.runs[run]}` : what, one.images[what]);
      }
    }
  });
  record.samples.forEach((list, run) => {
    for (const picture of list) add(SAMPLES, several ? `${record.runs[run]}, ${picture.label}` : picture.label, picture);
  });
  return new Map([...sets].filter(([, pictures]) => pictures.length > 1));
}

const compare = {
  sets: comparisons(),

  section() {
    if (!this.sets.size) return section("compare", "Before and after", el("p", {}, "There are no two pictures to compare."));
    const option = ({ label }, place) => el("option", { value: place }, label);
    const pick = (label) => el("select", { "aria-label": label, change: () => this.show() });
    this.set = el(
      "select",
      { id: "compare-set", "aria-label": "what to compare", change: () => this.choose(this.set.value) },
      ...[...this.sets.keys()].map((title) => el("option", { value: title }, title)),
    );
    [this.left, this.right] = [pick("left picture"), pick("right picture")];
    this.options = () => this.sets.get(this.set.value).map(option);
    this.images = [el("img", { class: "below" }), el("img", { class: "above" })];
    this.range = el("input", {
      type: "range",
      id: "compare-range",
      min: 0,
      max: 100,
      value: 50,
      "aria-label": "how much of the left picture is shown",
      input: () => this.clip(),
    });
    this.edge = el("span", { class: "edge", "aria-hidden": "true" });
    this.stage = el(
      "div",
      { class: "stage", pointerdown: (event) => this.drag(event), pointermove: (event) => event.buttons && this.drag(event) },
      ...this.images,
      this.edge,
    );
    const node = section(
      "compare",
      "Before and after",
      el("div", { class: "toolbar" }, this.set, this.left, "|", this.right),
      el("figure", { class: "compare" }, this.stage, this.range),
    );
    this.choose(this.set.value);
    return node;
  },

  choose(title) {
    this.set.value = title;
    for (const side of [this.left, this.right]) side.replaceChildren(...this.options());
    const labels = this.sets.get(title).map(({ label }) => label);
    const find = (what, otherwise) =>
      Math.max(
        labels.findIndex((label) => label.startsWith(what)),
        otherwise,
      );
    const lastOfFirst = record.samples[0].length - 1;
    this.left.value = title !== SAMPLES ? find("result", 0) : several ? Math.max(lastOfFirst, 0) : 0;
    this.right.value = title !== SAMPLES ? find("truth", 0) : labels.length - 1;
    this.show();
  },

  show() {
    const pictures = this.sets.get(this.set.value);
    const [left, right] = [pictures[this.left.value], pictures[this.right.value]];
    const put = (node, { label, picture }) =>
      Object.assign(node, { src: picture.uri, width: picture.width, height: picture.height, alt: `${this.set.value}: ${label}` });
    put(this.images[0], right);
    put(this.images[1], left);
    this.stage.style.width = `${Math.max(right.picture.width, LEAST_WIDTH)}px`;
    this.clip();
  },

  clip() {
    this.images[1].style.clipPath = `inset(0 ${100 - this.range.value}% 0 0)`;
    this.edge.style.left = `${this.range.value}%`;
  },

  drag(event) {
    const box = this.stage.getBoundingClientRect();
    this.range.value = (100 * (event.clientX - box.left)) / box.width;
    this.clip();
    event.preventDefault();
  },
};
