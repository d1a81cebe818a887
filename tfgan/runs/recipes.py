"""Flag files: where they are found, and how they join the command line."""

import contextlib
from pathlib import Path

import tfgan
from tfgan.config import shortened
from tfgan.errors import UserError, did_you_mean
from tfgan.paths.home import with_home
from tfgan.paths.special import special

MAX_BYTES = 2**20  # of a flag file
MAX_DEPTH = 16  # flag files inside each other
MAX_LINES = 10_000  # of all flag files of a command; files that each name another one twice double them at every level


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
    path = Path(with_home(name))
    for folder in (beside, recipe_folder()):
        for candidate in (folder / path, folder / f"{path}.flags"):
            with contextlib.suppress(OSError):  # a name that is too long
                if candidate.is_file():
                    return candidate
    hint = did_you_mean(path.name, recipes(), 0.4)
    missing = (
        "is a folder" if name and (beside / path).is_dir() else f"is {other}" if (other := special(beside / path)) else "does not exist"
    )
    raise UserError(f"{shortened(f'--flagfile={name}')} {missing}.{hint} Recipes: {', '.join(recipes())}.")


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
    return [place for file in files for place in _read(file)] + [others], files[-1].stem if files else ""


def recipe_settings(name: str) -> list[dict[str, str]]:
    """The flags of a recipe by name, as text; `--flag` and `--noflag` alone are true and false.

    Returns:
        dictionaries in the order of the lines, those of each file that it names apart; the later one beats the earlier.

    Raises:
        UserError: a flag file that does not exist, is no text, or includes itself.
    """
    return [dict(map(_setting, place)) for place in _read(find_recipe(name, Path()))]


def _setting(argument: str) -> tuple[str, str]:
    flag, equals, value = argument.lstrip("-").partition("=")
    if equals:
        return flag, value
    return flag.removeprefix("no"), "false" if flag.startswith("no") else "true"


def _read(file: Path) -> list[list[str]]:
    """The lines of flags in a file; those of the files it names, looked for beside it, are lists of their own where they are named."""
    read = 0

    def places_of(file: Path, outer: tuple[Path, ...]) -> list[list[str]]:
        nonlocal read
        if file.resolve() in outer:
            raise UserError(f"{file} includes itself.")
        if len(outer) >= MAX_DEPTH:
            raise UserError(f"{file} is named by {MAX_DEPTH} flag files inside each other: write its flags into one of them.")
        lines = _lines(file)
        read += len(lines) + 1
        if read > MAX_LINES:
            raise UserError(f"--flagfile={file}: flag files may have {MAX_LINES} lines in all. Do they include each other too often?")
        places: list[list[str]] = [[]]
        for line in lines:
            if line.startswith("--flagfile="):
                inner = find_recipe(line.partition("=")[2], file.parent)
                places += [*places_of(inner, (*outer, file.resolve())), []]
            elif line and not line.startswith(("#", "//")):
                places[-1].append(line)
        return places

    return places_of(file, ())


def _lines(file: Path) -> list[str]:
    """The lines of a flag file without the white space around them; raises `UserError` for what is none."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"--flagfile={file} is not a text file.") from None
    except OSError as error:
        raise UserError(f"--flagfile={file} cannot be read: {error.strerror}.") from None
    if len(text) > MAX_BYTES:
        raise UserError(f"--flagfile={file} is not a flag file: it is larger than {MAX_BYTES:,} bytes.")
    if "\0" in text:
        raise UserError(f"--flagfile={file} is not a text file: it holds null characters.")
    return [line.strip() for line in text.splitlines()]
