"""What can be judged without TensorFlow is, as it takes seconds to start; what it writes meanwhile is shown where it matters."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tfgan.errors import UserError
from tfgan.runs import start
from tfgan.runs.noise import is_noise

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "kept_run" / "run"

CODE = """
import json, sys
from tfgan.cli.main import main
for command in json.loads(sys.argv[1]):
    print("===", main(command), "tensorflow" in sys.modules, flush=True)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of one image, one without any, one of pairs without partners, a file, and a folder that is no run."""
    root = tmp_path_factory.mktemp("folders")
    for name in ("photos/a.png", "pairs/train/A/a.png", "pairs/train/B/b.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(root / name)
    (root / "empty").mkdir()
    (root / "file").write_text("x")
    return root


def commands(root):
    """(command, what it says)."""
    photos, out = str(root / "photos"), str(root / "out")
    new = f"--workdir={root / 'new'}"
    return [
        (["train", "--help"], "--generator"),
        (["train", "--epochs=x", new], "use a whole number"),
        (["train", f"--data_dir={root / 'nowhere'}", new], "does not exist"),
        (["train", f"--data_dir={root / 'empty'}", new], "no image"),
        (["train", f"--data_dir={root / 'pairs'}", new], "a.png"),
        (["train", "--dataset=facade", new], "Did you mean facades?"),
        (["train", "--dataset=synthetic", f"--workdir={root / 'file' / 'run'}"], "is a file"),
        (["train", "--dataset=synthetic", f"--init_from={photos}", new], "is not a run"),
        (["train", f"--workdir={KEPT}", "--ngf=5"], "was trained with other settings"),
        (["check", str(root / "nowhere")], "does not exist"),
        (["check", str(root / "pairs"), "--method=pix2pix", "--noprobe"], "Training would fail"),
        (["translate", photos, photos, out], "is not a run"),
        (["translate", str(KEPT), str(root / "empty"), out], "neither an image nor a folder"),
        (["translate", str(KEPT), photos, out, "--checkpoint=3"], "has no checkpoint '3'. There are: 4, last"),
        (["translate", str(KEPT), photos, out, "--to=zebra"], "--to=zebra"),
        (["translate", str(KEPT), photos, out, "--format=jpgg"], "--format=jpgg is unknown"),
        (["translate", str(KEPT), photos, out, "--set=Male"], "--set"),
        (["sample", str(KEPT), out], "use `tfgan translate`"),
        (["sample", photos, out], "is not a run"),
        (["evaluate", str(KEPT), "--metrics=fidd"], "Did you mean fid?"),
        (["evaluate", str(KEPT), "--checkpoint=best"], "has no checkpoint 'best'"),
        (["evaluate", str(KEPT), f"--data_dir={root / 'nowhere'}"], "does not exist"),
        (["evaluate", str(KEPT), f"--segmenter={root / 'nowhere'}"], "--segmenter"),
        (["evaluate", str(KEPT), "--stored"], "has no evaluation.json"),
        (["evaluate", f"--real={photos}", f"--fake={root / 'empty'}"], "neither an image nor a folder"),
        (["export", photos], "is not a run"),
        (["export", str(KEPT), f"--output={photos}"], "It is not an export, and was left as it is"),
        (["export", str(KEPT), "--checkpoint=9"], "has no checkpoint '9'"),
        (["report", photos], "is not a run"),
    ]


def test_what_is_wrong_is_said_before_tensorflow_is_started(folders):
    wrong = commands(folders)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    given = json.dumps([command for command, _ in wrong])
    done = subprocess.run(
        [sys.executable, "-c", CODE, given], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    answers = re.findall(r"(.*?)^=== (\d) (\w+)\n", done.stdout, re.DOTALL | re.MULTILINE)
    assert len(answers) == len(wrong), done.stdout
    for (command, said), (printed, code, started) in zip(wrong, answers):
        assert said in printed and started == "False", (command, printed)
        assert (code == "0") == ("--help" in command), (command, code)


def test_a_limit_too_small_for_tensorflow_is_said_before_it_is_loaded(folders):
    resource = pytest.importorskip("resource")
    command = [sys.executable, "-m", "tfgan", "translate", str(KEPT), str(folders / "photos"), str(folders / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    )
    assert done.returncode == 2, done.stderr
    assert "limited to 1.0 GB (ulimit -v), and TensorFlow needs 1.5 GB. Raise it: `ulimit -v unlimited`" in done.stderr


@pytest.mark.parametrize(
    "limit, warned", [(3 * 2**29 - 1, None), (3 * 2**29, True), (4 * 2**30 - 1, True), (4 * 2**30, False), (-1, False)]
)
def test_a_tight_limit_is_said(monkeypatch, caplog, limit, warned):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, resource.RLIM_INFINITY))
    with contextlib.nullcontext() if warned is not None else pytest.raises(UserError, match="TensorFlow needs 1.5 GB"):
        start._check_address_space()
    assert ["signal 6 or 11" in record.message for record in caplog.records] == [True] * bool(warned)


@pytest.mark.parametrize("level", ["", "1", "2", "3"])
def test_tensorflow_starts_without_noise(level):
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"} | {"PYTHONPATH": str(ROOT)}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": level} if level else {}
    code = "from tfgan.runs.start import start_tensorflow; start_tensorflow(); import tensorflow; print(tensorflow.add(1, 1).numpy())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2\n", "")


LINES = """\
I0000 00:00:1795685324.557995   23220 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.
E0000 00:00:1795685324.557995   23220 loader.cc:7] a real error
F0000 00:00:1795685324.557995   23220 x.cc:1] Check failed: real
last words"""


@pytest.mark.parametrize(
    "end, kept",
    [("os.abort()", ["a real error", "Check failed: real", "last words"]), ("1 / 0", ["a real error", "last words", "ZeroDivisionError"])],
)
def test_errors_and_the_last_words_of_a_crash_are_shown(end, kept):
    code = f"import os\nfrom tfgan.runs.start import quiet_start\nwith quiet_start():\n    os.write(2, {LINES.encode()!r})\n    {end}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    # The filter outlives a crash, and holds the pipe until it has passed on everything.
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode != 0 and all(words in done.stderr for words in kept), done.stderr
    assert "cuda" not in done.stderr


def test_all_is_shown_to_those_who_debug():
    code = f"import os\nfrom tfgan.runs.start import quiet_start\nwith quiet_start():\n    os.write(2, {LINES.encode()!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "0"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stderr == LINES


ABSL, OWN = "0000 00:00:1795685324.5   23220 ", "2026-11-26 09:25:59.123456: "


@pytest.mark.parametrize(
    "line, level, card, noise",
    [
        ("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR", 1, True, True),
        (f"I{ABSL}port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results", 1, True, True),
        (f"{OWN}I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.", 1, True, True),
        ("To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the flags.", 1, True, True),
        (f"E{ABSL}cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN", 1, True, True),
        (f"E{ABSL}computation_placer.cc:177] computation placer already registered. Please check linkage", 1, True, True),
        (f"W{ABSL}computation_placer.cc:177] computation placer already registered. Please check linkage", 1, True, True),
        (f"E{ABSL}cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)", 2, False, True),
        (f"E{ABSL}cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)", 2, True, False),
        (f"W{ABSL}gpu_device.cc:2431] Cannot dlopen some GPU libraries.", 2, True, False),
        (f"W{ABSL}some.cc:1] a warning", 2, True, True),
        (f"W{ABSL}some.cc:1] a warning", 1, True, False),
        (f"E{ABSL}some.cc:1] an error", 3, False, False),
        (f"{OWN}F tensorflow/core/a.cc:1] Check failed", 3, False, False),
        ("Traceback (most recent call last):", 3, False, False),
        ("Illegal instruction", 3, False, False),
        ("I think so", 3, False, False),
    ],
)
def test_what_is_noise(line, level, card, noise):
    assert is_noise(line.encode() + b"\n", level, card) is noise
