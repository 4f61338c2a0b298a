#!/bin/sh
# Installs Capstan from a folder or an address that holds a release: the executables and SHA256SUMS.
#   sh install.sh [FROM] [TO]
# FROM: https://… or a folder; default: the folder this script is in. TO: default ~/.local/bin.
set -eu

fail() {
  echo "install: $1" >&2
  exit 1
}

from=${1:-$(dirname "$0")}
to=${2:-${HOME:?install: set HOME, or say where to install}/.local/bin}

case "$(uname -s)" in
  Linux) system=unknown-linux-gnu ;;
  Darwin) system=apple-darwin ;;
  *) fail "Cannot install on $(uname -s): take the executable for Windows from the release" ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) fail "Cannot install on $(uname -m): there are executables for x86_64 and aarch64" ;;
esac
name=capstan-$machine-$system

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$name" SHA256SUMS; do
  case "$from" in
    http://* | https://*) curl -fsSL -o "$work/$file" "$from/$file" || fail "Cannot get $from/$file" ;;
    *) cp "$from/$file" "$work/$file" || fail "Cannot get $from/$file" ;;
  esac
done

wanted=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "Cannot check $name: SHA256SUMS does not name it"
if command -v sha256sum >/dev/null 2>&1; then found=$(sha256sum "$work/$name")
else found=$(shasum -a 256 "$work/$name")
fi
[ "${found%% *}" = "$wanted" ] || fail "Cannot install: the checksum of $name is ${found%% *}, not $wanted"

mkdir -p "$to"
chmod 755 "$work/$name"
# Under its name at once, so that nobody starts half of it.
mv "$work/$name" "$to/.capstan.new" && mv "$to/.capstan.new" "$to/capstan"
echo "installed $to/capstan"
case ":$PATH:" in
  *":$to:"*) ;;
  *) echo "add it to your PATH: export PATH=\"$to:\$PATH\"" ;;
esac
