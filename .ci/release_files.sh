#!/bin/sh
# What a release has beside its executables, made by one of them: the manual, completion scripts, licences, the bill of
# materials, the install script, and last the checksums of all of it.
#   .ci/release_files.sh PROGRAM FOLDER
set -eu

program=$1
folder=$2

"$program" man >"$folder/capstan.1"
for shell in bash zsh fish; do "$program" completions "$shell" >"$folder/capstan-completion.$shell"; done
"$program" licenses --text >"$folder/LICENSES.txt"
"$program" licenses --sbom >"$folder/capstan.cdx.json"
cp "$(dirname "$0")/install.sh" "$folder/"
cd "$folder"
rm -f SHA256SUMS
sha256sum -- * >.sums
mv .sums SHA256SUMS
