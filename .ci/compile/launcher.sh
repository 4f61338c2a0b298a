#!/bin/sh
# Capstan @VERSION@. A script with an archive behind it: the first start unpacks it, later ones run what is unpacked.
set -eu
id=@ID@
sha256=@SHA256@
bytes=@BYTES@
behind=@BEHIND@

fail() {
  echo "capstan: $1" >&2
  exit 1
}

checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256 "$1"
  else openssl dgst -sha256 -r "$1"
  fi | cut -d ' ' -f 1
}

# A folder of this user's own that can be written to; the caller tries the next one where it can't.
usable() {
  mkdir -p "$1" 2>/dev/null && [ -O "$1" ] && [ -w "$1" ] || return 1
  chmod 700 "$1" 2>/dev/null
}

# Into a folder beside, checked, and then under its name at once: of several first starts one wins, none sees half of it.
unpack() {
  work=$(mktemp -d "$1/.unpack.XXXXXX") || return 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  tail -c +"$behind" "$0" >"$work/archive" || return 1
  if [ "$(wc -c <"$work/archive" | tr -d ' ')" != "$bytes" ] || [ "$(checksum "$work/archive")" != "$sha256" ]; then
    fail "Cannot start: $0 is damaged or incomplete; download it again"
  fi
  mkdir "$work/$id" && gzip -dc <"$work/archive" | tar -x -f - -C "$work/$id" || return 1
  # A place whose files may not be executed is no place for it.
  "$work/$id/deno" --version >/dev/null 2>&1 || return 1
  echo "$sha256" >"$work/$id/ok"
  mv "$work/$id" "$1/" 2>/dev/null || [ -f "$1/$id/ok" ] || return 1
  rm -rf "$work"
  trap - EXIT INT TERM HUP
  # Versions nobody started for a month.
  find "$1" -mindepth 2 -maxdepth 2 -name ok -mtime +30 2>/dev/null | while read -r old; do rm -rf "${old%/ok}"; done
  find "$1" -mindepth 1 -maxdepth 1 -name '.unpack.*' -mtime +1 -exec rm -rf {} + 2>/dev/null || true
}

root=
for base in "${CAPSTAN_CACHE:-}" "${XDG_CACHE_HOME:+$XDG_CACHE_HOME/capstan}" "${HOME:+$HOME/.cache/capstan}" \
  "${TMPDIR:-/tmp}/capstan-$(id -u)"; do
  [ -n "$base" ] || continue
  if [ -f "$base/$id/ok" ] && [ -O "$base/$id/ok" ] && [ -x "$base/$id/deno" ]; then
    touch -c "$base/$id/ok" 2>/dev/null || true
  elif ! { usable "$base" && unpack "$base"; }; then
    continue
  fi
  root=$base
  break
done
[ -n "$root" ] || fail "Cannot start: no folder to unpack into; set CAPSTAN_CACHE to one that can be written to"

export DENO_DIR="${DENO_DIR:-$root/$id/deno-cache}" DENO_NO_UPDATE_CHECK=1
# Plugins' authors have their types checked and their tests run by the deno in here; no other command starts programs.
case "${1-} ${2-}" in
  "plugins check" | "plugins test") starts="--allow-run=$(cd "$root/$id" && pwd -P)/deno" ;;
  *) starts= ;;
esac
exec "$root/$id/deno" run --quiet --no-config --no-lock --node-modules-dir=manual @PERMISSIONS@ \
  ${starts:+"$starts"} "$root/$id/main.js" "$@"
