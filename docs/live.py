"""The live page of the site: `python docs/live.py RUN` keeps a run's networks and examples in docs/live.

Of these and of LiteRT.js, which is not kept here, every build of the site makes the page, see `hooks`. The run that is kept:
`tfgan train --flagfile=quickstart.flags --ngf=16 --ndf=16 --workdir=runs/facades`, in 8 bits.
"""

import json
import sys
from pathlib import Path

from tfgan.app.build import EXAMPLES, MODEL, Content
from tfgan.config.verbs import AppConfig

KEPT = Path(__file__).parent / "live"
RECORD = "record.json"


def keep(run: str):
    from tfgan.runs.results.app import make_content

    content, differences = make_content(run, AppConfig(quantize="dynamic"))
    KEPT.mkdir(exist_ok=True)
    (KEPT / MODEL).write_bytes(content.model)
    (KEPT / EXAMPLES).write_bytes(content.examples)
    about = {"title": content.title, "subtitle": content.subtitle, "record": content.record}
    (KEPT / RECORD).write_text(json.dumps(about, indent=1) + "\n")
    print(*differences.values(), sep="\n")


def kept() -> Content:
    """What the live page shows."""
    about = json.loads((KEPT / RECORD).read_text())
    return Content(**about, model=(KEPT / MODEL).read_bytes(), examples=(KEPT / EXAMPLES).read_bytes())


if __name__ == "__main__":
    keep(sys.argv[1])
