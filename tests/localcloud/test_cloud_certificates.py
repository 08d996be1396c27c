import datetime
import stat

from cryptography import x509

from localcloud import certificates
from localcloud.certificates import Authority


def test_the_authority_lives_as_long_as_its_folder(tmp_path):
    first = Authority(tmp_path / "certificates").certificate.read_bytes()

    again = Authority(tmp_path / "certificates").certificate.read_bytes()

    assert again == first


def test_private_keys_are_their_owners_alone(tmp_path):
    authority = Authority(tmp_path / "certificates")
    authority.server()
    authority.client("postgres")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in authority.folder.glob("*.key")}

    assert modes == {"ca.key": 0o600, "server.key": 0o600, "postgres.key": 0o600}


def test_a_certificate_is_kept_until_a_month_before_its_end(tmp_path, monkeypatch):
    authority = Authority(tmp_path / "certificates")
    first = authority.server().certificate.read_bytes()
    kept = authority.server().certificate.read_bytes()

    monkeypatch.setattr(certificates, "_RENEWAL", datetime.timedelta(days=366))
    renewed = authority.server().certificate.read_bytes()

    assert kept == first
    assert renewed != first


def test_a_lost_key_gets_its_certificate_anew(tmp_path):
    authority = Authority(tmp_path / "certificates")
    first = authority.server()
    lost = first.certificate.read_bytes()
    first.key.unlink()

    again = authority.server()

    assert again.certificate.read_bytes() != lost


def test_the_servers_certificate_is_for_localhost_and_signs_nothing(tmp_path):
    pair = Authority(tmp_path / "certificates").server()

    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
