# Completion of depesha's commands, options and formats for bash:
# source this file, or install it as share/bash-completion/completions/depesha.

_depesha() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} words=''
    local many='--from --files-from --null --jobs --progress --no-progress --summary --max-bytes --no-sandbox'
    COMPREPLY=()

    # bash cuts --format=json into three words
    [[ $current == = ]] && current=''
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}

    if ((COMP_CWORD == 1)); then
        words='parse check explain grammar generate --version --help'
    else
        case $command:$previous in
        parse:-f | parse:--format) words='json ndjson leaves' ;;
        check:-f | check:--format) words='text json github junit sarif' ;;
        check:-s | check:--severity) words='note warning error' ;;
        check:--only | check:--disable | check:--explain)
            words=$(depesha check --explain all 2>/dev/null | awk '{ print $1 }')
            ;;
        grammar:grammar) words='list show check' ;;
        generate:-f | generate:--format) words='text ndjson' ;;
        generate:--form) words=$(depesha grammar list 2>/dev/null | awk '/^fields/ { exit } NF > 1 && /^  / { print $1 }') ;;
        generate:-n | generate:--count | generate:-s | generate:--seed | generate:--damage | generate:--language) return ;;
        explain:-w | explain:--why-not | grammar:show | generate:--production)
            # field 2 of a line of the list, or the only one, is a name
            words=$(depesha grammar list 2>/dev/null | awk '{ print $(NF > 1 ? 2 : 1) }')
            [[ $command:$current == grammar:-* ]] && words='--grammar --text --output --help'
            ;;
        explain:-l | explain:--line | *:--max-bytes | *:-j | *:--jobs) return ;;
        parse:--from | check:--from) words='text ndjson tar' ;;
        *:-g | *:--grammar | *:-o | *:--output | *:--files-from) ;;
        parse:*) words="--format --evidence --grammar --output --resume $many --help" ;;
        check:*) words="--severity --only --disable --explain --diff --fix --format --grammar --output $many --help" ;;
        explain:*) words='--why-not --line --grammar --output --max-bytes --no-sandbox --help' ;;
        generate:*) words='--count --seed --form --production --language --damage --record --format --grammar --output --help' ;;
        grammar:*) words='--grammar --text --output --help' ;;
        esac
        # options only where one has been begun; files otherwise
        [[ $words == --* && $current != -* ]] && words=''
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    [[ -z $words ]] && compopt -o default 2>/dev/null
    return 0
}

complete -F _depesha depesha
