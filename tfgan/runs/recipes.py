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
    """The recipes of the package: the first line of each one's head by its file's name."""
    return {path.name: _lines(path)[0].lstrip("# ") for path in sorted(recipe_folder().glob("*.flags"))}


def find_recipe(name: str, beside: Path) -> Path:
    """The flag file `name`: a path from the folder `beside`, or a recipe of the package, with or without its ending.

    The folder comes first where both have one.

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
        the arguments without --flagfile, and the name of the last flag file without its ending, "" if there is none.

    Raises:
        UserError: a flag file that does not exist, is no text, or includes itself.
    """
    places, name = by_place(arguments)
    return [argument for place in places for argument in place], name


def by_place(arguments: list[str]) -> tuple[list[list[str]], str]:
    """The arguments of each flag file, and last those of the command line, each in a list of its own.

    Returns:
        the lists, and the name of the last flag file without its ending, "" if there is none.

    Raises:
        UserError: a flag file that does not exist, is no text, or includes itself.
    """
    files, others, rest = [], [], iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in ("--flagfile", "-flagfile"):
            files.append(find_recipe(value if equals else next(rest, ""), Path()))
        else:
            others.append(argument)
    return [place for file in files for place in _read(file, ())] + [others], files[-1].stem if files else ""


def recipe_settings(name: str) -> list[dict[str, str]]:
    """The flags of a recipe by name, as text; `--flag` and `--noflag` alone are true and false.

    Returns:
        dictionaries in the order of the lines, those of each file that it names apart; the later one beats the earlier.

    Raises:
        UserError: a flag file that does not exist, is no text, or includes itself.
    """
    return [dict(map(_setting, place)) for place in _read(find_recipe(name, Path()), ())]


def _setting(argument: str) -> tuple[str, str]:
    flag, equals, value = argument.lstrip("-").partition("=")
    if equals:
        return flag, value
    return flag.removeprefix("no"), "false" if flag.startswith("no") else "true"


def _read(file: Path, outer: tuple[Path, ...]) -> list[list[str]]:
    """The lines of flags in a file; those of the files it names, looked for beside it, are lists of their own where they are named."""
    if file.resolve() in outer:
        raise UserError(f"{file} includes itself.")
    places: list[list[str]] = [[]]
    for line in _lines(file):
        if line.startswith("--flagfile="):
            inner = find_recipe(line.partition("=")[2], file.parent)
            places += [*_read(inner, (*outer, file.resolve())), []]
        elif line and not line.startswith(("#", "//")):
            places[-1].append(line)
    return places


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError:
        raise UserError(f"--flagfile={file} is no text file.") from None
