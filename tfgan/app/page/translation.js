// One way of the run from images to images: where they come from, what they are made by, and what became of them.

import { Attributes } from "./attributes.js";
import { button, make, words } from "./dom.js";
import { Encoder } from "./encoder.js";
import { Latents, seedField } from "./latents.js";
import { newest, saying } from "./newest.js";
import { Painter } from "./paint.js";
import { Pictures, decode, opener, takesDrops } from "./pictures.js";
import { differences, fit, larger, nearestClasses, painted, tensor, toPixels } from "./pixels.js";
import { Result, thumb } from "./result.js";

export class Translation {
  /** `examples` are the bytes of all examples of the run; `say` shows what went wrong, "" if nothing. */
  constructor(engine, way, examples, say) {
    Object.assign(this, { engine, way, examples, say });
    const [height, width] = way.size,
      { source, target } = way,
      encode = way.classify ?? way.encode;
    this.encoder = encode && new Encoder(engine, encode, examples);
    this.result = new Result({ name: target.name, height, width, file: `${way.file}.png` });
    this.update = newest(saying(() => this.translate(), say));
    this.source = source.classes ? this.painter() : this.pictures();
    const conditions = this.conditions();
    const title = (name) => make("h2", {}, name);
    this.node = make("div", { className: "way" }, [
      make("div", { className: "panes" }, [
        make("section", { className: "card", "aria-label": source.name }, title(source.name), this.source.node),
        make(
          "section",
          { className: "card", "aria-label": target.name },
          title(target.name === source.name ? `${target.name}, changed` : target.name),
          this.result.node,
        ),
      ]),
      this.source.tools,
      conditions.length ? make("section", { className: "card conditions", "aria-label": "Conditions" }, conditions) : null,
      this.strip(),
    ]);
  }

  painter() {
    const { way } = this,
      [height, width] = way.size,
      { name, classes } = way.source;
    const painter = new Painter({ name, height, width, classes, file: `${way.file}_map.png`, change: () => this.update() });
    const take = async (file) => {
      try {
        this.say("");
        painter.load(nearestClasses(fit(await decode(file, 3), way.size, way.fit, true), classes));
      } catch (error) {
        this.say(words(error));
      }
    };
    takesDrops(painter.node, take);
    painter.files.append(opener("Open map", take));
    painter.take = take;
    return painter;
  }

  pictures() {
    const { way } = this,
      { name, channels, nearest } = way.source;
    const change = async (image) => {
      this.image = image;
      if (this.attributes) await this.classify().catch((error) => this.say(words(error)));
      this.update();
    };
    return new Pictures({ name, size: way.size, channels, how: way.fit, nearest, change: newest(change), say: this.say });
  }

  /** Takes a picture's file that the visitor brings. */
  take(file) {
    return this.source.take(file);
  }

  /** The pieces of the page for what a translation is made by beside its image. */
  conditions() {
    const { way } = this,
      pieces = [];
    if (way.conditions.attributes) {
      this.attributes = new Attributes({ ...way.attributes, change: () => this.update() });
      pieces.push(make("h2", {}, "Attributes"), this.attributes.node);
    }
    if (way.conditions.latent) {
      this.latents = new Latents({ length: way.conditions.latent, prior: "normal", change: () => this.update() });
      const seed = seedField("Style of seed", 0, (value) => {
        this.latents.draw(value);
        this.update();
      });
      const mean = button("Mean style", () => {
        this.latents.set(new Float32Array(way.conditions.latent));
        this.update();
      });
      pieces.push(
        make("h2", {}, "Style"),
        make("div", { className: "row" }, seed, mean, way.encode && opener("Style of a photo", (file) => this.takeStyle(file))),
      );
      if (way.encode) pieces.push(this.photos());
      pieces.push(this.latents.node);
    }
    return pieces;
  }

  /** The styles of the run's own photos, to choose from. */
  photos() {
    const images = this.way.encode.photos.map((place) => this.encoder.kept(place));
    return make(
      "div",
      { className: "strip", role: "group", "aria-label": "Styles of the run's photos" },
      images.map((image, number) => thumb(image, `style of photo ${number + 1}`, async () => this.style(await this.encoder.see(image)))),
    );
  }

  async takeStyle(file) {
    try {
      this.say("");
      await this.style(await this.encoder.read(file));
    } catch (error) {
      this.say(words(error));
    }
  }

  async style(vector) {
    this.latents.set(vector);
    await this.update();
  }

  async classify() {
    this.attributes.see(await this.encoder.see(this.image));
  }

  /** What the network is given now, and the pixels that stand for it. */
  inputs() {
    const { way } = this,
      [height, width] = way.size,
      { classes, map, none, channels } = way.source;
    const given = {};
    let before = this.image;
    if (classes) {
      before = painted(this.source.map, classes, height, width);
      if (map) given.labels = { data: Int32Array.from(this.source.map), shape: [1, height, width] };
      else {
        const data = new Float32Array(height * width * channels);
        this.source.map.forEach((index, place) => data.set(classes[index]?.values ?? none, channels * place));
        given.images = { data, shape: [1, height, width, channels] };
      }
    } else given.images = tensor(before);
    const vectors = { attributes: this.attributes?.vector(), mask: this.attributes?.mask(), latent: this.latents?.vector };
    for (const [name, length] of Object.entries(way.conditions)) given[name] = { data: vectors[name], shape: [1, length] };
    return { given, before };
  }

  async translate() {
    const { given, before } = this.inputs(),
      began = performance.now();
    const { values } = await this.engine.run(this.way.function, given);
    this.result.show(this.asPicture(this.read(values)), before, performance.now() - began);
    this.done = (this.done ?? 0) + 1;
  }

  /** What the network made: pixels, or a map of classes, the largest channel of each pixel. */
  read(values) {
    const { map, classes } = this.way.target;
    if (!map) return toPixels(values);
    return Int16Array.from({ length: values.length / classes.length }, (_, place) => {
      const own = values.subarray(classes.length * place, classes.length * (place + 1));
      return own.indexOf(Math.max(...own));
    });
  }

  asPicture(made) {
    const { way } = this,
      [height, width] = way.size,
      { map, classes, channels } = way.target;
    if (map) return painted(made, classes, height, width);
    const image = { data: made, height, width, channels };
    return classes ? painted(nearestClasses(image, classes), classes, height, width) : image;
  }

  strip() {
    const { way } = this,
      [height, width] = way.size,
      { classes } = way.source;
    const thumbs = way.examples.map((example, number) => {
      const image = classes ? painted(this.input(example), classes, height, width) : this.input(example);
      return thumb(image, `example ${number + 1}`, () => this.load(example));
    });
    return make(
      "section",
      { "aria-label": "Examples" },
      make("h3", {}, "Start from an example of the run"),
      make("div", { className: "strip" }, thumbs),
    );
  }

  input({ input: [offset, length] }) {
    const bytes = this.examples.slice(offset, offset + length),
      [height, width] = this.way.size;
    return this.way.source.classes ? new Int16Array(bytes.buffer) : { data: bytes, height, width, channels: this.way.source.channels };
  }

  load(example) {
    this.say("");
    if (example.latent && this.latents) this.latents.set(example.latent);
    this.source.load(this.input(example));
  }

  /** Shows the first example. */
  async open() {
    const [example] = this.way.examples;
    this.load(example);
  }

  /** How far what this browser makes of the first example is from the run's own: {largest, mean}, in steps of 255, or shares of pixels. */
  async prove() {
    const [example] = this.way.examples,
      { map } = this.way.target,
      [offset, length] = example.output;
    const kept = this.examples.slice(offset, offset + length),
      own = map ? new Int16Array(kept.buffer) : kept;
    const { given } = this.given(example);
    const { values } = await this.engine.run(this.way.function, given);
    const made = this.read(values);
    if (map) {
      const share = made.reduce((sum, value, place) => sum + Number(value !== own[place]), 0) / own.length;
      return { largest: share, mean: share };
    }
    const found = differences(made, own);
    return this.encoder ? larger(found, await this.encoder.prove()) : found;
  }

  /** The inputs of an example as it was given to the run, with the example's own conditions. */
  given(example) {
    const shown = this.source.map?.slice(),
      image = this.image;
    if (this.source.map) this.source.map.set(this.input(example));
    else this.image = this.input(example);
    const found = this.inputs();
    if (shown) this.source.map.set(shown);
    else this.image = image;
    for (const [name, length] of Object.entries(this.way.conditions)) {
      found.given[name] = { data: Float32Array.from(example[name]), shape: [1, length] };
    }
    return found;
  }
}
