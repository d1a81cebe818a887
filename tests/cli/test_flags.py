import dataclasses
import re
import shlex

import pytest

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.main import main
from tfgan.config import BATCH_KINDS, SPECIFIC, DataConfig, Size, Strings, TrainConfig, from_text, setting, shell_flag
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class Record:
    size: Size = setting((256, 256), "a size")
    names: Strings = setting(("a", "b"), "some names")
    rate: float = setting(0.5, "a rate")
    count: int = setting(3, "a count")
    fast: bool = setting(False, "speed")
    kind: str = setting("", "a kind", choices=("", "round", "square"))
    text: str = setting("", "any text")


def make_flags():
    flags = Flags("usage: tfgan try A [--FLAGS]\n\nTries.")
    flags.add_record("record", Record)
    return flags


def parsed(*arguments):
    flags = make_flags()
    flags.parse(list(arguments))
    return flags.record(Record)


def test_defaults_are_the_records():
    assert parsed() == Record()


def test_every_type():
    record = parsed("--size=64x32", "--names=x, y,z", "--rate=1e-3", "--count=-4", "--fast", "--kind=round", "--text=a=b c")
    assert record == Record((64, 32), ("x", "y", "z"), 0.001, -4, True, "round", "a=b c")


@pytest.mark.parametrize("record", [DataConfig, TrainConfig])
def test_records_of_the_program_come_back_as_they_are(record):
    flags = Flags("usage: try")
    flags.add_record("group", record)
    flags.parse([])
    assert flags.record(record) == record()


@pytest.mark.parametrize(("text", "size"), [("286", (286, 286)), ("256x512", (256, 512)), ("64X32", (64, 32)), ("0", (0, 0))])
def test_sizes_are_height_first(text, size):
    assert parsed(f"--size={text}").size == size


@pytest.mark.parametrize("text", ["", "x", "64x", "x64", "1x2x3", "-4", "3.5", "64y64", "big", "²"])
def test_what_is_no_size(text):
    with pytest.raises(UserError, match="use a number of pixels, 256, or HEIGHTxWIDTH, 256x512"):
        parsed(f"--size={text}")


@pytest.mark.parametrize("words", [("a", "b"), ("x, y", 'the "old"', "z"), ("it's $5", "a b"), ('"', ",", "'"), ()])
def test_names_come_back_from_a_shell_as_they_were(words):
    (word,) = shlex.split(shell_flag("names", words))
    assert from_text(Strings, word.partition("=")[2]) == words


def test_empty_list():
    assert parsed("--names=").names == ()


@pytest.mark.parametrize(
    ("argument", "fast"), [("--fast", True), ("--nofast", False), ("--fast=true", True), ("--fast=false", False), ("--fast=0", False)]
)
def test_booleans(argument, fast):
    assert parsed("--fast", argument).fast is fast


def test_values_may_stand_apart_and_the_last_wins():
    assert parsed("--count", "5", "-count=6", "--count=7").count == 7


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--count=abc", "flag --count=abc: use a whole number, such as 20"),
        ("--count=1.5", "flag --count=1.5: use a whole number"),
        ("--rate=fast", "flag --rate=fast: use a number, such as 0.5"),
        ("--fast=maybe", "flag --fast=maybe: use true or false"),
        ("--kind=rond", "flag --kind=rond: use one of round, square"),
        ("--count", "Missing value for flag --count"),
        ("--cuont=1", r"--cuont is unknown. Did you mean --count\?"),
        ("--zzz=1", r"--zzz is unknown.\nusage"),
    ],
)
def test_messages_name_flag_and_cure(argument, message):
    with pytest.raises(UserError, match=message) as caught:
        parsed(argument)
    assert "usage: tfgan try A [--FLAGS]" in str(caught.value)


def test_positional_arguments_may_stand_between_flags():
    assert make_flags().parse(["in", "--count=4", "out"], positional=2) == ["in", "out"]
    assert make_flags().parse(["--", "--count=4"], positional=1) == ["--count=4"]


@pytest.mark.parametrize(("others", "found"), [([], "found 0: none"), (["a", "b"], "found 2: a b")])
def test_wrong_number_of_positional_arguments(others, found):
    with pytest.raises(UserError, match=rf"1 argument\(s\) without -- expected, {found}\nusage: tfgan try A"):
        make_flags().parse(others, positional=1)


def test_a_pattern_that_the_shell_expanded_does_not_fill_the_screen():
    with pytest.raises(UserError) as caught:
        make_flags().parse([f"photos/{number}.png" for number in range(1000)], positional=3)
    assert "found 1000" in str(caught.value) and len(str(caught.value)) < 250


def test_flag_files_are_read_for_every_verb_and_lose_to_the_command_line(tmp_path):
    (tmp_path / "f.flags").write_text("--count=10\n--rate=0.25\n")
    for arguments in (["--count=11", f"--flagfile={tmp_path / 'f.flags'}"], [f"--flagfile={tmp_path / 'f.flags'}", "--count=11"]):
        record = parsed(*arguments)
        assert (record.count, record.rate) == (11, 0.25)


def test_help_by_hand():
    flags = make_flags()
    flags.add("other", "slow", True, "patience" + " long" * 30, bool)
    assert flags.help().splitlines() == [
        "usage: tfgan try A [--FLAGS]",
        "",
        "Tries.",
        "",
        "record",
        "  --size                   a size (default: 256)",
        "  --names                  some names (default: a,b)",
        "  --rate                   a rate (default: 0.5)",
        "  --count                  a count (default: 3)",
        "  --[no]fast               speed (default: false)",
        "  --kind                   a kind [round, square]",
        "  --text                   any text",
        "",
        "other",
        f"  --[no]slow               patience{' long' * 16}",
        f"                           {'long ' * 14}(default: true)",
    ]


def test_every_form_of_help():
    assert all(wants_help(["x", form]) for form in ("-h", "--help", "--helpfull"))
    assert not wants_help(["help", "--text=--help"])


@pytest.mark.parametrize(
    "flag, wanted",
    [
        ("--steps_per_execution=-1", "at least 0"),
        ("--epochs=0", "at least 1"),
        ("--dropout=1.5", "from 0.0 to 0.99"),
        ("--n_layers=6", "from 0 to 5"),
        ("--seed=-1", "at least 0"),
    ],
)
def test_numbers_out_of_range_are_refused(flag, wanted, capsys):
    assert main(["train", flag, "--dry_run"]) == 2
    assert f"{flag} must be {wanted}." in capsys.readouterr().err


def test_a_discriminator_too_deep_for_the_image_is_refused(capsys):
    assert main(["train", "--n_layers=4", "--image_size=32", "--generator=unet_32", "--dry_run"]) == 2
    assert "--n_layers=4 leaves nothing of images below 48 pixels" in capsys.readouterr().err


KINDS = {"pix2pix": "paired", "cyclegan": "unpaired", "spade": "semantic", "stargan": "attributes", "acgan": "labeled", "dcgan": "images"}


@pytest.mark.parametrize("method, kind", KINDS.items())
@pytest.mark.parametrize("verb", ["train", "check"])
def test_help_shows_what_means_something_for_the_method(verb, method, kind, capsys):
    assert main([verb, f"--method={method}", "--help"]) == 0
    shown = set(re.findall(r"^  --(?:\[no\])?(\w+)", capsys.readouterr().out, re.MULTILINE))
    assert shown & SPECIFIC == set(BATCH_KINDS[kind].settings)
    assert {field.name for field in dataclasses.fields(DataConfig)} - SPECIFIC <= shown and "ngf" in shown
    assert {"workdir", "batch_size"} <= shown


def test_a_setting_that_a_method_has_from_another_and_cannot_use(capsys):
    assert main(["train", "--method=stylegan", "--help"]) == 0
    assert "--updates" not in capsys.readouterr().out
    assert main(["train", "--method=stylegan", "--updates=generator_first", "--dry_run"]) == 2
    assert "--updates does nothing with StyleGAN" in capsys.readouterr().err
    assert main(["train", "--method=dcgan", "--help"]) == 0
    assert "--updates" in capsys.readouterr().out


def test_a_flag_that_means_nothing_for_the_method_is_refused_before_training(capsys):
    assert main(["train", "--method=pix2pix", "--half=left", "--dry_run"]) == 2
    assert "--half has no effect for a method that learns from paired images: leave it out." in capsys.readouterr().err
    assert main(["train", "--method=dcgan", "--fit=squeeze", "--dry_run"]) == 2
    assert "--fit has no effect for --dataset=synthetic" in capsys.readouterr().err
    assert main(["train", "--method=dcgan", "--data_dir=photos", "--fit=squeeze", "--dry_run"]) == 0
    shown = capsys.readouterr().out
    assert "*fit=squeeze" in shown and "direction=" not in shown


def test_signatures_stay_in_lines_of_their_own_while_other_paragraphs_are_filled(capsys):
    assert main(["export", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  from_seed        seed [N] int32 -> images (") for line in lines)
    assert "  serving_default  latents [N,length] float32 -> images" in lines
    assert any(line.startswith("Writes a SavedModel") and len(line) > 70 for line in lines)
