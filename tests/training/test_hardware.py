"""What `--precision=auto` and `--xla=auto` choose on which hardware, and that a run keeps its choice."""

import dataclasses

import keras
import pytest
import tensorflow as tf
from replicas import ONE, TWO, strategy_over

from tfgan.config import TrainConfig
from tfgan.methods import method_class
from tfgan.methods.pix2pix import HParams
from tfgan.training import hardware
from tfgan.training.strategy import networks_in

CPUINFO = "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu avx512f {}\n"


@pytest.fixture
def cpu(tmp_path, monkeypatch):
    """Pretends to be a CPU with more `flags`."""

    def pretend(*flags):
        monkeypatch.setattr(hardware, "CPUINFO", tmp_path / "cpuinfo")
        (tmp_path / "cpuinfo").write_text(CPUINFO.format(" ".join(flags)))
        monkeypatch.setattr(hardware, "has_gpu", lambda: False)

    return pretend


@pytest.fixture
def gpu(monkeypatch):
    """Pretends to have a GPU for each compute capability."""

    def pretend(*capabilities):
        monkeypatch.setattr(hardware, "has_gpu", lambda: True)
        monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind=None: list(range(len(capabilities))))
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", lambda i: {"compute_capability": capabilities[i]} if capabilities[i] else {}
        )

    return pretend


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), "float32"), (("avx512_bf16",), "float32"), (("avx512_bf16", "amx_bf16"), "mixed_bfloat16")],
)
def test_bfloat16_on_cpus_with_amx_alone(cpu, flags, expected):
    cpu(*flags)
    training, lines = hardware.resolve(TrainConfig(), HParams(), 1)
    assert (training.precision, training.xla) == (expected, "off")
    assert [line.partition(",")[0] for line in lines] == [f"--precision=auto: {expected}", "--xla=auto: off"]


def test_other_systems_have_no_cpuinfo(cpu, monkeypatch, tmp_path):
    cpu()
    monkeypatch.setattr(hardware, "CPUINFO", tmp_path / "absent")
    assert hardware.choose_precision()[0] == "float32"


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [([(9, 0)], "mixed_bfloat16"), ([(8, 0), (9, 0)], "mixed_bfloat16"), ([(9, 0), (7, 5)], "float32"), ([None], "float32")],
)
def test_bfloat16_on_gpus_that_multiply_it(gpu, capabilities, expected):
    gpu(*capabilities)
    training, _ = hardware.resolve(TrainConfig(), HParams(), 1)
    assert (training.precision, training.xla) == (expected, "on")


def test_tpus(cpu):
    cpu()
    assert hardware.resolve(TrainConfig(tpu="local"), HParams(), 1)[0].precision == "mixed_bfloat16"


def test_settings_that_are_given_stay(cpu):
    cpu("amx_bf16")
    given = TrainConfig(precision="float32", xla="on")
    assert hardware.resolve(given, HParams(), 2) == (given, [])


@pytest.mark.parametrize("precision, words", [("mixed_bfloat16", "this CPU has no AMX"), ("mixed_float16", "is for GPUs")])
def test_a_pinned_precision_that_is_slow_here_is_said(cpu, precision, words):
    cpu()
    training, (line, _) = hardware.resolve(TrainConfig(precision=precision), HParams(), 1)
    assert training.precision == precision  # as it was asked for
    assert line.startswith(f"--precision={precision}") and "slow" in line and words in line and "--precision=auto takes float32" in line
    assert hardware.slow_precision("float32") == hardware.slow_precision("auto") == ""


def test_a_pinned_precision_that_is_fast_here_is_not(cpu, gpu):
    cpu("amx_bf16")
    assert hardware.slow_precision("mixed_bfloat16") == "" and "mixed_bfloat16 here" in hardware.slow_precision("mixed_float16")
    gpu((7, 5))
    assert hardware.slow_precision("mixed_float16") == "" and "no tensor cores" in hardware.slow_precision("mixed_bfloat16")
    gpu((9, 0))
    assert hardware.slow_precision("mixed_bfloat16") == ""


def test_a_run_that_goes_on_in_a_slow_precision_says_so(cpu):
    cpu()
    _, lines = hardware.resolve(TrainConfig(), HParams(), 1, TrainConfig(precision="mixed_bfloat16", xla="off"))
    assert lines[0].endswith("mixed_bfloat16, as the run began.") and "is slow here; a new run with --precision=auto" in lines[1]


def test_a_run_goes_on_in_its_own_precision(cpu):
    cpu("amx_bf16")
    earlier = TrainConfig(precision="float32", xla="on")
    training, lines = hardware.resolve(TrainConfig(), HParams(), 1, earlier)
    assert (training.precision, training.xla) == ("float32", "off")
    assert lines[0] == "--precision=auto: float32, as the run began."


@pytest.mark.parametrize("xla", ["auto", "on"])
def test_xla_gives_way_to_synchronized_batch_norm_of_several_replicas(gpu, xla):
    gpu((9, 0))
    hparams = dataclasses.replace(HParams(), sync_batch_norm=True)
    for replicas, expected in ((1, "on"), (2, "off")):
        training, lines = hardware.resolve(TrainConfig(precision="float32", xla=xla), hparams, replicas)
        assert training.xla == expected
        assert any("--sync_batch_norm" in line for line in lines) == (replicas > 1)


@pytest.mark.parametrize(("cores", "branches", "shared"), [(1, 2, False), (2, 2, True), (2, 1, False), (4, 2, False)])
def test_cores_are_shared_out_where_there_are_no_more_than_branches(cpu, monkeypatch, cores, branches, shared):
    cpu()
    threads = {}
    monkeypatch.setattr(hardware, "cores", lambda: cores)
    for kind in ("intra", "inter"):
        monkeypatch.setattr(tf.config.threading, f"set_{kind}_op_parallelism_threads", lambda n, kind=kind: threads.update({kind: n}))
    hardware.share_cores(branches)
    assert threads == ({"intra": 1, "inter": cores} if shared else {})


def test_a_program_that_runs_keeps_its_threads(cpu, monkeypatch):
    cpu()
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    tf.zeros([]).numpy()
    before = tf.config.threading.get_intra_op_parallelism_threads()
    hardware.share_cores(2)
    assert tf.config.threading.get_intra_op_parallelism_threads() == before


def test_branches_of_cyclegan():
    assert method_class("cyclegan").branches == 2
    assert method_class("pix2pix").branches == 1


def test_a_run_s_precision_ends_with_its_networks():
    before = keras.layers.Dense(1).compute_dtype
    with networks_in("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.layers.Dense(1).compute_dtype == before == "float32"
    with pytest.raises(ValueError, match="too small"), networks_in("mixed_bfloat16"):
        raise ValueError("too small")
    assert keras.layers.Dense(1).compute_dtype == before


@pytest.mark.parametrize(
    ("flags", "kind"), [(("avx2",), "avx512f"), (("avx512_vnni",), "avx512_vnni"), (("avx512_vnni", "amx_bf16"), "amx_bf16")]
)
def test_what_rounding_depends_on(cpu, monkeypatch, flags, kind):
    cpu(*flags)
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    monkeypatch.setattr(hardware, "cores", lambda: 3)
    found = hardware.rounding(strategy_over(ONE))
    assert found["threads"] == "3" and found["CPU"] == kind
    assert found["devices"] == "1 replica (MirroredStrategy on CPU:0)" and found["oneDNN"].split(",")[0] in ("on", "off")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "5")
    assert hardware.rounding(strategy_over(ONE))["threads"] == "5"
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 1)
    assert hardware.rounding(strategy_over(ONE))["threads"] == "1"
    assert [hardware.rounding(strategy_over(ONE), xla)["XLA"] for xla in (False, True)] == ["off", "whole steps"]
    assert hardware.rounding(strategy_over(TWO), True)["XLA"] == "gradients"
