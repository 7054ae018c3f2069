# What the interpreter is given before anything else (README.md). Its variables and functions begin with __runspace_; besides them
# there is one function, `trap`, since the shell's own trap on EXIT is how a session outlives `exit`, `set -e` and a stop.
__runspace_options=$SHELLOPTS
set +e +u +x +v +o posix
BASH_ARGV0=bash
# With execfail an `exec` that fails does not end the shell, which would be past saving.
builtin shopt -s expand_aliases execfail
__runspace_run= __runspace_phase=idle __runspace_status=0 __runspace_last_status= __runspace_tries=0
__runspace_exit_trap= __runspace_script= __runspace_positional=()

# Says something to the engine.
__runspace_say() { builtin printf '\0@SECRET@ %s\n' "$1" >&241; }

# A run begins: its number, the last exit code, the positional parameters. Returns that code, for the script to see.
__runspace_begin() {
  builtin trap '\__runspace_exit "$?"' EXIT
  __runspace_run=$1 __runspace_phase=run __runspace_tries=0 __runspace_last_status=
  __runspace_positional=("${@:3}")
  __runspace_say "{\"is\":\"started\",\"run\":$1}"
  builtin return "$2"
}

# The script has come to its end, and not failed with it: a trap on ERR is not to see that twice.
__runspace_last() { __runspace_last_status=$1; }

# A run has ended without ending the shell.
__runspace_end() {
  __runspace_phase=ending
  __runspace_done "${__runspace_last_status:-$1}" false
}

# Tells the end of a run: its exit code, and whether it has ended the shell.
__runspace_done() {
  if [[ -n $__runspace_run ]]; then
    builtin printf '\0@SECRET@ {"is":"mark","run":%d}\n' "$__runspace_run" >&242
    __runspace_say "{\"is\":\"done\",\"run\":$__runspace_run,\"exitCode\":$1,\"exited\":$2}"
  fi
  __runspace_run= __runspace_phase=idle __runspace_script=
}

# Tells what a word of a line may become: question $1, of kind $2, the word so far. In a subshell, so that nothing changes.
__runspace_complete() (
  builtin trap - EXIT ERR DEBUG RETURN
  builtin set +e +u +x +v
  \unalias -a
  case $2 in
    command) found=$(builtin compgen -c -- "$3") ;;
    variable) found=$(builtin compgen -v -- "$3") ;;
    folder) found=$(builtin compgen -d -S / -- "$3") ;;
    file)
      folders=$(builtin compgen -d -S / -- "$3")
      found=$folders$'\n'$(builtin compgen -f -- "$3" | while IFS= builtin read -r one; do
        case $'\n'$folders$'\n' in *$'\n'"$one/"$'\n'*) ;; *) builtin printf '%s\n' "$one" ;; esac
      done)
      ;;
    *) found= ;;
  esac
  found=${found//\\/\\\\}
  found=${found//\"/\\\"}
  found=${found//$'\n'/\\n}
  found=${found//[[:cntrl:]]/?}
  __runspace_say "{\"is\":\"completions\",\"id\":$1,\"texts\":\"$found\"}"
) </dev/null 2>/dev/null

# The session is to end.
__runspace_leave() {
  __runspace_phase=leaving
  builtin exit 0
}

# Keeps the trap on EXIT apart; all else is the shell's own.
trap() {
  if [[ ${1-} == -- ]]; then builtin shift; fi
  case ${1--p} in
    -l) builtin trap -l ;;
    -p*)
      if (($# < 2)); then builtin set -- -p; fi
      __runspace_traps=$(builtin trap "$@")
      if [[ $__runspace_traps == "trap -- '\\__runspace_exit "* ]]; then
        if [[ $__runspace_traps == *$'\n'* ]]; then __runspace_traps=${__runspace_traps#*$'\n'}; else __runspace_traps=; fi
        if [[ -n $__runspace_exit_trap ]]; then builtin printf 'trap -- %s EXIT\n' "${__runspace_exit_trap@Q}"; fi
      fi
      if [[ -n $__runspace_traps ]]; then builtin printf '%s\n' "$__runspace_traps"; fi
      ;;
    *)
      if [[ $BASHPID != "$$" ]]; then
        builtin trap -- "$@"
        builtin return
      fi
      if (($# == 1)); then builtin set -- - "$1"; fi
      __runspace_action=$1
      builtin shift
      __runspace_signals=()
      while (($# > 0)); do
        case $1 in
          0 | [Ee][Xx][Ii][Tt] | [Ss][Ii][Gg][Ee][Xx][Ii][Tt])
            if [[ $__runspace_action == - ]]; then __runspace_exit_trap=; else __runspace_exit_trap=$__runspace_action; fi
            ;;
          # To be without these again would last until the end of this function only.
          ERR | DEBUG | RETURN) if [[ $__runspace_action == - ]]; then builtin trap '' "$1"; else __runspace_signals+=("$1"); fi ;;
          *) __runspace_signals+=("$1") ;;
        esac
        builtin shift
      done
      if ((${#__runspace_signals[@]} > 0)); then builtin trap -- "$__runspace_action" "${__runspace_signals[@]}"; fi
      ;;
  esac
}

# The shell is about to end with this code. Where it is not to, another takes its place, with everything that it has.
__runspace_exit() {
  \unset -f builtin
  # What stops a command is not to end the shell while it ends itself.
  builtin trap : VTALRM
  __runspace_whole builtin trap -p
  __runspace_traps=${__runspace_text//"trap -- ':' SIGVTALRM"/}
  builtin trap : INT TERM
  __runspace_options=$SHELLOPTS __runspace_status=$1
  builtin set +e +u +x +v +o posix
  __runspace_tries=$((__runspace_tries + 1))
  if [[ $__runspace_phase == leaving ]]; then
    __runspace_fire "$1"
    builtin return
  fi
  # The runner may be gone: then our script is at its end, and nobody listens.
  if ((__runspace_tries > 5)) || ! builtin kill -0 "$PPID"; then builtin return; fi
  if [[ $__runspace_phase == run && -n $__runspace_exit_trap ]]; then
    builtin trap '\__runspace_recover 130' INT VTALRM
    if ! builtin declare -F exit >/dev/null; then
      __runspace_owns_exit=1
      exit() {
        if [[ $BASHPID == "$$" ]]; then __runspace_recover "${1-$?}"; fi
        builtin exit "$@"
      }
    fi
    __runspace_fire "$1"
  fi
  __runspace_recover "$__runspace_status"
} </dev/null >&241 2>&242

# Runs the session's own trap on EXIT.
__runspace_fire() {
  __runspace_action=$__runspace_exit_trap __runspace_exit_trap=
  if [[ -n $__runspace_action ]]; then
    __runspace_return "$1"
    builtin eval "$__runspace_action"
  fi
}
__runspace_return() { builtin return "$1"; }

# Sets __runspace_text to what a command of ours writes, all of it: a stop may end the subshell that runs it, as it ends
# everything that a command has started.
__runspace_whole() {
  for ((__runspace_attempt = 0; __runspace_attempt < 50; __runspace_attempt += 1)); do
    __runspace_text=$("$@"; builtin printf .)
    if [[ $__runspace_text == *. ]]; then break; fi
  done
  __runspace_text=${__runspace_text%.}
  __runspace_text=${__runspace_text%$'\n'}
}

# Never returns.
__runspace_recover() {
  __runspace_status=$1
  if [[ -n ${__runspace_owns_exit-} ]]; then builtin unset -f exit; fi
  builtin unset -v __runspace_owns_exit
  __runspace_script= __runspace_action=
  __runspace_whole builtin shopt -p
  __runspace_shopts=$__runspace_text
  __runspace_drop_locals
  __runspace_whole __runspace_write_state
  __runspace_state=$__runspace_text
  # What is ignored when a shell starts can't be trapped in it.
  while IFS= builtin read -r __runspace_action; do
    if [[ $__runspace_action == "trap -- '' SIG"* ]]; then builtin trap - "${__runspace_action#"trap -- '' "}"; fi
  done <<<"$__runspace_traps"
  builtin export -n SHELLOPTS BASHOPTS POSIXLY_CORRECT
  BASH_ENV=/dev/fd/243
  builtin export BASH_ENV
  builtin exec -a bash @BASH@ --norc --noprofile /dev/fd/240 </dev/null >/dev/null 2>/dev/null 243<<<"$__runspace_state"
}

# Removes the variables of functions that were running, so that those of the session show.
__runspace_drop_locals() {
  # To look for them takes long where a session has many variables. There are none where nothing was running that could have
  # any: a function, a file that was sourced by the script (itself a sourced one), or a script with named arguments.
  __runspace_turn=${__runspace_named:-0}
  for __runspace_name in "${FUNCNAME[@]}"; do
    case $__runspace_name in
      __runspace_* | main) ;;
      source) __runspace_turn=$((__runspace_turn + 1)) ;;
      *) __runspace_turn=2 && builtin break ;;
    esac
  done
  if ((__runspace_turn < 2)); then builtin return; fi
  for ((__runspace_turn = 0; __runspace_turn < 50; __runspace_turn += 1)); do
    __runspace_whole __runspace_list_locals
    if [[ -z $__runspace_text ]]; then builtin return; fi
    builtin mapfile -t __runspace_names <<<"$__runspace_text"
    builtin shopt -u localvar_unset
    builtin unset -v "${__runspace_names[@]}"
    builtin unset -v __runspace_names
  done
} 2>/dev/null

# In a subshell: unsets everything. A local variable is still known afterwards.
__runspace_list_locals() {
  builtin shopt -s localvar_unset
  while IFS= builtin read -r __runspace_name; do
    case $__runspace_name in
      __runspace_* | BASH | BASH_* | BASHOPTS | BASHPID | SHELLOPTS | FUNCNAME | DIRSTACK | GROUPS | LINENO | RANDOM | SRANDOM | SECONDS | EPOCH* | HISTCMD | EUID | UID | PPID | _ | COMP_WORDBREAKS | PIPESTATUS) ;;
      *) if builtin unset -v "$__runspace_name" && builtin declare -p "$__runspace_name" >/dev/null; then builtin printf '%s\n' "$__runspace_name"; fi ;;
    esac
  done < <(builtin compgen -v)
} 2>/dev/null

# Writes what makes a new shell like this one. Functions come late and options last, since they change what follows.
__runspace_write_state() {
  builtin printf '%s\n' 'exec 243<&-' 'set +e +u +x +v +o posix' 'unset -v BASH_ENV'
  builtin unset -v __runspace_shown
  builtin declare -p
  for ((__runspace_turn = ${#DIRSTACK[@]} - 1; __runspace_turn > 0; __runspace_turn -= 1)); do
    builtin printf 'pushd -n %q >/dev/null\n' "${DIRSTACK[__runspace_turn]}"
  done
  builtin alias -p
  builtin printf '%s\n' "${__runspace_traps#"trap -- '\\__runspace_exit \"\$?\"' EXIT"}"
  builtin declare -f
  builtin declare -F | while IFS=' ' builtin read -r _ __runspace_flags __runspace_name; do
    if [[ $__runspace_flags != -f ]]; then builtin printf '\\builtin declare %s %s\n' "$__runspace_flags" "$__runspace_name"; fi
  done
  builtin printf '%s' '\builtin set -- "${__runspace_positional[@]}"; '
  while IFS= builtin read -r __runspace_name; do builtin printf '\\builtin %s; ' "$__runspace_name"; done <<<"$__runspace_shopts"
  builtin printf '%s' '\builtin set'
  builtin set +o | while IFS=' ' builtin read -r _ _ __runspace_name; do
    case $__runspace_name in
      noexec | privileged) ;;
      *) if [[ :$__runspace_options: == *":$__runspace_name:"* ]]; then builtin printf ' -o %s' "$__runspace_name"; else builtin printf ' +o %s' "$__runspace_name"; fi ;;
    esac
  done
  builtin printf '%s\n' '; \__runspace_recovered'
} 2>/dev/null

# The first thing of a shell that took another's place.
__runspace_recovered() {
  builtin trap '\__runspace_exit "$?"' EXIT
  builtin unset -v __runspace_state __runspace_text __runspace_traps __runspace_shopts __runspace_options
  __runspace_done "$__runspace_status" true
}

builtin trap '\__runspace_exit "$?"' EXIT
for __runspace_name in errexit nounset verbose xtrace posix; do
  if [[ :$__runspace_options: == *":$__runspace_name:"* ]]; then builtin set -o "$__runspace_name"; fi
done
builtin unset -v __runspace_name __runspace_options
__runspace_say "{\"is\":\"ready\",\"version\":\"$BASH_VERSION\",\"processId\":$$}"
