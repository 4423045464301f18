/**
 * Addresses in the options of a container's program: `--mysqld.address=mysql:3306`, `--db-host mysql`, `-Dredis.host=redis`.
 *
 * Options are settings like variables and are read alike. What a shell runs is a script, and is read as one.
 */
import type { Field } from '../manifest/field';
import type { Container } from '../resources/container';
import type { Resources } from '../resources/resources';
import { inlineScript } from '../resources/shell-outcome';
import type { Workload } from '../resources/workload';
import type { FoundAddress } from './need';
import { type EnvironmentValue, environmentValues, settingAddresses } from './needs-environment';

export function argumentAddresses(workload: Workload, container: Container, resources: Resources): FoundAddress[] {
  const fields = [...container.at('command').items, ...container.at('args').items].filter(({ string }) => string !== undefined);
  const words = fields.map(({ string }) => string ?? '');
  if (!words.some((word) => word.startsWith('-')) || inlineScript(words) !== undefined) return [];
  const variables = environmentValues(workload, container, resources);
  const options = fields.flatMap((field, index): EnvironmentValue[] => {
    const option = optionAt(fields, index);
    if (option === undefined) return [];
    const value = option.value.replaceAll(/\$\(([A-Za-z_]\w*)\)/g, (reference, name: string) => variables.get(name)?.value ?? reference);
    return [{ name: option.name, value, resource: workload.resource, path: option.field.path }];
  });
  return settingAddresses(options, container);
}

/** The option that begins at a word, with its value behind `=` or in the next word. */
function optionAt(
  fields: readonly Field[],
  index: number,
): { readonly name: string; readonly value: string; readonly field: Field } | undefined {
  const field = fields[index];
  const [, name, joined] = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(field?.string ?? '') ?? [];
  if (field === undefined || name === undefined) return undefined;
  // A property of Java's, `-Dspring.datasource.url=…`.
  if (joined !== undefined) return { name: name.replace(/^-D(?=\w)/, ''), value: joined, field };
  const next = fields[index + 1];
  const value = next?.string ?? '';
  return next === undefined || value.startsWith('-') ? undefined : { name, value, field: next };
}
