"""Runs behind HTTP, from Python."""

from __future__ import annotations  # types of modules that are imported when they are needed

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgan.api.run import Run
from tfgan.config import make_records
from tfgan.config.verbs import ServeConfig
from tfgan.errors import UserError
from tfgan.runs.listening import address, address_name, find_token, name_runs, open_socket, require_packages, warning
from tfgan.runs.start import start_tensorflow

if TYPE_CHECKING:
    import socket

    from tfgan.serving.server import Serving


class Served:
    """A server that runs in a thread, as `tfgan.serve` returns it; `with` ends it.

    Attributes:
        url: where it answers, "http://127.0.0.1:8501".
    """

    def __init__(self, serving: Serving, listening: socket.socket):
        self.url = address(listening)
        self._serving = serving
        self._thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<tfgan.serve {self.url}{'' if self._thread.is_alive() else ', ended'}>"

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the server, once the requests in hand are answered."""
        self._serving.should_exit = True
        self._thread.join()

    def wait(self):
        """Waits until Ctrl-C, and ends the server then."""
        try:
            while self._thread.is_alive():
                self._thread.join(0.5)
        except KeyboardInterrupt:
            self.stop()


def serve(*runs: str | Path | Run, **settings: Any) -> Served:
    """Answers requests over HTTP with runs, in a thread, like `tfgan serve`.

        with tfgan.serve("runs/facades", port=0) as server:
            print(server.url)

    Args:
        runs: runs, or their folders; "name=folder" gives one another name in addresses than its folder's.
        settings: what `tfgan serve --help` lists: `port`, `host`, `token`, `max_pixels`, …

    Returns:
        The server, which has begun to answer: `url`, `stop()`, and `wait()` until Ctrl-C.

    Raises:
        UserError: what is no run; a name that two runs have; an address that is not this machine's, a port that is taken, or another
            address than the loopback without a token; a package of the extra `serve` that is missing.
    """
    (config,) = make_records([], settings, [ServeConfig])
    require_packages()
    opened = {address_name(run.folder): run for run in runs if isinstance(run, Run)}
    folders = name_runs([str(run) for run in runs if not isinstance(run, Run)], config.checkpoint, others=opened)
    if len(opened) + len(folders) < len(runs):
        raise UserError('Two of the runs have the same name: give the folder of one with another, "name=folder".')
    token = find_token(config, os.environ)
    start_tensorflow()
    from tfgan.runs.opening import open_run
    from tfgan.runs.results.serving import make_serving

    found = {name: run._opened for name, run in opened.items()}
    found |= {name: open_run(folder, config.checkpoint) for name, folder in folders.items()}
    listening = open_socket(config)
    if loud := warning(config.host, token):
        print(loud)
    return Served(make_serving(found, config, token), listening)
