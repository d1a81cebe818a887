"""Switches off the parts of Grappler, TensorFlow's graph optimizer, that do harm to a train step."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from tfgan.layers.machine import has_gpu
from tfgan.training.hardware import uses_onednn


def spare_the_step():
    """Switches off two of Grappler's optimizers (TensorFlow 2.21) for the whole process.

    The dependency optimizer drops control edges from reads of a variable to its update: it first removes an edge that a longer path makes
    redundant, and then breaks that path where it leads through an IdentityN, which the reduction of gradients over replicas leaves. A pass
    whose result the gradients do not need, such as the critic's score of real images beside a gradient penalty, may then read weights that
    the same step has already updated: now and then, by the load of the machine, another gradient comes out. Without it a step takes 1 to
    2 % longer (benchmarks/README.md).

    The remapper, where a CPU works by oneDNN: it fuses a convolution, its bias and a LeakyReLU even where the gradient needs what lies
    between. It then fails, leaves that graph as it is, and writes a line of error at the start of training. Without it the trained weights
    of pix2pix, CycleGAN and ACGAN were the same; StarGAN's, of which it fuses other parts, differed by rounding.
    """
    off = {"dependency_optimization": False}
    if uses_onednn() and not has_gpu():
        off["remapping"] = False
    tf.config.optimizer.set_experimental_options(off)


@contextlib.contextmanager
def spared_steps() -> Iterator[None]:
    """A context in which the parts that `spare_the_step` names are off, for steps that are done beside results of a run."""
    before = tf.config.optimizer.get_experimental_options()
    spare_the_step()
    try:
        yield
    finally:
        names = ("dependency_optimization", "remapping")  # on, where nothing was said
        tf.config.optimizer.set_experimental_options({name: before.get(name, True) for name in names})
