#!/bin/sh
# Counts the words of all files in a folder: an array job with one child per file, then a job that merges.
#   examples/word-count/run.sh FOLDER [TOP]
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
longshore=$here/../../longshore
most_files=10000

fail() {
  echo "word-count: $*" >&2
  exit 2
}

[ $# -ge 1 ] || fail "which folder? examples/word-count/run.sh FOLDER [TOP]"
[ -d "$1" ] || fail "$1 is not a folder."
top=${2:-20}
case $top in
  '' | *[!0-9]*) fail "the number of words to show must be a whole number, not $top." ;;
esac
folder=$(cd -- "$1" && pwd -P)

work=$(mktemp -d "${TMPDIR:-/tmp}/word-count.XXXXXX")
jobs=
server=
finish() {
  status=$?
  trap - EXIT INT TERM
  # shellcheck disable=SC2086 # the ids are words
  [ -z "$jobs" ] || "$longshore" jobs terminate $jobs > /dev/null 2>&1 || true
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  rm -rf -- "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Hidden files and folders are not texts.
newline='
'
find "$folder/." -name '.?*' -prune -o -type f -path "*$newline*" -print | grep -q . &&
  fail "a file name in $folder has a line break in it. Rename that file."
find "$folder/." -name '.?*' -prune -o -type f -print | LC_ALL=C sort > "$work/list"
files=$(($(wc -l < "$work/list")))
[ "$files" -ge 1 ] || fail "there are no files in $folder."
[ "$files" -le "$most_files" ] || fail "$folder has $files files; one array job takes $most_files."
mkdir "$work/counts"

# Without a server, have one as long as this takes.
if ! "$longshore" queues --quiet > /dev/null 2>&1; then
  "$longshore" up --port 0 > "$work/server.log" 2>&1 &
  server=$!
  until "$longshore" queues --quiet > /dev/null 2>&1; do
    kill -0 "$server" 2> /dev/null || {
      cat "$work/server.log" >&2
      fail "the server did not start."
    }
    sleep 0.2
  done
fi

# AWS Batch has no array of one: a single file is an ordinary job.
if [ "$files" -eq 1 ]; then
  count=$("$longshore" submit word-count --quiet -- sh "$here/count.sh" "$work/list" "$work/counts")
else
  count=$("$longshore" submit word-count --quiet --array "$files" -- sh "$here/count.sh" "$work/list" "$work/counts")
fi
jobs=$count
merge=$("$longshore" submit word-count-merge --quiet --depends-on "$count" -- sh "$here/merge.sh" "$work/counts" "$top")
jobs="$count $merge"

echo "Counting $files file(s): jobs $count, then $merge" >&2
"$longshore" jobs wait "$count" "$merge" >&2
jobs=
"$longshore" logs "$merge"
