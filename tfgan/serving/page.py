"""The page at `/`: files in and pictures out of every model, by the addresses of the server."""

import functools
from pathlib import Path


@functools.cache
def upload_page() -> bytes:
    """The page, which says nothing of the models: it asks `/models`, with the token if there is one."""
    return Path(__file__).with_name("page.html").read_bytes()
