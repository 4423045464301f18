/** The environment of a Spring Boot server: what follows from its props, what its user wants besides, and what comes from Secrets. */
import type { Input } from './input';
import type { SecretEnv, SecretRef } from './secret-ref';
import type { IDatabase, Otlp } from './was';

export interface WasSettings {
  /** Name of the workload. */
  readonly name: string;
  readonly port: number;
  readonly graceSeconds: number;
  readonly database: IDatabase | undefined;
  readonly otlp: Otlp | undefined;
  /** What the user wants besides. */
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, SecretRef>>;
}

export interface WasEnvironment {
  /** For a ConfigMap. */
  readonly settings: Readonly<Record<string, string>>;
  readonly env: readonly SecretEnv[];
}

/** Source: kubernetes.io, Define Environment Variables; a shell reads no others. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NAMING = 'name the variable by letters, digits and _, beginning with a letter';
const PASSWORD = 'SPRING_DATASOURCE_PASSWORD';

export function wasEnvironment(input: Input, props: WasSettings): WasEnvironment {
  const { database, config, secrets } = props;
  const settings = { ...defaults(props), ...datasource(database), ...telemetry(props), ...own(input, props) };
  const env = Object.entries(secrets).flatMap(([variable, secret]) => {
    if (input.text('secrets', variable, VARIABLE, 'INVALID', NAMING) !== variable) return [];
    if (variable in config) input.reject(`secrets.${variable}`, 'given', 'config has the variable as well: remove one');
    if (variable === PASSWORD && database !== undefined)
      input.reject(`secrets.${variable}`, 'given', 'it is the password of database: remove it, or database');
    return [input.secret(`secrets.${variable}`, secret).toEnv(variable)];
  });
  if (database !== undefined) env.push(input.secret('database.password', database.password).toEnv(PASSWORD));
  return { settings, env };
}

function own(input: Input, { port, config }: WasSettings): Readonly<Record<string, string>> {
  const entries = Object.entries(config).filter(([variable, value]) => {
    if (input.text('config', variable, VARIABLE, 'INVALID', NAMING) !== variable) return false;
    if (typeof value !== 'string') input.reject(`config.${variable}`, value, 'an environment holds text: give a string');
    return typeof value === 'string';
  });
  const listening = config.SERVER_PORT;
  if (listening !== undefined && listening !== String(port))
    input.reject('config.SERVER_PORT', listening, `probes, Service and policies go to port ${port}: remove it, and give port`);
  return Object.fromEntries(entries);
}

function defaults({ port, graceSeconds }: WasSettings): Readonly<Record<string, string>> {
  return {
    SERVER_PORT: String(port),
    SERVER_SHUTDOWN: 'graceful',
    SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE: `${graceSeconds}s`,
    MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED: 'true',
    JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError',
  };
}

function datasource(database: IDatabase | undefined): Readonly<Record<string, string>> {
  return database === undefined ? {} : { SPRING_DATASOURCE_URL: database.jdbcUrl, SPRING_DATASOURCE_USERNAME: database.user };
}

function telemetry({ name, otlp }: WasSettings): Readonly<Record<string, string>> {
  return otlp === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint, OTEL_SERVICE_NAME: name };
}
