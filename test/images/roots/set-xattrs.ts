import { isErrno } from '../../../src/errors.ts';
import { setXattr } from '../../../src/linux/xattr.ts';

// Usage: set-xattrs.ts FILE... Gives each some user xattrs, with values of any bytes.

for (const file of process.argv.slice(2)) {
  try {
    setXattr(file, 'user.text', Buffer.from('value'));
    setXattr(file, 'user.bytes', Buffer.from('00ff0a3d20', 'hex'));
    setXattr(file, 'user.empty', Buffer.alloc(0));
  } catch (error) {
    // The tmpfs of Linux before 6.6 has none: then the image has none.
    if (!isErrno(error, 'ENOTSUP')) throw error;
  }
}
