"""`tfgan VERB …`: finds the verb, runs it, and turns errors into messages and exit codes.

Exit codes: 0 done; 1 training or some files failed; 2 wrong settings or data; 70 a fault of tfgan; 130 and 143 stopped by SIGINT and
SIGTERM; 141 nobody reads the output any more.
"""

import contextlib
import importlib
import io
import logging
import os
import sys
from typing import NoReturn

import tfgan
from tfgan.config import shortened
from tfgan.errors import UserError, did_you_mean
from tfgan.faults import ending, goes_on
from tfgan.messages import show_messages
from tfgan.terminal import tint

VERBS = {
    "train": "train a GAN, or continue a run that was stopped",
    "sweep": "train a recipe many times, and find its best settings",
    "check": "check a data set before training: faults, fixes, time, and memory",
    "translate": "translate images with a trained run",
    "sample": "make images from noise with a trained run",
    "evaluate": "measure how good the images of runs or folders are",
    "import": "make a run of weights that somebody else trained",
    "export": "write a SavedModel that does not need tfgan",
    "serve": "answer requests over HTTP, with a page for the browser",
    "report": "write one HTML file about a run, or about several side by side",
    "app": "write one HTML page that runs a run in the browser",
    "list": "list methods, data sets, and recipes",
}

USAGE = """usage: tfgan VERB [ARGUMENTS] [--FLAGS]

{verbs}

`tfgan VERB --help`, or `tfgan help VERB`, explains a verb. `tfgan --version` prints the version.
Start with: tfgan train --flagfile=quickstart.flags"""

HELP = ("-h", "--help", "--helpfull", "help")
VERSION = ("-V", "--version", "version")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: without the program's name; None: those of the process.

    Returns:
        the exit code, see this module.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    show_messages(always=True)
    for stream in (sys.stdout, sys.stderr):  # names of files need not be text: what a stream cannot print is escaped
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except (Exception, KeyboardInterrupt) as error:
        if goes_on(error):
            raise
        end = ending(error, arguments)
    if end.text:
        with contextlib.suppress(OSError):  # nobody reads any more
            print(f"{tint(end.title, 'red', sys.stderr)} {end.text}", file=sys.stderr)
    return end.code


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in VERSION:
        print(f"tfgan {tfgan.__version__}")
        return 0
    if not arguments or (arguments[0] in HELP and not arguments[1:]):
        print(USAGE.format(verbs="\n".join(f"  {verb:<10} {summary}" for verb, summary in VERBS.items())))
        return 0
    if arguments[0] in HELP:  # help VERB is VERB --help
        arguments = [*arguments[1:], "--help"]
    return _verb(arguments[0]).run(arguments[1:])


def command(arguments: list[str] | None = None) -> NoReturn:
    """Runs one command, see `main`, and ends the process with its exit code.

    It ends at once: all that was to be written is, while TensorFlow by itself takes seconds to take itself down. The workers of a cluster
    end in the usual way, as they take leave of each other.
    """
    code = main(arguments)
    if "tensorflow" in sys.modules and "TF_CONFIG" not in os.environ:
        logging.shutdown()
        _flush()
        os._exit(code)
    _flush()
    sys.exit(code)


def _flush():
    """Writes what the output streams still hold; one that takes nothing any more is led nowhere, as Python would complain of it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except ValueError:  # it is closed
            continue
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _verb(name: str):
    if name not in VERBS:
        raise UserError(f"`tfgan {shortened(name)}` is unknown.{did_you_mean(name, VERBS)} Verbs: {', '.join(VERBS)}.")
    return importlib.import_module(f"tfgan.cli.{'import_' if name == 'import' else name}")  # which Python keeps for itself
