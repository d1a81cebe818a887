"""Settings that pay on the hardware at hand: the choices behind `--precision=auto` and `--xla=auto`, and how a CPU's cores are shared.

Each rule has its measurement in benchmarks/README.md.
"""

import dataclasses
import os
import platform
import re
from pathlib import Path

import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port  # TensorFlow says nowhere else whether it works by oneDNN

from tfgan.config import TrainConfig
from tfgan.layers import has_gpu
from tfgan.training.strategy import describe

CPUINFO = Path("/proc/cpuinfo")
TENSOR_CORES_WITH_BFLOAT16 = (8, 0)  # compute capability of NVIDIA's GPUs


def resolve(training: TrainConfig, hparams, replicas: int, earlier: TrainConfig | None = None) -> tuple[TrainConfig, list[str]]:
    """Replaces `auto` in the settings by what suits the hardware.

    Args:
        replicas: their number in the strategy.
        earlier: settings of the run that goes on, whose arithmetic stays, on whatever hardware.

    Returns:
        The settings without `auto`, and a line of text for each that was chosen.
    """
    lines, precision, xla = [], training.precision, training.xla
    if precision == "auto":
        precision, why = (earlier.precision, "as the run began") if earlier else choose_precision(training.tpu)
        lines.append(f"--precision=auto: {precision}, {why}.")
    if slow := slow_precision(precision, training.tpu):
        lines.append(f"{slow}.")
    if xla != "off" and replicas > 1 and getattr(hparams, "sync_batch_norm", False):
        xla = "off"
        lines.append("XLA is off: --sync_batch_norm talks to the other replicas in the middle of a pass, which XLA cannot compile.")
    elif xla == "auto":
        xla, why = choose_xla()
        lines.append(f"--xla=auto: {xla}, {why}.")
    return dataclasses.replace(training, precision=precision, xla=xla), lines


def choose_precision(tpu: str = "") -> tuple[str, str]:
    """The fastest precision that learns as well as float32, float32 or mixed_bfloat16, and half a sentence that says why."""
    if tpu:
        return "mixed_bfloat16", "which TPUs multiply"
    if has_gpu():
        capabilities = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.get_visible_devices("GPU")]
        lowest = min(details.get("compute_capability", (0, 0)) for details in capabilities)
        if lowest >= TENSOR_CORES_WITH_BFLOAT16:
            return "mixed_bfloat16", "which this GPU's tensor cores multiply"
        return "float32", "as this GPU has no tensor cores for bfloat16"
    if "amx_bf16" in cpu_flags():
        return "mixed_bfloat16", "which this CPU multiplies in hardware (AMX)"
    return "float32", "as this CPU has no AMX, without which bfloat16 is slower"


def slow_precision(precision: str, tpu: str = "") -> str:
    """A sentence, without its full stop, that says why a precision of half as many bits is slow here; "" if it is not, or is float32."""
    if precision == "mixed_float16" and has_gpu():
        return ""
    fastest, why = choose_precision(tpu)
    if precision in ("auto", "float32", fastest):
        return ""
    if precision == "mixed_float16":
        return f"--precision={precision} is for GPUs, and slow elsewhere; a new run with --precision=auto takes {fastest} here"
    return f"--precision={precision} is slow here; a new run with --precision=auto takes {fastest}, {why}"


def choose_xla() -> tuple[str, str]:
    return ("on", "faster on GPUs") if has_gpu() else ("off", "slower on CPUs")


def cpu_flags() -> set[str]:
    """The features of the CPU as Linux names them, such as avx2 and amx_bf16; empty on other systems."""
    text = CPUINFO.read_text() if CPUINFO.exists() else ""
    flags = re.search(r"^flags\s*: (.*)$", text, re.MULTILINE)
    return set(flags[1].split()) if flags else set()


def rounding(strategy: tf.distribute.Strategy, xla: bool = False) -> dict[str, str]:
    """The conditions on which the last bits of a sum depend beside TensorFlow's version: name -> value.

    They say in how many parts, and by which kernels, a sum is added up.
    """
    flags = cpu_flags()
    known = [name for name in ("amx_bf16", "avx512_vnni", "avx512f", "avx2") if name in flags]
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    return {
        "devices": describe(strategy),
        "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS") or cores()),
        "oneDNN": ("on" + f", at most {limit}" * bool(limit)) if uses_onednn() else "off",
        "CPU": known[0] if known else platform.machine(),
        "XLA": ("whole steps" if strategy.num_replicas_in_sync == 1 else "gradients") if xla else "off",
    }


def uses_onednn() -> bool:
    """Whether TensorFlow works by oneDNN here: by itself where the CPU has AVX512-VNNI or AMX, or as TF_ENABLE_ONEDNN_OPTS says."""
    return _pywrap_util_port.IsMklEnabled()


def cores() -> int:
    """The number of the CPU's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_cores(branches: int):
    """Gives each of the `branches` of a train step that do not wait for each other one core, if there are no more cores than branches.

    Otherwise all cores work on one operation after the other, as TensorFlow has it. A call has no effect once TensorFlow runs.
    """
    if not 1 < cores() <= branches or has_gpu():
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores())
    except RuntimeError:  # a program that has used TensorFlow before keeps its threads
        pass
