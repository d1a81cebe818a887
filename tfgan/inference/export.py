"""A SavedModel that any TensorFlow program can load, without tfgan."""

import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.inference.translator import Translator


class ExportedTranslator(tf.Module):
    """The signatures of a translation.

    `serving_default`: `images` [N, H, W, C] -> `images` [N, H, W, C'], uint8 (uint16 for a domain of 16-bit files), any N, H and W.
    `serve_bytes`: `image_bytes` [N], each a JPEG, PNG, GIF or BMP file of any size -> `image_bytes` [N], PNG files. TensorFlow's decoder
    does not turn photos by their EXIF orientation, and it drops transparency where `tfgan translate` lays the image over white.
    """

    def __init__(self, translator: Translator):
        super().__init__()
        self._weights = translator.weights  # a SavedModel stores what is an attribute
        source = translator.source

        def serve(images):
            return {"images": translator.pixels(images)}

        def serve_one(data):
            image = tf.io.decode_image(data, source.channels, source.dtype, expand_animations=False)
            image = tf.ensure_shape(image, [None, None, source.channels])
            return tf.io.encode_png(translator.pixels(image[None])[0])

        def serve_bytes(image_bytes):
            return {"image_bytes": tf.map_fn(serve_one, image_bytes, fn_output_signature=tf.string)}

        images = tf.TensorSpec([None, None, None, source.channels], source.dtype, "images")
        self.serve = tf.function(serve, input_signature=[images])
        self.serve_bytes = tf.function(serve_bytes, input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])


def export(translator: Translator, folder: Path) -> None:
    """Writes the SavedModel to `folder`, whole or not at all. What is there already, an older export, is replaced."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of an export that was killed
    module = ExportedTranslator(translator)
    tf.saved_model.save(module, str(part), signatures={"serving_default": module.serve, "serve_bytes": module.serve_bytes})
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)


def is_export(folder: Path) -> bool:
    return (folder / "saved_model.pb").is_file()


def largest_difference(translator: Translator, folder: Path, images: list[np.ndarray]) -> int:
    """Between the reloaded SavedModel and the run's own generator, over real source images H×W×C, in steps of the target's dtype."""
    reloaded = tf.saved_model.load(str(folder))
    serve = reloaded.signatures["serving_default"]
    pairs = ((serve(images=tf.constant(image[None]))["images"].numpy(), translator.pixels(image[None]).numpy()) for image in images)
    return max(int(np.max(np.abs(served.astype(np.int64) - own.astype(np.int64)))) for served, own in pairs)
