"""Writes the generated pages: `python -m docs`; with `--check` it says which are stale and changes nothing."""

import argparse
import sys
from pathlib import Path

from docs._components import components_page
from docs._policies import policy_pages

HERE = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Gives every generated page, by where it stands."""
    return {HERE / "components.md": components_page(), **{HERE / "policies" / name: text for name, text in policy_pages().items()}}


def main() -> int:
    """Writes the pages, or compares them."""
    parser = argparse.ArgumentParser(prog="python -m docs", description="Write the generated pages under docs/ anew.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when a page is stale")
    check = parser.parse_args().check
    wanted = pages()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in (HERE / "policies").glob("*.md") if path not in wanted]
    if check:
        for path in stale:
            print(f"docs/{path.relative_to(HERE)} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path])
        else:
            path.unlink()
        print(f"docs/{path.relative_to(HERE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
