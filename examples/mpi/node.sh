#!/bin/sh
# What each node of the job runs. The children start sshd and tell the main node where they are; the main node waits for all of them, and runs an MPI
# program on them. A folder is the same on all nodes: it has an ssh key (key, key.pub), that of the sshds (host, known_hosts), and the program.
#   node.sh FOLDER PROGRAM [ARGUMENTS...]
set -eu

folder=$1
shift
port=2222
main=${AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS:-}
# As a plain process a node has a loopback address, which its environment tells; in a container it has that of the container.
address=${LONGSHORE_NODE_ADDRESS:-$(hostname -i)}
case $address in
  127.*) interface=lo ;;
  *) interface=eth0 ;;
esac
ssh_options="-q -F none -p $port -i $folder/key -o UserKnownHostsFile=$folder/known_hosts -o BatchMode=yes"
# On the main node, one line for each node that is there.
there=${TMPDIR:-/tmp}/mpi-${AWS_BATCH_JOB_ID%#*}-$AWS_BATCH_JOB_ATTEMPT

/usr/sbin/sshd -D -e -f /dev/null -h "$folder/host" -o ListenAddress="$address:$port" -o AuthorizedKeysFile="$folder/key.pub" \
  -o PidFile=none -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password -o LogLevel=ERROR &
sshd=$!
finish() {
  status=$?
  kill "$sshd" 2> /dev/null || true
  [ -n "$main" ] || rm -f "$there" "$there.hosts"
  exit "$status"
}
trap finish EXIT
# The children are told to end when the main node has.
trap 'exit 0' TERM

if [ -n "$main" ]; then
  # shellcheck disable=SC2086 # the options are words
  until ssh $ssh_options "$main" "echo $address >> $there"; do sleep 0.2; done
  echo "node $AWS_BATCH_JOB_NODE_INDEX is at $address, and the main node knows it"
  wait "$sshd"
else
  echo "$address" >> "$there"
  until [ "$(wc -l < "$there")" -eq "$AWS_BATCH_JOB_NUM_NODES" ]; do sleep 0.2; done
  sed "s/\$/ slots=1/" "$there" > "$there.hosts"
  echo "all $AWS_BATCH_JOB_NUM_NODES nodes are there"
  # Root is who runs containers.
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  mpirun --hostfile "$there.hosts" --mca plm_rsh_agent ssh --mca plm_rsh_args "$ssh_options" --mca oob_tcp_if_include "$interface" \
    --mca btl tcp,self --mca btl_tcp_if_include "$interface" "$@"
fi
