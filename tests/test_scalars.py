"""Names of logged scalars: their groups, and what a person reads."""

import pytest

from tfgan.config import scalars

DOMAINS = {"source": "labels", "target": "a photo (old)"}


@pytest.mark.parametrize(
    "name, group, tag",
    [
        ("generator_loss", "loss", "loss/generator"),
        ("gradient_penalty", "loss", "loss/gradient_penalty"),
        ("identity", "loss", "loss/identity"),
        ("cycle_source_loss", "loss", "loss/cycle (labels)"),
        ("discriminator_target_loss", "loss", "loss/discriminator (a photo (old))"),
        ("real_score", "score", "score/real_score"),
        ("fake_score_after", "score", "score/fake_score_after"),
        ("real_logit", "score", "score/real_logit"),
        ("class_accuracy", "score", "score/class_accuracy"),
        ("val_l1", "validation", "validation/l1"),
        ("val_photo_fid", "validation", "validation/photo_fid"),
        ("sample_diversity", "sample", "sample/diversity"),
        ("images_per_second", "speed", "speed/images_per_second"),
        ("learning_rate_generator", "rate", "rate/generator"),
        ("grad_norm_discriminator", "gradient", "gradient/discriminator"),
    ],
)
def test_groups_and_tags(name, group, tag):
    assert scalars.group_of(name) == group and scalars.tag(name, DOMAINS) == tag


@pytest.mark.parametrize(
    "name, shown",
    [
        ("gan_target_loss", "gan_loss (a photo (old))"),
        ("source", "source"),
        ("resource_loss", "resource_loss"),
        ("source_to_target_loss", "source_to_target_loss"),
    ],
)
def test_a_scalar_of_one_domain_has_its_name(name, shown):
    assert scalars.under_domains(name, DOMAINS) == shown and scalars.under_domains(name, {}) == name
