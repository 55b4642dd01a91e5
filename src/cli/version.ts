/** The version of this program; package.json's, as a test asserts. */
export const VERSION = '0.1.0';
