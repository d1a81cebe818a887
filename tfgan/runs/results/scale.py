"""At what size images go through a run, by what the run records of its training."""

from tfgan.config import FULL, TRAINED, RunConfig, Scale
from tfgan.config.unused import hold
from tfgan.config.verbs import TranslateConfig
from tfgan.config.words import say_once
from tfgan.data import batch_keys, is_made, open_sources
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference import Translator
from tfgan.inference.passage import Passage
from tfgan.runs.opening import Run

LOOKED_AT = 9  # training images of a run that does not say how large they were


def choose_passage(run: Run, translator: Translator, settings: TranslateConfig) -> Passage:
    """The way of images through a translation: at the `size` of the settings, or, if that is empty, at the size that the method asks for.

    A run of an earlier version, which does not record at what scale it saw images, sends them through as they are, as it did then, and a
    line says so.
    """
    hparams, size = run.config.hparams, settings.size
    if not size:
        size = translator.translation.size
        if size == TRAINED and not run.config.scale and not run.config.imported:
            size = FULL
            say_once(
                f"{run.folder} was made by a version that did not record the scale of training: images are translated at their own size, "
                f"as in that version. --size={TRAINED} gives results like its sample pictures."
            )
    fit = translation_fit(run.config)
    passage = Passage(size, hparams.image_size, hparams.loaded_size(), settings.tile, fit)
    hold(settings, {"one size": passage.squeezes}, str(run.folder))
    return passage


def translation_fit(config: RunConfig) -> str:
    """How training made the network's images out of larger ones, by `--fit`; the built-in set has them in their size."""
    return "squeeze" if is_made(config.data) else config.data.fit_of(config.spec.kind)


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
                    sizes = [example[own].shape[:2] for example in examples]
                    found[key] = Scale.of(sizes, loaded, network, config.data.fit_of(kind))
    except (UserError, UnreadableImage, OSError, KeyError):
        return {}
    return found
