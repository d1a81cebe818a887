"""The training that a sweep varies."""

import dataclasses
import typing
from collections.abc import Mapping
from typing import NamedTuple

from tfgan.config import DataConfig, Settings, TrainConfig
from tfgan.config.setting import read_setting
from tfgan.errors import UserError, first_line
from tfgan.methods.base import HParams


class Recipe(NamedTuple):
    """A training as its settings were given; `training.workdir` is the folder of the sweep."""

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: HParams

    @property
    def records(self) -> tuple[Settings, Settings, Settings]:
        return self.data, self.training, self.hparams

    def varied(self, values: Mapping[str, str]) -> "Recipe":
        """The recipe with other values of some settings, given as texts by name; raises `UserError` for those that do not fit."""
        return Recipe(self.method, *(_varied(record, values) for record in self.records))

    def refusal(self, values: Mapping[str, str]) -> str:
        """Why the settings refuse these values; "" if they take them."""
        try:
            self.varied(values)
        except UserError as error:
            return first_line(error)
        return ""


def _varied(record, values: Mapping[str, str]):
    hints = typing.get_type_hints(type(record))
    return dataclasses.replace(record, **{name: read_setting(name, hints[name], text) for name, text in values.items() if name in hints})
