"""What `tfgan check` prints."""

from __future__ import annotations  # types of modules that import TensorFlow

import dataclasses
import re
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfgan.config import BATCH_KINDS, DataConfig, shell_flag, shortened
from tfgan.data import batch_keys
from tfgan.data.checks import SEVERITIES, Finding, Inspection
from tfgan.data.checks.finding import plural
from tfgan.data.checks.layouts import Layout
from tfgan.data.preparation.ranges import range_of
from tfgan.data.reading.formats import VIDEOS
from tfgan.terminal import columns, tint

if TYPE_CHECKING:
    from tfgan.runs.training.probe import Prediction
    from tfgan.runs.training.quicker import Quicker

WIDTH = 118  # characters, where no terminal says how wide it is
COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
SHOWN = 5  # files of each finding
EQUAL = 12  # equal files that are named in one line
LONGEST = 1000  # characters of a file's line, or of a line of a problem
NAMED = 12  # classes and attributes
TOGETHER = "\N{NO-BREAK SPACE}"
QUOTED = re.compile(r"""(?<!\w)'[^']*'(?:"'"'[^']*')*""")  # a word as `shlex.quote` writes it, no apostrophe inside one
PAGES = defaultdict(lambda: "page", dict.fromkeys(VIDEOS.values(), "frame"))
MODES = {
    "RGB": "color",
    "L": "gray",
    "P": "palette",
    "RGBA": "color with alpha",
    "LA": "gray with alpha",
    "1": "black and white",
    "I;16": "gray",
}


def direction(seen: Inspection, settings: DataConfig) -> str:
    """The direction of a translation in words, such as ", photo to map"; "" where nothing is translated or no image can be used.

    Raises:
        UserError: the direction of `settings` is between other domains than there are.
    """
    names = _translated(seen, settings)
    return f", {names[0]} to {names[1]}" if names else ""


def _translated(seen: Inspection, settings: DataConfig) -> tuple[str, str] | None:
    """The names of the domain that is translated and of the one it becomes; None where nothing is translated or can be used."""
    kind, sources = seen.opened.kind, seen.opened.splits.get("train", [])
    translates = BATCH_KINDS[kind].translates if kind else ()
    if not translates:
        return None
    names = {
        key: source.domains[own].name for source in sources for key, own in batch_keys(kind, source, settings.direction, sources).items()
    }
    source, target = translates
    return (names[source], names[target]) if len(names) == 2 else None


def describe_layout(kind: str, layouts: list[Layout], methods: dict[str, str]) -> str:
    """The lines about what the data set is taken for, `kind`, and what it could be as well.

    Args:
        methods: kind -> a method that learns from it.
    """
    words = {layout.kind: f"{layout.words} ({layout.sure})" for layout in layouts}
    lines = [_wrapped("Layout   ", words.get(kind, f"not that of {kind} images"))]
    others = [f"{layout.words} (--method={methods[layout.kind]}, {layout.sure})" for layout in layouts if layout.kind != kind]
    return "\n".join([*lines, *([_wrapped("  or     ", "; ".join(others))] if others else [])])


def describe_images(seen: Inspection) -> str:
    """The lines about counts, sizes and kinds of the images, and about how often classes and attributes occur."""
    rows = [(f"{_place(seen, key)}", _sizes(seen, key)) for key in seen.domains]
    lines = [f"Images   {', '.join(f'{count} {split}' for split, count in _counts(seen).items()) or 'none that can be used'}"]
    width = max((len(name) for name, _ in rows), default=0)
    lines += [_wrapped(f"  {name:<{width}}  ", text) for name, text in rows if text]
    kinds = Counter(
        f"{header.format} {MODES.get(header.mode, header.mode)}{' 16 bits' * (header.bits == 16 and not header.bands)}"
        f"{f' of {header.frames:,} {PAGES[header.format]}s' * (header.frames > 1)}"
        for listing in seen.listings
        for header in listing.headers.values()
    )
    if kinds:
        lines.append(_wrapped("Files    ", ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())))
    for kind, title in (("classes", "Classes"), ("attributes", "Having"), ("pixels", "Pixels")):
        if seen.shares[kind]:
            lines.append(_wrapped(f"{title:<8} ", ", ".join(_shares(kind, seen.shares[kind]))))
    return "\n".join([*lines, *(f"         {line}" for line in seen.opened.said)])


def _few_equal(files: str) -> str:
    """Files that are equal, a = b = c, of which there may be thousands: the first of them, and how many more there are."""
    names = files.split(" = ")
    more = f" = … and {len(names) - EQUAL:,} more" if len(names) > EQUAL else ""
    return shortened(" = ".join(names[:EQUAL]), LONGEST) + more


def describe_findings(findings: list[Finding]) -> str:
    """The lines about how many findings there are, and about each of them, with the first of its files and its cure."""
    counts = Counter(finding.severity for finding in findings)
    words = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    lines = [f"Found    {', '.join(words) or 'no problems'}"]
    for finding in findings:
        first, *others = finding.problem.splitlines()
        line = _wrapped(f"{finding.severity:<8} ", f"{finding.name}: {first}", 9)
        lines.append(line.replace(finding.severity, tint(finding.severity, COLORS[finding.severity], sys.stdout), 1))
        lines += [f"           {shortened(line.strip(), LONGEST)}" for line in others[:SHOWN]]
        lines += [f"           … and {len(others) - SHOWN:,} more lines"] * (len(others) > SHOWN)
        lines += [_wrapped("           ", _few_equal(file), 13) for file in finding.files[:SHOWN]]
        if len(finding.files) > SHOWN:
            lines.append(f"           … and {len(finding.files) - SHOWN:,} more")
        if finding.cure:
            lines.append(_wrapped("         → ", finding.cure))
    return "\n".join(lines)


def describe_prediction(prediction: Prediction, method: str, hparams) -> str:
    height, width = hparams.image_size
    memory = f"{prediction.memory / 1e9:.1f} GB of memory" if prediction.memory else "memory unknown"
    if prediction.device_memory:
        memory = f"{prediction.device_memory / 1e9:.1f} GB on the GPU, {memory}"
    lines = (
        f"{method} at {height}×{width}, batch {hparams.batch_size}: {prediction.devices}",
        f"{_seconds(prediction.seconds)} a step, {memory} at the peak",
        f"{prediction.steps:,} steps ({prediction.epochs:g} epochs): about {_duration(prediction.total)}, "
        "without checkpoints and sample pictures",
    )
    heads = ("Probe    ", *[" " * 9] * (len(lines) - 1))
    return "\n".join(_wrapped(head, line) for head, line in zip(heads, lines))


def describe_quicker(found: Quicker, method: str, data: DataConfig) -> str:
    """The lines about settings that take less time: what they take, and the command."""
    height, width = found.hparams.image_size
    head = "Night    in" if found.night else "Look     a first look in"
    what = f"{head} about {_duration(found.total)}: {height}×{width}, {_seconds(found.seconds)} a step"
    return f"{what}\n{command(method, [data, found.training, found.hparams])}"


def describe_commands(method: str, data: DataConfig, others: list, seen: Inspection, directed: bool) -> str:
    """The lines about how to train: one command, or, for pairs whose direction nobody gave, one for each direction, which they name.

    Args:
        method: the method's name.
        data: the settings of the data; others: the other records of settings.
        directed: whether the direction was given.
    """
    names = _translated(seen, data) if BATCH_KINDS[seen.opened.kind].pairs and BATCH_KINDS[seen.opened.kind].sides else None
    if names is None or directed or data.colorize:
        return f"Train\n{command(method, [data, *others])}"
    ways = [dataclasses.replace(data, direction="_to_".join(way)) for way in (names, names[::-1])]
    first, second = (command(method, [way, *others]) for way in ways)
    return f"Train    {names[0]} to {names[1]}\n{first}\nor       {names[1]} to {names[0]}\n{second}"


def command(method: str, records: list) -> str:
    """The command line of training with these records of settings, without those that have their default or do nothing beside a folder."""
    words = ["tfgan train", f"--method={method}"]
    for record in records:
        for field in dataclasses.fields(record):
            value = getattr(record, field.name)
            if value != field.default and not (field.name == "dataset" and record.data_dir):
                words.append(shell_flag(field.name, value))
    lines = [""]
    for word in words:  # textwrap would break words that are quoted for their spaces
        if len(lines[-1]) + len(word) > columns(sys.stdout, WIDTH) - 4:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "  " + " \\\n    ".join(lines)


def _place(seen: Inspection, key: str) -> str:
    """The name of a domain as the lines show it, such as "A = photo"."""
    name = seen.domains[key].name
    return f"{key} = {name}" if key in ("A", "B") and name != key else key if key in ("A", "B") else name


def _counts(seen: Inspection) -> dict[str, str]:
    """The number of examples of each split by its name, in words; of unpaired domains each, as in 400 + 380."""
    streams = Counter((example.split, tuple(example.pictures), example.stream) for example in seen.examples)
    found: dict[str, list[int]] = {}
    for (split, _, _), count in streams.items():
        found.setdefault(split, []).append(count)
    return {split: " + ".join(f"{count:,}" for count in counts) for split, counts in found.items()}


def _sizes(seen: Inspection, key: str) -> str:
    """The smallest, largest and most frequent size of a domain's images, height by width, and their kind; "" if it has none."""
    sizes = Counter((example.pictures[key].height, example.pictures[key].width) for example in seen.examples if key in example.pictures)
    if not sizes:
        return ""
    kind = _pixels(seen, key)
    (often, count), *_ = sizes.most_common(1)
    if len(sizes) == 1:
        return f"{_by(often)}, {kind}"
    least, most = (choose(sizes, key=lambda size: size[0] * size[1]) for choose in (min, max))
    return f"{_by(least)} to {_by(most)}, most often {_by(often)} ({count / sizes.total():.0%}), {kind}"


def _pixels(seen: Inspection, key: str) -> str:
    """What the pixels of a domain are: color or bands, their type, the range that is used, and that which was found."""
    domain, pictures = seen.domains[key], [example.pictures[key] for example in seen.examples if key in example.pictures]
    if domain.is_map:
        edges = ", and one for the edges of instances" if domain.instances else ""
        return f"{len(domain.require_classes().values)} classes, a channel for each{edges}"
    channels = plural(domain.channels, "band") if domain.bands else {1: "gray", 3: "color", 4: "color with alpha"}[domain.channels]
    if domain.dtype == "uint8" and not domain.bands and not domain.value_range:
        return channels
    ranges = ", ".join(f"{low:g} to {high:g}" for low, high in dict.fromkeys(domain.value_range or (range_of(domain),)))
    least, most = min(picture.least for picture in pictures), max(picture.most for picture in pictures)
    depth = "16 bits" if domain.dtype == "uint16" else domain.dtype
    return f"{channels}, {depth}, range {ranges}, values from {least:g} to {most:g}"


def _by(size) -> str:
    return f"{size[0]}×{size[1]}"


def _shares(kind: str, shares: Mapping[str, float]) -> list[str]:
    """The shares of classes or attributes in words, the most frequent first, and how many are left out."""
    ordered = sorted(shares.items(), key=lambda entry: -entry[1])
    shown = [f"{name}{TOGETHER}{value:,}" if kind == "classes" else f"{name}{TOGETHER}{value:.1%}" for name, value in ordered[:NAMED]]
    return shown + [f"… and {len(ordered) - NAMED} more"] * (len(ordered) > NAMED)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} seconds"
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} minute{'s' * (minutes > 1)}"


def _wrapped(head: str, text: str, indent: int | None = None) -> str:
    """A paragraph behind `head`; other lines begin with as many spaces, or with `indent`. What a shell wants quoted stays in one line."""
    text = QUOTED.sub(lambda found: found[0].replace(" ", TOGETHER), text)
    following = " " * (len(head) if indent is None else indent)
    width = columns(sys.stdout, WIDTH)
    lines = textwrap.fill(text, width, initial_indent=head, subsequent_indent=following, break_long_words=False, break_on_hyphens=False)
    return lines.replace(TOGETHER, " ")
