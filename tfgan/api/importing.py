"""Runs of weights that somebody else trained, from Python."""

from __future__ import annotations  # types of modules that are imported when they are needed

import logging
from pathlib import Path
from typing import Any

from tfgan.api.run import Run, load
from tfgan.config import DataConfig, make_records
from tfgan.config.verbs import ImportConfig
from tfgan.paths.home import with_home
from tfgan.runs.start import start_tensorflow

logger = logging.getLogger(__name__)


def import_weights(path: str | Path, *, workdir: str | Path, **settings: Any) -> Run:
    """Makes a run of weights that somebody else trained, as `tfgan import` does. No code in the files is run.

    Args:
        path: a file that PyTorch wrote, or .safetensors, or a folder of them.
        workdir: folder of the run, which must be new or empty.
        settings: what `tfgan import --help` lists: `weights_b`, `image_size`, `domains`, `data_dir`, …

    Returns:
        The run. What was found, and what had to be guessed, is logged.

    Raises:
        UserError: no weights, other contents than tensors, networks that tfgan does not have, or images that do not fit them.
        OutputError: the run cannot be written.
    """
    choices, data = make_records([], settings, [ImportConfig, DataConfig])
    from tfgan.runs.importing.choosing import judge_import

    folder, choice = judge_import(with_home(str(path)), with_home(str(workdir)), choices, data.with_home())
    start_tensorflow()
    from tfgan.runs.importing.importer import import_run

    imported = import_run(folder, choice, data.with_home())
    for line in [*(f"{name}: {words}" for name, words in imported.networks.items()), *imported.guesses]:
        logger.info(line)
    return load(imported.folder)
