/**
 * Node's HTTP client. An import of node:http asks for all that is in it, and with that loads a second client
 * that nobody uses: every command that may fetch something started 30 ms later.
 */
export const http = process.getBuiltinModule('node:http');
