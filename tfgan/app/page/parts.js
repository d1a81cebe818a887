// The parts that the page is made of beside its script: elements of the one file, or files beside the page.

/** The record of the run: what it makes of what, and what of that the page offers. */
export const record = JSON.parse(document.getElementById("record").textContent);

/** The bytes of the part called `name`. `progress` is told how many of them are there. */
export async function part(name, progress = () => {}) {
  const island = document.getElementById(`part:${name}`);
  return island ? unpacked(island) : fetched(name, progress);
}

/** What an element holds in base64, compressed by gzip; its text is given back, as it takes as much memory as the page. */
async function unpacked(island) {
  const text = atob(island.textContent);
  island.remove();
  const packed = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) packed[place] = text.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function fetched(name, progress) {
  if (location.protocol === "file:") {
    throw new Error("A browser reads no parts beside a page on a disk: put the folder on a web server, or use the page of one file.");
  }
  const response = await fetch(name);
  if (!response.ok) throw new Error(`The part ${name} is not beside the page: ${response.status}.`);
  const reader = response.body.getReader(),
    pieces = [];
  let count = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    progress((count += value.length));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
