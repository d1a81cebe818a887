"""What the HTML pages that this program writes share: JSON in them, hashes for their security policy, and how they are known again."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any


def island(record: dict[str, Any]) -> str:
    """The JSON that stands inside a script element: ASCII, and without the < that could end the element."""
    return json.dumps(record, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def source_hash(content: str) -> str:
    """The hash of an inline script or style, by which the content security policy knows it from any other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def begins_as(path: Path, template: str, mark: str) -> bool:
    """Whether a file begins as a page of this template does, up to `mark`, which is put in the place of $mark and ends its line."""
    begin = (template.partition("$mark")[0] + mark + "\n").encode()
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(begin)) == begin
