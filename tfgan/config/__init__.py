"""The settings of the program as frozen records, and their way to JSON and back.

Every setting is one field of a record: `DataConfig` and `TrainConfig` here, and the `HParams` of each method. The command line derives
its flags from these fields, and `RUN/config.json` stores them resolved.
"""

from tfgan.config.data import DataConfig
from tfgan.config.kinds import BATCH_KINDS, SPECIFIC, BatchKind, idle_settings, present_kind
from tfgan.config.near import check_new_file, is_run, no_run, refuse_part_of_run
from tfgan.config.records import make_records
from tfgan.config.run import RunConfig
from tfgan.config.scale import FULL, TRAINED, Scale, as_pixels
from tfgan.config.schema import from_dict
from tfgan.config.setting import (
    Settings,
    Size,
    Strings,
    as_flag,
    as_size,
    as_text,
    differences,
    from_text,
    is_operational,
    setting,
    shell_flag,
    shortened,
    unfit,
)
from tfgan.config.spec import DTYPES, MOST_CHANNELS, Classes, DataSpec, Domain, Part
from tfgan.config.training import VALIDATED, TrainConfig
from tfgan.config.words import in_present_words, old_names, record_in_present_words, refuse_both, tell_old_names

__all__ = [
    "BATCH_KINDS",
    "DTYPES",
    "MOST_CHANNELS",
    "FULL",
    "SPECIFIC",
    "TRAINED",
    "VALIDATED",
    "BatchKind",
    "Classes",
    "DataConfig",
    "DataSpec",
    "Part",
    "Domain",
    "RunConfig",
    "Scale",
    "Settings",
    "Size",
    "Strings",
    "TrainConfig",
    "check_new_file",
    "differences",
    "as_flag",
    "as_pixels",
    "as_size",
    "as_text",
    "from_dict",
    "from_text",
    "idle_settings",
    "in_present_words",
    "is_operational",
    "is_run",
    "make_records",
    "no_run",
    "old_names",
    "present_kind",
    "record_in_present_words",
    "refuse_both",
    "refuse_part_of_run",
    "setting",
    "shell_flag",
    "shortened",
    "tell_old_names",
    "unfit",
]
