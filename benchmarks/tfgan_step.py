"""tfgan's own train step, as `tfgan train` runs it: `TrainStep` under `make_strategy`, several steps a call."""

from tfgan.training.memory import keep_freed_memory

keep_freed_memory()  # as `tfgan train` does before it imports TensorFlow

import keras
import numpy as np
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.methods import method_class
from tfgan.training.hardware import share_cores
from tfgan.training.step import TrainStep
from tfgan.training.strategy import make_strategy, networks_in


def software() -> str:
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"


def device() -> str:
    """The GPU's name, or "" if TensorFlow sees none."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else ""


def share_gpu():
    """Lets the other contestants' processes have memory too."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def random_images(batch_size: int, image_size: int) -> list[np.ndarray]:
    """Two fixed batches, source and target, N×H×W×3 float32 in [-1, 1]."""
    rng = np.random.default_rng(0)
    return [rng.uniform(-1.0, 1.0, (batch_size, image_size, image_size, 3)).astype(np.float32) for _ in range(2)]


def method_settings(method: str, image_size: int, ngf: int) -> dict:
    """What differs from the method's own defaults."""
    generator = {"generator": f"unet_{min(256, image_size)}"} if method == "pix2pix" else {}
    return {"image_size": (image_size, image_size), "ngf": ngf, "ndf": ngf, **generator}


def make_method(name: str, batch_size: int, image_size: int, ngf: int):
    """The method with fresh networks for images of three channels."""
    cls = method_class(name)
    hparams = cls.HParams(batch_size=batch_size, **method_settings(name, image_size, ngf))
    domains = {name: Domain(name, 3) for name in ("source", "target")}
    return cls(hparams, DataSpec(cls.batch_kind, hparams.image_size, domains, {"train": 400, "validation": 100}, ""))


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf, precision, xla=False, replicas=1):
        share_gpu()
        if replicas > 1:  # on one CPU, as the tests do
            cpu = tf.config.list_physical_devices("CPU")[0]
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
            devices = [f"/cpu:{i}" for i in range(replicas)]
        else:
            share_cores(method_class(method).branches)
            devices = None
        strategy = make_strategy(batch_size, gpus=1 if device() else 0, devices=devices)
        with networks_in(precision), strategy.scope():
            method = make_method(method, batch_size, image_size, ngf)
        self.step = TrainStep(method, strategy, seed=0, xla=xla)
        source, target = random_images(batch_size, image_size)

        def batches(context):
            share = context.get_per_replica_batch_size(batch_size)
            return tf.data.Dataset.from_tensors({"source": source[:share], "target": target[:share]}).repeat()

        self.iterator = iter(strategy.distribute_datasets_from_function(batches))
        self.weights = sum(np.prod(v.shape) for network in method.networks.values() for v in network.trainable_variables).item()
        self.software, self.device = software(), device()

    def run(self, count: int):
        self.step.run(self.iterator, tf.constant(count)).numpy()
