"""Makes `tf.data` batches of prepared examples: order, crop, flip, normalization.

Which example stands at which place of which step, and how it is cropped, is a function of (seed, sample number) alone. A run can go on
from any step without the state of an iterator, and several replicas together see what one would see.
"""

from __future__ import annotations  # types of TensorFlow, which is imported when the first batch is made

import functools

import numpy as np

from tfgan.config import Domain, Size, Strings
from tfgan.data.preparation.geometry import KEEPING_SCALE
from tfgan.data.preparation.jitter import Draws, Jitter, derived
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.lazy import tf

UNENDING = 2**62
READ_AHEAD = 32  # examples decoded ahead of the step


def make_batches(
    streams: list[PreparedSource],
    image_size: Size,
    *,
    batch_size: int,
    flip: bool,
    seed: int,
    first_step: int = 0,
    first_sample: int = 0,
    batches_per_step: int = 1,
    alternate: bool = False,
    shrink: int = 1,
    augment: Strings = (),
    context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Endless batches of a training split, each one replica's share of a global batch.

    Every stream (one for pairs, two for unpaired domains) is shuffled anew in each of its own epochs, by its own permutation. All images
    of one example get one crop and one flip.

    Args:
        streams: the sources of the split, whose images are at least as large as `image_size`.
        image_size: height and width of the crop, in pixels; streams whose images have this size already are not cropped.
        batch_size: images in one batch over all replicas, a multiple of their number.
        flip: mirror every example from left to right with probability 1/2.
        seed: what order, crop and flip depend on, together with the number of the sample.
        first_step: the step whose batches come first, counted from `first_sample`, the examples that were drawn before step 0.
        batches_per_step: how many batches a train step eats.
        alternate: streams take turns, a global batch each, instead of standing side by side in every batch. At each place of a step,
            too, every stream has its turn: what learns from the last batch of a step alone meets them all.
        shrink: how many times smaller the images are made after the crop, by averages over squares of pixels.
        augment: what else is changed at random, of `tfgan.config.data.AUGMENTS`.
        context: which share of the replicas this process feeds; None: all of one replica.

    Returns:
        A data set of dicts: images b×H×W×C float32 in [-1, 1], class maps b×H×W int32, labels and attributes as the source has them.
    """
    context = context or tf.distribute.InputContext()
    share = batch_size // context.num_replicas_in_sync
    local = batch_size // context.num_input_pipelines
    offset = local * context.input_pipeline_id
    jitter, fetchers = Jitter(image_size, flip, augment), [_fetcher(stream) for stream in streams]

    def drawn(number, sample):
        stream, key = streams[number], [seed, number]
        draws = jitter.draw(key, sample)
        arrays = fetchers[number](shuffled_index(sample, len(stream), key))
        return {name: _changed(array, stream.domains.get(name), jitter, draws, shrink) for name, array in arrays.items()}

    def example(element):
        batch, place = first_step * batches_per_step + element // local, offset + element % local
        if alternate:
            whose, own_batch = _turn(batch, batches_per_step, len(streams))
            choices = [functools.partial(drawn, number, own_batch * batch_size + place) for number in range(len(streams))]
            return tf.switch_case(whose, choices)
        sample = first_sample + batch * batch_size + place
        return {name: array for number in range(len(streams)) for name, array in drawn(number, sample).items()}

    dataset = tf.data.Dataset.range(UNENDING).map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.batch(share, drop_remainder=True).prefetch(max(2, READ_AHEAD // share))


def _turn(batch, batches_per_step: int, count: int):
    """Of `count` streams that take turns, the one whose global batch this is, and the number of it among its own."""
    step, place = batch // batches_per_step, batch % batches_per_step
    # In as many steps as there are streams, each stream has each place of a step once.
    return tf.cast((step + place) % count, tf.int32), step // count * batches_per_step + place


def shuffled_index(sample, count: int, seed: list[int]):
    """The index of the example at one place of an endless row of permutations, each drawn from the seed and its own number.

    Args:
        sample: the place, an int64 tensor.
        count: number of examples in a permutation.
        seed: two numbers.

    Returns:
        An int64 scalar from 0 to `count` - 1.
    """
    epoch, place = sample // count, sample % count
    return tf.random.experimental.index_shuffle(place, seed=derived(seed, epoch), max_index=tf.constant(count - 1, tf.int64))


def _fetcher(stream):
    """A graph function: index -> the arrays of one example, of known type and shape."""
    probe = [np.asarray(array) for array in stream.fetch(0)]
    dtypes = [tf.as_dtype(array.dtype) for array in probe]
    free = stream.fit in KEEPING_SCALE  # every image has a size of its own
    shapes = [[None, None, *array.shape[2:]] if free and key in stream.domains else array.shape for key, array in zip(stream.keys, probe)]

    @tf.autograph.experimental.do_not_convert
    def fetch(index):
        values = tf.numpy_function(stream.fetch_for_training, [index], dtypes)
        return {name: tf.ensure_shape(value, shape) for name, value, shape in zip(stream.keys, values, shapes)}

    return fetch


def _changed(array, domain: Domain | None, jitter: Jitter, draws: Draws, shrink: int):
    if domain is None:
        return array
    image = jitter.changed(array, domain, draws)
    return image if domain.is_map or shrink == 1 else tf.nn.avg_pool2d(image[None], shrink, shrink, "VALID")[0]
