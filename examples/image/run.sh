#!/bin/sh
# Runs a command in a container image, as a job.
#   examples/image/run.sh IMAGE [COMMAND...]
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd -P)

if [ $# -lt 1 ]; then
  echo "image: which image? examples/image/run.sh IMAGE [COMMAND...], for example busybox:stable" >&2
  exit 2
fi
image=$1
shift
[ $# -ge 1 ] || set -- sh -c 'echo "Hello from job $AWS_BATCH_JOB_ID on $(uname -sm)"'

exec "$here/../../longshore" run --image "$image" --memory 128 -- "$@"
