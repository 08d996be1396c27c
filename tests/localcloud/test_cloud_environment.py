import subprocess
from pathlib import Path

from localcloud import environment


def test_a_shell_evaluates_the_exports_whatever_is_in_the_values():
    variables = {"PATH": "/a folder/bin", "PULUMI_BACKEND_URL": "file:///with 'quotes' $(and more)"}

    script = environment.exports(variables) + '\nprintf "%s\\n" "$PATH" "$PULUMI_BACKEND_URL"'
    printed = subprocess.run(["/bin/sh", "-c", script], env={"PATH": "/before"}, capture_output=True, text=True, check=True).stdout

    assert printed.splitlines() == ["/a folder/bin:/before", "file:///with 'quotes' $(and more)"]


def test_a_profile_or_session_of_the_person_does_not_get_in_between(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of another session")

    applied = environment.applied({"PATH": "/engine", "AWS_ACCESS_KEY_ID": "LOCAL"})
    exported = environment.exports({"PATH": "/engine"})

    assert "AWS_PROFILE" not in applied
    assert "AWS_SESSION_TOKEN" not in applied
    assert applied["PATH"].startswith("/engine:")
    assert exported.startswith("unset AWS_PROFILE AWS_SESSION_TOKEN")


def test_previews_find_the_stand_ins_of_five_providers(directory, tmp_path):
    variables = environment.offline(directory, tmp_path)

    plugins = Path(variables["PULUMI_HOME"]) / "plugins"
    offered = sorted(plugin.name.rpartition("-v")[0] for plugin in plugins.glob("resource-*"))
    assert offered == ["resource-aws", "resource-kubernetes", "resource-random", "resource-tls", "resource-vault"]
    assert all(executable.exists() for executable in plugins.glob("resource-*/*"))
