"""Authorities that travel with a function: valid today, certificates only, and named when they are not."""

import pytest

from components._bundle import BundleError
from components._certificates import authorities
from tests.components.code_of_functions import a_private_key, write_certificate


def test_an_authority_is_given_as_it_stands(authority):
    assert authorities(authority) == authority.read_bytes()


def test_a_file_may_hold_several(tmp_path, authority):
    both = tmp_path / "both.pem"
    both.write_bytes(b"# two of them\n" + authority.read_bytes() + write_certificate(tmp_path / "second.pem").read_bytes())

    assert authorities(both) == both.read_bytes()


def test_an_expired_authority_is_refused_by_name_and_date(tmp_path):
    expired = write_certificate(tmp_path / "old.pem", expired=True, name="RDS Root 2019")

    with pytest.raises(BundleError, match=r"old\.pem holds the authority commonName=RDS Root 2019, which expired on 2020-03-01"):
        authorities(expired)


def test_one_expired_authority_among_others_is_refused_too(tmp_path, authority):
    mixed = tmp_path / "mixed.pem"
    mixed.write_bytes(authority.read_bytes() + write_certificate(tmp_path / "old.pem", expired=True).read_bytes())

    with pytest.raises(BundleError, match="which expired on 2020-03-01"):
        authorities(mixed)


def test_a_servers_own_certificate_is_no_authority(tmp_path):
    server = write_certificate(tmp_path / "server.pem", authority=False)

    with pytest.raises(BundleError, match=r"server\.pem holds a certificate that is no authority; give the one that signs"):
        authorities(server)


@pytest.mark.parametrize("part", [slice(None), slice(None, -30)], ids=["whole", "half"])
def test_a_private_key_never_gets_into_a_bundle(tmp_path, authority, part):
    both = tmp_path / "both.pem"
    both.write_bytes(authority.read_bytes() + a_private_key()[part])

    with pytest.raises(BundleError, match=r"both\.pem holds a PRIVATE KEY"):
        authorities(both)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
        "-----BEGIN X509 CRL-----\nbm9uZQ==\n-----END X509 CRL-----\n",
    ],
)
def test_what_is_no_certificate_is_refused_by_path(tmp_path, content):
    file = tmp_path / "authority.pem"
    file.write_text(content)

    with pytest.raises(BundleError, match=r"authority\.pem"):
        authorities(file)


def test_a_missing_certificate_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"nowhere\.pem does not exist"):
        authorities(tmp_path / "nowhere.pem")
