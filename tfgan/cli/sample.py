"""`tfgan sample`: images from noise."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.start import start_tensorflow
from tfgan.config import Strings
from tfgan.errors import UserError

USAGE = """usage: tfgan sample RUN OUTPUT [--FLAGS]

Makes images with a run that learnt to make them from noise. Each seed stands for one image, whatever else is made:
OUTPUT is a folder of seed000000.png …, in a folder for each class where the run knows classes. With --sheet, OUTPUT
is one picture: samples (a column for each class), interpolation, mixing and truncation (StyleGAN), reconstruction and
edit (VAE-GAN, of --images). With --images alone, OUTPUT holds their reconstructions under their names; --having and
--lacking move these by what sets two folders of images apart."""

SHEETS = ("", "samples", "interpolation", "mixing", "truncation", "reconstruction", "edit")


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("which", "checkpoint", "last", "last, best, or the number of a step")
    flags.add("what to make", "count", 64, "images, in folders", int)
    flags.add("what to make", "seed", 0, "of the first image; the others count on from it", int)
    flags.add("what to make", "classes", [], "names of the classes to make, in turns; empty: all", Strings)
    flags.add("what to make", "truncation", "", "StyleGAN's ψ: 0 one mean image, 1 full variety; empty: as the run was trained to show")
    flags.add("sheets", "sheet", "", "make one picture instead of a folder", choices=SHEETS)
    flags.add("sheets", "rows", 4, "of the sheet", int)
    flags.add("sheets", "columns", 8, "of the sheet, where classes or --strengths do not say how many", int)
    flags.add("sheets", "crossover", 4, "of --sheet=mixing: the first layer that takes the fine source's style", int)
    flags.add("from images", "images", "", "an image, a folder or a pattern, encoded in the place of noise")
    flags.add("from images", "having", "", "images that have what an edit adds")
    flags.add("from images", "lacking", "", "images that lack it")
    flags.add("from images", "strengths", [], "of the edits; empty: 1, or for a sheet -1,-0.5,0,0.5,1", Strings)
    flags.add("output", "overwrite", False, "replace results that exist", bool)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, output = flags.parse(arguments, positional=2)
    _check(flags, Path(output))

    start_tensorflow()
    from tfgan.cli.latents import choose_classes, choose_sampler
    from tfgan.cli.runs import open_run
    from tfgan.cli.sampling import Request, make_files, make_sheet
    from tfgan.inference import open_inference

    run = open_run(folder, flags["checkpoint"])
    ways = open_inference(run.method)
    truncation, *_ = [*_numbers(flags, "truncation"), None]
    sampler = choose_sampler(run, ways, truncation)
    request = Request(run, ways, sampler, choose_classes(sampler, flags["classes"]), _numbers(flags, "strengths"), flags)
    print(f"{sampler.describe()}, {run.folder} at step {run.step}")
    return make_sheet(request, Path(output)) if flags["sheet"] else make_files(request, Path(output))


def _check(flags: Flags, output: Path):
    """Raises `UserError` for what needs no TensorFlow to be seen."""
    for name in ("count", "rows", "columns"):
        if flags[name] < 1:
            raise UserError(f"--{name}={flags[name]} must be at least 1.")
    if flags["seed"] < 0:
        raise UserError(f"--seed={flags['seed']} must be 0 or more.")
    if flags["sheet"] and output.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UserError(f"--sheet makes one picture: name it, for example {output}.png")
    if flags["sheet"] and output.exists() and not flags["overwrite"]:
        raise UserError(f"{output} exists: use --overwrite, or another name.")
    if not flags["sheet"] and output.is_file():
        raise UserError(f"{output} is a file; images go to a folder. For one picture of many use --sheet.")
    for name in ("truncation", "strengths"):
        _numbers(flags, name)
    if flags["sheet"] in ("reconstruction", "edit") and not flags["images"]:
        raise UserError(f"--sheet={flags['sheet']} needs --images=FOLDER.")
    if flags["images"] and flags["sheet"] not in ("", "reconstruction", "edit", "interpolation"):
        raise UserError(f"--images has no place in --sheet={flags['sheet']}: leave it out.")
    edits = bool(flags["having"] or flags["lacking"])
    if edits != bool(flags["having"] and flags["lacking"]) or (flags["sheet"] == "edit" and not edits):
        raise UserError("An edit leads from images that lack something to others: give both, --having=FOLDER and --lacking=FOLDER.")
    if edits and (not flags["images"] or flags["sheet"] not in ("", "edit")):
        raise UserError("--having and --lacking edit --images, one by one or with --sheet=edit.")
    if flags["strengths"] and not edits:
        raise UserError("--strengths are those of an edit: give --having=FOLDER and --lacking=FOLDER too.")


def _numbers(flags: Flags, name: str) -> list[float]:
    """The numbers of a flag, empty if it is."""
    words = flags[name] if isinstance(flags[name], list) else [flags[name]] * bool(flags[name])
    try:
        return [float(word) for word in words]
    except ValueError:
        raise UserError(f"--{name}={','.join(words)}: use numbers, such as 0.5") from None
