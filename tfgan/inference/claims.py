"""How many pixels an image file claims to hold, read in a graph from its header, before anything is decoded.

A file of some kB can claim gigabytes of pixels, which TensorFlow's decoder takes memory for at once. What is read here is what the decoder
goes by: the first chunk of a PNG, the first frame header of a JPEG, the image descriptors of a GIF, the headers of BMP and WebP.
"""

from collections.abc import Callable

import tensorflow as tf

UNKNOWN = -1
MOST_MARKERS = 2**12  # of a JPEG before its frame header, with bytes that are none
MOST_BLOCKS = 2**16  # of a GIF; 16 MB have so many
KEPT_FRAMES = 8  # bytes of a GIF's other frames, one a pixel, that are let through for each pixel of the one that is shown
_PADDING = b"\0" * 32  # behind the file, so that headers that are cut short can be read


def claimed_pixels(data) -> tf.Tensor:
    """The number of pixels that the bytes of an image file claim, an int64 scalar; `UNKNOWN` for other files and damaged headers.

    A GIF's frames are decoded together: it counts as its largest width times its largest height, or as an eighth of all its frames' pixels.

    Args:
        data: the file, a string scalar.
    """
    content = tf.io.decode_raw(tf.strings.join([data, _PADDING]), tf.uint8)

    def starts(mark: bytes, place: int = 0):
        return tf.reduce_all(content[place : place + len(mark)] == tf.constant(list(mark), tf.uint8))

    file = _File(content)
    kinds: list[tuple[tf.Tensor, Callable]] = [
        (starts(b"\x89PNG\r\n\x1a\n"), file.png),
        (starts(b"\xff\xd8\xff"), file.jpeg),
        (starts(b"GIF8"), file.gif),
        (starts(b"BM"), file.bmp),
        (starts(b"RIFF") & starts(b"WEBP", 8), file.webp),
    ]
    return tf.case(kinds, default=lambda: tf.constant(UNKNOWN, tf.int64))


class _File:
    """The bytes of a file, uint8, and what each format says of its size."""

    def __init__(self, content):
        self.content, self.end = content, tf.size(content) - len(_PADDING)

    def number(self, place, count: int, big: bool = False):
        """The unsigned whole number in `count` bytes from `place` on, int64."""
        weights = [256**power for power in (reversed(range(count)) if big else range(count))]
        places = tf.minimum(place + tf.range(count), tf.size(self.content) - 1)
        return tf.reduce_sum(tf.cast(tf.gather(self.content, places), tf.int64) * tf.constant(weights, tf.int64))

    def signed(self, place):
        """The absolute value of a whole number in 4 bytes, the lowest first."""
        value = self.number(place, 4)
        return tf.where(value >= 2**31, 2**32 - value, value)

    def png(self):
        return self.number(16, 4, big=True) * self.number(20, 4, big=True)

    def bmp(self):
        return self.signed(18) * self.signed(22)

    def webp(self):
        extended = (self.number(24, 3) + 1) * (self.number(27, 3) + 1)
        bits = self.number(21, 4)
        lossless = (bits % 2**14 + 1) * (bits // 2**14 % 2**14 + 1)
        lossy = (self.number(26, 2) % 2**14) * (self.number(28, 2) % 2**14)
        form = self.number(12, 4)
        known = [(b"VP8X", extended), (b"VP8L", lossless), (b"VP8 ", lossy)]
        found = tf.constant(UNKNOWN, tf.int64)
        for name, pixels in known:
            found = tf.where(form == int.from_bytes(name, "little"), pixels, found)
        return found

    def jpeg(self):
        """Goes from marker to marker, as libjpeg does, over bytes that are none, to the first frame header (ITU T.81, annex B)."""

        def step(place, pixels):
            mark, after = self.number(place, 1), self.number(place + 1, 1)
            is_marker = (mark == 0xFF) & (after != 0xFF) & (after != 0)
            bare = (after == 0x01) | ((after >= 0xD0) & (after <= 0xD8))  # markers without a segment
            frame = (after >= 0xC0) & (after <= 0xCF) & (after != 0xC4) & (after != 0xC8) & (after != 0xCC)
            over = (after == 0xD9) | (after == 0xDA)  # the end, or pixels without a frame header
            size = self.number(place + 5, 2, big=True) * self.number(place + 7, 2, big=True)
            length = tf.cast(tf.maximum(self.number(place + 2, 2, big=True), 2), tf.int32)
            forward = tf.where(is_marker & ~bare, 2 + length, tf.where(is_marker | ((mark == 0xFF) & (after == 0)), 2, 1))
            place = tf.where(is_marker & over, self.end, place + forward)
            return place, tf.where(is_marker & frame, size, pixels)

        _, pixels = tf.while_loop(
            lambda place, pixels: (place < self.end) & (pixels == UNKNOWN),
            step,
            (tf.constant(2), tf.constant(UNKNOWN, tf.int64)),
            parallel_iterations=1,
            maximum_iterations=MOST_MARKERS,
        )
        return pixels

    def gif(self):
        """Goes from block to block over all frames (GIF89a, appendix A)."""

        def table(place):
            """The bytes of the color table that the flags at `place` announce."""
            flags = tf.cast(self.number(place, 1), tf.int32)
            return tf.where(flags >= 128, 3 * tf.bitwise.left_shift(2, flags % 8), 0)

        def step(place, inside, width, height, total):
            mark = self.number(place, 1)
            frame = ~inside & (mark == 0x2C)
            extension = ~inside & (mark == 0x21)
            own_width, own_height = (tf.where(frame, self.number(place + at, 2), 0) for at in (5, 7))
            sub_block = tf.cast(mark, tf.int32) + 1
            forward = tf.where(frame, 11 + table(place + 9), tf.where(extension, 2, sub_block))
            over = ~(inside | frame | extension)  # the trailer, or nothing that is known
            place = tf.where(over, self.end, place + forward)
            inside = frame | extension | (inside & (mark != 0))
            return place, inside, tf.maximum(width, own_width), tf.maximum(height, own_height), total + own_width * own_height

        zero = tf.constant(0, tf.int64)
        place, _, width, height, total = tf.while_loop(
            lambda place, *_: place < self.end,
            step,
            (13 + table(10), tf.constant(False), zero, zero, zero),
            parallel_iterations=1,
            maximum_iterations=MOST_BLOCKS,
        )
        seen = (place >= self.end) & (total > 0)
        return tf.where(seen, tf.maximum(width * height, total // KEPT_FRAMES), tf.constant(UNKNOWN, tf.int64))
