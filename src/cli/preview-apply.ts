import type { ApplyRequest } from '../provision/apply/apply-host.ts';
import { type HostPreview, previewHost } from '../provision/apply/preview-host.ts';
import { changeHost } from './change-host.ts';
import type { Context } from './context.ts';
import { withScratchStore } from './scratch-store.ts';

/**
 * Shows what would be done, while the stores last in which it was found out; not even the store changes. Throws
 * as `previewHost`.
 */
export async function previewApply(
  request: ApplyRequest,
  { skipRefused }: { skipRefused: boolean },
  context: Context,
  show: (found: HostPreview) => void,
): Promise<void> {
  const lender = context.store();
  await withScratchStore(lender, (store) =>
    withScratchStore(lender, async (installStore) => {
      const host = { ...changeHost(context, store, { skipRefused }), onRefused: () => undefined };
      show(await previewHost(request, host, installStore));
    }),
  );
}
