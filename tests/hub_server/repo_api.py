"""Datasets and Spaces, their commits, tags, branches and pull requests, as the Hub's API speaks of them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.hub_server.card_rules import problems_of
from tests.hub_server.state import Blob, PullRequest, Refused, Repo, mode_of

if TYPE_CHECKING:
    from tests.hub_server.server import _Handler

_DATE = "2024-01-01T00:00:00.000Z"
_TREE_PAGE = 1000


def whoami(http: _Handler) -> None:
    name = http.hub.who(http.token)
    if name is None:
        raise Refused(401, "Invalid username or password.")
    http.answer_json({"type": "user", "name": name, "orgs": [{"name": "other"}]})


def create_repo(http: _Handler) -> None:
    asked = http.json_body()
    if asked.get("type") not in ("dataset", "space") or (asked["type"] == "space") != ("sdk" in asked):
        raise Refused(400, "Only datasets here, and Spaces with an SDK")
    namespace = asked.get("organization") or http.hub.who(http.token) or ""
    private = asked.get("visibility") == "private"
    with http.hub.lock:
        repo = http.hub.create(http.token, namespace, asked["name"], private=private, sdk=asked.get("sdk"))
    http.answer_json({"url": _page(http, repo), "name": repo.full_name, "id": "1"})


def _page(http: _Handler, repo: Repo) -> str:
    return f"{http.endpoint}/{repo.kind}s/{repo.full_name}"


def settings(http: _Handler, name: str) -> None:
    repo = http.hub.repo(http.token, name, write=True)
    asked = http.json_body()
    if "gated" in asked:
        if asked["gated"] not in ("auto", "manual", False):
            raise Refused(400, "gated must be auto, manual or false")
        repo.gated = asked["gated"]
    if "visibility" in asked:
        repo.private = asked["visibility"] == "private"
    http.answer_json({"gated": repo.gated})


def validate_yaml(http: _Handler) -> None:
    asked = http.json_body()
    errors = problems_of(asked["content"], asked["repoType"])
    content = {"errors": [{"message": error} for error in errors], "warnings": []}
    http.answer_json(content, 400 if errors else 200)


def info(http: _Handler, name: str, revision: str = "main") -> None:
    repo = http.hub.repo(http.token, name)
    commit = repo.resolve(revision)
    http.answer_json(
        {
            "_id": "1",
            "id": repo.full_name,
            "author": repo.full_name.split("/", maxsplit=1)[0],
            **({"sdk": repo.sdk} if repo.kind == "space" else {}),
            "sha": commit.oid,
            "lastModified": _DATE,
            "createdAt": _DATE,
            "private": repo.private,
            "gated": repo.gated,
            "disabled": False,
            "tags": [],
            "siblings": [{"rfilename": path} for path in sorted(commit.tree)],
        }
    )


def preupload(http: _Handler, name: str, revision: str) -> None:
    repo = http.hub.repo(http.token, name, write="create_pr" not in http.query)
    tree = repo.resolve(revision).tree
    files = http.json_body()["files"]
    if len(files) > 256:
        raise Refused(413, "At most 256 files a call")
    answers = []
    for file in files:
        base64.b64decode(file["sample"], validate=True)
        held = tree.get(file["path"])
        mode = mode_of(file["path"], file["size"])
        found: dict[str, Any] = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
        answers.append({**found, "oid": held.remote_oid} if held else found)
    http.answer_json({"files": answers})


def commit(http: _Handler, name: str, revision: str) -> None:
    create_pr = http.query.get("create_pr") == "1"
    repo = http.hub.repo(http.token, name, write=not create_pr)
    if http.headers.get("Content-Type") != "application/x-ndjson":
        raise Refused(400, "A commit is application/x-ndjson")
    lines = [json.loads(line) for line in http.body().splitlines() if line.strip()]
    if not lines or lines[0]["key"] != "header" or not lines[0]["value"].get("summary"):
        raise Refused(400, "A commit begins with a header that has a summary")
    header, operations = lines[0]["value"], [_decoded(line, repo.kind) for line in lines[1:]]
    if not operations:
        raise Refused(400, "A commit without operations")
    with http.hub.lock:
        number = _open_pull(http, repo, header["summary"], header.get("parentCommit")) if create_pr else None
        made = http.hub.commit(repo, f"refs/pr/{number}" if number else revision, header, operations)
    pull = {"pullRequestUrl": f"{_page(http, repo)}/discussions/{number}"} if number else {}
    http.answer_json(
        {"success": True, "commitOid": made.oid, "commitUrl": f"{_page(http, repo)}/commit/{made.oid}"} | pull
    )


def _decoded(line: dict[str, Any], kind: str) -> dict[str, Any]:
    if line["key"] == "file":
        if line["value"].get("encoding") != "base64":
            raise Refused(400, "Content must be base64")
        try:
            content = base64.b64decode(line["value"]["content"], validate=True)
        except binascii.Error as error:
            raise Refused(400, "Content must be base64") from error
        if line["value"]["path"] == "README.md" and (problems := problems_of(content.decode(), kind)):
            raise Refused(400, "; ".join(problems))
        return {"key": "file", "value": {"path": line["value"]["path"], "content": content}}
    return line


def _open_pull(http: _Handler, repo: Repo, title: str, parent: str | None = None) -> int:
    number = len(repo.pulls) + 1
    repo.pulls[number] = PullRequest(number, title, repo.resolve(parent or "main").oid)
    http.hub.counts["pull_requests"] += 1
    return number


def tag(http: _Handler, name: str, revision: str) -> None:
    repo = http.hub.repo(http.token, name, write=True)
    wanted = http.json_body()["tag"]
    with http.hub.lock:
        oid = repo.resolve(revision).oid
        if wanted in repo.tags:
            raise Refused(409, f"Tag reference exists already: {wanted}")
        repo.tags[wanted] = oid
        http.hub.counts["tags"] += 1
    http.answer_json({})


def refs(http: _Handler, name: str) -> None:
    repo = http.hub.repo(http.token, name)
    pulls = [
        {"name": str(pull.num), "ref": f"refs/pr/{pull.num}", "targetCommit": pull.head} for pull in repo.pulls.values()
    ]
    http.answer_json(
        {
            "branches": _refs(repo.branches, "heads"),
            "tags": _refs(repo.tags, "tags"),
            "converts": [],
            **({"pullRequests": pulls} if http.query.get("include_prs") else {}),
        }
    )


def _refs(named: dict[str, str], kind: str) -> list[dict[str, str]]:
    return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid} for name, oid in sorted(named.items())]


def commits(http: _Handler, name: str, revision: str) -> None:
    history = http.hub.repo(http.token, name).history(revision)
    http.answer_json(
        [
            {
                "id": commit.oid,
                "title": commit.title,
                "message": commit.description,
                "date": _DATE,
                "authors": [{"user": "owner"}],
            }
            for commit in history
        ]
    )


def tree(http: _Handler, name: str, revision: str, folder: str | None = None) -> None:
    repo = http.hub.repo(http.token, name)
    http.hub.may_read_content(http.token, repo)
    entries = _entries(http, repo.resolve(revision).tree, folder or "")
    if not entries and folder:
        raise Refused(404, f"{folder} does not exist", "EntryNotFound")
    if http.query.get("recursive", "false").lower() not in ("true", "1"):
        depth = len(folder.split("/")) + 1 if folder else 1
        entries = [entry for entry in entries if entry["path"].count("/") < depth]
    start = int(http.query.get("cursor", "0"))
    stop = start + (50 if http.query.get("expand", "false").lower() in ("true", "1") else _TREE_PAGE)
    headers = {}
    if stop < len(entries):
        others = "&".join(f"{key}={value}" for key, value in http.query.items() if key != "cursor")
        address = f"{http.endpoint}{http.path.split('?')[0]}?{others}&cursor={stop}"
        headers["Link"] = f'<{address}>; rel="next"'
    http.answer_json(entries[start:stop], headers=headers)


def _entries(http: _Handler, files: dict[str, Blob], folder: str) -> list[dict[str, Any]]:
    prefix = f"{folder}/" if folder else ""
    inside = {path: blob for path, blob in files.items() if path.startswith(prefix)}
    folders = {path[: match.start()] for path in inside for match in re.finditer("/", path)}
    found = [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in folders if path > prefix]
    return sorted([*found, *(_file(http, path, blob) for path, blob in inside.items())], key=_path)


def _path(entry: dict[str, Any]) -> str:
    return str(entry["path"])


def _file(http: _Handler, path: str, blob: Blob) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "oid": blob.oid, "size": blob.size}
    if blob.sha256:
        entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": len(blob.pointer)}
        if http.hub.xet and (digest := http.hub.xet.by_sha256.get(blob.sha256)):
            entry["xetHash"] = digest
    return entry


def paths_info(http: _Handler, name: str, revision: str) -> None:
    repo = http.hub.repo(http.token, name)
    http.hub.may_read_content(http.token, repo)
    files = repo.resolve(revision).tree
    wanted = http.form_values("paths")
    entries = {entry["path"]: entry for entry in _entries(http, files, "")}
    http.answer_json([entries[path] for path in wanted if path in entries])


def discussions(http: _Handler, name: str) -> None:
    repo = http.hub.repo(http.token, name)
    wanted = {"open": ("open", "draft"), "closed": ("closed", "merged")}.get(http.query.get("status", ""))
    found = [_discussion(repo, pull) for pull in repo.pulls.values() if wanted is None or pull.status in wanted]
    http.answer_json({"count": len(found), "start": 0, "discussions": found})


def _discussion(repo: Repo, pull: PullRequest) -> dict[str, Any]:
    return {
        "title": pull.title,
        "num": pull.num,
        "author": {"name": "owner"},
        "createdAt": _DATE,
        "status": pull.status,
        "repo": {"name": repo.full_name, "type": repo.kind},
        "isPullRequest": True,
        "changes": {"base": "refs/heads/main"},
        "filesWithConflicts": [],
        "events": [],
    }


def new_discussion(http: _Handler, name: str) -> None:
    repo = http.hub.repo(http.token, name)
    asked = http.json_body()
    if http.hub.who(http.token) is None or not asked.get("pullRequest"):
        raise Refused(401, "Log in to open a pull request")
    with http.hub.lock:
        number = _open_pull(http, repo, asked["title"])
    http.answer_json({"num": number})


def discussion(http: _Handler, name: str, num: str) -> None:
    repo = http.hub.repo(http.token, name)
    http.answer_json(_discussion(repo, repo.pulls[int(num)]))


def change_status(http: _Handler, name: str, num: str) -> None:
    repo = http.hub.repo(http.token, name)
    with http.hub.lock:
        repo.pulls[int(num)].status = http.json_body()["status"]
    event = {"id": "1", "type": "status-change", "createdAt": _DATE, "author": {"name": "owner"}}
    http.answer_json({"newStatus": {**event, "data": {"status": repo.pulls[int(num)].status}}})


def merge(http: _Handler, name: str, num: str) -> None:
    """Three-way: files that only one side changed are taken; a file that both changed is a conflict."""
    repo = http.hub.repo(http.token, name, write=True)
    with http.hub.lock:
        pull, main = repo.pulls[int(num)], repo.resolve("main")
        if pull.status != "open":
            raise Refused(409, f"This pull request is {pull.status}")
        theirs = repo.resolve(pull.head)
        known = {commit.oid for commit in repo.history("main")}
        base = next(commit for commit in repo.history(pull.head) if commit.oid in known)
        changed = _changed(base.tree, theirs.tree)
        if changed & _changed(base.tree, main.tree):
            raise Refused(409, "There are conflicts")
        merged = {path: blob for path, blob in main.tree.items() if path not in changed}
        merged |= {path: blob for path, blob in theirs.tree.items() if path in changed}
        repo.move("main", repo.add(main.oid, merged, f"{pull.title} (#{num})"))
        pull.status = "merged"
        http.hub.counts["merges"] += 1
    http.answer_json({})


def _changed(before: dict[str, Blob], after: dict[str, Blob]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


_NAME = r"/api/(?:datasets/|(?=spaces/))(?P<name>(?:spaces/)?[^/]+/[^/]+)"
_REVISION = r"(?P<revision>refs/pr/\d+|refs/convert/parquet|[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", "/api/whoami-v2", whoami),
    ("POST", "/api/repos/create", create_repo),
    ("POST", "/api/validate-yaml", validate_yaml),
    ("GET", _NAME, info),
    ("GET", f"{_NAME}/revision/{_REVISION}", info),
    ("PUT", f"{_NAME}/settings", settings),
    ("POST", f"{_NAME}/preupload/{_REVISION}", preupload),
    ("POST", f"{_NAME}/commit/{_REVISION}", commit),
    ("POST", f"{_NAME}/tag/{_REVISION}", tag),
    ("GET", f"{_NAME}/refs", refs),
    ("GET", f"{_NAME}/commits/{_REVISION}", commits),
    ("GET", f"{_NAME}/tree/{_REVISION}(?:/(?P<folder>.+))?", tree),
    ("POST", f"{_NAME}/paths-info/{_REVISION}", paths_info),
    ("GET", f"{_NAME}/discussions", discussions),
    ("POST", f"{_NAME}/discussions", new_discussion),
    ("GET", f"{_NAME}/discussions/(?P<num>\\d+)", discussion),
    ("POST", f"{_NAME}/discussions/(?P<num>\\d+)/merge", merge),
    ("POST", f"{_NAME}/discussions/(?P<num>\\d+)/status", change_status),
]
