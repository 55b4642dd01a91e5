import { BerthError } from '../errors.ts';

/**
 * What the first place gives that has it. Goes on only from a registry that says it does not have the image,
 * or none for strangers. While one cannot be reached, or refuses a credential that was for it, nobody knows
 * which image is meant, and another's must not come in its place. Throws `registry-not-found` when none has it.
 */
export async function firstThatHas<Place extends { name: string }, Found>(
  places: readonly Place[],
  ask: (place: Place) => Promise<Found>,
): Promise<Found> {
  const refusals: BerthError[] = [];
  for (const place of places) {
    try {
      return await ask(place);
    } catch (error) {
      if (places.length === 1 || !isAbsence(error)) throw error;
      refusals.push(error);
    }
  }
  throw new BerthError(
    'registry-not-found',
    `no registry has it: ${places.map(({ name }) => name).join(', ')}`,
    { hint: 'name the registry in full', cause: new AggregateError(refusals) },
  );
}

function isAbsence(error: unknown): error is BerthError {
  return (
    error instanceof BerthError &&
    (error.code === 'registry-not-found' || error.code === 'registry-unauthorized')
  );
}
