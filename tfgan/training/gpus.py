"""The choice of the GPUs that a run takes, by how many or by which."""

import logging

import tensorflow as tf

from tfgan.config.training import named_cards
from tfgan.errors import UserError

logger = logging.getLogger(__name__)

NO_GPU = "Check the driver (nvidia-smi), or leave --gpus out"
RESTART = "start a new process, or restart the notebook's kernel"


def choose_gpus(wanted: str, batch_size: int) -> list[str]:
    """Chooses the devices for a global batch of `batch_size` images: GPUs, or the CPU where there is none.

    The cards that are left out stay out of TensorFlow's sight, if it has not looked at them yet: it would begin to use memory on each.

    Args:
        wanted: the text of `--gpus`: how many (0: the largest number that divides the batch), or which (0,2).
        batch_size: images in one step, over all replicas.

    Returns:
        TensorFlow's names of the devices.

    Raises:
        UserError: cards that are not there, that TensorFlow no longer takes, or that cannot share the batch.
    """
    visible, numbers = tf.config.get_visible_devices("GPU"), named_cards(wanted)
    if numbers:
        devices = _only(_named(wanted, numbers))
    elif len(visible) > 1:
        devices = _only(visible[: _count(wanted, len(visible), batch_size)])
    else:  # one card may be several logical devices
        devices = [device.name for device in tf.config.list_logical_devices("GPU")]
        devices = devices[: _count(wanted, len(devices), batch_size)] or ["/cpu:0"]
    if batch_size % len(devices):
        raise UserError(f"--batch_size={batch_size} is not divisible by the {len(devices)} GPUs of --gpus={wanted}.")
    if numbers:
        logger.info(f"--gpus={wanted}: TensorFlow calls {'it' if len(devices) == 1 else 'them'} {', '.join(map(_short, devices))}.")
    return devices


def _named(wanted: str, numbers: tuple[int, ...]) -> list:
    cards = tf.config.list_physical_devices("GPU")
    if max(numbers) >= len(cards):
        known = f"{len(cards)}, numbered from 0" if cards else f"none. {NO_GPU}"
        raise UserError(f"--gpus={wanted}: there is no GPU {max(numbers)}; TensorFlow sees {known}.")
    return [cards[number] for number in numbers]


def _count(wanted: str, there: int, batch_size: int) -> int:
    """The number of GPUs to take, out of the `there` that TensorFlow sees."""
    asked = int(wanted)
    if asked > there:
        hidden = there < len(tf.config.list_physical_devices("GPU"))
        raise UserError(
            f"--gpus={wanted}, but TensorFlow {f'has started with {there}: {RESTART}' if hidden else f'sees {there}. {NO_GPU}'}."
        )
    if asked and batch_size % asked:
        raise UserError(f"--batch_size={batch_size} is not divisible by --gpus={wanted}; leave --gpus out to use as many as divide it.")
    count = asked or max((n for n in range(1, there + 1) if batch_size % n == 0), default=0)
    if 0 < count < there and not asked:
        logger.info(f"Using {count} of {there} GPUs: the largest number that divides --batch_size={batch_size}.")
    return count


def _only(cards: list) -> list[str]:
    """The names of the logical devices of `cards`, the only ones that TensorFlow looks at from now on, if it has not begun to look."""
    try:
        tf.config.set_visible_devices(cards, "GPU")
    except RuntimeError:  # a program that has used TensorFlow before keeps what it sees
        visible = tf.config.get_visible_devices("GPU")
        if not set(cards) <= set(visible):
            seen = ", ".join(map(_short, (card.name for card in visible))) or "none"
            raise UserError(f"TensorFlow has started with other GPUs ({seen}) and cannot change that: {RESTART}.") from None
        logical = tf.config.list_logical_devices("GPU")
        return [logical[visible.index(card)].name for card in cards]
    return [device.name for device in tf.config.list_logical_devices("GPU")]


def _short(name: str) -> str:
    """Shortens a device's name: /device:GPU:0 becomes GPU:0."""
    return name.rpartition("device:")[2]
