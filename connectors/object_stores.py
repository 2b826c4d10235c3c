"""Beam's filesystems for addresses: `gs://`, `s3://`, `azfs://`, `hdfs://`, with the options that they need.

Importing this module imports Beam; `blift.connectors.filesystem` does so when the first address is opened.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import AzureOptions, PipelineOptions, S3Options

from blift.connectors.beam_options import OPTIONS, own_options
from blift.connectors.store import Store
from blift.connectors.store_errors import NOT_FOUND, is_absent
from blift.schemas.errors import InputError, did_you_mean

#: In the environment of every process that Beam starts as a worker, where the job's options are set already.
_OF_A_WORKER = "PIPELINE_OPTIONS"
#: In the environment, the address of a server that stands for Google Cloud Storage.
_EMULATOR = "STORAGE_EMULATOR_HOST"
#: In the environment, the account of Azure with its key.
_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
#: The extra that brings the client of each store, and the client's package.
_EXTRAS = {
    "gs": ("gcp", "google.cloud.storage"),
    "s3": ("aws", "boto3"),
    "azfs": ("azure", "azure.storage.blob"),
    "hdfs": ("hadoop", "hdfs"),
}
#: Schemes that other programs use for these stores.
_OTHER_NAMES = {
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "azfs",
    "abfss": "azfs",
    "wasb": "azfs",
    "webhdfs": "hdfs",
}
#: The options in use in this process; empty before the first address is opened.
_connected: list[PipelineOptions] = []


class StoreError(InputError):
    """An address names no store, or one that lacks a package, an option or credentials."""


def connect(options: PipelineOptions) -> None:
    """Use these options for addresses from now on, in this process."""
    _check.cache_clear()
    _connected[:] = [options]
    FileSystems.set_options(options)


def beams(path: str) -> Any:
    """Beam's filesystems, which can open this address, or path of this machine.

    Raises:
        StoreError: there is no store for the address, or it lacks a package, an option or credentials.
    """
    if not _connected and _OF_A_WORKER not in os.environ:
        connect(PipelineOptions(own_options()))
    scheme, is_address, _ = path.partition("://")
    if is_address:
        _check(scheme.lower())
    return FileSystems


def require_bucket(address: str) -> None:
    """Ask the store whether the bucket of an address is there; a store does not say so when it is asked for one file.

    Raises:
        StoreError: it is not there, or the store lacks a package, an option or credentials.
        OSError: the store does not answer, or refuses.
    """
    scheme, _, path = address.partition("://")
    filesystems = beams(address)
    try:
        if scheme == "s3":  # Beam lists nothing there, in place of saying that there is no bucket
            _head_of_s3(path.partition("/")[0])
        else:
            Store(f"{address.rstrip('/')}/.none*", filesystems).matched()
    except OSError as error:
        if is_absent(error):
            raise StoreError(
                f"There is no bucket or container for {address}. Create it, or correct the address."
            ) from error
        raise


def _head_of_s3(bucket: str) -> None:
    """Ask for a bucket of S3 as Beam's client does.

    Raises:
        OSError: there is none. Whoever may not ask gets no answer, and no error.
    """
    from apache_beam.io.aws.clients.s3.boto3_client import Client  # noqa: PLC0415 - of an extra
    from botocore.exceptions import ClientError  # noqa: PLC0415 - of an extra

    try:
        Client(_connected[-1]).client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
            raise FileNotFoundError(errno.ENOENT, "there is no such bucket", bucket) from error


@cache
def _check(scheme: str) -> None:
    """Find out, once, whether addresses with this scheme can be opened.

    Raises:
        StoreError: they cannot.
    """
    address = f"{scheme}://"
    if scheme not in _EXTRAS:
        with suppress(ValueError):
            FileSystems.get_filesystem(address)
            return  # a filesystem of another package
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
    if _connected and (check := _CREDENTIALS.get(scheme)):  # a worker was given the options of its job by Beam
        check()


def _check_credentials_of_s3() -> None:
    """Find out whether there are credentials for S3: without any, Beam tries for minutes.

    Raises:
        StoreError: there are none.
    """
    import boto3  # noqa: PLC0415 - of an extra

    has_key = any(options.view_as(S3Options).s3_access_key_id for options in _connected)
    if not has_key and boto3.Session().get_credentials() is None:
        raise StoreError(
            "s3:// needs credentials, and there are none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or make a "
            "profile with `aws configure`."
        )


def _check_credentials_of_gs() -> None:
    """Find out whether there are credentials for Google Cloud: without any, Beam tries for half a minute.

    Raises:
        StoreError: there are none.
    """
    from google.auth import default, exceptions  # noqa: PLC0415 - of an extra

    logging.getLogger("google.auth").setLevel(logging.ERROR)  # it warns of a project, which files do not need
    if _EMULATOR in os.environ:  # which asks for none
        return
    try:
        default()
    except exceptions.GoogleAuthError as error:
        raise StoreError(
            f"gs:// needs credentials, and there are none ({str(error).partition('. ')[0].rstrip('.')}): run `gcloud "
            "auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the key of a service account."
        ) from error


def _check_credentials_of_azfs() -> None:
    """Find out whether there is an account of Azure.

    Raises:
        StoreError: there is none.
    """
    accounts = [options.view_as(AzureOptions) for options in _connected]
    if not any(each.azure_connection_string or each.blob_service_endpoint for each in accounts) and (
        _CONNECTION not in os.environ
    ):
        raise StoreError(
            f"azfs:// needs an account, and there is none: set {_CONNECTION}, or give Beam's "
            "--azure_connection_string or --blob_service_endpoint."
        )


#: By scheme, what finds out whether there are credentials.
_CREDENTIALS = {"s3": _check_credentials_of_s3, "gs": _check_credentials_of_gs, "azfs": _check_credentials_of_azfs}


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the package around it is not installed
        return False
