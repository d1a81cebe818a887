// Elements of the page, made in one expression each.

/** An element: `properties` are its properties, its attributes where it has no such property, and `on`, its listeners by event. */
export function make(tag, properties = {}, ...children) {
  const { on = {}, ...others } = properties;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(others)) {
    if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that says what it does. */
export function button(text, action, properties = {}) {
  return make("button", { type: "button", on: { click: action }, ...properties }, text);
}

let counted = 0;

/** A slider under its name, with its value beside; `node.value = x` moves it without calling `change`. */
export function slider(text, { min, max, step, value, change, show = (x) => x }) {
  const id = `slider${(counted += 1)}`;
  const shown = make("output", { htmlFor: id }, show(value));
  const input = make("input", { type: "range", id, min, max, step, value });
  const move = () => (shown.textContent = show(Number(input.value)));
  input.addEventListener("input", () => {
    move();
    change(Number(input.value));
  });
  const node = make("div", { className: "slider" }, make("label", { htmlFor: id }, text), input, shown);
  Object.defineProperty(node, "value", {
    get: () => Number(input.value),
    set: (next) => {
      input.value = next;
      move();
    },
  });
  return node;
}

/** Buttons of which one is pressed: `choices` are [value, content]; `node.value = x` presses another without calling `change`. */
export function choice(label, choices, value, change, properties = {}) {
  const node = make("div", { role: "radiogroup", "aria-label": label, className: "choice", ...properties });
  const buttons = choices.map(([own, content, about = {}]) =>
    make("button", { type: "button", role: "radio", ...about, on: { click: () => press(own, true) } }, content),
  );
  node.append(...buttons);
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const place = (choices.findIndex(([own]) => own === value) + step + choices.length) % choices.length;
    press(choices[place][0], true);
    buttons[place].focus();
  });
  function press(next, tell) {
    value = next;
    for (const [place, [own]] of choices.entries()) {
      buttons[place].setAttribute("aria-checked", own === next);
      buttons[place].tabIndex = own === next ? 0 : -1;
    }
    if (!choices.some(([own]) => own === next)) buttons[0].tabIndex = 0;
    if (tell) change(next);
  }
  press(value, false);
  Object.defineProperty(node, "value", { get: () => value, set: (next) => press(next, false) });
  return node;
}

/** Puts a file before the visitor. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** The words of an error, for the visitor. */
export function words(error) {
  return String(error?.message ?? error);
}
