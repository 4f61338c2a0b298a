# Completion of capstan for fish: capstan completions fish > ~/.config/fish/completions/capstan.fish

function __capstan_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for answer in ($program __complete -- $words[2..-1] "$current" 2>/dev/null)
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
