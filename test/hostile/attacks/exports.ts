import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const UNIT = '[Service]\nExecStart=$EXEC_START\n';
const exports = () => new TarBuilder().directory('exports/').file('exports/service.template', UNIT);

/** What an image ships for the host. How templates are kept in is tested where they are. */
export const exportsAttacks: Attack[] = [
  byLayers('exports that are a symlink to the host', 'exports-invalid', () =>
    new TarBuilder().symlink('exports', CANARY).end(),
  ),
  byLayers('a template that is a symlink to the host', 'exports-invalid', () =>
    new TarBuilder().symlink('exports/service.template', `${CANARY}/secret`).end(),
  ),
  byLayers('a template that is a FIFO', 'exports-invalid', () =>
    new TarBuilder().fifo('exports/service.template').end(),
  ),
  byLayers('a manifest that is a device that never ends', 'exports-invalid', () =>
    exports().device('character', 'exports/manifest.json', 1, 5).end(),
  ),
  byLayers('a template of 64 MiB', 'exports-invalid', () =>
    new TarBuilder().file('exports/service.template', Buffer.alloc(64 << 20, 'x')).end(),
  ),
  byLayers('a file for the host over one that is there', 'host-file-conflict', () =>
    exports().file('exports/hostfs/usr/local/bin/berth', 'owned').end(),
  ),
  byLayers('a file for the host in the state of berth', 'exports-invalid', () =>
    exports().file(`exports/hostfs${CANARY}/secret`, 'x').end(),
  ),
  byLayers('a file for the host through a symlink in hostfs', 'exports-invalid', () =>
    exports().symlink('exports/hostfs/usr', CANARY).file('exports/hostfs/usr/new', 'x').end(),
  ),
  byLayers('a device for the host', 'exports-invalid', () =>
    exports().device('block', 'exports/hostfs/usr/local/disk', 8, 0).end(),
  ),
  byLayers('a file for the host that is renamed to climb', 'exports-invalid', () =>
    exports()
      .file('exports/hostfs/usr/local/x', 'x')
      .file(
        'exports/manifest.json',
        JSON.stringify({ version: '1.0', renameFiles: { '/usr/local/x': `/usr/local/../..${CANARY}/new` } }),
      )
      .end(),
  ),
  byLayers('a template that runs', 'template-invalid', () =>
    new TarBuilder()
      .file(
        'exports/service.ejs',
        `<% process.mainModule.require('fs').writeFileSync('${CANARY}/owned', 'x') %>`,
      )
      .end(),
  ),
];
