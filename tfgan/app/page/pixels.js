// Between pixels as files have them, 0 to 255, and floats from -1 to 1, as networks have them; and pixels at other sizes.

/** Pixels {data, height, width, channels} as floats, as the run makes them in Python: each step is rounded to a float. */
export function toFloats({ data }) {
  const scale = Math.fround(2 / 255);
  const table = Float32Array.from({ length: 256 }, (_, value) => Math.fround(value * scale) - 1);
  return Float32Array.from(data, (value) => table[value]);
}

/** Floats as pixels 0 to 255: rounded to the nearest, halves to the even one, as a clamped array does by itself. */
export function toPixels(values) {
  const pixels = new Uint8ClampedArray(values.length);
  for (let place = 0; place < values.length; place += 1) pixels[place] = Math.fround(Math.fround(values[place] + 1) * 127.5);
  return pixels;
}

/** "#rrggbb" as [r, g, b]. */
export function rgb(color) {
  return [1, 3, 5].map((place) => parseInt(color.slice(place, place + 2), 16));
}

/** Pixels of 1, 3 or 4 channels as an ImageData. */
export function asImage({ data, height, width, channels }) {
  const image = new ImageData(width, height);
  for (let place = 0; place < height * width; place += 1) {
    for (let channel = 0; channel < 3; channel += 1)
      image.data[4 * place + channel] = data[channels * place + (channels < 3 ? 0 : channel)];
    image.data[4 * place + 3] = channels === 4 || channels === 2 ? data[channels * (place + 1) - 1] : 255;
  }
  return image;
}

/** An ImageData as pixels of 1, 3 or 4 channels: what is transparent over white where there is no such channel, gray as Pillow makes it. */
export function fromImage({ data, height, width }, channels) {
  const pixels = new Uint8ClampedArray(height * width * channels);
  for (let place = 0; place < height * width; place += 1) {
    let color = [0, 1, 2].map((channel) => data[4 * place + channel]);
    const opacity = data[4 * place + 3] / 255;
    if (channels < 4 && channels !== 2) color = color.map((value) => value * opacity + 255 * (1 - opacity));
    if (channels < 3) pixels[channels * place] = Math.floor((color[0] * 19595 + color[1] * 38470 + color[2] * 7471 + 32768) / 65536);
    else pixels.set(color, channels * place);
    if (channels === 4 || channels === 2) pixels[channels * (place + 1) - 1] = data[4 * place + 3];
  }
  return { data: pixels, height, width, channels };
}

/** Pixels at another size, by Pillow's bicubic filter (a = -0.5), which widens when it reduces; or the nearest pixels. */
export function resize(image, height, width, nearest = false) {
  if (image.height === height && image.width === width) return image;
  if (nearest) return resizeNearest(image, height, width);
  const across = along(image.data, weights(image.width, width), image.height, image.width, image.channels, "across");
  const data = along(across, weights(image.height, height), image.height, width, image.channels, "down");
  return { data, height, width, channels: image.channels };
}

function resizeNearest(image, height, width) {
  const { data, channels } = image,
    result = new data.constructor(height * width * channels);
  for (let row = 0; row < height; row += 1) {
    const from = Math.floor(((row + 0.5) * image.height) / height) * image.width;
    for (let column = 0; column < width; column += 1) {
      const place = channels * (from + Math.floor(((column + 0.5) * image.width) / width));
      for (let channel = 0; channel < channels; channel += 1) result[channels * (row * width + column) + channel] = data[place + channel];
    }
  }
  return { ...image, data: result, height, width };
}

/** For each of `after` places: the first of the `before` that it is made of, and their weights. */
function weights(before, after) {
  const scale = before / after,
    wide = Math.max(scale, 1);
  return Array.from({ length: after }, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(center - 2 * wide + 0.5), 0),
      last = Math.min(Math.trunc(center + 2 * wide + 0.5), before);
    const own = Array.from({ length: last - first }, (_, tap) => cubic((first + tap - center + 0.5) / wide));
    const sum = own.reduce((total, weight) => total + weight, 0);
    return { first, own: own.map((weight) => weight / sum) };
  });
}

function cubic(x) {
  x = Math.abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
}

function along(data, taps, height, width, channels, way) {
  const rows = way === "down" ? taps.length : height,
    columns = way === "down" ? width : taps.length;
  const result = new Uint8ClampedArray(rows * columns * channels);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const { first, own } = taps[way === "down" ? row : column];
      const start = way === "down" ? first * width + column : row * width + first,
        step = way === "down" ? width : 1;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let tap = 0; tap < own.length; tap += 1) sum += own[tap] * data[channels * (start + tap * step) + channel];
        result[channels * (row * columns + column) + channel] = sum;
      }
    }
  }
  return result;
}

/** The part of an image that is height × width pixels, in its middle. */
export function middle(image, height, width) {
  const { data, channels } = image;
  const top = Math.floor((image.height - height) / 2),
    left = Math.floor((image.width - width) / 2);
  const result = new data.constructor(height * width * channels);
  for (let row = 0; row < height; row += 1) {
    const from = channels * ((top + row) * image.width + left);
    result.set(data.subarray(from, from + channels * width), channels * row * width);
  }
  return { data: result, height, width, channels };
}

/** An image at the network's size, as training made it: `fit` is squeeze, crop, width or none, those of `--fit`. */
export function fit(image, [height, width], how, nearest = false) {
  if (how === "squeeze") return resize(image, height, width, nearest);
  if (how === "none" && image.height >= height && image.width >= width) return middle(image, height, width);
  const share = Math.min(image.height / height, image.width / width);
  const part = middle(image, Math.max(1, Math.round(height * share)), Math.max(1, Math.round(width * share)));
  return resize(part, height, width, nearest);
}

/** The class of each pixel, the one whose color is nearest; `classes` are {color, values}. */
export function nearestClasses(image, classes) {
  const colors = classes.map(({ color }) => rgb(color)),
    { data, channels } = image;
  return Int16Array.from({ length: image.height * image.width }, (_, place) => {
    let best = 0,
      least = Infinity;
    for (const [index, color] of colors.entries()) {
      const distance = color.reduce((sum, value, channel) => sum + (value - data[channels * place + (channels < 3 ? 0 : channel)]) ** 2, 0);
      if (distance < least) [best, least] = [index, distance];
    }
    return best;
  });
}

/** A map of classes, -1 for none, as pixels of their colors. */
export function painted(map, classes, height, width) {
  const colors = classes.map(({ color }) => rgb(color)),
    data = new Uint8ClampedArray(3 * map.length);
  map.forEach((index, place) => data.set(colors[index] ?? [0, 0, 0], 3 * place));
  return { data, height, width, channels: 3 };
}

/** Pixels as a network takes them: {data, shape}. */
export function tensor(image) {
  return { data: toFloats(image), shape: [1, image.height, image.width, image.channels] };
}

/** The largest and the mean difference of two arrays of equal length; NaN is as far from all as can be. */
export function differences(one, other) {
  let largest = 0,
    sum = 0;
  one.forEach((value, place) => {
    const apart = Math.abs(value - other[place]);
    largest = Number.isNaN(apart) ? Infinity : Math.max(largest, apart);
    sum += apart;
  });
  return { largest, mean: Number.isNaN(sum) ? Infinity : sum / one.length };
}

/** The larger of two differences. */
export function larger(one, other) {
  return { largest: Math.max(one.largest, other.largest), mean: Math.max(one.mean, other.mean) };
}
