import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { decompress } from '../../image/compression/decompress.ts';
import { JsonField } from '../../image/json-field.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';

/** A piece of a layer's archive: bytes as they are, or the content of a file, of so many bytes. */
export type ArchivePiece = { bytes: Buffer } | { path: string; size: number };

// What the entries of github.com/vbatts/tar-split call themselves.
const FILE = 1;
const SEGMENT = 2;

/**
 * Reads how the archive of a layer is put together again from its headers and from the files that it was
 * unpacked to: the JSON lines of tar-split in gzip, as atomic(1) keeps them. Throws `archive-invalid`,
 * `layer-invalid`, `limit-exceeded`.
 */
export async function* readTarSplit(packed: Buffer, limits: Limits): AsyncGenerator<ArchivePiece> {
  for await (const line of linesOf(decompress('gzip', Readable.from([packed]), limits), limits)) {
    const document = 'an entry of tar-split';
    const piece = readPiece(JsonField.parse(line, { code: 'archive-invalid', document, limits }));
    if (piece !== undefined) yield piece;
  }
}

async function* linesOf(input: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    let start = 0;
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
      yield rest.subarray(start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
    // An entry holds a header as text, which takes more room than its bytes.
    checkLimit(limits, 'headerBytes', rest.length / 2, 'size of an entry of tar-split');
  }
}

/** Undefined for a file without content: its header is a segment. */
function readPiece(field: JsonField): ArchivePiece | undefined {
  const type = field.get('type').count();
  if (type === SEGMENT) return { bytes: Buffer.from(field.get('payload').string(), 'base64') };
  if (type !== FILE) throw field.get('type').wrong('not known');
  const size = field.get('size').isPresent ? field.get('size').count() : 0;
  if (size === 0) return undefined;
  const path = posix.join('/', field.get('name').string());
  return { path, size };
}
