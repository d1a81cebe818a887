"""The card of a run, MODEL_CARD.md: what it learned from, how, what it scores and what speaks against it, with Hugging Face's front matter.

https://huggingface.co/docs/hub/model-cards says what the front matter holds.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tfgan
from tfgan.config.kinds import FROM_NOISE
from tfgan.evaluation.report.records import Result, Run, number
from tfgan.evaluation.report.settings import higher_is_better

TRANSLATED = ("paired", "semantic", "unpaired")
"""Kinds of batches with two domains, of which the first one is translated to the second."""
WAYS = {True: " to and from ", False: " to ", None: " and "}
"""Whether such a run translates both ways -> what stands between the names of its domains."""

FEW_TRAINING, FEW_VALIDATION = 1000, 100  # images below which the card warns of them
LONGEST = 300  # characters of a text of the run
TO_FILL = "**to be filled in**"
SIGNED = re.compile(rb"<!-- tfgan report --card ([0-9a-f]{16}) -->\n\Z")
"""The end of a card: a hash of all before it, by which it is known whether somebody has written in it since."""


def render_card(run: Run, link: Callable[[Path], str]) -> bytes:
    """The card of a run, Markdown in UTF-8.

    Args:
        run: its records; paths of its settings are told by their last part alone.
        link: a picture of the run -> how the card links to it; "" to leave it out.
    """
    name = run.folder.resolve().name
    parts = [
        _front_matter(run, name),
        f"# {_plain(name)}\n\n{_summary(run)}",
        _picture(run, link),
        f"## Use\n\n{_use(run)}",
        f"## Data\n\n{_lines(_data(run))}",
        f"## Training\n\n{_training(run)}",
        f"## Measures\n\n{_measures(run.newest)}",
        f"## Limits\n\n{_lines(limits(run))}",
        f"## License\n\n{_lines(_licenses())}",
    ]
    text = "\n\n".join(filter(None, parts)) + "\n\n"
    content = text.encode(errors="replace")
    return content + f"<!-- tfgan report --card {_hash(content)} -->\n".encode()


def is_own_card(content: bytes) -> bool:
    """Whether a file is a card as this program wrote it, in which nobody has written since."""
    match = SIGNED.search(content)
    return match is not None and _hash(content[: match.start()]).encode() == match[1]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _plain(value: Any) -> str:
    """A text of the run as Markdown shows it: on one line, without tags, tables and code of its own."""
    text = " ".join(str(value).split())[:LONGEST]
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text.replace("&", "&amp;"))


def _lines(texts) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _part(run: Run, *names: str) -> Any:
    """What stands in config.json at a place; {} if nothing does, as in records of any version."""
    found: Any = run.config
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return {} if found is None else found


def _from_noise(run: Run) -> bool:
    return _part(run, "spec", "kind") in FROM_NOISE


def _task(run: Run) -> str:
    return "unconditional-image-generation" if _from_noise(run) else "image-to-image"


def _dataset(run: Run) -> str:
    """What the data is called: its public name, or the last part of its folder's path."""
    data = _part(run, "data")
    folder = data.get("data_dir") if isinstance(data, dict) else ""
    return Path(str(folder)).name if folder else str(_part(run, "data", "dataset") or "not known")


def _size(run: Run) -> str:
    sides = _part(run, "hparams", "image_size") or _part(run, "spec", "image_size")
    return "×".join(str(side) for side in sides) if isinstance(sides, list) else "not known"


def _imported(run: Run) -> dict[str, str]:
    """Of a run whose weights others trained: name of each of their files -> its SHA-256; empty for all others."""
    found = run.config.get("imported")
    return found if isinstance(found, dict) else {}


def _counts(run: Run) -> dict[str, float]:
    """Split of the data -> the number of its images, 0 where the record holds no number."""
    sizes = _part(run, "spec", "sizes")
    return {split: number(count) or 0.0 for split, count in sizes.items()} if isinstance(sizes, dict) else {}


def _domains(run: Run) -> dict[str, dict]:
    found = _part(run, "spec", "domains")
    return {str(key): domain for key, domain in found.items() if isinstance(domain, dict)} if isinstance(found, dict) else {}


def _front_matter(run: Run, name: str) -> str:
    method, measured = str(run.config.get("method", "gan")), _scores(run.newest)
    lines = [
        "license: unknown  # to be filled in: https://huggingface.co/docs/hub/repositories-licenses",
        "library_name: tfgan",
        f"pipeline_tag: {_task(run)}",
        f"tags: {json.dumps(list(dict.fromkeys(['tfgan', 'gan', method, 'tensorflow', 'keras', _task(run)])))}",
        "datasets: []  # to be filled in: its name on the hub, if it is there",
        f"metrics: {json.dumps(list(measured))}",
    ]
    if run.newest and measured:
        results = [{"type": metric, "value": value, "name": metric} for metric, value in measured.items()]
        dataset = {"name": _dataset(run), "type": re.sub(r"[^A-Za-z0-9_.-]+", "-", _dataset(run))}
        index = [{"name": name, "results": [{"task": {"type": _task(run)}, "dataset": dataset, "metrics": results}]}]
        lines.append(f"model-index: {json.dumps(index)}")  # JSON is YAML
    return "\n".join(["---", *lines, "---"])


def _scores(result: Result | None) -> dict[str, float]:
    return {name: values["value"] for name, values in result.metrics.items() if "value" in values} if result else {}


def _summary(run: Run) -> str:
    names = {key: _plain(domain.get("name")) for key, domain in _domains(run).items()}
    joined = WAYS[run.both_ways if _part(run, "spec", "kind") in TRANSLATED else None].join(names.values())
    what = f"{joined} from noise" if _from_noise(run) else joined
    step = f", trained for {run.rows[-1]['step']:,.0f} steps" if run.rows else ""
    version = _plain(_part(run, "versions", "tfgan") or "of an unknown version")
    how = ", of weights that others trained, imported by" if _imported(run) else f"{step} with"
    return f"A {_plain(run.config.get('method'))} of {what}, {_size(run)} pixels (height×width){how} tfgan {version}."


def _picture(run: Run, link: Callable[[Path], str]) -> str:
    if not run.samples:
        return ""
    newest = run.samples[-1]
    address = link(newest.path)
    titles = "inputs, true images and results" if not _from_noise(run) else "samples"
    return f"![{titles} after {newest.unit} {newest.number}, not selected]({address})" if address else ""


def _use(run: Run) -> str:
    command = "tfgan sample RUN samples --count=16" if _from_noise(run) else "tfgan translate RUN photos results"
    line = "images = run.sample(range(16))" if _from_noise(run) else 'results = run.translate("photo.png")'
    return (
        f'```bash\npip install tfgan\n{command}\n```\n\n```python\nimport tfgan\n\nrun = tfgan.load("RUN")\n{line}\n```\n\n'
        "RUN is the folder of this run, or what `tfgan.hub.pull` returns."
    )


def _data(run: Run) -> Iterator[str]:
    if _imported(run):
        yield f"what the weights learned from: {TO_FILL}"
    yield f"data set{' that they were imported with' * bool(_imported(run))}: {_plain(_dataset(run))}"
    counts = ", ".join(f"{count:,.0f} {_plain(split)}" for split, count in _counts(run).items() if count)
    yield f"images: {counts or 'not known'}"
    for domain in _domains(run).values():
        yield f"{_plain(domain.get('name'))}: {', '.join(_of_domain(domain))}"
    for key, title in (("class_names", "classes"), ("attribute_names", "attributes")):
        if names := _part(run, "spec", key):
            yield f"{title}: {', '.join(map(_plain, names))}"
    yield f"where the images come from, who took them, whom they show and who agreed to that: {TO_FILL}"


def _of_domain(domain: dict) -> Iterator[str]:
    classes = domain.get("classes") or domain.get("written")
    if isinstance(classes, dict) and classes.get("names"):
        yield f"label maps of {len(classes['names'])} classes ({', '.join(map(_plain, classes['names']))})"
    channels = domain.get("channels")
    if channels:
        yield f"{_plain(channels)} channel{'s' * (channels != 1)} of {_plain(domain.get('dtype', 'uint8'))}"
    if domain.get("value_range"):
        yield f"values {_plain(domain['value_range'])}"


def _training(run: Run) -> str:
    rows = [
        f"| {_plain(name)} | {_plain(_last(value))} | {_plain(_last(default))} |" for name, (value, default) in (run.changed or {}).items()
    ]
    table = "\n".join(["| setting | value | default |", "|---|---|---|", *rows]) if rows else "All settings are at their defaults."
    if run.changed is None:
        table = _plain(run.remark)
    facts = [f"epochs: {row['epoch']:.4g}" for row in run.rows[-1:] if "epoch" in row]
    versions, hardware = _part(run, "versions"), _part(run, "hardware")
    for title, found in (("versions", versions), ("hardware", hardware)):
        if isinstance(found, dict) and found:
            facts.append(f"{title}: {', '.join(f'{_plain(key)} {_plain(value)}' for key, value in found.items())}")
    command = " ".join(" ".join(map(_last, run.command)).split()).replace("```", "")  # nothing in it ends its block
    for name, digest in _imported(run).items():
        facts.append(f"weights of {_plain(name)}, SHA-256 {_plain(digest)}")
    again = f"\n\nThe command that trains such a run, with the last parts of paths alone:\n\n```bash\n{command}\n```" if command else ""
    return f"{table}\n\n{_lines(facts)}{again}"


def _last(text: Any) -> str:
    """A setting's value, or a word of a command, with the last part of a path alone: the rest is the home of whoever trained."""
    flag, equal, value = str(text).rpartition("=")
    return f"{flag}{equal}{value.rstrip('/').rpartition('/')[2]}"


def _measures(result: Result | None) -> str:
    if result is None or not result.metrics:
        return "It has not been evaluated: nothing is known of how good its images are (`tfgan evaluate RUN`)."
    rows = ["| metric | value | 95 % interval | real images | better |", "|---|---|---|---|---|"]
    for name, values in result.metrics.items():
        higher = higher_is_better(name)
        interval = f"{values['low']:.4g} to {values['high']:.4g}" if {"low", "high"} <= set(values) else "–"
        real = f"{values['real']:.4g}" if "real" in values else "–"
        better = "–" if higher is None else "higher" if higher else "lower"
        rows.append(f"| {_plain(name)} | {values.get('value', float('nan')):.4g} | {interval} | {real} | {better} |")
    stamps = dict.fromkeys(json.dumps(_without_places(stamp), sort_keys=True, ensure_ascii=False) for stamp in result.stamps.values())
    step = "" if result.step is None else f" at step {result.step:,.0f}"
    about = f"Measured{step} on {_plain(result.made[:10] or 'an unknown day')}. How, so that only like is compared with like:"
    return "\n".join([*rows, "", about, "", *(f"    {stamp}" for stamp in stamps)])


def _without_places(value: Any) -> Any:
    """What a stamp says, with the last parts of paths alone."""
    if isinstance(value, dict):
        return {key: _without_places(inner) for key, inner in value.items()}
    return _plain(_last(value)) if isinstance(value, str) else value


def limits(run: Run) -> list[str]:
    """What speaks against trusting the run: alarms, small numbers, measures that are missing, and what holds for every GAN."""
    found = [
        "Its images are plausible, not true: it makes up what its input does not say. Nobody should take them for a record of anything."
    ]
    if _part(run, "data", "dataset") == "synthetic" and not _part(run, "data", "data_dir"):
        found.append("It learned from images that tfgan draws itself: it shows how things work, and is of no other use.")
    counts = _counts(run)
    if _imported(run):
        found.append(f"Others trained its weights, in another program: what they learned from, and how, tfgan does not know, {TO_FILL}.")
    elif 0 < counts.get("train", 0) < FEW_TRAINING:
        found.append(f"It learned from {counts['train']:,.0f} images: what they do not show, it does not know, and it may repeat them.")
    held = counts.get("validation", 0) + counts.get("test", 0)
    if not held and not _imported(run):
        found.append("No images were kept from training, so its measures may be of what it has seen.")
    elif held < FEW_VALIDATION:
        found.append(f"It was judged on {held:,.0f} images at most: other images give other figures, see the intervals.")
    if run.newest is None:
        found.append("It has not been evaluated.")
    found += [f"Said by the evaluation: {_plain(text)}" for text in (run.newest.warnings if run.newest else [])]
    if run.alarms is None:
        found.append("Its training was not watched for what goes wrong.")
    for alarm in {alarm.alarm: alarm for alarm in run.alarms or []}.values():
        found.append(f"Alarm `{_code(alarm.alarm)}` in epoch {alarm.epoch:.4g}: {_plain(alarm.message)}")
    found += [f"Damaged: {_plain(note)}" for note in run.notes]
    return [*found, f"Uses that are meant, and those that are not: {TO_FILL}"]


def _code(text: str) -> str:
    return re.sub(r"[^\w.-]", "", text)[:LONGEST]


def _licenses() -> list[str]:
    return [
        f"of the weights: {TO_FILL}, here and as `license` at the top",
        f"of the images that they learned from, and whether it allows that: {TO_FILL}",
        f"who answers questions: {TO_FILL}",
        f"tfgan {tfgan.__version__}, which made this card: Apache-2.0",
    ]
