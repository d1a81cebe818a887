"""Each benchmark runs at a tiny size and prints its table; how ratios are formed. No time is asserted.

The PyTorch contestant is run if this Python has PyTorch, or the environment variable TFGAN_TEST_TORCH_PYTHON names one that has.
"""

import json
import math
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import (
    first_step,
    gpu,
    gpu_steps,
    input_pipeline,
    many_files,
    methods,
    replicas,
    train_step,
    translate,
    tutorial_step,
    two_processes,
)
from benchmarks.contestants import CONTESTANTS, Worker
from tfgan.networks.patchgan import patchgan
from tfgan.networks.unet import unet

TINY = ["--image_size=32", "--ngf=2", "--rounds=2", "--steps=1"]
TINY_RUN = ["--image_size=32", "--load_size=0", "--generator=unet_32", "--ngf=4", "--ndf=4", "--synthetic_images=4"]


def rows(markdown: str) -> dict[str, list[str]]:
    """Label -> cells of the Markdown table in a benchmark's output."""
    lines = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines[2:]}


def weights_of(output: str) -> dict[str, int]:
    return {re.search("`(.*)`", label)[1]: int(cells[0].replace(",", "")) for label, cells in rows(output).items()}


@pytest.mark.slow
def test_train_step_times_every_contestant(capsys):
    train_step.main([*TINY, "--contestants=tfgan_bfloat16,tutorial_float32", "--baseline=tutorial_float32"])
    output = capsys.readouterr().out
    assert "TensorFlow" in output.splitlines()[0]
    assert "time / tutorial_float32" in output
    weights = weights_of(output)
    # The tutorial normalizes the bottleneck, too: γ and β of 8 × ngf channels.
    assert weights["tutorial_float32"] - weights["tfgan_bfloat16"] == 2 * 8 * 2
    assert rows(output)[f"{CONTESTANTS['tutorial_float32'].summary} (`tutorial_float32`)"][-1] == "1.00"


def test_torch_step_has_the_same_weights(capsys):
    python = os.environ.get("TFGAN_TEST_TORCH_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("no PyTorch here; set TFGAN_TEST_TORCH_PYTHON to a Python that has it")
    train_step.main([*TINY, f"--torch_python={python}", "--contestants=torch_float32,torch_bfloat16"])
    output = capsys.readouterr().out
    networks = (unet(3, 3, depth=5, ngf=2), patchgan(3, 3, ndf=2))
    expected = sum(math.prod(v.shape) for network in networks for v in network.trainable_variables)
    assert weights_of(output) == {"torch_float32": expected, "torch_bfloat16": expected}
    assert "time / torch_" in output


def test_without_torch_its_contestants_are_left_out(tmp_path, capsys):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(SystemExit, match="no contestant"):
        train_step.main([*TINY, f"--torch_python={python}", "--contestants=torch_float32"])
    assert "has no PyTorch" in capsys.readouterr().out


def test_a_failing_contestant_shows_its_error(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    worker = Worker("torch_float32", method="pix2pix", batch_size=1, image_size=32, ngf=2, python=str(python))
    with pytest.raises(SystemExit, match=r"(?s)torch_float32 failed:.*no such module"):
        worker.build()
        worker.wait()
    worker.close()


@pytest.mark.parametrize("arguments", [["--contestants=nonsense"], ["--contestants=torch_float32", "--baseline=tfgan_float32"]])
def test_unknown_names_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        train_step.main(arguments)
    assert "nonsense" in (error := capsys.readouterr().err) or "not among" in error


def test_contestants_take_turns(monkeypatch):
    order = []

    class Fake:
        def __init__(self, name):
            self.name = name

        def seconds_per_step(self, steps):
            order.append(self.name)
            return float(steps)

    monkeypatch.setattr(train_step, "PAUSE", 0.0)
    seconds = train_step.measure([Fake("a"), Fake("b"), Fake("c")], rounds=3, steps=4)
    assert order == list("abcbcacab")
    assert seconds == {name: [4.0] * 3 for name in "abc"}


def test_ratios_are_taken_within_a_round():
    # The ratios are 2, 2 and 4; that of the medians, 2 / 0.5, would be 4.
    seconds = {"tfgan_float32": [1.0, 6.0, 2.0], "torch_float32": [0.5, 3.0, 0.5], "torch_bfloat16": [4.0, 4.0, 4.0]}
    assert train_step.fastest_torch(seconds) == "torch_float32"
    table = train_step.table(seconds, dict.fromkeys(seconds, 1234), batch_size=4, baseline="torch_float32")
    assert rows(table)["tfgan (`tfgan_float32`)"] == ["1,234", "2.000", "1.000", "2.00", "2.00"]


def test_the_tutorial_has_the_published_size():
    counts = [network.count_params() for network in (tutorial_step.generator(256, 64), tutorial_step.discriminator(256, 64))]
    assert counts == [54_425_859, 2_770_433]  # the notebook's own counts, moving averages included


@pytest.mark.slow
def test_input_pipeline_is_compared_with_the_step(capsys):
    input_pipeline.main([*TINY, "--synthetic_images=3", "--images=40", "--batch_size=2", "--contestant=tutorial_float32"])
    output = capsys.readouterr().out
    assert {"input pipeline", "train step: TensorFlow tutorial"} == set(rows(output))
    assert "synthetic, 3 pairs, batch 2, 32²" in output


@pytest.mark.slow
def test_translate_times_pixels_to_pixels(capsys):
    translate.main([*TINY, "--contestants=tfgan_translate"])
    output = capsys.readouterr().out
    generator = unet(3, 3, depth=5, ngf=2)
    assert weights_of(output) == {"tfgan_translate": sum(math.prod(v.shape) for v in generator.trainable_variables)}


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--workers"]], ids=["replicas", "workers"])
def test_two_replicas_are_compared_with_two_steps_of_one(capsys, more):
    replicas.main([*TINY, *more])
    lines = rows(capsys.readouterr().out)
    assert list(lines) == [
        "one replica, two steps of batch 1",
        "two workers, one step of batch 2" if more else "two replicas, one step of batch 2",
    ]


def test_overhead_is_taken_within_a_round():
    # The overheads are 0.5, 0 and 1; that of the medians, 3 / 2, would be 0.5.
    table = replicas.table({"one": [1.0, 4.0, 2.0], "two": [1.5, 4.0, 4.0]}, "two replicas")
    assert rows(table)["two replicas, one step of batch 2"] == ["4.000", "+50%"]


@pytest.mark.slow
def test_first_step_ends_when_the_step_is_logged(capsys):
    first_step.main(["--rounds=1", "--", *TINY_RUN])
    lines = rows(capsys.readouterr().out)
    assert float(lines["first step"][0]) > float(lines["import tensorflow"][0]) > 0


@pytest.mark.slow  # four processes
def test_a_first_start_and_a_resume_on_many_files(capsys, monkeypatch):
    monkeypatch.setattr(many_files, "FEW", 2)
    many_files.main(["--count=3"])
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith(("| 2", "| 3"))]
    assert [line[:2] for line in lines] == [["| 2", "first"], ["| 2", "resume"], ["| 3", "first"], ["| 3", "resume"]]
    assert all(float(seconds) > 0 and float(megabytes.strip(" |")) > 0 for _, _, seconds, megabytes in lines)


def test_a_command_that_never_steps_shows_what_it_said():
    with pytest.raises(SystemExit, match=r"(?s)never said 'step'.*nothing to do"):
        first_step.until([sys.executable, "-c", "print('nothing to do')"], "step")


@pytest.mark.slow
def test_methods_are_timed_in_both_precisions(capsys):
    methods.main(["--methods=gan", "--image_size=28"])
    batch, *seconds, ratio = rows(capsys.readouterr().out)["gan"]
    assert batch == "64" and all(float(value) >= 0 for value in seconds) and float(ratio) > 0


def test_gpu_parts_are_kept_and_shown_in_one_table(tmp_path, monkeypatch, capsys):
    """Tiny, on the CPU: pix2pix by one contestant, one step a call and several; a second call measures nothing again."""
    (tmp_path / "peak.json").write_text(json.dumps({"products": {"float32": 1e12}, "minutes": 0.5}))
    arguments = [f"--workdir={tmp_path}", "--parts=peak,pix2pix_1", "--contestants=tfgan_float32", "--seconds=0.01", *TINY[:3]]
    gpu.main(arguments)
    output = capsys.readouterr().out
    lines = rows(output)
    assert list(lines) == ["pix2pix 32², batch 1: tfgan", "pix2pix 32², batch 1: tfgan, several steps a call"]
    assert all(float(seconds) > 0 and float(rate) > 0 for seconds, rate, *_ in lines.values())
    assert "1 TFLOP/s in float32" in output and (tmp_path / "TABLE.md").read_text().strip() == output.strip()
    monkeypatch.setattr(gpu, "PARTS", dict.fromkeys(gpu.PARTS))
    gpu.main(arguments)
    assert rows(capsys.readouterr().out) == lines


def test_gpu_shares_and_ratios():
    """0.01 s of 5e9 operations are a tenth of 5e12 a second; batch 4 makes 400 images a second."""
    row = {"label": "a", "batch_size": 4, "seconds": 0.01, "by_usual": 2.5, "by_best": 1.0, "memory": 3_000_000, "operations": 5e9}
    assert gpu.row_of(row | {"precision": "float32"}, {"float32": 5e12}) == "| a | 0.0100 | 400.0 | 2.50 | 1.00 | 3 | 10% |"
    assert gpu.row_of({"label": "b", "problem": "out of memory"}, {}) == "| b | out of memory | | | | | |"


def test_gpu_ratios_are_taken_within_a_round():
    """PyTorch's best is the smallest median; the ratios of both rounds to it are 2 and 4, of which the median is 3."""
    turns = [
        gpu_steps.Turn(SimpleNamespace(name=name, facts={"operations": 7}, peak_memory=1), False, 1)
        for name in ("tfgan_bfloat16_xla", "torch_eager", "torch_compiled")
    ]
    ours, usual, best = gpu_steps._rows(turns, [[1.0, 1.0], [8.0, 8.0], [2.0, 4.0]], batch_size=1)
    assert (ours["by_usual"], ours["by_best"], ours["operations"], ours["precision"]) == (8.0, 3.0, 7, "bfloat16")
    assert (usual["by_usual"], best["by_best"]) == (1.0, 1.0)


@pytest.mark.slow
def test_gpu_resumes_exactly_and_runs_the_recipe(tmp_path, capsys):
    gpu.main([f"--workdir={tmp_path}", "--parts=resume,facades", "--epochs=1", "--ngf=2", "--image_size=32"])
    output = capsys.readouterr().out
    assert "all equal, bit for bit" in output and re.search(r"1 epochs: trained in \d+ s, .*ssim 0\.\d", output)


def test_precisions_of_a_method_are_compared():
    assert rows(methods.table([("gan", (8, 2.0), (8, 0.5))])) == {"gan": ["8", "2.000", "0.500", "0.25"]}


@pytest.mark.slow
def test_two_processes_on_one_run(capsys):
    """One trains and is killed, one is refused, and a third goes on."""
    two_processes.main(["--rounds=1", "--kill_every=1"])
    found = rows(capsys.readouterr().out)
    counts = {label: int(cells[0]) for label, cells in found.items()}
    assert counts["refused in a line, exit code 2"] == 1 and counts["killed while they had the lock"] == 1
    assert counts["processes that trained to the end"] == 1
    assert sum(counts.values()) == 3  # nothing else happened
