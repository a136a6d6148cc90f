#!/bin/sh
# Runs an MPI program as a multi-node parallel job: the nodes add up their numbers.
#   examples/mpi/run.sh [--docker] [NODES]
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
longshore=$here/../../longshore

fail() {
  echo "mpi: $*" >&2
  exit 2
}

docker=
if [ "${1:-}" = --docker ]; then
  docker=yes
  shift
fi
nodes=${1:-3}
case $nodes in
  '' | *[!0-9]* | ????*) fail "how many nodes? A whole number from 1 to 999, not $nodes." ;;
esac
for program in aws mpicc mpirun ssh-keygen /usr/sbin/sshd; do
  command -v "$program" > /dev/null ||
    fail "there is no $program here. On Debian: apt install awscli gcc libopenmpi-dev openmpi-bin openssh-client openssh-server"
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/mpi.XXXXXX")
job=
server=
finish() {
  status=$?
  trap - EXIT INT TERM
  [ -z "$job" ] || "$longshore" jobs terminate "$job" > /dev/null 2>&1 || true
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  [ -z "$server" ] || wait "$server" || true
  rm -rf -- "$folder"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What all nodes have: the program, and the keys by which they reach each other.
mpicc -o "$folder/sum" "$here/sum.c"
cp "$here/node.sh" "$folder"
ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
echo "* $(cut -d ' ' -f 1-2 "$folder/host.pub")" > "$folder/known_hosts"

# Without a server, have one as long as this takes.
if ! "$longshore" queues --quiet > /dev/null 2>&1; then
  "$longshore" up --json --port 0 --vcpus "$nodes" > "$folder/server.json" &
  server=$!
  until [ -s "$folder/server.json" ]; do
    kill -0 "$server" 2> /dev/null || fail "the server did not start."
    sleep 0.2
  done
  AWS_ENDPOINT_URL_BATCH=$(sed 's/.*"url":"\([^"]*\)".*/\1/' "$folder/server.json")
fi
export AWS_ENDPOINT_URL_BATCH="${AWS_ENDPOINT_URL_BATCH:-http://127.0.0.1:4590}"
export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS="${AWS_ENDPOINT_URL_CLOUDWATCH_LOGS:-$AWS_ENDPOINT_URL_BATCH}"
export AWS_REGION="${AWS_REGION:-us-east-1}" AWS_DEFAULT_REGION="${AWS_REGION:-us-east-1}"
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-any}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-any}"

image=scratch
[ -z "$docker" ] || image=$("$here/image.sh")

cat > "$folder/definition.json" << END
{
  "jobDefinitionName": "mpi-sum",
  "type": "multinode",
  "nodeProperties": {
    "numNodes": $nodes,
    "mainNode": 0,
    "nodeRangeProperties": [
      {
        "targetNodes": "0:",
        "container": {
          "image": "$image",
          "command": ["$folder/node.sh", "$folder", "$folder/sum"],
          "resourceRequirements": [{ "type": "VCPU", "value": "1" }, { "type": "MEMORY", "value": "128" }],
          "volumes": [{ "name": "shared", "host": { "sourcePath": "$folder" } }],
          "mountPoints": [{ "sourceVolume": "shared", "containerPath": "$folder" }]
        }
      }
    ]
  }
}
END
batch() {
  aws batch --endpoint-url "$AWS_ENDPOINT_URL_BATCH" --output text "$@"
}
batch register-job-definition --cli-input-json "file://$folder/definition.json" > /dev/null
job=$(batch submit-job --job-name mpi-sum --job-queue default --job-definition mpi-sum --query jobId)

echo "Running on $nodes nodes: job $job" >&2
code=0
"$longshore" jobs wait "$job" >&2 || code=$?
"$longshore" logs "$job#0"
job=
exit "$code"
