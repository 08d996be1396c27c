"""Another ministack is refused when the server starts, and the message names what is missing in it."""

import re
import subprocess
from pathlib import Path

from localcloud.aws import environments

ROOT = Path(__file__).parents[3]


def checked_after(change):
    code = f"import sys; sys.path.append({str(ROOT)!r}); from localcloud.aws import internals; {change}; internals.check()"
    interpreter = environments.python(environments.prepare(), "server")
    return subprocess.run([str(interpreter), "-I", "-c", code], check=False, capture_output=True, text=True)


def test_the_locked_version_passes():
    assert checked_after("pass").returncode == 0


def test_another_version_is_refused():
    done = checked_after("internals.VERSION = '1.5.32'")

    assert done.returncode == 1
    assert "made for ministack 1.5.32 and found 1.5.33; missing in it: nothing" in done.stderr


def test_a_missing_name_is_named():
    done = checked_after("internals._NEEDED['ministack.services.kms'] = '_resolve_key _gone'")

    assert done.returncode == 1
    assert "missing in it: ministack.services.kms._gone" in done.stderr


def test_every_internal_name_that_is_used_is_checked():
    from localcloud.aws import internals

    checked = " ".join(internals._NEEDED.values()).split()
    used = set()
    for file in (ROOT / "localcloud" / "aws").glob("*.py"):
        source = file.read_text()
        imported = re.findall(r"^from ministack(?:\.\w+)? import (.+)$", source, re.MULTILINE)
        modules = [name.split(" as ")[-1].strip() for line in imported for name in line.split(",")]
        for module in modules:
            used |= set(re.findall(rf"(?<![\w.\"]){module}\.(_\w+)", source))

    assert used
    assert used <= set(checked)
