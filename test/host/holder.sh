#!/bin/sh
# Holds the mount namespace of one throwaway host, and takes everything of that host away when its
# standard input ends: when the test says so, and just as well when the test was killed.
#
#   holder.sh hold DIR NAME REGISTRY_LAYERS STORE_IMAGE DISK_IMAGE TREE   (each may be empty)
#   holder.sh fail DIR NAME FLAGS PLACE…               disks that fail, in the holder's mount namespace
#   holder.sh cut DIR NAME DISK_IMAGE STORE_IMAGE      a power cut, after that
#   holder.sh release DIR NAME                         the same clean-up for a holder that died
set -eu

verb=$1 dir=$2 name=$3
PROPAGATE=/run/systemd/nspawn/propagate
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
  mounted_below "$dir" |
    while read -r mounted; do umount "$mounted" || umount -l "$mounted"; done
  rm -rf --one-file-system "$dir"
  # Another host may be the last one at the same time.
  rmdir "$(dirname "$dir")" 2>/dev/null || true
  # systemd-nspawn leaves this one where /run is no tmpfs.
  [ ! -d "$PROPAGATE/$name" ] || rmdir "$PROPAGATE/$name"
}

if [ "$verb" = release ]; then
  # Two tests may come upon it at the same time.
  exec 9<"$0"
  flock 9
  if [ -d "$dir" ]; then release; fi
  exit 0
fi

# Shows the host's file systems at DIR/root: this machine's files, and over them what the host writes.
mount_root() {
  overlay / root
  # An overlay shows one file system; these are often others.
  for place in usr var opt; do
    if mountpoint --quiet "/$place"; then overlay "/$place" "root/$place"; fi
  done
  # overlayfs cannot carry another overlay's upper directory, and berth's store is a plain file system
  # on real machines. Logs of this machine are not the host's.
  for place in var/lib/docker var/log; do
    mkdir -p "$dir/root/$place"
    mount -t tmpfs -o mode=755 tmpfs "$dir/root/$place"
  done
}

# Shows a system of its own at DIR/root: what is in the archive $1, and nothing of this machine.
show_tree() {
  mount -t tmpfs -o mode=755 tmpfs "$dir/root"
  tar --extract --file "$1" --directory "$dir/root" --numeric-owner --same-permissions --xattrs --xattrs-include='*'
}

# Puts what the host writes over the directories $1 (the uppermost first) and shows both at DIR/$2.
overlay() {
  layer=$written/$(echo "$2" | tr / -)
  mkdir -p "$layer/upper" "$layer/work"
  chmod 755 "$layer/upper"
  mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" overlay "$dir/$2"
}

# Mounts all that the host writes: on the disk image $1 (its logs excepted), the store on the image $2.
mount_host() {
  written=$dir/memory
  if [ -n "$1" ]; then
    written=$dir/disk
    mkdir -p "$written"
    mount -o loop "$1" "$written"
  fi
  mount_root
  mkdir -p "$dir/root/var/lib/berth"
  if [ -n "$2" ]; then mount -o loop "$2" "$dir/root/var/lib/berth"
  else mount -t tmpfs -o mode=755 tmpfs "$dir/root/var/lib/berth"; fi
}

# The registry's storage is no part of the host's disk.
show_registry() {
  if [ -d "$dir/registry" ]; then
    mkdir -p "$dir/root/srv/registry"
    mount --bind "$dir/registry" "$dir/root/srv/registry"
  fi
}

mounted_below() { awk -v dir="$1/" 'index($5 "/", dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r; }

if [ "$verb" = fail ]; then
  # EXT4_IOC_SHUTDOWN: from here on nothing reaches the disk. FLAGS is 1 to write the journal of the file
  # system first, 2 to lose what is in memory.
  cd "$dir"
  perl -e '$flags = pack "L", shift; for (@ARGV) { open my $d, "<", $_ or die $!; ioctl $d, 0x8004587d, $flags or die $! }' "$@"
  exit 0
fi

if [ "$verb" = cut ]; then
  kill_members
  mounted_below "$dir/root" | while read -r mounted; do umount "$mounted"; done
  umount "$dir/disk"
  mount_host "$1" "$2"
  show_registry
  exit 0
fi

# Ctrl-C in a terminal must not end this before it has cleaned up.
trap '' INT TERM HUP
trap release EXIT

registry_layers=$1 store_image=$2 disk_image=$3 tree=$4

mkdir -p "$dir/memory" "$dir/root"
mount -t tmpfs -o mode=755 tmpfs "$dir/memory"

for image in "$disk_image" "$store_image"; do
  if [ -n "$image" ]; then mkfs.ext4 -q "$image"; fi
done
if [ -n "$tree" ]; then show_tree "$tree"; else mount_host "$disk_image" "$store_image"; fi
if [ -n "$registry_layers" ]; then
  mkdir -p "$dir/registry"
  written=$dir/memory
  overlay "$registry_layers" registry
fi
show_registry

echo ready
cat >/dev/null
