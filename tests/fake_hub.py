"""Of Hugging Face's hub what a client asks for that publishes and fetches small files: repositories, commits, and files."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_tests"


class FakeHub:
    """A hub on a free port of this machine.

    Attributes:
        repositories: name -> commits, oldest first, each name of a file -> content.
        private: names of those that only `TOKEN` sees.
        asked: method and path of all requests.
    """

    def __init__(self):
        self.repositories, self.private, self.asked = {}, set(), []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                path = unquote(urlsplit(self.path).path)
                hub.asked.append((self.command, path))
                knows = self.headers.get("Authorization") == f"Bearer {TOKEN}"
                status, content, headers = hub.respond(self.command, path, self.rfile.read(length), knows)
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_HEAD = answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def respond(self, method, path, body, knows):
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, {}
        if path == "/api/repos/create":
            return self._create(json.loads(body), knows)
        found = re.fullmatch(r"(?:/api/models)?/([\w.-]+/[\w.-]+?)(?:/(revision|tree|preupload|commit|resolve)/([\w.-]+)(?:/(.*))?)?", path)
        if not found or found[1] not in self.repositories or (found[1] in self.private and not knows):
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        name, action, revision, rest = found.groups()
        commits = self.repositories[name]
        files = commits[int(revision, 16) - 1] if revision and re.fullmatch("0{30}[0-9a-f]+", revision) else commits[-1]
        if action == "preupload":
            return (
                200,
                {"files": [{"path": each["path"], "uploadMode": "regular", "shouldIgnore": False} for each in json.loads(body)["files"]]},
                {},
            )
        if action == "commit":
            return self._commit(name, body, knows)
        if action == "tree":
            return 200, [{"type": "file", "path": path, "size": len(c), "oid": _oid(c)} for path, c in files.items()], {}
        if action == "resolve":
            return self._resolve(files, rest, commits)
        siblings = [{"rfilename": path} for path in files]
        sha = revision if revision and revision != "main" else _sha(len(commits))
        return 200, {"id": name, "sha": sha, "private": name in self.private, "siblings": siblings}, {}

    def _create(self, asked, knows):
        if not knows:
            return 401, {"error": "Invalid username or password."}, {}
        name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
        made = {"url": f"{self.url}/{name}", "name": name, "id": name}
        if name in self.repositories:
            return 409, {"error": "You already created this model repo", **made}, {}
        self.repositories[name] = [{".gitattributes": b""}]
        if asked.get("private") or asked.get("visibility") == "private":
            self.private.add(name)
        return 200, made, {}

    def _commit(self, name, body, knows):
        if not knows:
            return 403, {"error": "not yours"}, {}
        files = dict(self.repositories[name][-1])
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        self.repositories[name].append(files)
        sha = _sha(len(self.repositories[name]))
        return 200, {"success": True, "commitUrl": f"{self.url}/{name}/commit/{sha}", "commitOid": sha}, {}

    def _resolve(self, files, path, commits):
        if path not in files:
            return 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"}
        content = files[path]
        return 200, content, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": _sha(len(commits)), "Content-Type": "application/octet-stream"}


def _oid(content):
    return hashlib.sha1(content).hexdigest()


def _sha(number):
    return f"{number:040x}"
