import { quote } from '../../reference/quote.ts';
import { forEachLine } from './render-lines.ts';

/** Checks rendered sysusers.d lines (sysusers.d(5)): no second root, no member of root's groups. Throws `template-invalid`. */
export function checkSysusers(text: string, file: string): void {
  forEachLine(text, file, (fields, refuse) => {
    const [type = '', name = '', id = '-'] = fields;
    if (!/^(?:u!?|g|m|r)$/.test(type)) return refuse(`${quote(type)} is not a type`);
    if (type === 'r') return;
    if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(name)) return refuse(`${quote(name)} is not a name`);
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
