"""The start of a run from another run's weights."""

from tfgan.methods.base import Method

UNSEEN = ("skip_activation", "padding_side", "num_upsampling_layers")
"""Settings by which weights of equal shapes make other images."""


def copy_weights(source: Method, target: Method) -> list[str]:
    """Copies the weights of equally named networks wherever place and shape agree; the rest stays as initialized.

    Where `source` has moving averages of a network's weights, those are copied.

    Returns:
        A line of text for each network: what was taken, and what did not match; and one for each setting by which the same weights are
        those of another function.
    """
    lines = []
    averages = {name: model for name, model in source.ema.items() if name in target.networks}
    for name, network in target.networks.items():
        origin = averages.get(name, source.networks.get(name))
        if origin is None:
            lines.append(f"{name}: not in the other run")
            continue
        lines.append(f"{name}: {_copy(origin.weights, network.weights)}")
    for name in UNSEEN:
        there, here = getattr(source.hparams, name, None), getattr(target.hparams, name, None)
        if there != here and None not in (there, here):
            lines.append(f"--{name}={here}, and {there} in the other run: the same weights make other images here")
    return lines


def _copy(source, target) -> str:
    """Copies weights pair by pair, by their place, which has one meaning in networks of one structure; says how many were taken."""
    if len(source) != len(target):
        return f"no weights taken: the networks are built differently ({len(source)} weights there, {len(target)} here)"
    missing = []
    for theirs, ours in zip(source, target):
        if tuple(theirs.shape) == tuple(ours.shape):
            ours.assign(theirs)
        else:
            missing.append(f"{ours.path} {tuple(theirs.shape)} -> {tuple(ours.shape)}")
    taken = f"{len(target) - len(missing)} of {len(target)} weights taken"
    return taken + (f"; not matched: {', '.join(missing)}" if missing else "")
