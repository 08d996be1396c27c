"""The example in the docs: what the gate writes about a made-up pull request. `python -m tests.policies.gate.example` writes it anew."""

from pathlib import Path

from policies.gate.junit import junit
from policies.gate.markdown import comment
from policies.gate.pages import Pages
from policies.gate.sarif import sarif
from tests.policies.gate.records import exempt, finding, judgement, record, row, urn

_HERE = Path(__file__).parent
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

_SHARED = finding(
    rule="secret-has-one-reader",
    title="A secret has one reader",
    group="Sharing",
    text='Secret "database" is read by Role "reports" (through RolePolicy "reports-reads"), which belongs to another service: '
    "no exception names it",
    mend="Give each service a secret of its own (two services on one database have two users), or name the reader in the exceptions of "
    "ServiceAccess with a reason and an end date.",
)
_UNROTATED = finding("webhook")
_PLAINTEXT = finding(
    rule="no-plaintext-value",
    title="No secret's value is written into the program",
    severity="critical",
    group="Exposure",
    urn=urn("seed", of="aws:secretsmanager/secretVersion:SecretVersion"),
    resource='SecretVersion "seed"',
    property="secretString",
    text='the value of SecretVersion "seed" is written into the program',
    mend="Leave the value out: the first rotation mints it, or a person sets it out of band.",
)
_UNDECIDED = finding(
    rule="decrypt-is-scoped",
    title="Decryption is scoped",
    group="Least privilege",
    level="advisory",
    answer="cannot decide",
    urn=urn("billing-reads", of=_ROLE_POLICY),
    resource='RolePolicy "billing-reads"',
    property="policy",
    text='which keys RolePolicy "billing-reads" lets decrypt: its document is not known yet',
    mend="Write the document with pulumi.Output.json_dumps instead of get_policy_document.",
)
_KNOWN = finding("reporting", status="baseline", level="advisory")

_BEFORE = judgement(
    record(access=[row(), row(access="rotate"), row("prod/search", "prod/search/api-key")]),
    record(stack="staging", environment="staging", access=[row("staging/billing", "staging/billing/database")]),
)
_AFTER = judgement(
    record(
        _SHARED,
        _UNROTATED,
        _PLAINTEXT,
        _UNDECIDED,
        exempt(),
        _KNOWN,
        access=[row(), row(access="rotate"), row("prod/reports", through='RolePolicy "reports-reads"')],
    ),
    record(stack="staging", environment="staging", access=[row("staging/billing", "staging/billing/database")]),
)


def files() -> dict[Path, str]:
    """Gives the files of the example by their paths. SARIF and JUnit are without the rules that found nothing."""
    return {
        _HERE.parents[2] / "examples/pull_request_gate/comment.md": comment(
            _AFTER, _BEFORE, Pages("https://example.com/keyturn/docs/policies")
        ),
        _HERE / "golden/secrets.sarif": sarif(_AFTER, [], location="infra/Pulumi.yaml"),
        _HERE / "golden/secrets.junit.xml": junit(_AFTER, []),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
