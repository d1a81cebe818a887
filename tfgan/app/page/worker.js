// What runs in the worker, behind the runtime's own code, which gives `litert` and takes the bytes of its WebAssembly from `runtime`.

/* global litert, runtime */

const compiled = new Map();

async function start({ wasm, models, accelerator }) {
  runtime.wasm = wasm;
  await litert.loadLiteRt("runtime.js");
  for (const [name, bytes] of Object.entries(models)) {
    try {
      compiled.set(name, await litert.loadAndCompile(bytes, { accelerator }));
    } catch (error) {
      throw new Error(`${name} cannot be run (${accelerator}): ${error?.message ?? error}. ${runtime.complaints.join(" ")}`);
    }
  }
  return {};
}

async function run({ model, signature, inputs, output }) {
  const given = Object.fromEntries(Object.entries(inputs).map(([name, { data, shape }]) => [name, new litert.Tensor(data, shape)]));
  const network = compiled.get(model);
  const made = await (network.signatures[signature] ?? network).run(given);
  const tensor = made[output] ?? Object.values(made)[0];
  const values = Float32Array.from(await tensor.data());
  for (const other of [...Object.values(given), ...Object.values(made)]) other.delete();
  return { values };
}

async function answer({ id, kind, ...message }) {
  try {
    const result = await (kind === "start" ? start : run)(message);
    postMessage({ id, ...result }, result.values ? [result.values.buffer] : []);
  } catch (error) {
    postMessage({ id, error: String(error?.message ?? error) });
  }
}

let last = Promise.resolve();

onmessage = ({ data }) => {
  last = last.then(() => answer(data)); // one at a time, as they share the runtime's memory
};
