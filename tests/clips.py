"""Tiny videos for tests, made by PyAV itself."""

from fractions import Fraction

import numpy as np

SIZE = (24, 32)
SOUND_RATE = 44_100


def ramp(number, size=SIZE):
    """The picture of a frame: red on top, and below a gray that tells its number, 10 × number."""
    image = np.full((*size, 3), 10 * number, np.uint8)
    image[: size[0] // 2] = (200, 0, 0)
    return image


def write_clip(path, frames=None, *, codec="libx264", sound="", times=None, base=Fraction(1, 25), size=SIZE, pixels="yuv420p", **describe):
    """Writes a video of `frames`, H×W×3 uint8, by default six of `ramp`, at `times` in units of `base`; with a tone if `sound` is a codec.

    Args:
        describe: attributes of the encoder, such as colorspace; `rotation` is set for players, `options` for the encoder.
    """
    import av

    frames = [ramp(number, size) for number in range(6)] if frames is None else frames
    times = range(len(frames)) if times is None else times
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=25, options=describe.pop("options", {}))
        video.width, video.height, video.pix_fmt = frames[0].shape[1], frames[0].shape[0], pixels
        video.codec_context.time_base = video.time_base = base
        if rotation := describe.pop("rotation", 0):
            video.set_display_rotation(rotation)
        for name, value in (({"qmin": 1, "qmax": 1} if codec in ("mpeg4", "mjpeg") else {}) | describe).items():
            setattr(video.codec_context, name, value)
        tone = container.add_stream(sound, rate=SOUND_RATE, layout="mono") if sound else None
        for image, time in zip(frames, times):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = time, base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if tone:
            _add_tone(container, tone, len(frames) * SOUND_RATE // 25)
    return path


def _add_tone(container, stream, count):
    import av

    wave = (0.3 * np.sin(np.arange(count) * 2 * np.pi * 440 / SOUND_RATE)).astype(np.float32)
    kind = stream.codec_context.format.name
    for begin in range(0, count, 1024):
        part = wave[None, begin : begin + 1024]
        samples = (part * 32767).astype(np.int16) if kind in ("s16", "s16p") else part
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), kind, "mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, begin, Fraction(1, SOUND_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def read_frames(path):
    """The frames of a video as PyAV's own `to_ndarray` gives them, and when each is shown, in seconds."""
    import av

    with av.open(str(path)) as container:
        found = [(frame.to_ndarray(format="rgb24"), frame.time) for frame in container.decode(video=0)]
    return [image for image, _ in found], [time for _, time in found]


def packets_of_sound(path):
    """The bytes of each packet of the first sound of a video."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
