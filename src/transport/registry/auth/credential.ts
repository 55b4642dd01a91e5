/** What a registry knows a person by. */
export type Credential =
  | { kind: 'password'; username: string; password: string }
  /** An OAuth2 refresh token, called identity token in auth files. */
  | { kind: 'identity'; token: string };
