import { COMPLETE } from "./typed_words.ts";

/**
 * bash 3.2 and newer, without the package bash-completion. bash takes words apart at `=` and `:` (COMP_WORDBREAKS), so
 * the whole line is passed on, and what stands before them is taken off the answers.
 */
const BASH = String.raw`# Completion of capstan for bash: eval "$(capstan completions bash)"

_capstan_ask() {
  case $1 in
    */*) "\${1/#\~\//$HOME/}" ${COMPLETE} --line "$2" 2>/dev/null ;;
    *) capstan ${COMPLETE} --line "$2" 2>/dev/null ;;
  esac
}

_capstan() {
  local line=\${COMP_LINE:0:COMP_POINT}
  local word=\${line##*[[:space:]]} answer path
  local head=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r answer; do
    case $answer in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local kind=-f
        [ "$answer" = :folders ] && kind=-d
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$kind" -- "\${word#"$head"}")
        ;;
      *)
        answer=\${answer%%$'\t'*}
        COMPREPLY+=("\${answer#"$head"}")
        ;;
    esac
  done < <(_capstan_ask "$1" "$line")
}

complete -F _capstan capstan
`.replaceAll("\\${", "${");

const ZSH = String.raw`#compdef capstan
# Completion of capstan for zsh: eval "$(capstan completions zsh)", behind compinit; or as a file _capstan in $fpath.

_capstan() {
  local program=\${\${(Q)words[1]}/#\~\//$HOME/} answer
  local -a described
  for answer in "\${(@f)$("$program" ${COMPLETE} -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    case $answer in
      '') ;;
      :files) compset -P '--*='; _files ;;
      :folders) compset -P '--*='; _files -/ ;;
      *$'\t'*) described+=("\${\${answer%%$'\t'*}//:/\\:}:\${answer#*$'\t'}") ;;
      *) described+=("\${answer//:/\\:}") ;;
    esac
  done
  (( $#described )) && _describe capstan described
}

if [ "$funcstack[1]" = _capstan ]; then
  _capstan "$@"
else
  compdef _capstan capstan
fi
`.replaceAll("\\${", "${");

const FISH = String
  .raw`# Completion of capstan for fish: capstan completions fish > ~/.config/fish/completions/capstan.fish

function __capstan_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for answer in ($program ${COMPLETE} -- $words[2..-1] "$current" 2>/dev/null)
        set -l head (string match -r -- '^--[^=]+=' "$current")
        set -l rest (string replace -r -- '^--[^=]+=' '' "$current")
        switch $answer
            case :files
                for path in (__fish_complete_path "$rest")
                    echo "$head$path"
                end
            case :folders
                for path in (__fish_complete_directories "$rest")
                    echo "$head$path"
                end
            case '*'
                echo $answer
        end
    end
end

complete -c capstan -f -a '(__capstan_complete)'
`;

/** For each shell what it must be told. */
export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
