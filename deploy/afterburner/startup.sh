#!/bin/bash
# What a rented pod runs from its first second on: it joins the tailnet, proves that it can work, becomes a node of its
# server, and is ended when it is of no use.
#
# It is compiled into the server (Sources/EmbeddedPod) and sent along when a pod is bought, as `/bin/bash -c <this>`, so a
# pod always runs what belongs to its server, whatever its image holds. It is process number one of its container:
# - When it ends, RunPod starts it again, for ever, and bills that. So it never ends by itself: it waits to be ended, and
#   ends the pod if nobody does. What it has to know in a second life is in $CAST2MD_POD_STATE.
# - Signals come to it alone, and it hands them on. Whatever may last runs in the background and is waited for, since bash
#   does not look at signals while it waits for a command in the foreground.
#
# It needs bash 5, curl, coreutils, jq or python3, and `tailscale` with `tailscaled`. What it reads from the environment is
# in docs/runpod.md. It must pass shellcheck.
set -uo pipefail

# ---- Settings ----------------------------------------------------------------------------------------------------------

: "${INSTANCE_ID:=}" "${SETUP_TOKEN:=}" "${SERVER_URL:=}" "${SERVER_IP:=}" "${NODE_NAME:=}" "${TS_AUTH_KEY:=}"
: "${NODE_PERSISTENT:=0}" "${CAST2MD_POD_LEAVE_AT:=}" "${CAST2MD_START_SHA256:=}"
: "${WHISPER_MODEL:=parakeet-tdt-0.6b-v3}" "${TRANSCRIPTION_BACKEND:=}"
if [[ -z $TRANSCRIPTION_BACKEND ]]; then
  if [[ $WHISPER_MODEL == parakeet* ]]; then TRANSCRIPTION_BACKEND=parakeet; else TRANSCRIPTION_BACKEND=whisper; fi
fi
# Where the tailnet's proxy listens: HTTP and SOCKS5 on one port.
: "${CAST2MD_POD_PROXY:=localhost:1055}"
# The socket that `tailscale` looks for by itself, so that a person in the pod need not name it.
: "${TS_SOCKET:=/var/run/tailscale/tailscaled.sock}"
: "${TS_HOSTNAME:=runpod-afterburner-$INSTANCE_ID}"
# Empty: none.
TS_ADVERTISE_TAGS=${TS_ADVERTISE_TAGS-tag:runpod}
read -ra ts_extra_args <<<"${TS_EXTRA_ARGS:-}"
: "${CAST2MD_NODE_LOG:=/tmp/cast2md-node.log}" "${CAST2MD_WATCHDOG_LOG:=/tmp/cast2md-watchdog.log}"
# For a watchdog with other limits than its own.
read -ra watchdog_options <<<"${CAST2MD_WATCHDOG_OPTIONS:-}"
# A worker from elsewhere, with its digest; `image`: the image's own, whatever the server has.
: "${CAST2MD_WORKER_URL:=}" "${CAST2MD_WORKER_SHA256:=}"
# auto: for Parakeet, as it needs a GPU; always; never.
: "${CAST2MD_POD_SMOKE_TEST:=auto}"
# Where the smoke test asks the recogniser to compute: what is slow on a processor costs as much as a GPU. Empty: anywhere.
CAST2MD_POD_SMOKE_DEVICE=${CAST2MD_POD_SMOKE_DEVICE-cuda}
# Limits, in seconds.
: "${CAST2MD_POD_TAILSCALE_SECONDS:=60}" "${CAST2MD_POD_SERVER_SECONDS:=60}" "${CAST2MD_POD_PROGRAM_SECONDS:=300}"
: "${CAST2MD_POD_ENGINE_SECONDS:=600}" "${CAST2MD_POD_SMOKE_SECONDS:=120}" "${CAST2MD_POD_REGISTER_SECONDS:=60}"
# How long a pod that is to end waits for the server to do it.
: "${CAST2MD_POD_END_SECONDS:=60}"
# How often new log lines are sent.
: "${CAST2MD_POD_LOG_SECONDS:=3}"

# The folder must outlive a restart of the container, and is of no use to another pod.
: "${CAST2MD_POD_STATE:=/run/cast2md-pod}"
mkdir -p "$CAST2MD_POD_STATE" || exit 1
chmod 700 "$CAST2MD_POD_STATE"
CAST2MD_POD_STATE=$(cd "$CAST2MD_POD_STATE" && pwd)
readonly state=$CAST2MD_POD_STATE
if [[ -e $state/instance && $(<"$state/instance") != "$INSTANCE_ID" ]]; then
  find "$state" -mindepth 1 -delete
fi
printf '%s' "$INSTANCE_ID" >"$state/instance"
mkdir -p "$state/reports" "$state/bin"
readonly log=$state/start.log
# Whole paths: not every program that is started here runs in this folder.
CAST2MD_NODE_LOG=$(realpath -m "$CAST2MD_NODE_LOG")
CAST2MD_WATCHDOG_LOG=$(realpath -m "$CAST2MD_WATCHDOG_LOG")
touch "$log" "$CAST2MD_NODE_LOG"
PATH=$state/bin:$PATH
export PATH CAST2MD_POD_STATE CAST2MD_NODE_LOG CAST2MD_POD_PROXY

# The server by its address in the tailnet: nobody but the proxy can resolve its name. Not for https, whose certificate is
# for the name; the proxy resolves that.
server=${SERVER_URL%/}
scheme=${server%%://*}
if [[ $scheme == http && -n $SERVER_IP && $server =~ ^http://(\[[^]]*\]|[^:/]+)(:[0-9]+)?(/.*)?$ ]]; then
  host=$SERVER_IP
  if [[ $host == *:* ]]; then host="[$host]"; fi
  server=http://$host${BASH_REMATCH[2]}${BASH_REMATCH[3]}
fi
readonly server
# For every program that is started here. RunPod's interface is not in the tailnet, and has to be reached without it.
export SERVER_URL=$server CAST2MD_SERVER=$server
export http_proxy=http://$CAST2MD_POD_PROXY
export no_proxy=localhost,127.0.0.1,::1,169.254.169.254,.runpod.io${no_proxy:+,$no_proxy}
if [[ $scheme == https ]]; then export https_proxy=$http_proxy; fi
# Of the image's environment the other spellings would win in some programs.
unset HTTP_PROXY NO_PROXY ALL_PROXY all_proxy

# ---- Words -------------------------------------------------------------------------------------------------------------

begun=${EPOCHREALTIME/[.,]/}
child='' worker='' tailscaled='' shipper='' keeper='' is_connected='' is_ending='' host_ip='' durations=''
image='' looking=''
# What a step that worked has to say, and what one that did not.
detail='' problem=''

say() {
  local line
  printf -v line '%(%F %T)T %s' -1 "$*"
  printf '%s\n' "$line"
  printf '%s\n' "$line" >>"$log"
}

# seconds_since MICROSECONDS: in REPLY, like 1.25.
seconds_since() {
  local passed=$((${EPOCHREALTIME/[.,]/} - $1))
  printf -v REPLY '%d.%02d' $((passed / 1000000)) $((passed % 1000000 / 10000))
}

# json NAME TEXT …: an object; what is empty is left out.
json() {
  if command -v jq >/dev/null; then
    local arguments=()
    while (($# >= 2)); do
      arguments+=(--arg "$1" "$2")
      shift 2
    done
    jq -cn "${arguments[@]}" '$ARGS.named | with_entries(select(.value != ""))'
  else
    python3 -c '
import json, sys
texts = [text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in sys.argv[1:]]
print(json.dumps({name: text for name, text in zip(texts[::2], texts[1::2]) if text}))' "$@"
  fi
}

# json_text FILE NAME: one text of a file's object, or nothing.
json_text() {
  if command -v jq >/dev/null; then
    jq -r --arg name "$2" '.[$name] // empty' "$1" 2>/dev/null
  else
    python3 -c '
import json, sys
value = json.load(open(sys.argv[1])).get(sys.argv[2])
print("" if value is None else value)' "$1" "$2" 2>/dev/null
  fi
}

# What the worker said last, or the setup while there is no worker, with room for 50 lines in a report.
last_lines() {
  if [[ -s $CAST2MD_NODE_LOG ]]; then tail -n 50 "$CAST2MD_NODE_LOG"; else tail -n 50 "$log"; fi |
    cut -c 1-300 | tail -c 6000
}

# ---- Waiting -----------------------------------------------------------------------------------------------------------

# bounded SECONDS COMMAND …: 124 or 137 when its time was over. Signals are taken meanwhile.
bounded() {
  local limit=$1 status
  shift
  timeout --kill-after=5 "$limit" "$@" &
  child=$!
  wait "$child"
  status=$?
  child=''
  return "$status"
}

# nap SECONDS: signals are taken meanwhile.
nap() {
  sleep "$1" &
  wait $!
}

# ends_within PID SECONDS: of a child of ours.
ends_within() {
  local end=$((${EPOCHREALTIME/[.,]/} + $2 * 1000000))
  while kill -0 "$1" 2>/dev/null; do
    ((${EPOCHREALTIME/[.,]/} < end)) || return 1
    sleep 0.05
  done
}

# ---- The server --------------------------------------------------------------------------------------------------------

# Credentials stand in files that nobody else reads, not in command lines.
(
  umask 077
  printf 'X-Setup-Token: %s\n' "$SETUP_TOKEN" >"$state/token"
  printf 'Authorization: Bearer %s\n' "${RUNPOD_API_KEY:-}" >"$state/runpod-key"
)

# ask_server LIMIT ARGUMENTS … URL: the status in REPLY, the body in $state/answer, what went wrong in $state/answer.err.
# A tunnel (CONNECT) is what the worker uses as well.
ask_server() {
  local limit=$1
  shift
  : >"$state/answer"
  : >"$state/answer.headers"
  bounded "$((limit + 5))" curl --silent --show-error --max-time "$limit" --connect-timeout 10 \
    --proxy "http://$CAST2MD_POD_PROXY" --noproxy '' --proxytunnel --header "@$state/token" \
    --dump-header "$state/answer.headers" --output "$state/answer" --write-out '%{http_code}' "$@" \
    >"$state/answer.code" 2>"$state/answer.err"
  REPLY=$(<"$state/answer.code")
  [[ $REPLY == 2?? ]]
}

# What came of the last question, for people.
answer_words() {
  local refusal text
  refusal=$(sed -n 's/^Tailscale-Connect-Error: *//Ip' "$state/answer.headers" | tr -d '\r' | head -n 1)
  text=$(json_text "$state/answer" detail)
  if [[ -z $text && ${REPLY:-000} != 000 ]]; then text=$(head -c 200 "$state/answer" | tr '\n' ' '); fi
  if [[ ${REPLY:-000} == 000 ]]; then
    printf '%s' "$(tail -n 1 "$state/answer.err" | cut -c 1-200)${refusal:+ ($refusal)}"
  else
    printf '%s' "status $REPLY${text:+: $text}"
  fi
}

# report PHASE MESSAGE [ERROR]: now, or as soon as the server can be reached.
report() {
  local number body
  say "$1: $2${3:+: ${3%%$'\n'*}}"
  body=$(json phase "$1" message "$2" error "${3-}" host_ip "$host_ip")
  number=$(find "$state/reports" -type f | wc -l)
  printf '%s' "$body" >"$state/reports/$(printf '%s-%03d' "${EPOCHREALTIME/[.,]/}" "$number")"
  if [[ -n $is_connected ]]; then send_reports; fi
}

send_reports() {
  local file
  for file in "$state"/reports/*; do
    [[ -e $file ]] || continue
    if ask_server 10 --header 'Content-Type: application/json' --data-binary "@$file" \
      "$server/api/runpod/pods/$INSTANCE_ID/setup-progress"; then
      rm -f "$file"
      continue
    fi
    say "a report was not taken: $(answer_words)"
    case $REPLY in
      401 | 403 | 404)
        # Only the server itself says why; a proxy in front of one that is being updated answers like this too.
        if [[ -z $(json_text "$state/answer" detail) ]]; then return 1; fi
        # It ends this pod, has ended it, or never knew it.
        rm -f "$file"
        if [[ -z $is_ending ]]; then end_pod "the server does not want this pod: $(answer_words)"; fi
        ;;
      4??) rm -f "$file" ;;
      *) return 1 ;;
    esac
  done
}

# Sends new lines of the logs, all or (`once`) what there is now; runs beside everything else.
ship_logs() {
  while :; do
    ship_log setup "$log"
    ship_log node "$CAST2MD_NODE_LOG"
    ship_log watchdog "$CAST2MD_WATCHDOG_LOG"
    if [[ ${1:-} == once ]]; then return; fi
    nap "$CAST2MD_POD_LOG_SECONDS"
  done
}

# ship_log NAME FILE: what was not sent before, as far as whole lines go.
ship_log() {
  local sent piece=$state/shipping.$1 bytes lines
  while :; do
    sent=$(cat "$state/shipped.$1" 2>/dev/null || echo 0)
    tail -c "+$((sent + 1))" "$2" 2>/dev/null | head -c 65536 >"$piece"
    lines=$(wc -l <"$piece")
    # A line without an end is still being written, unless it fills all of this.
    if ((lines > 0)); then
      head -n "$lines" "$piece" >"$piece.whole"
      mv "$piece.whole" "$piece"
    elif (($(stat -c %s "$piece") < 65536)); then
      return
    fi
    bytes=$(stat -c %s "$piece")
    curl --silent --fail --max-time 10 --proxy "http://$CAST2MD_POD_PROXY" --noproxy '' --proxytunnel \
      --header "@$state/token" --header 'Content-Type: text/plain' --data-binary "@$piece" --output /dev/null \
      "$server/api/runpod/pods/$INSTANCE_ID/logs?source=$1" || return
    printf '%s' "$((sent + bytes))" >"$state/shipped.$1"
  done
}

ship_last_logs() {
  if [[ -n $shipper ]]; then kill "$shipper" 2>/dev/null; fi
  if [[ -n $is_connected ]]; then ship_logs once; fi
}

# ---- Ends --------------------------------------------------------------------------------------------------------------

# hold: stays until somebody ends this.
hold() {
  while :; do
    start_watchdog
    nap 60
  done
}

# end_pod REASON [--failed]: until it is gone; does not return.
end_pod() {
  is_ending=1
  # A start script that finds this starts nothing any more, and a watchdog that finds it ends the pod.
  if [[ ! -s $state/ending ]]; then printf '%s\n' "$1" >"$state/ending"; fi
  say "this pod ends: $1"
  local pause=5
  while :; do
    start_watchdog
    # The program asks the server, then RunPod, and knows how to ask. What follows is for a pod that has none.
    if command -v cast2md >/dev/null &&
      bounded 150 cast2md pod-end --reason "$1" ${2:+"$2"} --log "$CAST2MD_WATCHDOG_LOG" >>"$log" 2>&1; then
      nap "$CAST2MD_POD_END_SECONDS"
      continue
    fi
    ask_for_end "$1"
    nap "$pause"
    if ((pause < 60)); then pause=$((pause * 2)); fi
  done
}

# ask_for_end REASON: once, everybody who can end this pod.
ask_for_end() {
  local base=${RUNPOD_API_BASE_URL:-https://api.runpod.io}
  if [[ -n $is_connected ]]; then
    json reason "$1" >"$state/end.json"
    if ask_server 10 --header 'Content-Type: application/json' --data-binary "@$state/end.json" \
      "$server/api/runpod/pods/$INSTANCE_ID/request-termination"; then
      say "the server ends this pod"
      nap "$CAST2MD_POD_END_SECONDS"
    else
      say "the server does not end this pod: $(answer_words)"
    fi
  fi
  if [[ -z ${RUNPOD_POD_ID:-} || -z ${RUNPOD_API_KEY:-} ]]; then return; fi
  # Whoever is still here after a yes asks the old interface as well.
  if ask_runpod --request DELETE "$base/v2/pods/$RUNPOD_POD_ID"; then nap 20; fi
  json query "mutation { podTerminate(input: {podId: \"$RUNPOD_POD_ID\"}) }" >"$state/terminate.json"
  ask_runpod --header 'Content-Type: application/json' --data-binary "@$state/terminate.json" "$base/graphql"
}

# RunPod takes no client without a name.
ask_runpod() {
  bounded 20 curl --silent --show-error --fail --max-time 15 --header "@$state/runpod-key" \
    --user-agent cast2md-pod --write-out 'RunPod answers %{http_code}\n' --output /dev/null "$@" >>"$log" 2>&1
}

# fail WHAT WHY: tells the server, and ends the pod, or stays for a person to look; does not return.
fail() {
  is_ending=1
  # One line that is in RunPod's own log too, where the server finds it if no report can reach it.
  say "cast2md pod failed: $1: ${2%%$'\n'*}"
  local lines
  lines=$(last_lines)
  report failed "$1" "$2"$'\n'"$lines"
  printf 'failed %s: %s\n' "$1" "${2%%$'\n'*}" >"$state/phase"
  ship_last_logs
  if [[ $NODE_PERSISTENT == 1 ]]; then
    say "this pod is persistent and stays, for a person to look"
    hold
  fi
  # The server ends it upon the report; without one it may still read the log, once a minute.
  nap "$CAST2MD_POD_END_SECONDS"
  if [[ -z $is_connected ]]; then nap "$CAST2MD_POD_END_SECONDS"; fi
  end_pod "$1: ${2%%$'\n'*}" --failed
}

# SIGTERM: the worker hands its jobs back, through the tailnet, which is left last.
on_signal() {
  trap '' TERM INT HUP
  is_ending=1
  say "asked to end"
  if [[ -n $child ]]; then kill -TERM "$child" 2>/dev/null; fi
  if [[ -n $worker ]]; then
    kill -TERM "$worker" 2>/dev/null
    ends_within "$worker" 20 || kill -KILL "$worker" 2>/dev/null
  fi
  ship_last_logs
  if [[ -n $tailscaled ]]; then
    # It logs out, which takes the node off the tailnet at once.
    kill -TERM "$tailscaled" 2>/dev/null
    ends_within "$tailscaled" 6 || kill -KILL "$tailscaled" 2>/dev/null
  fi
  trap - EXIT
  exit 143
}
trap on_signal TERM INT HUP
# A fault of this script: RunPod would start it again and again.
trap 'status=$?; trap - EXIT; fail "the start script" "ended unexpectedly, with status $status"' EXIT

# ---- The steps ---------------------------------------------------------------------------------------------------------

# step PHASE NAME FUNCTION: runs it, and reports how it went and how long it took.
run_step() {
  local phase=$1 name=$2 started=${EPOCHREALTIME/[.,]/}
  detail='' problem=''
  start_watchdog
  printf '%s\n' "$name" >"$state/phase"
  if ! "$3"; then
    seconds_since "$started"
    fail "$name failed after $REPLY s" "${problem:-no reason was given}"
  fi
  seconds_since "$started"
  durations+="${durations:+, }$name $REPLY"
  report "$phase" "$detail ($REPLY s)"
}

# Starts the watchdog, if there is a program to do it with, and somebody who starts it again.
start_watchdog() {
  if [[ -n $keeper ]] && kill -0 "$keeper" 2>/dev/null; then return; fi
  if ! command -v cast2md >/dev/null; then return; fi
  keep_watchdog &
  keeper=$!
}

# The watchdog is a process of its own, of no group of ours: it has to outlive whatever goes wrong here. It never ends by
# itself; when it does (killed for memory, say) it comes back. Two at a time there are never: the second one leaves at once.
keep_watchdog() {
  local pause=1 began status
  while :; do
    began=$SECONDS
    setsid cast2md watchdog --log "$CAST2MD_WATCHDOG_LOG" ${watchdog_options[@]+"${watchdog_options[@]}"} \
      </dev/null >/dev/null 2>&1 &
    wait $!
    status=$?
    if ((SECONDS - began >= 60)); then pause=1; fi
    say "the watchdog ended with status $status, and is started again in $pause s"
    nap "$pause"
    if ((pause < 60)); then pause=$((pause * 2)); fi
  done
}

join_tailnet() {
  if [[ -z $TS_AUTH_KEY ]]; then
    problem='TS_AUTH_KEY is empty: there is no key to join the tailnet with'
    return 1
  fi
  if [[ $TS_AUTH_KEY == *'{{'* ]]; then
    local name=${TS_AUTH_KEY#*RUNPOD_SECRET_}
    problem="RunPod has no secret for TS_AUTH_KEY, which still reads \"${TS_AUTH_KEY:0:60}\". Make it in RunPod's \
console (Settings, Secrets); its name is ${name%%[!A-Za-z0-9_.-]*}"
    return 1
  fi
  (
    umask 077
    printf '%s' "$TS_AUTH_KEY" >"$state/ts.key"
  )
  unset TS_AUTH_KEY
  local begin=$SECONDS end=$((SECONDS + CAST2MD_POD_TAILSCALE_SECONDS)) words='' tries=0 status
  mkdir -p "$(dirname "$TS_SOCKET")"
  rm -f "$TS_SOCKET"
  # In memory it is an ephemeral node, and leaves the tailnet when the process is asked to end. The folder is for the host
  # keys of --ssh, without which that is off (github.com/tailscale/tailscale/issues/13200).
  tailscaled --tun=userspace-networking --state=mem: --statedir="$state/tailscale" --socket="$TS_SOCKET" \
    --socks5-server="$CAST2MD_POD_PROXY" --outbound-http-proxy-listen="$CAST2MD_POD_PROXY" \
    >>"$state/tailscaled.log" 2>&1 &
  tailscaled=$!
  while [[ ! -S $TS_SOCKET ]]; do
    if ! kill -0 "$tailscaled" 2>/dev/null; then
      problem="tailscaled ended: $(tail -n 3 "$state/tailscaled.log" | tr '\n' ' ')"
      tailscaled=''
      return 1
    fi
    if ((SECONDS >= end)); then
      problem="tailscaled did not open its socket within $CAST2MD_POD_TAILSCALE_SECONDS s"
      return 1
    fi
    nap 0.05
  done
  while :; do
    local left=$((end - SECONDS))
    if ((left <= 0 || tries == 3)); then
      rm -f "$state/ts.key"
      problem="Tailscale did not come up within $((SECONDS - begin)) s and $tries tries: ${words:-it said nothing}"
      return 1
    fi
    tries=$((tries + 1))
    # Without --timeout it waits for ever, for a log-in that nobody makes. Our own limit is for one that ignores it.
    bounded "$((left + 2))" tailscale --socket="$TS_SOCKET" up --auth-key="file:$state/ts.key" \
      --hostname="$TS_HOSTNAME" ${TS_ADVERTISE_TAGS:+--advertise-tags="$TS_ADVERTISE_TAGS"} --ssh --timeout="${left}s" \
      ${ts_extra_args[@]+"${ts_extra_args[@]}"} >"$state/ts.out" 2>&1
    status=$?
    cat "$state/ts.out" >>"$log"
    if ((status == 0)); then break; fi
    words=$(grep -v '^$' "$state/ts.out" | tail -n 2 | tr '\n' ' ' | cut -c 1-300)
    say "tailscale up left with $status: $words"
    nap 1
  done
  rm -f "$state/ts.key"
  while ! host_ip=$(tailscale --socket="$TS_SOCKET" ip -4 2>/dev/null | head -n 1) || [[ -z $host_ip ]]; do
    if ((SECONDS >= end)); then
      problem="Tailscale is up and has no address after $CAST2MD_POD_TAILSCALE_SECONDS s"
      return 1
    fi
    nap 0.2
  done
  detail="in the tailnet as $host_ip"
}

# From end to end: that the tailnet is up does not say that its rules let us through.
reach_server() {
  local end=$((SECONDS + CAST2MD_POD_SERVER_SECONDS)) tries=0
  while :; do
    tries=$((tries + 1))
    if ask_server 10 "$server/api/health"; then
      if [[ -n $(json_text "$state/answer" version) ]]; then break; fi
      REPLY=200
    fi
    if ((SECONDS >= end)); then
      problem="$server/api/health gave no good answer through the tailnet within $CAST2MD_POD_SERVER_SECONDS s \
and $tries tries; the last one: $(answer_words)"
      return 1
    fi
    nap 1
  done
  is_connected=1
  # What could not be sent before.
  send_reports
  detail="reached the server at $server"
}

digest_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# The digest of the image's own program, reckoned while the tailnet is joined: a moment that nobody has to wait for.
look_at_image() {
  image=$(command -v cast2md) || return
  digest_of "$image" >"$state/image.sha256" &
  looking=$!
}

# The server's very own program: worker and server never differ.
get_program() {
  local own='' expected status fresh=$state/bin/cast2md.new end=$((SECONDS + CAST2MD_POD_PROGRAM_SECONDS))
  if [[ $(uname -m) != x86_64 ]]; then
    problem="this machine is a $(uname -m); there is a worker for x86_64 only"
    return 1
  fi
  if [[ -n $looking ]]; then
    wait "$looking"
    own=$(<"$state/image.sha256")
  fi
  if [[ $CAST2MD_WORKER_URL == image ]]; then
    if [[ -z $image ]]; then
      problem='CAST2MD_WORKER_URL says image, and the image has no cast2md'
      return 1
    fi
    detail="the worker program is the image's, unchecked"
    return
  fi
  if [[ -n $CAST2MD_WORKER_URL && -z $CAST2MD_WORKER_SHA256 ]]; then
    problem='CAST2MD_WORKER_URL needs CAST2MD_WORKER_SHA256: nothing is run whose digest nobody has said'
    return 1
  fi
  if [[ -n $own && ${CAST2MD_WORKER_SHA256,,} == "$own" ]]; then
    detail="the worker program is the image's, which is the one that is wanted"
    return
  fi
  while :; do
    local left=$((end - SECONDS))
    if ((left <= 0)); then
      problem="the worker program did not come within $CAST2MD_POD_PROGRAM_SECONDS s; the last try: $problem"
      return 1
    fi
    if [[ -n $CAST2MD_WORKER_URL ]]; then
      bounded "$left" curl --silent --show-error --fail --location --connect-timeout 10 --speed-limit 1000 \
        --speed-time 30 --output "$fresh" "$CAST2MD_WORKER_URL" >"$state/answer.err" 2>&1
      status=$?
      expected=${CAST2MD_WORKER_SHA256,,}
      problem=$(tail -n 1 "$state/answer.err")
    else
      ask_server "$left" --speed-limit 1000 --speed-time 30 ${own:+--header "If-None-Match: \"$own\""} \
        "$server/api/nodes/worker/linux-x86_64"
      status=$?
      if [[ $REPLY == 304 ]]; then
        detail="the worker program is the image's, which is the server's"
        return
      fi
      if [[ $REPLY == 4?? ]]; then
        problem="the server has no worker for this machine: $(answer_words). CAST2MD_WORKER_URL can name one"
        return 1
      fi
      expected=$(sed -n 's/^X-Content-SHA256: *//Ip' "$state/answer.headers" | tr -d '\r' | tail -n 1)
      if ((status != 0)); then problem=$(answer_words); else mv "$state/answer" "$fresh"; fi
    fi
    if ((status == 0)); then
      if [[ $(digest_of "$fresh") == "$expected" ]]; then break; fi
      problem="what came as worker program has the digest $(digest_of "$fresh"), not ${expected:-one that was said}"
      # That may be a download that was cut short; a wrong digest in the settings stays wrong.
      if [[ -n $CAST2MD_WORKER_URL ]]; then return 1; fi
    fi
    say "the worker program did not come: $problem"
    nap 2
  done
  chmod 755 "$fresh"
  if ! bounded 20 "$fresh" --version >"$state/version" 2>&1; then
    problem="the worker program does not run in this image: $(tail -n 1 "$state/version" | cut -c 1-300)"
    return 1
  fi
  mv "$fresh" "$state/bin/cast2md"
  hash -r
  detail="fetched the worker program, $(($(stat -c %s "$state/bin/cast2md") / 1000000)) MB, version $(tail -n 1 "$state/version")"
}

# program_words FILE: what a command of ours complained of last.
program_words() { grep -av '^$' "$1" | tail -n 2 | tr '\n' ' ' | cut -c 1-400; }

# Both are in the image; then this only looks.
get_engine() {
  local engine=${CAST2MD_POD_ENGINE:-} form=()
  if [[ -z $engine ]]; then
    if [[ $TRANSCRIPTION_BACKEND == parakeet ]]; then engine=nemo; else engine=faster-whisper; fi
  fi
  if ! bounded "$CAST2MD_POD_ENGINE_SECONDS" cast2md engine install "$engine" >"$state/engine.out" 2>&1; then
    problem="the engine $engine cannot be installed: $(program_words "$state/engine.out")"
    return 1
  fi
  # A model that two engines serve comes in a form for each.
  if [[ $engine != faster-whisper ]]; then form=(--engine "$engine"); fi
  if ! bounded "$CAST2MD_POD_ENGINE_SECONDS" cast2md models fetch "$WHISPER_MODEL" ${form[@]+"${form[@]}"} \
    >"$state/engine.out" 2>&1; then
    problem="the model $WHISPER_MODEL cannot be had: $(program_words "$state/engine.out")"
    return 1
  fi
  detail="$engine and $WHISPER_MODEL are here"
}

wants_smoke_test() {
  case $CAST2MD_POD_SMOKE_TEST in
    always) true ;;
    never) false ;;
    *) [[ $TRANSCRIPTION_BACKEND == parakeet ]] ;;
  esac
}

smoke_test() {
  local status words device=()
  if [[ -n $CAST2MD_POD_SMOKE_DEVICE ]]; then device=(--device "$CAST2MD_POD_SMOKE_DEVICE"); fi
  bounded "$CAST2MD_POD_SMOKE_SECONDS" cast2md smoke-test --json --model "$WHISPER_MODEL" \
    --limit "$CAST2MD_POD_SMOKE_SECONDS" ${device[@]+"${device[@]}"} \
    >"$state/smoke.json" 2>"$state/smoke.err"
  status=$?
  cat "$state/smoke.json" "$state/smoke.err" >>"$log"
  words=$(json_text "$state/smoke.json" summary)
  words=${words#smoke test failed: }
  if ((status == 124 || status == 137)); then
    words=$(program_words "$state/smoke.err")
    problem="it was not done within $CAST2MD_POD_SMOKE_SECONDS s${words:+: $words}"
    return 1
  elif ((status != 0)); then
    problem=${words:-$(program_words "$state/smoke.err")}
    problem=${problem:-it left with status $status and said nothing}
    return 1
  fi
  detail=${words:-smoke test passed}
}

register_node() {
  local end=$((SECONDS + CAST2MD_POD_REGISTER_SECONDS)) tries=0
  until bounded "$((CAST2MD_POD_REGISTER_SECONDS + 5))" cast2md node register --server "$server" --name "$NODE_NAME" \
    --model "$WHISPER_MODEL" --url "http://$host_ip:8001" >"$state/register.out" 2>&1; do
    cat "$state/register.out" >>"$log"
    tries=$((tries + 1))
    if ((tries == 3 || SECONDS >= end)); then
      problem="the server did not take this node in $tries tries: $(program_words "$state/register.out")"
      return 1
    fi
    nap 1
  done
  detail="registered as \"$NODE_NAME\""
}

# What the worker said last, or what it cried: a crash writes pages.
worker_words() {
  local cry
  cry=$(tail -n 400 "$CAST2MD_NODE_LOG" | grep -aE 'Fatal error|Program crashed| (error|critical) ' | tail -n 1)
  if [[ -n $cry ]]; then cut -c 1-400 <<<"$cry"; else program_words "$CAST2MD_NODE_LOG"; fi
}

# work: until the worker has left; does not return.
work() {
  local status started=${EPOCHREALTIME/[.,]/}
  # From here on another start of this script is a second life.
  printf '%s\n' "$boots" >"$state/working"
  # tee must outlive a signal to all of us: a worker that cannot write its log does not hand its jobs back.
  cast2md node start --host 127.0.0.1 --port 8001 > >(
    trap '' TERM INT HUP
    exec tee -a "$CAST2MD_NODE_LOG"
  ) 2>&1 &
  worker=$!
  printf '%s\n' "$worker" >"$state/worker.pid"
  printf 'ready\n' >"$state/phase"
  seconds_since "$begun"
  report ready "the worker runs; the setup took $REPLY s: $durations"
  while :; do
    wait "$worker"
    status=$?
    kill -0 "$worker" 2>/dev/null || break
  done
  worker=''
  rm -f "$state/worker.pid"
  seconds_since "$started"
  if ((status != 0)); then
    local how="status $status"
    if ((status > 128)); then how="signal $((status - 128)), $(kill -l $((status - 128)) 2>/dev/null)"; fi
    fail "the worker ended after $REPLY s" "it left with $how; its last words: $(worker_words)"
  fi
  # It has told the server, which ends this pod. Should the container be started again, that is known.
  printf 'done\n' >"$state/left"
  say "the worker has left after $REPLY s; this pod waits to be ended"
  is_ending=1
  ship_last_logs
  if [[ $NODE_PERSISTENT == 1 ]]; then hold; fi
  nap "$CAST2MD_POD_END_SECONDS"
  end_pod 'its worker has left, and nobody ended it'
}

# ---- A life ------------------------------------------------------------------------------------------------------------

boots=$(($(cat "$state/boots" 2>/dev/null || echo 0) + 1))
printf '%s' "$boots" >"$state/boots"
script='unknown'
if [[ -n ${BASH_EXECUTION_STRING:-} ]]; then
  printf '%s' "$BASH_EXECUTION_STRING" >"$state/start.sh"
  script=$(digest_of "$state/start.sh")
elif [[ -f $0 ]]; then
  script=$(digest_of "$0")
fi
earlier=$(cat "$state/phase" 2>/dev/null)
# The worker of an earlier life is gone, and its number may be anybody's.
rm -f "$state/worker.pid"
if [[ $earlier != failed* ]]; then printf 'start\n' >"$state/phase"; fi
start_watchdog
words="the container runs; start script ${script:0:12}"
if [[ -n $CAST2MD_START_SHA256 && $CAST2MD_START_SHA256 != "$script" ]]; then
  words+=" instead of the server's ${CAST2MD_START_SHA256:0:12}"
fi
if ((boots > 1)); then words+=", start number $boots"; fi
report connecting "$words"

if [[ $NODE_PERSISTENT != 1 ]]; then
  if [[ -e $state/left ]]; then end_pod 'its worker had left already, and its container was started again'; fi
  if [[ -s $state/ending ]]; then end_pod "$(head -n 1 "$state/ending")" --failed; fi
  if [[ $earlier == failed* ]]; then end_pod "${earlier#failed }" --failed; fi
  if [[ -e $state/working || $boots -gt 3 ]]; then
    # Told if it can be: a key that is good for one log-in does not join again. Then it stands in RunPod's log.
    problem='' silence=''
    if ! { join_tailnet && reach_server; }; then silence="; it cannot report that itself: ${problem%%$'\n'*}"; fi
    if [[ -e $state/working ]]; then
      fail 'the container was started again' \
        "it ended while its worker ran, and a pod does not get a second life$silence"
    fi
    fail 'the container was started again' "for the $boots. time, and the setup was never done$silence"
  fi
fi

look_at_image
run_step connecting Tailscale join_tailnet
run_step connecting server reach_server
ship_logs &
shipper=$!
run_step installing program get_program
start_watchdog
run_step installing engine get_engine
if wants_smoke_test; then run_step installing 'smoke test' smoke_test; fi
run_step installing registration register_node
work
