// The run's way from noise to images: seeds, sliders, classes, ways from one image to another, and mixed styles.

import { button, choice, make, slider, words } from "./dom.js";
import { Encoder } from "./encoder.js";
import { Latents, seedField } from "./latents.js";
import { newest, saying } from "./newest.js";
import { latents, lerp, slerp } from "./noise.js";
import { opener, takesDrops } from "./pictures.js";
import { differences, larger, toPixels } from "./pixels.js";
import { Result, thumb } from "./result.js";

const SHOWN = 8; // neighboring seeds
const FILM_SECONDS = 4;

export class Generation {
  constructor(engine, way, examples, say) {
    Object.assign(this, { engine, way, examples, say, label: 0, share: 0, truncation: way.styles?.truncation ?? 1 });
    const [height, width] = way.size;
    this.encoder = way.encode && new Encoder(engine, way.encode, examples);
    this.crossover = way.styles?.layers ?? 0;
    this.result = new Result({ name: way.target.name, height, width, file: `${way.file}.png`, compares: false });
    this.update = newest(saying(() => this.generate(), say));
    this.latents = new Latents({ length: way.length, prior: way.prior, change: () => this.update() });
    this.node = make("div", { className: "way" }, [
      make("div", { className: "panes" }, [
        make("section", { className: "card", "aria-label": way.target.name }, make("h2", {}, way.target.name), this.result.node),
        make(
          "section",
          { className: "card controls", "aria-label": "Noise" },
          make("h2", {}, "Noise"),
          this.controls(),
          make("h3", {}, "Film"),
          this.film(),
          this.mixing(),
        ),
      ]),
      make(
        "section",
        { "aria-label": "Neighboring seeds" },
        make("h3", {}, "Neighboring seeds"),
        (this.strip = make("div", { className: "strip" })),
      ),
    ]);
    if (way.encode) takesDrops(this.node, (file) => this.take(file));
  }

  controls() {
    const { classes, styles } = this.way;
    this.seed = seedField("Seed", 0, (value) => this.draw(value));
    const pieces = [this.seed];
    if (this.way.encode)
      pieces.push(
        make(
          "div",
          { className: "row" },
          opener("From a picture", (file) => this.take(file)),
        ),
      );
    if (classes.length) {
      pieces.push(
        make("h3", {}, "Class"),
        choice(
          "Class",
          classes.map((name, index) => [index, name]),
          0,
          (index) => {
            this.label = index;
            this.update();
            this.neighbors();
          },
        ),
      );
    }
    if (styles) {
      const show = (value) => value.toFixed(2);
      pieces.push(
        slider("Truncation ψ", {
          min: 0,
          max: 1,
          step: 0.01,
          value: this.truncation,
          show,
          change: (value) => {
            this.truncation = value;
            this.update();
          },
        }),
      );
    }
    return make("div", {}, pieces, make("h3", {}, "Latents"), this.latents.node);
  }

  /** Shows what the run makes of the latents that it finds in a picture; a run without an encoder takes none. */
  async take(file) {
    if (!this.encoder) return;
    try {
      this.say("");
      this.latents.set(await this.encoder.read(file));
      await this.update();
    } catch (error) {
      this.say(words(error));
    }
  }

  film() {
    this.other = seedField("To seed", 1, () => this.update());
    this.place = slider("Way", {
      min: 0,
      max: 1,
      step: 0.01,
      value: 0,
      show: (value) => `${Math.round(100 * value)} %`,
      change: (value) => {
        this.share = value;
        this.update();
      },
    });
    this.player = button("Play", () => this.play(), { "aria-pressed": "false" });
    return make("div", {}, make("div", { className: "row" }, this.other, this.player), this.place);
  }

  mixing() {
    if (!this.way.styles) return null;
    const { layers } = this.way.styles;
    this.fine = seedField("Fine styles of seed", 2, () => this.update());
    const from = slider("From layer", {
      min: 0,
      max: layers,
      step: 1,
      value: layers,
      change: (value) => {
        this.crossover = value;
        this.update();
      },
      show: (value) => (value === layers ? "none" : `${value} of ${layers}`),
    });
    return make("div", {}, make("h3", {}, "Mixing"), this.fine, from);
  }

  /** Goes from one seed to the other and back, until it is stopped. */
  play() {
    this.playing = !this.playing;
    this.player.setAttribute("aria-pressed", this.playing);
    this.player.textContent = this.playing ? "Pause" : "Play";
    const began = performance.now() - 1000 * FILM_SECONDS * this.share;
    const next = async (now) => {
      if (!this.playing) return;
      const turn = ((now - began) / (1000 * FILM_SECONDS)) % 2;
      this.place.value = this.share = Math.max(0, turn < 1 ? turn : 2 - turn);
      await this.update();
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  draw(seed) {
    this.latents.draw(seed);
    this.update();
    this.neighbors();
  }

  open() {
    this.draw(0);
  }

  drawn(seed) {
    return latents(seed, this.way.length, this.way.prior);
  }

  async generate() {
    const began = performance.now();
    const values = await this.image(this.latents.vector, this.label, this.share && this.drawn(this.other.value));
    this.result.show(this.picture(values), null, performance.now() - began);
    this.done = (this.done ?? 0) + 1;
  }

  /** The floats of the image of a vector of noise, on its way to `end` if there is one. */
  async image(vector, label, end = null) {
    const { way, share } = this,
      between = way.prior === "normal" && !way.styles ? slerp : lerp;
    if (way.styles) {
      let styles = await this.map(vector);
      if (end) styles = lerp(styles, await this.map(end), share);
      if (this.crossover < way.styles.layers)
        styles.set(
          (await this.map(this.drawn(this.fine.value))).subarray(this.crossover * way.styles.width),
          this.crossover * way.styles.width,
        );
      return this.synthesize(styles);
    }
    const given = { latents: { data: end ? between(vector, end, share) : vector, shape: [1, way.length] } };
    if (way.classes.length) given.labels = { data: Int32Array.of(label), shape: [1] };
    return (await this.engine.run(way.function, given)).values;
  }

  async map(vector) {
    const given = {
      latents: { data: vector, shape: [1, this.way.length] },
      truncation: { data: Float32Array.of(this.truncation), shape: [] },
    };
    return (await this.engine.run("mapping", given)).values;
  }

  async synthesize(styles) {
    const { layers, width } = this.way.styles;
    return (await this.engine.run("synthesis", { styles: { data: styles, shape: [1, layers, width] } })).values;
  }

  picture(values) {
    const { way } = this,
      [height, width] = way.size;
    return { data: toPixels(values), height, width, channels: way.target.channels };
  }

  neighbors() {
    this.showNeighbors().catch((error) => this.say(words(error)));
  }

  /** Shows the images of the next seeds, one after the other, unless others are asked for meanwhile. */
  async showNeighbors() {
    const turn = (this.turn = {}),
      first = this.seed.value + 1;
    const thumbs = [];
    for (let seed = first; seed < first + SHOWN; seed += 1) {
      const values = await (this.way.styles ? this.map(this.drawn(seed)).then((styles) => this.synthesize(styles)) : this.plain(seed));
      if (this.turn !== turn) return;
      const choose = () => {
        this.seed.value = seed;
        this.draw(seed);
      };
      thumbs.push(thumb(this.picture(values), `seed ${seed}`, choose));
      this.strip.replaceChildren(...thumbs);
    }
  }

  plain(seed) {
    return this.image(this.drawn(seed), this.label);
  }

  /** How far what this browser makes of the first example is from the run's own: {largest, mean}, in steps of 255. */
  async prove() {
    const [
        {
          seed,
          label,
          output: [offset, length],
        },
      ] = this.way.examples,
      own = this.examples.subarray(offset, offset + length);
    const found = differences(toPixels(await this.image(this.drawn(seed), label)), own);
    return this.encoder ? larger(found, await this.encoder.prove()) : found;
  }
}
