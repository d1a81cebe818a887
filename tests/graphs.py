"""What TensorFlow makes of a traced function: the graphs that its executor runs, and the order that they leave to chance."""

import functools
import itertools
from collections import defaultdict

from tensorflow.python.eager import context

RESOURCES = {  # operation -> which of its inputs are variables that it writes
    **dict.fromkeys(("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"), 1),
    "ResourceApplyAdam": 3,
}
FORWARD = ("Identity", "Enter", "Switch", "Merge")  # operations that hand a variable on


def executed_graphs(function) -> list:
    """The GraphDefs, after all of Grappler's rewriting, of the tf.functions that `function()` traces and calls."""
    context.context().enable_graph_collection()
    try:
        function()
        return [graphs.post_optimization_graph for graphs in context.context().export_run_metadata().function_graphs]
    finally:
        context.context().disable_graph_collection()


def unordered(graph) -> tuple[list[tuple[str, str]], int]:
    """Pairs of a write of a variable and another access to it between which no edge decides the order; the number of pairs in all."""
    kinds = {node.name: node.op for node in graph.node}
    inputs = {node.name: [_node(name) for name in node.input] for node in graph.node}
    bits = {name: 1 << place for place, name in enumerate(kinds)}
    before = _ancestors(_within_an_iteration(kinds, inputs), bits)
    accesses = defaultdict(list)
    for name, kind in kinds.items():
        for variable in inputs[name][: 1 if kind == "ReadVariableOp" else RESOURCES.get(kind, 0)]:
            while kinds.get(variable) in FORWARD:
                variable = inputs[variable][0]
            accesses[variable].append(name)
    pairs = [
        (a, b)
        for names in accesses.values()
        for a, b in itertools.combinations(names, 2)
        if a != b and (kinds[a] in RESOURCES or kinds[b] in RESOURCES)
    ]
    return [(a, b) for a, b in pairs if not (before[a] & bits[b] or before[b] & bits[a])], len(pairs)


def _node(tensor: str) -> str:
    """The node of an edge: name:1 and ^name come from name."""
    return tensor.lstrip("^").partition(":")[0]


def _within_an_iteration(kinds, inputs) -> dict[str, list[str]]:
    """The edges without those to a loop's next iteration, for which what follows the loop waits instead."""
    back = {merge: [name for name in names if kinds.get(name) == "NextIteration"] for merge, names in inputs.items()}
    edges = {name: [earlier for earlier in names if earlier not in back[name]] for name, names in inputs.items()}
    for name, kind in kinds.items():
        if kind == "Exit":  # of a Switch, of the Merge where the loop begins anew
            edges[name] = edges[name] + back[inputs[inputs[name][0]][0]]
    return edges


def _ancestors(edges: dict[str, list[str]], bits: dict[str, int]) -> dict[str, int]:
    """For each node all that run before it, as a sum of `bits`."""
    found: dict[str, int] = {}
    for root in edges:
        stack = [root]
        while stack:
            name = stack[-1]
            earlier = [node for node in edges[name] if node in edges]
            missing = [node for node in earlier if node not in found]
            if missing and name not in found:
                stack.extend(missing)
                continue
            found[name] = functools.reduce(lambda all_bits, node: all_bits | bits[node] | found[node], earlier, 0)
            stack.pop()
    return found
