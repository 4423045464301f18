/** my.cnf of a server in a container: what differs from MySQL's defaults, and what the user wants besides. */
import type { Input } from './input';

export type MysqlSettings = Readonly<Record<string, string | number>>;

const SETTING = /^[a-z][a-z0-9_-]*$/;
/** One line, no quotes and no comments: a value is never more than a value. */
const VALUE = /^[A-Za-z0-9_.,:;/@%+=*()-]+( [A-Za-z0-9_.,:;/@%+=*()-]+)*$/;

/** @param memoryMebibytes what the container may use; half of it caches data, the rest is for connections and the server */
export function mysqlConfig(input: Input, memoryMebibytes: number, settings: MysqlSettings): string {
  const own = Object.entries(settings).flatMap(([name, value]) => {
    const setting = input.text(
      'settings',
      name,
      SETTING,
      'invalid',
      'name a variable of the server in lower case, such as max_connections',
    );
    const sound = input.text(`settings.${setting}`, String(value), VALUE, '0', 'give one line without quotes, # or control characters');
    return [[setting.replaceAll('-', '_'), sound] as const];
  });
  const merged = new Map<string, string>([...defaults(memoryMebibytes), ...own]);
  return `[mysqld]\n${[...merged].map(([name, value]) => `${name} = ${value}\n`).join('')}`;
}

/** Whether the server looks up the name of each client. */
export function asksForNames(config: string): boolean {
  return /^skip_name_resolve = (?:off|0|false)$/im.test(config);
}

function defaults(memoryMebibytes: number): [string, string][] {
  return [
    // The server's own default of 128 MiB wastes the rest of what the container reserves.
    ['innodb_buffer_pool_size', `${Math.max(64, Math.floor(memoryMebibytes / 2))}M`],
    ['max_connections', '151'],
    // Pods have no names worth asking for, and each question would delay a connection.
    ['skip_name_resolve', 'ON'],
    // Every commit is on the disk before it is confirmed.
    ['innodb_flush_log_at_trx_commit', '1'],
  ];
}
