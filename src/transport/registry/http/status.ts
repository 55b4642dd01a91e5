import { BerthError, type ErrorCode, messageOf } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import type { HttpAnswer } from './http-answer.ts';
import { parseRetryAfter, Transient } from './retry.ts';

const ERROR_BODY_LIMIT = 64 * 1024;

/**
 * What to throw for an answer that is no success; its body is used up. `what` is what was asked for,
 * such as `host/httpd:2.4`.
 */
export async function failureOf(answer: HttpAnswer, what: string): Promise<BerthError | Transient> {
  const { status, url } = answer;
  const said = await explanation(answer);
  const because = said === '' ? `${url.host} answered ${status}` : `${url.host} answered ${status} ${said}`;
  const failure = (code: ErrorCode, text: string): BerthError =>
    new BerthError(code, `${text}: ${what}: ${because}`);
  if (status === 404) return failure('registry-not-found', 'not found');
  if (status === 401 || status === 403) {
    return answer.hasCredential
      ? failure('credential-refused', 'the credential is refused')
      : failure('registry-unauthorized', 'access refused');
  }
  if (status === 429 || status === 408 || (status >= 500 && status !== 501)) {
    const retryAfter = parseRetryAfter(answer.headers['retry-after'], Date.now());
    return new Transient(passing(status, `${what}: ${because}`, retryAfter), retryAfter);
  }
  return failure('registry-protocol', 'the registry answers something else');
}

function passing(status: number, rest: string, retryAfter: number | undefined): BerthError {
  const text = status === 429 ? 'the registry takes no more requests now' : 'the registry fails';
  const hint =
    retryAfter === undefined
      ? {}
      : { hint: `try again in ${Math.ceil(retryAfter / 1000)} seconds, as it asks` };
  return new BerthError('registry-unreachable', `${text}: ${rest}`, hint);
}

/** The first error of the body (OCI distribution spec, "Error codes"); empty when it says nothing of use. */
async function explanation(answer: HttpAnswer): Promise<string> {
  try {
    const body = JSON.parse((await answer.beginning(ERROR_BODY_LIMIT)).toString('utf8'));
    const first = body?.errors?.[0];
    const words = [first?.code, first?.message].filter((word) => typeof word === 'string' && word !== '');
    return words.length === 0 ? '' : quote(words.join(': '));
  } catch (error) {
    // The status says enough; only an abort must not be lost, and shows itself at the next step.
    return error instanceof SyntaxError ? '' : quote(messageOf(error));
  }
}
