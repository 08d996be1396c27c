"""Starting, finding and stopping a local AWS; two of them side by side."""

import socket
import stat
from pathlib import Path

import pytest

from localcloud.aws import environments, process
from localcloud.errors import LocalCloudError


def test_a_started_cloud_is_found_and_a_stopped_one_is_not(own_cloud):
    running = own_cloud().running

    found = process.find(running.directory)
    process.stop(running)

    assert found == running
    assert process.find(running.directory) is None


def test_starting_again_in_the_same_folder_gives_the_cloud_that_runs(own_cloud):
    first = own_cloud().running

    assert process.start(first.directory, 1) == first


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(LocalCloudError, match=f"port {port} .* cannot be used"):
            process.start(tmp_path, port)


def test_a_server_that_ends_at_once_is_quoted(tmp_path, free_port):
    with pytest.raises(LocalCloudError, match="could not convert string to float"):
        process.start(tmp_path, free_port(), settings={"ROTATION_RETRY_SECONDS": "soon"})


def test_two_clouds_do_not_see_each_other(own_cloud, refused):
    one, other = own_cloud("one"), own_cloud("other")
    secret = one.secret("first")

    with refused("ResourceNotFoundException"):
        other.client("secretsmanager").get_secret_value(SecretId=secret)
    with refused("UnrecognizedClientException"):
        key = one.administrator
        other.client("secretsmanager", key.access_key_id, key.secret_access_key).list_secrets()


def test_what_lies_in_the_folder_is_its_owners_alone(own_cloud):
    cloud = own_cloud()
    cloud.secret("first")
    process.stop(cloud.running)

    modes = {file: stat.S_IMODE(file.stat().st_mode) for file in cloud.running.directory.rglob("*")}
    assert not [str(file) for file, mode in modes.items() if mode & 0o077]


def test_a_damaged_administrator_file_says_the_way_out(own_cloud):
    cloud = own_cloud()
    (cloud.running.directory / "administrator.json").write_text("{")

    with pytest.raises(LocalCloudError, match="start it again"):
        process.administrator(cloud.running)


def test_a_lost_administrator_file_is_made_anew_at_the_next_start(own_cloud, refused):
    cloud = own_cloud()
    (cloud.running.directory / "administrator.json").unlink()
    process.stop(cloud.running)

    again = own_cloud()

    assert again.client("sts").get_caller_identity()["Arn"].endswith(":user/administrator")
    lost = cloud.administrator
    with refused("InvalidClientTokenId"):
        again.client("sts", lost.access_key_id, lost.secret_access_key).get_caller_identity()


def test_a_secret_key_is_not_printed():
    assert "hidden" not in repr(process.Credentials("AKIA", "hidden"))


def test_nothing_is_left_in_the_cache_when_an_installation_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path))
    monkeypatch.setattr(environments, "_LOCKS", {"server": tmp_path / "lock"})
    (tmp_path / "lock").write_text("ministack==1.5.33\n")

    with pytest.raises(LocalCloudError, match="could not be installed"):
        environments.prepare()

    assert [left for left in (tmp_path / "aws").iterdir() if left.suffix != ".lock"] == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KEYTURN_CACHE", str(tmp_path / "file"))

    with pytest.raises(LocalCloudError, match="KEYTURN_CACHE"):
        environments.prepare()


def test_the_server_listens_on_loopback_only(cloud):
    links = [str(link.readlink()) for link in Path(f"/proc/{cloud.running.pid}/fd").iterdir()]
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]

    listening = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in links]

    assert listening == [f"0100007F:{cloud.running.port:04X}"]


def test_another_clone_with_the_same_locks_finds_the_environments(tmp_path, monkeypatch):
    prepared = environments.prepare()
    linked = tmp_path / "python"
    linked.symlink_to(Path(environments.sys.executable).resolve())
    monkeypatch.setattr(environments.sys, "executable", str(linked))

    assert environments.prepare() == prepared
