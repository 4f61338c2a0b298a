# Completion of capstan for bash: eval "$(capstan completions bash)"

_capstan_ask() {
  case $1 in
    */*) "${1/#\~\//$HOME/}" __complete --line "$2" 2>/dev/null ;;
    *) capstan __complete --line "$2" 2>/dev/null ;;
  esac
}

_capstan() {
  local line=${COMP_LINE:0:COMP_POINT}
  local word=${line##*[[:space:]]} answer path
  local head=${word%"${word##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r answer; do
    case $answer in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local kind=-f
        [ "$answer" = :folders ] && kind=-d
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$kind" -- "${word#"$head"}")
        ;;
      *)
        answer=${answer%%$'\t'*}
        COMPREPLY+=("${answer#"$head"}")
        ;;
    esac
  done < <(_capstan_ask "$1" "$line")
}

complete -F _capstan capstan
