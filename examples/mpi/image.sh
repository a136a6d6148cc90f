#!/bin/sh
# Makes a small container image of this machine's own Open MPI and OpenSSH, and prints its name. An image of the same files is made once.
#   examples/mpi/image.sh
set -eu

for program in docker busybox ldd orted ssh; do
  command -v "$program" > /dev/null || {
    echo "mpi: there is no $program here. On Debian: apt install docker.io busybox-static openmpi-bin openssh-client openssh-server" >&2
    exit 2
  }
done

root=$(mktemp -d "${TMPDIR:-/tmp}/mpi-image.XXXXXX")
trap 'rm -rf -- "$root"' EXIT

# What mpirun is a link to, what it starts on other nodes, and the parts that both load: all but those for networks of other kinds.
mpi=$(dirname -- "$(ldd "$(command -v orted)" | sed -n 's/.*libopen-rte[^ ]* => \([^ ]*\).*/\1/p')")
parts=$(find "$mpi/openmpi/lib/" "$mpi/pmix2/lib/pmix/" -name '*.so' 2> /dev/null | grep -Ev '_(ucx|ofi|psm2?|usnic|openib|uct|portals4)\.so$')
programs="$(readlink -f "$(command -v mpirun)") $(command -v orted) $(command -v ssh) /usr/sbin/sshd"
# shellcheck disable=SC2086 # the names are words
libraries=$(for file in $programs $parts; do ldd "$file"; done | grep -o '/[^ ]*\.so[^ ]*' | sort -u)

# shellcheck disable=SC2086
name=longshore-example/mpi:$(cat "$0" $programs $parts $libraries "$(command -v busybox)" | sha256sum | cut -c 1-12)
if docker image inspect "$name" > /dev/null 2>&1; then
  echo "$name"
  exit
fi

mkdir -p "$root/bin" "$root/etc" "$root/lib" "$root/usr/bin" "$root/usr/share" "$root/root" "$root/run/sshd" "$root/tmp"
ln -s ../lib "$root/usr/lib"
chmod 755 "$root" "$root/run/sshd"
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
# shellcheck disable=SC2086
cp -L --parents $programs $parts $libraries "$root"
[ -e "$root/usr/bin/mpirun" ] || ln -s orterun "$root/usr/bin/mpirun"
cp -r /usr/share/openmpi "$root/usr/share/"
for file in /etc/openmpi /etc/pmix-mca-params.conf; do [ ! -e "$file" ] || cp -rL "$file" "$root/etc/"; done
printf 'root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
tar -c --owner=0 --group=0 -C "$root" . | docker import - "$name" > /dev/null
echo "$name"
