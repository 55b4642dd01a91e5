// What is used here of ajv, so that the types are checked before `npm ci` has brought it.
declare module 'ajv/dist/2020.js' {
  interface Mistake {
    instancePath: string;
    message?: string;
    params: object;
  }
  interface Validate {
    (document: unknown): boolean;
    errors?: Mistake[] | null;
  }
  export class Ajv2020 {
    constructor(options: object);
    getSchema(id: string): Validate | undefined;
  }
}
