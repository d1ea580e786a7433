"""Extract what `cityops grafana push` uses of Grafana's HTTP API from a checkout of grafana/grafana-openapi-client-go.

Usage: ``python scripts/extract_grafana_api.py CHECKOUT``. That client is generated from Grafana 13.0's OpenAPI; its Go
files name every operation (method, path, parameters, answers) and every model's fields with their types. Writes
``tests/fakes/grafana_api/api.json``: operations, and models as JSON schemas in which unknown fields are refused.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "fakes" / "grafana_api" / "api.json"
OPERATIONS = {
    "health": ("getHealth",),
    "folders": ("getFolderByUID", "createFolder"),
    "search": ("search",),
    "dashboards": ("getDashboardByUID", "postDashboard", "deleteDashboardByUID"),
    "datasources": ("getDataSourceByUID", "addDataSource", "updateDataSourceByUID"),
    "provisioning": (
        *("GetAlertRules", "GetAlertRuleGroup", "PutAlertRuleGroup", "DeleteAlertRule"),
        *("GetContactpoints", "PostContactpoints", "PutContactpoint", "DeleteContactpoints"),
    ),
}
PLAIN = {"string": "string", "bool": "boolean", "int64": "integer", "float64": "number"}
PLAIN |= {"strfmt.DateTime": "string", "strfmt.Duration": "string"}
_FIELD = re.compile(r'^\t(\w+) (\S.*?) `json:"([^",]+)')


def snake(name: str) -> str:
    """Return the name of the Go file of an operation or model."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


class Extract:
    """Operations and the models that they reach."""

    def __init__(self, checkout: Path) -> None:
        self.client = checkout / "client"
        self.source: dict[str, str] = {}
        for path in sorted((checkout / "models").glob("*.go")):
            self._index(path.read_text(encoding="utf-8"))
        self.found: dict[str, Any] = {}

    def _index(self, text: str) -> None:
        for name in re.findall(r"^type (\w+) ", text, flags=re.M):
            self.source.setdefault(name, text)

    def operation(self, folder: str, name: str) -> dict[str, Any]:
        """Return method, path, parameters and answers of an operation."""
        files = {path.name: path for path in (self.client / folder).glob("*.go")}
        [listing] = [path for file, path in files.items() if file.endswith("_client.go")]
        text = listing.read_text(encoding="utf-8")
        place = re.search(rf'ID: +"{name}",\s+Method: +"(\w+)",\s+PathPattern: +"([^"]+)"', text)
        assert place is not None, name
        parameters = files[f"{snake(name)}_parameters.go"].read_text(encoding="utf-8")
        answers = files[f"{snake(name)}_responses.go"].read_text(encoding="utf-8")
        self._index(answers)
        body = re.search(r"^\tBody (\S+)$", parameters, flags=re.M)
        return {
            "id": name,
            "method": place[1],
            "path": place[2],
            "query": sorted(set(re.findall(r'SetQueryParam\("([^"]+)"', parameters))),
            "headers": sorted(set(re.findall(r'SetHeaderParam\("([^"]+)"', parameters))),
            "body": None if body is None else self.schema(body[1]),
            "answers": self._answers(answers),
        }

    def _answers(self, text: str) -> dict[str, Any]:
        codes = {made: code for code, made in re.findall(r"case (\d+):\s+result := New(\w+)\(", text)}
        answers: dict[str, Any] = {}
        for made, code in codes.items():
            kind = re.search(rf"^type {made} struct {{\n(.*?)^}}", text, flags=re.M | re.S)
            payload = re.search(r"^\tPayload (\S+)$", kind[1] if kind else "", flags=re.M)
            answers[code] = None if payload is None else self.schema(payload[1])
        return answers

    def schema(self, go: str) -> dict[str, Any]:
        """Return the JSON schema of a Go type, and extract the models that it names."""
        go = go.removeprefix("*").replace("models.", "")
        if go.startswith("[]"):
            return {"type": ["array", "null"], "items": self.schema(go[2:])}
        if go.startswith("map[string]"):
            return {"type": ["object", "null"], "additionalProperties": self.schema(go[11:])}
        if go in PLAIN:
            return {"type": PLAIN[go]}
        if go in {"any", "JSON", "interface{}"}:
            return {}
        if go not in self.found:
            self.found[go] = {}
            self.found[go] = self._model(go)
        return {"$ref": f"#/models/{go}"}

    def _model(self, name: str) -> dict[str, Any]:
        whole = re.search(rf"^type {name} (struct {{\n(.*?)^}}|\S.*$)", self.source[name], flags=re.M | re.S)
        assert whole is not None, name
        if not whole[1].startswith("struct"):
            return self.schema(whole[1].split("\n")[0])
        fields: dict[str, Any] = {}
        required: list[str] = []
        comments: list[str] = []
        for line in whole[2].split("\n"):
            comments = [] if not line.strip() else comments
            if line.startswith("\t//"):
                comments.append(line.removeprefix("\t//").strip())
            elif match := _FIELD.match(line):
                fields[match[3]] = self.schema(match[2]) | _limits(comments)
                if "Required: true" in comments:
                    required.append(match[3])
        return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def _limits(comments: list[str]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for comment in comments:
        name, _, value = comment.partition(": ")
        if name == "Enum":
            limits["enum"] = json.loads(value)
        elif name in {"Max Length", "Min Length"}:
            limits[name[:3].lower() + "Length"] = int(value)
        elif name == "Pattern":
            limits["pattern"] = value
    return limits


def main(checkout: Path) -> None:
    """Write the extract."""
    extract = Extract(checkout)
    operations = [extract.operation(folder, name) for folder, names in OPERATIONS.items() for name in names]
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    about = {
        "source": "https://github.com/grafana/grafana-openapi-client-go",
        "version": commit.stdout.strip(),
        "of": "Grafana 13.0.0 (public/api-merged.json)",
        "licence": "Apache-2.0",
        "changed": "an extract of the operations used, models rewritten as JSON schemas",
    }
    document = {"about": about, "operations": operations, "models": dict(sorted(extract.found.items()))}
    TARGET.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: {sys.argv[0]} CHECKOUT")
    main(Path(sys.argv[1]))
