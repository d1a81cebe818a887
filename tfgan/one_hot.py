"""Images that networks see, and make, in another form: maps of classes with a channel for each, pictures as their lightness or colors."""

from tfgan.cielab import lightness_and_colors
from tfgan.config import Domain
from tfgan.instances import classes_of
from tfgan.lazy import tf

_LAB = {"L": 1, "ab": 2}  # what is seen of colors -> its channels


def one_hot(labels, domain: Domain):
    """Class indices N×H×W as N×H×W×K float32: 1 in the channel of its class, 0 in all others, and in all where there is no class (-1)."""
    # Not tf.one_hot: in ONNX, -1 counts from the end, so that pixels without a class would silently have the last one.
    labels = classes_of(tf.convert_to_tensor(labels)) if domain.instances else tf.convert_to_tensor(labels)
    labels = labels[..., None]
    return tf.cast(labels == tf.range(len(domain.require_classes().values), dtype=labels.dtype), tf.float32)


def network_channels(domain: Domain) -> int:
    """The number of channels in which a network sees, or makes, the images of a domain."""
    return len(domain.require_classes().values) if domain.is_map else _LAB.get(domain.lab, domain.channels)


def as_seen(images, domain: Domain):
    """Images of a batch as a network sees them, N×H×W×C float32 in [-1, 1]: maps of classes as `one_hot`, with -1 for 0, and of pictures
    in CIELAB the lightness or the colors."""
    if domain.lab:
        return lightness_and_colors(tf.convert_to_tensor(images))[domain.lab == "ab"]
    return 2.0 * one_hot(images, domain) - 1.0 if domain.is_map else images


def where_known(made, truth, domain: Domain):
    """What a network made, N×H×W×C, with the truth in its place where that has no class: there is nothing to learn from these pixels."""
    return tf.where(truth[..., None] < 0, as_seen(truth, domain), made) if domain.is_map else made


def as_map(made):
    """The map of classes N×H×W int32 that a network's channels N×H×W×K stand for: the class of the largest one."""
    return tf.argmax(made, axis=-1, output_type=tf.int32)
