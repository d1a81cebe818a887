"""The memory that a network needs for a tile, and how large tiles may be, so that no image takes more memory than images may."""

import contextlib
import functools
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tfgan.config.words import say_once
from tfgan.data.reading import memory
from tfgan.errors import TooLarge
from tfgan.faults import is_out_of_memory
from tfgan.inference.translator import Translator

LEAST = 512  # pixels: smaller tiles than these are not chosen, only taken where they are asked for
SHARE = 8  # of the memory for images, one part is the network's, however large the image is
STEP = 256  # pixels by which they are made smaller
COPIES = 3  # of a tile and of its translation, as floats: padded, in its place among others, and cut


def fitting_tile(tile: int, translator: Translator, size: tuple[int, int], held: Callable[[int], int]) -> int:
    """The largest size of tiles, no larger than `tile`, at which an image takes no more memory than images may; it is said if that is less.

    Args:
        tile: the size that is asked for.
        size: height and width of the image.
        held: the bytes that are held beside the network, by the size of the tiles.

    Returns:
        `tile`, or a size from `LEAST` on, which is returned even if it takes more memory.
    """

    def fits(side: int) -> bool:
        pixels = min(side, size[0]) * min(side, size[1])
        most = memory.limit()
        return pixels * network_bytes(translator) <= max(most - held(side), most // SHARE)

    if min(tile, max(size)) <= LEAST or fits(tile):
        return tile
    smaller = range((min(tile, max(size)) - 1) // STEP * STEP, LEAST, -STEP)
    chosen = next(filter(fits, smaller), LEAST)
    say_once(
        f"Tiles have {chosen} pixels where those of --tile={tile} would take more memory than images may, with this network "
        f"({memory.VARIABLE} allows more, in gigabytes)."
    )
    return chosen


@contextlib.contextmanager
def used_up(size: tuple[int, int], cure: str) -> Iterator[None]:
    """A context for the work on one image of `size`: if memory is used up in it, by whatever exception, `TooLarge` names the cure."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        memory.give_back()
        raise TooLarge(f"{size[0]}×{size[1]} pixels do not fit into memory: {cure}") from None


@functools.lru_cache(8)
def network_bytes(translator: Translator) -> int:
    """The bytes that the translation takes for each pixel of a tile: the most that is alive at a time, by the shapes of all values.

    Of a network on a GPU, which has memory of its own, only the copies count.
    """
    copies = COPIES * 4 * (translator.source.channels + translator.channels)
    if tf.config.list_logical_devices("GPU"):
        return copies
    multiple = translator.translation.multiple
    side = max(-(-LEAST // multiple) * multiple, translator.translation.minimum)
    return copies + -(-_most_alive(translator, side) // side**2)


def _most_alive(translator: Translator, side: int) -> int:
    """The bytes of the values that are alive together, at most, while an image of side×side pixels is translated; weights do not count."""
    image = tf.TensorSpec([1, side, side, *translator.shape[3:]], tf.int32 if translator.takes_maps else tf.float32)
    conditions = [tf.TensorSpec([1, length], tf.float32) for length in translator.lengths.values()]
    graph = tf.function(translator.translation.function).get_concrete_function(image, *conditions).graph
    operations = [operation for operation in graph.get_operations() if operation.type not in ("ReadVariableOp", "Const", "Identity")]
    last = {value.ref(): number for number, operation in enumerate(operations) for value in operation.inputs}
    ends: dict[int, int] = {}  # number of an operation -> the bytes that nobody needs after it
    alive = most = 0
    for number, operation in enumerate(operations):
        made = [(last.get(value.ref(), number), _bytes(value)) for value in operation.outputs]
        alive += sum(size for _, size in made)
        for end, size in made:
            ends[end] = ends.get(end, 0) + size
        most = max(most, alive)
        alive -= ends.pop(number, 0)
    return most


def _bytes(value) -> int:
    """The bytes of a value of a graph; 0 for a variable's name."""
    return int(np.prod(value.shape, dtype=object)) * value.dtype.size if value.shape.is_fully_defined() and value.dtype.size else 0
