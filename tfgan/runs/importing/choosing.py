"""Which run networks of other people's files make: method, settings and images, and what of it is a guess."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

from tfgan.config import Classes, DataConfig, Domain, Size, as_flag, refuse_part_of_run
from tfgan.config.unused import hold
from tfgan.config.verbs import ImportConfig
from tfgan.data import parse_direction
from tfgan.data.attributes.selection import Selection, select
from tfgan.data.label_maps.classes import distinct_colors, given_classes
from tfgan.errors import UserError
from tfgan.paths.aside import free_name
from tfgan.paths.files import check_encoding, check_place
from tfgan.runs.importing.files import Part, find_parts
from tfgan.sizes import UPSAMPLING_LAYERS, is_unet, parse_generator, patchgan_minimum
from tfgan.weights.nvlabs import without_channel

CELEBA = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
"""The attributes of StarGAN's published weights, of which the first three exclude each other."""
PICTURES = (1, 3, 4)  # channels


@dataclasses.dataclass
class Choice:
    """The run that networks make.

    Attributes:
        method: its name.
        settings: of the method.
        networks: name of a network of the method -> the part whose weights it takes.
        domains: key of a batch -> what is known of its images.
        guesses: what the files do not tell, a sentence each, with the flag that says otherwise.
        attributes, groups: of StarGAN: names, and which of them exclude each other.
        direction: of the data, where the weights tell it: that of CycleGAN's other generator alone; "": as the settings have it.
        label_ids: of SPADE: what somebody said that the channels of labels are; (): nobody did.
    """

    method: str
    settings: dict[str, Any]
    networks: dict[str, Part]
    domains: dict[str, Domain]
    guesses: list[str]
    attributes: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    direction: str = ""
    label_ids: tuple[int, ...] = ()


def judge_import(weights: str, workdir: str, settings: ImportConfig, data: DataConfig) -> tuple[Path, Choice]:
    """The folder of a run, and what the networks of a file of weights, or of a folder of them, make of it; known without TensorFlow.

    Raises:
        UserError: no weights, other contents than tensors, networks that tfgan does not have, options that do nothing, or a folder that
            is there already.
    """
    path = _judge_place(workdir)
    return path, choose(find_parts(Path(weights), settings.weights_b, settings.alone), settings, data)


def is_named(data: DataConfig) -> bool:
    """Whether somebody has said which images the weights are for."""
    return data.is_named({"dataset"} if data.dataset != DataConfig.dataset else ())


def _judge_place(workdir: str) -> Path:
    """The folder of the run that is to be made; raises `UserError` if there is something, or no run can be there."""
    path = Path(workdir)
    check_encoding(path, "--as=")
    refuse_part_of_run(path, "--as=")
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise UserError(f"--as={path} exists, and stays as it is: choose another name, such as {free_name(path)}.")
    check_place(path)
    return path


def choose(parts: dict[str, Part], settings: ImportConfig, data: DataConfig) -> Choice:
    """The run that the networks of some files make.

    Raises:
        UserError: networks that do not belong together, settings that do not fit them, or an option that does nothing.
    """
    first = next(part for name, part in parts.items() if name.startswith("G"))
    for part in parts.values():
        if part.found.family != first.found.family:
            raise UserError(f"{part.path} is {part.found.words}, and {first.path} {first.found.words}: {_alone(part)}")
    told = first.found.settings
    facts = {
        "spade": first.found.family == "spade",
        "batch norm": told.get("norm") == "batch",
        "unet": "generator" in told and is_unet(told["generator"]),
    }
    hold(settings, facts, str(first.path))
    if len(data.domains) not in (0, 2):
        raise UserError(f"{as_flag('domains', data.domains)}: weights are of two domains, A,B.")
    if first.found.family == "stargan":
        return _stargan(parts, settings, data)
    if first.found.family == "spade":
        return _spade(parts, settings, data)
    return _cyclegan(parts, settings, data) if {"G_A", "G_B"} <= parts.keys() else _pix2pix(parts, settings, data)


def _alone(part: Part) -> str:
    return f"they do not belong together; leave {part.path.name} out by --alone."


def _picture(name: str, channels: int) -> Domain:
    return Domain(name, channels, bands=channels not in PICTURES)


def _sides(data: DataConfig, direction: str, guesses: list[str]) -> tuple[str, str]:
    """The names of source and target; those of a data set that names its own are A and B here."""
    a, b = data.domains or ("A", "B")
    if not (data.domains or is_named(data)):
        guesses.append(f"The domains are called {a} and {b} (--domains=A,B names them).")
    return (a, b) if parse_direction(direction, a, b)[0] == "A" else (b, a)


def _image_size(settings: ImportConfig, size: Size, guesses: list[str], why: str) -> Size:
    if settings.image_size != (0, 0):
        return settings.image_size
    guesses.append(f"Training images had {size[0]}×{size[1]} pixels, {why} (--image_size).")
    return size


def _generator(part: Part, settings: ImportConfig, guesses: list[str]) -> dict[str, Any]:
    """The settings of pix2pix' and CycleGAN's generators alike."""
    found = dict(part.found.settings)
    try:
        kind, number = parse_generator(found["generator"])
    except ValueError:
        raise UserError(f"{part.path} is {part.found.words}, larger than any of tfgan's.") from None
    unet = kind == "unet"
    size = number if unet else 256
    found["image_size"] = _image_size(settings, (size, size), guesses, "as the U-Net's levels suggest" if unet else "as is usual")
    if unet:
        found["dropout"] = settings.dropout
        if settings.dropout == ImportConfig.dropout:
            guesses.append(
                "In training it has dropout of 0.5, as is usual, which weights do not tell (--dropout=0). Translations have none."
            )
    if found["norm"] == "batch":
        found["inference_statistics"] = settings.statistics
        if settings.statistics == ImportConfig.statistics:
            guesses.append("Batch norms take the statistics of each image, as the authors' test does without --eval (--statistics=moving).")
    return found


def _pix2pix(parts: dict[str, Part], settings: ImportConfig, data: DataConfig) -> Choice:
    guesses: list[str] = []
    name, part = next((name, part) for name, part in parts.items() if name.startswith("G"))
    taken, made = part.found.facts["in"], part.found.facts["out"]
    turned = name == "G_B" and data.direction == DataConfig.direction  # without other words, its source is B
    direction = "BtoA" if turned else data.direction
    source, target = _sides(data, direction, guesses)
    found = _generator(part, settings, guesses) | {"updates": "discriminator_first"}
    networks = {"generator": part}
    judge = parts.get("D") or parts.get(f"D_{name[-1]}")
    if judge is None:
        guesses.append("There is no discriminator: that of the run is not trained.")
        found["n_layers"] = _fitting_layers(found["image_size"])
    else:
        found |= _judge(judge, found["norm"])
        found["objective"] = _objective(judge, taken, made)
        networks["discriminator"] = judge
    guesses.append(f"It translates {source} to {target}. The losses of training are not known: pix2pix' are taken.")
    domains = {"source": _picture(source, taken), "target": _picture(target, made)}
    return Choice("pix2pix", found, networks, domains, guesses, direction=direction)


def _fitting_layers(size: Size) -> int:
    """The strided layers of a PatchGAN that nobody trained: three, as is usual, or as many as images of this size leave a logit of."""
    return max(layers for layers in range(4) if patchgan_minimum(layers) <= min(size))


def _judge(part: Part, norm: str) -> dict[str, Any]:
    found = part.found.settings
    if found["norm"] != norm:
        raise UserError(f"{part.path} is {part.found.words}, and the generator has {norm} norm: {_alone(part)}")
    return found


def _objective(judge: Part, taken: int, made: int) -> str:
    seen = judge.found.facts["in"]
    if seen not in (made, taken + made):
        raise UserError(f"{judge.path} judges {seen} channels; {made}, or {taken + made} with the source, are expected: {_alone(judge)}")
    return "l1+cgan" if seen == taken + made else "l1+gan"


def _cyclegan(parts: dict[str, Part], settings: ImportConfig, data: DataConfig) -> Choice:
    guesses: list[str] = []
    there, back = parts["G_A"], parts["G_B"]
    if there.found.settings != back.found.settings:
        raise UserError(f"{there.path} is {there.found.words}, and {back.path} {back.found.words}: CycleGAN has two of a kind. --alone.")
    a, b = there.found.facts["in"], there.found.facts["out"]
    if (back.found.facts["in"], back.found.facts["out"]) != (b, a):
        raise UserError(f"{there.path} takes {a} channels to {b}, and {back.path} does not take {b} to {a}: they are no CycleGAN. --alone.")
    if data.direction != DataConfig.direction:
        raise UserError("--direction does nothing for CycleGAN, which translates both ways: leave it out.")
    source, target = _sides(data, data.direction, guesses)
    found = _generator(there, settings, guesses)
    networks = {"to_target": there, "to_source": back}
    judges = {"of_target": parts.get("D_A"), "of_source": parts.get("D_B")}  # named after the generator that they judge
    for (name, judge), channels in zip(judges.items(), (b, a)):
        if judge is None:
            guesses.append(f"There is no discriminator of {target if name == 'of_target' else source}: that of the run is not trained.")
            continue
        if judge.found.facts["in"] != channels:
            raise UserError(f"{judge.path} judges {judge.found.facts['in']} channels, not {channels}: {_alone(judge)}")
        told = {key: value for key, value in _judge(judge, found["norm"]).items() if key != "first_bias"}
        if any(found.setdefault(key, value) != value for key, value in told.items()):
            raise UserError(f"{judge.path} is another kind of discriminator than the first one: {_alone(judge)}")
        networks[name] = judge
    found.setdefault("n_layers", _fitting_layers(found["image_size"]))
    guesses.append(f"{there.path.name} translates {source} to {target}, and {back.path.name} back.")
    return Choice("cyclegan", found, networks, {"source": _picture(source, a), "target": _picture(target, b)}, guesses)


def _stargan(parts: dict[str, Part], settings: ImportConfig, data: DataConfig) -> Choice:
    guesses: list[str] = []
    part, judge = parts["G"], parts.get("D")
    labels, size = part.found.facts["labels"], (128, 128)
    found, networks = dict(part.found.settings), {"generator": part}
    if labels < 1:
        raise UserError(f"{part.path} takes no attributes.")
    if judge is None:
        guesses.append("There is no discriminator: that of the run is not trained, and cannot tell attributes.")
        found["image_size"] = _image_size(settings, size, guesses, "as is usual")
    else:
        of_judge = judge.found.facts
        if of_judge["labels"] != labels:
            raise UserError(
                f"{part.path} takes {labels} attributes, and {judge.path} tells {of_judge['labels']}: weights of several data sets "
                f"cannot be imported, as it is not known which attribute is whose. {_alone(judge)}"
            )
        found |= judge.found.settings | {"image_size": (of_judge["height"], of_judge["width"])}
        if settings.image_size not in ((0, 0), found["image_size"]):
            raise UserError(f"--image_size: {judge.path} is of {of_judge['height']}×{of_judge['width']} pixels: leave it out.")
        networks["discriminator"] = judge
    names, groups = _attributes(part, data, guesses)
    found |= {"group_loss": "sigmoid"} if CELEBA in (names, data.attributes) else {}
    domains = {"image": _picture("image", part.found.facts["out"])}
    return Choice("stargan", found, networks, domains, guesses, names, groups)


def _attributes(part: Part, data: DataConfig, guesses: list[str]) -> Selection:
    """The attributes that StarGAN's generator takes, and which exclude each other; those of a data set are found there."""
    labels, names, grouped = part.found.facts["labels"], data.attributes, data.attribute_groups
    if is_named(data):
        return Selection(tuple(f"attribute_{number}" for number in range(1, labels + 1)), ())
    if not names and labels == len(CELEBA):
        names, grouped = CELEBA, grouped or ("+".join(CELEBA[:3]),)
        guesses.append(f"The attributes are those of the authors' weights: {', '.join(names)} (--attributes, --attribute_groups).")
    elif not names:
        names = tuple(f"attribute_{number}" for number in range(1, labels + 1))
        guesses.append(f"The attributes are called {names[0]} to {names[-1]} (--attributes, --attribute_groups).")
    if len(names) != labels:
        raise UserError(f"--attributes has {len(names)} names, and {part.path} takes {labels} attributes.")
    (chosen,) = select([{name: (name,) for name in names}], names, grouped)
    return chosen


def _spade(parts: dict[str, Part], settings: ImportConfig, data: DataConfig) -> Choice:
    guesses: list[str] = []
    part, judge, encoder = parts["G"], parts.get("D"), parts.get("E")
    facts, found = part.found.facts, dict(part.found.settings)
    layers = found.get("num_upsampling_layers") or settings.num_upsampling_layers or "normal"
    if "most" in (layers, settings.num_upsampling_layers) and "num_upsampling_layers" not in found:
        raise UserError(f"--num_upsampling_layers=most: {part.path} has not that many layers.")
    if settings.num_upsampling_layers not in ("", layers):
        raise UserError(f"--num_upsampling_layers={settings.num_upsampling_layers}: {part.path} has the layers of most. Leave it out.")
    if not settings.num_upsampling_layers and layers == "normal":
        guesses.append("The generator doubles the size 5 times, which weights do not tell (--num_upsampling_layers=more: 6 times).")
    depth = 5 + UPSAMPLING_LAYERS.index(layers)
    found |= {"num_upsampling_layers": layers, "depth": depth}
    size, why = (256, 256), "as is usual"
    if found["style_encoder"]:
        side = math.isqrt(facts["first pixels"])
        size, why = (side * 2**depth, side * 2**depth), "as its first map suggests"
    found["image_size"] = _image_size(settings, size, guesses, why)
    if found["style_encoder"] and math.prod(side // 2**depth for side in found["image_size"]) != facts["first pixels"]:
        raise UserError(f"{part.path} begins with a map of {facts['first pixels']} pixels, 1/{4**depth} of the image: give --image_size.")
    networks = {"generator": part}
    for name, other in (("discriminator", judge), ("encoder", encoder)):
        if other is None and (name == "discriminator" or found["style_encoder"]):
            guesses.append(f"There is no {name}: that of the run is not trained.")
        elif other is not None:
            networks[name] = other
    if judge is not None:
        if judge.found.facts["in"] != facts["labels"] + facts["out"]:
            raise UserError(
                f"{judge.path} judges {judge.found.facts['in']} channels, not {facts['labels'] + facts['out']}: {_alone(judge)}"
            )
        found |= judge.found.settings
    if encoder is not None:
        if not found["style_encoder"] or encoder.found.settings["ngf"] != found["ngf"]:
            raise UserError(f"{encoder.path} is {encoder.found.words}, which does not fit the generator: {_alone(encoder)}")
        found |= encoder.found.settings
    if settings.instance_edges and data.instances:
        raise UserError("--instance_edges leaves the edges of instances out, and --instances has them seen: give one of the two.")
    if settings.instance_edges:
        edges = facts["labels"] - 1
        for name in {"generator", "discriminator"} & networks.keys():
            networks[name] = networks[name]._replace(found=without_channel(networks[name].found, edges))
        guesses.append("The edges of instances are left out: where instances of one class touch, results are others than with them.")
    names = data.domains or ("labels", "photo")
    if data.domains and parse_direction(data.direction, *names)[0] == "B":
        names = names[1], names[0]
    classes = _classes(part, facts["labels"] - (settings.instance_edges or bool(data.instances)), settings, data, guesses)
    domains = {
        "labels": Domain(names[0], 0, "int32", "nearest", classes, instances=data.instances),
        "image": _picture(names[1], facts["out"]),
    }
    return Choice("spade", found, networks, domains, guesses, label_ids=classes.values if settings.label_ids else ())


def _classes(part: Part, count: int, settings: ImportConfig, data: DataConfig, guesses: list[str]) -> Classes:
    """The classes of SPADE's label maps, one for each channel."""
    ids = [number for word in settings.label_ids for number in _numbers(word)] or list(range(count))
    if len(ids) != count or len(set(ids)) != count:
        raise UserError(
            f"{as_flag('label_ids', settings.label_ids)} names {len(set(ids))} ids, and {part.path} has {count} channels of labels."
        )
    colors, names = given_classes(data)
    for flag, given in (("label_palette", colors), ("label_names", names)):
        if given and len(given) != count:
            raise UserError(f"--{flag} is of {len(given)} classes, and {part.path} has {count} channels of labels.")
    if not (settings.label_ids or is_named(data)):
        guesses.append(
            f"Its {count} channels of labels are taken for classes with the ids 0 to {count - 1}; NVlabs puts those of no class into one "
            "more, at the end (--label_ids=0-181,255 says so), and edges of instances behind it (--instances=inst has them seen, "
            "--instance_edges leaves them out)."
        )
    if not is_named(data) and data.ignore_label in ids and data.ignore_label != DataConfig.ignore_label:
        raise UserError(f"--ignore_label={data.ignore_label}: it is one of the classes of {part.path}. Leave it out.")
    ignored = data.ignore_label if data.ignore_label not in ids else -1
    return Classes("ids", tuple(ids), colors or distinct_colors(count), names or tuple(f"class_{number}" for number in ids), ignored)


def _numbers(word: str) -> range:
    """The numbers of a word such as 7 or 1-150."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", word)
    if not match or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
        raise UserError(f"--label_ids: {word} is no id from 0 to 65535, and no range such as 1-150.")
    return range(int(match[1]), int(match[2] or match[1]) + 1)
