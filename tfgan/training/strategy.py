"""The devices that a run uses, and the arithmetic in which it computes."""

import contextlib
import logging

import keras
import tensorflow as tf

from tfgan.config import DataSpec, TrainConfig, shortened
from tfgan.config.cluster import read_cluster
from tfgan.errors import UserError, first_line
from tfgan.methods.base import Method
from tfgan.training.capacity import check_capacity
from tfgan.training.gpus import choose_gpus

logger = logging.getLogger(__name__)

# It warns in each trace of a compiled step that sums over replicas become collectives, also where a single replica has none; and in
# notebooks it names the devices, as training does itself.
_KNOWN = ("Under XLA context, MirroredStrategy", "Using MirroredStrategy with devices")
tf.get_logger().addFilter(lambda record: not any(text in str(record.msg) for text in _KNOWN))


def _tpu_strategy(name: str) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except Exception as error:  # of TensorFlow, of the network, and of Google's client library, each with kinds of its own
        raise UserError(
            f"--tpu={name} cannot be used: {shortened(first_line(error), 200)}. Without --tpu, GPUs or the CPU train."
        ) from None


def make_strategy(batch_size: int, gpus: str = "0", tpu: str = "", devices: list[str] | None = None) -> tf.distribute.Strategy:
    """Makes the distribution strategy for a global batch of `batch_size` images.

    `TPUStrategy` if `tpu` names one (never run on a TPU); `MultiWorkerMirroredStrategy` if the environment variable TF_CONFIG
    describes a cluster; otherwise `MirroredStrategy` over `devices`, or over those that `gpus` asks for (`choose_gpus`).

    Raises:
        UserError: a TPU or GPUs that are not there; a TF_CONFIG that describes no cluster; GPUs or workers that cannot share the batch.
    """
    if tpu:
        strategy = _tpu_strategy(tpu)
    elif read_cluster():
        if gpus != "0":
            logger.warning(f"--gpus={gpus} is ignored in a cluster: each worker uses all GPUs that its CUDA_VISIBLE_DEVICES names.")
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    else:
        devices = devices or choose_gpus(gpus, batch_size)
        # Collective operations between replicas on one CPU take a quarter of pix2pix' step, a plain sum a hundredth. Those of NCCL refuse
        # two logical devices of one GPU.
        alone = len(tf.config.list_physical_devices("GPU")) < 2 or all("gpu" not in device.lower() for device in devices)
        return tf.distribute.MirroredStrategy(devices, tf.distribute.ReductionToOneDevice() if alone else None)
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise UserError(f"--batch_size={batch_size} cannot be shared equally by {replicas} replicas: use a multiple of {replicas}.")
    return strategy


def describe(strategy: tf.distribute.Strategy) -> str:
    """The strategy's replicas in words: 2 replicas (MirroredStrategy on GPU:0, GPU:1)."""
    count = strategy.num_replicas_in_sync
    devices = ", ".join(device.rpartition("device:")[2] for device in strategy.extended.worker_devices)
    return f"{count} replica{'s' if count > 1 else ''} ({type(strategy).__name__} on {devices})"


@contextlib.contextmanager
def networks_in(precision: str):
    """A context in which networks that are built compute in `precision`, one of Keras' dtype policies; their weights are float32 in any.

    Networks that are built afterwards, such as those of metrics, do not.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_method(cls, training: TrainConfig, hparams, spec: DataSpec, strategy: tf.distribute.Strategy) -> Method:
    """Builds the method `cls` with fresh weights by the seed of `training`, in its precision and under `strategy`.

    Raises:
        UserError: it cannot fit into this machine's memory, or refuses the data set.
    """
    check_capacity(cls, hparams, spec, trained=True)  # before the seed, as it draws from the same random numbers
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(training.seed)
    with networks_in(training.precision), strategy.scope():
        return cls(hparams, spec)


def is_chief(strategy) -> bool:
    """Whether this process writes the run's files, as every process does except the workers of a cluster after the first."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return resolver.task_type == first and resolver.task_id == 0
