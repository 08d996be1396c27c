"""The other tools, each in the version that is named here, installed once into the cache, and what they find in a folder of estates."""

import json
import os
import subprocess
import sys
from pathlib import Path

from localcloud.cache import cache_root, made_once
from localcloud.pulumi.go import find_or_install

CHECKOV, TRIVY, CDK_NAG, CDK = "3.3.30", "0.74.0", "2.38.2", "2.276.0"

Found = dict[str, set[str]]
"""By estate: the ids of what a tool finds in it."""


def checkov(estates: Path) -> Found:
    """Gives what Checkov finds in Terraform files and Kubernetes manifests, secrets in files included."""

    def install(draft: Path) -> None:
        _run([sys.executable, "-m", "uv", "venv", "--quiet", "--relocatable", str(draft)])
        _run([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(draft / "bin" / "python"), f"checkov=={CHECKOV}"])

    program = _installed(f"checkov-{CHECKOV}", install) / "bin" / "checkov"
    command = [str(program), "-d", str(estates), "--framework", "terraform", "kubernetes", "secrets", "-o", "json", "--quiet", "--compact"]
    parts = json.loads(_run(command, fails_with=1))
    found: Found = {}
    for part in parts if isinstance(parts, list) else [parts]:
        for check in part["results"]["failed_checks"]:
            found.setdefault(Path(check["file_path"].lstrip("/")).parts[0], set()).add(check["check_id"])
    return found


def trivy(estates: Path) -> Found:
    """Gives what Trivy finds in the same files, by the checks that it carries: nothing is downloaded."""

    def install(draft: Path) -> None:
        go = find_or_install()
        # Trivy is built with the experiment that its own releases are built with.
        variables = {**os.environ, **go.environment, "GOBIN": str(draft), "GOFLAGS": "-mod=mod", "GOEXPERIMENT": "jsonv2"}
        _run([go.executable, "install", f"github.com/aquasecurity/trivy/cmd/trivy@v{TRIVY}"], variables)

    program = _installed(f"trivy-{TRIVY}", install) / "trivy"
    found: Found = {}
    for estate in sorted(estates.iterdir()):
        options = ["--scanners", "misconfig,secret", "--skip-check-update", "--skip-version-check", "--format", "json", "--quiet"]
        report = json.loads(_run([str(program), "filesystem", *options, str(estate)]))
        results = report.get("Results") or []
        misconfigured = {each["ID"] for result in results for each in result.get("Misconfigurations") or [] if each["Status"] == "FAIL"}
        found[estate.name] = misconfigured | {each["RuleID"] for result in results for each in result.get("Secrets") or []}
    return found


def cdk_nag(templates: Path) -> Found:
    """Gives what cdk-nag finds in CloudFormation templates: its packs AwsSolutions, NIST 800-53 R5 and PCI DSS 3.2.1."""

    def install(draft: Path) -> None:
        (draft / "package.json").write_text("{}")
        packages = [f"cdk-nag@{CDK_NAG}", f"aws-cdk-lib@{CDK}", "constructs@10"]
        _run(["npm", "install", "--silent", "--prefix", str(draft), *packages])

    folder = _installed(f"cdk-nag-{CDK_NAG}", install)
    found = json.loads(_run(["node", str(Path(__file__).with_name("nag.mjs")), str(templates)], cwd=folder))
    return {estate: set(ids) for estate, ids in found.items()}


def _installed(name: str, install) -> Path:
    folder = cache_root() / "side-by-side" / name
    made_once(folder, install, waiting_for=name)
    return folder


def _run(command: list[str], variables: dict[str, str] | None = None, *, cwd: Path | None = None, fails_with: int = 0) -> str:
    done = subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in (0, fails_with):
        raise SystemExit(f"`{' '.join(command[:3])} …` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
