#!/bin/sh
# Installs Longshore's packages, once per package-lock.json.
#   scripts/install.sh runtime   what the launcher needs
#   scripts/install.sh all       that and what tests and checks need (the default)
#   scripts/install.sh console   that and the web console, built
# Does nothing when it is done already. Any number may run at once; one installs, the others wait for it.
set -eu

wanted=${1:-all}
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
stamp=$root/node_modules/.longshore-installed
lock=$root/.installing
wait_limit_s=600

fail() {
  printf 'longshore: %s\n' "$*" >&2
  exit 1
}

case $wanted in
  runtime | all) ;;
  console)
    # What builds it is for work on the code otherwise.
    sh "$0" all
    node=$root/node_modules/.bin/node
    [ -x "$node" ] || node=node
    echo "Building the console (once, some seconds) ..." >&2
    "$node" --disable-warning=ExperimentalWarning "$root/scripts/console.ts" ||
      fail "the console could not be built (the words above say why)."
    exit 0
    ;;
  *) fail "scripts/install.sh takes \"runtime\", \"all\" or \"console\", not \"$wanted\"." ;;
esac

major_of() {
  version=$("$1" --version 2> /dev/null) || version=v0
  version=${version#v}
  echo "${version%%.*}"
}

# Sets `installed` to the level of a complete earlier installation, or to "none"; `current` to yes if it is for this lock.
read_stamp() {
  installed=none
  current=no
  if { read -r level sum size _ < "$stamp"; } 2> /dev/null; then
    installed=$level
    [ "$(cksum < "$root/package-lock.json")" = "$sum $size" ] && current=yes
  fi
  return 0
}

is_done() {
  read_stamp
  [ "$current" = yes ] && { [ "$installed" = all ] || [ "$installed" = "$wanted" ]; }
}

is_alive() {
  kill -0 "$1" 2> /dev/null || [ -d "/proc/$1" ] || ps -p "$1" > /dev/null 2>&1
}

# The holder may have died without removing its lock. Right after mkdir there is no pid yet, so an empty lock gets some seconds.
remove_stale_lock() {
  holder=$(cat "$lock/pid" 2> /dev/null) || holder=
  if [ -n "$holder" ]; then
    is_alive "$holder" && return 0
  elif [ "$waited_s" -lt 5 ]; then
    return 0
  fi
  [ "$(cat "$lock/pid" 2> /dev/null)" = "$holder" ] && mv "$lock" "$lock.$$" 2> /dev/null && rm -rf "$lock.$$"
  return 0
}

take_lock() {
  waited_s=0
  until mkdir "$lock" 2> /dev/null; do
    [ -w "$root" ] || fail "cannot write to $root, so its packages cannot be installed there. Run it once as the owner of that directory."
    [ "$waited_s" -eq 0 ] && echo "Waiting for another installation of Longshore ..." >&2
    [ "$waited_s" -ge "$wait_limit_s" ] && fail "another installation (process $(cat "$lock/pid" 2> /dev/null)) did not end in $wait_limit_s s. If it is gone, remove $lock and run this again."
    remove_stale_lock
    sleep 1
    waited_s=$((waited_s + 1))
  done
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  echo $$ > "$lock/pid"
}

check_tools() {
  command -v node > /dev/null || fail "Node.js is not installed. Install Node.js 20 or newer (24 is best) with npm, then run this again."
  [ "$(major_of node)" -ge 20 ] || fail "Node.js $(node --version) is too old to install Longshore. Install Node.js 20 or newer (24 is best), then run this again."
  command -v npm > /dev/null || fail "npm is not installed (Node.js is). Install npm, then run this again."
}

# `npm install --no-save` and not `npm ci`: it installs what the lock file says too, but a complete older installation is
# brought up to date in place, so that a server that runs from it keeps its packages. Half an installation is removed first.
run_npm() {
  case $1 in
    all) omit=--include=dev ;;
    *) omit=--omit=dev ;;
  esac
  [ -f "$root/node_modules/.package-lock.json" ] || rm -rf "$root/node_modules" # npm writes this file last
  rm -f "$stamp"
  (cd -- "$root" && npm install --no-save --ignore-scripts "$omit" --include=optional --no-progress --loglevel=error) > "$lock/npm.log" 2>&1
}

which_node() {
  if [ "$(major_of "$root/node_modules/.bin/node")" -ge 24 ]; then
    echo bundled
  elif [ "$(major_of node)" -ge 24 ]; then
    echo system
  else
    return 1
  fi
}

is_done && exit 0
check_tools
take_lock
is_done && exit 0

level=$wanted
[ "$installed" = all ] && level=all
checksum=$(cksum < "$root/package-lock.json")

echo "Installing Longshore (once, about 30 s) ..." >&2
if ! run_npm "$level"; then
  tail -n 40 "$lock/npm.log" >&2
  fail "npm could not install the packages (its words are above). Check the network, npm's proxy settings and free disk space, then run this again."
fi
node=$(which_node) || fail "Longshore needs Node.js 24 or newer here (only Linux on x64 and arm64 gets its own). Install it, then run this again."
printf '%s %s %s\n' "$level" "$checksum" "$node" > "$stamp.new"
mv "$stamp.new" "$stamp"

# Only quicker with it; nothing depends on it.
case $node in
  bundled) runtime=$root/node_modules/.bin/node ;;
  *) runtime=node ;;
esac
NODE_COMPILE_CACHE=$root/node_modules/.cache/longshore "$runtime" --disable-warning=ExperimentalWarning "$root/scripts/warm.ts" > /dev/null 2>&1 || true
