"""The settings of `tfgan evaluate`."""

import dataclasses
from typing import ClassVar

from tfgan.config.setting import Settings, Strings, setting
from tfgan.config.spec import OLD_CODINGS
from tfgan.config.unused import Table, Unused, given
from tfgan.config.verbs.uncertainty import lacks_spread, samples_setting, uncertainty_setting
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError

LABELS = ("label_palette", "label_names", "label_coding")
TOOL_SETTINGS = {
    "segmenter": ("segmenter", "segmenter_steps", *LABELS),
    "classifier": ("classifier", "classifier_epochs"),
    "perceptual": ("lpips_weights", "vgg_weights"),
    "features": ("inception_weights",),
}
"""Tool that metrics need -> the settings of an evaluation that are its own."""


@dataclasses.dataclass(frozen=True)
class EvaluateConfig(Settings):
    """The settings of `tfgan evaluate`, which measures the images that a trained run makes."""

    unused: ClassVar[Table] = (
        *(
            Unused(names, {"metrics": given}, {tool: False}, "with --metrics={metrics}, none of which needs it")
            for tool, names in TOOL_SETTINGS.items()
        ),
        Unused(
            ("uncertainty",),
            {"metrics": given},
            {"uncertainty": False},
            "with --metrics={metrics}, none of which needs it",
            "add uncertainty_pixels or uncertainty_images to --metrics, or leave it out",
        ),
        Unused(("features",), {"metrics": given, "features": given}, {"features": False}, "with --metrics={metrics}", said=True),
        Unused(("checkpoint", "data_dir", "cases"), where={"run": False}, why="for {subject}: it is of a run"),
        Unused(("value_range",), where={"run": True}, why="for {subject}, a run, which records the ranges of its domains"),
        Unused(("pair_names",), where={"run": True}, why="for {subject}, a run, whose data set says which images are pairs"),
        Unused(TOOL_SETTINGS["segmenter"], where={"label maps": False}, why="for {subject}, without label maps"),
        Unused(LABELS, where={"label maps of files": False}, why="for {subject}, whose label maps are made by the program"),
        Unused(TOOL_SETTINGS["classifier"], where={"labels": False}, why="for {subject}, without classes and attributes"),
        Unused(
            TOOL_SETTINGS["perceptual"],
            {"metrics": lambda metrics: "ppl" not in metrics},
            {"true images": False},
            "for {subject}, which makes no image that has a true one",
            "leave it out, or use --metrics=ppl for what makes images from noise",
        ),
        Unused(("cases",), where={"true images": False}, why="for {subject}, which makes no image that has a true one", said=True),
        Unused(("uncertainty",), where={"true images": False}, why="for {subject}, which makes no image that has a true one"),
        Unused(("uncertainty",), where={"run": False}, why="for {subject}: it is for a run"),
        Unused(("uncertainty_samples",), {"uncertainty": lacks_spread}),
        Unused(("inception_weights",), {"features": lambda features: features != "inception"}, why="beside --features={features}"),
        Unused(("segmenter_steps",), {"segmenter": given}, why="with --segmenter, which is trained already"),
        Unused(("classifier_epochs",), {"classifier": given}, why="with --classifier, which is trained already"),
        Unused(("vgg_weights",), {"lpips_weights": ("",)}, cure="give LPIPS' weights too, or leave it out"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="what")
    data_dir: str = setting("", "where the run's data is now, if it was moved", group="what", path=True)
    count: int = setting(5000, "maximum number of real and of generated images", at_least=2, at_most=10_000_000, group="what")
    pair_names: Strings = setting(
        (),
        "for two folders: patterns of the file names of pairs, with {} for the part that both share: '{}_real_B,{}_fake_B'; equal: only "
        "equal names; empty: detected",
        group="what",
    )
    value_range: Strings = setting(
        (),
        "for two folders: the lowest and the highest possible value: -1024:3071; auto: those of the real images; empty: all values of the "
        "type, for 8 and 16 bits",
        group="what",
    )
    metrics: Strings = setting((), "names of metrics, for example l1,ssim,fid; empty: all that suit the run", group="how")
    features: str = setting(
        "inception",
        "network for FID and similar metrics: inception (ImageNet weights, downloaded once), own (a small network trained on the data), or "
        "the file of a Keras model; empty: leave these metrics out",
        group="how",
        path=True,
    )
    inception_weights: str = setting("", "file of Keras' InceptionV3 weights; empty: download", group="how", path=True)
    lpips_weights: str = setting("", "file of LPIPS' trained weights for VGG16, .npz; empty: no LPIPS", group="how", path=True)
    vgg_weights: str = setting(
        "imagenet", "for LPIPS: imagenet, or the file of Keras' VGG16 weights without the top layers", group="how", path=True
    )
    segmenter: str = setting(
        "", "Keras model or SavedModel that finds the classes in photos; empty: one is trained on the data", group="how", path=True
    )
    segmenter_steps: int = setting(1000, "steps of that training", at_least=1, group="how")
    classifier: str = setting(
        "", "Keras model that finds the classes or attributes of images; empty: one is trained on the data", group="how", path=True
    )
    classifier_epochs: int = setting(12, "epochs of that training", at_least=1, group="how")
    label_palette: Strings = setting((), "colors of the label maps' classes, as RRGGBB, or facades; empty: as in the run", group="how")
    label_names: Strings = setting((), "names of these classes", group="how")
    label_coding: str = setting(
        "", "how label maps are coded: ids, palette, or colors; empty: as in the run", group="how", old_choices=OLD_CODINGS
    )
    seed: int = setting(0, "seed of intervals, subsets, and projections", at_least=0, group="how")
    uncertainty: str = uncertainty_setting("measure how well maps of the run's uncertainty tell where it errs", "how")
    uncertainty_samples: int = samples_setting("how")
    cases: int = setting(
        4, "number of best and of worst validation images to keep for the report, for each metric", at_least=0, group="output"
    )

    def check_folders(self, real: str, fake: str):
        """Raises `UserError` if two folders cannot be compared by these settings, or one of them is not named."""
        if not (real and fake):
            raise UserError("To compare two folders, name both: --real=FOLDER and --fake=FOLDER.")
        if self.features == "own":
            raise UserError("--features=own is trained on a run's data; for two folders use inception or a Keras model's file.")
