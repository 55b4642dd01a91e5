import type { Recipe } from '../recipe.ts';

/** Five small layers with what a checkout gets wrong first. */
export const whiteouts: Recipe = {
  name: 'whiteouts',
  tags: ['latest'],
  folder: import.meta.dirname,
  layers: [
    {
      script: `cd $ROOT
        mkdir -p data/kept data/hidden data/opaque/deep links odd bin
        echo one >data/kept/file; echo one >data/hidden/file; echo one >data/opaque/deep/old; echo one >data/removed
        echo shared >links/first; ln links/first links/second; ln -s first links/symbolic; ln -s /etc/absolute links/absolute
        mkfifo odd/fifo; mknod odd/null c 1 3; mknod odd/disk b 7 200
        printf program >bin/setuid; chmod 4755 bin/setuid; printf program >bin/capable; setcap cap_net_raw+ep bin/capable
        touch -d 2001-02-03T04:05:06Z data/kept/file data/kept`,
    },
    {
      compression: 'zstd',
      script: `cd $ROOT
        mkdir -p data/opaque
        touch data/.wh.removed data/.wh.hidden data/opaque/.wh..wh..opq
        echo two >data/opaque/new`,
    },
    // Comes back as another type.
    {
      compression: 'none',
      script: 'cd $ROOT; mkdir -p data/removed; echo three >data/removed/file; echo three >data/hidden',
    },
    // The hidden entry and the new one in a single layer: a whiteout hides lower layers only.
    { script: 'cd $ROOT; mkdir data; touch data/.wh.kept; mkdir data/kept; echo four >data/kept/other' },
    {
      script: `cd $ROOT
        long=$(printf 'n%.0s' $(seq 200)); mkdir -p odd/$long/$long; echo long >odd/$long/$long/$long
        echo unicode >"odd/Grüße"; printf bytes >"odd/$(printf 'not-utf8-\\377')"; chown 12345:23456 "odd/Grüße"; : >odd/empty`,
    },
  ],
  config: { Cmd: ['/bin/capable'] },
};
