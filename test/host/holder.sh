#!/bin/sh
# Holds the mount namespace of one throwaway host, and takes everything of that host away when its
# standard input ends: when the test says so, and just as well when the test was killed.
#
#   holder.sh hold DIR NAME REGISTRY_LAYERS STORE_IMAGE   (both may be empty)
#   holder.sh release DIR NAME                         the same clean-up for a holder that died
set -eu

verb=$1 dir=$2 name=$3
shift 3

cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$name"; }

members() { cgroups | while read -r group; do find "$group" -name cgroup.procs -exec cat {} +; done 2>/dev/null | grep -vx 0; }

kill_members() {
  tries=0
  while [ "$tries" -lt 200 ]; do
    pids=$(members) || return 0
    # shellcheck disable=SC2086 # one word a process
    kill -KILL $pids 2>/dev/null || true
    tries=$((tries + 1))
    sleep 0.02
  done
}

release() {
  kill_members
  cgroups | while read -r group; do find "$group" -depth -type d -exec rmdir {} \; ; done
  # The last first: what was mounted later stands on what was mounted earlier.
  awk -v dir="$dir/" 'index($5 "/", dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r mounted; do umount "$mounted" || umount -l "$mounted"; done
  rm -rf --one-file-system "$dir"
  rmdir --ignore-fail-on-non-empty "$(dirname "$dir")"
}

if [ "$verb" = release ]; then
  release
  exit 0
fi

# Ctrl-C in a terminal must not end this before it has cleaned up.
trap '' INT TERM HUP
trap release EXIT

registry_layers=$1 store_image=$2

mkdir -p "$dir/memory" "$dir/root"
mount -t tmpfs -o mode=755 tmpfs "$dir/memory"

# Puts writable memory over the directories $1 (the uppermost first) and shows both at $2.
overlay() {
  layer=$(mktemp -d "$dir/memory/layer.XXXXXX")
  mkdir "$layer/upper" "$layer/work"
  chmod 755 "$layer/upper"
  mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" overlay "$2"
}

overlay / "$dir/root"
# An overlay shows one file system; these are often others.
for place in usr var opt; do
  if mountpoint --quiet "/$place"; then overlay "/$place" "$dir/root/$place"; fi
done

# overlayfs cannot carry another overlay's upper directory, and berth's store is a plain file system
# on real machines. Logs of this machine are not the host's.
for place in var/lib/berth var/lib/docker var/log; do
  mkdir -p "$dir/root/$place"
  mount -t tmpfs -o mode=755 tmpfs "$dir/root/$place"
done
if [ -n "$store_image" ]; then
  mkfs.ext4 -q "$store_image"
  mount -o loop "$store_image" "$dir/root/var/lib/berth"
fi
if [ -n "$registry_layers" ]; then
  mkdir -p "$dir/root/srv/registry"
  overlay "$registry_layers" "$dir/root/srv/registry"
fi

echo ready
cat >/dev/null
