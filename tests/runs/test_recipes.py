import os
import re
import shutil
from pathlib import Path

import pytest

import tfgan
from tfgan.cli.flags import Flags
from tfgan.cli.main import main
from tfgan.config import DataConfig, TrainConfig
from tfgan.config.words import say_once
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs import recipes as recipes_module
from tfgan.runs.recipes import expand, find_recipe, recipe_folder, recipes


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", recipes())
def test_recipe_parses_and_its_head_says_what_it_is(name):
    assert (recipe_folder() / name).read_text().startswith("# ") and len(recipes()[name]) > 20
    arguments, stem = expand([f"--flagfile={name}"])
    assert f"{stem}.flags" == name
    method = next((argument.partition("=")[2] for argument in arguments if argument.startswith("--method=")), "pix2pix")
    flags = Flags("usage: try")
    flags.add("method", "method", "pix2pix", "which")
    records = [DataConfig, TrainConfig, method_class(method).HParams]
    for record in records:
        flags.add_record("group", record)
    flags.parse(arguments)
    assert [flags.record(record) for record in records]
    assert not flags["workdir"] and not flags["data_dir"]  # a recipe knows no machine


def test_recipes_are_found_wherever_one_stands(here):
    assert find_recipe("quickstart.flags", Path()) == find_recipe("quickstart", Path()) == recipe_folder() / "quickstart.flags"


def test_a_file_of_ones_own_beats_a_recipe(here):
    Path("quickstart.flags").write_text("--epochs=1\n")
    assert expand(["--flagfile=quickstart.flags"]) == (["--epochs=1"], "quickstart")


def test_a_wrong_path_is_no_recipe(here):
    Path("quickstart.flags").write_text("--epochs=1\n")
    with pytest.raises(UserError, match=r"--flagfile=elsewhere/quickstart.flags does not exist. Did you mean quickstart.flags\?"):
        find_recipe("elsewhere/quickstart.flags", Path())


@pytest.mark.parametrize("name", recipes())
def test_recipes_give_no_option_that_does_nothing(name, capsys):
    say_once.cache_clear()
    assert main(["train", f"--flagfile={name}", "--dry_run"]) == 0
    captured = capsys.readouterr()
    assert "does nothing" not in captured.out + captured.err


@pytest.mark.parametrize("argument", ["--flagfile=", "--flagfile"])
def test_flagfile_without_a_name(here, argument):
    with pytest.raises(UserError, match="--flagfile= does not exist. Recipes: "):
        expand([argument])


def test_installed_recipes_are_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "tfgan").mkdir()
    shutil.copytree(recipe_folder(), tmp_path / "tfgan" / "flags")
    monkeypatch.setattr(recipes_module.tfgan, "__file__", str(tmp_path / "tfgan" / "__init__.py"))
    assert recipe_folder() == tmp_path / "tfgan" / "flags" and "quickstart.flags" in recipes()


def test_source_recipes_are_beside_the_package():
    assert recipe_folder() == Path(tfgan.__file__).parent.parent / "flags"


def test_comments_and_empty_lines_are_left_out(here):
    Path("a.flags").write_text("# head\n\n  --epochs=3  \n// also a comment\n--text=a # b\n")
    assert expand(["--flagfile=a"]) == (["--epochs=3", "--text=a # b"], "a")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs=9", "--flagfile=a.flags", "x"],
        ["--flagfile=a.flags", "--epochs=9", "x"],
        ["--epochs=9", "--flagfile", "a.flags", "x"],
        ["--epochs=9", "-flagfile=a", "x"],
    ],
)
def test_the_command_line_comes_after_the_flag_file(here, arguments):
    Path("a.flags").write_text("--epochs=1\n--ngf=8\n")
    assert expand(arguments) == (["--epochs=1", "--ngf=8", "--epochs=9", "x"], "a")


def test_of_two_flag_files_the_later_wins_and_gives_the_name(here):
    Path("a.flags").write_text("--epochs=1\n")
    Path("b.flags").write_text("--epochs=2\n")
    assert expand(["--flagfile=a", "--flagfile=b"]) == (["--epochs=1", "--epochs=2"], "b")


def test_nested_files_are_found_beside_the_file_that_names_them(here):
    folder = here / "mine" / "deep"
    folder.mkdir(parents=True)
    (here / "mine" / "outer.flags").write_text("--a=1\n--flagfile=deep/inner.flags\n--a=4\n")
    (folder / "inner.flags").write_text("--a=2\n--flagfile=base.flags\n")
    (folder / "base.flags").write_text("--a=3\n")
    Path("base.flags").write_text("--a=wrong\n")  # in the working directory
    assert expand(["--flagfile=mine/outer.flags"]) == (["--a=1", "--a=2", "--a=3", "--a=4"], "outer")


def test_nested_recipes_are_found_by_name(here):
    Path("mine.flags").write_text("--flagfile=quickstart.flags\n--epochs=77\n")
    arguments, name = expand(["--flagfile=mine.flags"])
    assert name == "mine" and "--method=pix2pix" in arguments and arguments[-1] == "--epochs=77"


def test_files_that_include_each_other(here):
    Path("a.flags").write_text("--flagfile=b.flags\n")
    Path("b.flags").write_text("--flagfile=a.flags\n")
    with pytest.raises(UserError, match="a.flags includes itself"):
        expand(["--flagfile=a.flags"])


def test_one_file_named_twice_is_no_circle(here):
    Path("a.flags").write_text("--flagfile=b.flags\n--flagfile=b.flags\n")
    Path("b.flags").write_text("--x\n")
    assert expand(["--flagfile=a"])[0] == ["--x", "--x"]


def test_a_picture_is_no_flag_file(here):
    Path("a.flags").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(UserError, match="a.flags is not a text file"):
        expand(["--flagfile=a.flags"])


def test_the_home_folder(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here / "home"))
    (here / "home").mkdir()
    (here / "home" / "a.flags").write_text("--x\n")
    assert expand(["--flagfile=~/a.flags"])[0] == ["--x"]


@pytest.mark.parametrize(
    "files, message",
    [
        ({"a": b"--epochs=1\0\n"}, "is not a text file: it holds null characters"),
        ({"a": b"#" * (2**20 + 1)}, "is not a flag file: it is larger than 1,048,576 bytes"),
        ({"a": b"\xff"}, "is not a text file"),
        (
            {chr(97 + i): f"--flagfile={chr(98 + i)}\n".encode() * 2 for i in range(15)} | {"p": b""},
            "Do they include each other too often?",
        ),
        ({chr(97 + i): f"--flagfile={chr(98 + i)}\n".encode() for i in range(20)}, "is named by 16 flag files inside each other"),
        ({"a": b"--flagfile=b\n", "b": b"--flagfile=a\n"}, "includes itself"),
        ({}, "a does not exist"),
        ({"a/x": b""}, "a is a folder"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flag_files_that_are_none_or_endless(files, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=re.escape(message)):
        expand(["--flagfile=a"])


def test_a_pipe_is_no_flag_file(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(UserError, match="a is a named pipe"):
        expand([f"--flagfile={tmp_path / 'a'}"])
