/** What a registry knows a person by. */
export type Credential =
  | { kind: 'password'; username: string; password: string }
  /** An OAuth2 refresh token, called identity token in auth files. */
  | { kind: 'identity'; token: string };

/** The value of an Authorization header (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
