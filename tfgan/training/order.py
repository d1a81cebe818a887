"""The order of reads and updates of a variable, which TensorFlow's graph optimizer would otherwise change."""

import tensorflow as tf


def keep_reads_before_updates():
    """Switches off the part of Grappler that drops control edges from reads of a variable to its update, for the whole process.

    Its dependency optimizer (TensorFlow 2.21) first removes a control edge that a longer path makes redundant, and then breaks
    that path where it leads through an IdentityN, which the reduction of gradients over replicas leaves. A pass whose result the gradients
    do not need, such as the critic's score of real images beside a gradient penalty, may then read weights that the same step has
    already updated: now and then, by the load of the machine, another gradient comes out. Grappler's other parts stay on; without this
    one a step takes 1 to 2 % longer (benchmarks/README.md).
    """
    tf.config.optimizer.set_experimental_options({"dependency_optimization": False})
