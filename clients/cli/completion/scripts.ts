/** The shells that can complete. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** One of the shells above. */
export type Shell = (typeof shells)[number];

/**
 * What a shell runs to complete the lines of this program. All three ask the program itself (`__complete`), so they
 * know what the tables know. `:files` in an answer stands for the shell's own completion of files.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `_runspace() {
  local line words=() answer=()
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while IFS= read -r line; do answer+=("$line"); done < <(runspace __complete -- "\${words[@]}" 2>/dev/null)
  if [[ \${answer[0]} == :files ]]; then
    compopt -o default
    COMPREPLY=()
  else
    COMPREPLY=()
    for line in "\${answer[@]}"; do COMPREPLY+=("$(printf %q "$line")"); done
  fi
}
complete -F _runspace runspace
`,
  zsh: `#compdef runspace
_runspace() {
  local -a answer
  answer=("\${(@f)$(runspace __complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  if [[ \${answer[1]} == :files ]]; then
    _files
  else
    compadd -- "\${answer[@]}"
  fi
}
if [[ $funcstack[1] == _runspace ]]; then _runspace "$@"; else compdef _runspace runspace; fi
`,
  fish: `function __runspace_complete
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  set -l answer (runspace __complete -- $words 2>/dev/null)
  if test "$answer[1]" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $answer
  end
end
complete -c runspace -f -a '(__runspace_complete)'
`,
};
