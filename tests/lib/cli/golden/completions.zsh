#compdef capstan
# Completion of capstan for zsh: eval "$(capstan completions zsh)", behind compinit; or as a file _capstan in $fpath.

_capstan() {
  local program=${${(Q)words[1]}/#\~\//$HOME/} answer
  local -a described
  for answer in "${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    case $answer in
      '') ;;
      :files) compset -P '--*='; _files ;;
      :folders) compset -P '--*='; _files -/ ;;
      *$'\t'*) described+=("${${answer%%$'\t'*}//:/\\:}:${answer#*$'\t'}") ;;
      *) described+=("${answer//:/\\:}") ;;
    esac
  done
  (( $#described )) && _describe capstan described
}

if [ "$funcstack[1]" = _capstan ]; then
  _capstan "$@"
else
  compdef _capstan capstan
fi
