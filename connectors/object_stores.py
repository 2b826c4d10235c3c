"""Beam's filesystems for addresses: `gs://`, `s3://`, `azfs://`, `hdfs://`, with the options that they need."""

from __future__ import annotations

import os
import re
import shlex
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from blift.schemas.errors import BliftError, did_you_mean

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

#: The environment variable with Beam's options for every command, such as `--s3_endpoint_url=...`.
OPTIONS = "BLIFT_BEAM_OPTIONS"
#: In the environment of every process that Beam starts as a worker; there the job's options are set already.
_OF_A_WORKER = "PIPELINE_OPTIONS"
#: The extra that brings the client of each store, and the client's package.
_EXTRAS = {
    "gs": ("gcp", "google.cloud.storage"),
    "s3": ("aws", "boto3"),
    "azfs": ("azure", "azure.storage.blob"),
    "hdfs": ("hadoop", "hdfs"),
}
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


#: The options in use in this process; none before the first address.
_connected: list[PipelineOptions] = []


def connect(options: PipelineOptions) -> None:
    """Use these options for addresses from now on, in this process."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - slow

    _find.cache_clear()
    _connected[:] = [options]
    FileSystems.set_options(options)


def beams(path: str) -> Any:
    """Beam's filesystems, which can open this address, or path of this machine.

    Raises:
        StoreError: there is no store for the address, or it lacks a package, an option or credentials.
    """
    if not _connected and _OF_A_WORKER not in os.environ:
        from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - slow

        connect(PipelineOptions(own_options()))
    scheme, is_address, _ = path.partition("://")
    return _find(scheme.lower() if is_address else "file")


def own_options() -> list[str]:
    """Beam's options out of the environment variable for them."""
    return shlex.split(os.environ.get(OPTIONS, ""))


@cache
def _find(scheme: str) -> Any:
    from apache_beam.io.filesystem import BeamIOError  # noqa: PLC0415 - slow
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - slow

    if scheme == "file":
        return FileSystems
    address = f"{scheme}://"
    if scheme not in _EXTRAS:
        name = _OTHER_NAMES.get(scheme)
        hint = f"; write {name}://." if name else did_you_mean(scheme, _EXTRAS) or "."
        known = ", ".join(f"{each}://" for each in _EXTRAS)
        raise StoreError(f"There is no store for {address}{hint} Stores: {known}.")
    extra, package = _EXTRAS[scheme]
    if not _is_installed(package):
        raise StoreError(f"{address} needs packages that are not installed: pip install 'blift[{extra}]' brings them.")
    try:
        FileSystems.get_filesystem(address)
    except (BeamIOError, ValueError) as error:
        found = re.search(r"(\w+) is not set", str(error))
        lacking = f"the option --{found.group(1)}" if found else f"options of Beam ({error})"
        raise StoreError(
            f"{address} needs {lacking}. Give it to `blift build`, and to other commands by the environment variable "
            f"{OPTIONS}, such as {OPTIONS}='--hdfs_host=NAMENODE --hdfs_port=9870 --hdfs_user=USER'."
        ) from error
    if scheme == "s3":
        _check_credentials_of_s3()
    return FileSystems


def _check_credentials_of_s3() -> None:
    """Find out whether there are credentials for S3; Beam tries for minutes where there are none.

    Raises:
        StoreError: there are none.
    """
    import boto3  # noqa: PLC0415 - of an extra
    from apache_beam.options.pipeline_options import S3Options  # noqa: PLC0415 - slow

    given = any(options.view_as(S3Options).s3_access_key_id for options in _connected)
    if not given and boto3.Session().get_credentials() is None:
        raise StoreError(
            "s3:// needs credentials, and there are none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or make a "
            "profile with `aws configure`."
        )


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # what it lies in is not
        return False


def sentence_on_store(error: Exception) -> str | None:
    """What a store's failure means for whoever named the address; None where the error is not a store's.

    Args:
        error: of one of Beam's filesystems, which name every address with its own reason.
    """
    causes = getattr(error, "exception_details", None)
    if not isinstance(error, OSError) or not isinstance(causes, dict) or not causes:
        return None
    address, cause = next(iter(causes.items()))
    reason = " ".join(str(getattr(cause, "message", None) or cause).split())
    return (
        f"Cannot reach {address}: {reason.rstrip('.')}. Check the address, the credentials and the region; "
        "docs/runners.md says what each store needs."
    )
