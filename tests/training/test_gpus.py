"""Which GPUs `--gpus` takes, with TensorFlow's own answers put in its mouth: the tests' machine need not have any."""

import logging
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import tensorflow as tf

from tfgan.config import TrainConfig, from_dict
from tfgan.config.training import named_cards
from tfgan.errors import UserError
from tfgan.training.gpus import choose_gpus
from tfgan.training.strategy import make_strategy


class Card(NamedTuple):
    name: str


def card(number):
    return Card(f"/physical_device:GPU:{number}")


@pytest.fixture
def cards(monkeypatch):
    """cards(4): TensorFlow sees so many GPUs, of which logical devices are made when it is first asked for these."""

    def sees(count, logical=None):
        state = SimpleNamespace(physical=[card(n) for n in range(count)], visible=[card(n) for n in range(count)], started=False)

        def show(devices, kind):
            assert kind == "GPU"
            if state.started:
                raise RuntimeError("Visible devices cannot be modified after being initialized")
            state.visible = list(devices)

        def list_logical(kind):
            assert kind == "GPU"
            state.started = True
            number = len(state.visible) if logical is None else logical
            return [SimpleNamespace(name=f"/device:GPU:{n}") for n in range(number)]

        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: state.physical if kind == "GPU" else [])
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: state.visible)
        monkeypatch.setattr(tf.config, "set_visible_devices", show)
        monkeypatch.setattr(tf.config, "list_logical_devices", list_logical)
        return state

    return sees


@pytest.mark.parametrize(
    ("gpus", "batch_size", "numbers"),
    [
        ("0", 8, [0, 1, 2, 3]),
        ("0", 6, [0, 1, 2]),
        ("0", 1, [0]),
        ("2", 8, [0, 1]),
        ("0,2", 8, [0, 2]),
        ("gpu:3", 1, [3]),
        ("3,GPU:1", 2, [3, 1]),
    ],
)
def test_cards_are_chosen_and_the_others_hidden(cards, gpus, batch_size, numbers):
    state = cards(4)
    assert choose_gpus(gpus, batch_size) == [f"/device:GPU:{n}" for n in range(len(numbers))]
    assert [c.name for c in state.visible] == [card(n).name for n in numbers]


def test_without_gpus_the_cpu_is_taken(cards):
    cards(0)
    assert choose_gpus("0", 4) == ["/cpu:0"]


def test_logical_devices_of_one_card_are_replicas(cards):
    cards(1, logical=2)
    assert choose_gpus("0", 4) == ["/device:GPU:0", "/device:GPU:1"]
    assert choose_gpus("0", 3) == ["/device:GPU:0"]
    assert choose_gpus("2", 4) == ["/device:GPU:0", "/device:GPU:1"]


@pytest.mark.parametrize(
    ("there", "gpus", "batch_size", "message"),
    [
        (0, "1", 1, "--gpus=1, but TensorFlow sees 0. Check the driver"),
        (0, "0,1", 2, "--gpus=0,1: there is no GPU 1; TensorFlow sees none. Check the driver"),
        (2, "3", 3, "--gpus=3, but TensorFlow sees 2"),
        (2, "0,2", 2, "--gpus=0,2: there is no GPU 2; TensorFlow sees 2, numbered from 0"),
        (4, "2", 3, "--batch_size=3 is not divisible by --gpus=2"),
        (4, "0,2", 3, "--batch_size=3 is not divisible by the 2 GPUs of --gpus=0,2"),
    ],
)
def test_what_cannot_be_is_refused(cards, there, gpus, batch_size, message):
    cards(there)
    with pytest.raises(UserError) as error:
        choose_gpus(gpus, batch_size)
    assert message in str(error.value)


def test_a_program_that_has_started_keeps_its_gpus(cards):
    cards(4)
    choose_gpus("0,2", 2)
    assert choose_gpus("gpu:2", 1) == ["/device:GPU:1"]  # the second of those that are seen
    with pytest.raises(UserError, match=r"has started with other GPUs \(GPU:0, GPU:2\).*restart the notebook's kernel"):
        choose_gpus("gpu:1", 1)


def test_a_second_run_of_a_program_counts_the_gpus_of_the_first(cards):
    cards(4)
    choose_gpus("gpu:3", 1)
    assert choose_gpus("0", 4) == ["/device:GPU:0"]
    with pytest.raises(UserError, match="--gpus=2, but TensorFlow has started with 1: start a new process"):
        choose_gpus("2", 4)


def test_named_cards_are_told_by_tensorflows_names(cards, caplog):
    cards(4)
    with caplog.at_level(logging.INFO, "tfgan"):
        choose_gpus("3,1", 2)
    assert caplog.messages == ["--gpus=3,1: TensorFlow calls them GPU:0, GPU:1."]


def test_cards_left_idle_are_told(cards, caplog):
    cards(4)
    with caplog.at_level(logging.INFO, "tfgan"):
        choose_gpus("0", 3)
    assert caplog.messages == ["Using 3 of 4 GPUs: the largest number that divides --batch_size=3."]


@pytest.mark.parametrize("gpus", ["two", "-1", "0,0", "1;2", "gpu:", "", "0,", "1.5"])
def test_what_is_no_gpu_is_refused_before_tensorflow_starts(gpus):
    with pytest.raises(UserError, match=r"--gpus=.*must be how many \(2\), or which, each once"):
        TrainConfig(gpus=gpus)


def test_a_number_is_how_many():
    assert named_cards("2") == () and TrainConfig(gpus=2).gpus == "2"
    assert named_cards("GPU:2") == (2,)


def test_the_number_in_an_earlier_versions_record_is_read():
    assert str(from_dict(TrainConfig, {"gpus": 0}).gpus) == "0"


def test_a_cluster_says_that_gpus_is_left_aside(monkeypatch, caplog):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["127.0.0.1:1"]}, "task": {"type": "worker", "index": 0}}')
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", lambda: SimpleNamespace(num_replicas_in_sync=1))
    with caplog.at_level(logging.WARNING, "tfgan"):
        make_strategy(1, "0,1")
    assert "--gpus=0,1 is ignored in a cluster" in caplog.text
