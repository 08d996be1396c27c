#!/usr/bin/env bash
# The gate for any CI system: judges stacks, compares access with the base branch, writes the reports, and ends with the gate's exit code.
#
#   gate.sh STACK...
#
# It needs git, pulumi (3.255 or newer) and `pip install 'keyturn[gate,stack]'`, with the program's own environment active. Settings:
#   GATE_PROJECT   folder of the Pulumi project, from the repository's root. Default the root.
#   GATE_CONFIG    configuration of the rules, from the root. Default policies.json when it is there.
#   GATE_BASE      commit that access is compared with, e.g. origin/main. Default none: the comment then shows access as it is.
#   GATE_REPORTS   folder for comment.md, secrets.sarif, secrets.junit.xml and secrets.json. Default gate-reports.
#   GATE_PAGES     https address of the rules' pages, for links. Default none.
set -euo pipefail

if [ "$#" -eq 0 ]; then
  echo "usage: gate.sh STACK..." >&2
  exit 2
fi

root="$(git rev-parse --show-toplevel)"
cd "$root"
project="${GATE_PROJECT:-.}"
config="${GATE_CONFIG:-policies.json}"
reports="${GATE_REPORTS:-gate-reports}"
mkdir -p "$reports"
# What stands there is from another run, or from whoever opened the pull request.
rm -f "$reports"/{comment.md,secrets.sarif,secrets.junit.xml,secrets.json}

options=()
for stack in "$@"; do
  options+=(--stack "$stack")
done
if [ -n "${GATE_CONFIG:-}" ] || [ -f "$config" ]; then
  options+=(--config "$config")
fi

compared=()
if [ -n "${GATE_BASE:-}" ]; then
  base="$(mktemp -d)"
  # The tree may not be there yet when the script ends: then there is nothing to remove.
  trap 'git worktree remove --force "$base/tree" 2>/dev/null || true; rm -rf "$base"' EXIT
  git worktree add --quiet --detach "$base/tree" "$GATE_BASE"
  # What is found there was let in already: of interest is only who may do what. Whether it could be previewed, its file says.
  keyturn-gate preview "${options[@]}" --cwd "$base/tree/$project" --json "$base/before.json" >"$base/log" 2>&1 || true
  if [ -f "$base/before.json" ]; then
    compared=(--before "$base/before.json")
  else
    echo "gate.sh: the base could not be previewed, so access is shown as it is:" >&2
    cat "$base/log" >&2
  fi
fi

keyturn-gate preview "${options[@]}" ${compared[@]+"${compared[@]}"} --cwd "$project" \
  --markdown "$reports/comment.md" \
  --sarif "$reports/secrets.sarif" \
  --junit "$reports/secrets.junit.xml" \
  --json "$reports/secrets.json" \
  ${GATE_PAGES:+--pages "$GATE_PAGES"}
