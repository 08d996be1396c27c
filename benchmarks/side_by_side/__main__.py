"""What other tools catch of the defects that our rules catch: the same estate, expressed for each tool, with one defect after another.

A defect counts as caught when the tool finds something in the estate with the defect that it does not find in the sound one. Writes
docs/side-by-side.md. Repeat it with: python -m benchmarks.side_by_side
"""

import tempfile
from pathlib import Path

from benchmarks.side_by_side import cloudformation, terraform, tools
from policies.pack.finding import Answer
from policies.rules import rules
from tests.policies import compliant
from tests.policies.test_every_rule_bites import MUTATIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "side-by-side.md"
_HEAD = f"""<!-- Written by `python -m benchmarks.side_by_side`. Edit there. -->

# Side by side
The same estate, expressed for each tool: a secret of production with its key, policy, rotation, reader, trail and alarm, its delivery to
Kubernetes and a policy of Vault. Each row changes one thing in it. A tool catches the defect when it finds something that it does not
find in the sound estate; what it finds is named, and whether that is the point is yours to judge: some are neighbours of the defect.

- Keyturn judges the first preview of a Pulumi program, in which no ARN is known yet. The defects are those of its own rules, so its column
  is full by construction; "cannot decide" is a finding that some rules only show. What the others see of them is the news here.
- Checkov {tools.CHECKOV} and Trivy {tools.TRIVY} read Terraform files and Kubernetes manifests (`benchmarks/side_by_side/terraform.py`).
- cdk-nag {tools.CDK_NAG} reads CloudFormation templates: AwsSolutions, NIST 800-53 R5 and PCI DSS 3.2.1 (`cloudformation.py` beside it);
  n/a is what CloudFormation does not express.

Other things these tools find, and they find many, are not the subject here. Repeat it with `python -m benchmarks.side_by_side`.

| defect | Keyturn | Checkov | Trivy | cdk-nag |
|---|---|---|---|---|
"""


def main() -> None:
    """Runs all tools over all estates and writes the page."""
    with tempfile.TemporaryDirectory(prefix="keyturn-side-by-side-") as scratch:
        estates, templates = Path(scratch) / "estates", Path(scratch) / "templates"
        _write_estates(estates)
        templates.mkdir()
        for name, text in cloudformation.templates().items():
            (templates / f"{name}.json").write_text(text)
        others = [tools.checkov(estates), tools.trivy(estates), tools.cdk_nag(templates)]
    expressed = [terraform.DEFECTS, terraform.DEFECTS, cloudformation.templates()]
    ours = _ours()
    rows, counts = [], [0] * 4
    for rule in terraform.DEFECTS:
        cells = [ours[rule]]
        for found, known in zip(others, expressed, strict=True):
            ids = sorted(found.get(rule, set()) - found.get("sound", set()))
            cells.append(", ".join(ids) if ids else "missed" if rule in known else "n/a")
        counts = [count + (cell not in ("missed", "n/a")) for count, cell in zip(counts, cells, strict=True)]
        rows.append(f"| [{rule}](policies/{rule}.md) | {' | '.join(cells)} |")
    total = f"| **of {len(rows)}** | {' | '.join(f'**{count}**' for count in counts)} |"
    PAGE.write_text(f"{_HEAD}{chr(10).join(rows)}\n{total}\n")
    print(f"wrote {PAGE.name}: Keyturn, Checkov, Trivy, cdk-nag catch {', '.join(map(str, counts))} of {len(rows)}")


def _write_estates(folder: Path) -> None:
    for name, changed in {"sound": {}, **terraform.DEFECTS}.items():
        for file, text in {**terraform.SOUND, **changed}.items():
            if text:
                path = folder / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)


def _ours() -> dict[str, str]:
    """Gives by rule what it answers to the estate with its defect, `missed` when it is silent there or speaks about the sound one, too."""
    by_name = {rule.name: rule for rule in rules()}
    caught = {}
    for (name, _), change in MUTATIONS.items():
        sound, broken = compliant.estate(), compliant.estate()
        change(broken)
        answers = {finding.answer for finding in by_name[name].findings(broken.stack())}
        gravest = next((answer.value for answer in Answer if answer in answers), "missed")
        caught[name] = "missed" if by_name[name].findings(sound.stack()) else gravest
    return caught


if __name__ == "__main__":
    main()
