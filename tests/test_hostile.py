"""Made-up inputs, a few of each kind: a reader takes them or refuses them in its own words, and `benchmarks.fuzz` counts it."""

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase

from benchmarks import fuzz
from benchmarks.hostile import REFUSALS, TARGETS, Target, st
from tfgan.errors import UserError


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_inputs_are_taken_or_refused_in_our_words(name, tmp_path_factory):
    ends = set()

    @hypothesis.settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @hypothesis.given(TARGETS[name].inputs)
    def feed(given):
        try:
            TARGETS[name].read(given, tmp_path_factory.mktemp("hostile"))
            ends.add("taken")
        except REFUSALS as error:
            assert str(error).strip()
            ends.add("refused")

    feed()
    assert "refused" in ends


def read(given, folder):
    if given == 0:
        raise UserError("no")
    if given == 1:
        raise ZeroDivisionError
    while given == 2:
        pass


def test_ends_are_told_apart_and_counted(monkeypatch, capsys, tmp_path):
    target = Target(st.sampled_from([0, 1, 2, 3]), read)
    assert [fuzz.attempt(target, given, 0.2)[0] for given in range(4)] == ["refused", "traceback", "hang", "taken"]
    monkeypatch.setattr(fuzz, "TARGETS", {"numbers": target})
    code = fuzz.main(["--minutes=0.0001", "--targets=numbers", "--seconds=0.2", f"--keep={tmp_path}"])
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("| numbers"))
    tried, *ends = [int(cell) for cell in row.strip("| ").split(" | ")[1:]]
    assert code == 1 and tried == sum(ends) and ends[2] and ends[3] and "Peak memory" in printed
    kept = [path.read_text() for path in sorted(tmp_path.iterdir())]
    assert len(kept) == ends[2] + ends[3] and any(text.startswith("1\n") and "ZeroDivisionError" in text for text in kept)


def test_without_atheris_the_guided_inputs_say_what_is_missing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install atheris"):
        fuzz.main(["--guided"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idx files", "flag values"])
def test_inputs_of_atheris_are_counted(name, capsys, tmp_path):
    pytest.importorskip("atheris", reason="needs atheris, which guides the inputs: pip install atheris")
    assert fuzz.main(["--guided", "--minutes=0.05", f"--targets={name}", f"--keep={tmp_path}"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(f"| {name}"))
    tried, *ends = [int(cell.replace(",", "")) for cell in row.strip("| ").split(" | ")[1:]]
    assert tried == sum(ends) and ends[1] and not ends[2] + ends[3] and not list(tmp_path.iterdir())
