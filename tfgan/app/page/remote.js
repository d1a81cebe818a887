// The run's networks, on the server that the page comes from: what `parts` and `engine` are for a page that brings its networks.

import { make } from "./dom.js";

/** The record of the run: what it makes of what, and what of that the page offers. */
export let record;

let asking = null;

/** Asks the visitor for the server's token, once for all requests that wait for it. */
function login() {
  asking ??= new Promise((done) => {
    const input = make("input", { type: "password", autocomplete: "off", required: true });
    const form = make(
      "form",
      { method: "dialog" },
      make("p", {}, "This server asks for its token."),
      make("div", { className: "row" }, make("label", {}, "Token ", input), make("button", {}, "Go on")),
    );
    const dialog = make("dialog", {}, form);
    dialog.addEventListener("close", () => {
      sessionStorage.setItem("token", input.value.replace(/[^\x21-\x7e]/g, "")); // what a header can hold
      dialog.remove();
      asking = null;
      done();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** The server's answer to a request for what lies below the page. */
async function ask(name, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(`${location.pathname}/${name}`, { ...options, headers }).catch(() => {
    throw new Error("The server does not answer.");
  });
  if (response.status === 401) {
    await login();
    return ask(name, options);
  }
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    throw new Error(`The server says: ${error ?? response.status}`);
  }
  return response;
}

/** The bytes of the part called `name`. */
export async function part(name) {
  return new Uint8Array(await (await ask(name)).arrayBuffer());
}

export class Engine {
  name = "The server";
  where = `by the server at ${location.host}`;
  promise = "Pictures go to this server, which keeps none, and nowhere else.";

  /** Asks what the run can do. `progress` gets a share from 0 to 1, and what is being done. */
  static async load(progress) {
    progress(0.3, "Asking the server for the run");
    record = await (await ask("record.json")).json();
    document.title = document.querySelector("h1").textContent = record.title;
    document.querySelector("header p").textContent = record.subtitle;
    progress(0.9, "Making the first picture");
    return new Engine();
  }

  /** Whether the networks were started elsewhere, as they do not run here: there is no other place. */
  async retreat() {
    return false;
  }

  /** The results of a function for inputs {name: {data, shape}}: {values}, which are floats. */
  async run(name, inputs) {
    const body = new Blob(record.functions[name].inputs.map((key) => inputs[key].data));
    return { values: new Float32Array(await (await ask(`run/${name}`, { method: "POST", body })).arrayBuffer()) };
  }
}
