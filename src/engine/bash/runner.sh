# The runner: the parent of the interpreter, and all that the engine sees of it (README.md). Bash 4.4 or later.
#
# Given: SECRET; the interpreter's prelude; LC_ALL and TMOUT as they were, in had_* and old_*.
# `reader` reads what the engine sends; its stdout is the interpreter's script. What the interpreter writes comes through two real
# pipes, since /dev/stdout can't be opened where 1 is a socket.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf 'bash 4.4 or later is needed, %s is %s\n' "$BASH" "$BASH_VERSION" >&2
  exit 1
fi

# Says something to the engine; a mark in what the interpreter writes to 1.
say() { printf '\0%s %s\n' "$secret" "$1" >&241; }

# The same in what it writes to 2.
mark() { printf '\0%s {"is":"mark","run":%d}\n' "$secret" "$1" >&242; }

# Copies what the interpreter writes. Who signals our whole process group means the interpreter.
pump() {
  trap '' INT TERM HUP QUIT
  exec {in}<&-
  local cat piece status
  if cat=$(type -P cat); then exec "$cat"; fi
  for (( ; ; )); do
    IFS= read -r -d '' -t 0.05 -n 65536 piece
    status=$?
    printf '%s' "$piece" || return
    if ((status == 0 && ${#piece} < 65536)); then printf '\0'; elif ((status == 1)); then return; fi
  done
}

# Reads exactly $1 bytes of what the engine sends.
take() {
  REPLY=
  if (($1 > 0)); then IFS= read -r -N "$1" -u "$in"; fi
}

# Sets `message` to what is wrong with the script in REPLY; succeeds where nothing is.
parses() {
  message=$(
    shopt -s extglob
    source <(printf 'set -n; %s\n' "$REPLY") 2>&1
  )
  local status=$?
  message=${message//'`set -n; '/'`'}
  message=${message//'/dev/fd/'[0-9][0-9]': '/}
  [[ $status == 0 ]]
}

# $1 as a JSON text.
quote() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//[[:cntrl:]]/?}
  quoted="\"$text\""
}

# Gives run $1 its input, item by item, as the engine sends it; asks for one when the last has gone into the pipe.
feed() {
  exec {in}<&-
  local kind length
  for (( ; ; )); do
    say "{\"is\":\"pull\",\"run\":$1}"
    IFS=' ' read -r kind length && [[ $kind != end ]] || return
    IFS= read -r -N "$length"
    if [[ $kind == text ]]; then printf '%s' "$REPLY"; else printf '%b' "$REPLY"; fi || return
  done
}

# Ends the feeding of a run that is over.
unfeed() {
  [[ -n $feeder ]] || return
  exec {to_feeder}>&- {from_feeder}<&-
  kill -KILL "$feeder"
  wait "$feeder"
  feeder=
}

# Begins the feeding of run $1; sets `input` to where the interpreter finds it.
start_feed() {
  unfeed
  coproc FEED { feed "$1"; }
  exec {to_feeder}>&"${FEED[1]}" {from_feeder}<&"${FEED[0]}"
  feeder=$FEED_PID
  exec {FEED[1]}>&- {FEED[0]}<&-
  input=/proc/$BASHPID/fd/$from_feeder
}

# Runs what the engine sends: a quoted script of $3 bytes, and the line of $4 bytes that runs it.
run() {
  local number=$1 flags=$2 script input=/dev/null last=$'\n\n{ \\__runspace_last "$?"; } 2>/dev/null'
  take "$3"
  script=$REPLY
  take "$4"
  local call=$REPLY
  eval "REPLY=$script"
  if ! parses; then
    quote "${message:0:1500}"
    mark "$number"
    say "{\"is\":\"unparsed\",\"run\":$number,\"message\":$quoted}"
    return
  fi
  # It would become part of a here-document that never ends, and is lost in a subshell.
  if [[ $message == *here-document* || $flags == *s* ]]; then last=; fi
  if [[ $flags == *i* ]]; then start_feed "$number"; fi
  printf '%s\n' "__runspace_input=$input __runspace_script=$script'$last'" "$call"
}

# Sets `descendants` to what process $1 has started in the last $2 ms, and to what that has started.
find_descendants() {
  local uptime stat fields file grew=1 id
  local -A parents=() ages=() found=(["$1"]=1)
  descendants=()
  if [[ -r /proc/uptime ]]; then
    IFS=' ' read -r uptime _ </proc/uptime
    for file in /proc/[0-9]*/stat; do
      { IFS= read -r -d '' stat <"$file"; } 2>/dev/null
      [[ -n $stat ]] || continue
      IFS=' ' read -r -a fields <<<"${stat##*) }"
      id=${file#/proc/}
      id=${id%/stat}
      parents[$id]=${fields[1]}
      ages[$id]=$(((${uptime/./} - fields[19]) * 10))
    done
  else
    while IFS=' ' read -r id file; do parents[$id]=$file ages[$id]=0; done < <(ps -A -o pid= -o ppid=)
  fi
  while ((grew)); do
    grew=0
    for id in "${!parents[@]}"; do
      [[ -z ${found[$id]} && -n ${found[${parents[$id]:-0}]} ]] || continue
      found[$id]=1 grew=1
      # The start of a process is known to 10 ms.
      if ((ages[$id] <= $2 + 20 && id != BASHPID)); then descendants+=("$id"); fi
    done
  done
}

signal_descendants() {
  local descendants
  find_descendants "$2" "$3"
  if ((${#descendants[@]} > 0)); then kill -"$1" "${descendants[@]}"; fi
}

# Signals the interpreter, if that has a handler for it; a shell that has just taken another's place has none yet.
signal_interpreter() {
  local name value
  while IFS=$': \t' read -r name value; do
    [[ $name != SigCgt ]] || ((0x$value >> ($(kill -l "$1") - 1) & 1)) || return
  done <"/proc/$interpreter/status"
  kill -"$1" "$interpreter"
}

# The engine has gone, or wants the interpreter to.
leave() {
  local descendants turn
  unfeed
  # Before: once it is gone, they are no descendants of its.
  if [[ -n $interpreter ]]; then find_descendants "$interpreter" 9999999999; fi
  printf '\\__runspace_leave\n'
  if [[ -n $interpreter ]]; then
    for ((turn = 0; turn < 30; turn += 1)); do
      kill -0 "$interpreter" || break
      read -r -t 0.05 -u "$never"
    done
    kill -KILL "$interpreter" "${descendants[@]}"
  fi
  signal_descendants KILL "$$" 9999999999
}

reader() {
  trap '' INT TERM HUP QUIT PIPE
  local word one two three four interpreter= feeder= to_feeder from_feeder REPLY message quoted
  printf '%s\n' "$prelude"
  while IFS=' ' read -r -u "$in" word one two three four; do
    case $word in
      interpreter) interpreter=$one ;;
      run) run "$one" "$two" "$three" "$four" ;;
      complete)
        take "$one"
        printf '%s\n' "$REPLY"
        ;;
      text | escaped)
        take "$one"
        if [[ -n $feeder ]]; then printf '%s %d\n%s' "$word" "$one" "$REPLY" >&"$to_feeder"; fi
        ;;
      end) if [[ -n $feeder ]]; then printf 'end\n' >&"$to_feeder"; fi ;;
      finished) unfeed ;;
      interrupt) signal_interpreter INT ;;
      abort) signal_interpreter VTALRM ;;
      children) signal_descendants "$one" "$interpreter" "$two" ;;
    esac
  done
  leave
}

# Caught, not ignored: what is ignored would be so for the interpreter too.
trap : INT TERM HUP QUIT
exec {in}<&0 {out}>&1 {err}>&2 2>/dev/null
# Nothing ever comes from it: to wait for a while.
exec {never}<> <(:)
exec 241> >(pump >&"$out")
stdout_pump=$!
exec 242> >(exec 241>&-; pump >&"$err")
printf -v quoted %q "$BASH"
prelude=${prelude//@BASH@/$quoted}
exec 240< <(reader)
reader=$!
(
  if [[ -n $had_lc_all ]]; then LC_ALL=$old_lc_all; else unset LC_ALL; fi
  if [[ -n $had_tmout ]]; then export TMOUT="$old_tmout"; fi
  exec </dev/null >/dev/null {in}<&- {out}>&- {err}>&- {never}<&-
  exec -a bash "$BASH" --norc --noprofile /dev/fd/240
)
code=$?
if ((code > 128)); then
  say "{\"is\":\"exited\",\"signal\":\"SIG$(kill -l "$code")\"}"
else
  say "{\"is\":\"exited\",\"code\":$code}"
fi
# It may have to end what was left behind.
for ((turn = 0; turn < 10; turn += 1)); do
  kill -0 "$reader" || break
  read -r -t 0.02 -u "$never"
done
kill -KILL "$reader"
exec 240<&- 241>&- 242>&- {out}>&- {err}>&-
# Until the pump has copied all; what was left behind may hold its pipe open.
for ((turn = 0; turn < 40; turn += 1)); do
  kill -0 "$stdout_pump" || break
  read -r -t 0.05 -u "$never"
done
