"""What check prints is as long as a screen, however much was found."""

from tfgan.cli.check_output import describe_findings
from tfgan.data.checks.finding import WARNING, Finding


def test_thousands_of_equal_files_are_named_in_part():
    group = " = ".join(f"train/{n:05}.png" for n in range(4000))
    printed = describe_findings([Finding(WARNING, "duplicates", "found", "keep one", (group,) * 9)])
    assert len(printed) < 4000
    assert "train/00011.png = … and 3,988 more" in " ".join(printed.split()) and "… and 4 more" in printed


def test_long_problems_and_long_names_are_cut():
    printed = describe_findings([Finding(WARNING, "refused", "\n".join(["first", *["x" * 9000] * 50]), "", ("y" * 9000,))])
    assert len(printed) < 8000 and "… and 45 more lines" in printed
