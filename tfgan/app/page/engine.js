// The run's networks, in a worker, so that the page never waits for them.

import { words } from "./dom.js";
import { part, record } from "./parts.js";

const OLD = "This browser is too old for the page: Chrome or Edge from 91, Firefox from 113 and Safari from 16.4 can show it.";

export class Engine {
  name = "This browser";
  promise = "Pictures stay in this page: it sends nothing, and asks no server for anything.";

  /** Reads the parts that the networks need, and starts them. `progress` gets a share from 0 to 1, and what is being done. */
  static async load(progress) {
    if ([globalThis.WebAssembly, globalThis.DecompressionStream, globalThis.Worker].includes(undefined)) throw new Error(OLD);
    const names = ["worker.js", "runtime.wasm", ...record.models],
      parts = {},
      counts = {};
    const total = names.reduce((sum, name) => sum + record.parts[name], 0);
    const told = (name, count) => {
      counts[name] = count;
      progress((0.7 * Object.values(counts).reduce((sum, value) => sum + value)) / total, "Loading the runtime and the networks");
    };
    await Promise.all(
      names.map(async (name) => {
        parts[name] = await part(name, (count) => told(name, count));
        told(name, parts[name].length);
      }),
    );
    // Not by itself: LiteRT.js 2.5.3 runs a network on a graphics processor only if that takes all of its operations, which few networks' are.
    const engine = new Engine(parts),
      accelerator = location.hash === "#webgpu" ? "webgpu" : "wasm";
    await engine.start(accelerator, progress).catch(async (error) => {
      if (!(await engine.retreat(words(error), progress))) throw error;
    });
    return engine;
  }

  constructor(parts) {
    this.parts = parts;
  }

  /** Where the networks run, in words. */
  get where() {
    const on = this.accelerator === "webgpu" ? "WebGPU, on the graphics processor" : "WebAssembly, on the processor";
    return `by ${on}${this.left ? ` (WebGPU does not run these networks here: ${this.left})` : ""}`;
  }

  /** Starts the networks by WebAssembly, as on a graphics processor they do not run, for a `reason`; false if they run so already. */
  async retreat(reason, progress) {
    if (this.accelerator === "wasm") return false;
    this.left = reason;
    await this.start("wasm", progress);
    return true;
  }

  /** Starts the networks in a worker; `accelerator` is webgpu or wasm. One that ran before is ended. */
  async start(accelerator, progress = () => {}) {
    this.worker?.terminate();
    this.accelerator = accelerator;
    this.waiting = new Map();
    this.count = 0;
    const url = URL.createObjectURL(new Blob([this.parts["worker.js"]], { type: "text/javascript" }));
    this.worker = new Worker(url);
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.onerror = (event) => this.failed(event.message ?? "This browser starts no worker for the page.");
    progress(0.75, "Starting the networks");
    const models = Object.fromEntries(record.models.map((name) => [name, this.parts[name]]));
    await this.ask({ kind: "start", wasm: this.parts["runtime.wasm"], models, accelerator });
    URL.revokeObjectURL(url);
    progress(0.95, "Making the first picture");
  }

  /** The results of a function for inputs {name: {data, shape}}: {values}, which are floats. */
  run(name, inputs) {
    const { model, signature, output } = record.functions[name];
    return this.ask({ kind: "run", model, signature, inputs, output });
  }

  ask(message) {
    const id = (this.count += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...message });
    });
  }

  answered({ id, error, ...result }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(result);
  }

  failed(text) {
    for (const { reject } of this.waiting.values()) reject(new Error(text));
    this.waiting.clear();
  }
}
