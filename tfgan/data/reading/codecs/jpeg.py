"""Which JPEG files no reader here knows, by the marker that begins their frame (ITU-T T.81, table B.1)."""

from tfgan.errors import UnreadableImage

_BASELINE = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)  # Start Of Frame of what libjpeg reads: sequential and progressive
_LOSSLESS = {0xC3: "lossless JPEG", 0xCB: "lossless JPEG", 0xF7: "JPEG-LS"}
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length


def refuse_unread_jpeg(content: bytes):
    """Raises `UnreadableImage` for a JPEG file that is whole and still cannot be read, such as one of 12 bits.

    Args:
        content: any file, or so much of its beginning as holds the frame's header.
    """
    if content.startswith(b"\xff\xd8") and (found := _unread(content)):
        raise UnreadableImage(f"{found}: not supported; save it as PNG, or as JPEG of 8 bits, gray or RGB")


def _unread(content: bytes) -> str:
    """What the file is if no reader knows it, else ""."""
    place = 2
    while place + 10 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _FRAMES:
            bits, channels = content[place + 4], content[place + 9]
            if marker not in _BASELINE:
                return _LOSSLESS.get(marker, "hierarchical JPEG")
            if bits != 8:
                return f"JPEG of {bits} bits"
            return "" if channels in (1, 3, 4) else f"JPEG of {channels} channels"
        place += 1 if marker == 0xFF else 2 if marker in _ALONE else 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return ""
