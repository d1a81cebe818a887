"""Recipes with one flag given otherwise: what follows from it does, no recipe pins it, and runs of earlier recipes go on."""

import dataclasses
import json

import pytest

from tfgan.cli.main import main
from tfgan.config import DataConfig, DataSpec, Domain, RunConfig, TrainConfig, from_dict, make_records
from tfgan.data.checks.crops import check_crops
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.planning.plan import prolong, settle
from tfgan.runs.recipes import recipe_settings, recipes
from tfgan.runs.training.train import _tell_crops
from tfgan.sizes import generator_multiple

ALL = sorted(recipes())
FOLLOWING = {"load_size", "lr_constant_epochs", "lr_decay", "depth", "encoder_size", "precision"}  # from another flag, or the machine
DECAY = {"lr_constant_epochs": 100, "lr_decay_epochs": 100}
BEFORE = {  # what recipes of version 0.1.0 had, and those of today have not
    **dict.fromkeys(("cityscapes", "edges2handbags", "edges2shoes", "facades", "maps", "night2day"), {"load_size": 286}),
    **dict.fromkeys(("facades_spade", "horse2zebra_cyclegan", "vangogh2photo_cyclegan"), {"load_size": 286, **DECAY}),
    "celeba_stargan": {"lr_constant_epochs": 10, "lr_decay_epochs": 10},
    "faces_vaegan": {"lr_decay": 0.85},
    "mnist_acgan": {"lr_constant_epochs": 50, "lr_decay_epochs": 30},
    "photos_vaegan": {"lr_decay": 0.995},
    "quickstart": {"generator": "unet_64"},
    "quickstart_cyclegan": {"lr_constant_epochs": 8, "lr_decay_epochs": 4},
    "quickstart_spade": {"depth": 3, "encoder_size": 64, "lr_constant_epochs": 8, "lr_decay_epochs": 4},
    "quickstart_stargan": {"n_layers": 5, "lr_constant_epochs": 30, "lr_decay_epochs": 10},
    "rafd_stargan": DECAY,
}
DEFAULTS_BEFORE = {"lr_constant_epochs": 100, "lr_decay_epochs": 0, "load_size": 0}
OF_METHODS_BEFORE = {
    "pix2pix": {"generator": "unet_256"},
    "cyclegan": {"lr_decay_epochs": 100},
    "stargan": {"n_layers": 6, "lr_constant_epochs": 10, "lr_decay_epochs": 10},
    "spade": {"depth": 5, "encoder_size": 256, "lr_decay_epochs": 100},
}


def opened(recipe, **changes):
    """The method of a recipe and its hyper-parameters, some of them given otherwise."""
    given = recipe_settings(recipe)
    (method,) = (place.pop("method") for place in given if "method" in place)
    return method, make_records(given, changes, [DataConfig, TrainConfig, method_class(method).HParams])[2]


def pinned(recipe):
    return {name: text for place in recipe_settings(recipe) for name, text in place.items()}


def recorded(method, hparams):
    """The record of a run."""
    spec = DataSpec("images", hparams.image_size, {"image": Domain("photo", 3)}, {"train": 4}, "")
    return RunConfig(method, DataConfig(), TrainConfig(), hparams, spec, {})


@pytest.mark.parametrize("name", ALL)
def test_no_recipe_pins_what_follows(name):
    given = pinned(name)
    assert not FOLLOWING & set(given)
    assert float(given.get("lr_decay_epochs", 0)) < 1 and "unet" not in given.get("generator", "")


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("name", ALL)
def test_another_image_size(name, factor):
    """Networks fit it and training sees all but the margin of the images, as at the recipe's own size."""
    method, own = opened(name)
    size = int(own.image_size[0] * factor)
    _, hparams = opened(name, image_size=size)
    found = hparams.settled()
    loaded = round(size * 286 / 256) if own.random_crop else size
    assert hparams.loaded_size() == (loaded, loaded) and not check_crops(hparams.image_size, hparams.loaded_size())
    if method == "pix2pix":
        assert generator_multiple(found.generator) == min(size, 256)
    elif method == "spade":
        assert size >> found.depth == max(8, size // 32) and found.encoder_size in (0, min(size, 256))
    elif method == "stargan":
        assert size >> found.n_layers == max(2, size // 64)
    elif method == "stylegan":
        assert len(found.batch_sizes()) == len(found.sizes()) and found.sizes()[-1] == size


@pytest.mark.parametrize("name", ALL)
def test_another_number_of_epochs(name):
    """The learning rate ends where it ends in the recipe's own epochs, and is constant for the same share of them."""
    method, own = opened(name)
    for epochs in (1, 2, 10, 3 * own.epochs):
        _, hparams = opened(name, epochs=epochs)
        if method == "vaegan":
            found, expected = hparams.settled().lr_decay, own.settled().lr_decay
            assert found**epochs == pytest.approx(expected**own.epochs, rel=1e-3) and expected < 1
            continue
        constant, decay = hparams.schedule()
        share = own.schedule()[1] / own.epochs
        assert (constant + decay == epochs and abs(decay - share * epochs) <= 1) if share else not decay


def test_the_recipes_of_today_train_as_before():
    for name, before in BEFORE.items():
        method, hparams = opened(f"{name}.flags")
        now = hparams.settled()
        expected = {field: (value, value) if field == "load_size" else value for field, value in before.items()}
        assert {field: getattr(now, field) for field in before} == expected, name


@pytest.mark.parametrize("name", ALL)
def test_runs_of_earlier_recipes_go_on(name, tmp_path):
    """By the same command, with the recipe of today; their averages have no warm-up, which their records do not know."""
    method, today = opened(name)
    before = DEFAULTS_BEFORE | OF_METHODS_BEFORE.get(method, {}) | {"lr_end_factor": 0.0} | BEFORE.get(name.removesuffix(".flags"), {})
    values = json.loads(json.dumps(dataclasses.asdict(today)))
    values |= {key: [value, value] if key == "load_size" else value for key, value in before.items() if key in values}
    values.pop("ema_warmup", None)
    earlier = recorded(method, from_dict(type(today), values))
    kept = settle(today, earlier, method)
    assert earlier.differences(recorded(method, kept)) == []
    if getattr(today, "ema_decay", 0):
        assert (kept.ema_warmup, today.settled().ema_warmup) == ("off", "on")
    assert recorded(method, kept).differences(recorded(method, settle(today, recorded(method, kept), method))) == []


def test_what_was_given_is_not_taken_from_the_run():
    _, today = opened("horse2zebra_cyclegan.flags", load_size=300)
    earlier = recorded("cyclegan", opened("horse2zebra_cyclegan.flags")[1].settled())
    assert earlier.differences(recorded("cyclegan", settle(today, earlier, "cyclegan"))) == ["load_size: (286, 286) -> (300, 300)"]


def test_a_run_keeps_the_fall_of_its_learning_rate(capsys):
    """Fewer epochs end before it."""
    earlier = recorded("cyclegan", opened("horse2zebra_cyclegan.flags")[1].settled())
    kept = settle(opened("horse2zebra_cyclegan.flags", epochs=120)[1], earlier, "cyclegan")
    assert kept.schedule() == (100, 100)
    assert capsys.readouterr().out.splitlines() == [f"--{name}=100, as the run began." for name in DECAY]


def test_a_run_that_is_made_longer_falls_later(capsys):
    """And says so; the steps that are done stay as they are."""
    earlier = recorded("cyclegan", opened("quickstart_cyclegan.flags", epochs=6)[1].settled())
    assert earlier.hparams.schedule() == (4, 2)
    longer = opened("quickstart_cyclegan.flags", epochs=12)[1]
    prolonged = prolong(earlier, longer)
    said = capsys.readouterr().out
    assert "--epochs=12 is more than the run was planned for" in said and "lr_constant_epochs: 4" in said and "-> 8" in said
    kept = settle(longer, prolonged, "cyclegan")
    assert kept.schedule() == (8, 4) and prolonged.differences(recorded("cyclegan", kept)) == []
    assert prolong(earlier, opened("quickstart_cyclegan.flags", epochs=5)[1]) == earlier
    given = opened("quickstart_cyclegan.flags", epochs=12, lr_constant_epochs=6, lr_decay_epochs=6)[1]
    assert prolong(earlier, given) == earlier  # and so it is refused
    with pytest.raises(UserError, match="The learning rate is 0 after 4 \\+ 2 epochs, before --epochs=12 end: .*--init_from"):
        opened("quickstart_cyclegan.flags", epochs=12, lr_constant_epochs=4, lr_decay_epochs=2)


def test_what_is_seen_of_training_images_is_said(capsys):
    for given, words in (
        ({}, "resized to 286×286, cropped at random to 256×256, half of them mirrored."),
        ({"image_size": (64, 128)}, "resized to 72×143, cropped at random to 64×128, half of them mirrored."),
        ({"random_crop": False, "flip": False}, "resized to 256×256."),
    ):
        _tell_crops(opened("facades.flags", **given)[1], DataConfig(), "paired")
        assert capsys.readouterr().out == f"Training images are {words}\n"
    for fit, words in {"none": "at their own scale, cropped", "width": "resized to a width of 286, cropped"}.items():
        _tell_crops(opened("facades.flags")[1], DataConfig(fit=fit, augment=("color",)), "paired")
        said = capsys.readouterr().out
        assert f"Training images are {words} at random to 256×256" in said and "changed by color" in said
    _tell_crops(opened("facades.flags", image_size=64, load_size=286)[1], DataConfig(), "paired")
    warning = capsys.readouterr().out.splitlines()[1]
    assert "4.5 times as large" in warning and "Cure: use --load_size=0" in warning


def test_the_settings_are_shown_as_they_count(capsys):
    assert main(["train", "--flagfile=facades.flags", "--image_size=64", "--dry_run"]) == 0
    shown = capsys.readouterr().out.split()
    assert {"*image_size=64", "load_size=72", "generator=unet_64"} <= set(shown)
    assert main(["train", "--flagfile=horse2zebra_cyclegan", "--epochs=20", "--dry_run"]) == 0
    assert {"lr_constant_epochs=10", "lr_decay_epochs=10"} <= set(capsys.readouterr().out.split())
