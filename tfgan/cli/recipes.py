"""Flag files: where they are found, and how they join the command line."""

import difflib
from pathlib import Path

import tfgan
from tfgan.errors import UserError


def recipe_folder() -> Path:
    """The recipes that come with the package: beside it in a source tree, inside it when installed."""
    package = Path(tfgan.__file__).parent
    installed = package / "flags"
    return installed if installed.is_dir() else package.parent / "flags"


def recipes() -> dict[str, str]:
    """File name -> the first line of its head."""
    return {path.name: path.read_text().splitlines()[0].lstrip("# ") for path in sorted(recipe_folder().glob("*.flags"))}


def find_recipe(name: str, beside: Path | None = None) -> Path:
    """The flag file `name`: a path, a file beside the one that names it, or a recipe of the package, with or without its ending.

    Raises:
        UserError: there is none; suggests a recipe.
    """
    folders = [Path()] + ([beside] if beside else []) + [recipe_folder()]
    for folder in folders:
        for candidate in (folder / name, folder / f"{name}.flags", folder / Path(name).name):
            if candidate.is_file():
                return candidate
    close = difflib.get_close_matches(Path(name).name, recipes(), 1, 0.4)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise UserError(f"--flagfile={name} does not exist.{hint} Recipes: {', '.join(recipes())}.")


def expand(arguments: list[str]) -> tuple[list[str], str]:
    """Puts the lines of flag files before all other arguments, so that the command line always beats them.

    Returns:
        the arguments without --flagfile, and the name of the last recipe, "" if there is none.
    """
    files, others, rest = [], [], iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in ("--flagfile", "-flagfile"):
            files.append(find_recipe(value if equals else next(rest, "")))
        else:
            others.append(argument)
    lines = [line for file in files for line in _read(file, ())]
    return lines + others, files[-1].stem if files else ""


def _read(file: Path, outer: tuple[Path, ...]) -> list[str]:
    if file.resolve() in outer:
        raise UserError(f"{file} includes itself.")
    arguments = []
    for line in map(str.strip, file.read_text().splitlines()):
        if line.startswith("--flagfile="):
            inner = find_recipe(line.partition("=")[2], file.parent)
            arguments += _read(inner, (*outer, file.resolve()))
        elif line and not line.startswith(("#", "//")):
            arguments.append(line)
    return arguments
