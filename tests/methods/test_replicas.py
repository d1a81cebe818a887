"""A step of every method on two replicas equals the same step on one."""

import pytest
from replicas import ONE, TWO
from same_step import assert_same_step, fix_draws
from tiny_methods import Training

from tfgan.methods import METHODS, method_class

pytestmark = pytest.mark.usefixtures("eagerly")


STYLES = {"style_encoder": True, "encoder_size": 16, "latent_dim": 8, "kl_weight": 5.0}

STYLEGAN2 = {"architecture": "stylegan2", "path_length_interval": 1, "path_length_shrink": 1}

JUDGES = [
    ("pix2pix", {"discriminator_norm": "spectral", "discriminator_scales": 2, "feature_matching": 5.0}),
    (
        "pix2pix",
        {"discriminator": "projected", "discriminator_scales": 3, "norm": "instance", "perceptual_weight": 2.0, "frozen_features": "own"},
    ),
]

PAIRS = {"loss": "rpgan", "r1_gamma": 3.0, "r2_gamma": 2.0, "norm": "instance"}


@pytest.mark.parametrize(
    "name, changes",
    [
        *((name, {}) for name in METHODS),
        ("spade", STYLES),
        pytest.param("stylegan", STYLEGAN2, marks=pytest.mark.slow),
        *((name, PAIRS) for name in ("pix2pix", "cgan")),
        *JUDGES,
    ],
    ids=[*METHODS, "spade-styles", "stylegan2", "pix2pix-pairs", "cgan-pairs", "pix2pix-scales", "pix2pix-projected"],
)
def test_two_replicas_equal_one(name, changes, monkeypatch):
    """Losses and reduced gradients of one step, with dropout and pool off and every draw the same.

    Batch norms without synchronization see one replica: both get the same images where the method has no such setting.
    """
    kind = method_class(name)
    share = 2 if name == "stylegan" else 4  # its groups of four images then hold the same ones; batch norm of two magnifies rounding
    fix_draws(monkeypatch, share)
    settings = {"dropout": 0.0, "pool_size": 0, "sync_batch_norm": True, "beta_1": 0.5} | changes
    halves = kind.batch_kind in ("images", "labeled")
    one, two = (Training(name, devices, batch_size=2 * share, halves=halves, **settings) for devices in (ONE, TWO))
    assert_same_step(one, two)
