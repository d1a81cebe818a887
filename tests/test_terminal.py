"""What a terminal is shown: how wide, in which colors, how far a piece of work has come."""

import io
import os
import pty
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tfgan import terminal
from tfgan.cli.main import VERBS, main
from tfgan.terminal import Waiting, columns, duration, has_color, tint, waiting, wrapped
from tfgan.training import logs
from tfgan.training.logs import Progress, epochs, fit, short_losses
from tfgan.training.timeline import Timeline


class Screen(io.StringIO):
    """A terminal without a size."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    "seconds, text",
    [(0.2, "0:00"), (7, "0:07"), (59.7, "1:00"), (750, "12:30"), (3750, "1:02:30"), (100_000, "1 d 3 h"), (-1, "0:00")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_color_is_for_terminals_alone_and_for_those_who_want_it(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert tint("error:", "red", Screen()) == "\033[1;31merror:\033[0m"
    assert not has_color(io.StringIO()) and tint("error:", "red", io.StringIO()) == "error:"
    monkeypatch.setenv("TERM", "dumb")
    assert not has_color(Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_color(Screen())


def test_width_of_what_is_no_terminal():
    assert columns(io.StringIO(), 118) == 118
    assert wrapped("a " * 100, io.StringIO()) == "a " * 100


def test_losses_are_short_and_the_main_ones_come_first():
    values = {"discriminator_loss": 0.3249, "fake_logit": 0.1, "gan_loss": 0.7, "generator_loss": 28.31, "l1_loss": 0.2601}
    assert " ".join(short_losses(values)) == "D 0.32 G 28 L1 0.26 GAN 0.70"
    cycle = {"cycle_source_loss": 0.0123, "discriminator_source_loss": 123.4, "gan_target_loss": 9.96, "generator_loss": float("nan")}
    assert short_losses(cycle) == ["G nan", "cycle source 0.012", "GAN target 10", "D source 123"]
    assert short_losses({**cycle, "discriminator_loss": 0.5})[:3] == ["D 0.50", "G nan", "cycle source 0.012"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_bar_fits_the_terminal(width):
    from tqdm import tqdm

    parts = [" 12:04:10 left ", " D 0.32", " G 28", " L1 0.26", " GAN 0.70", "  312 img/s"]
    form = fit("epoch 12.3/200  6%", parts, width)
    line = tqdm.format_meter(10, 200, 1, ncols=width, bar_format=form)
    assert len(line) < width and line.startswith("epoch 12.3/200  6%")
    assert "12:04:10 left" in line or width < 60
    assert ("left  D 0.32 G 28 L1 0.26 GAN 0.70  312 img/s" in line) == (width >= 80)


def test_bar_counts_steps_where_there_is_less_than_an_epoch():
    stage = types.SimpleNamespace(first_step=0, first_image=0, batch_size=1)
    timeline = Timeline([stage], images=100)
    assert epochs(timeline, 250, 1000) == "epoch 2.5/10" and epochs(timeline, 3, 50) == "step 3/50"


def test_progress_is_told_in_lines_where_there_is_no_terminal(monkeypatch, capsys):
    """A second an item: told after ten seconds, and then every thirty."""
    clock = iter(range(1000))
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: float(next(clock)))
    assert list(waiting("x" * 45, 45, "Making images")) == ["x"] * 45
    assert capsys.readouterr().out == "Making images: 10 of 45, 0:35 left\nMaking images: 40 of 45, 0:05 left\n"


def test_time_left_leaves_out_the_first_part_which_compiles(monkeypatch, capsys):
    """100 seconds for the first part, and one for each of the others."""
    moments = iter([0.0, 100.0, *(100.0 + 31 * number for number in range(1, 9))])
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: next(moments))
    with Waiting("Training the segmenter", 1000) as shown:
        shown.advance()
        for _ in range(2):
            shown.advance(31)
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "Training the segmenter: 1 of 1000"
    assert others == ["Training the segmenter: 32 of 1000, 16:08 left", "Training the segmenter: 63 of 1000, 15:37 left"]


def test_time_left_of_training_leaves_out_steps_that_were_compiled(capsys):
    """Four images a second in batches of one: 98 steps take 24.5 seconds."""
    stage = types.SimpleNamespace(first_step=0, first_image=0, batch_size=1)
    progress = Progress(0, 100, Timeline([stage], images=100))
    for step, rate in ((1, None), (2, 4.0)):
        progress.advance(step, 1, {}, rate)
        progress.show(step, {"l1_loss": 0.5})
    assert capsys.readouterr().out.splitlines() == [
        "step 1/100  epoch 0.01  l1_loss 0.5",
        "step 2/100  epoch 0.02  l1_loss 0.5  left 0:24",
    ]


def test_the_bar_of_a_notebook_shows_the_same_time_left(monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr(logs, "in_notebook", lambda: True)
    progress = Progress(0, 100, Timeline([types.SimpleNamespace(first_step=0, first_image=0, batch_size=1)], images=100))
    assert "the first step is being compiled" in repr(progress._bar.container)
    progress.advance(1, 1, {}, None)
    assert "left" not in repr(progress._bar.container)
    progress.advance(2, 1, {}, 4.0)
    progress.show(2, {"images_per_second": 4.0, "generator_loss": 28.0})
    assert "2/100, 0:24 left, 4 images/s  G 28" in repr(progress._bar.container)
    progress.close()


def test_what_has_no_known_end_is_counted(monkeypatch, capsys):
    clock = iter(range(1000))
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: float(next(clock)))
    assert len(list(waiting("x" * 45, None, "Looking through photos, files"))) == 45
    assert capsys.readouterr().out == "Looking through photos, files: 10\nLooking through photos, files: 40\n"


def test_what_is_soon_done_is_not_told(capsys):
    with Waiting("Making images", 3) as shown:
        shown.advance(3)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def on_terminal(*command: str, width: int = 80, **environment: str) -> str:
    """What a command writes to a terminal of so many columns."""
    reader, writer = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TERM": "xterm", **environment}
    script = f'stty cols {width} rows 24 && exec "$@"'
    process = subprocess.Popen(["sh", "-c", script, "sh", *command], stdin=writer, stdout=writer, stderr=writer, env=env)
    os.close(writer)
    written = b""
    while True:
        try:
            part = os.read(reader, 65536)
        except OSError:  # Linux says so when the last writer is gone
            break
        if not part:
            break
        written += part
    process.wait()
    os.close(reader)
    return written.decode()


def test_help_and_bars_on_a_terminal():
    """The help is as wide as the terminal, and a bar that took its time fits it."""
    shown = on_terminal(sys.executable, "-m", "tfgan", "translate", "--help", NO_COLOR="1")
    lines = shown.splitlines()
    assert 75 < max(map(len, lines)) <= 80 and "\033" not in shown
    code = (
        "import time\nfrom tfgan import terminal\nterminal.PATIENCE = 0.2\n"
        "for _ in terminal.waiting(range(4), 4, 'Making images'): time.sleep(0.2)"
    )
    bars = re.split(r"[\r\n]+", on_terminal(sys.executable, "-c", code, width=60))
    assert any(re.match(r"Making images .* 3/4, 0:0\d left$", bar) for bar in bars) and max(map(len, bars)) <= 60
    assert "\033[1moutput\033[0m" in on_terminal(sys.executable, "-m", "tfgan", "translate", "--help", NO_COLOR="")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_two_examples_that_it_understands(verb, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([verb, "--help"]) == 0
    examples = re.findall(r"^  tfgan (.*)$", capsys.readouterr().out.partition("examples:\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert len(examples) == 2 and all(len(example) <= 72 and example.startswith(verb) for example in examples)
    for example in examples:
        words = example.partition(" |")[0].split() + ["--dry_run"] * (verb == "train")
        code, captured = main(words), capsys.readouterr()
        assert code == (0 if verb in ("train", "list") else 2), captured.err  # nothing of what they name is there
        assert "usage:" not in captured.err and "is unknown" not in captured.err
