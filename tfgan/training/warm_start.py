"""Starting from another run's weights."""

import difflib

from tfgan.methods.base import Method


def copy_weights(source: Method, target: Method) -> list[str]:
    """Copies the weights of equally named networks wherever name and shape agree, in order; the rest stays as initialised.

    Returns:
        one line a network: what was taken, and what did not match.
    """
    lines = []
    averages = {name: model for name, model in source.averages.items() if name in target.networks}
    for name, network in target.networks.items():
        origin = averages.get(name, source.networks.get(name))
        if origin is None:
            lines.append(f"{name}: not in the other run")
            continue
        lines.append(f"{name}: {_copy(origin.weights, network.weights)}")
    return lines


def _copy(source, target) -> str:
    theirs, ours = ([(v.name, tuple(v.shape)) for v in variables] for variables in (source, target))
    matched = set()
    for block in difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            target[block.b + offset].assign(source[block.a + offset])
            matched.add(block.b + offset)
    missing = [f"{name} {shape}" for i, (name, shape) in enumerate(ours) if i not in matched]
    return f"{len(matched)} of {len(ours)} weights taken" + (f"; not matched: {', '.join(missing)}" if missing else "")
