"""The settings of the program as frozen records, and their way to JSON and back.

Every setting is one field of a record: `DataConfig` and `TrainConfig` here, and the `HParams` of each method. The command line derives
its flags from these fields, and `RUN/config.json` stores them resolved.
"""

from tfgan.config.data import DataConfig
from tfgan.config.files import write_atomically
from tfgan.config.kinds import BATCH_KINDS, SPECIFIC, BatchKind
from tfgan.config.run import RunConfig
from tfgan.config.setting import (
    Settings,
    Size,
    Strings,
    as_flag,
    as_size,
    as_text,
    differences,
    from_dict,
    from_text,
    is_operational,
    setting,
    unfit,
)
from tfgan.config.spec import Classes, DataSpec, Domain
from tfgan.config.training import VALIDATED, TrainConfig

__all__ = [
    "BATCH_KINDS",
    "SPECIFIC",
    "VALIDATED",
    "BatchKind",
    "Classes",
    "DataConfig",
    "DataSpec",
    "Domain",
    "RunConfig",
    "Settings",
    "Size",
    "Strings",
    "TrainConfig",
    "differences",
    "as_flag",
    "as_size",
    "as_text",
    "from_dict",
    "from_text",
    "is_operational",
    "setting",
    "unfit",
    "write_atomically",
]
