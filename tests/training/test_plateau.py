"""The learning rate that falls where validations get no better: its rule, what is said of it, and a run that goes on with it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from run_state import newest_tensors, rows

from tfgan.methods.base import Method
from tfgan.methods.pix2pix import HParams
from tfgan.training.plateau import Plateau

pytestmark = pytest.mark.usefixtures("eagerly")

STILL = [  # a run whose images stay as they are, so that no validation is better than the first
    *("--learning_rate=1e-30", "--inference_statistics=image", "--validate_every=1", "--sample_every=1000", "--batch_size=8", "--nohealth"),
    *("--lr_policy=plateau", "--lr_metric=l1", "--lr_patience=1", "--lr_gamma=0.5"),
]


class Trainer:
    def __init__(self):
        self.said = []
        self.say = self.said.append
        self.train_step = SimpleNamespace(learning_rates=lambda: {"learning_rate_generator": 0.02, "learning_rate_discriminator": 0.02})


def plateau(higher=False, images="ab" * 8, **settings):
    hparams = HParams(lr_policy="plateau", lr_metric="l1", **settings)
    return Plateau(Method(hparams, SimpleNamespace(first_images=lambda: 1)), higher, images)


def factors(callback, trainer, values):
    found = []
    for step, value in enumerate(values):
        callback.on_log(trainer, {"step": step} | ({} if value is None else {"val_l1": value}))
        found.append(float(callback.memory["factor"]))
    return found


@pytest.mark.parametrize(
    "higher, values, expected",
    [
        (False, [3, 2, 2, 2.5, 1, 1.5, 1.5, 1.5, 1.5], [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]),
        (False, [2, 1.9999, 1.9997, 1.9996, 1.9996], [1, 1, 1, 1, 0.5]),  # 0.02 % is better, and 0.005 % is not
        (True, [-3, -2.99999, -3, -2.9], [1, 1, 0.5, 0.5]),
        (True, [3, 2, 2, 2.5, 4], [1, 1, 0.5, 0.5, 0.5]),
        (False, [None, np.nan, 1, np.nan, None, np.nan, 0.5], [1, 1, 1, 1, 1, 0.5, 0.5]),  # rows of the log without a validation
    ],
)
def test_the_rule(higher, values, expected):
    callback, trainer = plateau(higher, lr_patience=2, lr_gamma=0.5), Trainer()
    assert factors(callback, trainer, values) == expected
    assert len(trainer.said) == len(set(expected)) - 1
    if values[0] == 3 and not higher:
        line = "step 3: no better l1 than 2.0000 in 2 validations: the learning rate is multiplied by 0.5, and 0.02 now."
        assert trainer.said[0] == line


def test_values_of_other_images_are_not_compared():
    callback, trainer = plateau(lr_patience=1), Trainer()
    callback.on_train_begin(trainer, 0)
    assert factors(callback, trainer, [1, 0.5]) == [1, 1] and not trainer.said
    callback.images = 7
    callback.on_train_begin(trainer, 2)
    assert "other images validate now" in trainer.said[0]
    assert factors(callback, trainer, [3, 4]) == pytest.approx([1, 0.1])


def test_a_run_goes_on_with_its_plateau(train, tmp_path):
    code, output = train(tmp_path / "unbroken", *STILL, "--epochs=3")
    assert code == 0 and "no better l1 than" in output and "multiplied by 0.5, and 5e-31 now." in output, output
    found = rows(tmp_path / "unbroken")
    assert [row["learning_rate_generator"] for row in found] == pytest.approx([1e-30, 1e-30, 5e-31], rel=1e-5)
    assert [row["val_l1"] for row in found] == pytest.approx([found[0]["val_l1"]] * 3, rel=1e-5)
    for epochs in (2, 3):
        code, output = train(tmp_path / "resumed", *STILL, f"--epochs={epochs}")
        assert code == 0, output
    assert rows(tmp_path / "resumed") == found
    for name, value in newest_tensors(tmp_path / "unbroken").items():
        np.testing.assert_array_equal(newest_tensors(tmp_path / "resumed")[name], value, err_msg=name)
    code, output = train(tmp_path / "resumed", *STILL, "--epochs=5", "--lr_gamma=0.25")
    assert code == 2 and "lr_gamma: 0.5 -> 0.25" in output
    assert "lr_gamma" in json.loads((tmp_path / "resumed" / "config.json").read_text())["hparams"]


def test_a_metric_that_cannot_be_measured(train, tmp_path):
    code, output = train(tmp_path, *STILL, "--lr_metric=cycle_l1", "--steps=1")
    assert code == 2 and "--lr_metric=cycle_l1 cannot be measured here; there are: l1, psnr" in output
