// The run's way from a picture to a vector: its style, its attributes, or the noise that would make it.

import { decode } from "./pictures.js";
import { differences, fit, tensor } from "./pixels.js";

export class Encoder {
  /** `about` is {function, size, channels, crop, proof}; `examples` are the bytes of all examples of the run. */
  constructor(engine, about, examples) {
    Object.assign(this, { engine, about, examples });
  }

  /** The vector of a picture of any size. */
  async see(image) {
    const { function: name, size, crop } = this.about;
    return (await this.engine.run(name, { images: tensor(fit(image, size, crop ? "crop" : "squeeze")) })).values;
  }

  /** The vector of a picture's file. */
  async read(file) {
    return this.see(await decode(file, this.about.channels));
  }

  /** Pixels that lie in the examples, at the encoder's own size. */
  kept([offset, length]) {
    const { size, channels } = this.about;
    return { data: this.examples.subarray(offset, offset + length), height: size[0], width: size[1], channels };
  }

  /** How far this browser's vector of a picture is from the run's own: {largest, mean}, 255 steps span twice its largest value. */
  async prove() {
    const { input, vector } = this.about.proof;
    const steps = 127.5 / Math.max(1, ...vector.map(Math.abs));
    const scaled = (values) => Array.from(values, (value) => steps * value);
    return differences(scaled(await this.see(this.kept(input))), scaled(vector));
  }
}
