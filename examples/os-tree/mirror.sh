#!/bin/sh
# Keeps the packages that build.sh needs in a directory: for builds without a network, and for building the same
# tree again when the distribution's archive has newer ones.
#
#   mirror.sh DIR [SOURCE…]                      DIR is a new directory; SOURCE is as for mmdebstrap
#   build.sh … "deb [trusted=yes] copy:DIR ./"   builds from there
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suite=${SUITE:-bookworm}
mkdir "$1"
cd "$1"
shift

DIR=$PWD mmdebstrap --quiet --variant=essential --include="$(sed '/^#/d' "$here/packages" | paste -sd,)" \
  --skip=download/empty,essential/unlink \
  --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
  --customize-hook='cp "$1"/var/cache/apt/archives/*.deb "$DIR"' \
  "$suite" /dev/null "$@"

for package in *.deb; do
  dpkg-deb --field "$package"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' \
    "$package" "$(stat --format %s "$package")" "$(sha256sum <"$package" | cut --delimiter=' ' --fields=1)"
done >Packages
# mmdebstrap takes essential packages from an archive of this name alone.
printf 'Codename: %s\nSHA256:\n %s %s Packages\n' \
  "$suite" "$(sha256sum <Packages | cut --delimiter=' ' --fields=1)" "$(stat --format %s Packages)" >Release
