import { base } from '../base/recipe.ts';
import type { LayerRecipe, Recipe } from '../recipe.ts';

// Root file systems of Debian's packages with what a reader of layers gets wrong: for comparing what berth
// makes of them with what another program does. All is compressed with gzip, which every program reads.

function root(name: string, ...layers: LayerRecipe[]): Recipe {
  return { ...base, name: `root-${name}`, tags: [], folder: import.meta.dirname, from: base, layers };
}

/** Programs with file capabilities, setuid and setgid ones, files of many owners, xattrs. */
const rights = root(
  'rights',
  { packages: ['iputils-ping', 'mtr-tiny', 'at'] },
  {
    script: `cd $ROOT; mkdir -p srv/rights/shared srv/rights/sticky usr/local/bin
      for mode in 0000 0200 0644 1755 2755 4711 6755 7777; do echo $mode >srv/rights/$mode; chown 1000:2000 srv/rights/$mode; chmod $mode srv/rights/$mode; done
      chmod 2775 srv/rights/shared; chmod 1777 srv/rights/sticky; chown 4294967294:4294967294 srv/rights/sticky
      cp /bin/true usr/local/bin/bind; setcap cap_net_bind_service,cap_sys_time=ep usr/local/bin/bind
      cp /bin/true usr/local/bin/inherits; setcap cap_net_raw=eip usr/local/bin/inherits; chown 7:7 srv/rights; touch -d 1969-07-20T20:17:40Z srv/rights/0644
      node $FOLDER/set-xattrs.ts srv/rights/0644 srv/rights/shared`,
  },
);

/** Devices of every kind, with small numbers and large ones, and named pipes. */
const devices = root(
  'devices',
  {
    packages: ['makedev'],
    script:
      'mkdir $ROOT/srv/dev; cd $ROOT/srv/dev; chroot $ROOT sh -c "cd /srv/dev; /sbin/MAKEDEV std fd0 loop"',
  },
  {
    script: `cd $ROOT; mkdir -p srv/dev/deep
      mknod -m 600 srv/dev/deep/nvme b 259 70000; mknod -m 666 srv/dev/deep/most c 4095 1048575; mknod -m 640 srv/dev/deep/zero b 0 1
      chown 0:6 srv/dev/deep/nvme; mkfifo -m 620 srv/dev/deep/pipe; touch -hd 2001-02-03T04:05:06Z srv/dev/deep/pipe
      ln srv/dev/deep/pipe srv/dev/deep/pipe-too; ln srv/dev/deep/nvme srv/dev/deep/nvme-too`,
  },
);

/** Hard links within and across directories and layers, of empty files too; chains of symlinks; sparse files. */
const links = root(
  'links',
  { packages: ['bzip2', 'nvi', 'unzip'] },
  {
    script: `cd $ROOT; mkdir -p srv/one/deep srv/two
      echo shared >srv/one/deep/first; ln srv/one/deep/first srv/two/second; ln srv/one/deep/first srv/third
      : >srv/one/empty; ln srv/one/empty srv/two/empty; : >srv/two/alone
      ln -s a srv/one/loop; ln -s loop srv/one/a; ln -s ../two srv/one/to-two; ln -s to-two/second srv/one/chain
      ln -s ../../../../../../etc/passwd srv/one/up; ln -s /srv/two/second srv/one/absolute; ln -s nowhere srv/one/dangling
      ln -s "$(printf 'long/%.0s' $(seq 300))" srv/one/long; ln srv/one/dangling srv/two/dangling
      truncate -s 3M srv/one/hole; printf end | dd of=srv/one/hole bs=1 seek=2500000 conv=notrunc status=none; truncate -s 5M srv/one/sparse
      echo same >srv/one/same; echo same >srv/two/same; touch -d 2020-01-01T00:00:00Z srv/one/same srv/two/same`,
  },
  // Names of a file in the layer below, one of them gone, and a new file where a link was.
  { script: 'cd $ROOT; mkdir -p srv/two; echo of its own >srv/two/second; : >srv/.wh.third' },
);

/** Names of any bytes and lengths, and paths that need every kind of header. */
const names = root(
  'names',
  { packages: ['ca-certificates'] },
  {
    script: `cd $ROOT; mkdir -p srv/names; cd srv/names
      for name in "$(printf 'caf\\351')" "$(printf '\\377\\376')" "$(printf 'new\\nline')" "$(printf 'tab\\tand\\rreturn')" 'back\\slash' \\
        ' space ' -dash '*' '"quoted"' "it's" '$HOME' '#' '...' 'a b -> c' Grüße "$(printf '\\033[31mred')" "$(printf '\\001')" __proto__ .wh; do
        echo content >"$name"; ln -s -- "$name" "to-$name"
      done
      mkdir "$(printf 'dir\\377')"; echo below >"$(printf 'dir\\377/\\376')"
      for length in 99 100 101 155 156 254 255; do : >"$(printf "%0\${length}d" 0)"; done
      here=$(printf 'd%.0s' $(seq 60)); deep=$here/$here/$here/$here/$here/$here; mkdir -p $deep; echo deep >$deep/file; ln -s $deep/file to-deep; ln $deep/file linked-deep`,
  },
);

/** What packages made is taken away, by dpkg and by hand, deep down and by opaque directories, and comes back. */
const whiteouts = root(
  'whiteouts',
  { packages: ['nvi', 'unzip'] },
  {
    packages: ['bzip2'],
    script: `cd $ROOT; chroot . dpkg --purge nvi unzip
      rm -r usr/share/perl5 etc/init.d usr/bin/tsort usr/share/menu; mkdir usr/share/perl5 usr/bin/tsort
      echo new >usr/share/perl5/only; ln -s /srv etc/init.d; echo file >usr/share/menu; mv usr/share/terminfo srv/moved`,
  },
  {
    script: `cd $ROOT; mkdir -p usr/share/debconf usr/share/dpkg etc/pam.d srv/deep/er/still
      : >usr/share/debconf/.wh..wh..opq; echo new >usr/share/debconf/new; : >etc/pam.d/.wh..wh..opq
      : >usr/share/dpkg/.wh.cputable; : >usr/share/dpkg/.wh.missing; echo deep >srv/deep/er/still/file`,
  },
  {
    script: `cd $ROOT; mkdir -p srv/deep/er usr/share/pam/deep
      : >srv/deep/er/.wh.still; : >usr/share/.wh.bug; : >usr/.wh.games; : >usr/share/pam/.wh..wh..opq; echo new >usr/share/pam/deep/new`,
  },
  {
    script: `cd $ROOT; mkdir -p srv/deep/er/still usr/share/bug
      echo back >srv/deep/er/still/file; echo back >usr/share/bug/new; echo file >usr/games`,
  },
);

/** Only for the comparison: in no registry. */
export const roots: Recipe[] = [rights, devices, links, names, whiteouts];
