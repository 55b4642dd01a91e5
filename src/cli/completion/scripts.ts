/** What a shell reads to complete command lines: it asks berth itself what may stand there, by its name. */
export const SCRIPTS: Record<string, string> = {
  bash: `_berth() {
  local line=\${COMP_LINE:0:COMP_POINT} before
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  mapfile -t COMPREPLY < <(berth completion bash -- "\${words[@]:1}" 2>/dev/null)
  # Readline takes ":" and "=" for the end of a word, and replaces only what comes after it.
  before=\${words[-1]}
  before=\${before%"\${before##*[:=]}"}
  COMPREPLY=("\${COMPREPLY[@]#"$before"}")
}
complete -o default -F _berth berth`,

  zsh: `#compdef berth
_berth() {
  local -a found
  found=(\${(f)"$(berth completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
if [[ $funcstack[1] == _berth ]]; then _berth; else compdef _berth berth; fi`,

  fish: `function __berth_words
    set --local words (commandline -opc)
    set --local found (berth completion fish -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if set --query found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command berth --no-files --arguments '(__berth_words)'`,
};
