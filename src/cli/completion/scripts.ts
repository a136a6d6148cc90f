/** What a shell is told: to ask `longshore complete` for each word. */
export const SCRIPTS = {
  bash: `# longshore completion for bash. Put this into ~/.bashrc: eval "$(longshore completion bash)"
_longshore() {
  local line IFS=$'\\n'
  COMPREPLY=()
  for line in $("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null); do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done
}
complete -o default -F _longshore longshore
`,
  zsh: `#compdef longshore
# longshore completion for zsh. Put this into ~/.zshrc, after compinit: eval "$(longshore completion zsh)"
_longshore() {
  local line
  local -a found
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    [[ -z $line ]] && continue
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then _describe 'longshore' found; else _files; fi
}
compdef _longshore longshore
`,
  fish: `# longshore completion for fish. Put this into ~/.config/fish/config.fish: longshore completion fish | source
function __longshore_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  $program complete -- $words (commandline -ct) 2> /dev/null
end
complete -c longshore -a '(__longshore_complete)'
`,
} as const;
