"""The train step of every method as a graph: it does what the Python code does, in order, and moves every weight."""

import numpy as np
import pytest
import tensorflow as tf
from eager import running_eagerly
from graphs import executed_graphs, unordered
from tiny_methods import SIZE, Training, moved, weights

from tfgan.methods import METHODS

WGAN_GP = {"loss": "wgan_gp", "discriminator_norm": "none", "n_critic": 2}
STYLEGAN2 = {"architecture": "stylegan2", "r1_interval": 2, "path_length_interval": 2}
SETTINGS = [*((name, {}) for name in METHODS), ("dcgan", WGAN_GP), pytest.param(("stylegan", STYLEGAN2), marks=pytest.mark.slow)]
IDS = [*METHODS, "dcgan-loss", "stylegan2"]


def run_eagerly(name, **options):
    """Scalars of the first step."""
    training = Training(name, **options)
    with running_eagerly():
        return training.run()


def changes_nothing(method, network, path):
    """Whether a weight is without effect on its network: a bias in front of a norm that takes each channel's mean away again."""
    model = method.networks[network]
    (variable,) = (v for v in model.trainable_variables if v.path == path)
    noise = np.random.default_rng(0)
    shapes = [[SIZE if n is None else n for n in (2, *x.shape[1:])] for x in model.inputs]
    inputs = [noise.uniform(-1, 1, shape).astype(x.dtype) for shape, x in zip(shapes, model.inputs)]

    def outputs():
        return np.concatenate([np.ravel(y) for y in tf.nest.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=True))])

    before = outputs()
    variable.assign_add(tf.ones_like(variable))
    difference = np.abs(outputs() - before).max()
    variable.assign_sub(tf.ones_like(variable))
    return difference < 1e-3


@pytest.fixture(scope="module", params=SETTINGS, ids=IDS)
def three_steps(request):
    """A method's training after three steps, its weights before, the scalars of the first and of the last step, and the graphs that
    TensorFlow ran; and the scalars of the first step run eagerly."""
    name, changes = request.param
    training, scalars = Training(name, **changes), []
    before = weights(training.method)
    graphs = executed_graphs(lambda: scalars.extend([training.run(1), training.run(2)]))
    return training, before, scalars, graphs, run_eagerly(name, **changes)


def test_a_few_steps_move_every_weight(three_steps):
    training, before, scalars, *_ = three_steps
    assert all(np.all(np.isfinite(list(found.values()))) for found in scalars)
    trained = {f"{loss}_loss" for phase in training.step.phases for loss in phase.trains}
    assert trained and all(trained <= set(found) for found in scalars)
    assert training.step.step.numpy() == 3 and training.step.first_bad_step.numpy() == -1
    still = set(before) - moved(before, weights(training.method))  # moving statistics and power iterations move too
    # The gradient of such a bias is nothing but rounding noise, which may be 0.
    assert all(path.endswith("bias") and changes_nothing(training.method, network, path) for network, path in still), still


def test_the_graph_computes_what_the_code_says(three_steps):
    _, _, (scalars, _), _, expected = three_steps
    assert scalars == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_reads_and_updates_of_a_weight_are_in_order(three_steps):
    """In the graph that runs, after TensorFlow's own rewriting; else what a step learns would depend on the load of the machine."""
    training, _, _, graphs, _ = three_steps
    found = [unordered(graph) for graph in graphs]
    assert not [pair for loose, _ in found for pair in loose]
    assert sum(pairs for _, pairs in found) > sum(len(network.trainable_variables) for network in training.method.networks.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, changes", [*((name, {}) for name in ("pix2pix", "cyclegan", "dcgan", "stylegan")), ("stargan", {"target_labels": "sampled"})]
)
def test_xla_computes_what_the_code_says(name, changes):
    training, expected = Training(name, xla=True, **changes), run_eagerly(name, **changes)
    assert training.run() == pytest.approx(expected, rel=1e-3, abs=1e-3)
    assert all(np.isfinite(values).all() for values in weights(training.method).values())


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_a_graph_of_mixed_types_can_be_made(name):
    """Eager TensorFlow takes a Python number for one of any type; a graph refuses it beside a tensor of another."""
    training = Training(name, precision="mixed_float16")
    graph = training.step.run.get_concrete_function(training.iterator, tf.constant(1)).graph.as_graph_def()
    types = {attribute.type for function in graph.library.function for node in function.node_def for attribute in node.attr.values()}
    assert tf.float16.as_datatype_enum in types
