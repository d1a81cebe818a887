import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import tfgan
from tfgan.cli.main import VERBS, main
from tfgan.data import DATASETS
from tfgan.errors import TrainingFailed, UserError
from tfgan.methods import METHODS
from tfgan.runs.training.pictures import Samples

HEAVY = {"tensorflow", "keras", "tensorflow_datasets", "PIL", "matplotlib", "plotly"}


def in_fresh_python(*arguments):
    """Exit code, printed text and imported modules of a command."""
    code = "import sys; from tfgan.cli.main import main; code = main(sys.argv[1:]); print('modules:', *sys.modules); sys.exit(code)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    finished = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)
    printed, _, modules = finished.stdout.rpartition("modules: ")
    return finished.returncode, printed, {name.partition(".")[0] for name in modules.split()}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]], ids=["none", "flag", "word"])
def test_help_names_every_verb_and_imports_nothing_heavy(arguments):
    code, printed, modules = in_fresh_python(*arguments)
    assert code == 0 and all(f"\n  {verb} " in printed for verb in VERBS)
    assert not modules & {*HEAVY, "numpy"}


@pytest.mark.parametrize("arguments", [["help", "export"], ["--help", "export"], ["export", "--help"]])
def test_help_of_a_verb_in_either_order(arguments, capsys):
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("usage: tfgan export RUN")


def test_help_of_a_verb_knows_its_flags(capsys):
    assert main(["help", "train", "--method=stylegan"]) == 0
    assert "--start_size" in capsys.readouterr().out


@pytest.mark.parametrize("argument", ["--version", "version"])
def test_version(argument):
    code, printed, modules = in_fresh_python(argument)
    assert (code, printed) == (0, f"tfgan {tfgan.__version__}\n") and not modules & HEAVY


def test_list_names_everything_and_imports_nothing_heavy():
    code, printed, modules = in_fresh_python("list")
    assert code == 0 and all(f"\n  {name} " in printed for name in (*METHODS, *DATASETS, "quickstart.flags"))
    assert not modules & HEAVY


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"train"}))  # the method's flags are in a module that imports Keras
def test_help_of_a_verb_imports_nothing_heavy(verb):
    code, printed, modules = in_fresh_python(verb, "--help")
    assert code == 0 and printed.startswith(f"usage: tfgan {verb}")
    assert not modules & HEAVY


def test_module_and_script_start_the_same_command():
    root = Path(__file__).parents[2]
    as_module = subprocess.run([sys.executable, "-m", "tfgan", "trian"], cwd=root, capture_output=True, text=True)
    assert as_module.returncode == 2 and "`tfgan trian` is unknown" in as_module.stderr
    as_script = subprocess.run([sys.executable, "run_train.py", "--flagfile=quikstart"], cwd=root, capture_output=True, text=True)
    assert as_script.returncode == 2 and "Did you mean quickstart.flags?" in as_script.stderr


def test_help_of_train_groups_its_flags(capsys):
    assert main(["train", "--help"]) == 0
    printed = capsys.readouterr().out
    places = [printed.index(f"\n{group}\n") for group in ("method", "data", "training", "pix2pix")]
    assert places == sorted(places)
    assert places[1] < printed.index("--dataset ") < places[2] < printed.index("--workdir ") < places[3] < printed.index("--ngf ")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["trian"], "`tfgan trian` is unknown. Did you mean train? Verbs: train, "),
        (["xyz"], "`tfgan xyz` is unknown. Verbs: train, "),
        (["train", "--batchsize=4"], "--batchsize is unknown. Did you mean --batch_size?"),
        (["train", "--nodryrun"], "--nodryrun is unknown. Did you mean --dry_run?"),
        (["train", "--method=gan", "--pool_size=3"], "--pool_size is no setting of gan, but of cyclegan."),
        (["train", "--method=cut", "--perceptual_weight=1"], "--perceptual_weight is no setting of cut, but of pix2pix, "),
        (["train", "--method=gan", "--norm=batch"], "--norm is no setting of gan, but of pix2pix, "),
        (["train", "--nostyle_encoder"], "--nostyle_encoder is no setting of pix2pix, but of spade."),
        (["train", "--flagfil=quickstart.flags"], "--flagfil is unknown. Did you mean --flagfile?"),
        (["train", "--method=pix2px"], "--method=pix2px is unknown. Did you mean pix2pix?"),
        (["train", "--flagfile=quikstart.flags"], "--flagfile=quikstart.flags does not exist. Did you mean quickstart.flags?"),
        (["train", "--norm=bach"], "flag --norm=bach: use one of batch, instance, none"),
        (["train", "quickstart.flags"], "for the recipe of that name, say --flagfile=quickstart.flags."),
        (["train", "facades.flags", "x"], "one folder is trained on at a time, found facades.flags, x"),
        (["train", "photos_vaegan"], "for the recipe of that name, say --flagfile=photos_vaegan."),
        (["train", "mnist"], "to load the data set of that name, say --dataset=mnist."),
        (["check", "cyclegan"], "cyclegan is a method: name the folder, and --method=cyclegan."),
        (["train"], "which data set? Name a folder, a recipe that names its data (--flagfile=quickstart.flags), or --dataset=NAME"),
        (["train", "--method=spade", "--epochs=3"], "which data set?"),
        (["train", "--flagfile=photos_vaegan.flags"], "which data set?"),  # a recipe for a folder of one's own
        (["train", "--flagfile=images_stylegan.flags"], "which data set?"),
        (["help", "chek"], "`tfgan chek` is unknown. Did you mean check?"),
        (["list", "--x"], "--x is unknown."),
        (["train", "--dataset=synthetic", "--noflip=1"], "--noflip=1 does not take an argument"),
        (["translate", "a", "b", "--nooverwrite=1"], "--nooverwrite=1 does not take an argument"),
        (["train", "~:f", "x" * 5000], "there is no user ':f' whose home folder"),
        (["train", "--steps=1" + "0" * 24], "must be at most 2147483647"),
        (["train", "--batch_size=1000000000"], "--batch_size=1000000000 must be at most 65536"),
        (["export"], "1 argument(s) without -- expected, found 0: none"),
    ],
)
def test_wrong_words_end_with_2_and_a_suggestion(arguments, hint, capsys):
    assert main(arguments) == 2
    assert hint in capsys.readouterr().err


def test_unknown_data_set_suggests_one(tmp_path, capsys):
    assert main(["train", "--dataset=facade", f"--workdir={tmp_path / 'run'}"]) == 2
    assert "--dataset=facade is unknown. Did you mean facades?" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_dry_run_shows_flag_file_and_command_line(tmp_path, capsys):
    recipe = tmp_path / "mine.flags"
    recipe.write_text("# mine\n--generator=unet_32\n--image_size=32\n--epochs=7\n--noflip\n")
    for arguments in (["--epochs=9", f"--flagfile={recipe}"], [f"--flagfile={recipe}", "--epochs=9"]):
        assert main(["train", "--dry_run", *arguments]) == 0
        printed = capsys.readouterr().out.split()
        assert {"*epochs=9", "*generator=unet_32", "*flip=false", "*workdir=runs/mine", "batch_size=1"} <= set(printed)


def test_training_shows_what_differs_from_the_defaults_or_all_settings(tmp_path, capsys):
    flags = ["train", f"--data_dir={tmp_path / 'missing'}", "--epochs=7"]
    assert main(flags) == 2
    assert "epochs=7" in capsys.readouterr().out.split() and main([*flags, "--show_settings"]) == 2
    printed = capsys.readouterr().out.split()
    assert {"*epochs=7", "batch_size=1", "cache=auto"} <= set(printed)


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [(UserError("mend it"), 2, "error: mend it\n"), (TrainingFailed("NaN"), 1, "stopped: NaN\n"), (KeyboardInterrupt(), 130, "")],
)
def test_exit_codes(error, code, printed, monkeypatch, capsys):
    def fail(arguments):
        raise error

    monkeypatch.setattr("tfgan.cli.list.run", fail)
    assert main(["list"]) == code
    assert capsys.readouterr().err == printed


class FakeDataset:
    """Validation examples that are their own number."""

    def __init__(self, size):
        self.spec = type("Spec", (), {"sizes": {"validation": size}})

    def validation_example(self, index):
        return index


@pytest.mark.parametrize(("size", "count", "shown"), [(10, 4, [0, 2, 5, 7]), (2, 4, [0, 1]), (3, 2, [0, 1]), (5, 5, [0, 1, 2, 3, 4])])
def test_samples_are_different_images_spread_over_the_validation_set(size, count, shown, tmp_path):
    signature = types.SimpleNamespace(input_key="image")
    method = types.SimpleNamespace(stage=0)
    assert Samples(method, {"translate": signature}, FakeDataset(size), count, tmp_path).examples == shown


def test_samples_are_at_least_one(capsys):
    assert main(["train", "--num_samples=0", "--dry_run"]) == 2
    assert "--num_samples=0 must be at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["train", "--help"], "--generator"),
        (["train", "--method=stylegan", "--help"], "--start_size"),
        (["train", "--epoch=3"], "Did you mean --epochs?"),
        (["train", "--precision=float8"], "--precision"),
        (["train", "--image_size=100"], "does not suit a U-Net: use multiples of 16, or --generator=resnet_9"),
        (["train", "--method=dcgan", "--image_size=100"], "does not suit DCGAN"),
        (["train", "--method=spade", "--dry_run"], "method: spade"),
        (["check", "x", "--method=cyclegan", "--generators=resnet_9"], "Did you mean --generator?"),
        (["check", "x", "--method=cyclegan", "--generator=resnet9"], "--generator=resnet9 is unknown"),
        (["translate", "--help"], "--tile"),
    ],
)
def test_help_and_slips_need_no_tensorflow(arguments, said):
    code = "import sys; from tfgan.cli.main import main; main(sys.argv[1:]); print('tensorflow' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=True)
    assert said in done.stdout + done.stderr and done.stdout.endswith("False\n")
