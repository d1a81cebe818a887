"""The settings that maps of uncertainty have in common, in `tfgan translate` and `tfgan evaluate`."""

from tfgan.config.setting import setting

UNCERTAINTIES = ("", "dropout", "styles", "checkpoints", "cycle", "segmenter")
"""What maps of uncertainty show; empty: there are none."""


def uncertainty_setting(what: str, group: str):
    """Makes the setting `uncertainty`, whose help begins with `what`."""
    return setting(
        "",
        f"{what}: dropout (the spread over masks of dropout), styles (over random styles), checkpoints (over those that the run keeps), "
        "cycle (what is lost on the way there and back), or segmenter (where a segmenter does not see in the result what the label map "
        "asks for); empty: none",
        choices=UNCERTAINTIES,
        group=group,
    )


def samples_setting(group: str):
    return setting(8, "with --uncertainty=dropout or styles: number of masks or styles", at_least=2, at_most=1000, group=group)


def lacks_spread(uncertainty: str) -> bool:
    return uncertainty not in ("dropout", "styles")
