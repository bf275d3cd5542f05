"""Stand-ins for the two forges: a `gh` that keeps a repository's comments and issues, and GitLab's API on loopback."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = 77
"""GitLab's number of the token's user."""
TOKEN = "glpat-of-the-tests"

GH = '''#!{python}
"""What the pipelines ask of GitHub's `gh`: each call is written down, words that are not known end it."""
import fcntl, json, shutil, subprocess, sys
from pathlib import Path

home = Path({home!r})
lock = (home / "lock").open("w")
fcntl.flock(lock, fcntl.LOCK_EX)  # jobs of a matrix ask at the same time
kept = json.loads((home / "github.json").read_text())
words = sys.argv[1:]
kept["calls"].append(words)


def option(name):
    return words[words.index(name) + 1] if name in words else None


def answer(value):
    asked = option("--jq")
    print(subprocess.run(["jq", "-r", asked], input=json.dumps(value), text=True, capture_output=True, check=True).stdout, end="")


match words[:2]:
    case ["run", "list"]:
        of = (option("--workflow"), option("--branch"))
        answer([run for run in kept["runs"] if (run["workflow"], run["branch"]) == of])
    case ["run", "view"]:
        came_to = kept["let_through"].get(words[2], "skipped")
        steps = [] if came_to == "turned away" else [{{"name": "Set up", "conclusion": "success"}}, {{"name": "Up", "conclusion": came_to}}]
        jobs = [{{"name": "trust", "conclusion": "success", "steps": []}}, {{"name": "up", "conclusion": "failure", "steps": steps}}]
        answer({{"jobs": jobs}})
    case ["run", "download"]:
        to = Path(option("--dir") or Path.cwd())
        if (name := option("--name")) is not None:
            shutil.copytree(home / f"{{name}}-{{words[2]}}", to, dirs_exist_ok=True)
        else:  # a folder for each that fits
            for source in home.glob(f"{{option('--pattern')}}-{{words[2]}}"):
                shutil.copytree(source, to / source.name.removesuffix(f"-{{words[2]}}"), dirs_exist_ok=True)
    case ["pr", "list"]:
        answer(kept["pulls"])
    case ["pr", "comment"]:
        body = Path(option("--body-file")).read_text()
        kept["comments"].append({{"id": len(kept["comments"]) + 1, "user": {{"login": "github-actions[bot]"}}, "body": body, "on": words[2]}})
    case ["api", "--method"]:
        number = int(words[3].rsplit("/", 1)[1])
        (comment,) = (each for each in kept["comments"] if each["id"] == number)
        comment["body"] = Path(option("--field").removeprefix("body=@")).read_text()
    case ["api", path] if path.endswith("/approvals"):
        said = (("rejected", "mallory"), ("approved", "carol"), ("approved", "carol"))  # to a change of trust, and to the plan
        answer([{{"state": state, "user": {{"login": login}}}} for state, login in said])
    case ["api", path] if "/environments/" in path:
        answer({{"protection_rules": kept["environments"].get(path.rsplit("/", 1)[1], [])}})
    case ["api", path] if path.endswith("/comments"):
        answer(kept["comments"])
    case ["label", "create"]:
        pass
    case ["issue", "list"]:
        answer([each for each in kept["issues"] if each["label"] == option("--label") and each["state"] == "open"])
    case ["issue", "create"]:
        body = Path(option("--body-file")).read_text()
        number = len(kept["issues"]) + 1
        kept["issues"].append({{"number": number, "label": option("--label"), "title": option("--title"), "body": body, "state": "open"}})
    case ["issue", verb]:
        (issue,) = (each for each in kept["issues"] if str(each["number"]) == words[2])
        if verb == "close":
            issue["state"] = "closed"
        else:
            issue |= {{"title": option("--title"), "body": Path(option("--body-file")).read_text()}}
    case _:
        sys.exit(f"gh: unknown: {{words}}")
(home / "github.json").write_text(json.dumps(kept))
'''


class GitHub:
    """A repository at GitHub, as far as `gh` tells of it."""

    def __init__(self, home: Path) -> None:
        """Keep it below `home`; `home/bin` goes on PATH."""
        self.home = home
        self.commit = ""
        self.needs: dict[str, str] = {}
        (home / "bin").mkdir(parents=True)
        gh = home / "bin" / "gh"
        gh.write_text(GH.format(python=sys.executable, home=str(home)), encoding="utf-8")
        gh.chmod(0o755)
        self.write(
            {
                "calls": [],
                "runs": [],
                "pulls": [],
                "comments": [],
                "issues": [],
                "environments": {},
                "let_through": {},
            }
        )

    def read(self) -> dict[str, Any]:
        """Return all that is kept."""
        return dict(json.loads((self.home / "github.json").read_text(encoding="utf-8")))

    def write(self, kept: dict[str, Any]) -> None:
        """Keep something else."""
        (self.home / "github.json").write_text(json.dumps(kept), encoding="utf-8")

    def upload(self, name: str, run: str, file: Path) -> None:
        """Take an artifact of a run, as the action for it does."""
        folder = self.home / f"{name}-{run}"
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())

    def environment(self) -> dict[str, str]:
        """Return what makes pipelines find it."""
        own = self.home / "temporary"
        own.mkdir(exist_ok=True)
        return {
            "PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(own),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
        }


class GitLab:
    """A project at GitLab: its notes, issues, and the newest artifacts of its default branch."""

    def __init__(self, url: str) -> None:
        """Nothing is there yet."""
        self.url = url
        self.commit = ""
        self.notes: list[dict[str, Any]] = [
            {"id": 1, "author": {"id": 1}, "body": "<!-- placement-review lab --> mine"}
        ]
        self.issues: list[dict[str, Any]] = []
        self.artifacts: dict[str, bytes] = {}
        self.deployments: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> Any:
        """Do what is asked; None where there is no such thing."""
        found: Any = None
        match method, path.strip("/").split("/"):
            case "GET", ["user"]:
                found = {"id": BOT}
            case "GET", ["projects", "5", "jobs", "artifacts", "main", "raw", name]:
                found = self.artifacts.get(f"{query['job']}/{name}")
            case "GET", ["projects", "5", "merge_requests", "9", "notes"]:
                found = self.notes
            case "POST", ["projects", "5", "merge_requests", "9", "notes"]:
                found = {"id": len(self.notes) + 1, "author": {"id": BOT}, **form}
                self.notes.append(found)
            case "PUT", ["projects", "5", "merge_requests", "9", "notes", number]:
                found = _change(self.notes, "id", number, form)
            case "GET", ["projects", "5", "deployments"]:
                found = [each for each in self.deployments if each["environment"] == query["environment"]]
            case "GET", ["projects", "5", "issues"]:
                wanted = {"labels": query["labels"], "state": query["state"]}
                found = [each for each in self.issues if wanted.items() <= each.items()]
            case "POST", ["projects", "5", "issues"]:
                found = {"iid": len(self.issues) + 1, "state": "opened", **form}
                self.issues.append(found)
            case "PUT", ["projects", "5", "issues", number]:
                closed = {"state": "closed"} if form.pop("state_event", "") == "close" else {}
                found = _change(self.issues, "iid", number, {**form, **closed})
            case _:
                pass
        return found


def _change(rows: list[dict[str, Any]], key: str, number: str, values: dict[str, str]) -> Any:
    (row,) = (each for each in rows if each[key] == int(number))
    row |= values
    return row


@contextmanager
def gitlab() -> Iterator[GitLab]:
    """Serve a project's API on loopback; who has no token is sent away."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8")
            parts = urlsplit(self.path)
            query, form = (
                {name: values[0] for name, values in parse_qs(text).items()}
                for text in (parts.query, content)
            )
            known = TOKEN in (self.headers.get("PRIVATE-TOKEN"), self.headers.get("JOB-TOKEN"))
            found = project.answer(self.command, parts.path, query, form) if known else None
            body = found if isinstance(found, bytes) else json.dumps(found).encode("utf-8")
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    project = GitLab(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield project
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
