import { readLimits } from '../image/limits.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { loadSettings } from '../settings.ts';
import { type CopiedImage, type CopyOptions, copyImage } from '../transport/copy/copy-image.ts';
import type { ImageDestination } from '../transport/destination.ts';
import { openDestination } from '../transport/open-destination.ts';
import type { ImageSource } from '../transport/source.ts';
import { formatBytes } from './bytes.ts';
import type { Context } from './context.ts';
import { CopyReport } from './progress.ts';

export interface CopyRequest {
  to: ImageReference;
  /** What the image came from, where that is known: some of it may be near the destination. */
  from: ImageReference | undefined;
  platform?: CopyOptions['platform'];
  open(destination: ImageDestination): Promise<ImageSource>;
  authfile?: string | undefined;
  json?: boolean | undefined;
}

/** Copies an image to a destination, and tells. Throws as `copyImage` and `openDestination`, and what opening the source throws. */
export async function copyTo(request: CopyRequest, context: Context): Promise<void> {
  const { paths, env, output, signal } = context;
  const { to, from, platform, authfile } = request;
  const { registries, limits: set } = loadSettings(context.paths);
  const limits = readLimits(set);
  const report = new CopyReport(output);
  const authFile = context.authFile(authfile);
  const destination = openDestination(to, { paths, env, registries, limits, from, authFile });
  try {
    const source = await request.open(destination);
    try {
      const onProgress = report.show.bind(report);
      const copied = await copyImage(source, destination, { platform, limits, signal, onProgress });
      if (request.json) output.json(copied);
      else tell(copied, context);
    } finally {
      await source.close();
    }
  } catch (error) {
    throw fileSystemError(error, 'cannot write', 'path' in to ? to.path : '/');
  } finally {
    await destination.close();
  }
}

function tell({ to, digest, sourceDigest, copiedBytes }: CopiedImage, { output }: Context): void {
  output.note(`copied to ${to} (${formatBytes(copiedBytes)})`);
  if (digest === null) return;
  if (digest !== sourceDigest) output.note(`at its source, the same is ${sourceDigest}`);
  output.data(digest);
}
