# SPDX-License-Identifier: MIT
# Completion for guestcore in bash.  What there is, the program says itself.

_guestcore()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local program=${COMP_WORDS[0]} words=

    # bash makes three words of --format=elf.
    if [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    elif [ "$word" = = ]; then
        word=
    fi
    case $before in
    --format)
        words=$("$program" --list 2>/dev/null | sed -n 's/^format //p') ;;
    *)
        if [ "$COMP_CWORD" -eq 1 ]; then
            words="--help --version --list "
            words+=$("$program" --list 2>/dev/null | sed -n 's/^command //p')
        elif [[ $word == -* ]]; then
            words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
                    sed -nE 's/^ +(-[a-zA-Z], )?(--[a-z-]+).*/\2/p')
        fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _guestcore guestcore
