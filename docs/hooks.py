"""Fills the pages of the methods with their settings, read from the records that the program itself uses."""

import dataclasses
import re

from tfgan.config import DataConfig, TrainConfig, as_text
from tfgan.config.verbs import AppConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig
from tfgan.methods import METHODS, method_class

RECORDS = {
    "data": DataConfig,
    "training": TrainConfig,
    "translate": TranslateConfig,
    "sample": SampleConfig,
    "evaluate": EvaluateConfig,
    "export": ExportConfig,
    "report": ReportConfig,
    "app": AppConfig,
}


def on_page_markdown(markdown: str, **_) -> str:
    """Replaces a line {{ settings NAME }} by the table of a method's, or a verb's, settings."""
    return re.sub(r"^\{\{ settings (\w+) \}\}$", lambda found: table(found[1]), markdown, flags=re.MULTILINE)


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
