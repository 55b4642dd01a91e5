import { checkCount, checkPackage, type Package } from './package.ts';

/** Which fields say what. */
interface Fields {
  manager: Package['manager'];
  name: string;
  version: string;
  architecture: string;
  size: string;
  /** Bytes of one of `size`. */
  unit: number;
}

const DPKG: Fields = {
  manager: 'dpkg',
  name: 'Package',
  version: 'Version',
  architecture: 'Architecture',
  size: 'Installed-Size',
  unit: 1024,
};

const APK: Fields = { manager: 'apk', name: 'P', version: 'V', architecture: 'A', size: 'I', unit: 1 };

/** dpkg's status file, or one of a package alone. Throws an Error that says what is wrong. */
export function parseDpkgStatus(text: string): Package[] {
  // Files of one package say nothing of its status: they are there because it is.
  return parse(text, DPKG, ({ Status = 'installed' }) => /(?:^| )installed$/.test(Status));
}

/** The list that apk keeps of what is installed. Throws as `parseDpkgStatus`. */
export function parseApkInstalled(text: string): Package[] {
  return parse(text, APK, () => true);
}

function parse(text: string, fields: Fields, isInstalled: (stanza: Stanza) => boolean): Package[] {
  const packages: Package[] = [];
  const { name, version, architecture, size } = fields;
  for (const stanza of readStanzas(text, [name, version, architecture, size, 'Status'])) {
    if (!isInstalled(stanza)) continue;
    packages.push(
      checkPackage({
        manager: fields.manager,
        name: stanza[name] ?? '',
        version: stanza[version] ?? '',
        architecture: stanza[architecture] ?? '',
        size: Number(stanza[size]) * fields.unit,
      }),
    );
    checkCount(packages.length);
  }
  return packages;
}

type Stanza = Record<string, string>;

// Line by line, because a hostile text may have millions of them; fields that nobody wants are passed over.
function* readStanzas(text: string, wanted: readonly string[]): Generator<Stanza> {
  const whole = `${text}\n\n`;
  let stanza: Stanza = {};
  let start = 0;
  for (let end = whole.indexOf('\n'); end !== -1; end = whole.indexOf('\n', start)) {
    const line = whole.slice(start, end);
    start = end + 1;
    if (line !== '') {
      const colon = Math.max(line.indexOf(':'), 0);
      const name = line.slice(0, colon);
      if (wanted.includes(name)) stanza[name] = line.slice(colon + 1).trim();
    } else if (Object.keys(stanza).length > 0) {
      yield stanza;
      stanza = {};
    }
  }
}
