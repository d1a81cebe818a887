// The run's noise: the latents of seeds, bit by bit those of `tfgan sample --seed`, and ways between them.

const ROUNDS = 10,
  MULTIPLIERS = [0xd2511f53, 0xcd9e8d57],
  WEYL = [0x9e3779b9, 0xbb67ae85];

function multiply(one, other) {
  const product = BigInt(one) * BigInt(other);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
}

/** Four random 32-bit numbers of a counter and a key (Philox 4x32-10; Salmon et al. 2011). */
export function philox(counter, key) {
  let [a, b, c, d] = counter,
    [k, l] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const [high, low] = multiply(MULTIPLIERS[0], a),
      [otherHigh, otherLow] = multiply(MULTIPLIERS[1], c);
    [a, b, c, d] = [(otherHigh ^ b ^ k) >>> 0, otherLow, (high ^ d ^ l) >>> 0, low];
    k = (k + WEYL[0]) >>> 0;
    l = (l + WEYL[1]) >>> 0;
  }
  return [a, b, c, d];
}

/** `count` random 32-bit numbers of a seed, two signed 32-bit integers, as TensorFlow's stateless functions draw them. */
function bits(count, seed) {
  const words = seed.flatMap((value) => [value >>> 0, value < 0 ? 0xffffffff : 0]);
  const [k, l, c, d] = philox(words, [0x3ec8f720, 0x02461e29]);
  const found = [];
  for (let block = 0; found.length < count; block += 1) found.push(...philox([block, 0, c, d], [k, l]));
  return found.slice(0, count);
}

function uniform(count, seed) {
  return bits(count, seed).map((value) => (value >>> 8) * 2 ** -24);
}

function folded(seed, number) {
  return [bits(1, seed)[0] | 0, number];
}

/** The latents of a seed: from N(0, 1) by Box and Muller, or uniform in [-1, 1]. */
export function latents(seed, length, prior) {
  if (prior !== "normal") return Float32Array.from(uniform(length, [seed, 0]), (value) => 2 * value - 1);
  const radius = uniform(length, folded([seed, 0], 0)),
    turn = uniform(length, folded([seed, 0], 1));
  return Float32Array.from(radius, (value, place) => Math.sqrt(-2 * Math.log(1 - value)) * Math.cos(2 * Math.PI * turn[place]));
}

/** A vector at `share` of the straight way from one to another. */
export function lerp(one, other, share) {
  return Float32Array.from(one, (value, place) => (1 - share) * value + share * other[place]);
}

/** The vector at `share` of the arc around the origin from one to another, near which normal latents lie (White 2016, §2.1). */
export function slerp(one, other, share) {
  const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);
  const norms = Math.sqrt(dot(one, one) * dot(other, other));
  const angle = norms ? Math.acos(Math.min(Math.max(dot(one, other) / norms, -1), 1)) : 0;
  if (Math.sin(angle) < 1e-4) return lerp(one, other, share);
  const [first, second] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map((value) => value / Math.sin(angle));
  return Float32Array.from(one, (value, place) => first * value + second * other[place]);
}
