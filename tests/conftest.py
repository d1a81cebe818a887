"""Two logical CPU devices for replicas, tiny runs, and the way to real data."""

import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # counts only if it is set before the import
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of a hundred processes would compile the package anew, which takes a second
os.environ.setdefault("TFGAN_TRACE", "1")  # a fault of tfgan fails a test with its trace, instead of ending a command with 70

import keras
import tensorflow as tf
from eager import running_eagerly
from tensorflow.python.framework.config import disable_op_determinism  # no public function does it

from tfgan.cli.main import main
from tfgan.messages import show_messages

sys.dont_write_bytecode = False  # and pytest all tests, in every worker of every run

CPU = tf.config.list_physical_devices("CPU")[0]
if len(tf.config.get_logical_device_configuration(CPU) or ()) < 2:
    tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)

sys.dont_write_bytecode = False  # nor does pytest compile all tests again in the next run

show_messages(always=True)  # for tests that read them from the output stream

TINY = [
    *("--generator=unet_16", "--ngf=4", "--ndf=4", "--n_layers=1", "--image_size=16"),
    *("--synthetic_images=8", "--batch_size=2", "--num_samples=1", "--notensorboard", "--log_every=1", "--checkpoint_every=1"),
    "--precision=float32",  # so that figures are as close on every CPU
]


APART = ("test_every_method.py", "test_deterministic.py", "test_train_graphs.py", "test_api.py")
"""Files of minutes for each of their parameters, for which their tests share what is made."""
ALONE = ("test_benchmarks.py", "test_step_graph.py", "test_checkpoint_minutes.py")
"""Long files of tests that share nothing. Small pieces come last, when workers would else wait for one that has a long file left."""


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers(config):
    """`-n auto` is one worker more than cores, as tests wait for processes, sockets and locks for a fifth of their time."""
    workers = yield
    return workers if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else workers + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `--dist loadfile` a worker takes a whole file, whose tests share what is made for them, or a parameter or test of a long one."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            piece = test if file.endswith(ALONE) else test.partition("[")[2] if file.endswith(APART) else ""
            return file + piece

    return ByFile(config, log)


def pytest_collection_finish():
    """Looks for garbage less often, and no longer among all that is imported: a twentieth of the time went into that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Starts each test, and the fixtures that are made for it, from the same random numbers, whatever ran before: Keras' initializers draw
    from the global generators, and a test that fails once in a thousand draws cannot be repeated."""
    keras.utils.set_random_seed(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Escapes what is no Unicode in what a test said: workers send it to each other in UTF-8."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.fixture(scope="module")
def eagerly():
    """Functions of TensorFlow run eagerly: a few steps of a tiny network are done in a tenth of the time that tracing its graph takes.

    XLA compiles nothing then. That the graph of each method does what its Python code does is tested in methods/test_train_graphs.py.
    """
    with running_eagerly():
        yield


@pytest.fixture(autouse=True)
def plain_afterwards():
    """Takes back a test's policy of mixed precision, and the determinism of a run, in which pipelines do not run ahead."""
    yield
    keras.config.set_dtype_policy("float32")
    disable_op_determinism()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets in the environment variable TFGAN_TEST_DATA."""
    if "TFGAN_TEST_DATA" not in os.environ:
        pytest.skip("needs real data: set TFGAN_TEST_DATA to a folder of data sets")
    return Path(os.environ["TFGAN_TEST_DATA"])


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    """Flags of a run of a second: four steps an epoch, every step logged, a checkpoint after each epoch."""
    return list(TINY)


@pytest.fixture
def train(train_by_graphs):
    """As `train_by_graphs`, but eagerly."""

    def train(run, *flags):
        with running_eagerly():
            return train_by_graphs(run, *flags)

    return train


@pytest.fixture
def train_by_graphs(tiny, capsys):
    """(run, *flags) -> exit code and output of a tiny training by the command line, in this process."""

    def train(run, *flags):
        capsys.readouterr()
        code = main(["train", *tiny, f"--workdir={run}", *map(str, flags)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return train


@pytest.fixture(scope="session")
def start_tfgan():
    """(*arguments, prelude="", env={}) -> a process that runs the Python code `prelude` and then `tfgan`; output and errors joined."""
    started = []

    def start(*arguments, prelude="", env=None) -> subprocess.Popen:
        code = f"{prelude}\nimport sys\nfrom tfgan.cli.main import main\nsys.exit(main(sys.argv[1:]))"
        inherited = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", code, *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**inherited, "PYTHONPATH": path, **(env or {})},
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def run_tfgan(start_tfgan):
    """Like `start_tfgan`, to its end -> exit code, output."""

    def run(*arguments, **options) -> tuple[int, str]:
        process = start_tfgan(*arguments, **options)
        output, _ = process.communicate(timeout=600)  # seconds, on a busy machine
        return process.returncode, output

    return run


COMMAND_BY_COMMAND = """
import json, sys
from tfgan.cli.main import main
for command in map(json.loads, sys.argv[1:]):
    print(f"{END}{main(command)}", flush=True)
sys.exit(0)
"""
END = "=== exit code "


@pytest.fixture(scope="session")
def run_commands(run_tfgan):
    """(*commands, each a list of arguments, prelude="") -> exit code and output of each; one after the other in one new process, which
    runs the Python code `prelude` and starts TensorFlow once."""

    def run(*commands, prelude="") -> list[tuple[int, str]]:
        code = prelude + COMMAND_BY_COMMAND.replace("{END}", END)
        failed, output = run_tfgan(*(json.dumps([str(word) for word in command]) for command in commands), prelude=code)
        results = re.findall(rf"(.*?)^{END}(\d+)$", output, re.DOTALL | re.MULTILINE)
        assert failed == 0 and len(results) == len(commands), output
        return [(int(code), text) for text, code in results]

    return run
