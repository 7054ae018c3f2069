#!/bin/sh
# Installs the Debian packages that are missing of those it is given, where that can be done: as root, with apt.
# Elsewhere, and without a network, it leaves them out: tests that need one of them are then skipped and say so (in CI,
# where nothing may be skipped, they fail).
set -eu
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || exit 0
missing=
for package; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # One word each.
apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  echo "could not install$missing" >&2
