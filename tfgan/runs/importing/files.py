"""Which files of weights belong together, and what is in each."""

import re
from pathlib import Path
from typing import NamedTuple

from tfgan.errors import UserError
from tfgan.weights import Weights, read_weights
from tfgan.weights.recognizing import recognize
from tfgan.weights.slots import Found

NAME = re.compile(r"(?P<stem>(?:.*[_-])?)(?P<part>[GDE](?:_[AB])?)\.(?P<ending>pth|pt|ckpt|bin|safetensors)")
"""Of a file: latest_net_G.pth, 200_net_D_A.pth, 200000-G.ckpt."""
PARTS = ("G", "D", "E", "G_A", "G_B", "D_A", "D_B")
"""Networks by the names of their files in the references' code: generator, discriminator, encoder, and of CycleGAN's both ways."""


class Part(NamedTuple):
    """A network of a file."""

    path: Path
    weights: Weights
    found: Found


def find_parts(path: Path, weights_b: str, alone: bool) -> dict[str, Part]:
    """The networks of a file of weights, or of a folder of them, by their names in `PARTS`.

    Args:
        path: the file of a generator, or a folder, of which the files of the last epoch are taken.
        weights_b: the file of CycleGAN's other generator; "": it is looked for beside the first one.
        alone: take what is named, and nothing beside it.

    Raises:
        UserError: no weights, several generators of which none is named, or networks that tfgan does not have.
    """
    first = _in_folder(path) if path.is_dir() else path
    named = NAME.fullmatch(first.name)
    files = {named["part"] if named else "G": first}
    if named and not alone:
        beside = {part: first.with_name(f"{named['stem']}{part}.{named['ending']}") for part in PARTS}
        files |= {part: file for part, file in beside.items() if file.is_file() and file != first}
    if weights_b:
        files.pop("G_B", None)
        if Path(weights_b).exists() and first.exists() and Path(weights_b).samefile(first):
            raise UserError(f"--weights_b={weights_b} is the same file as the first generator's: name that of the other way.")
        files = {"G_A" if file == first else part: file for part, file in files.items()} | {"G_B": Path(weights_b)}
    parts = {}
    for part, file in files.items():
        weights = read_weights(file)
        found = recognize(file, weights)
        wanted = {"G": "generator", "D": "discriminator", "E": "encoder"}[part[0]]
        if found.role != wanted:
            raise UserError(f"{file} is {found.words}, and a {wanted} is looked for: name the file of the generator.")
        parts[part] = Part(file, weights, found)
    if not any(part.startswith("G") for part in parts):
        raise UserError(f"{path} has no generator: name its file, such as latest_net_G.pth.")
    return parts


def _in_folder(folder: Path) -> Path:
    """The file of the generator, one of the last epoch, in a folder."""
    found = {file: match for file in sorted(folder.iterdir()) if (match := NAME.fullmatch(file.name)) and match["part"] in ("G", "G_A")}
    if not found:
        raise UserError(f"{folder} holds no weights by the names of their code, such as latest_net_G.pth: name the file of the generator.")

    def epoch(file: Path) -> float:
        stem = found[file]["stem"]
        number = re.match(r"\d+", stem)
        return float("inf") if stem.startswith("latest") else int(number[0]) if number else -1.0

    last = [file for file in found if epoch(file) == max(map(epoch, found))]
    if len(last) > 1:
        raise UserError(f"{folder} holds several generators, {', '.join(file.name for file in last[:4])}: name one of these files.")
    return last[0]
