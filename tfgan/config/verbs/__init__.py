"""The settings of what is done with a data set or a run, a file for each verb; those of `tfgan train` are in `training` and the methods."""

from tfgan.config.verbs.app import AppConfig
from tfgan.config.verbs.check import CheckConfig
from tfgan.config.verbs.evaluate import EvaluateConfig
from tfgan.config.verbs.export import ExportConfig
from tfgan.config.verbs.importing import ImportConfig
from tfgan.config.verbs.report import ReportConfig
from tfgan.config.verbs.sample import SampleConfig
from tfgan.config.verbs.serve import TOKEN, ServeConfig
from tfgan.config.verbs.sweep import SweepConfig
from tfgan.config.verbs.translate import TranslateConfig
from tfgan.config.verbs.uncertainty import UNCERTAINTIES

__all__ = [
    "TOKEN",
    "UNCERTAINTIES",
    "AppConfig",
    "CheckConfig",
    "EvaluateConfig",
    "ExportConfig",
    "ImportConfig",
    "ReportConfig",
    "SampleConfig",
    "ServeConfig",
    "SweepConfig",
    "TranslateConfig",
]
