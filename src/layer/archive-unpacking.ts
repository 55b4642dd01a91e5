import { LayerRecordWriter } from '../store/layer-record.ts';
import type { ExtractedLayer, ExtractJob } from './extract.ts';
import { ObjectWriter } from './object-writer.ts';
import { TarReader } from './tar-reader.ts';
import { Unpacker } from './unpacker.ts';

/** The unpacking of one archive into staging, which is pushed into it. What it throws, `extractLayer` names. */
export class ArchiveUnpacking {
  readonly #job: ExtractJob;
  readonly #objects: ObjectWriter;
  readonly #record: LayerRecordWriter;
  readonly #unpacker: Unpacker;
  readonly #reader: TarReader;

  constructor(job: ExtractJob) {
    this.#job = job;
    this.#objects = new ObjectWriter(job.objects, job.unfinished);
    this.#record = new LayerRecordWriter(job.record);
    this.#unpacker = new Unpacker(this.#objects, this.#record, job.limits);
    this.#reader = new TarReader(this.#unpacker, job.limits);
  }

  /** Keeps none of the bytes. */
  write(chunk: Buffer): void {
    this.#reader.write(chunk);
  }

  /** To be called after the last byte of the archive, of which `size` is the sum. */
  finish(size: number): ExtractedLayer {
    this.#reader.finish();
    const { diffId } = this.#job;
    this.#record.finish(diffId, size);
    return { diffId, entries: this.#unpacker.entries, size, recordBytes: this.#record.bytes };
  }

  /** Closes what is open, finished or not. */
  close(): void {
    this.#objects.close();
    this.#record.close();
  }
}
