"""At what size images go through a run, by what the run records of its training."""

from tfgan.config import FULL, TRAINED, RunConfig, Scale
from tfgan.config.words import say_once
from tfgan.data import batch_keys, is_made, open_sources
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference import Translator
from tfgan.inference.passage import Passage
from tfgan.runs.opening import Run

LOOKED_AT = 9  # training images of a run that does not say how large they were


def choose_passage(run: Run, translator: Translator, size: str, tile: int) -> Passage:
    """The way of images through a translation: at `size`, or, if that is empty, at the size that the method asks for.

    A run of an earlier version, which does not say at what scale it saw images, is asked for its training images. Where they are gone,
    images go through as they are, as they did then. A line says which.
    """
    hparams = run.config.hparams
    if not size:
        size = translator.translation.size
        if size == TRAINED and not run.config.scale:
            size = _of_older_run(run, translator)
    return Passage(size, hparams.image_size, hparams.loaded_size(), tile)


def _of_older_run(run: Run, translator: Translator) -> str:
    """The size at which images go through a run without a record of its scale, and a line that says so."""
    found = find_scale(run.config).get(translator.input_key)
    start = f"{run.folder} is of a version that did not record at what scale it sees images, and sent them through as they are."
    if found:
        say_once(f"{start} By its training images, it sees them at {found.describe()}: so they go through. --size={FULL} is the old way.")
        return TRAINED
    say_once(f"{start} Its training images are not there to be looked at: it goes on so. --size={TRAINED} is for results like the samples.")
    return FULL


def find_scale(config: RunConfig) -> dict[str, Scale]:
    """Key of a batch's images -> at what scale the run sees them: as it is recorded, or else by some of its training images.

    Empty where neither is there. Nothing is downloaded for it.
    """
    if config.scale or not (config.data.data_dir or is_made(config.data)):
        return config.scale
    network, loaded, kind = config.hparams.image_size, config.hparams.loaded_size(), config.spec.kind
    found = {}
    try:
        sources = open_sources(config.data, kind, loaded)["train"]
        for source in sources:
            examples = [source.load(index) for index in range(0, len(source), -(-len(source) // LOOKED_AT))]
            for key, own in batch_keys(kind, source, config.data.direction, sources).items():
                if own in source.domains:
                    found[key] = Scale.of([example[own].shape[:2] for example in examples], loaded, network)
    except (UserError, UnreadableImage, OSError, KeyError):
        return {}
    return found
