"""A SavedModel that any TensorFlow program can load, without tfgan."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.inference.translator import Translator


class ExportedTranslator(tf.Module):
    """The signatures of a translation.

    `serving_default`: `images` [N, H, W, C] -> `images` [N, H, W, C'], uint8 (uint16 for a domain of 16-bit files), any N, H and W.
    `serve_bytes`: `image_bytes` [N], each a JPEG, PNG, GIF or BMP file of any size -> `image_bytes` [N], PNG files. TensorFlow's decoder
    does not turn photos by their EXIF orientation.
    """

    def __init__(self, translator: Translator, variables):
        super().__init__()
        self._translator, self._weights = translator, [variable.value for variable in variables]
        source = translator.source
        self.serve = tf.function(
            lambda images: {"images": translator.pixels(images)},
            input_signature=[tf.TensorSpec([None, None, None, source.channels], source.dtype, "images")],
        )
        self.serve_bytes = tf.function(self._serve_bytes, input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])

    def _serve_bytes(self, image_bytes):
        def serve_one(data):
            source = self._translator.source
            image = tf.io.decode_image(data, source.channels, source.dtype, expand_animations=False)
            image = tf.ensure_shape(image, [None, None, source.channels])
            return tf.io.encode_png(self._translator.pixels(image[None])[0])

        return {"image_bytes": tf.map_fn(serve_one, image_bytes, fn_output_signature=tf.string)}


def export(translator: Translator, variables, folder: Path) -> None:
    """Writes the SavedModel to `folder`, which must not exist, whole or not at all."""
    part = folder.with_name(f".{folder.name}.part")
    module = ExportedTranslator(translator, variables)
    tf.saved_model.save(module, str(part), signatures={"serving_default": module.serve, "serve_bytes": module.serve_bytes})
    part.rename(folder)


def largest_difference(translator: Translator, folder: Path, images: list[np.ndarray]) -> int:
    """Between the reloaded SavedModel and the run's own generator, over real source images H×W×C, in steps of the target's dtype."""
    reloaded = tf.saved_model.load(str(folder))
    serve = reloaded.signatures["serving_default"]
    pairs = ((serve(images=tf.constant(image[None]))["images"].numpy(), translator.pixels(image[None]).numpy()) for image in images)
    return max(int(np.max(np.abs(served.astype(np.int64) - own.astype(np.int64)))) for served, own in pairs)
