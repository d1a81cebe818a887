// What a picture is to have: attributes to switch on and off, beginning with those that the run sees in it.

import { choice, make } from "./dom.js";

/**
 * The attributes, 0 or 1, of a picture that is to have what is wanted and otherwise what its scores say, and the mask of those that its data
 * set knows: `change_attributes` and `known_attributes` of tfgan/attributes.py.
 */
export function changed(scores, wanted, { names, groups, sets }) {
  const wish = (name, otherwise) => (name in wanted ? Number(wanted[name]) : otherwise);
  const values = names.map((name, place) => Number(wish(name, scores[place]) > 0.5));
  for (const group of groups) {
    const places = group.map((name) => names.indexOf(name));
    const rank = group.map((name, own) => (wanted[name] ? 2 : name in wanted ? -1 : scores[places[own]]));
    const most = Math.max(...rank),
      sum = places.reduce((total, place) => total + scores[place], 0);
    for (const place of places) values[place] = 0;
    if (most > 1 || (most >= 0 && sum >= 0.5)) values[places[rank.indexOf(most)]] = 1;
  }
  const set = sets[home(Object.keys(wanted)[0] ?? names[0], sets)];
  const mask = Float32Array.from(names, (name) => Number(!set || set.includes(name)));
  return { values: Float32Array.from(values, (value, place) => value * mask[place]), mask };
}

/** The number of the data set that knows an attribute. */
function home(name, sets) {
  return Math.max(
    sets.findIndex((set) => set.includes(name)),
    0,
  );
}

export class Attributes {
  /** `names`, `groups` of names that exclude each other, `sets` of names that joined data sets know; see tfgan/attributes.py. */
  constructor({ names, groups, sets, change }) {
    Object.assign(this, { names, groups, sets, change });
    this.scores = names.map(() => 0);
    this.wanted = {};
    const grouped = new Set(groups.flat());
    this.toggles = new Map(
      names
        .filter((name) => !grouped.has(name))
        .map((name) => [name, make("button", { type: "button", on: { click: () => this.toggle(name) } }, name)]),
    );
    this.choices = groups.map((group) =>
      choice(
        "one of",
        group.map((name) => [name, name]),
        "",
        (name) => this.pick(group, name),
      ),
    );
    this.node = make(
      "div",
      { className: "attributes", role: "group", "aria-label": "Attributes" },
      ...this.choices,
      make("div", { className: "row" }, ...this.toggles.values()),
    );
    this.draw();
  }

  /** Takes the scores, 0 to 1 each, that the run gives another picture. What was wanted of the last one is wanted no more. */
  see(scores) {
    this.scores = Array.from(scores);
    this.wanted = {};
    this.draw();
  }

  toggle(name) {
    this.want({ [name]: !this.vector()[this.names.indexOf(name)] });
  }

  pick(group, name) {
    this.want(Object.fromEntries(group.map((other) => [other, other === name])));
  }

  /** No picture shows what two data sets know: a wish of another set takes the place of all before. */
  want(wishes) {
    const [name] = Object.keys(wishes),
      known = Object.keys(this.wanted);
    if (known.length && home(known[0], this.sets) !== home(name, this.sets)) this.wanted = {};
    Object.assign(this.wanted, wishes);
    this.draw();
    this.change();
  }

  mask() {
    return changed(this.scores, this.wanted, this).mask;
  }

  vector() {
    return changed(this.scores, this.wanted, this).values;
  }

  draw() {
    const values = this.vector(),
      has = (name) => Boolean(values[this.names.indexOf(name)]);
    for (const [name, node] of this.toggles) node.setAttribute("aria-pressed", has(name));
    this.groups.forEach((group, place) => (this.choices[place].value = group.find(has) ?? ""));
  }
}
