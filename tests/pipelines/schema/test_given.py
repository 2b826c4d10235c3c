"""Tables that other people define: pydantic models, Arrow schemas, files and baselines, now and at another commit."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.pipelines.schema.gate import write_baselines
from blift.pipelines.schema.gate_of_given import check_given
from blift.pipelines.schema.given import NoSuchTable, subject_of
from blift.schemas.errors import InputError
from blift.schemas.policy import Exemption, Mode, Policy
from tests.pipelines.schema.conftest import edit, forget_modules, git_in

TODAY = date(2027, 1, 1)


def rules(spec: str, against: str = "HEAD", policy: Policy | None = None, baselines: Path | None = None) -> list[str]:
    forget_modules()
    found = check_given([spec], against, baselines, policy or Policy(), TODAY).findings
    return [f"{each.rule} {each.column}".strip() for each in found]


def test_a_model_has_a_definition_without_a_version(project: Path) -> None:
    subject = subject_of("shop.models:Order", project)
    assert [f"{path}: {column.type}" for path, column in subject.definition.columns()] == [
        "order_id: string",
        "state: string",
        "lines: list<struct>",
        "lines[].item: string",
        "lines[].amount: int64",
        "note: string",
    ]
    assert (subject.definition.table, subject.definition.version) == ("Order", "")
    columns = dict(subject.definition.columns())
    assert columns["state"].values == ("open", "paid")
    assert str(columns["lines[].amount"].range) == "[1, inf)"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('["open", "paid"]', '["paid"]', ["ENUM_VALUE_NO_DELETE state"]),
        ("Field(ge=1)", "Field(ge=1, lt=10)", ["RANGE_NO_NARROW lines[].amount"]),
        ("    order_id: str\n", "    order_id: str\n    tags: list[str]\n", ["REQUIRED_COLUMN_NO_ADD tags"]),
        ("    order_id: str\n", "    order_id: str\n    tags: list[str] | None\n", []),
        ("    order_id: str\n", "    order_id: int\n", ["COLUMN_SAME_TYPE order_id"]),
    ],
)
def test_a_model_is_compared_with_itself_at_a_commit(project: Path, old: str, new: str, found: list[str]) -> None:
    edit(project / "shop" / "models.py", old, new)
    assert rules("shop.models:Order") == found
    assert rules("shop.models:Order", "refs/heads/main") == found


def test_what_a_mode_asks_counts_for_any_model(project: Path) -> None:
    edit(project / "shop" / "models.py", '["open", "paid"]', '["open", "paid", "sent"]')
    assert rules("shop.models:Order") == []
    assert rules("shop.models:Order", policy=Policy(mode=Mode.FULL)) == ["ENUM_VALUE_ADDED state"]
    assert rules("shop.models:Order", policy=Policy(modes={"Order": Mode.FORWARD})) == ["ENUM_VALUE_ADDED state"]


def test_a_new_model_has_no_findings(project: Path) -> None:
    (project / "shop" / "more.py").write_text("from pydantic import BaseModel\nclass More(BaseModel):\n    a: str\n")
    assert rules("shop.more:More") == []
    assert check_given(["shop.more:More", "shop.models:Line"], "HEAD", None, Policy(), TODAY).new == ["More"]


def test_a_model_that_is_gone_is_a_finding_at_its_module(project: Path) -> None:
    edit(project / "shop" / "models.py", "class Order(", "class Purchase(")
    forget_modules()
    [finding] = check_given(["shop.models:Order"], "HEAD", None, Policy(), TODAY).findings
    assert (finding.rule, finding.table, finding.file, finding.line) == (
        "TABLE_NO_DELETE",
        "Order",
        "shop/models.py",
        1,
    )
    with pytest.raises(NoSuchTable, match=r"shop.models has no 'Ordr'"):
        rules("shop.models:Ordr")


def test_a_src_folder_is_looked_into(project: Path) -> None:
    (project / "src").mkdir()
    git_in(project)("mv", "shop", "src/shop")
    git_in(project)("commit", "--quiet", "--message", "Move")
    edit(project / "src" / "shop" / "models.py", "    item: str\n", "")
    assert rules("shop.models:Line") == ["COLUMN_NO_DELETE item"]


def test_a_checkout_in_another_folder_may_be_compared_with(project: Path, tmp_path: Path) -> None:
    git_in(project)("worktree", "add", "--quiet", str(tmp_path / "other"), "HEAD~0")
    edit(project / "shop" / "models.py", "    item: str\n", "")
    assert rules("shop.models:Line", str(tmp_path / "other")) == ["COLUMN_NO_DELETE item"]


def test_a_schema_of_arrow_is_compared(project: Path) -> None:
    path = project / "shop" / "arrow.py"
    path.write_text(
        "import pyarrow as pa\nSCHEMA = pa.schema([pa.field('a', pa.int32()), pa.field('b', pa.string())])\n"
    )
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Arrow")
    assert rules("shop.arrow:SCHEMA") == []
    edit(path, "pa.int32()", "pa.int64()")
    forget_modules()
    [finding] = check_given(["shop.arrow:SCHEMA"], "HEAD", None, Policy(), TODAY).findings
    assert (finding.rule, finding.file, finding.line) == ("COLUMN_SAME_TYPE", "shop/arrow.py", 1)


def test_a_parquet_file_is_compared_with_itself_at_a_commit(project: Path) -> None:
    path = project / "data.parquet"
    pq.write_table(pa.table({"a": pa.array([1]), "b": pa.array(["x"])}), path)
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Data")
    pq.write_table(pa.table({"a": pa.array([1]), "c": pa.array([None], pa.float64())}), path)
    assert rules("data.parquet") == ["COLUMN_NO_DELETE b"]


@pytest.mark.parametrize("name", ["data.arrow", "data.feather", "data.stream"])
def test_an_arrow_file_is_compared_with_itself_at_a_commit(project: Path, name: str) -> None:
    def write(*columns: str) -> None:
        table = pa.table({column: pa.array([1]) for column in columns})
        new = pa.ipc.new_stream if name.endswith(".stream") else pa.ipc.new_file
        with new(name, table.schema) as writer:
            writer.write_table(table)

    write("a", "b")
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Data")
    assert rules(name) == []
    write("a")
    assert rules(name) == ["COLUMN_NO_DELETE b"]


def give_version(project: Path) -> Path:
    """Give orders a version; the file of their class."""
    models = project / "shop" / "models.py"
    edit(models, "    order_id: str\n", '    version: ClassVar[str] = "1.0.0"\n    order_id: str\n')
    edit(models, "import Literal", "import ClassVar, Literal")
    return models


def test_a_model_with_a_version_has_baselines(project: Path) -> None:
    models, folder = give_version(project), project / "baselines"
    lines = list(write_baselines([subject_of("shop.models:Order", project)], folder))
    assert lines == [f"Order 1.0.0 has a new baseline: {folder / 'Order-1.0.0.json'}"]
    assert rules("shop.models:Order", "baselines", baselines=folder) == []
    edit(models, "    order_id: str\n", "    order_id: str\n    total: float | None\n")
    assert rules("shop.models:Order", "baselines", baselines=folder) == ["VERSION_RAISED"]


@pytest.fixture
def baselines(project: Path) -> Path:
    """The baselines of a table with a version, committed with it."""
    give_version(project)
    forget_modules()
    folder = project / "baselines"
    list(write_baselines([subject_of("shop.models:Order", project)], folder))
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Version")
    return folder


def test_a_breaking_change_does_not_pass_with_its_baseline_written_anew(project: Path, baselines: Path) -> None:
    edit(project / "shop" / "models.py", "    order_id: str\n", "    order_id: int\n")
    (baselines / "Order-1.0.0.json").unlink()
    assert rules("shop.models:Order", "baselines", baselines=baselines) == ["BASELINE_EXISTS"]
    forget_modules()
    list(write_baselines([subject_of("shop.models:Order", project)], baselines))
    assert rules("shop.models:Order", "HEAD", baselines=baselines) == [
        "BASELINE_IMMUTABLE",
        "COLUMN_SAME_TYPE order_id",
        "VERSION_RAISED",
    ]


@pytest.mark.usefixtures("project")
def test_baselines_that_are_deleted_or_damaged_are_findings(baselines: Path) -> None:
    (baselines / "Order-1.0.0.json").write_text("{}")
    assert rules("shop.models:Order", "baselines", baselines=baselines) == ["BASELINE_READABLE"]
    assert rules("shop.models:Order", "HEAD", baselines=baselines) == ["BASELINE_IMMUTABLE", "BASELINE_READABLE"]
    (baselines / "Order-1.0.0.json").unlink()
    baselines.rmdir()
    assert rules("shop.models:Order", "HEAD", baselines=baselines) == ["BASELINE_IMMUTABLE", "BASELINE_EXISTS"]
    with pytest.raises(InputError, match=r"There is no folder .*baselines'. Write baselines to it with"):
        rules("shop.models:Order", "baselines", baselines=baselines)


def test_a_finding_on_a_baseline_may_be_excepted(baselines: Path) -> None:
    (baselines / "Order-1.0.0.json").write_text("{}")
    policy = Policy(exceptions=(Exemption("BASELINE_READABLE", TODAY, "Order"),))
    assert rules("shop.models:Order", "HEAD", policy, baselines) == ["BASELINE_IMMUTABLE"]


def test_every_earlier_version_counts_where_the_mode_says_so(project: Path, baselines: Path) -> None:
    models = project / "shop" / "models.py"
    edit(models, '"1.0.0"', '"1.1.0"')
    edit(models, "    order_id: str\n", "    order_id: str | None\n")
    forget_modules()
    list(write_baselines([subject_of("shop.models:Order", project)], baselines))
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Nullable")
    edit(models, '"1.1.0"', '"1.2.0"')
    edit(models, "    note: str | None = None\n", "    note: str | None = None\n    tags: list[str] | None\n")
    forget_modules()
    list(write_baselines([subject_of("shop.models:Order", project)], baselines))
    assert rules("shop.models:Order", "HEAD", Policy(Mode.FORWARD), baselines) == []
    assert rules("shop.models:Order", "HEAD", Policy(Mode.FORWARD_TRANSITIVE), baselines) == ["NULLABLE_SAME order_id"]


@pytest.mark.usefixtures("project")
def test_a_table_without_a_version_cannot_be_compared_with_baselines(baselines: Path) -> None:
    with pytest.raises(InputError, match=r"Line has no version, and so no baselines. Give its class `version = "):
        rules("shop.models:Line", "baselines", baselines=baselines)


def test_a_table_without_a_version_gets_no_baseline(project: Path) -> None:
    with pytest.raises(Exception, match=r'Line has no version. Give its class `version = "1.0.0"`'):
        list(write_baselines([subject_of("shop.models:Line", project)], project / "baselines"))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("shop.model:Order", r"There is no module 'shop.model' in "),
        ("shop.models:Ordr", r"shop.models has no 'Ordr', did you mean 'Order'\?"),
        ("shop.models:BaseModel.x", r"'shop.models:BaseModel.x' names no class of a module. Write --schema as my.mo"),
        ("shop/models.py:Order", r"'shop/models.py:Order' names no class of a module."),
        (":", r"':' names no class of a module."),
        ("shop.ends:Table", r"shop.ends cannot be imported: SystemExit: 0\."),
        ("shop.models:Field", r"shop.models:Field is a function\. Name a pydantic model or a pyarrow.Schema"),
        ("orders.parquet", r"There is no file 'orders.parquet'. Write --schema as my.models:Table"),
        ("shop/models.py", r"shop/models.py is no Parquet or Arrow file that can be read"),
        ("shop.broken:Table", r"shop.broken cannot be imported: ZeroDivisionError: division by zero"),
        ("shop.lacks:Table", r"shop.lacks cannot be imported: No module named 'nowhere'"),
    ],
)
def test_what_is_no_table_is_told(project: Path, spec: str, sentence: str) -> None:
    (project / "shop" / "broken.py").write_text("1 / 0\n")
    (project / "shop" / "lacks.py").write_text("import nowhere\n")
    (project / "shop" / "ends.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(InputError, match=sentence):
        rules(spec)


def test_a_module_that_failed_at_the_commit_is_told_with_its_name(project: Path) -> None:
    models = project / "shop" / "models.py"
    good = models.read_text()
    models.write_text("raise SystemExit(0)\n")
    git_in(project)("commit", "--all", "--quiet", "--message", "Break")
    models.write_text(good)
    with pytest.raises(InputError, match=r"shop.models:Order at HEAD: shop.models cannot be imported: SystemExit: 0."):
        rules("shop.models:Order")


def test_what_a_module_prints_is_not_among_the_findings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "loud.py").write_text("print('loading')\nfrom shop.models import Order\n")
    git_in(project)("add", ".")
    git_in(project)("commit", "--quiet", "--message", "Loud")
    assert rules("shop.loud:Order") == []
    assert capsys.readouterr() == ("", "loading\n")


def test_what_is_not_there_is_told_apart_from_what_cannot_be_read(project: Path) -> None:
    with pytest.raises(NoSuchTable):
        subject_of("shop.nowhere:Table", project)


@pytest.mark.usefixtures("project")
def test_all_baselines_are_those_of_a_folder_that_is_named() -> None:
    with pytest.raises(InputError, match=r"Name what to compare with: --against a git ref or a folder"):
        rules("shop.models:Order", "baselines")
