"""Fills the pages of the methods with their settings, from the records that the program itself uses, and makes the live page."""

import dataclasses
import functools
import logging
import re
from pathlib import Path

from live import kept

from tfgan.app.build import folder
from tfgan.app.runtime import Runtime, find_runtime
from tfgan.config import DataConfig, TrainConfig, as_text
from tfgan.config.verbs import AppConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, SweepConfig, TranslateConfig
from tfgan.errors import OutputError, UserError
from tfgan.methods import METHODS, method_class

LIVE = '<p><a href="../live/index.html"><strong>Try it here</strong></a>: the quickstart run with half its filters, in 8 bits.</p>'

RECORDS = {
    "data": DataConfig,
    "training": TrainConfig,
    "translate": TranslateConfig,
    "sample": SampleConfig,
    "evaluate": EvaluateConfig,
    "export": ExportConfig,
    "report": ReportConfig,
    "app": AppConfig,
    "sweep": SweepConfig,
}


def on_page_markdown(markdown: str, **_) -> str:
    """Replaces a line {{ settings NAME }} by the table of a method's, or a verb's, settings, and {{ live }} by the way to the live page."""
    markdown = markdown.replace("{{ live }}", LIVE if live_runtime() else "") if "{{ live }}" in markdown else markdown
    return re.sub(r"^\{\{ settings (\w+) \}\}$", lambda found: table(found[1]), markdown, flags=re.MULTILINE)


def on_post_build(config, **_):
    """Puts the live page into the site."""
    if runtime := live_runtime():
        place = Path(config["site_dir"]) / "live"
        place.mkdir(exist_ok=True)
        for name, content in folder(kept(), runtime).items():
            (place / name).write_bytes(content)


@functools.cache
def live_runtime() -> Runtime | None:
    """LiteRT.js; None where it is not to be had, as without a network: the site has no live page then, and a line says so."""
    try:
        return find_runtime()
    except (UserError, OutputError) as error:
        logging.getLogger("mkdocs.hooks").info(f"The site has no live page: {error}")
        return None


def table(name: str) -> str:
    """A Markdown table: flag, default, meaning."""
    record = method_class(name).HParams if name in METHODS else RECORDS[name]
    rows = [
        f"| `--{field.name}` | {_code(as_text(field.default))} | {_meaning(field)} |"
        for field in dataclasses.fields(record)
        if field.name not in record.idle
    ]
    return "\n".join(["| flag | default | meaning |", "|---|---|---|", *rows])


def _meaning(field: dataclasses.Field) -> str:
    choices = [choice for choice in field.metadata["choices"] if choice]
    text = field.metadata["help"] + (f" [{', '.join(choices)}]" if choices else "")
    for sign in "|[]":  # two brackets side by side would be a link
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
