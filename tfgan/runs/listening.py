"""What is judged of a server before TensorFlow is started: the names of its runs, who may ask, and its place on the network."""

import errno
import os
import re
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tfgan.config.verbs import TOKEN, ServeConfig
from tfgan.errors import ReadFailed, UserError, first_line
from tfgan.extras import require
from tfgan.runs.judging import judge_run

PACKAGES = ("fastapi", "fastapi_offline", "prometheus_client", "python_multipart", "uvicorn")
NAME = re.compile(r"(?!\.+=)[A-Za-z0-9_.-]+")  # browsers take dots alone for folders
TAKEN = (errno.EADDRINUSE, errno.EACCES)
SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(24))'"


def require_packages():
    """Raises `UserError` if the packages of the extra `serve` are not installed."""
    require("tfgan serve", PACKAGES, "serve")


def name_runs(words: Sequence[str], checkpoint: str = "last", others: Collection[str] = ()) -> dict[str, str]:
    """The name that a run has in addresses -> its folder, of words RUN or NAME=RUN.

    Args:
        checkpoint: which of each run's.
        others: names of further runs.

    Raises:
        UserError: none; a folder that is no run, or has no such checkpoint; a name that is no part of an address, or of two runs.
    """
    if not (words or others):
        raise UserError("Name a run, or several: tfgan serve RUN [RUN …].")
    found: dict[str, str] = {}
    for word in words:
        named = re.fullmatch(rf"({NAME.pattern})=(.+)", word) if not os.path.isdir(word) else None
        folder = named[2] if named else word
        judge_run(folder, checkpoint)
        name = named[1] if named else address_name(folder)
        if name in found or name in others:
            raise UserError(f"Two runs are called {name}: give one of them another name, {name}2={folder}")
        found[name] = folder
    return found


def address_name(folder: str | Path) -> str:
    """The name that a run has in addresses unless another is given: that of its folder, without what addresses do not take."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(folder).expanduser().resolve().name)


def find_token(settings: ServeConfig, environment: Mapping[str, str]) -> str:
    """The token that requests must bring; "" for none, which is for a server of this machine alone.

    Raises:
        UserError: another address without a token; a token that is short, or holds what a header does not.
        ReadFailed: the token's file cannot be read.
    """
    from tfgan.serving.access import LEAST_TOKEN, is_loopback

    token, where = settings.token or environment.get(TOKEN, ""), "--token" if settings.token else TOKEN
    if settings.token_file:
        where = f"--token_file={settings.token_file}"
        try:
            token = Path(settings.token_file).read_text("ascii").strip()
        except OSError as error:
            raise ReadFailed(Path(settings.token_file), error) from None
        except UnicodeDecodeError:
            raise UserError(f"{where}: a token is of letters, digits and -._~+/= alone. {SECRET} makes one.") from None
        if not token:
            raise UserError(f"{where} is empty: {SECRET} makes a token.")
    if token and not (len(token) >= LEAST_TOKEN and re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token)):
        raise UserError(f"{where} must be at least {LEAST_TOKEN} letters, digits and -._~+/= without spaces. {SECRET} makes one.")
    if not token and not is_loopback(settings.host):
        raise UserError(
            f"--host={settings.host} lets other machines ask, which need a token: set {TOKEN}, or give --token_file=FILE. "
            f"{SECRET} makes one."
        )
    return token


def open_socket(settings: ServeConfig) -> socket.socket:
    """A socket that listens. Raises `UserError` for an address that is not this machine's, or a port that cannot be had."""
    from tfgan.serving.server import listen

    try:
        return listen(settings.host, settings.port)
    except (socket.gaierror, UnicodeError) as error:
        raise UserError(f"--host={settings.host} is no address of this machine: {first_line(error)}.") from None
    except OSError as error:
        if error.errno in TAKEN:
            raise UserError(
                f"--port={settings.port} cannot be had on {settings.host} ({error.strerror}): --port=0 takes a free one."
            ) from None
        raise UserError(f"--host={settings.host} is no address of this machine: {error.strerror}.") from None


def address(listening: socket.socket) -> str:
    """The address of a server in a browser on this machine, without a slash at its end."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def warning(host: str, token: str) -> str:
    """What is to be said of a server that other machines reach; "" of one that they do not."""
    from tfgan.serving.access import is_loopback

    if is_loopback(host):
        return ""
    return (
        f"WARNING: whoever reaches {host} and knows the token ({token[:2]}…, {len(token)} characters) can use these runs. Nothing is "
        "encrypted: others on the network can read the token and the images. Put a proxy with "
        "TLS before it, or reach 127.0.0.1 by a tunnel (ssh -L)."
    )
