import hostSchema from '../../../schemas/host.schema.json' with { type: 'json' };
import { checkSchema, type Schema } from '../host-file/check-schema.ts';
import { Mistakes } from '../host-file/mistakes.ts';
import { plainType } from '../host-file/tree.ts';
import { byDropIn, type Rule, taken, truthOf } from './rule.ts';

const SCHEMA: Schema = hostSchema;
const RESOURCES = SCHEMA.definitions?.['resources']?.properties ?? {};

const NOWHERE = { file: '', line: 1, column: 1 };

/** What is done about a directive of [Service] that host.yaml has below `resources`; undefined for others. */
export function resourceRule(key: string): Rule | undefined {
  const schema = Object.hasOwn(RESOURCES, key) ? RESOURCES[key] : undefined;
  if (schema === undefined) return undefined;
  return taken((value, draft) => {
    const text = schema.$ref === '#/definitions/flag' ? String(truthOf(value) ?? value) : value;
    if (!isAllowed(text, schema)) return byDropIn('Service', `${key}=`).read(value, draft);
    draft.resources[key] = text;
    return undefined;
  });
}

/** systemd may take more than the schema does. */
function isAllowed(text: string, schema: Schema): boolean {
  const mistakes = new Mistakes();
  const scalar = { kind: 'scalar', text, type: plainType(text), quoted: false, position: NOWHERE } as const;
  checkSchema(
    scalar,
    { ...schema, ...(SCHEMA.definitions && { definitions: SCHEMA.definitions }) },
    mistakes,
  );
  return mistakes.count === 0;
}
