"""Beam's filesystems for addresses: `gs://`, `s3://`, `azfs://`, `hdfs://`, with the options that they need."""

from __future__ import annotations

import os
import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

from blift.schemas.errors import BliftError, did_you_mean

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

#: Beam's options for every command, such as `--s3_endpoint_url=...`; those of `blift build` stand before it.
OPTIONS = "BLIFT_BEAM_OPTIONS"
#: In the environment of every process that Beam starts as a worker; there the job's options are set already.
_OF_A_WORKER = "PIPELINE_OPTIONS"
#: The extra that brings the client of each store.
_EXTRAS = {"gs": "gcp", "s3": "aws", "azfs": "azure", "hdfs": "hadoop"}
#: What other programs call them.
_OTHER_NAMES = {
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "azfs",
    "abfss": "azfs",
    "wasb": "azfs",
    "webhdfs": "hdfs",
}


class StoreError(BliftError):
    """An address names no store, or one for which a package or an option is missing."""


def connect(options: PipelineOptions) -> None:
    """Use these options for addresses from now on, in this process."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - slow

    _connect_once.cache_clear()
    _find.cache_clear()
    FileSystems.set_options(options)
    _connect_once(given=True)


def beams(path: str) -> Any:
    """Beam's filesystems, which can open this address, or path of this machine.

    Raises:
        StoreError: there is no store for the address, or it lacks a package or an option.
    """
    scheme, is_address, _ = path.partition("://")
    if not _connect_once.cache_info().currsize:
        _connect_once(given=False)
    return _find(scheme.lower() if is_address else "file")


@cache
def _connect_once(*, given: bool) -> None:
    """Set the options for addresses, where neither the command nor Beam's worker has."""
    if given or _OF_A_WORKER in os.environ:
        return
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - slow
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - slow

    FileSystems.set_options(PipelineOptions(shlex.split(os.environ.get(OPTIONS, ""))))


@cache
def _find(scheme: str) -> Any:
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - slow

    if scheme == "file":
        return FileSystems
    address = f"{scheme}://"
    if scheme not in _EXTRAS:
        name = _OTHER_NAMES.get(scheme)
        hint = f" Write {name}://." if name else did_you_mean(scheme, _EXTRAS) or "."
        known = ", ".join(f"{each}://" for each in _EXTRAS)
        raise StoreError(f"There is no store for {address}{hint} Stores: {known}.")
    try:
        FileSystems.get_filesystem(address)
    except (AssertionError, ImportError) as error:
        raise StoreError(_lacks(scheme)) from error
    except ValueError as error:
        text = str(error)
        if "not set" in text:
            option = f"--{text.partition(' ')[0]}"
            raise StoreError(
                f"{address} needs the option {option}. Give it to `blift build`, and to other commands by the "
                f"environment variable {OPTIONS}, such as {OPTIONS}='--hdfs_host=NAMENODE --hdfs_port=9870 "
                "--hdfs_user=USER'."
            ) from error
        raise StoreError(_lacks(scheme)) from error
    return FileSystems


def _lacks(scheme: str) -> str:
    extra = _EXTRAS[scheme]
    return f"{scheme}:// needs packages that are not installed: pip install 'blift[{extra}]' brings them."
