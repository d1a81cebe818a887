"""The helper that looks for an order left to chance, on small graphs written by hand."""

import pytest
from graphs import unordered
from tensorflow.core.framework.graph_pb2 import GraphDef


def graph(*nodes) -> GraphDef:
    """Of (name, operation, inputs)."""
    made = GraphDef()
    for name, operation, inputs in nodes:
        made.node.add(name=name, op=operation, input=inputs)
    return made


VARIABLE, ALIAS = ("v", "_Arg", []), ("alias", "Identity", ["v"])
READ, USE = ("read", "ReadVariableOp", ["v"]), ("use", "MatMul", ["read", "read"])


@pytest.mark.parametrize(
    "write_inputs, loose",
    [
        (["v", "x", "^read"], 0),  # by a control edge
        (["alias", "use:0"], 0),  # by what is written, through another name of the variable
        (["v", "x"], 1),
        (["alias", "x"], 1),
    ],
)
def test_a_read_and_a_write(write_inputs, loose):
    found, pairs = unordered(graph(VARIABLE, ALIAS, ("x", "Const", []), READ, USE, ("write", "AssignVariableOp", write_inputs)))
    assert pairs == 1 and len(found) == loose


def test_reads_need_no_order_among_themselves():
    assert unordered(graph(VARIABLE, READ, ("again", "ReadVariableOp", ["v"]))) == ([], 0)


def test_every_variable_of_an_optimizer_is_written():
    nodes = [("m", "_Arg", []), ("s", "_Arg", []), ("g", "Const", []), ("adam", "ResourceApplyAdam", ["v", "m", "s", "g"])]
    reads = [(f"read_{name}", "ReadVariableOp", [name]) for name in ("v", "m", "s", "g")]
    found, pairs = unordered(graph(VARIABLE, *nodes, *reads))
    assert pairs == len(found) == 3


def loop(read_inputs, after_inputs):
    """A loop that writes `v`; `read` stands in its body, `after` behind it."""
    return graph(
        VARIABLE,
        ("x", "Const", []),
        ("merge", "Merge", ["x", "next"]),
        ("switch", "Switch", ["merge", "x"]),
        ("read", "ReadVariableOp", ["v", *read_inputs]),
        ("write", "AssignVariableOp", ["v", "switch:1"]),
        ("next", "NextIteration", ["switch:1", "^write"]),
        ("exit", "Exit", ["switch"]),
        ("after", "ReadVariableOp", ["v", *after_inputs]),
    )


def test_the_next_iteration_gives_no_order_within_one():
    assert unordered(loop(["^switch"], ["^exit"])) == ([("read", "write")], 2)
    assert unordered(loop(["^write"], ["^exit"])) == ([], 2)


def test_what_follows_a_loop_waits_for_it():
    assert unordered(loop(["^write"], [])) == ([("write", "after")], 2)
