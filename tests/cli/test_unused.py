"""Options that would do nothing are refused or said, with the reason: the tables of `tfgan.config.unused`, walked as a whole."""

import dataclasses
import itertools
import re
from pathlib import Path

import pytest

from tfgan.cli.main import main
from tfgan.config import SPECIFIC, DataConfig, TrainConfig, make_records
from tfgan.config.setting import unchecked
from tfgan.config.unused import entries, hold, refuse_unused, say_unused, unused_names
from tfgan.config.verbs import (
    AppConfig,
    CheckConfig,
    EvaluateConfig,
    ExportConfig,
    ImportConfig,
    ReportConfig,
    SampleConfig,
    ServeConfig,
    SweepConfig,
    TranslateConfig,
)
from tfgan.config.words import say_once
from tfgan.data.label_maps.classes import given_classes
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class
from tfgan.methods.base import AdamHParams
from tfgan.runs.evaluation.evaluate import needed_tools
from tfgan.runs.judging import facts_of, judge_run
from tfgan.runs.opening import read_config

KEPT = str(Path(__file__).parents[1] / "kept_run" / "run")

ALWAYS_USED = {
    CheckConfig: "method probe sheet",
    TranslateConfig: "axis checkpoint format overwrite size to uncertainty",  # without volumes axis is refused where they are looked for
    SampleConfig: "checkpoint having lacking overwrite sheet",  # folders without an encoder are refused where it is looked up
    EvaluateConfig: "count metrics seed",
    ImportConfig: "alone image_size weights_b",
    ExportConfig: "checkpoint format license output overwrite",
    ReportConfig: "card out",
    AppConfig: "checkpoint folder out quantize runtime",
    ServeConfig: "batch checkpoint host max_bytes max_pixels port queue timeout token token_file",
    SweepConfig: "pruner search trials",
    DataConfig: "augment cache data_dir max_images show_bands value_range",
    TrainConfig: "accumulate checkpoint_every checkpoint_minutes deterministic health init_from keep_checkpoints log_every num_samples "
    "precision sample_every seed steps steps_per_execution tensorboard tpu track validate_every workdir xla",
}
OF_EVERY_METHOD = "batch_size clip_norm epochs flip freeze image_size"
OF_ADAM = "lr_policy lr_warmup_epochs"  # but for StyleGAN, whose own learning rate follows the size
OF_TRANSLATIONS = {"pix2pix": "perceptual_weight"} | dict.fromkeys(
    ("cyclegan", "cut"), "discriminator discriminator_norm discriminator_scales"
)
OF_METHODS = {
    "pix2pix": "beta_1 beta_2 bottleneck_norm dropout ema_decay generator learning_rate ngf norm objective upsampling weight_init",
    "cyclegan": "beta_1 beta_2 cycle_weight diffaugment dropout ema_decay generator learning_rate loss ndf ngf norm perceptual_weight "
    "pool_size r1_gamma r2_gamma target_cycle_weight upsampling weight_init",
    "cut": "beta_1 beta_2 diffaugment downsampling dropout ema_decay flip_equivariance generator identity_nce learning_rate loss "
    "nce_layers nce_temperature nce_weight ndf ngf num_patches patch_units r1_gamma r2_gamma upsampling weight_init",
    "stargan": "beta_1 beta_2 classification_weight diffaugment discriminator_learning_rate ema_decay group_loss learning_rate loss "
    "n_blocks n_critic n_layers ndf ngf reconstruction_weight target_labels",
    "spade": "beta_1 beta_2 depth diffaugment discriminator_learning_rate dont_care ema_decay feature_weight learning_rate loss "
    "n_critic n_layers ndf ngf num_upsampling_layers r1_gamma r2_gamma scales style_encoder sync_batch_norm vgg_weights weight_init",
    "gan": "batch_norm beta_1 beta_2 diffaugment ema_decay latent_dim learning_rate loss n_critic prior updates",
    "cgan": "batch_norm beta_1 beta_2 diffaugment dropout ema_decay latent_dim learning_rate loss n_critic prior updates",
    "dcgan": "architecture beta_1 beta_2 diffaugment ema_decay latent_dim learning_rate loss n_critic ndf ngf prior updates",
    "acgan": "architecture beta_1 beta_2 class_weight diffaugment discriminator_norm dropout ema_decay fake_class_weight latent_dim "
    "learning_rate loss n_critic ndf ngf prior updates",
    "vaegan": "convex diffaugment discriminator_norm ema_decay encoder_units judge_reconstructions latent_dim learning_rate loss "
    "lr_end_factor ndf nef ngf prior_weight r1_gamma r2_gamma sample_from similarity_weight",
    "stylegan": "architecture beta_1 beta_2 channel_base channel_max diffaugment ema_decay latent_dim learning_rate loss mapping_layers "
    "n_critic prior style_mixing_prob truncation w_dim",
}
HPARAMS = {method_class(name).HParams: name for name in METHODS}
RECORDS = [*ALWAYS_USED, *HPARAMS]
TABLE = [(record, number) for record in RECORDS for number in range(len(entries(record)))]
CANDIDATES = ("", "x", "synthetic", "tfds:x", ("l1",), (), 0, 0.0, 1, 0.5, False, True)


def words(record):
    if record in ALWAYS_USED:
        return set(ALWAYS_USED[record].split())
    own = OF_ADAM if issubclass(record, AdamHParams) and HPARAMS[record] != "stylegan" else ""
    own += f" {OF_TRANSLATIONS.get(HPARAMS[record], '')}"
    own += " ada_target" if HPARAMS[record] != "pix2pix" else ""  # which can be without a discriminator
    return set(f"{OF_EVERY_METHOD} {own} {OF_METHODS[HPARAMS[record]]}".split())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: HPARAMS.get(record, record.__name__))
def test_every_option_is_in_the_table_or_always_used(record):
    names = {field.name for field in dataclasses.fields(record)}
    kinds = SPECIFIC if record is DataConfig else set()  # by kinds of batches: `check_settings`
    assert not words(record) & unused_names([record])
    assert words(record) | unused_names([record]) | kinds == names


def another(field):
    """A value of the setting that is not its default."""
    choices = [choice for choice in field.metadata["choices"] if choice != field.default]
    return choices[0] if choices else next(value for value in CANDIDATES if value != field.default and type(value) is type(field.default))


def witness(record, entry, name):
    """Settings for which the option `name` does nothing by `entry`, made without checks."""
    fields = {field.name: field for field in dataclasses.fields(record)}
    defaults = {other: field.default for other, field in fields.items()}
    tried = [
        [defaults[other], *fields[other].metadata["choices"], *CANDIDATES] if callable(values) else values
        for other, values in entry.beside.items()
    ]
    for values in itertools.product(*tried):
        settings = unchecked(record, defaults | {name: another(fields[name])} | dict(zip(entry.beside, values)))
        if entry.holds(settings, entry.where) and getattr(settings, name) != fields[name].default:
            return settings
    raise AssertionError(f"nothing makes {entry} hold")


def ids(value):
    return HPARAMS.get(value, value.__name__) if isinstance(value, type) else None


@pytest.mark.parametrize("record, number", TABLE, ids=ids)
def test_each_entry_of_the_table(record, number, caplog):
    entry = entries(record)[number]
    for name in entry.names:
        settings, told = witness(record, entry, name), rf"--{name} does nothing (?:with|without|for|beside|because|here|at)\b[^{{}}]+"
        if entry.said:
            say_once.cache_clear()
            with caplog.at_level("INFO"):
                say_unused(settings, entry.where, "runs/a")
            assert any(re.fullmatch(rf"{told}\.", found.message) for found in caplog.records), name
        else:
            with pytest.raises(UserError, match=rf"^{told}: .*(leave|give|use) .*\.$"):
                refuse_unused(settings, entry.where, "runs/a")
        caplog.clear()
        idle = dataclasses.replace(record(), **{}) if not entry.where else record()
        hold(idle, entry.where, "runs/a")  # at its default it is no matter
        say_unused(idle, entry.where)
    assert not caplog.records


def test_both_doors_say_what_does_nothing(caplog, capsys):
    said = "--validate_count does nothing without --validate_every."
    for give in (
        lambda: make_records([], {"validate_count": 9}, [TrainConfig]),
        lambda: main(["train", "--dataset=synthetic", "--validate_count=9", "--dry_run"]),
    ):
        say_once.cache_clear()
        with caplog.at_level("INFO"):
            give()
        assert [found.message for found in caplog.records if "does nothing" in found.message] == [said]
        caplog.clear()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["evaluate", KEPT, "--label_palette=facades"], "--label_palette does nothing for KEPT, whose label maps are made by the program"),
        (["evaluate", KEPT, "--classifier_epochs=3"], "--classifier_epochs does nothing for KEPT, without classes and attributes"),
        (["evaluate", KEPT, "--metrics=l1,ssim", "--segmenter=gone.keras"], "--segmenter does nothing with --metrics=l1,ssim, none of"),
        (["evaluate", KEPT, "--metrics=l1", "--uncertainty=dropout"], "--uncertainty does nothing with --metrics=l1, none of"),
        (["evaluate", KEPT, "--vgg_weights=gone.h5"], "--vgg_weights does nothing without --lpips_weights: give LPIPS' weights too"),
        (["evaluate", KEPT, "--segmenter=a.keras", "--segmenter_steps=3"], "--segmenter_steps does nothing with --segmenter, which is"),
        (["evaluate", "--real=a", "--fake=b", "--cases=9"], "--cases does nothing for two folders: it is of a run"),
        (["evaluate", "--real=a", "--fake=b", "--checkpoint=best"], "--checkpoint does nothing for two folders"),
        (["evaluate", "--real=a", "--fake=b", "--segmenter=c"], "--segmenter does nothing for two folders, without label maps"),
        (["evaluate", KEPT, "--stored", "--count=9"], "--count does nothing with --stored, which measures nothing"),
        (["translate", KEPT, KEPT, "out", "--set=Male"], "--set does nothing for KEPT, which has no attributes"),
        (["translate", KEPT, KEPT, "out", "--style=a.png", "--seed=3"], "--seed does nothing with --style, which replaces the random one"),
        (["sample", KEPT, "out", "--images=a", "--sheet=mixing"], "--images does nothing with --sheet=mixing"),
        (["sample", KEPT, "out", "--strengths=2"], "--strengths does nothing without an edit: give --having=FOLDER and --lacking=FOLDER"),
        (["train", "--dataset=synthetic", "--patience=3", "--dry_run"], "--patience does nothing without --best_metric: give"),
    ],
)
def test_commands(arguments, message, capsys):
    assert main(arguments) == 2
    assert message.replace("KEPT", KEPT) in capsys.readouterr().err


def test_a_picture_of_many_has_rows(tmp_path, caplog):
    """The sheet follows from the output's name, before anything is said of its rows."""
    say_once.cache_clear()
    with caplog.at_level("INFO"):
        assert main(["sample", KEPT, str(tmp_path / "digits.png"), "--rows=2"]) == 2
    assert not [found for found in caplog.records if "does nothing" in found.message]


def test_facts_of_a_run():
    facts = facts_of(read_config(Path(KEPT)))
    assert facts["label maps"] and not facts["label maps of files"] and facts["translates"] and not facts["classes"]


def test_tools_that_metrics_need():
    assert needed_tools(EvaluateConfig(metrics=("fid",), features="own"))["segmenter"]
    assert not any(needed_tools(EvaluateConfig(metrics=("l1",))).values())
    hold(EvaluateConfig(metrics=("mean_iou",), segmenter="x", label_palette=("zz",)), {"segmenter": True, "label maps": True}, "runs/a")


def test_what_the_program_sets_itself_is_not_held_against_anybody(caplog):
    say_once.cache_clear()
    tolerant = dataclasses.replace(DataConfig(dataset="synthetic"), skip_bad_files=True)  # as check reads
    with caplog.at_level("INFO"):
        hold(tolerant, {"has validation": False}, "synthetic")
        assert not caplog.messages
        say_unused(tolerant)
    assert caplog.messages == ["--skip_bad_files does nothing with images that the program makes."]


def test_names_given_twice():
    with pytest.raises(UserError, match="--label_names: two classes are called 'door'"):
        given_classes(DataConfig(label_names=("door", "wall", "door")))


def test_an_evaluation_is_judged_once(monkeypatch):
    seen = []
    monkeypatch.setattr("tfgan.runs.evaluation.evaluate.judge_run", lambda *given: seen.append(given) or judge_run(*given))
    monkeypatch.setattr("tfgan.runs.evaluation.measuring.load_extractor", stop)
    assert main(["evaluate", KEPT, "--metrics=l1"]) == 2
    assert seen == [(KEPT, "last")]


def stop(settings):
    raise UserError("measured no further")
