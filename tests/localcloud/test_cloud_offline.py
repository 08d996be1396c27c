import pytest

from localcloud import environment, offline
from localcloud.errors import LocalCloudError


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  keyturn:environment: dev\n")
    return tmp_path


def test_a_stack_that_is_not_there_is_named_with_those_that_are(directory, project):
    with pytest.raises(LocalCloudError, match=r"there is no Pulumi.prd.yaml for the stack `prd`. There are: dev."):
        offline.preview(directory, "prd", project=project)


def test_encrypted_values_are_named_by_their_path_and_never_shown(directory, project):
    (project / "Pulumi.dev.yaml").write_text(
        "secretsprovider: awskms://alias/state\n"
        "config: {shop:token: {secure: AAABAciphertext}, shop:list: [{inner: {secure: AAABAciphertext}}]}\n"
    )

    with pytest.raises(LocalCloudError) as refused:
        offline.preview(directory, "dev", project=project)

    assert "cannot be decrypted offline: shop:token, shop:list.0.inner" in str(refused.value)
    assert "ciphertext" not in str(refused.value)


@pytest.mark.parametrize("text", ["config: [", "- a list"])
def test_a_stack_file_of_another_form_is_named(directory, project, text):
    (project / "Pulumi.dev.yaml").write_text(text)

    with pytest.raises(LocalCloudError, match=r"Pulumi.dev.yaml (is not YAML|must hold a mapping)"):
        offline.preview(directory, "dev", project=project)


def test_no_credential_of_the_person_reaches_an_offline_preview(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "the person's")

    variables = environment.applied({"PATH": "/engine", "KEYTURN_OFFLINE": "1"}, offline=True)

    assert "the person's" not in variables.values()
    assert variables["KEYTURN_OFFLINE"] == "1"
