"""tfgan's own train step, as `tfgan train` runs it: `TrainStep` under `make_strategy`, several steps a call."""

from tfgan.training.memory import keep_freed_memory

keep_freed_memory()  # as `tfgan train` does before it imports TensorFlow

import keras
import numpy as np
import tensorflow as tf

from tfgan.config import DataSpec, Domain, TrainConfig
from tfgan.methods import method_class
from tfgan.runs.training.assembly import Machine, assemble
from tfgan.training.hardware import share_cores
from tfgan.training.strategy import make_strategy

LOGICAL_MEMORY = 8192  # MB of a logical GPU


def software() -> str:
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"


def device() -> str:
    """The GPU's name, or "" if TensorFlow sees none."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else ""


def facts(variables) -> dict:
    """What is said of a step that trains, or uses, these variables."""
    return {"weights": sum(np.prod(v.shape) for v in variables).item(), "software": software(), "device": device()}


def peak_memory() -> int:
    """Bytes that TensorFlow has held at most on the first GPU; 0 without one."""
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] if device() else 0


def share_gpu():
    """Lets the other contestants' processes have memory too."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def random_images(batch_size: int, image_size: int) -> list[np.ndarray]:
    """Two fixed batches, source and target, N×H×W×3 float32 in [-1, 1]."""
    rng = np.random.default_rng(0)
    return [rng.uniform(-1.0, 1.0, (batch_size, image_size, image_size, 3)).astype(np.float32) for _ in range(2)]


def make_hparams(method: str, batch_size: int, image_size: int, ngf: int):
    """A method's own defaults but for the sizes."""
    generator = {"generator": f"unet_{min(256, image_size)}"} if method == "pix2pix" else {}
    return method_class(method).HParams(batch_size=batch_size, image_size=(image_size, image_size), ngf=ngf, ndf=ngf, **generator)


class FixedImages:
    """Stands for a `Dataset`: the same batch of source and target again and again, so that no input is read."""

    def __init__(self, cls, batch_size: int, image_size: int):
        domains = {name: Domain(name, 3) for name in ("source", "target")}
        self.spec = DataSpec(cls.batch_kind, (image_size, image_size), domains, {"train": 400, "validation": 100}, "")
        self.images = dict(zip(domains, random_images(batch_size, image_size)))

    def train_batches(self, *, batch_size, context, **_):
        share = context.get_per_replica_batch_size(batch_size)
        return tf.data.Dataset.from_tensors({key: images[:share] for key, images in self.images.items()}).repeat()


def make_method(name: str, batch_size: int, image_size: int, ngf: int):
    """The method with fresh networks for images of three channels."""
    cls = method_class(name)
    return cls(make_hparams(name, batch_size, image_size, ngf), FixedImages(cls, batch_size, image_size).spec)


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf, precision, xla=False, eager=False, replicas=1):
        tf.config.run_functions_eagerly(eager)
        cls = method_class(method)
        if replicas == 1:
            share_gpu()
            share_cores(cls.branches)
        strategy = make_strategy(batch_size, gpus="1" if device() else "0", devices=logical_devices(replicas) if replicas > 1 else None)
        machine = Machine(strategy, TrainConfig(precision=precision, xla="on" if xla else "off"), [])
        run = assemble(cls, machine, make_hparams(method, batch_size, image_size, ngf), FixedImages(cls, batch_size, image_size))
        self.method, self.step, self.iterator = run.method, run.step, run.batches(0)

    def run(self, count: int):
        self.step.run(self.iterator, tf.constant(count)).numpy()

    def facts(self) -> dict:
        trained = [v for network in self.method.networks.values() for v in network.trainable_variables]
        return facts(trained) | {"replicas_equal": replicas_equal(trained)}

    def peak_memory(self) -> int:
        return peak_memory()


def logical_devices(count: int) -> list[str]:
    """Equal parts of the first GPU, or of the CPU where there is none."""
    gpus = tf.config.list_physical_devices("GPU")
    parts = [tf.config.LogicalDeviceConfiguration(memory_limit=LOGICAL_MEMORY if gpus else None) for _ in range(count)]
    tf.config.set_logical_device_configuration((gpus or tf.config.list_physical_devices("CPU"))[0], parts)
    return [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]


def replicas_equal(variables) -> bool:
    """Whether all replicas hold the same bits of every variable."""
    copies = (getattr(v.value, "values", [v.value]) for v in variables)
    return all(np.array_equal(first, other) for first, *others in copies for other in others)
