"""The settings of `tfgan sweep`."""

import dataclasses

from tfgan.config.setting import Settings, Strings, setting


@dataclasses.dataclass(frozen=True)
class SweepConfig(Settings):
    """The settings of `tfgan sweep`, which trains one recipe with many values of some of its settings, and finds the best ones."""

    search: Strings = setting(
        (),
        "settings to search, separated by commas: learning_rate=log:1e-5:1e-3, a range that is even in its logarithm; dropout=0:0.5, a "
        "range; ngf=32|64, choices",
        group="sweep",
    )
    trials: int = setting(20, "number of trials, of all workers together; a larger one goes on", at_least=1, at_most=10_000, group="sweep")
    pruner: str = setting(
        "median",
        "what ends trials early: median, where a trial is worse than the median of the others at that epoch; hyperband, which gives many "
        "trials few epochs and few trials many; none",
        choices=("median", "hyperband", "none"),
        group="sweep",
    )
