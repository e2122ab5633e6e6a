/** Of which types of value a JSON schema speaks, and whether schemas exclude each other. Knows no EBNF. */
import { TYPES, WORDS_OF_TYPE, type SchemaType } from './schema-keywords.ts';

export type Schema = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The types a schema allows; where it says none, those of the words it has, or all. @throws what `error` makes of a problem */
export function typesOf(schema: Schema, error: (problem: string) => Error): readonly SchemaType[] {
  if ('const' in schema) return typesOfValue(schema['const']);
  const { type } = schema;
  if (type === undefined) {
    const spoken = TYPES.filter((known) => WORDS_OF_TYPE[known]?.some((word) => word in schema));
    return spoken.length > 0 ? spoken : TYPES.filter((known) => known !== 'integer');
  }
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  const unknown = names.find((name) => !TYPES.some((known) => known === name));
  if (unknown !== undefined || names.length === 0)
    throw error(`has the type ${JSON.stringify(type)}; types are ${TYPES.join(', ')}`);
  return TYPES.filter((known) => names.includes(known));
}

function typesOfValue(value: unknown): readonly SchemaType[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['number', 'integer'] : ['number'];
  return TYPES.filter((known) => known === typeof value);
}

/** Whether no value is valid under two of them, as far as that is plain: by type, by a value, or by a property that tells them apart. */
export function excludeEachOther(schemas: readonly unknown[]): boolean {
  return schemas.every((a, i) => schemas.slice(i + 1).every((b) => isRecord(a) && isRecord(b) && areApart(a, b)));
}

function areApart(a: Schema, b: Schema): boolean {
  const [valuesA, valuesB] = [valuesOf(a), valuesOf(b)];
  if (valuesA !== undefined && valuesB !== undefined) return valuesA.every((value) => !valuesB.includes(value));
  const [typesA, typesB] = [plainTypes(a), plainTypes(b)];
  if (typesA === undefined || typesB === undefined) return false;
  if (typesA.every((type) => !typesB.includes(type))) return true;
  if (`${typesA.join()}|${typesB.join()}` !== 'object|object') return false;
  const [propertiesA, propertiesB] = [a['properties'], b['properties']];
  if (!isRecord(propertiesA) || !isRecord(propertiesB)) return false;
  return Object.keys(propertiesA).some((name) => {
    const [inA, inB] = [propertiesA[name], propertiesB[name]];
    const isTold = [a, b].every(({ required }) => Array.isArray(required) && required.includes(name));
    return isTold && isRecord(inA) && isRecord(inB) && areApart(inA, inB);
  });
}

/** Its values as JSON texts, where it lists them. */
function valuesOf(schema: Schema): readonly string[] | undefined {
  if ('const' in schema) return [JSON.stringify(schema['const'])];
  return Array.isArray(schema['enum']) ? schema['enum'].map((value) => JSON.stringify(value)) : undefined;
}

/** The types it says, an integer being a number too. */
function plainTypes(schema: Schema): readonly SchemaType[] | undefined {
  const values = valuesOf(schema);
  if (values !== undefined) return values.flatMap((value) => typesOfValue(JSON.parse(value)));
  if (!('type' in schema)) return undefined;
  const types = typesOf(schema, (problem) => new Error(problem));
  return types.includes('integer') ? [...types, 'number'] : types;
}
