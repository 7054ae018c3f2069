#!/bin/sh
# Installs a full PowerShell of this version into a folder, as a tool of the .NET SDK, for the tests that need its
# cmdlets and formatters. Without an SDK or a network it leaves it out: those tests are then skipped and say so (in CI,
# where nothing may be skipped, they fail).
set -eu
version=$1
folder=$2
dotnet --list-sdks 2>/dev/null | grep -q . || exit 0
[ "$("$folder/pwsh" --version 2>/dev/null)" != "PowerShell $version" ] || exit 0
rm -rf "$folder"
echo "installing PowerShell $version"
dotnet tool install PowerShell --version "$version" --tool-path "$folder" >/dev/null ||
  echo "could not install PowerShell $version" >&2
