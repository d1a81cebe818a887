"""All metrics by name: what kind they are, what they need, which way is better."""

from typing import NamedTuple

from tfgan.config.verbs import EvaluateConfig
from tfgan.errors import UserError


class Metric(NamedTuple):
    """One metric: the group that it is measured in, which way is better, the tool that it needs, and what it is in a few words."""

    group: str
    higher: bool  # whether more is better
    tool: str = ""  # of `Tools`, that it needs
    about: str = ""


METRICS = {
    "l1": Metric("matched", False, about="mean absolute difference, on [-1, 1]"),
    "l1_units": Metric("units", False, about="the same in the units of the files, where these are not of 8 bits"),
    "psnr": Metric("matched", True, about="peak signal-to-noise ratio, dB"),
    "ssim": Metric("matched", True, about="structural similarity"),
    "ms_ssim": Metric("matched", True, about="the same over five scales, from 176 pixels on"),
    "lpips": Metric("matched", False, "perceptual", "learned perceptual distance"),
    "feature_distance": Metric("matched", False, "maps", "the same on the extractor's maps, without learned weights"),
    "flicker": Metric("sequence", False, about="change from frame to frame where the real ones keep still, on [-1, 1]; of videos"),
    "pixel_accuracy": Metric("segmentation", True, "segmenter", "share of pixels read as the class that the label map has there"),
    "class_accuracy": Metric("segmentation", True, "segmenter", "the same, averaged over classes"),
    "mean_iou": Metric("segmentation", True, "segmenter", "intersection over union, averaged over classes"),
    "uncertainty_pixels": Metric("spread", True, "uncertainty", "rank correlation of map and error over the pixels of an image"),
    "uncertainty_images": Metric("spread", True, "uncertainty", "the same of their means over the images"),
    "label_accuracy": Metric("labels", True, "classifier", "share of images read as the class, or attributes, asked for"),
    "cycle_l1": Metric("cycle", False, about="mean absolute difference after the way there and back, on [-1, 1]"),
    "swd": Metric("sliced", False, about="sliced Wasserstein distance of patches of 2,048 images at most, × 1000"),
    "ppl": Metric("path", False, "perceptual", about="perceptual path length, by LPIPS; only where it is named"),
    "ppl_features": Metric("path", False, "features", about="the same by the extractor's features, without learned weights"),
    "fid": Metric("distribution", False, "features", "Fréchet distance of features"),
    "kid": Metric("distribution", False, "features", "kernel distance of features, × 1"),
    "inception_score": Metric("distribution", True, "probabilities", "of the extractor's class probabilities"),
    "precision": Metric("distribution", True, "features", "share of generated images among the real ones"),
    "recall": Metric("distribution", True, "features", "share of real images among the generated ones"),
    "density": Metric("distribution", True, "features", "of real images' neighborhoods around generated ones"),
    "coverage": Metric("distribution", True, "features", "share of real images with a generated one near them"),
}

FROM_FEATURES = ("features", "probabilities", "maps")
"""Tools that are what one extractor gives."""

WITHOUT_FEATURES = [name for name, metric in METRICS.items() if metric.tool in ("", "segmenter", "classifier")]
"""Metrics that need no network, or one that is trained on the data."""


def lacks_tool(name: str, settings: EvaluateConfig) -> bool:
    """Whether the metric `name` needs a tool that the settings do not give."""
    tool = METRICS[name].tool
    given = {"perceptual": settings.lpips_weights, "uncertainty": settings.uncertainty}
    return not (settings.features if tool in FROM_FEATURES else given.get(tool, True))


def require_tool(name: str, settings: EvaluateConfig):
    """Raises `UserError` if the metric `name` lacks its tool; the message names the flag that gives it."""
    if lacks_tool(name, settings):
        flags = {"perceptual": "--lpips_weights=FILE", "uncertainty": "--uncertainty=dropout or another one"}
        flag = flags.get(METRICS[name].tool, "--features=inception, own or a model's file")
        raise UserError(f"--metrics: {name} needs {flag}.")
