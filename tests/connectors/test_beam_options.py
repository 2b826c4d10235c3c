"""Beam's options of the environment reach every command, and mistakes in them are told in a sentence."""

import pytest

from blift.connectors.beam_options import OPTIONS, own_options
from blift.pipelines.cli import main
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.schemas.errors import BliftError, InputError


def test_options_of_the_environment_stand_before_those_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTIONS, "--hdfs_host=namenode '--hdfs_user=a b'")
    assert beam_arguments(["--hdfs_port=1"]).arguments == ("--hdfs_host=namenode", "--hdfs_user=a b", "--hdfs_port=1")


def test_an_argument_that_is_no_option_is_told_beside_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTIONS, "--hdfs_host=namenode")
    with pytest.raises(BliftError, match=r"Unexpected argument 'two\.yaml'\. `blift build` takes one recipe"):
        beam_arguments(["two.yaml"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("--hdfs_user='a", r"BLIFT_BEAM_OPTIONS cannot be read \(No closing quotation\)\. Close every quotation mark"),
        ("--hdfs_user a", r"BLIFT_BEAM_OPTIONS holds 'a'\. Write each option as --NAME=VALUE\."),
    ],
)
def test_what_holds_no_options_is_told(text: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTIONS, text)
    with pytest.raises(InputError, match=sentence):
        own_options()


def test_a_mistake_in_the_variable_ends_a_command_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(OPTIONS, "'")
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("blift: BLIFT_BEAM_OPTIONS cannot be read")
