"""Flag files: where they are found, and how they join the command line."""

from pathlib import Path

import tfgan
from tfgan.errors import UserError, did_you_mean


def recipe_folder() -> Path:
    """The recipes that come with the package: beside it in a source tree, inside it when installed."""
    package = Path(tfgan.__file__).parent
    installed = package / "flags"
    return installed if installed.is_dir() else package.parent / "flags"


def recipes() -> dict[str, str]:
    """File name -> the first line of its head."""
    return {path.name: _lines(path)[0].lstrip("# ") for path in sorted(recipe_folder().glob("*.flags"))}


def find_recipe(name: str, beside: Path) -> Path:
    """The flag file `name`: a path from the folder `beside`, or a recipe of the package, with or without its ending.

    Raises:
        UserError: there is none; suggests a recipe.
    """
    path = Path(name).expanduser()
    for folder in (beside, recipe_folder()):
        for candidate in (folder / path, folder / f"{path}.flags"):
            if candidate.is_file():
                return candidate
    hint = did_you_mean(path.name, recipes(), 0.4)
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
            files.append(find_recipe(value if equals else next(rest, ""), Path()))
        else:
            others.append(argument)
    lines = [line for file in files for line in _read(file, ())]
    return lines + others, files[-1].stem if files else ""


def recipe_settings(name: str) -> dict[str, str]:
    """The flags of a recipe: name -> text; of `--flag` and `--noflag` alone, true and false. Raises `UserError` as `find_recipe`."""
    found = {}
    for line in _read(find_recipe(name, Path()), ()):
        flag, equals, value = line.lstrip("-").partition("=")
        if equals:
            found[flag] = value
        else:
            found[flag.removeprefix("no")] = "false" if flag.startswith("no") else "true"
    return found


def _read(file: Path, outer: tuple[Path, ...]) -> list[str]:
    """The flags of a file; those of the files it names stand where they are named, and are looked for beside it."""
    if file.resolve() in outer:
        raise UserError(f"{file} includes itself.")
    arguments = []
    for line in _lines(file):
        if line.startswith("--flagfile="):
            inner = find_recipe(line.partition("=")[2], file.parent)
            arguments += _read(inner, (*outer, file.resolve()))
        elif line and not line.startswith(("#", "//")):
            arguments.append(line)
    return arguments


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError:
        raise UserError(f"--flagfile={file} is no text file.") from None
