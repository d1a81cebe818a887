"""Files and folders through a translator: relative names and formats are kept, nothing is overwritten."""

from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf

from tfgan.config import Domain
from tfgan.data import images
from tfgan.data.files import Task
from tfgan.data.label_maps import maps as label_maps
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference.tiling import translate_image
from tfgan.inference.translator import Translator

DONE, EXISTS = "", "exists"


def translate_files(
    translator: Translator, tasks: list[Task], conditions: Callable = lambda image: {}, *, alpha: str, overwrite: bool, tile: int
) -> Iterator[tuple[Task, str]]:
    """Does the tasks; yields each with what became of it: `DONE`, `EXISTS` if its result was there, otherwise the reason it failed.

    A file that cannot be read, translated or written is told as a reason; the others are done.

    Args:
        conditions: what an image H×W×C is translated by: image -> {name: vector}.
        alpha: what becomes of transparency, see `tfgan.data.images.convert`.
        overwrite: do a task whose result exists.
        tile: see `tfgan.inference.tiling.translate_image`.
    """
    for task in tasks:
        if task.result.exists() and not overwrite:
            yield task, EXISTS
            continue
        try:
            image = read_image(task.source, translator.source, alpha)
            images.save(task.result, translate_image(translator, image, conditions(image), tile=tile))
            yield task, DONE
        except tf.errors.ResourceExhaustedError:
            yield task, f"{image.shape[0]}×{image.shape[1]} pixels do not fit into memory: use a smaller --tile"
        except (UnreadableImage, UserError, OSError) as error:
            yield task, str(error)


def read_image(path: Path, domain: Domain, alpha: str):
    """An image file as `domain` takes it: H×W×C of its dtype, or class indices H×W int32.

    Raises:
        UnreadableImage: the file is damaged, of an unknown kind, or does not hold the domain's classes.
    """
    if domain.classes is not None:
        return label_maps.load(path, domain)
    return images.convert(images.decode(path), domain.channels, domain.dtype, alpha)
