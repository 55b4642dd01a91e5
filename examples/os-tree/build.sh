#!/bin/sh
# Builds the tree of a Debian system that has services in its /usr, and asks no registry.
#
#   build.sh TREE HOST_YAML BUNDLE [SOURCE…]
#
# TREE is a new directory, or an archive NAME.tar. BUNDLE is what `berth bundle -f HOST_YAML -o BUNDLE` wrote.
# SOURCE is where Debian packages come from, as for mmdebstrap; SUITE in the environment is the release. With
# SOURCE_DATE_EPOCH, the same packages and the same bundle make the same archive, byte for byte.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$1 declared=$(realpath "$2") bundle=$(realpath "$3")
shift 3
export declared bundle

mmdebstrap --quiet --variant=essential --include="$(sed '/^#/d' "$here/packages" | paste -sd,)" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --customize-hook='berth --root "$1" --vendor apply -f "$declared" --from "$bundle"' \
  "${SUITE:-bookworm}" "$tree" "$@"
