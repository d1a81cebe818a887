// Pictures that the visitor brings: dropped, pasted, opened, or seen by a camera.

import { button, make, words } from "./dom.js";
import { asImage, fit, fromImage } from "./pixels.js";

const MOST_PIXELS = 2 ** 25; // of a picture that is held whole

/** The pixels of a picture's file, turned as the file says. */
export async function decode(blob, channels) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Error(`${blob.name ?? "This"} is no picture that this browser reads: use PNG, JPEG or WebP.`);
  }
  const share = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)));
  const image = drawn(bitmap, Math.max(1, Math.round(bitmap.width * share)), Math.max(1, Math.round(bitmap.height * share)));
  bitmap.close();
  return fromImage(image, channels);
}

function drawn(source, width, height) {
  const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Makes `target` take pictures that are dropped on it; `take` gets the file. */
export function takesDrops(target, take) {
  const over = (on) => target.classList.toggle("over", on);
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  target.addEventListener("dragleave", () => over(false));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

/** A button that opens a picture's file. */
export function opener(text, take) {
  const input = make("input", {
    type: "file",
    accept: "image/*",
    hidden: true,
    on: { change: () => input.files[0] && take(input.files[0]) },
  });
  input.addEventListener("click", () => (input.value = "")); // the same file can be opened again
  return make(
    "span",
    {},
    input,
    button(text, () => input.click()),
  );
}

export class Pictures {
  /** `change` is called with pixels at the network's size whenever there are others; `say` with what went wrong, or "". */
  constructor({ name, size, channels, how, nearest, change, say }) {
    Object.assign(this, { name, size, channels, how, nearest, change, say });
    const [height, width] = size;
    this.canvas = make("canvas", { width, height, role: "img" });
    this.canvas.setAttribute("aria-label", `${name}, to be translated`);
    const hint = make("p", { className: "hint" }, "Drop a picture here, or paste one.");
    this.stage = make("div", { className: "stage" }, this.canvas);
    this.cameraButton = button("Camera", () => this.toggleCamera(), { "aria-pressed": "false" });
    this.node = make(
      "div",
      {},
      this.stage,
      make(
        "div",
        { className: "row" },
        opener("Open picture", (file) => this.take(file)),
        this.cameraButton,
        hint,
      ),
    );
    takesDrops(this.node, (file) => this.take(file));
  }

  /** Shows pixels that have the network's size already. */
  load(image) {
    this.stopCamera();
    this.show(image);
  }

  show(image) {
    this.canvas.getContext("2d").putImageData(asImage(image), 0, 0);
    this.change(image);
  }

  async take(blob) {
    this.stopCamera();
    try {
      this.say("");
      this.show(fit(await decode(blob, this.channels), this.size, this.how, this.nearest));
    } catch (error) {
      this.say(words(error));
    }
  }

  async toggleCamera() {
    if (this.stream) return this.stopCamera();
    try {
      this.say("");
      if (!navigator.mediaDevices) throw new Error("it gives pages no camera here");
      this.stream = await navigator.mediaDevices.getUserMedia({ video: true });
    } catch (error) {
      return this.say(`This browser gives no camera: ${words(error)}.`);
    }
    this.cameraButton.setAttribute("aria-pressed", "true");
    const video = make("video", { muted: true, playsInline: true, srcObject: this.stream });
    await video.play();
    const look = () => {
      if (!this.stream) return;
      const seen = fromImage(drawn(video, video.videoWidth, video.videoHeight), this.channels);
      this.show(fit(seen, this.size, this.how === "none" ? "crop" : this.how, this.nearest));
      requestAnimationFrame(look);
    };
    look();
  }

  stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.cameraButton.setAttribute("aria-pressed", "false");
  }
}
