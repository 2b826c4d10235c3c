"""Maps the folders at the top of the repository to the packages of `blift`; all else is in pyproject.toml."""

from setuptools import find_namespace_packages, setup

#: Folder at the top of the repository by the name of its package.
PACKAGES = {"blift": "api"} | {
    f"blift.{folder}": folder for folder in ("schemas", "transforms", "connectors", "pipelines")
}

setup(
    package_dir=PACKAGES,
    packages=[
        name
        for package, folder in PACKAGES.items()
        for name in (
            package,
            *(f"{package}.{inner}" for inner in find_namespace_packages(folder, exclude=["*__pycache__*"])),
        )
    ],
)
