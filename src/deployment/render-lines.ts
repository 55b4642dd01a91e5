import { BerthError } from '../errors.ts';
import type { ExportedText } from './exports.ts';
import { isAtOrBelow, isNormalPath, isProtectedPlace } from './host-files-places.ts';
import { parseTemplate, renderTemplate } from './template.ts';
import { FORCED_VARIABLES, type Values } from './values.ts';

/** The fields of a tmpfiles.d or sysusers.d line before the last one, which takes the rest of the line. */
const FIXED_FIELDS = { tmpfiles: 6, sysusers: 5 } as const;

/**
 * Renders tmpfiles.d or sysusers.d lines of the `$NAME` dialect; a value stays in its field. Throws
 * `value-invalid`, `value-missing` and `template-invalid`.
 */
export function renderLinesTemplate(
  template: ExportedText,
  values: Values,
  format: 'tmpfiles' | 'sysusers',
): string {
  for (const [index, line] of template.text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const fixed = line
      .trim()
      .split(/[ \t]+/)
      .slice(0, FIXED_FIELDS[format]);
    for (const segment of fixed.flatMap((field) => parseTemplate(field, template.file))) {
      if ('text' in segment || FORCED_VARIABLES.includes(segment.variable)) continue;
      const value = values.get(segment.variable);
      if (value === undefined || /^[^\s"'\\]+$/.test(value)) continue;
      throw new BerthError(
        'value-invalid',
        `cannot use the value of ${segment.variable}: ${template.file}:${index + 1}: there it must be one word without quotes and backslashes`,
      );
    }
  }
  return renderTemplate(template.text, values, template.file);
}

// tmpfiles.d(5), "Specifiers": those that stand for a directory of the system's.
const SPECIFIERS: Record<string, string> = {
  '%t': '/run',
  '%S': '/var/lib',
  '%C': '/var/cache',
  '%L': '/var/log',
  '%T': '/tmp',
  '%V': '/var/tmp',
  '%h': '/root',
  '%%': '%',
};

// What many use; an image may make its own below, not empty or repaint the whole.
const SHARED = [
  ...[
    '/etc/systemd/system',
    '/run/lock',
    '/run/user',
    '/usr/bin',
    '/usr/lib',
    '/usr/lib64',
    '/usr/libexec',
    '/usr/local',
  ],
  ...['/usr/local/bin', '/usr/local/lib', '/usr/local/sbin', '/usr/local/share', '/usr/sbin', '/usr/share'],
  ...[
    '/var/cache',
    '/var/lib',
    '/var/lib/containers',
    '/var/lock',
    '/var/log',
    '/var/mail',
    '/var/opt',
    '/var/run',
  ],
  ...['/var/spool', '/var/tmp'],
];

/**
 * Checks rendered tmpfiles.d lines for what no service needs: paths of the system's security and of berth
 * itself, setuid modes, and emptying or repainting directories that all share. A guard against mistakes: the
 * image's unit runs as root all the same. Throws `template-invalid`.
 */
export function checkTmpfiles(text: string, file: string): void {
  forEachLine(text, file, (fields, refuse) => {
    const [type = '', rawPath = '', mode = '-'] = fields;
    if (!/^[A-Za-z][-+!=~^$?]*$/.test(type)) return refuse(`${JSON.stringify(type)} is not a type`);
    const path = expand(rawPath);
    if (path !== '/' && !isNormalPath(path.replace(/\/$/, '')))
      return refuse(`${rawPath} is not a plain absolute path`);
    if (/^[:~]*[0-7]*[4-7][0-7]{3}$/.test(mode)) return refuse(`the mode ${mode} is setuid`);
    const action = type[0] ?? '';
    // Where a wild card may match, what counts is the directory that surely holds it.
    const wild = path.search(/[*?[]/);
    const place = (wild === -1 ? path : path.slice(0, path.lastIndexOf('/', wild))).replace(/\/$/, '') || '/';
    const shared = SHARED.includes(place) || !/^\/[^/]+\//.test(place);
    if (
      'DRrZzTtAaHhxX'.includes(action) &&
      shared &&
      (wild !== -1 || 'DRZTAH'.includes(action) || action === 'r')
    ) {
      return refuse(`"${type}" on ${path} would reach what others keep there`);
    }
    if ('cb'.includes(action) && !isAtOrBelow(path, '/dev')) return refuse('device nodes belong into /dev');
    const harmless =
      ('cbdD'.includes(action) && isAtOrBelow(path, '/dev')) ||
      (action === 'w' && /^\/(?:proc\/sys|sys)\//.test(path)) ||
      // A service may extend another one's unit, as flanneld does docker's.
      /^\/(?:etc|run)\/systemd\/system\/[^/]+\.d(?:\/|$)/.test(place);
    if (isProtectedPlace(place) && !harmless) return refuse(`an image may not change ${path}`);
  });
}

/** Checks rendered sysusers.d lines (sysusers.d(5)): no second root, no member of root's groups. Throws `template-invalid`. */
export function checkSysusers(text: string, file: string): void {
  forEachLine(text, file, (fields, refuse) => {
    const [type = '', name = '', id = '-'] = fields;
    if (!/^(?:u!?|g|m|r)$/.test(type)) return refuse(`${JSON.stringify(type)} is not a type`);
    if (type === 'r') return;
    if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(name)) return refuse(`${JSON.stringify(name)} is not a name`);
    if (type === 'm') {
      if (/^(?:root|wheel|sudo|admin|adm|shadow|disk|kmem|docker|lxd|systemd-journal)$/.test(id)) {
        refuse(`an image may not make a member of ${id}`);
      }
      return;
    }
    if (name === 'root' || /^0+(?::|$)/.test(id) || /:(?:0+|root)$/.test(id) || id.startsWith('/')) {
      refuse(`${name} would be root or take its ID from a file`);
    }
  });
}

type Refuse = (cause: string) => never;

function forEachLine(text: string, file: string, check: (fields: string[], refuse: Refuse) => void): void {
  if (/\p{Cc}/u.test(text.replace(/\r?\n|\t/g, ' '))) {
    throw new BerthError('template-invalid', `control characters: ${file}`);
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const refuse: Refuse = (cause) => {
      throw new BerthError(
        'template-invalid',
        `cannot take a line: ${file}, line ${index + 1} of the result: ${cause}`,
      );
    };
    const fields = splitFields(line);
    // An escape could spell what the checks look for.
    if (fields.slice(0, 5).some((field) => field.includes('\\')))
      refuse('backslashes are for the last field');
    check(fields.map(unquote), refuse);
  }
}

/** The fields of a tmpfiles.d or sysusers.d line, quotes and all. */
function splitFields(line: string): string[] {
  return line.trim().match(/"[^"]*"|'[^']*'|[^ \t]+/g) ?? [];
}

function unquote(field: string): string {
  return field.replace(/^(["'])(.*)\1$/, '$2');
}

/** The paths that checked tmpfiles.d lines make, in their order; not those that only adjust what is there. */
export function createdPaths(tmpfiles: string): string[] {
  return tmpfiles.split('\n').flatMap((line) => {
    const [type = '', path = ''] = splitFields(line).map(unquote);
    return /^[fFwdDvqQpLcbC]/.test(type) ? [expand(path).replace(/\/$/, '')] : [];
  });
}

function expand(path: string): string {
  return path.replace(/%./g, (specifier) => SPECIFIERS[specifier] ?? specifier);
}
