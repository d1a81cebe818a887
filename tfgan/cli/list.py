"""`tfgan list`: what there is, by name."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.data import DATASETS
from tfgan.methods import METHODS
from tfgan.runs.recipes import recipes

USAGE = """usage: tfgan list

Prints the methods, data sets and recipes.

examples:
  tfgan list
  tfgan list | grep cyclegan"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    if wants_help(arguments):
        print(flags.help())
        return 0
    flags.parse(arguments)
    _print("methods (--method)", {name: entry.summary for name, entry in METHODS.items()})
    _print("data sets (--dataset), or --data_dir=FOLDER", DATASETS)
    _print("recipes (--flagfile)", recipes())
    return 0


def _print(title: str, entries: dict[str, str]):
    width = max(map(len, entries), default=0)
    print(f"{title}\n" + "\n".join(f"  {name:<{width}}  {text}" for name, text in entries.items()) + "\n")
