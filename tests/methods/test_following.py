"""What follows in the methods from image_size and epochs: sizes of networks, and the fall of learning rates."""

import dataclasses

import pytest
from tiny_methods import SETTINGS, make_method

from tfgan.config.spec import DataState
from tfgan.methods import pix2pix, spade, stargan, vaegan


@pytest.mark.parametrize("size, generator", [(256, "unet_256"), ((512, 768), "unet_256"), (96, "unet_32"), ((64, 80), "unet_16")])
def test_the_u_net(size, generator):
    assert pix2pix.HParams(image_size=size).settled().generator == generator
    assert pix2pix.HParams(image_size=size, generator="resnet_6").settled().generator == "resnet_6"


@pytest.mark.parametrize("size, depth, encoder_size", [(256, 5, 256), (512, 5, 256), ((128, 256), 4, 128), (96, 3, 64), (16, 1, 16)])
def test_spade(size, depth, encoder_size):
    found = spade.HParams(image_size=size, style_encoder=True).settled()
    assert (found.depth, found.encoder_size) == (depth, encoder_size)
    assert spade.HParams(image_size=size, depth=2).settled().depth == 2


@pytest.mark.parametrize("size, n_layers", [(256, 6), (128, 6), (64, 5), (32, 4), ((48, 64), 4)])
def test_stargan(size, n_layers):
    assert stargan.HParams(image_size=size).settled().n_layers == n_layers
    assert stargan.HParams(image_size=size, n_layers=3).settled().n_layers == 3


@pytest.mark.parametrize(
    "given, schedule",
    [
        ({"epochs": 20}, (10, 10)),
        ({"epochs": 200}, (100, 100)),
        ({"epochs": 1}, (0, 1)),
        ({"epochs": 12, "lr_decay_epochs": 0.33}, (8, 4)),
        ({"epochs": 12, "lr_decay_epochs": 3}, (9, 3)),
        ({"epochs": 12, "lr_decay_epochs": 20}, (0, 20)),
        ({"epochs": 12, "lr_constant_epochs": 4}, (4, 8)),
        ({"epochs": 12, "lr_constant_epochs": 50}, (50, 1)),
        ({"epochs": 12, "lr_constant_epochs": 50, "lr_decay_epochs": 7}, (50, 7)),
    ],
)
def test_the_fall_of_the_learning_rate(given, schedule):
    """In StarGAN, half of the epochs unless something else is said."""
    assert stargan.HParams(**given).schedule() == schedule
    assert stargan.HParams(**given).settled().schedule() == schedule


def test_a_factor_for_all_epochs():
    assert vaegan.HParams(lr_end_factor=0.125, epochs=3).settled() == vaegan.HParams(lr_decay=0.5, epochs=3)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"stylegan"}))  # whose rate follows the size alone
def test_the_learning_rate_falls_by_epochs_also_where_they_became_longer(name):
    """Two steps an epoch of 6 images until step 3, and four of 16 from there on: half an epoch later are two steps, not one."""
    falls = {"lr_decay": 0.5} if name == "vaegan" else {"lr_constant_epochs": 1.0, "lr_decay_epochs": 4.0, "epochs": 5}
    method = make_method(name, n_critic=1, **falls)
    images = 16 * method.batches_per_step
    before = {loss: float(optimizer._learning_rate(0)) for loss, optimizer in method.make_optimizers().items()}
    states = (DataState(0, 6 * method.batches_per_step, "a"), DataState(3, images, "b"))
    changes = {"states": states, "fingerprint": "b", "sizes": {"train": images, "validation": 2}}
    grown = type(method)(method.hparams, dataclasses.replace(method.spec, **changes))
    assert grown.steps_per_epoch == 4 and grown.ahead == 3 and method.ahead == 0
    for loss, optimizer in grown.make_optimizers().items():
        rate, first = optimizer._learning_rate, before[loss]
        if name == "vaegan":  # by halves after whole epochs: the second ends with step 5
            assert [float(rate(step)) / first for step in (3, 4, 5, 8, 9)] == pytest.approx([0.5, 0.5, 0.25, 0.25, 0.125])
        else:
            assert [float(rate(step)) / first for step in (3, 5, 9, 17)] == pytest.approx([7 / 8, 3 / 4, 1 / 2, 0.0], abs=1e-6)
