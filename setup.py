"""Only what pyproject.toml cannot say: the recipes in flags/ are installed as tfgan/flags/, and pages that the package brings."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["tfgan", "tfgan.*"]), "tfgan.flags"],
    package_dir={"tfgan.flags": "flags"},
    package_data={
        "tfgan": ["py.typed", "*.pyi"],
        "tfgan.flags": ["*.flags"],
        "tfgan.evaluation.report": ["*.html", "*.css", "*.js"],
        "tfgan.app": ["page/*"],
        "tfgan.serving": ["*.html"],
    },
)
